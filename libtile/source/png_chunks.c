/* SPDX-License-Identifier: MIT */
/* Section numbers are those of PNG, third edition. */
#include "png_chunks.h"

#include "../deflate/zlib_memory.h"

#include "../base/buffer.h"
#include "../base/bytes.h"
#include "../base/memory.h"

#include <stdio.h>
#include <string.h>

/* ---- Inflating ---- */

/*
 * Appends what `data` inflates to, at most `most` bytes of it. *whole: that is all, and it was not damaged.
 */
static tile_status inflate_to(struct tile_buffer *out, const unsigned char *data, size_t size, size_t most, bool *whole,
                              struct tile_error *error) {
    enum { PIECE = 16384 };
    z_stream z = tile_zlib_stream(out->allocator);
    *whole = false;
    if (inflateInit(&z) != Z_OK)
        return tile_no_memory(error, sizeof z);
    z.next_in = (z_const Bytef *)data;
    z.avail_in = (uInt)size; /* a chunk has less than 2^31 bytes */
    tile_status status = TILE_OK;
    for (int result = Z_OK; status == TILE_OK && result == Z_OK && out->size < most;) {
        size_t room = most - out->size < PIECE ? most - out->size : PIECE;
        status = tile_buffer_reserve(out, out->size + room, error);
        if (status != TILE_OK)
            break;
        z.next_out = out->data + out->size;
        z.avail_out = (uInt)room;
        result = inflate(&z, Z_NO_FLUSH);
        out->size += room - z.avail_out;
        *whole = result == Z_STREAM_END;
        if (result == Z_MEM_ERROR)
            status = tile_no_memory(error, sizeof z);
    }
    inflateEnd(&z);
    return status;
}

/* 11.3.2.3: a name of 1 to 79 bytes, NUL, 0 for deflate, the profile. */
static tile_status take_profile(struct tile_png_chunks *chunks, const unsigned char *data, size_t size,
                                const struct tile_limits *limits, struct tile_error *error) {
    const unsigned char *end = size ? memchr(data, 0, size < 80 ? size : 80) : NULL;
    struct tile_buffer *profile = &chunks->profile;
    if (!end || end == data || size - (size_t)(end - data) < 2 || end[1] != 0) {
        snprintf(chunks->no_profile, sizeof chunks->no_profile, "its iCCP chunk is damaged");
        return TILE_OK;
    }
    size_t most = limits->metadata < SIZE_MAX ? (size_t)limits->metadata : SIZE_MAX;
    bool whole;
    tile_status status = inflate_to(profile, end + 2, size - (size_t)(end + 2 - data), most, &whole, error);
    /* Its own size is enough of it, as it is for libpng: what comes behind, a checksum included, does not matter. */
    if (status == TILE_OK && !whole && (profile->size < 4 || profile->size < tile_get_be(profile->data, 4))) {
        if (profile->size == most)
            snprintf(chunks->no_profile, sizeof chunks->no_profile,
                     "it has more than %ju bytes, which is the limit of metadata", (uintmax_t)limits->metadata);
        else
            snprintf(chunks->no_profile, sizeof chunks->no_profile, "its compressed data are damaged");
        tile_buffer_free(profile);
    }
    return status;
}

/* ---- EXIF in a text ---- */

static int hex_digit(unsigned char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* As ImageMagick writes it: a name, a decimal number of bytes, and these in hexadecimal, each on lines of their own. */
static void read_raw_profile(struct tile_png_chunks *chunks, unsigned char *text, size_t size) {
    size_t at = 0, bytes = 0;
    for (int words = 0; words < 2; words++) {
        while (at < size && (text[at] == '\n' || text[at] == ' '))
            at++;
        while (at < size && text[at] != '\n')
            at++;
    }
    for (int high = -1; at < size; at++) {
        int digit = hex_digit(text[at]);
        if (digit < 0)
            continue;
        if (high >= 0)
            text[bytes++] = (unsigned char)(high << 4 | digit); /* behind what is still to be read */
        high = high >= 0 ? -1 : digit;
    }
    chunks->exif = tile_exif_read(text, bytes);
    chunks->has_old_exif = true;
}

/* 11.3.3: a keyword and NUL; then the text, or in zTXt 0 for deflate and what the text is deflated to. */
static tile_status take_text(struct tile_png_chunks *chunks, const char name[4], const unsigned char *data, size_t size,
                             struct tile_error *error) {
    static const char *const keywords[] = {"Raw profile type exif", "Raw profile type APP1"};
    const size_t most = 1 << 18; /* EXIF of a JPEG's segment, twice, and more */
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        size_t head = strlen(keywords[i]) + 1;
        bool deflated = memcmp(name, "zTXt", 4) == 0;
        if (size < head + deflated || memcmp(data, keywords[i], head) != 0 || (deflated && data[head] != 0))
            continue;
        struct tile_buffer text = {.allocator = chunks->profile.allocator};
        bool whole;
        head += deflated;
        tile_status status = deflated ? inflate_to(&text, data + head, size - head, most, &whole, error)
                                      : tile_buffer_append(&text, data + head, size - head, error);
        if (status == TILE_OK && text.size)
            read_raw_profile(chunks, text.data, text.size);
        tile_buffer_free(&text);
        return status;
    }
    return TILE_OK;
}

/* ---- Chunks ---- */

static bool is(const char name[4], const char *other) {
    return memcmp(name, other, 4) == 0;
}

tile_status tile_png_chunks_take(struct tile_png_chunks *chunks, const char name[4], const unsigned char *data,
                                 size_t size, bool damaged, const struct tile_limits *limits,
                                 struct tile_error *error) {
    bool first_profile = chunks->profile.size == 0 && !chunks->no_profile[0];
    if (is(name, "iCCP") && first_profile && damaged)
        snprintf(chunks->no_profile, sizeof chunks->no_profile, "the checksum of its chunk is wrong");
    if (damaged)
        return TILE_OK;
    if (is(name, "iCCP") && first_profile)
        return take_profile(chunks, data, size, limits, error);
    if ((is(name, "tEXt") || is(name, "zTXt")) && !chunks->has_exif && !chunks->has_old_exif)
        return take_text(chunks, name, data, size, error);
    if (is(name, "eXIf") && !chunks->has_exif) {
        chunks->exif = tile_exif_read(data, size);
        chunks->has_exif = true;
    } else if (is(name, "cICP") && !chunks->has_cicp && size == 4) {
        memcpy(chunks->cicp, data, 4);
        chunks->has_cicp = true;
    } else if (is(name, "sRGB") && size == 1 && data[0] <= 3) { /* 11.3.2.5: the four intents */
        chunks->has_srgb = true;
    } else if (is(name, "gAMA") && !chunks->has_gamma && size == 4) {
        chunks->gamma = (uint32_t)tile_get_be(data, 4);
        chunks->has_gamma = true;
    } else if (is(name, "cHRM") && !chunks->has_chromaticities && size == 32) {
        for (int i = 0; i < 8; i++)
            chunks->chromaticities[i] = (uint32_t)tile_get_be(data + 4 * i, 4);
        chunks->has_chromaticities = true;
    } else if (is(name, "acTL") && size == 8) {
        chunks->frames = (uint32_t)tile_get_be(data, 4);
    }
    return TILE_OK;
}

void tile_png_chunks_free(struct tile_png_chunks *chunks) {
    tile_buffer_free(&chunks->profile);
}
