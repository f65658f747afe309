/* SPDX-License-Identifier: MIT */
/*
 * Counts the characters, words and sentences of a text that comes in pieces, by rules that know no language:
 *
 *   code point  a well-formed UTF-8 sequence, or what stands for U+FFFD: each maximal subpart of an ill-formed one (The
 *               Unicode Standard, 3.9, "U+FFFD Substitution of Maximal Subparts"), which is counted as invalid, too
 *   white space the characters whose property White_Space is true (Unicode's PropList.txt): U+0009-000D, 0020, 0085,
 *               00A0, 1680, 2000-200A, 2028, 2029, 202F, 205F, 3000
 *   word        a run of characters that are not white space, the longest
 *   sentence    ends with a run that begins with one of . ! ? … 。 ！ ？ and goes on with these and with closing quotes
 *               and brackets (" ' ) ] } » ’ ” 」 』 ）); where white space or the end of the text follows it, or where
 *               it holds one of 。 ！ ？, after which scripts without spaces go on at once. Between the last end and
 *               this one, there is at least one character that is neither white space nor of such a run. What of these
 *               is left at the text's end, as in a title, is one more sentence
 */
#ifndef HANDLERS_TEXT_COUNT_H
#define HANDLERS_TEXT_COUNT_H

#include <stddef.h>
#include <stdint.h>

struct text_counts {
    uint64_t code_points, words, sentences;
    uint64_t invalid;       /* code points that stand for ill-formed bytes */
    uint64_t first_invalid; /* offset of the first such byte; 0 where there is none */
};

/* The state of counting; may be copied to go on from here twice. */
struct text_counter {
    struct text_counts counts;
    uint64_t offset;     /* of the next byte */
    uint64_t state;      /* of words and sentences: see count.c */
    uint64_t begin;      /* of a UTF-8 sequence that is not whole yet */
    uint32_t code_point; /* its bits so far */
    uint8_t missing;     /* its bytes that are to come; 0: none has begun */
    uint8_t low, high;   /* range of the next of them */
};

/* Begins a text at `offset`, from which all offsets count on. */
void text_counter_begin(struct text_counter *counter, uint64_t offset);
void text_counter_add(struct text_counter *counter, const void *data, size_t size);
/* Nothing more comes. */
struct text_counts text_counter_end(struct text_counter *counter);

#endif
