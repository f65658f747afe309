/* SPDX-License-Identifier: MIT */
/*
 * Random access for source/. The code in index/ reads files by their readers and knows no source.
 *
 * All codecs work alike. `build` makes one pass over a file and notes checkpoints; a codec is native if its files
 * contain the offsets of their parts, and then needs no such pass. `cut` turns a region's part of the file into a
 * piece: a small file of the same codec in memory, which the ordinary decoder reads. So the pixels are the ordinary
 * decoder's, and transformations of samples are written once.
 *
 * Messages in here leave out the name of the indexed file; the source puts it before them.
 */
#ifndef TILE_INDEX_INDEX_H
#define TILE_INDEX_INDEX_H

#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/watch.h"
#include "../tile.h"

#include <pthread.h>

#define TILE_INDEX_TILE 256 /* default pixels between checkpoints */

/* The file to index or to read. Width and height are as stored. */
struct tile_subject {
    struct tile_reader reader; /* several threads may call read_at; only the owner calls `close` */
    tile_codec codec;
    uint32_t width, height;
    struct tile_limits limits;
    const struct tile_allocator *allocator;
};

/* The header of an index file. Columns and rows are those of checkpoints, counted in the whole image. */
struct tile_index_header {
    uint64_t size; /* of the index file */
    uint64_t source_size;
    struct tile_hash source_hash;
    uint64_t source_modified; /* 0: not known */
    char source_etag[96];     /* "": not known */
    tile_codec codec;
    uint32_t width, height;
    uint32_t step; /* JPEG: MCUs from a column of checkpoints to the next; PNG: rows from a checkpoint to the next */
    uint32_t first_column, columns, first_row, rows; /* the checkpoints in this index */
    uint64_t data_begin, data_end; /* the file's pixel data. JPEG: the entropy-coded segment; PNG: from the length of
                                      the first IDAT to the end of the IDAT where zlib's stream ends */
};

struct tile_index {
    const struct tile_allocator *allocator;
    struct tile_reader reader; /* of the index file's bytes */
    struct tile_buffer memory; /* the bytes, if this process built the index */
    pthread_mutex_t lock;      /* protects the reader */
    struct tile_index_header header;
};

/* Reads `size` bytes at `offset` of the payload. BAD_INDEX if the index is too short. Thread-safe. */
tile_status tile_index_read(const tile_index *index, uint64_t offset, void *to, size_t size, struct tile_error *error);
/* The checksum of a part of the payload. `number` and the header's source_hash go into it, so that another part, or a
 * part of another file's index, does not match. */
uint64_t tile_index_checksum(const struct tile_index_header *header, uint64_t number, const void *data, size_t size);
/* Returns BAD_INDEX, with a message about the damaged part. */
tile_status tile_index_damaged(struct tile_error *error, const char *what);

/* Makes an index from the header that `build` filled in and the payload. */
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

/* Reads the next bytes, at most `most`; `*size` is 0 at the end of the file. CANCELLED if the progress callback stops
 * the call. */
tile_status tile_pass_read(struct tile_pass *pass, void *to, size_t most, size_t *size, struct tile_error *error);

/* A region's part of a file, made a complete file. */
struct tile_piece {
    struct tile_buffer bytes;
    uint32_t width, height; /* of the piece's image */
    uint32_t x, y;          /* the region's top left pixel in that image */
    uint32_t rows;          /* rows of the region in this piece; the others need another piece */
};

struct tile_range_list {
    struct tile_range *ranges;
    size_t count, capacity;
    const struct tile_allocator *allocator;
};

/* Adds a range that will be read; ranges come in ascending order. A range at most `gap` behind the last is merged with
 * it. */
tile_status tile_range_add(struct tile_range_list *list, uint64_t offset, uint64_t size, uint64_t gap,
                           struct tile_error *error);

