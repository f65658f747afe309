/* SPDX-License-Identifier: MIT */
#include "format.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct format {
    tile_codec codec;
    const char *title;
    const char *suffixes[6]; /* lower case; the first is the codec's name */
    const char *media_type;
    struct {
        size_t at, size;
        const char *bytes;
    } first[2]; /* what files begin with; size 0: there is no more */
} formats[] = {
    /* Behind a JPEG's two, libjpeg passes over what is no marker. */
    {TILE_JPEG, "JPEG", {"jpg", "jpeg", "jpe", "jfif", "jif"}, "image/jpeg", {{0, 2, "\xFF\xD8"}}},
    {TILE_PNG, "PNG", {"png"}, "image/png", {{0, 8, "\x89PNG\r\n\x1A\n"}}},
    {TILE_TIFF, "TIFF", {"tif", "tiff"}, "image/tiff", {{0, 4, "II*\0"}, {0, 4, "MM\0*"}}},
    {TILE_NPY, "NPY", {"npy"}, "application/octet-stream", {{0, 6, "\x93NUMPY"}}},
    {TILE_BMP, "BMP", {"bmp"}, "image/bmp", {{0, 2, "BM"}}},
    {TILE_TGA, "TGA", {"tga"}, "image/x-tga", {{0}}},
    {TILE_HDR, "Radiance HDR", {"hdr"}, "image/vnd.radiance", {{0, 10, "#?RADIANCE"}}},

    /* Neither read nor written: a file of these can be called by its name. */
    {.title = "BigTIFF", .first = {{0, 4, "II+\0"}, {0, 4, "MM\0+"}}},
    {.title = "GIF", .first = {{0, 4, "GIF8"}}},
    {.title = "WebP", .first = {{8, 4, "WEBP"}}},
    {.title = "AVIF", .first = {{4, 7, "ftypavi"}}},
    {.title = "HEIF", .first = {{4, 6, "ftyphe"}, {4, 8, "ftypmif1"}}},
    {.title = "JPEG XL", .first = {{4, 8, "JXL \r\n\x87\n"}, {0, 2, "\xFF\x0A"}}},
    {.title = "JPEG 2000", .first = {{4, 8, "jP  \r\n\x87\n"}, {0, 4, "\xFF\x4F\xFF\x51"}}},
    {.title = "PDF", .first = {{0, 5, "%PDF-"}}},
};

#define FORMATS (sizeof formats / sizeof *formats)

static const struct format *find(tile_codec codec) {
    for (size_t i = 0; i < FORMATS && codec != TILE_CODEC_UNSET; i++)
        if (formats[i].codec == codec)
            return &formats[i];
    return NULL;
}

tile_codec tile_codec_from_suffix(const char *suffix) {
    if (!suffix)
        return TILE_CODEC_UNSET;
    suffix += *suffix == '.';
    for (size_t i = 0; i < FORMATS; i++)
        for (size_t j = 0; formats[i].suffixes[j]; j++)
            if (strcasecmp(suffix, formats[i].suffixes[j]) == 0)
                return formats[i].codec;
    return TILE_CODEC_UNSET;
}

tile_codec tile_codec_of_path(const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL, *dot = path ? strrchr(slash ? slash : path, '.') : NULL;
    return tile_codec_from_suffix(dot);
}

const char *tile_codec_name(tile_codec codec) {
    return find(codec) ? find(codec)->suffixes[0] : NULL;
}

const char *tile_codec_media_type(tile_codec codec) {
    return find(codec) ? find(codec)->media_type : NULL;
}

const char *tile_codec_title(tile_codec codec) {
    return find(codec) ? find(codec)->title : NULL;
}

struct tile_file_kind tile_file_kind_of(const unsigned char first[TILE_FIRST_BYTES]) {
    for (size_t i = 0; i < FORMATS; i++)
        for (size_t j = 0; j < sizeof formats[i].first / sizeof *formats[i].first && formats[i].first[j].size; j++)
            if (memcmp(first + formats[i].first[j].at, formats[i].first[j].bytes, formats[i].first[j].size) == 0)
                return (struct tile_file_kind){formats[i].codec, formats[i].title};
    return (struct tile_file_kind){TILE_CODEC_UNSET, NULL};
}

char *tile_names_join(char *text, size_t size, const char *const *names, size_t count, const char *between,
                      const char *last) {
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s", i == 0 ? "" : i + 1 < count ? between : last, names[i]);
    }
    return text;
}
