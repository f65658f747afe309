/* SPDX-License-Identifier: MIT */
/* Pictures for the tests of sources and indexes: JPEGs made and decoded by libjpeg, and regions held against pixels. */
#ifndef TEST_SUPPORT_PICTURE_H
#define TEST_SUPPORT_PICTURE_H

#include "pngs.h"

#include <jpeglib.h>

struct jpeg_recipe {
    const char *coding; /* what tile_source_info is to say */
    uint32_t width, height;
    J_COLOR_SPACE space; /* in the file */
    int sampling[4][2];  /* 0: 1 x 1 */
    bool progressive, arithmetic, optimized, without_adobe;
    bool separate;            /* a scan for each of three components */
    unsigned restart;         /* MCUs */
    int quality;              /* 0: 88 */
    bool slope;               /* from black above to white below: DC differs between rows, hardly ever within one */
    bool high_slots;          /* Huffman and quantization tables in slots 2 and 3 instead of 0 and 1: not baseline */
    bool wide_quantization;   /* 16-bit tables: not baseline */
    bool without_jfif;        /* by itself it says no color space, then */
    const unsigned char *ids; /* of components; NULL: 1, 2, 3 ... */
    int orientation;          /* 0: no EXIF */
    bool big_endian;
    const void *profile;
    size_t profile_size;
};

struct test_bytes jpeg_file(const struct jpeg_recipe *recipe);
/*
 * The whole image by libjpeg's defaults, packed; `out` JCS_UNKNOWN: the default space. CMYK as 255 = full ink, also
 * where Adobe's marker says that the file has it inverted. To be freed; NULL where libjpeg gives up.
 */
unsigned char *jpeg_pixels(struct test_bytes file, J_COLOR_SPACE out);

/*
 * Whether libjpeg finds all that a JPEG's MCUs take: it warns of nothing but stray bytes between segments, and that EOI
 * is missing. Of a progressive one a whole scan may be missing, of an arithmetic one anything.
 */
bool jpeg_is_whole(struct test_bytes file);

/* An EXIF block's TIFF part with an orientation; 26 bytes. */
void exif_block(unsigned char block[26], unsigned orientation, bool big_endian);

/*
 * Reads `rect` in `format`, and compares it with `stored` cut and turned upright. `variant` chooses the stride, which
 * way up the image is in memory, and which of its ends is guarded.
 */
void check_region(tile_source *source, struct tile_format format, struct stored stored, int orientation,
                  struct tile_rect rect, int variant);
/*
 * Reads `count` random rectangles (of any size and in any order, and all of it) in `format`, and compares them with
 * `stored` cut and turned upright.
 */
void check_regions(tile_source *source, struct tile_format format, struct stored stored, int orientation, int count,
                   struct test_random *random);
/* Reads the whole image by tile_source_read_all, in its own format, and compares it so. */
void check_whole(tile_source *source, struct stored stored, int orientation);

/* An allocator that counts how many bytes are held. */
struct gauge {
    size_t live, peak;
};
struct tile_allocator gauge_allocator(struct gauge *gauge);

#endif
