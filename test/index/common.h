/* SPDX-License-Identifier: MIT */
/* What the tests of indexes share: what was read of a file, indexes as bytes, and pixels to compare with.
 */
#ifndef TEST_INDEX_COMMON_H
#define TEST_INDEX_COMMON_H

#include "picture.h"

/* Which of its file's bytes were asked for: a flag for each of them, to be freed. */
unsigned char *asked_bytes(const struct test_reader *reader);

tile_source *open_memory(const struct tile_buffer *file);
/* With checkpoints `tile` pixels apart, both ways; index_of must succeed. */
tile_status index_build(tile_index **out, tile_source *source, uint32_t tile, struct tile_error *error);
tile_index *index_of(tile_source *source, uint32_t tile);
/* The index file, to be freed. */
struct test_bytes index_bytes(const tile_index *index);
tile_status index_load(tile_index **out, struct test_bytes bytes, struct tile_error *error);

/* A JPEG's pixels as libjpeg decodes the whole file, in each format that the source can be read in. */
struct expected {
    struct tile_format formats[3];
    struct stored stored[3];
    int count, orientation;
};
struct expected expected_of(const tile_source *source, struct test_bytes file);
void expected_free(struct expected *expected);

/* Reads the whole image, its corners, last row and column, and `count` random rectangles in each format. */
void check_reads(tile_source *source, const struct expected *expected, int count, struct test_random *random);
/* Reads into an image that is large enough, and that becomes as large as the rectangle. */
tile_status read_to(tile_source *source, struct tile_rect rect, struct tile_image *image, struct tile_error *error);
/* Several threads read from `count` sources of one upright image, and use all else of them that is for threads. */
void check_threads(tile_source *const sources[], int count, struct tile_format format, struct stored stored);
/* Within the image; half of them small. */
struct tile_rect random_rect(const tile_source *source, struct test_random *random);

/* The offset of the nth (from 0) marker of that kind; of a scan's beginning, what is behind its header. */
size_t marker_at(struct test_bytes file, int marker, int nth);
size_t scan_at(struct test_bytes file);

/* JPEGs of every sampling, color and kind of table; the size is still to be filled in. */
enum { JPEG_KINDS = 21 };
extern const struct jpeg_recipe jpeg_kinds[JPEG_KINDS];
/* The restart interval in MCUs that number `i` of five stands for. */
unsigned jpeg_restart_of(const struct jpeg_recipe *recipe, int i);
/* What may stand instead of EOI behind the last MCU, in copies to be freed of a file that ends with EOI. */
enum { JPEG_ENDINGS = 33 };
struct test_bytes jpeg_ending(struct test_bytes file, int i);
/* Indexes `file` with checkpoints of several distances, and reads through each of them. */
void check_jpeg(struct test_bytes file, int count, struct test_random *random);

/* A progress hook that wants no step back, and says stop at its `stop_at`th call (from 1; 0: never). */
struct steps {
    uint64_t last, calls, stop_at;
};
bool steps_ask(void *steps, const struct tile_progress *now);

#endif
