/* SPDX-License-Identifier: MIT */
#ifndef HANDLERS_TEXT_NEW_TEXT_H
#define HANDLERS_TEXT_NEW_TEXT_H

#include "text_job.h"

struct part_version {
    char etag[128];
    uint64_t bytes;
};

struct new_text {
    uint64_t bytes;
    char xxh3[33];
};

/*
 * Writes the job's new text (see paragraphs.h). `parts`: the checked versions of the parts. The source is read once,
 * from front to back. INCOMPLETE if a paragraph does not match its record.
 */
bool new_text_write(struct new_text *out, struct call *call, const struct text_job *job,
                    const struct part_version *parts, struct failure *failure);

#endif
