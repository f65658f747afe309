/* SPDX-License-Identifier: MIT */
/*
 * What the source room shares: the source itself, and the one table that a file format fills in.
 *
 * Messages in here say what is wrong with "it"; the public calls put the source's name before them.
 */
#ifndef TILE_SOURCE_SOURCE_H
#define TILE_SOURCE_SOURCE_H

#include "../base/error.h"
#include "../index/index.h"
#include "../tile.h"
#include "for_job.h"

#include <pthread.h>

struct tile_decoder {
    tile_codec codec; /* the files that it reads: base/format.c tells them by their first bytes */
    /*
     * Reads the header and fills source->info; width and height as stored, orientation as the file says, part_width and
     * part_height without an index. `state` is freed by `close`, also when this fails.
     */
    tile_status (*open)(tile_source *source, struct tile_error *error);
    /* Begins at the top row, giving rows in `format`. Called before the first rows and again to go back. */
    tile_status (*start)(tile_source *source, struct tile_format format, struct tile_error *error);
    /* Decodes the next `count` rows to `to`, `stride` bytes apart; NULL skips them. Never beyond the last row. */
    tile_status (*rows)(tile_source *source, uint32_t count, unsigned char *to, size_t stride,
                        struct tile_error *error);
    void (*close)(tile_source *source);
};

/* More notes than there are kinds of them. */
#define TILE_SOURCE_NOTES 8

/* The bytes of the file in the order in which decoders want them. */
struct tile_input {
    struct tile_reader reader;
    uint64_t offset; /* of the first byte behind the buffer */
    unsigned char buffer[65536];
};

/* Reads the next bytes to the buffer. `*size` is 0 at the end of the file. */
tile_status tile_input_fill(struct tile_input *input, size_t *size, struct tile_error *error);

/* Decoded rows in stored orientation and full stored width; row y is in slot y % capacity. */
struct tile_rows {
    unsigned char *memory;
    size_t allocated;
    size_t row_size;
    uint32_t capacity;
    uint32_t first, next; /* rows kept: [first, next); `next` is also the row that the decoder gives next */
    bool started;         /* the decoder is at `next`, giving rows in `format` */
    struct tile_format format;
};

/* How a source is read beside what its options say; all 0: as usual. */
struct tile_manner {
    int orientation;    /* 1 to 8, whatever the file says; 0: as it says */
    uint32_t rows_held; /* decoded rows to hold; 0: as many as a read has */
    bool piece;         /* made here: read from its top, and its pixel data's checksums are not set, nor looked at */
};

struct tile_source {
    struct tile_source_options options;
    struct tile_manner manner;
    const struct tile_allocator *allocator;
    struct tile_limits limits;
    char name[256];
    struct tile_info info;
    uint32_t width, height; /* as stored */
    bool jfif_ycbcr;        /* the samples are stored as JFIF YCbCr and can be read so */
    bool profile_is_plain;  /* info.profile says nothing that srgb or gray does not */
    char coding[64];
    struct tile_hash hash; /* of the bytes, once somebody wanted to know */
    bool hashed;
    void *profile;     /* freed on closing */
    char dropped[160]; /* what info.profile_dropped and info.profile_unusable point to */
    char unusable[200];
    unsigned char code_points[4]; /* as do info.code_points and info.unknown_color */
    char unknown[100];
    char damage[200];
    char notes[TILE_SOURCE_NOTES][240];
    int note_count;
    const struct tile_decoder *decoder;
    void *state;              /* the decoder's */
    struct tile_watch *watch; /* of the call that is running, for the decoder */
    struct tile_input input;
    struct tile_rows rows;
    uint32_t part_width, part_height; /* info's without an index */

    /* Of a source with parts. What reads through these changes nothing of the source. */
    struct tile_subject subject;
    struct tile_access access;
    pthread_mutex_t reading; /* input.reader, while several threads do */
};

/*
 * Damage to the pixels: remembers it and returns TILE_OK where the source is lenient, else TILE_BAD_DATA. `remedy` is
 * appended to what is remembered: "; the rest is filled in".
 */
