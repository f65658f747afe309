/* SPDX-License-Identifier: MIT */
/*
 * A paragraph as a line of JSON, which is what a part consists of:
 * {"offset":0,"bytes":12,"code_points":12,"words":2,"sentences":1,"xxh3":"…"}, and, before the brace, where there are
 * bytes that are no UTF-8, ,"invalid":{"count":1,"first":7}: how many U+FFFD stand for them, and the first one's
 * offset.
 */
#ifndef HANDLERS_TEXT_RECORD_H
#define HANDLERS_TEXT_RECORD_H

#include "scan.h"

enum { RECORD_MOST = 300 }; /* bytes, with the line's end and a NUL: the text without numbers and 7 numbers */

/* Writes the line, with its LF, and returns its size. */
size_t record_write(char line[RECORD_MOST], const struct paragraph *paragraph);
/* False: not such a line. `line` ends with a NUL, in place of the LF. */
bool record_read(struct paragraph *paragraph, const char *line);

#endif
