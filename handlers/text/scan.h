/* SPDX-License-Identifier: MIT */
/*
 * Finds the paragraphs of a text that comes in pieces of any size, and their figures, in memory that does not grow.
 *
 *   line        ends with LF, or CR LF; a CR alone is a character of its line. The last line may lack its end
 *   blank line  holds nothing but spaces (U+0020) and tabs (U+0009)
 *   paragraph   a run of lines that are not blank, the longest: from the first byte of its first line (with the spaces
 *               before it) to the last byte of its last line, without that line's end
 *
 * Any bytes are a text: no byte is refused, what is no UTF-8 is counted (count.h).
 */
#ifndef HANDLERS_TEXT_SCAN_H
#define HANDLERS_TEXT_SCAN_H

#include "../base/failure.h"
#include "count.h"

struct paragraph {
    uint64_t offset, bytes;
    struct text_counts counts;
    char xxh3[33]; /* XXH3-128 of its bytes, in its canonical form, hex */
};

/* Called for each paragraph, in order, as soon as its end is known; false ends the scan. */
typedef bool paragraph_found(void *user, const struct paragraph *paragraph, struct failure *failure);

struct scan;

/* `offset`: the offset in the text of scan_add's first byte, where a line must begin. Errors: OUT_OF_MEMORY. */
bool scan_new(struct scan **out, uint64_t offset, paragraph_found *found, void *user, struct failure *failure);
void scan_free(struct scan *scan);

/* Both fail only as `found` does. */
bool scan_add(struct scan *scan, const void *data, size_t size, struct failure *failure);
/* Nothing more comes. */
bool scan_end(struct scan *scan, struct failure *failure);

#endif
