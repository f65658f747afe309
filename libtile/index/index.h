/* SPDX-License-Identifier: MIT */
/*
 * Random access, as the source room uses it. The index room knows files by their readers, never a source.
 *
 * All codecs work alike. `build` makes one pass over a file and notes checkpoints; a file that itself tells where its
 * parts are needs no such pass: its codec is native. `cut` makes of a region's part of the file a small file of the
 * same codec in memory, a piece, which the ordinary decoder then reads: so the pixels are the ordinary decoder's, and
 * transformations of samples are written once.
 *
 * Messages in here say what is wrong with "it", the file that the index is of.
 */
#ifndef TILE_INDEX_INDEX_H
#define TILE_INDEX_INDEX_H

#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/watch.h"
#include "../tile.h"

#include <pthread.h>

#define TILE_INDEX_TILE 256 /* pixels between checkpoints, unless asked for another */

/* The file, as whoever opened it knows it. Width and height are as stored. */
struct tile_subject {
    struct tile_reader reader; /* read_at may be called by several threads; `close` is the owner's affair */
    tile_codec codec;
    uint32_t width, height;
    struct tile_limits limits;
    const struct tile_allocator *allocator;
};

/* What an index file begins with. Columns and rows: those of checkpoints, counted in the whole image. */
struct tile_index_header {
    uint64_t size; /* of the index file */
    uint64_t source_size;
    struct tile_hash source_hash;
    uint64_t source_modified; /* 0: not known */
    char source_etag[96];     /* "": not known */
    tile_codec codec;
    uint32_t width, height;
    uint32_t step; /* JPEG: MCUs from a column of checkpoints to the next; PNG: rows from a checkpoint to the next */
    uint32_t first_column, columns, first_row, rows; /* that this index holds */
    uint64_t data_begin, data_end; /* of the file's pixel data: the entropy-coded segment; the first IDAT's length to
                                      the end of the one where zlib's stream ends */
};

struct tile_index {
    const struct tile_allocator *allocator;
    struct tile_reader reader; /* of the index file's bytes */
    struct tile_buffer memory; /* these bytes, where the index was made here */
    pthread_mutex_t lock;      /* of the reader */
    struct tile_index_header header;
};

/* `size` bytes from `offset` behind the header. BAD_INDEX where the index has no such bytes. Thread-safe. */
tile_status tile_index_read(const tile_index *index, uint64_t offset, void *to, size_t size, struct tile_error *error);
/* Of a part of the payload; `number` tells it from other parts, and the header's source_hash from those of other files.
 */
uint64_t tile_index_checksum(const struct tile_index_header *header, uint64_t number, const void *data, size_t size);
/* BAD_INDEX: an index's part that cannot be. */
tile_status tile_index_damaged(struct tile_error *error, const char *what);

/* An index in the making: header first, with what `build` knows, payload behind it. */
tile_status tile_index_assemble(tile_index **out, struct tile_index_header header, const struct tile_buffer *payload,
                                const struct tile_allocator *allocator, struct tile_error *error);

/* One pass over a file, hashing it. */
struct tile_pass {
    const struct tile_subject *subject;
    const struct tile_index_options *options; /* defaults filled in */
    struct tile_watch watch;
    struct tile_hasher hasher;
    uint64_t offset; /* of the next byte */
};

/* The next bytes, at most `most`; `*size` is 0 at the end of the file. CANCELLED where the progress callback says so.
 */
tile_status tile_pass_read(struct tile_pass *pass, void *to, size_t most, size_t *size, struct tile_error *error);

/* A region's part of a file, as a file of its own. */
struct tile_piece {
    struct tile_buffer bytes;
    uint32_t width, height; /* of the image in it */
    uint32_t x, y;          /* where the region's top left pixel is in that */
    uint32_t rows;          /* of the region that it has; the others want another piece */
};

struct tile_range_list {
    struct tile_range *ranges;
    size_t count, capacity;
    const struct tile_allocator *allocator;
};

/* Bytes that will be asked for; in ascending order. Those that lie within `gap` of the last are merged with it. */
tile_status tile_range_add(struct tile_range_list *list, uint64_t offset, uint64_t size, uint64_t gap,
                           struct tile_error *error);

