/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { LONGEST = 32 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static int lower(char c) {
    return tolower((unsigned char)c);
}

/* Characters to insert, drop, replace or swap (with a neighbor) to make one of the other; both are at most LONGEST. */
static size_t distance(const char *a, size_t m, const char *b, size_t n) {
    size_t d[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= m; i++)
        for (size_t j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + !same);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[m][n];
}

void suggest(struct suggestion *best, const char *text, const char *name) {
    size_t m = strlen(text), n = strlen(name);
    if (m > LONGEST || n > LONGEST)
        return;
    size_t far = distance(text, m, name, n), most = n < 3 ? 1 : n < 6 ? 2 : 3;
    if (far <= most && far < n && (!best->name || far < best->distance))
        *best = (struct suggestion){name, far};
}
