/* SPDX-License-Identifier: MIT */
/*
 * Indexes that are damaged, forged, or of other files, and files that are damaged: an index must never give a wrong
 * picture, and whatever it says, nothing is read or written where it may not be.
 */
#include "common.h"

#include "base/bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <xxhash.h>

static struct tile_error error;

/* libtile/index/index.c */
enum { HEADER = 208, SIZE = 16, ETAG = 48, FIELDS = 144, CHECKSUM = 200 };

static void repair_header(unsigned char *index) {
    tile_put_le(index + CHECKSUM, XXH3_64bits(index, CHECKSUM), 8);
}

/*
 * libtile/index/jpeg_table.h: column after column, in each the rows' records, a checksum behind every 64 of them. Stops
 * where the index ends.
 */
static void repair_payload(unsigned char *index, size_t size, size_t record) {
    uint64_t hash = tile_get_le(index + 32, 8), step = tile_get_le(index + 156, 4);
    uint64_t first_column = tile_get_le(index + 168, 4), columns = tile_get_le(index + 172, 4);
    uint64_t first_row = tile_get_le(index + 176, 4), rows = tile_get_le(index + 180, 4);
    size_t at = HEADER;
    for (uint64_t column = 0; column < columns && rows > 0; column++)
        for (uint64_t row = 0; row < rows; row += 64) {
            size_t bytes = (size_t)(rows - row < 64 ? rows - row : 64) * record;
            if (bytes + 8 > size - at)
                return;
            uint64_t number = step << 32 | (first_column + column) << 16 | (first_row + row);
            tile_put_le(index + at + bytes, XXH3_64bits_withSeed(index + at, bytes, hash + number), 8);
            at += bytes + 8;
        }
}

/* A file, its pixels, and its index, in memory behind which nothing can be read. */
struct subject {
    struct test_reader watched;
    tile_source *source;
    struct expected expected;
    struct test_bytes index;
    struct gauge gauge;
    struct tile_allocator allocator;
};

static void open_subject(struct subject *subject, struct jpeg_recipe recipe, uint32_t tile) {
    *subject = (struct subject){.watched = {.file = jpeg_file(&recipe), .etag = "\"1\"", .gap = 1}};
    subject->allocator = gauge_allocator(&subject->gauge);
    struct tile_reader reader = test_reader_of(&subject->watched);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.allocator = &subject->allocator;
    assert_ok(tile_source_open_reader(&subject->source, &reader, &options, &error));
    subject->expected = expected_of(subject->source, subject->watched.file);
    tile_index *index = index_of(subject->source, tile);
    subject->index = index_bytes(index);
    tile_index_free(index);
}

static void close_subject(struct subject *subject) {
    tile_source_close(subject->source);
    assert_int_equal(subject->gauge.live, 0);
    expected_free(&subject->expected);
    free(subject->index.data);
    free(subject->watched.file.data);
}

static struct test_bytes copy_of(struct test_bytes bytes) {
    struct test_bytes copy = {malloc(bytes.size), bytes.size};
    assert_non_null(copy.data);
    memcpy(copy.data, bytes.data, bytes.size);
    return copy;
}

/* One line, with a cause. */
static void check_message(tile_status status) {
    assert_int_equal(error.status, status);
    assert_true(strlen(error.message) > 5 && !strchr(error.message, '\n'));
}

static bool same_pixels(const struct subject *subject, struct tile_rect rect, const unsigned char *pixels) {
    struct stored stored = subject->expected.stored[0];
    size_t row = rect.width * stored.step;
    for (uint32_t y = 0; y < rect.height; y++)
        if (memcmp(pixels + y * row, stored.pixels + ((size_t)(rect.y + y) * stored.width + rect.x) * stored.step, row))
            return false;
    return true;
}

/* Reads a rectangle; TILE_OK with `*same` false where its pixels are others than the file's. */
static tile_status read_rect(const struct subject *subject, struct tile_rect rect, bool *same) {
    static unsigned char pixels[700 * 500 * 4];
    size_t step = subject->expected.stored[0].step;
    assert_true(rect.width * step * rect.height <= sizeof pixels);
    struct tile_image image = {
        subject->expected.formats[0], rect.width, rect.height, {pixels}, (ptrdiff_t)(rect.width * step)};
    error = (struct tile_error){0};
    tile_status status = tile_source_read(subject->source, rect, &image, &error);
    if (status != TILE_OK)
        check_message(status);
    *same = status == TILE_OK && same_pixels(subject, rect, pixels);
    return status;
}

struct outcome {
    tile_status load, use, read;
    bool same;
};

