/* SPDX-License-Identifier: MIT */
/*
 * A layout is a row of a table: what its names look like. {row}, {column} and {level} are those of the region, in
 * decimal, and a dot and the format's suffix follow. Between two of them is what no number has, so that a name is read
 * as it was written; the folders in a name are those of the format, so that it stays within the job's folder.
 */
#include "layout.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *format;
} layouts[] = {
    [TILE_LAYOUT_GRID] = {"grid", "r{row}_c{column}"},
};

enum { LAYOUT_COUNT = sizeof layouts / sizeof *layouts };

static const struct field {
    const char *text;
    size_t at; /* in a region: a uint32_t */
} fields[] = {
    {"{row}", offsetof(struct tile_region, row)},
    {"{column}", offsetof(struct tile_region, column)},
    {"{level}", offsetof(struct tile_region, level)},
};

/* The one that a format has at `text`; NULL: it is a character of the name. */
static const struct field *field_at(const char *text) {
    for (size_t i = 0; *text == '{' && i < sizeof fields / sizeof *fields; i++)
        if (strncmp(text, fields[i].text, strlen(fields[i].text)) == 0)
            return &fields[i];
    return NULL;
}

bool tile_layout_exists(tile_plan_layout layout) {
    return (unsigned)layout < LAYOUT_COUNT;
}

const char *tile_layout_name(tile_plan_layout layout) {
    return layouts[layout].name;
}

const char *tile_layout_format(tile_plan_layout layout) {
    return layouts[layout].format;
}

bool tile_layout_from_name(const char *name, tile_plan_layout *layout) {
    for (size_t i = 0; i < LAYOUT_COUNT; i++)
        if (strcmp(name, layouts[i].name) == 0) {
            *layout = (tile_plan_layout)i;
            return true;
        }
    return false;
}

void tile_name_write(const char *format, const struct tile_region *region, const char *suffix,
                     char name[TILE_NAME_SIZE]) {
    size_t size = 0;
    for (const char *f = format; *f;) {
        const struct field *field = field_at(f);
        uint32_t number;
        if (!field) {
            name[size++] = *f++;
            continue;
        }
        memcpy(&number, (const char *)region + field->at, sizeof number);
        size += (size_t)snprintf(name + size, TILE_NAME_SIZE - size, "%" PRIu32, number);
        f += strlen(field->text);
    }
    snprintf(name + size, TILE_NAME_SIZE - size, ".%s", suffix);
}

/* A number as it is written: of 32 bits, without a sign or zeros before it. NULL: there is none; else what follows. */
static const char *read_number(const char *text, uint32_t *out) {
    uint64_t number = 0;
    const char *end = text;
    for (; *end >= '0' && *end <= '9' && number <= UINT32_MAX; end++)
        number = 10 * number + (uint64_t)(*end - '0');
    *out = (uint32_t)number;
    return end == text || number > UINT32_MAX || (*text == '0' && end > text + 1) ? NULL : end;
}

const char *tile_name_read(const char *format, const char *name, struct tile_region *place) {
    *place = (struct tile_region){0};
    for (const char *f = format; *f;) {
        const struct field *field = field_at(f);
        uint32_t number;
        if (!field) {
            if (*name++ != *f++)
                return NULL;
            continue;
        }
        name = read_number(name, &number);
        if (!name)
            return NULL;
        memcpy((char *)place + field->at, &number, sizeof number);
        f += strlen(field->text);
    }
    return *name == '.' && name[1] && !strchr(name, '/') ? name + 1 : NULL;
}

int tile_name_depth(const char *format) {
    int depth = 0;
    for (const char *f = format; *f; f++)
        depth += *f == '/';
    return depth;
}

bool tile_layout_is_name(const char *name) {
    struct tile_region place;
    for (size_t i = 0; i < LAYOUT_COUNT; i++)
        if (tile_name_read(layouts[i].format, name, &place))
            return true;
    return false;
}
