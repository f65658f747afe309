/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t record_write(char line[RECORD_MOST], const struct paragraph *paragraph) {
    const struct text_counts *counts = &paragraph->counts;
    int size = snprintf(line, RECORD_MOST,
                        "{\"offset\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"code_points\":%" PRIu64 ",\"words\":%" PRIu64
                        ",\"sentences\":%" PRIu64 ",\"xxh3\":\"%s\"",
                        paragraph->offset, paragraph->bytes, counts->code_points, counts->words, counts->sentences,
                        paragraph->xxh3);
    if (counts->invalid)
        size += snprintf(line + size, (size_t)(RECORD_MOST - size),
                         ",\"invalid\":{\"count\":%" PRIu64 ",\"first\":%" PRIu64 "}", counts->invalid,
                         counts->first_invalid);
    size += snprintf(line + size, (size_t)(RECORD_MOST - size), "}\n");
    return (size_t)size;
}

static bool literal(const char **p, const char *text) {
    size_t size = strlen(text);
    bool same = strncmp(*p, text, size) == 0;
    *p += same ? size : 0;
    return same;
}

static bool number(const char **p, const char *before, uint64_t *value) {
    if (!literal(p, before) || **p < '0' || **p > '9')
        return false;
    char *end;
    errno = 0;
    *value = strtoull(*p, &end, 10);
    *p = end;
    return errno == 0;
}

static bool hash(const char **p, char hex[33]) {
    if (strspn(*p, "0123456789abcdef") != 32)
        return false;
    memcpy(hex, *p, 32);
    *p += 32;
    return true;
}

bool record_read(struct paragraph *paragraph, const char *line) {
    struct text_counts *counts = &paragraph->counts;
    *paragraph = (struct paragraph){0};
    bool is = number(&line, "{\"offset\":", &paragraph->offset) && number(&line, ",\"bytes\":", &paragraph->bytes) &&
              number(&line, ",\"code_points\":", &counts->code_points) &&
              number(&line, ",\"words\":", &counts->words) && number(&line, ",\"sentences\":", &counts->sentences) &&
              literal(&line, ",\"xxh3\":\"") && hash(&line, paragraph->xxh3) && literal(&line, "\"");
    if (is && *line == ',')
        is = number(&line, ",\"invalid\":{\"count\":", &counts->invalid) &&
             number(&line, ",\"first\":", &counts->first_invalid) && literal(&line, "}");
    return is && strcmp(line, "}") == 0;
}