/* All that can be done with these bytes. Reads the whole image, and `tile` pixels of each column of it. */
static struct outcome try_index(struct subject *subject, const unsigned char *data, size_t size, uint32_t tile) {
    struct outcome outcome = {0};
    const struct tile_info *info = tile_source_info(subject->source);
    tile_index *index, *part;
    error = (struct tile_error){0};
    outcome.load = index_load(&index, (struct test_bytes){(unsigned char *)(uintptr_t)data, size}, &error);
    if (outcome.load != TILE_OK) {
        check_message(outcome.load);
        assert_null(index);
        return outcome;
    }
    outcome.use = tile_source_use_index(subject->source, index, &error);
    if (outcome.use != TILE_OK) {
        check_message(outcome.use);
        assert_false(tile_source_info(subject->source)->indexed);
        tile_index_free(index);
        return outcome;
    }
    outcome.same = true;
    for (uint32_t x = 0, i = 0; x < info->width; x += i++ ? tile : 0) {
        struct tile_rect rect = {0, 0, info->width, info->height};
        if (i > 0)
            rect = (struct tile_rect){x, info->height / 3, info->width - x < tile ? info->width - x : tile,
                                      info->height / 3 + 1};
        bool same;
        tile_status status = read_rect(subject, rect, &same);
        if (status != TILE_OK)
            outcome.read = status;
        else
            outcome.same &= same;
        struct tile_range ranges[8];
        size_t count;
        if (tile_source_ranges(subject->source, rect, ranges, 8, &count, &error) == TILE_OK)
            for (size_t k = 0; k < count && k < 8; k++)
                assert_true(ranges[k].offset <= subject->watched.file.size &&
                            ranges[k].size <= subject->watched.file.size - ranges[k].offset);
        if (tile_index_part(&part, subject->source, rect, &subject->allocator, &error) == TILE_OK)
            tile_index_free(part);
        struct tile_buffer out = {.allocator = &subject->allocator};
        tile_source_splice(subject->source, rect, &out, NULL);
        tile_buffer_free(&out);
    }
    assert_ok(tile_source_use_index(subject->source, NULL, &error));
    tile_index_free(index);
    /* However large the index says that all is. */
    assert_true(subject->gauge.peak < 4 << 20);
    return outcome;
}

static const struct jpeg_recipe small = {.width = 97, .height = 71, .space = JCS_YCbCr, .sampling = {{2, 2}}};

static void every_byte_has_a_checksum(void **state) {
    (void)state;
    struct test_random random = {41};
    struct subject subject;
    open_subject(&subject, small, 32);
    struct test_guarded index = test_guarded_new(subject.index.size, true);
    memcpy(index.data, subject.index.data, subject.index.size);
    struct outcome right = try_index(&subject, index.data, subject.index.size, 32);
    assert_true(right.load == TILE_OK && right.use == TILE_OK && right.read == TILE_OK && right.same);
    for (size_t at = 0; at < subject.index.size; at++)
        for (unsigned flip = 1; flip < 256; flip += at < HEADER ? 1 : 1 + test_random_below(&random, 100)) {
            index.data[at] ^= (unsigned char)flip;
            struct outcome outcome = try_index(&subject, index.data, subject.index.size, 32);
            if (at < HEADER) /* a later version is no damage */
                assert_int_equal(outcome.load, at >= 8 && at < 12 && tile_get_le(index.data + 8, 4) > 1
                                                   ? TILE_UNSUPPORTED
                                                   : TILE_BAD_INDEX);
            else {
                assert_int_equal(outcome.load, TILE_OK);
                if (outcome.use != TILE_OK)
                    assert_int_equal(outcome.use, TILE_BAD_INDEX);
                else if (outcome.read != TILE_BAD_INDEX || !outcome.same)
                    fail_msg("byte %zu ^ %u: %s, %s pixels", at, flip, tile_status_name(outcome.read),
                             outcome.same ? "right" : "wrong");
            }
            index.data[at] ^= (unsigned char)flip;
        }
    test_guarded_free(index);
    close_subject(&subject);
}

static void indexes_of_every_length(void **state) {
    (void)state;
    struct subject subject;
    open_subject(&subject, small, 32);
    for (size_t size = 0; size < subject.index.size; size++) {
        struct test_guarded index = test_guarded_new(size, true);
        memcpy(index.data, subject.index.data, size);
        assert_int_equal(try_index(&subject, index.data, size, 32).load, TILE_BAD_INDEX);
        if (size >= HEADER) { /* that agree to it */
            tile_put_le(index.data + SIZE, size, 8);
            repair_header(index.data);
            struct outcome outcome = try_index(&subject, index.data, size, 32);
            assert_int_equal(outcome.load, TILE_OK);
            assert_int_equal(outcome.use, TILE_OK);
            assert_int_equal(outcome.read, TILE_BAD_INDEX);
            assert_true(outcome.same);
        }
        test_guarded_free(index);
    }
    struct test_guarded longer = test_guarded_new(subject.index.size + 1, true);
    memcpy(longer.data, subject.index.data, subject.index.size);
    assert_int_equal(try_index(&subject, longer.data, subject.index.size + 1, 32).load, TILE_BAD_INDEX);
    test_guarded_free(longer);
    close_subject(&subject);
}

