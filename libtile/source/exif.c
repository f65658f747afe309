/* SPDX-License-Identifier: MIT */
/* Of EXIF, the tags that change pixels or their color. */
#include "source.h"

#include "../base/bytes.h"

#include <string.h>

/* TIFF 6.0, section 2: a header, then directories: a count, and entries of tag, type, count, and the values or their
 * place. */
struct tiff {
    const unsigned char *data;
    size_t size;
    bool big;
};

struct entry {
    uint32_t type, count;
    const unsigned char *values; /* all of them lie within the data */
};

/* A number of at most 4 bytes. */
static uint32_t get(const struct tiff *tiff, const unsigned char *from, int size) {
    return (uint32_t)(tiff->big ? tile_get_be(from, size) : tile_get_le(from, size));
}

/* BYTE, ASCII, SHORT, LONG, RATIONAL; SBYTE, UNDEFINED, SSHORT, SLONG, SRATIONAL. */
enum { ASCII = 2, LONG = 4, RATIONAL = 5, UNDEFINED = 7, SRATIONAL = 10 };
static const unsigned char sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8};

/* The first entry of a tag in the directory at `at`; false where there is none, or its values are not in the data. */
static bool find(const struct tiff *tiff, size_t at, uint32_t tag, struct entry *out) {
    if (at > tiff->size || tiff->size - at < 2)
        return false;
    size_t entries = get(tiff, tiff->data + at, 2);
    for (at += 2; entries > 0 && tiff->size - at >= 12; entries--, at += 12) {
        const unsigned char *entry = tiff->data + at;
        if (get(tiff, entry, 2) != tag)
            continue;
        *out = (struct entry){get(tiff, entry + 2, 2), get(tiff, entry + 4, 4), entry + 8};
        if (out->type == 0 || out->type >= sizeof sizes || out->count == 0)
            return false;
        uint64_t bytes = (uint64_t)out->count * sizes[out->type];
        uint32_t place = get(tiff, entry + 8, 4);
        if (bytes <= 4)
            return true;
        out->values = tiff->data + (place < tiff->size ? place : 0);
        return place < tiff->size && bytes <= tiff->size - place;
    }
    return false;
}

/*
 * The first value of an entry, as exiftool, ImageMagick and libvips take it: of any type that can say a small number.
 * 0 where it says none. (A negative number is a large one here.)
 */
static uint32_t first_number(const struct tiff *tiff, const struct entry *e) {
    uint32_t divisor;
    switch (e->type) {
    case ASCII: return e->count == 1 || e->values[1] == '\0' ? (uint32_t)e->values[0] - '0' : 0;
    case UNDEFINED: return e->count == 1 ? e->values[0] : 0;
    case RATIONAL:
    case SRATIONAL: divisor = get(tiff, e->values + 4, 4); return divisor ? get(tiff, e->values, 4) / divisor : 0;
    default: return get(tiff, e->values, sizes[e->type]);
    }
}

static bool is_tiff(const unsigned char *data, size_t size) {
    return size >= 8 && (memcmp(data, "II*\0", 4) == 0 || memcmp(data, "MM\0*", 4) == 0);
}

struct tile_exif tile_exif_read(const unsigned char *data, size_t size) {
    /* EXIF 2.32, 4.6.4 and 4.6.5: tags of the first directory and of those that it leads to. */
    enum { ORIENTATION = 0x0112, EXIF_DIRECTORY = 0x8769, COLOR_SPACE = 0xA001, INTEROPERABILITY = 0xA005, INDEX = 1 };
    struct tile_exif exif = {.orientation = 1};
    struct entry entry, more, index;
    if (size >= 6 && memcmp(data, "Exif", 5) == 0) { /* a PNG has it without; some writers do not know */
        data += 6;
        size -= 6;
    }
    if (!is_tiff(data, size))
        return exif;
    struct tiff tiff = {data, size, data[0] == 'M'};
    size_t first = get(&tiff, data + 4, 4);
    if (find(&tiff, first, ORIENTATION, &entry)) {
        uint32_t value = first_number(&tiff, &entry);
        if (value >= 1 && value <= 8)
            exif.orientation = (int)value;
    }
    /* DCF 2.0: Adobe RGB is told by the color space 65535, "uncalibrated", and the interoperability index R03. */
    if (find(&tiff, first, EXIF_DIRECTORY, &entry) && entry.type == LONG) {
        size_t directory = get(&tiff, entry.values, 4);
        exif.adobe_rgb = find(&tiff, directory, COLOR_SPACE, &entry) && first_number(&tiff, &entry) == 0xFFFF &&
                         find(&tiff, directory, INTEROPERABILITY, &more) && more.type == LONG &&
                         find(&tiff, get(&tiff, more.values, 4), INDEX, &index) && index.count >= 3 &&
                         sizes[index.type] == 1 && memcmp(index.values, "R03", 3) == 0;
    }
    return exif;
}

uint32_t tile_exif_pictures(const unsigned char *data, size_t size) {
    /* CIPA DC-007, 5.2.3: 16 bytes a picture, of which the first 4 are its attributes; types 0x0100xx are previews. */
    enum { ENTRIES = 0xB002, ENTRY = 16 };
    struct entry entry;
    uint32_t others = 0;
    if (!is_tiff(data, size))
        return 0;
    struct tiff tiff = {data, size, data[0] == 'M'};
    if (find(&tiff, get(&tiff, data + 4, 4), ENTRIES, &entry) && entry.type == UNDEFINED)
        for (uint32_t i = 1; i < entry.count / ENTRY; i++)
            others += (get(&tiff, entry.values + (size_t)i * ENTRY, 4) & 0xFFFF00) != 0x010000;
    return others;
}
