/* SPDX-License-Identifier: MIT */
#ifndef PARAGRAPHS_NEW_TEXT_H
#define PARAGRAPHS_NEW_TEXT_H

#include "job.h"

struct new_text {
    uint64_t bytes;
    char xxh3[33];
};

/*
 * Writes the job's new text, as paragraphs.h says. `etags[i]`: which version of part i is known to be right. The source
 * is read once, from front to back; INCOMPLETE where a paragraph is not the one that its record tells of.
 */
bool new_text_write(struct new_text *out, struct call *call, const struct text_job *job, char (*etags)[128],
                    struct failure *failure);

#endif