/* Headers that are wrong and well formed: what they lead to is checked by guard pages and sanitizers alone. */
static void forged_headers(void **state) {
    (void)state;
    struct test_random random = {42};
    struct subject subject;
    open_subject(&subject, small, 32);
    struct test_guarded index = test_guarded_new(subject.index.size, true);
    memcpy(index.data, subject.index.data, subject.index.size);
    for (size_t at = 0; at < CHECKSUM; at++)
        for (unsigned flip = 1; flip < 256; flip++) {
            index.data[at] ^= (unsigned char)flip;
            repair_header(index.data);
            struct outcome outcome = try_index(&subject, index.data, subject.index.size, 32);
            if (at < 24)
                assert_true(outcome.load != TILE_OK);
            /* Size, ETag (unless there is none left of it), codec, width and height are the source's. */
            if (outcome.load == TILE_OK &&
                ((at >= 24 && at < 32) || (at >= ETAG && at < ETAG + 4 && index.data[ETAG]) ||
                 (at >= FIELDS && at < FIELDS + 12)))
                assert_true(outcome.use != TILE_OK);
            index.data[at] ^= (unsigned char)flip;
        }
    static const uint64_t extremes[] = {
        0, 1, 2, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, UINT64_MAX};
    static const int fields[][2] = {{156, 4}, {168, 4}, {172, 4}, {176, 4}, {180, 4}, {184, 8}, {192, 8}};
    for (int run = 0; run < 6000; run++) {
        memcpy(index.data, subject.index.data, HEADER);
        for (uint32_t k = 1 + test_random_below(&random, 3); k > 0; k--) {
            const int *field = fields[test_random_below(&random, 7)];
            uint64_t value = tile_get_le(index.data + field[0], field[1]);
            if (test_random_below(&random, 2))
                value = extremes[test_random_below(&random, 11)];
            else
                value += test_random_below(&random, 5) - 2ull;
            tile_put_le(index.data + field[0], value, field[1]);
        }
        repair_header(index.data);
        try_index(&subject, index.data, subject.index.size, 32);
    }
    test_guarded_free(index);
    close_subject(&subject);
}

static const struct jpeg_recipe tiny_rows = {
    .width = 8, .height = 200, .space = JCS_GRAYSCALE, .slope = true, .quality = 10};

/* Checkpoints that lie, and have their checksum right. */
static void forged_checkpoints(void **state) {
    (void)state;
    struct test_random random = {47};
    const struct jpeg_recipe recipes[] = {
        small, tiny_rows, {.width = 97, .height = 71, .space = JCS_CMYK, .restart = 3}};
    for (int i = 0; i < 3; i++) {
        struct subject subject;
        open_subject(&subject, recipes[i], 32);
        const size_t record = 8 + 2 * subject.expected.stored[0].step, size = subject.index.size;
        struct test_guarded index = test_guarded_new(size, true);
        memcpy(index.data, subject.index.data, size);
        repair_payload(index.data, size, record);
        assert_memory_equal(index.data, subject.index.data, size); /* it is known what is forged here */
        int read = 0;
        for (int run = 0; run < 4000; run++) {
            memcpy(index.data, subject.index.data, size);
            for (uint32_t k = 1 + test_random_below(&random, 3); k > 0; k--) {
                unsigned char *at =
                    index.data + HEADER + test_random_below(&random, (uint32_t)((size - HEADER) / record)) * record;
                if (at > index.data + size - record)
                    continue;
                uint64_t bit = tile_get_le(at, 5), length = tile_get_le(at + 5, 3);
                switch (test_random_below(&random, 6)) {
                case 0:
                    at[test_random_below(&random, (uint32_t)record)] = (unsigned char)test_random_next(&random);
                    break;
                case 1: tile_put_le(at, bit + test_random_below(&random, 41) - 20, 5); break;
                case 2: tile_put_le(at + 5, length + test_random_below(&random, 5) - 2, 3); break;
                case 3: tile_put_le(at, bit - 8, 5); break;
                case 4: tile_put_le(at + 5, test_random_below(&random, 2), 3); break;
                default: memcpy(at, index.data + HEADER, record); break;
                }
            }
            repair_payload(index.data, size, record);
            read += try_index(&subject, index.data, size, 32).same;
        }
        assert_true(read > 0); /* some of it changed nothing that is read */
        test_guarded_free(index);
        close_subject(&subject);
    }
}

/* A row's one byte, and a next row that claims to begin before it. */
static void forged_rows_that_go_back(void **state) {
    (void)state;
    struct subject subject;
    struct jpeg_recipe recipe = tiny_rows;
    recipe.height = 480, recipe.quality = 1;
    open_subject(&subject, recipe, 32);
    enum { RECORD = 8 + 2, ROWS = 480 / 8 };
    const size_t size = subject.index.size;
    int forged = 0;
    for (uint32_t row = 1; row < ROWS - 1; row++)
        for (uint64_t bit = 0; bit < 8; bit++) {
            struct test_bytes bytes = copy_of(subject.index);
            unsigned char *record = bytes.data + HEADER + row * RECORD;
            if (tile_get_le(record + 5, 3) == 1) {
                tile_put_le(record + RECORD, tile_get_le(record, 5) / 8 * 8 - 8 + bit, 5);
                tile_put_le(record + RECORD + 5, 2, 3);
                repair_payload(bytes.data, size, RECORD);
                tile_index *index;
                bool right;
                assert_ok(index_load(&index, bytes, &error));
                assert_ok(tile_source_use_index(subject.source, index, &error));
                assert_int_equal(read_rect(&subject, (struct tile_rect){0, 8 * row, 8, 16}, &right), TILE_BAD_INDEX);
                assert_ok(tile_source_use_index(subject.source, NULL, &error));
                tile_index_free(index);
                forged++;
            }
            free(bytes.data);
        }
    assert_true(forged > 20);
    close_subject(&subject);
}

