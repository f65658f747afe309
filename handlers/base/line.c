/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <stdbool.h>
#include <string.h>

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

/* The code point of a well-formed sequence. */
static unsigned decode(const unsigned char *s, size_t length) {
    unsigned point = length == 1 ? s[0] : s[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++)
        point = point << 6 | (s[i] & 0x3F);
    return point;
}

/* What ends a line or turns the direction of writing: Unicode's categories Cc, Zl and Zp, its property Bidi_Control. */
static bool is_control(unsigned point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x61C || point == 0x200E || point == 0x200F ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

void line_clean(char *text) {
    for (unsigned char *s = (unsigned char *)text; *s;) {
        size_t length = sequence(s);
        if (length == 0)
            *s = '?';
        else if (is_control(decode(s, length)))
            memset(s, ' ', length);
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
