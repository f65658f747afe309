/* SPDX-License-Identifier: MIT */
/* Lines of text that stay whole wherever they go: to logs, to headers, into JSON. */
#ifndef HANDLERS_BASE_LINE_H
#define HANDLERS_BASE_LINE_H

#include <stddef.h>

/*
 * Makes one line of UTF-8 out of anything, of the same length: bytes of what controls a line or its direction (C0, C1,
 * U+2028, U+202E, ...) become spaces, bytes that are no UTF-8 '?'.
 */
void line_clean(char *text);
/* Writes a clean line as a JSON string, its quotes included and a NUL behind it: up to 2 * strlen(text) + 3 bytes. */
void line_quote(char *out, const char *text);

#endif