tile_status tile_source_damaged(tile_source *source, const char *remedy, struct tile_error *error, const char *format,
                                ...) TILE_PRINTF(4, 5);

/*
 * Something that a person should know and that does not keep the pixels from being read: a note (tile_source_note), or
 * TILE_BAD_DATA where the source is strict. `remedies`: what else would let it pass then.
 */
tile_status tile_source_notice(tile_source *source, unsigned remedies, struct tile_error *error, const char *format,
                               ...) TILE_PRINTF(4, 5);

/*
 * Makes a copy of `profile` info.profile; or only info.carried_profile, where it cannot be converted from; or nothing,
 * where it does not speak of these samples, whose model info.format.space is. Nothing at all where profiles are
 * ignored.
 */
tile_status tile_source_set_profile(tile_source *source, const void *profile, size_t size, struct tile_error *error);
/* There is none for the reason that is given, a clause of its own: "segment 2 of 3 is missing". */
tile_status tile_source_drop_profile(tile_source *source, struct tile_error *error, const char *format, ...)
    TILE_PRINTF(3, 4);

/* What EXIF says about pixels; what it does not say, or not sensibly, is {1, false}. */
struct tile_exif {
    int orientation; /* 1 to 8 */
    bool adobe_rgb;  /* the file is of DCF's optional color space, Adobe RGB (1998) */
};
struct tile_exif tile_exif_read(const unsigned char *data, size_t size);
/* Pictures that a multi-picture index (MPF) tells of beside the first one; previews are not counted. */
uint32_t tile_exif_pictures(const unsigned char *data, size_t size);

/* INVALID_ARGUMENT where `rect` is not a part of the upright image. */
tile_status tile_source_check_rect(const tile_source *source, struct tile_rect rect, struct tile_error *error);

/* tile_source_read once its arguments are checked: decoding from the top, and a part of its own. */
tile_status tile_rows_read(tile_source *source, struct tile_rect stored, const struct tile_image *image,
                           struct tile_watch *watch, struct tile_error *error);
tile_status tile_part_read(const tile_source *source, struct tile_rect stored, const struct tile_image *image,
                           struct tile_watch *watch, struct tile_error *error);

/* What tile_rows_read holds beside the pixels that it reads. */
uint64_t tile_rows_memory(const tile_source *source, struct tile_rect stored, struct tile_format format);

/* tile_source_open_memory of a piece of another source, read in a manner of its own. */
tile_status tile_source_open_piece(tile_source **out, const void *data, size_t size,
                                   const struct tile_source_options *options, const struct tile_manner *manner,
                                   struct tile_error *error);

/* Gives a source whose header was read the parts that its file itself tells of, if that does. */
tile_status tile_access_open_native(tile_source *source, struct tile_error *error);
/* Ends the use of an index, and of these. */
void tile_access_close(tile_source *source);

/* XXH3-128 of all bytes, read now. */
tile_status tile_source_read_hash(const tile_source *source, struct tile_hash *hash, struct tile_watch *watch,
                                  struct tile_error *error);

/* The status of a call, and whose fault it is. */
static inline tile_status tile_source_named(const tile_source *source, tile_status status, const struct tile_error *why,
                                            struct tile_error *error) {
    return status == TILE_OK ? TILE_OK : tile_error_name(error, source->name, status, why);
}

/* For a call that has none of its caller's: the source's own hook is asked. */
static inline struct tile_watch tile_source_watch(const tile_source *source) {
    return (struct tile_watch){.progress = source->options.progress, .user = source->options.user};
}

/*
 * The eight orientations (EXIF 2.32, 4.6.4 A) as: exchange the axes, then count stored columns or rows from the other
 * end.
 */
static inline bool tile_orientation_swaps(int orientation) {
    return orientation >= 5;
}

static inline bool tile_orientation_flips_x(int orientation) {
    return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}

static inline bool tile_orientation_flips_y(int orientation) {
    return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

#endif