/* Each part's checksums are right, but they are not those of what the header says it holds. */
static void headers_of_other_parts(void **state) {
    (void)state;
    struct jpeg_recipe recipe = small;
    recipe.width = 300, recipe.height = 300;
    struct subject subject;
    open_subject(&subject, recipe, 32);
    tile_index *index, *part;
    assert_ok(index_load(&index, subject.index, &error));
    static const struct tile_rect rects[] = {
        {64, 64, 32, 32}, {128, 64, 32, 32}, {64, 128, 32, 32}, {160, 160, 32, 32}};
    struct test_bytes parts[4];
    for (int i = 0; i < 4; i++) {
        assert_ok(tile_source_use_index(subject.source, index, &error));
        assert_ok(tile_index_part(&part, subject.source, rects[i], NULL, &error));
        parts[i] = index_bytes(part);
        tile_index_free(part);
        assert_int_equal(parts[i].size, parts[0].size);
    }
    assert_ok(tile_source_use_index(subject.source, NULL, &error));
    for (int i = 0; i < 16; i++) {
        struct test_bytes mixed = {malloc(parts[0].size), parts[0].size};
        memcpy(mixed.data, parts[i / 4].data, HEADER);
        memcpy(mixed.data + HEADER, parts[i % 4].data + HEADER, mixed.size - HEADER);
        assert_ok(index_load(&part, mixed, &error));
        assert_ok(tile_source_use_index(subject.source, part, &error));
        bool right;
        tile_status status = read_rect(&subject, rects[i / 4], &right);
        assert_int_equal(status, i / 4 == i % 4 ? TILE_OK : TILE_BAD_INDEX);
        assert_int_equal(right, status == TILE_OK);
        assert_ok(tile_source_use_index(subject.source, NULL, &error));
        tile_index_free(part);
        free(mixed.data);
    }
    for (int i = 0; i < 4; i++)
        free(parts[i].data);
    tile_index_free(index);
    close_subject(&subject);
}

/* ---- Whose index it is ------------------------------------------------------------------------------------------ */

/* What using the index of the file at one time gives at another. */
static tile_status use_later(struct test_reader first, struct test_reader later, uint64_t *bytes_read) {
    struct tile_reader reader = test_reader_of(&first);
    tile_source *source;
    assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
    tile_index *index = index_of(source, 32);
    tile_source_close(source);
    reader = test_reader_of(&later);
    assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
    later.bytes = 0;
    error = (struct tile_error){0};
    tile_status status = tile_source_use_index(source, index, &error);
    *bytes_read = later.bytes;
    assert_int_equal(tile_source_info(source)->indexed, status == TILE_OK);
    if (status != TILE_OK)
        check_message(status);
    /* Either way it can be read. */
    struct expected expected = expected_of(source, later.file);
    struct test_random random = {43};
    if (status == TILE_SOURCE_CHANGED || memcmp(first.file.data, later.file.data, first.file.size) == 0)
        check_reads(source, &expected, 2, &random);
    expected_free(&expected);
    tile_source_close(source);
    tile_index_free(index);
    return status;
}

static uint64_t seconds_ago(int64_t seconds) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)(((int64_t)now.tv_sec - seconds) * 1000000000 + now.tv_nsec);
}

/* `other` has other pixels, of which no code is another. */
static void two_files(struct test_bytes *file, struct test_bytes *other) {
    *file = jpeg_file(&small);
    *other = copy_of(*file);
    other->data[marker_at(*file, 0xDB, 0) + 5] ^= 3; /* a quantization value */
}

