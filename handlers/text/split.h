/* SPDX-License-Identifier: MIT */
/*
 * Splits a text into ranges that cut no paragraph, by reading little of it: a range begins where a paragraph begins
 * after a blank line that is seen from there, no longer than SPLIT_NEAR bytes; so are the spaces that the paragraph may
 * begin with.
 */
#ifndef HANDLERS_TEXT_SPLIT_H
#define HANDLERS_TEXT_SPLIT_H

#include "../base/failure.h"

struct object;

enum { SPLIT_NEAR = 1024, SPLIT_MOST = 100000 /* ranges */ };

/*
 * Ranges of about `wanted` bytes (at least 1), all of one size but for what is left of a paragraph; those that would
 * begin within the same paragraph are one. They cover the text from 0 to its end; one, without bytes, of one that has
 * none. Some KB are read a range, all of the text at most. `*ranges` is to be freed. LIMIT_EXCEEDED: more than
 * SPLIT_MOST.
 */
bool split_text(struct tile_range **ranges, size_t *count, struct object *object, uint64_t wanted,
                struct failure *failure);
/* Whether a range may begin here: the text's beginning, or a place as above. */
bool split_may_begin(struct object *object, uint64_t offset, bool *may, struct failure *failure);
/* Where the first line begins: behind a byte order mark (EF BB BF), which belongs to no paragraph. */
bool split_first_line(struct object *object, uint64_t *offset, struct failure *failure);

#endif
