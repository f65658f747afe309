/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <stdbool.h>

/* Bytes of the well-formed sequence that `s` begins with, 0 where there is none: The Unicode Standard, table 3-7. */
static size_t sequence(const unsigned char *s) {
    size_t length = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xC0) != 0x80) /* a NUL, too */
            return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xED && s[1] > 0x9F;
    bool too_high = s[0] == 0xF4 && s[1] > 0x8F;
    return overlong || surrogate || too_high ? 0 : length;
}

void line_clean(char *text) {
    for (unsigned char *s = (unsigned char *)text; *s;) {
        size_t length = sequence(s);
        if (length == 0)
            *s = '?';
        else if (*s < 0x20 || *s == 0x7F)
            *s = ' ';
        s += length ? length : 1;
    }
}

void line_quote(char *out, const char *text) {
    *out++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *out++ = '\\';
        *out++ = *text;
    }
    *out++ = '"';
    *out = '\0';
}