static void stale_indexes_are_refused(void **state) {
    (void)state;
    struct test_bytes file, other;
    two_files(&file, &other);
    const uint64_t then = seconds_ago(1000);
    static const struct {
        const char *first_etag, *later_etag;
        int first_time, later_time; /* 0: unknown; seconds before `then` */
        enum { TRUSTED, REFUSED, BY_HASH } what;
    } cases[] = {
        {"\"1\"", "\"1\"", 0, 0, TRUSTED}, /* bytes of one ETag are the same: an object store's word */
        {"\"1\"", "\"1\"", 1000, 500, TRUSTED},  {"\"1\"", "\"2\"", 0, 0, REFUSED},
        {"\"1\"", "\"2\"", 1000, 1000, REFUSED}, {"\"1\"", NULL, 0, 0, BY_HASH},
        {NULL, "\"1\"", 0, 0, BY_HASH},          {NULL, NULL, 0, 0, BY_HASH},
        {NULL, NULL, 1000, 0, BY_HASH},          {NULL, NULL, 0, 1000, BY_HASH},
        {NULL, NULL, 1000, 500, BY_HASH},        {NULL, NULL, 1000, 1000, TRUSTED},
        {"\"1\"", NULL, 1000, 1000, TRUSTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int changed = 0; changed < 2; changed++) {
            struct test_reader first = {.file = file, .etag = cases[i].first_etag},
                               later = {.file = changed ? other : file, .etag = cases[i].later_etag};
            first.modified = cases[i].first_time ? then - (uint64_t)cases[i].first_time : 0;
            later.modified = cases[i].later_time ? then - (uint64_t)cases[i].later_time : 0;
            uint64_t read;
            bool refused = cases[i].what == REFUSED || (cases[i].what == BY_HASH && changed);
            assert_int_equal(use_later(first, later, &read), refused ? TILE_SOURCE_CHANGED : TILE_OK);
            assert_int_equal(read >= file.size, cases[i].what == BY_HASH);
        }
    free(other.data);
    free(file.data);
}

/* Of a file that was just written, or will be. */
static void a_time_that_is_near_tells_nothing(void **state) {
    (void)state;
    struct test_bytes file, other;
    two_files(&file, &other);
    const int64_t ago[] = {0, 1, -5, -100000};
    for (int i = 0; i < 4; i++)
        for (int changed = 0; changed < 2; changed++) {
            uint64_t time = seconds_ago(ago[i]), read;
            struct test_reader first = {.file = file, .modified = time},
                               later = {.file = changed ? other : file, .modified = time};
            assert_int_equal(use_later(first, later, &read), changed ? TILE_SOURCE_CHANGED : TILE_OK);
            assert_true(read >= file.size);
        }
    free(other.data);
    free(file.data);
}

static void an_etag_without_room_is_none(void **state) {
    (void)state;
    struct test_bytes file = jpeg_file(&small);
    char etag[98];
    memset(etag, 'e', sizeof etag);
    for (size_t length = 94; length < 98; length++) {
        uint64_t read;
        etag[length] = '\0';
        struct test_reader one = {.file = file, .etag = etag};
        assert_int_equal(use_later(one, one, &read), TILE_OK);
        assert_int_equal(read >= file.size, length > 95);
        etag[length] = 'e';
    }
    free(file.data);
}

/* A copy with zeros behind. */
static struct test_bytes padded(const void *data, size_t size, size_t to) {
    struct test_bytes out = {calloc(1, to), to};
    assert_non_null(out.data);
    assert_true(size <= to);
    memcpy(out.data, data, size);
    return out;
}

/* What the reader says of them is the same. */
static void indexes_of_other_pictures_are_refused(void **state) {
    (void)state;
    struct test_random random = {43};
    struct jpeg_recipe recipe = small;
    recipe.width = 71, recipe.height = 97;
    struct png_recipe png = {.width = 97, .height = 71, .type = 2, .depth = 8};
    struct test_bytes file = jpeg_file(&small), turned = jpeg_file(&recipe);
    struct tile_buffer image = png_file(&png);
    const struct {
        struct test_bytes first, later;
        const char *word;
    } cases[] = {
        {padded(file.data, file.size, 20000), padded(file.data, file.size, 20001), "bytes"}, /* and no byte is read */
        {padded(turned.data, turned.size, 20000), padded(file.data, file.size, 20000), "71 x 97"},
        {padded(file.data, file.size, 20000), padded(image.data, image.size, 20000), "JPEG"},
    };
    for (int i = 0; i < 3; i++) {
        struct test_reader first = {.file = cases[i].first, .etag = "1", .modified = seconds_ago(1000)}, later = first;
        later.file = cases[i].later;
        struct tile_reader readers[2] = {test_reader_of(&first), test_reader_of(&later)};
        tile_source *source;
        assert_ok(tile_source_open_reader(&source, &readers[0], NULL, &error));
        tile_index *index = index_of(source, 32);
        tile_source_close(source);
        assert_ok(tile_source_open_reader(&source, &readers[1], NULL, &error));
        later.bytes = 0;
        assert_fails(TILE_SOURCE_CHANGED, tile_source_use_index(source, index, &error));
        assert_non_null(strstr(error.message, cases[i].word));
        assert_int_equal(later.bytes, 0);
        assert_false(tile_source_info(source)->indexed);
        if (tile_source_info(source)->codec == TILE_JPEG) { /* it can be read all the same */
            struct expected expected = expected_of(source, later.file);
            check_reads(source, &expected, 2, &random);
            expected_free(&expected);
        }
        tile_source_close(source);
        tile_index_free(index);
        free(cases[i].first.data);
        free(cases[i].later.data);
    }
    tile_buffer_free(&image);
    free(turned.data);
    free(file.data);
}

static void files_are_told_apart_by_their_time(void **state) {
    (void)state;
    char *folder = test_folder_new();
    const char *path = test_path(folder, "source.jpg");
    struct test_bytes file = jpeg_file(&small), other = copy_of(file);
    other.data[marker_at(file, 0xDB, 0) + 5] ^= 3;
    const struct timespec old[2] = {{1000000000, 123456789}, {1000000000, 123456789}},
                          older[2] = {{1000000000, 123456788}, {1000000000, 123456788}};
    tile_source *source;
    for (int fresh = 0; fresh < 2; fresh++) {
        test_write_file(path, file.data, file.size);
        if (!fresh)
            assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
        assert_ok(tile_source_open_file(&source, path, NULL, &error));
        tile_index *index = index_of(source, 32);
        assert_ok(tile_source_use_index(source, index, &error));
        tile_source_close(source);
        test_write_file(path, other.data, other.size);
        if (!fresh)
            assert_int_equal(utimensat(AT_FDCWD, path, older, 0), 0);
        assert_ok(tile_source_open_file(&source, path, NULL, &error));
        assert_fails(TILE_SOURCE_CHANGED, tile_source_use_index(source, index, &error));
        assert_non_null(strstr(error.message, path));
        tile_source_close(source);
        /* The same bytes with another time. */
        test_write_file(path, file.data, file.size);
        assert_ok(tile_source_open_file(&source, path, NULL, &error));
        assert_ok(tile_source_use_index(source, index, &error));
        tile_source_close(source);
        tile_index_free(index);
    }
    test_folder_remove(folder);
    free(other.data);
    free(file.data);
}

/* ---- Damaged files ---------------------------------------------------------------------------------------------- */

static const struct jpeg_recipe victims[] = {
    {.width = 97, .height = 71, .space = JCS_YCbCr, .sampling = {{2, 2}}},
    {.width = 97, .height = 71, .space = JCS_YCbCr, .sampling = {{2, 1}}, .restart = 3},
    {.width = 97, .height = 71, .space = JCS_YCbCr, .sampling = {{1, 1}}, .optimized = true},
    {.width = 97, .height = 71, .space = JCS_GRAYSCALE, .quality = 100, .restart = 13},
    {.width = 97, .height = 71, .space = JCS_YCCK, .sampling = {{2, 2}, {1, 1}, {1, 1}, {2, 2}}},
    {.width = 97, .height = 171, .space = JCS_YCbCr, .slope = true, .optimized = true}, /* few codes */
};
enum { VICTIMS = sizeof victims / sizeof victims[0] };

/* Does some of what can go wrong with the entropy-coded data, in a copy with room for 8 more bytes. */
static struct test_bytes damaged(struct test_bytes file, struct test_random *random, bool same_size) {
    size_t scan = scan_at(file);
    struct test_bytes copy = {malloc(file.size + 8), file.size};
    assert_non_null(copy.data);
    memcpy(copy.data, file.data, file.size);
    for (uint32_t k = 1 + test_random_below(random, 3); k > 0; k--) {
        size_t left = copy.size - scan, at = scan + test_random_below(random, (uint32_t)left - 2);
        switch (test_random_below(random, same_size ? 4 : 7)) {
        case 0: copy.data[at] ^= (unsigned char)(1 << test_random_below(random, 8)); break;
        case 1: copy.data[at] = (unsigned char)test_random_next(random); break;
        case 2: copy.data[at] = 0xFF; break;
        case 3:
            copy.data[at] = 0xFF;
            copy.data[at + 1] = (unsigned char)(0xD0 + test_random_below(random, 10));
            break;
        case 4: /* a byte is lost */
            memmove(copy.data + at, copy.data + at + 1, copy.size - at - 1);
            copy.size--;
            break;
        case 5: /* one is there twice */
            if (copy.size < file.size + 8) {
                memmove(copy.data + at + 1, copy.data + at, copy.size - at);
                copy.size++;
            }
            break;
        default: copy.size = scan + test_random_below(random, (uint32_t)left); return copy;
        }
    }
    return copy;
}

static void damaged_files_have_no_index_or_a_right_one(void **state) {
    (void)state;
    struct test_random random = {44};
    int refused = 0, indexed = 0;
    for (int i = 0; i < VICTIMS; i++) {
        struct test_bytes file = jpeg_file(&victims[i]);
        for (int run = 0; run < 600; run++) {
            struct test_bytes bad = damaged(file, &random, false);
            struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
            options.tile_width = 32;
            tile_source *source;
            tile_index *index;
            assert_ok(tile_source_open_memory(&source, bad.data, bad.size, NULL, &error));
            error = (struct tile_error){0};
            tile_status status = tile_index_build(&index, source, &options, &error);
            if (status == TILE_OK) {
                indexed++;
                struct expected expected = expected_of(source, bad);
                assert_true(jpeg_is_whole(bad));
                check_reads(source, &expected, 1, &random); /* it reads as a whole without an index, too */
                assert_ok(tile_source_use_index(source, index, &error));
                check_reads(source, &expected, 4, &random);
                expected_free(&expected);
                assert_ok(tile_source_use_index(source, NULL, &error));
                tile_index_free(index);
            } else {
                refused++;
                assert_int_equal(status, TILE_BAD_DATA);
                check_message(status);
                const char *byte = strstr(error.message, "byte ");
                assert_non_null(byte);
                assert_true(strtoull(byte + 5, NULL, 10) <= bad.size);
                assert_true(strtoull(byte + 5, NULL, 10) >= scan_at(bad));
            }
            tile_source_close(source);
            free(bad.data);
        }
        free(file.data);
    }
    /* Both happen. */
    assert_true(indexed > 100 && refused > 1000);
}

static void restart_markers_are_where_and_what_they_must_be(void **state) {
    (void)state;
    struct subject subject;
    open_subject(&subject, victims[1], 32);
    struct test_bytes file = subject.watched.file;
    tile_index *index, *other;
    assert_ok(index_load(&index, subject.index, &error));
    for (int i = 0; i < 3; i++) {
        subject.watched.file = copy_of(file);
        unsigned char *marker = subject.watched.file.data + marker_at(file, 0xD2, 1);
        switch (i) {
        case 0: marker[1] = 0xD3; break;                         /* another number */
        case 1: marker[0] = marker[1] = 0; break;                /* none */
        default: memcpy(marker - 4, "\xFF\xD2\0\0\0", 6); break; /* earlier */
        }
        assert_fails(TILE_BAD_DATA, tile_index_build(&other, subject.source, NULL, &error));
        assert_null(other);
        assert_ok(tile_source_use_index(subject.source, index, &error));
        bool right;
        tile_status status = read_rect(&subject, (struct tile_rect){0, 0, 97, 71}, &right);
        assert_true(status == TILE_BAD_DATA || status == TILE_SOURCE_CHANGED);
        assert_ok(tile_source_use_index(subject.source, NULL, &error));
        free(subject.watched.file.data);
    }
    subject.watched.file = file;
    tile_index_free(index);
    close_subject(&subject);
}

/*
 * A store that gives other bytes under the same ETag gets no promise but this: what is read of bytes that are as they
 * were is the picture as it was, and the rest is an error or something, within memory.
 */
static void bytes_that_lie_about_their_etag(void **state) {
    (void)state;
    struct test_random random = {45};
    int errors = 0, same = 0, others = 0;
    for (int i = 0; i < VICTIMS; i++) {
        struct subject subject;
        open_subject(&subject, victims[i], 16);
        struct test_bytes file = subject.watched.file;
        tile_index *index;
        assert_ok(index_load(&index, subject.index, &error));
        for (int run = 0; run < 200; run++) {
            subject.watched.file = damaged(file, &random, true);
            assert_ok(tile_source_use_index(subject.source, index, &error));
            for (int k = 0; k < 6; k++) {
                struct tile_rect rect = random_rect(subject.source, &random);
                struct tile_range ranges[100];
                size_t count;
                assert_ok(tile_source_ranges(subject.source, rect, ranges, 100, &count, &error));
                assert_true(count <= 100);
                bool touched = false;
                for (size_t n = 0; n < count; n++)
                    touched |= memcmp(file.data + ranges[n].offset, subject.watched.file.data + ranges[n].offset,
                                      ranges[n].size) != 0;
                bool right;
                tile_status status = read_rect(&subject, rect, &right);
                if (!touched)
                    assert_true(status == TILE_OK && right);
                else if (status != TILE_OK)
                    assert_true(status == TILE_BAD_DATA || status == TILE_SOURCE_CHANGED);
                errors += status != TILE_OK;
                same += status == TILE_OK && right;
                others += status == TILE_OK && !right;
                struct tile_buffer out = {0};
                tile_source_splice(subject.source, rect, &out, NULL);
                tile_buffer_free(&out);
            }
            assert_ok(tile_source_use_index(subject.source, NULL, &error));
            free(subject.watched.file.data);
        }
        subject.watched.file = file;
        tile_index_free(index);
        close_subject(&subject);
    }
    assert_true(errors > 100 && same > 100);
    (void)others;
}

/* A file that has another header than it had. */
static void headers_that_lie_about_their_etag(void **state) {
    (void)state;
    struct test_random random = {46};
    for (int i = 0; i < VICTIMS; i++) {
        struct subject subject;
        open_subject(&subject, victims[i], 32);
        struct test_bytes file = subject.watched.file, bad = copy_of(file);
        tile_index *index;
        assert_ok(index_load(&index, subject.index, &error));
        for (int run = 0; run < 1000; run++) {
            memcpy(bad.data, file.data, file.size);
            for (uint32_t k = 1 + test_random_below(&random, 3); k > 0; k--)
                bad.data[test_random_below(&random, (uint32_t)scan_at(file))] =
                    (unsigned char)test_random_next(&random);
            /* Once it was opened, and before. */
            subject.watched.file = bad;
            tile_source *source = subject.source;
            struct tile_reader reader = test_reader_of(&subject.watched);
            if (run % 2 && tile_source_open_reader(&subject.source, &reader, NULL, &error) != TILE_OK)
                subject.source = source;
            error = (struct tile_error){0};
            if (tile_source_use_index(subject.source, index, &error) == TILE_OK) {
                bool right;
                for (int k = 0; k < 3; k++)
                    if (tile_source_info(subject.source)->format.space == subject.expected.formats[0].space)
                        read_rect(&subject, random_rect(subject.source, &random), &right);
                struct tile_buffer out = {0};
                tile_source_splice(subject.source, (struct tile_rect){32, 32, 32, 32}, &out, NULL);
                tile_buffer_free(&out);
                assert_ok(tile_source_use_index(subject.source, NULL, &error));
            } else
                check_message(error.status);
            if (subject.source != source)
                tile_source_close(subject.source);
            subject.source = source;
        }
        subject.watched.file = file;
        tile_index_free(index);
        close_subject(&subject);
        free(bad.data);
    }
}

/* ---- Hooks that fail -------------------------------------------------------------------------------------------- */

static void readers_may_fail_at_any_call(void **state) {
    (void)state;
    struct jpeg_recipe recipe = victims[1];
    recipe.width = 700, recipe.height = 500, recipe.quality = 95;
    struct subject subject;
    open_subject(&subject, recipe, 64);
    static struct test_reader file, index;
    file = (struct test_reader){.file = subject.watched.file, .etag = "\"1\""};
    index = (struct test_reader){.file = subject.index};
    struct tile_reader reader = test_reader_of(&file), index_reader = test_reader_of(&index);
    tile_source *own = subject.source;
    for (uint64_t n = 1, of_index = 0; of_index < 2; n++) { /* each read of the file, then each of the index */
        assert_true(n < 2000);
        tile_index *built = NULL, *loaded = NULL;
        bool right = false;
        struct tile_buffer out = {0};
        file.reads = index.reads = 0;
        file.fail_at = of_index ? 0 : n;
        index.fail_at = of_index ? n : 0;
        error = (struct tile_error){0};
        tile_status status = tile_source_open_reader(&subject.source, &reader, NULL, &error);
        if (status == TILE_OK)
            status = tile_index_build(&built, subject.source, NULL, &error);
        if (status == TILE_OK)
            status = tile_index_load(&loaded, &index_reader, NULL, &error);
        if (status == TILE_OK)
            status = tile_source_use_index(subject.source, loaded, &error);
        if (status == TILE_OK)
            status = read_rect(&subject, (struct tile_rect){100, 100, 200, 50}, &right);
        if (status == TILE_OK)
            status = tile_source_splice(subject.source, (struct tile_rect){160, 160, 64, 64}, &out, &error);
        if (status == TILE_OK) {
            assert_true(right);
            of_index++, n = 0;
        } else {
            assert_int_equal(status, TILE_READ_FAILED);
            assert_non_null(strstr(error.message, "the disk is on fire"));
        }
        tile_source_close(subject.source);
        tile_index_free(built);
        tile_index_free(loaded);
        tile_buffer_free(&out);
    }
    subject.source = own;
    close_subject(&subject);
}

static void calls_that_are_wrong(void **state) {
    (void)state;
    struct subject subject;
    open_subject(&subject, small, 32);
    tile_index *index;
    assert_ok(index_load(&index, subject.index, &error));
    assert_ok(tile_source_use_index(subject.source, index, &error));
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(subject.source)->format, 10, 10, NULL, &error));
    static const struct tile_rect wrong[] = {{88, 0, 10, 10}, {0, 62, 10, 10},         {0, 0, 0, 10},
                                             {0, 0, 10, 0},   {UINT32_MAX, 0, 10, 10}, {0, 4294967290u, 10, 10}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct tile_range range;
        size_t count;
        tile_index *part;
        struct tile_buffer out = {0};
        assert_fails(TILE_INVALID_ARGUMENT, tile_source_read(subject.source, wrong[i], &image, &error));
        assert_fails(TILE_INVALID_ARGUMENT, tile_source_ranges(subject.source, wrong[i], &range, 1, &count, &error));
        assert_fails(TILE_INVALID_ARGUMENT, tile_index_part(&part, subject.source, wrong[i], NULL, &error));
        assert_fails(TILE_INVALID_ARGUMENT, tile_source_splice(subject.source, wrong[i], &out, &error));
        assert_null(out.data);
        assert_null(part);
    }
    tile_image_free(&image, NULL);
    tile_index_free(index);
    close_subject(&subject);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_has_a_checksum),
        cmocka_unit_test(indexes_of_every_length),
        cmocka_unit_test(forged_headers),
        cmocka_unit_test(forged_checkpoints),
        cmocka_unit_test(forged_rows_that_go_back),
        cmocka_unit_test(headers_of_other_parts),
        cmocka_unit_test(stale_indexes_are_refused),
        cmocka_unit_test(a_time_that_is_near_tells_nothing),
        cmocka_unit_test(an_etag_without_room_is_none),
        cmocka_unit_test(indexes_of_other_pictures_are_refused),
        cmocka_unit_test(files_are_told_apart_by_their_time),
        cmocka_unit_test(damaged_files_have_no_index_or_a_right_one),
        cmocka_unit_test(restart_markers_are_where_and_what_they_must_be),
        cmocka_unit_test(bytes_that_lie_about_their_etag),
        cmocka_unit_test(headers_that_lie_about_their_etag),
        cmocka_unit_test(readers_may_fail_at_any_call),
        cmocka_unit_test(calls_that_are_wrong),
    };
    return cmocka_run_group_tests_name("index-hostile", tests, NULL, NULL);
}