/* A file with the index that tells where its parts are. Immutable: any number of threads. */
struct tile_access {
    const tile_index *index; /* NULL: the codec is native */
    const struct tile_subject *subject;
    const struct tile_index_codec *codec;
    /* By `open`: */
    void *state;                      /* the codec's: what it knows of the file's header */
    uint32_t part_width, part_height; /* stored pixels that are decoded together */
};

struct tile_index_codec {
    /* The file's own offsets are the index: it is opened with the file, and has neither `build` nor `part`. */
    bool native;
    /* `build` costs less than half of decoding the same file from its top. */
    bool quick;
    /*
     * Fills the header's step, checkpoints and data bounds, and the payload. Reads the whole file through `pass`, and
     * has its hash in header->source_hash by tile_hasher_end before it makes checksums.
     */
    tile_status (*build)(struct tile_pass *pass, struct tile_index_header *header, struct tile_buffer *payload,
                         struct tile_error *error);
    /* Reads the file's header and holds the index's, if there is one, against it. */
    tile_status (*open)(struct tile_access *access, struct tile_error *error);
    void (*close)(struct tile_access *access);
    /* The region's first rows, as many as make a piece of reasonable size; at least 1. The caller frees piece->bytes,
     * also after a failure. */
    tile_status (*cut)(const struct tile_access *access, struct tile_rect region, struct tile_piece *piece,
                       struct tile_watch *watch, struct tile_error *error);
    /*
     * Bytes that `cut` takes at most of such a region, with the piece that it makes, where decoded pixels have `step`
     * bytes and memory this limit. `*row`: the bytes of a decoded row of the piece. What does not fit is UINT64_MAX.
     */
    uint64_t (*memory)(const struct tile_access *access, struct tile_rect region, size_t step, uint64_t limit,
                       uint64_t *row);
    /* The bytes of the file that `open` and `cut` (until all rows are there) ask for. */
    tile_status (*ranges)(const struct tile_access *access, struct tile_rect region, struct tile_range_list *list,
                          struct tile_error *error);
    /* Header and payload of an index that holds just what cuts within the region need. */
    tile_status (*part)(const struct tile_access *access, struct tile_rect region, struct tile_index_header *header,
                        struct tile_buffer *payload, struct tile_error *error);
    /* The region as a file for others to keep, see tile_source_splice; NULL where that takes decoding. */
    tile_status (*splice)(const struct tile_access *access, struct tile_rect region, struct tile_buffer *out,
                          struct tile_watch *watch, struct tile_error *error);
};

extern const struct tile_index_codec tile_jpeg_index;
extern const struct tile_index_codec tile_png_index;

/* The codec's table; NULL where it has no random access. */
const struct tile_index_codec *tile_index_codec_of(tile_codec codec);

/* tile_index_build once its arguments are checked. */
tile_status tile_index_make(tile_index **out, const struct tile_subject *subject,
                            const struct tile_index_options *options, struct tile_error *error);
/*
 * Whether the index is of the subject by size and ETag or time of writing. TILE_OK with `*hash` where only its hash can
 * tell; SOURCE_CHANGED where it is not.
 */
tile_status tile_index_compare(const tile_index *index, const struct tile_subject *subject, bool *hash,
                               struct tile_error *error);

/*
 * What a JPEG's header tells of why it can have no index, for tile_info.no_index. Decoders have tables for JPEG that
 * comes without (Motion JPEG, as webcams send it). Bits of a file are counted in 40 bits.
 */
#define TILE_JPEG_NO_TABLES  "without Huffman tables"
#define TILE_JPEG_NO_DC_ROOM "coded with a Huffman table that has no room for another DC category"
#define TILE_JPEG_TOO_LARGE  "too large a file"
#define TILE_JPEG_MOST_BYTES ((UINT64_C(1) << 37) - 1)

/* Whether the categories that a DC table lacks can be added. T.81, B.2.4.2: codes of each length, and their symbols. */
bool tile_jpeg_has_dc_room(const uint8_t counts[17], const uint8_t symbols[256]);

#endif
