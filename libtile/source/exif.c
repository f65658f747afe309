/* SPDX-License-Identifier: MIT */
/* The one EXIF tag that changes pixels. */
#include "source.h"

#include <string.h>

static uint32_t get(const unsigned char *from, size_t size, bool big) {
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint32_t)from[i] << 8 * (big ? size - 1 - i : i);
    return value;
}

/* TIFF 6.0, section 2: a header, then the first directory's entries of 12 bytes; EXIF 2.32, 4.6.4: tag 0x0112, SHORT.
 */
int tile_exif_orientation(const unsigned char *tiff, size_t size) {
    if (size < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return 1;
    bool big = tiff[0] == 'M';
    size_t at = get(tiff + 4, 4, big);
    if (at > size - 2)
        return 1;
    size_t entries = get(tiff + at, 2, big);
    at += 2;
    for (; entries > 0 && size - at >= 12; entries--, at += 12) {
        const unsigned char *entry = tiff + at;
        if (get(entry, 2, big) != 0x0112)
            continue;
        uint32_t type = get(entry + 2, 2, big), count = get(entry + 4, 4, big);
        /* Some writers use LONG. */
        uint32_t value = type == 3 ? get(entry + 8, 2, big) : type == 4 ? get(entry + 8, 4, big) : 0;
        return count == 1 && value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}