/* A file and its index. Immutable: any number of threads may use it. */
struct tile_access {
    const tile_index *index; /* NULL: the codec is native */
    const struct tile_subject *subject;
    const struct tile_index_codec *codec;
    /* Set by `open`: */
    void *state;                      /* the codec's own, from the file's header */
    uint32_t part_width, part_height; /* stored pixels that are decoded together */
};

struct tile_index_codec {
    /* The file's own offsets are the index. The codec opens with the file and has neither `build` nor `part`. */
    bool native;
    /* `build` costs less than half of decoding the same file from its top. */
    bool quick;
    /*
     * Fills the header's step, checkpoints and data bounds, and the payload. Reads the whole file through `pass`, and
     * sets header->source_hash by tile_hasher_end before it computes checksums.
     */
    tile_status (*build)(struct tile_pass *pass, struct tile_index_header *header, struct tile_buffer *payload,
                         struct tile_error *error);
    /* Reads the file's header and compares the index's header, if there is an index. */
    tile_status (*open)(struct tile_access *access, struct tile_error *error);
    void (*close)(struct tile_access *access);
    /* Cuts a piece of reasonable size with the region's first rows, at least 1. The caller frees piece->bytes, also
     * after a failure. */
    tile_status (*cut)(const struct tile_access *access, struct tile_rect region, struct tile_piece *piece,
                       struct tile_watch *watch, struct tile_error *error);
    /*
     * The most bytes that `cut` takes for such a region, its piece included, if memory is limited to `limit`. `*row`:
     * the bytes of a decoded row of the piece, whose pixels have `step` bytes. UINT64_MAX if a result does not fit 64
     * bits.
     */
    uint64_t (*memory)(const struct tile_access *access, struct tile_rect region, size_t step, uint64_t limit,
                       uint64_t *row);
    /* Lists the bytes of the file that `open` and `cut` (for all rows) read. */
    tile_status (*ranges)(const struct tile_access *access, struct tile_rect region, struct tile_range_list *list,
                          struct tile_error *error);
    /* Makes header and payload of an index that only serves cuts within the region. */
    tile_status (*part)(const struct tile_access *access, struct tile_rect region, struct tile_index_header *header,
                        struct tile_buffer *payload, struct tile_error *error);
    /* Makes a file of the region for users, see tile_source_splice; NULL if that would take decoding. */
    tile_status (*splice)(const struct tile_access *access, struct tile_rect region, struct tile_buffer *out,
                          struct tile_watch *watch, struct tile_error *error);
};

extern const struct tile_index_codec tile_jpeg_index;
extern const struct tile_index_codec tile_png_index;

/* The codec's table; NULL if it has no random access. */
const struct tile_index_codec *tile_index_codec_of(tile_codec codec);

/* tile_index_build after its arguments are checked. */
tile_status tile_index_make(tile_index **out, const struct tile_subject *subject,
                            const struct tile_index_options *options, struct tile_error *error);
/*
 * Compares the index with the subject. SOURCE_CHANGED if sizes or ETags differ. `*hash`: no ETags, and the times of
 * writing differ or are not known, so that only the file's hash can tell.
 */
tile_status tile_index_compare(const tile_index *index, const struct tile_subject *subject, bool *hash,
                               struct tile_error *error);

/*
 * Reasons in a JPEG's header for tile_info.no_index. Decoders have their own tables for a JPEG without (Motion JPEG, as
 * webcams send it). An index counts the bits of a file in 40 bits.
 */
#define TILE_JPEG_NO_TABLES  "without Huffman tables"
#define TILE_JPEG_NO_DC_ROOM "coded with a Huffman table that has no room for another DC category"
#define TILE_JPEG_TOO_LARGE  "too large a file"
#define TILE_JPEG_MOST_BYTES ((UINT64_C(1) << 37) - 1)

/* Whether the categories that a DC table lacks can be added to it. The arguments are the number of codes of each length
 * and their symbols (T.81, B.2.4.2). */
bool tile_jpeg_has_dc_room(const uint8_t counts[17], const uint8_t symbols[256]);

#endif
