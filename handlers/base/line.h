/* SPDX-License-Identifier: MIT */
/* Making text safe as one line of a log, a header or JSON. */
#ifndef HANDLERS_BASE_LINE_H
#define HANDLERS_BASE_LINE_H

#include <stddef.h>

/*
 * Turns any bytes into one line of UTF-8 of the same length: characters that control a line or its direction (C0, C1,
 * U+2028, U+202E, ...) become spaces, a space for each byte; bytes that are not UTF-8 become '?'.
 */
void line_clean(char *text);
/* Writes a clean line as a JSON string, its quotes included and a NUL behind it: up to 2 * strlen(text) + 3 bytes. */
void line_quote(char *out, const char *text);

#endif
