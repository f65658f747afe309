/* SPDX-License-Identifier: MIT */
/*
 * Shared in source/: the source itself, and the table that each file format fills in.
 *
 * Messages in here leave out the source's name; the public calls put it before them.
 */
#ifndef TILE_SOURCE_SOURCE_H
#define TILE_SOURCE_SOURCE_H

#include "../base/error.h"
#include "../index/index.h"
#include "../tile.h"
#include "for_job.h"

#include <pthread.h>

struct tile_decoder {
    tile_codec codec; /* the files that it reads; base/format.c knows them by their first bytes */
    /*
     * Reads the header and fills source->info: width and height as stored, the file's orientation, part_width and
     * part_height without an index. `close` frees `state`, also when this fails.
     */
    tile_status (*open)(tile_source *source, struct tile_error *error);
    /* Begins at the top row, with rows in `format`. Called before the first rows, and again to go back. */
    tile_status (*start)(tile_source *source, struct tile_format format, struct tile_error *error);
    /* Decodes the next `count` rows to `to`, `stride` bytes apart; NULL skips them. Never beyond the last row. */
    tile_status (*rows)(tile_source *source, uint32_t count, unsigned char *to, size_t stride,
                        struct tile_error *error);
    void (*close)(tile_source *source);
};

/* More than there are kinds of notes. */
#define TILE_SOURCE_NOTES 8

/* The file's bytes in sequence, for decoders. */
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
    uint32_t first, next; /* rows kept: [first, next); `next` is also the decoder's next row */
    bool started;         /* the decoder is at `next`, with rows in `format` */
    bool once;            /* no row will be read again */
    struct tile_format format;
};

/* Private options of a source; all 0: as usual. */
struct tile_manner {
    int orientation;    /* 1 to 8, in place of the file's; 0: the file's */
    uint32_t rows_held; /* decoded rows to hold; 0: as many as a read has */
    bool piece; /* a piece (index/index.h): read from its top; its pixel data's checksums are unset and ignored */
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
    bool luma_whole;        /* and Y is there for each pixel, as it is in nearly all files */
    bool profile_is_plain;  /* info.profile means the same as srgb or gray without a profile */
    char coding[64];
    struct tile_hash hash; /* of the file's bytes, if `hashed` */
    bool hashed;
    void *profile;     /* freed on closing */
    char dropped[160]; /* info.profile_dropped, info.profile_unusable, .code_points and .unknown_color point to these */
    char unusable[200];
    unsigned char code_points[4];
    char unknown[100];
    char damage[200];
    char notes[TILE_SOURCE_NOTES][240];
    int note_count;
    const struct tile_decoder *decoder;
    void *state;              /* the decoder's */
    struct tile_watch *watch; /* the running call's, for the decoder */
    struct tile_input input;
    struct tile_rows rows;
    uint32_t part_width, part_height; /* info's values without an index */

    /* For a source with parts. Reading through these does not change the source. */
    struct tile_subject subject;
    struct tile_access access;
    pthread_mutex_t reading; /* protects input.reader from several reading threads */
};

/*
 * Handles damage to the pixels. A lenient source stores the message, with `remedy` appended ("; the rest is filled
 * in"), and returns TILE_OK; any other fails with TILE_BAD_DATA.
 */
tile_status tile_source_damaged(tile_source *source, const char *remedy, struct tile_error *error, const char *format,
                                ...) TILE_PRINTF(4, 5);

/*
 * Adds a note (tile_source_note); a strict source fails with TILE_BAD_DATA instead. `remedies`: further options that
 * would avoid that failure.
 */
tile_status tile_source_notice(tile_source *source, unsigned remedies, struct tile_error *error, const char *format,
                               ...) TILE_PRINTF(4, 5);

/*
 * Sets info.profile to a copy of `profile`; or only info.carried_profile, if LittleCMS cannot convert from it; or
 * neither, if its model is not that of info.format.space. Does nothing if profiles are ignored.
 */
tile_status tile_source_set_profile(tile_source *source, const void *profile, size_t size, struct tile_error *error);
/* Notes why there is no profile; the reason is a clause: "segment 2 of 3 is missing". */
tile_status tile_source_drop_profile(tile_source *source, struct tile_error *error, const char *format, ...)
    TILE_PRINTF(3, 4);

/* The fields of EXIF that matter for pixels; missing or invalid ones are {1, false}. */
struct tile_exif {
    int orientation; /* 1 to 8 */
    bool adobe_rgb;  /* the file is in DCF's optional color space, Adobe RGB (1998) */
};
struct tile_exif tile_exif_read(const unsigned char *data, size_t size);
/* Number of pictures that a multi-picture index (MPF) lists beside the first one; previews are not counted. */
uint32_t tile_exif_pictures(const unsigned char *data, size_t size);

/* INVALID_ARGUMENT unless `rect` is a part of the upright image. */
tile_status tile_source_check_rect(const tile_source *source, struct tile_rect rect, struct tile_error *error);

/* tile_source_read after its arguments are checked: by decoding from the top, and by a source's parts. */
tile_status tile_rows_read(tile_source *source, struct tile_rect stored, const struct tile_image *image,
                           struct tile_watch *watch, struct tile_error *error);
tile_status tile_part_read(const tile_source *source, struct tile_rect stored, const struct tile_image *image,
                           struct tile_watch *watch, struct tile_error *error);

/* Bytes that tile_rows_read holds beside the pixels that it reads. */
uint64_t tile_rows_memory(const tile_source *source, struct tile_rect stored, struct tile_format format);

/* tile_source_open_memory for a piece of another source, with private options. */
tile_status tile_source_open_piece(tile_source **out, const void *data, size_t size,
                                   const struct tile_source_options *options, const struct tile_manner *manner,
                                   struct tile_error *error);

/* Gives the source its native parts, if its codec has them; the header has been read. */
tile_status tile_access_open_native(tile_source *source, struct tile_error *error);
/* Ends the use of an index or of native parts. */
void tile_access_close(tile_source *source);

/* Computes XXH3-128 of the whole file now. */
tile_status tile_source_read_hash(const tile_source *source, struct tile_hash *hash, struct tile_watch *watch,
                                  struct tile_error *error);

/* Ends a public call: returns `status`, with the source's name before a failure's message. */
static inline tile_status tile_source_named(const tile_source *source, tile_status status, const struct tile_error *why,
                                            struct tile_error *error) {
    return status == TILE_OK ? TILE_OK : tile_error_name(error, source->name, status, why);
}

/* A watch with the source's own hook, for calls whose caller brings none. */
static inline struct tile_watch tile_source_watch(const tile_source *source) {
    return (struct tile_watch){.progress = source->options.progress, .user = source->options.user};
}

/*
 * The eight orientations (EXIF 2.32, 4.6.4 A) as two steps: exchange the axes, then count stored columns or rows from
 * the other end.
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
