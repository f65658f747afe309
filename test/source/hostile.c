/* SPDX-License-Identifier: MIT */
/* Files that are cut off, damaged, made to cost, or no images at all; readers and allocators that fail. */
#include "picture.h"

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/profile.h"
#include "source/source.h"

#include <fcntl.h>
#include <png.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static struct tile_error error;

static const struct jpeg_recipe jpegs[] = {
    {.width = 90, .height = 75, .space = JCS_YCbCr, .sampling = {{2, 2}}},
    {.width = 61, .height = 66, .space = JCS_YCbCr, .sampling = {{2, 1}}, .restart = 2, .orientation = 5},
    {.width = 64, .height = 50, .space = JCS_YCbCr, .sampling = {{2, 2}}, .progressive = true},
    {.width = 64, .height = 50, .space = JCS_GRAYSCALE, .arithmetic = true},
    {.width = 50, .height = 41, .space = JCS_YCCK, .orientation = 8},
};
static const struct png_recipe pngs[] = {
    {.width = 90, .height = 75, .type = PNG_COLOR_TYPE_RGB, .depth = 8},
    {.width = 50, .height = 60, .type = PNG_COLOR_TYPE_RGB_ALPHA, .depth = 16, .interlaced = true, .orientation = 7},
    {.width = 70, .height = 60, .type = PNG_COLOR_TYPE_PALETTE, .depth = 4, .transparent = true, .gamma = 70000},
};
enum { JPEGS = sizeof jpegs / sizeof jpegs[0], PNGS = sizeof pngs / sizeof pngs[0], FILES = JPEGS + PNGS };

static struct test_bytes make_file(int i) {
    if (i < JPEGS)
        return jpeg_file(&jpegs[i]);
    struct tile_buffer buffer = png_file(&pngs[i - JPEGS]);
    return (struct test_bytes){buffer.data, buffer.size};
}

/* Every message is one line that begins with the source's name. */
static void check_message(tile_status status) {
    assert_int_equal(error.status, status);
    assert_int_equal(strncmp(error.message, "some name: ", 11), 0);
    assert_true(strlen(error.message) > 12);
    assert_null(strchr(error.message, '\n'));
    assert_true(error.message[strlen(error.message) - 1] != '.');
}

struct outcome {
    tile_status status;
    bool opened, damage;
};

/* Opens, and reads all of it in `strips` reads; the pixels go to *out (to be freed) where it succeeds. */
static struct outcome read_all(const void *data, size_t size, bool lenient, uint32_t strips, unsigned char **out) {
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.name = "some name";
    options.lenient = lenient;
    options.max_memory = 50 << 20;
    struct outcome outcome = {0};
    tile_source *source;
    error = (struct tile_error){0};
    outcome.status = tile_source_open_memory(&source, data, size, &options, &error);
    if (outcome.status != TILE_OK) {
        assert_null(source);
        check_message(outcome.status);
        return outcome;
    }
    outcome.opened = true;
    const struct tile_info *info = tile_source_info(source);
    if ((uint64_t)info->width * info->height > 1 << 20) { /* a damaged size: some rows will do */
        struct tile_image image;
        uint32_t width = info->width < 1000 ? info->width : 1000;
        assert_ok(tile_image_alloc(&image, info->format, width, 1, NULL, &error));
        outcome.status = tile_source_read(source, (struct tile_rect){0, 0, width, 1}, &image, &error);
        if (outcome.status != TILE_OK)
            check_message(outcome.status);
        tile_image_free(&image, NULL);
        tile_source_close(source);
        return outcome;
    }
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, info->format, info->width, info->height, NULL, &error));
    memset(image.plane[0], 0, (size_t)image.stride * image.height);
    uint32_t step = info->height / strips + 1;
    for (uint32_t y = 0; y < info->height; y += step) {
        struct tile_rect rect = {0, y, info->width, info->height - y < step ? info->height - y : step};
        struct tile_image view = tile_image_view(&image, rect);
        tile_status status = tile_source_read(source, rect, &view, &error);
        if (status != TILE_OK) {
            check_message(status);
            outcome.status = status;
            /* Once more is the same again, and the source can still be closed. */
            assert_int_equal(tile_source_read(source, rect, &view, &error), status);
        }
    }
    outcome.damage = tile_source_damage(source) != NULL;
    if (outcome.damage)
        assert_null(strchr(tile_source_damage(source), '\n'));
    tile_source_close(source);
    if (out && outcome.status == TILE_OK)
        *out = image.plane[0];
    else
        tile_image_free(&image, NULL);
    return outcome;
}

/* Whether a JPEG that lacks its end has all of its data: so libjpeg says, and it gives the `size` bytes of `pixels`. */
static bool is_whole(struct test_bytes file, const unsigned char *pixels, size_t size) {
    if (!jpeg_is_whole(file))
        return false;
    unsigned char *got = jpeg_pixels(file, JCS_UNKNOWN);
    bool same = got && memcmp(got, pixels, size) == 0;
    free(got);
    return same;
}

static void truncated_files_never_pass(void **state) {
    (void)state;
    for (int i = 0; i < FILES; i++) {
        struct test_bytes file = make_file(i);
        unsigned char *whole = NULL;
        assert_int_equal(read_all(file.data, file.size, false, 1, &whole).status, TILE_OK);
        unsigned char *stored = i < JPEGS ? jpeg_pixels(file, JCS_UNKNOWN) : NULL;
        int whole_without_end = 0;
        size_t pixels = i < JPEGS ? 0 : (size_t)pngs[i - JPEGS].width * pngs[i - JPEGS].height;
        for (size_t size = file.size - 1; size > 0; size -= size > file.size - 40 || size <= 64 ? 1 : 64) {
            struct test_guarded cut = test_guarded_new(size, true);
            memcpy(cut.data, file.data, size);
            struct outcome strict = read_all(cut.data, size, false, 1 + (uint32_t)size % 3, NULL);
            /* Without its IEND (12 bytes), a PNG has all of its pixels. */
            bool fine = size >= file.size - 12;
            if (i < JPEGS) /* an arithmetic decoder does not say what is missing */
                fine = !jpegs[i].arithmetic &&
                       is_whole((struct test_bytes){cut.data, size}, stored,
                                (size_t)jpegs[i].width * jpegs[i].height * (jpegs[i].space == JCS_YCCK ? 4 : 3));
            whole_without_end += i < JPEGS && fine;
            assert_int_equal(strict.status == TILE_OK, fine);
            assert_true(fine || strict.status == TILE_BAD_DATA);

            unsigned char *kept = NULL;
            struct outcome lenient = read_all(cut.data, size, true, 1, &kept);
            /* Between scans there may be half a table, which is the end of it for libjpeg. */
            if (i == 2 && lenient.status != TILE_OK)
                assert_int_equal(lenient.status, TILE_BAD_DATA);
            else
                assert_int_equal(lenient.status == TILE_OK, lenient.opened);
            if (lenient.damage != (lenient.opened && !fine))
                fail_msg("file %d cut to %zu of %zu: damage %d", i, size, file.size, lenient.damage);
            if (kept && i >= JPEGS && !pngs[i - JPEGS].interlaced) {
                /* Rows are those of the whole file, and then they are zero. */
                size_t row = (size_t)pngs[i - JPEGS].width * (i == JPEGS ? 3 : 4),
                       bytes = row * (pixels / pngs[i - JPEGS].width);
                size_t same = 0;
                while (same < bytes && memcmp(kept + same, whole + same, row) == 0)
                    same += row;
                for (; same < bytes; same++)
                    assert_int_equal(kept[same], 0);
            }
            free(kept);
            test_guarded_free(cut);
        }
        /* Without EOI, or half of it; of two scans and more the same; of an arithmetic one never. */
        if (i < JPEGS && whole_without_end != (jpegs[i].arithmetic ? 0 : 2))
            fail_msg("file %d: whole without its end at %d places", i, whole_without_end);
        free(stored);
        free(whole);
        free(file.data);
    }
}

static void lenient_pixels_are_libjpegs(void **state) {
    (void)state;
    struct test_random random = {11};
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.lenient = true;
    for (int i = 0; i < 4; i++) {
        struct jpeg_recipe recipe = jpegs[i];
        recipe.orientation = 0;
        recipe.height = 200;
        struct test_bytes file = jpeg_file(&recipe);
        for (int run = 0; run < 30; run++) {
            size_t from = file.size * 2 / 3, size = from + test_random_below(&random, (uint32_t)(file.size - from));
            unsigned char *pixels = jpeg_pixels((struct test_bytes){file.data, size}, JCS_UNKNOWN);
            size_t step = recipe.space == JCS_GRAYSCALE ? 1 : 3;
            if (!pixels)
                continue;
            tile_source *source;
            assert_ok(tile_source_open_memory(&source, file.data, size, &options, &error));
            check_regions(source, tile_source_info(source)->format, (struct stored){pixels, recipe.width, 200, step}, 1,
                          4, &random);
            assert_non_null(strstr(tile_source_damage(source), "ends early at byte"));
            tile_source_close(source);
            free(pixels);
        }
        free(file.data);
    }
}

static void lenient_regions_of_damage_are_cut_from_the_whole(void **state) {
    (void)state;
    struct test_random random = {15};
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.lenient = options.ignore_orientation = true;
    int compared = 0;
    for (int i = 0; i < 4; i++) {
        struct test_bytes file = jpeg_file(&jpegs[i]), damaged = {malloc(file.size), file.size};
        for (int run = 0; run < 60; run++) {
            memcpy(damaged.data, file.data, file.size);
            for (int k = 0; k < 3; k++) /* behind the header of about 650 bytes, before the EOI */
                damaged.data[700 + test_random_below(&random, (uint32_t)file.size - 702)] =
                    (unsigned char)test_random_next(&random);
            unsigned char *pixels = jpeg_pixels(damaged, JCS_UNKNOWN);
            tile_source *source;
            if (!pixels || tile_source_open_memory(&source, damaged.data, damaged.size, &options, &error) != TILE_OK) {
                free(pixels);
                continue;
            }
            struct tile_format format = tile_source_info(source)->format;
            struct stored stored = {pixels, jpegs[i].width, jpegs[i].height, tile_format_step(format)};
            check_regions(source, format, stored, 1, 6, &random);
            compared++;
            tile_source_close(source);
            free(pixels);
        }
        free(damaged.data);
        free(file.data);
    }
    assert_true(compared > 150);
}

static void damaged_bytes_never_crash(void **state) {
    (void)state;
    struct test_random random = {12};
    for (int i = 0; i < FILES; i++) {
        struct test_bytes file = make_file(i);
        struct test_guarded damaged = test_guarded_new(file.size, true);
        for (int run = 0; run < 400; run++) {
            memcpy(damaged.data, file.data, file.size);
            for (uint32_t k = 1 + test_random_below(&random, 4); k > 0; k--) {
                uint32_t at = test_random_below(&random, (uint32_t)(run % 2 ? file.size : 700));
                damaged.data[at < file.size ? at : 0] = (unsigned char)test_random_next(&random);
            }
            read_all(damaged.data, file.size, run % 3 == 0, 1 + (uint32_t)run % 4, NULL);
        }
        test_guarded_free(damaged);
        free(file.data);
    }
}

static void a_lost_restart_interval_is_damage(void **state) {
    (void)state;
    struct test_bytes file = jpeg_file(&jpegs[1]);
    /* The first marker D3 becomes zeros: blocks are missing, although every bit is a code. */
    size_t at = 0;
    while (!(file.data[at] == 0xFF && file.data[at + 1] == 0xD3))
        at++;
    file.data[at] = file.data[at + 1] = 0;
    assert_int_equal(read_all(file.data, file.size, false, 1, NULL).status, TILE_BAD_DATA);
    assert_non_null(strstr(error.message, "(row "));
    struct outcome lenient = read_all(file.data, file.size, true, 3, NULL);
    assert_int_equal(lenient.status, TILE_OK);
    assert_true(lenient.damage);
    free(file.data);
}

static void wrong_crc_is_damage_from_that_row_on(void **state) {
    (void)state;
    struct test_bytes file = make_file(JPEGS);
    file.data[file.size - 13] ^= 1; /* the last byte of the CRC of IDAT, before IEND */
    assert_int_equal(read_all(file.data, file.size, false, 2, NULL).status, TILE_BAD_DATA);
    assert_non_null(strstr(error.message, "CRC"));
    assert_true(read_all(file.data, file.size, true, 2, NULL).damage);
    free(file.data);
}

static void exif_of_any_bytes(void **state) {
    (void)state;
    struct test_random random = {13};
    unsigned char block[26];
    for (unsigned value = 0; value < 300; value++)
        for (int big = 0; big < 2; big++) {
            exif_block(block, value % 256, big);
            assert_int_equal(tile_exif_read(block, 26).orientation,
                             value % 256 >= 1 && value % 256 <= 8 ? value % 256 : 1);
        }
    for (int run = 0; run < 20000; run++) {
        size_t size = test_random_below(&random, 60);
        struct test_guarded guarded = test_guarded_new(size, true);
        exif_block(block, 6, run % 2);
        memcpy(guarded.data, block, size < 26 ? size : 26);
        for (size_t i = 26; i < size; i++)
            guarded.data[i] = (unsigned char)test_random_next(&random);
        for (uint32_t k = test_random_below(&random, 4); k > 0 && size > 4; k--)
            guarded.data[4 + test_random_below(&random, (uint32_t)size - 4)] =
                test_random_below(&random, 2) ? 0xFF : (unsigned char)test_random_next(&random);
        int orientation = tile_exif_read(guarded.data, size).orientation;
        assert_true(orientation >= 1 && orientation <= 8);
        test_guarded_free(guarded);
    }
    /* A directory at the very end, one beyond, a count that is too large, a wrong type. */
    exif_block(block, 6, false);
    block[4] = 24;
    assert_int_equal(tile_exif_read(block, 26).orientation, 1);
    block[4] = 25;
    assert_int_equal(tile_exif_read(block, 26).orientation, 1);
    block[4] = block[5] = block[6] = block[7] = 0xFF;
    assert_int_equal(tile_exif_read(block, 26).orientation, 1);
    exif_block(block, 6, false);
    block[8] = block[9] = 0xFF;
    assert_int_equal(tile_exif_read(block, 26).orientation, 6);
    block[12] = 2;
    assert_int_equal(tile_exif_read(block, 26).orientation, 1);
}

/* ---- What costs ---------------------------------------------------------------------------------------------- */

static void headers_may_not_cost_more_than_their_limit(void **state) {
    (void)state;
    struct gauge gauge = {0};
    struct tile_allocator allocator = gauge_allocator(&gauge);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.allocator = &allocator;
    options.max_metadata = 300000;
    tile_source *source;

    /* Many APP2 segments behind the SOI. */
    struct test_bytes jpeg = make_file(0);
    struct tile_buffer bomb = {0};
    test_append(&bomb, jpeg.data, 2);
    static unsigned char segment[60000] = {0xFF, 0xE2, 59998 >> 8, 59998 & 255};
    for (int i = 0; i < 20; i++)
        test_append(&bomb, segment, sizeof segment);
    test_append(&bomb, jpeg.data + 2, jpeg.size - 2);
    assert_fails(TILE_LIMIT_EXCEEDED, tile_source_open_memory(&source, bomb.data, bomb.size, &options, &error));
    assert_non_null(strstr(error.message, "300000"));
    bomb.size = 0;
    test_append(&bomb, jpeg.data, 2);
    for (int i = 0; i < 4; i++)
        test_append(&bomb, segment, sizeof segment);
    test_append(&bomb, jpeg.data + 2, jpeg.size - 2);
    assert_ok(tile_source_open_memory(&source, bomb.data, bomb.size, &options, &error));
    tile_source_close(source);
    free(jpeg.data);

    /* 200 MB of zeros in zTXt, iTXt and iCCP each, of 200 KB, thrice over. */
    struct test_bytes png = make_file(JPEGS);
    uLong zeros = 200 << 20, packed_size = compressBound(zeros);
    unsigned char *plain = calloc(1, zeros), *chunk = malloc(packed_size + 20);
    assert_true(plain && chunk);
    assert_int_equal(compress2(chunk + 8, &packed_size, plain, zeros, 9), Z_OK);
    free(plain);
    static const char *const types[] = {"zTXt", "iTXt", "iCCP"};
    for (int t = 0; t < 3; t++) {
        size_t keyword = t == 1 ? 6 : 3; /* "x", method 0; iTXt: "x", flag 1, method 0, language, translated */
        unsigned char *data = chunk + 8 - keyword;
        memset(data, 0, keyword);
        data[0] = 'x';
        if (t == 1)
            data[2] = 1;
        bomb.size = 0;
        test_append(&bomb, png.data, 33); /* signature, IHDR */
        png_append_chunk(&bomb, types[t], data, keyword + packed_size);
        test_append(&bomb, png.data + 33, png.size - 33);
        gauge.peak = gauge.live;
        options.max_metadata = 300000;
        assert_ok(tile_source_open_memory(&source, bomb.data, bomb.size, &options, &error));
        assert_null(tile_source_info(source)->profile);
        tile_source_close(source);
        assert_true(gauge.peak < 2000000);
        options.max_metadata = 100000;
        assert_fails(TILE_LIMIT_EXCEEDED, tile_source_open_memory(&source, bomb.data, bomb.size, &options, &error));
    }
    free(chunk);
    free(png.data);
    tile_buffer_free(&bomb);
    assert_int_equal(gauge.live, 0);
}

/* Rows cost time, however few pixels and bytes they have. */
static void sides_are_limited(void **state) {
    (void)state;
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    tile_source *source;
    struct test_bytes file = make_file(0);
    options.max_side = 89;
    assert_fails(TILE_LIMIT_EXCEEDED, tile_source_open_memory(&source, file.data, file.size, &options, &error));
    assert_int_equal(error.remedies, TILE_REMEDY_SIDE);
    assert_non_null(strstr(error.message, "90 x 75"));
    options.max_side = 90;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    tile_source_close(source);
    free(file.data);

    file = make_file(JPEGS);
    for (int side = 16; side <= 20; side += 4) /* the width, the height */
        for (uint32_t over = 0; over <= 1; over++) {
            png_save_uint_32(file.data + 16, 1);
            png_save_uint_32(file.data + 20, 1);
            png_save_uint_32(file.data + side, ((uint32_t)1 << 20) + over);
            png_save_uint_32(file.data + 29, (png_uint_32)crc32(0, file.data + 12, 17));
            tile_status status = tile_source_open_memory(&source, file.data, file.size, NULL, &error);
            assert_int_equal(status, over ? TILE_LIMIT_EXCEEDED : TILE_OK);
            tile_source_close(source);
        }
    free(file.data);
}

static void pixels_and_memory_are_limited(void **state) {
    (void)state;
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    tile_source *source;
    struct test_bytes file = make_file(0);
    options.max_pixels = 90 * 75 - 1;
    assert_fails(TILE_LIMIT_EXCEEDED, tile_source_open_memory(&source, file.data, file.size, &options, &error));
    options.max_pixels++;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    tile_source_close(source);
    free(file.data);
    options.max_pixels = 0;

    /* All pixels at once are as many as the file says. */
    struct jpeg_recipe large = jpegs[0];
    large.width = 600, large.height = 500;
    file = jpeg_file(&large);
    struct tile_image all;
    for (uint64_t bytes = 600 * 500 * 3, less = 0; less < 2; less++) {
        options.max_memory = bytes - less;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        if (less)
            assert_fails(TILE_LIMIT_EXCEEDED, tile_source_read_all(source, &all, NULL, &error));
        else
            assert_ok(tile_source_read_all(source, &all, NULL, &error));
        assert_int_equal(all.plane[0] == NULL, less);
        tile_image_free(&all, NULL);
        tile_source_close(source);
    }
    assert_int_equal(error.remedies, TILE_REMEDY_MEMORY);
    free(file.data);

    /* Progressive and interlaced: known when it is opened, refused when it would be held. */
    const int held[] = {2, JPEGS + 1};
    for (int i = 0; i < 2; i++) {
        file = make_file(held[i]);
        options.max_memory = 1000;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        struct tile_image image;
        uint64_t needed = tile_source_info(source)->memory;
        assert_true(needed > 50 * 64 * 2);
        assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 1, 1, NULL, &error));
        assert_fails(TILE_LIMIT_EXCEEDED, tile_source_read(source, (struct tile_rect){0, 0, 1, 1}, &image, &error));
        assert_non_null(strstr(error.message, "1000"));
        tile_source_close(source);
        options.max_memory = needed + 64 * 8;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        assert_ok(tile_source_read(source, (struct tile_rect){0, 0, 1, 1}, &image, &error));
        tile_source_close(source);
        tile_image_free(&image, NULL);
        free(file.data);
    }

    /* A PNG header that claims 2^31 - 1 pixels each way. */
    file = make_file(JPEGS + 1);
    memset(file.data + 16, 0xFF, 8);
    file.data[16] = file.data[20] = 0x7F;
    png_save_uint_32(file.data + 29, (png_uint_32)crc32(0, file.data + 12, 17));
    options.max_memory = 0;
    assert_fails(TILE_LIMIT_EXCEEDED, tile_source_open_memory(&source, file.data, file.size, &options, &error));
    options.max_pixels = options.max_side = UINT64_MAX;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 1, 1, NULL, &error));
    assert_fails(TILE_LIMIT_EXCEEDED, tile_source_read(source, (struct tile_rect){5, 5, 1, 1}, &image, &error));
    tile_source_close(source);
    tile_image_free(&image, NULL);
    free(file.data);
}

static void a_narrow_memory_limit_reads_in_chunks(void **state) {
    (void)state;
    struct test_random random = {14};
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    struct test_bytes file = make_file(0);
    unsigned char *pixels = jpeg_pixels(file, JCS_UNKNOWN);
    for (int rows = 1; rows < 70; rows += 9) {
        tile_source *source;
        options.max_memory = 0;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        options.max_memory = tile_source_info(source)->memory + (uint64_t)rows * 90 * 3;
        tile_source_close(source);
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        check_regions(source, tile_source_info(source)->format, (struct stored){pixels, 90, 75, 3}, 1, 30, &random);
        tile_source_close(source);
    }
    free(pixels);
    free(file.data);
}

static void thousands_of_scans_are_refused(void **state) {
    (void)state;
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    jpeg_scan_info script[1 + 63 * 9] = {{.comps_in_scan = 1}};
    int scans = 1;
    for (int k = 1; k < 64; k++)
        for (int low = 8; low >= 0; low--)
            script[scans++] =
                (jpeg_scan_info){.comps_in_scan = 1, .Ss = k, .Se = k, .Ah = low == 8 ? 0 : low + 1, .Al = low};
    unsigned char *data = NULL, gray[8] = {1, 200, 3, 90, 5, 60, 7, 255}, *row = gray;
    unsigned long size = 0;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &data, &size);
    c.image_width = c.image_height = 8;
    c.input_components = 1;
    c.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    c.scan_info = script;
    c.num_scans = scans;
    jpeg_start_compress(&c, TRUE);
    for (int i = 0; i < 8; i++)
        jpeg_write_scanlines(&c, &row, 1);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    assert_int_equal(read_all(data, size, false, 1, NULL).status, TILE_LIMIT_EXCEEDED);
    assert_non_null(strstr(error.message, "scans"));

    /* None of them is decoded before, not even of a file that claims to be large: each takes the time of the image. */
    struct test_hook hook = {0};
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    tile_source *source;
    struct tile_image image;
    options.progress = test_hook_ask;
    options.user = &hook;
    unsigned char *sof = memmem(data, size, "\xFF\xC2", 2);
    assert_non_null(sof);
    tile_put_be(sof + 5, 4000, 2);
    tile_put_be(sof + 7, 4000, 2);
    assert_ok(tile_source_open_memory(&source, data, size, &options, &error));
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 1, 1, NULL, &error));
    assert_fails(TILE_LIMIT_EXCEEDED, tile_source_read(source, (struct tile_rect){0, 0, 1, 1}, &image, &error));
    assert_non_null(strstr(error.message, "scans"));
    assert_true(hook.calls < 5);
    tile_source_close(source);
    tile_image_free(&image, NULL);
    free(data);
}

/* What looks like the beginning of a scan within a segment, or behind EOI, is none. */
static void scans_are_counted_where_they_are(void **state) {
    (void)state;
    struct test_bytes file = make_file(2); /* progressive */
    struct tile_buffer more = {0};
    unsigned char segment[2 + 65535] = {0xFF, 0xED, 0xFF, 0xFF};
    for (size_t i = 4; i + 1 < sizeof segment; i += 2)
        segment[i] = 0xFF, segment[i + 1] = 0xDA;
    test_append(&more, file.data, 2);
    test_append(&more, segment, sizeof segment);
    test_append(&more, file.data + 2, file.size - 2);
    test_append(&more, segment, sizeof segment); /* behind EOI */
    unsigned char *plain, *got;
    assert_int_equal(read_all(file.data, file.size, false, 1, &plain).status, TILE_OK);
    assert_int_equal(read_all(more.data, more.size, false, 1, &got).status, TILE_OK);
    assert_memory_equal(got, plain, 64 * 50 * 3);
    free(got);
    free(plain);
    tile_buffer_free(&more);
    free(file.data);
}

/* ---- What is no image, or none of ours --------------------------------------------------------------------------- */

static void fails_to_open(const char *path, tile_status expected, const char *part) {
    tile_source *source;
    assert_fails(expected, tile_source_open_file(&source, path, NULL, &error));
    assert_null(source);
    assert_int_equal(strncmp(error.message, path, strlen(path)), 0);
    if (!strstr(error.message, part))
        fail_msg("\"%s\" does not say \"%s\"", error.message, part);
}

static void what_is_no_image_is_named(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        tile_status status;
        const char *part;
    } files[] = {
        {"", 0, TILE_BAD_DATA, ": is empty"},
        {"hello, world", 12, TILE_BAD_DATA, ": is neither a JPEG nor a PNG file"},
        {"\xFF", 1, TILE_BAD_DATA, ": is neither a JPEG nor a PNG file"},
        {"\xFF\xD8\xFF", 3, TILE_BAD_DATA, ": ends early at byte 3"},
        {"\x89PNG\r\n\x1A\n", 8, TILE_BAD_DATA, ": ends early at byte 8"},
        {"GIF89a\1\0\1\0", 10, TILE_UNSUPPORTED, "GIF"},
        {"RIFF\0\0\0\0WEBPVP8 ", 16, TILE_UNSUPPORTED, "WebP"},
        {"MM\0*\0\0\0\10", 8, TILE_UNSUPPORTED, "TIFF"},
        {"\0\0\0\x1C"
         "ftypavif",
         12, TILE_UNSUPPORTED, "AVIF"},
        {"\0\0\0\x1C"
         "ftypheic",
         12, TILE_UNSUPPORTED, "HEIF"},
        {"\0\0\0\x0CJXL \r\n\x87\n", 12, TILE_UNSUPPORTED, "JPEG XL"},
        {"\0\0\0\x0CjP  \r\n\x87\n", 12, TILE_UNSUPPORTED, "JPEG 2000"},
        {"%PDF-1.7", 8, TILE_UNSUPPORTED, "PDF"},
    };
    char *folder = test_folder_new();
    const char *path = test_path(folder, "x.jpg");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        test_write_file(path, files[i].bytes, files[i].size);
        fails_to_open(path, files[i].status, files[i].part);
    }
    fails_to_open(folder, TILE_READ_FAILED, "is a directory");
    fails_to_open(test_path(folder, "none"), TILE_READ_FAILED, ": No such file");
    assert_int_equal(mkfifo(test_path(folder, "fifo"), 0600), 0);
    fails_to_open(test_path(folder, "fifo"), TILE_READ_FAILED, "is not a regular file");
    if (geteuid() != 0) {
        chmod(path, 0);
        fails_to_open(path, TILE_READ_FAILED, "Permission denied");
    }
    test_folder_remove(folder);
}

static void kinds_of_jpeg_that_cannot_be_read(void **state) {
    (void)state;
    struct test_bytes file = jpeg_file(&jpegs[0]);
    size_t at = 2; /* the SOF0 segment */
    while (file.data[at + 1] != 0xC0)
        at += 2u + (size_t)(file.data[at + 2] << 8 | file.data[at + 3]);
    static const struct {
        size_t at;
        unsigned char value;
        const char *part;
    } edits[] = {{1, 0xC3, "lossless"},     {1, 0xC5, "hierarchical"}, {1, 0xCB, "lossless"},
                 {1, 0xCD, "hierarchical"}, {4, 12, "12-bit"},         {4, 16, "16-bit"}};
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        unsigned char before = file.data[at + edits[i].at];
        file.data[at + edits[i].at] = edits[i].value;
        assert_int_equal(read_all(file.data, file.size, false, 1, NULL).status, TILE_UNSUPPORTED);
        assert_non_null(strstr(error.message, edits[i].part));
        file.data[at + edits[i].at] = before;
    }
    /* Two components: of the three, the last is dropped from SOF0, whose length and count are made to fit. */
    struct tile_buffer two = {0};
    test_append(&two, file.data, at + 16);
    test_append(&two, file.data + at + 19, file.size - at - 19);
    two.data[at + 3] = 14;
    two.data[at + 9] = 2;
    size_t scan = at;
    while (two.data[scan + 1] != 0xDA)
        scan += 2u + (size_t)(two.data[scan + 2] << 8 | two.data[scan + 3]);
    two.data[scan + 3] = 10;
    two.data[scan + 4] = 2;
    memmove(two.data + scan + 9, two.data + scan + 11, two.size - scan - 11);
    assert_int_equal(read_all(two.data, two.size - 2, false, 1, NULL).status, TILE_UNSUPPORTED);
    assert_non_null(strstr(error.message, "2 components"));
    tile_buffer_free(&two);
    file.data[at + 5] = file.data[at + 6] = 0; /* a height that only DNL would tell */
    assert_int_equal(read_all(file.data, file.size, false, 1, NULL).status, TILE_UNSUPPORTED);
    free(file.data);
}

static void calls_that_are_wrong(void **state) {
    (void)state;
    struct test_bytes file = make_file(0);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.name = "two\nlines";
    tile_source *source;
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_open_memory(&source, NULL, 5, &options, &error));
    assert_string_equal(error.message, "two?lines: the data is NULL");
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_open_file(&source, NULL, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_open_reader(&source, NULL, NULL, &error));
    char name[6000];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    options.name = name;
    assert_fails(TILE_BAD_DATA, tile_source_open_memory(&source, NULL, 0, &options, &error));
    assert_non_null(strstr(error.message, "nnn: is empty"));

    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 10, 10, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_read(source, (struct tile_rect){81, 0, 10, 10}, &image, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_read(source, (struct tile_rect){0, 0, 0, 10}, &image, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_read(source, (struct tile_rect){0, 0, 9, 10}, &image, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_read(source, (struct tile_rect){0, 0, 10, 10}, NULL, &error));
    image.format.space = TILE_LAB;
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_read(source, (struct tile_rect){0, 0, 10, 10}, &image, &error));
    assert_int_equal(tile_source_read(source, (struct tile_rect){0, 0, 10, 10}, &image, NULL), TILE_INVALID_ARGUMENT);
    image.format.space = TILE_SRGB;
    assert_ok(tile_source_read(source, (struct tile_rect){80, 65, 10, 10}, &image, &error));
    tile_image_free(&image, NULL);
    tile_source_close(source);
    tile_source_close(NULL);
    free(file.data);
}

/* ---- Hooks that fail ------------------------------------------------------------------------------------------- */

static void readers_may_fail_at_any_call(void **state) {
    (void)state;
    struct jpeg_recipe large = {.width = 1000, .height = 900, .space = JCS_YCbCr};
    struct png_recipe wide = {.width = 3000, .height = 400, .type = PNG_COLOR_TYPE_RGB, .depth = 16};
    for (int i = 0; i < 4; i++) {
        large.progressive = i == 1;
        wide.interlaced = i == 3;
        struct test_reader flaky = {0};
        if (i < 2)
            flaky.file = jpeg_file(&large);
        else {
            struct tile_buffer buffer = png_file(&wide);
            flaky.file = (struct test_bytes){buffer.data, buffer.size};
        }
        bool passed = false;
        for (unsigned n = 1; !passed; n++) {
            struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
            options.lenient = n % 2; /* a disk's failure is no damage of the file */
            flaky.reads = 0;
            flaky.fail_at = n;
            flaky.closed = 0;
            flaky.silent = n % 3 == 2;
            struct tile_reader reader = test_reader_of(&flaky);
            tile_source *source;
            error = (struct tile_error){0};
            tile_status status = tile_source_open_reader(&source, &reader, &options, &error);
            if (status == TILE_OK) {
                const struct tile_info *info = tile_source_info(source);
                struct tile_image image;
                assert_ok(tile_image_alloc(&image, info->format, info->width, info->height, NULL, &error));
                struct tile_rect all = {0, 0, info->width, info->height};
                status = tile_source_read(source, all, &image, &error);
                passed = status == TILE_OK;
                if (!passed) { /* a second try, with the disk mended, reads all of it */
                    assert_int_equal(flaky.closed, 0);
                    flaky.fail_at = 0;
                    struct tile_error second = {0};
                    if (tile_source_read(source, all, &image, &second) != TILE_OK)
                        fail_msg("the second try: %s", second.message);
                    assert_null(tile_source_damage(source));
                }
                tile_image_free(&image, NULL);
                tile_source_close(source);
            }
            assert_int_equal(flaky.closed, 1);
            if (!passed) {
                assert_int_equal(status, TILE_READ_FAILED);
                assert_string_equal(error.message,
                                    flaky.silent ? "(reader): read failed" : "(reader): the disk is on fire");
            }
        }
        free(flaky.file.data);
    }
}

static void a_source_that_changes_is_noticed(void **state) {
    (void)state;
    struct test_reader flaky = {.file = jpeg_file(&jpegs[0])};
    struct tile_reader reader = test_reader_of(&flaky);
    tile_source *source;
    assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 10, 10, NULL, &error));
    assert_ok(tile_source_read(source, (struct tile_rect){0, 50, 10, 10}, &image, &error));
    flaky.fail_at = flaky.reads + 1; /* going back, the header cannot be read, and then can */
    assert_fails(TILE_READ_FAILED, tile_source_read(source, (struct tile_rect){0, 0, 10, 10}, &image, &error));
    assert_ok(tile_source_read(source, (struct tile_rect){0, 0, 10, 10}, &image, &error));
    assert_ok(tile_source_read(source, (struct tile_rect){0, 50, 10, 10}, &image, &error));
    size_t at = 2;
    while (flaky.file.data[at + 1] != 0xC0)
        at += 2u + (size_t)(flaky.file.data[at + 2] << 8 | flaky.file.data[at + 3]);
    flaky.file.data[at + 8]++; /* wider */
    assert_fails(TILE_SOURCE_CHANGED, tile_source_read(source, (struct tile_rect){0, 0, 10, 10}, &image, &error));
    flaky.file.data[at + 8]--;
    assert_ok(tile_source_read(source, (struct tile_rect){0, 0, 10, 10}, &image, &error));
    tile_source_close(source);
    tile_image_free(&image, NULL);
    free(flaky.file.data);
}

static void memory_may_fail_at_any_request(void **state) {
    (void)state;
    struct tile_buffer p3 = {0};
    assert_ok(tile_profile_of_space(&p3, TILE_DISPLAY_P3, &error));
    for (int i = 0; i < FILES + 2; i++) {
        struct test_bytes file;
        if (i < FILES)
            file = make_file(i);
        else if (i == FILES) {
            struct jpeg_recipe recipe = jpegs[0];
            recipe.profile = p3.data, recipe.profile_size = p3.size;
            file = jpeg_file(&recipe);
        } else {
            struct png_recipe recipe = pngs[0];
            recipe.profile = p3.data, recipe.profile_size = p3.size;
            struct tile_buffer buffer = png_file(&recipe);
            file = (struct test_bytes){buffer.data, buffer.size};
        }
        bool passed = false;
        for (size_t n = 0; !passed; n++) {
            assert_true(n < 1000);
            struct test_memory memory;
            test_memory_init(&memory, n);
            struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
            options.allocator = &memory.allocator;
            tile_source *source;
            tile_status status = tile_source_open_memory(&source, file.data, file.size, &options, &error);
            if (status == TILE_OK) {
                const struct tile_info *info = tile_source_info(source);
                assert_int_equal(info->profile != NULL, i >= FILES || i == FILES - 1);
                struct tile_image image;
                assert_ok(tile_image_alloc(&image, info->format, 10, 10, NULL, &error));
                /* Down, up, and down by more rows: skipping, starting again, growing. */
                const struct tile_rect rects[] = {{5, 30, 10, 10}, {20, 3, 10, 10}, {20, 8, 10, 10}};
                for (int k = 0; k < 3 && status == TILE_OK; k++)
                    status = tile_source_read(source, rects[k], &image, &error);
                tile_image_free(&image, NULL);
                if (status == TILE_OK)
                    status = tile_source_read_all(source, &image, &memory.allocator, &error);
                passed = status == TILE_OK;
                tile_image_free(&image, &memory.allocator);
                tile_source_close(source);
            }
            if (!passed)
                assert_int_equal(status, TILE_NO_MEMORY);
            assert_int_equal(memory.live, 0);
        }
        free(file.data);
    }
    tile_buffer_free(&p3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_files_never_pass),
        cmocka_unit_test(lenient_pixels_are_libjpegs),
        cmocka_unit_test(lenient_regions_of_damage_are_cut_from_the_whole),
        cmocka_unit_test(damaged_bytes_never_crash),
        cmocka_unit_test(a_lost_restart_interval_is_damage),
        cmocka_unit_test(wrong_crc_is_damage_from_that_row_on),
        cmocka_unit_test(exif_of_any_bytes),
        cmocka_unit_test(headers_may_not_cost_more_than_their_limit),
        cmocka_unit_test(sides_are_limited),
        cmocka_unit_test(pixels_and_memory_are_limited),
        cmocka_unit_test(a_narrow_memory_limit_reads_in_chunks),
        cmocka_unit_test(thousands_of_scans_are_refused),
        cmocka_unit_test(scans_are_counted_where_they_are),
        cmocka_unit_test(what_is_no_image_is_named),
        cmocka_unit_test(kinds_of_jpeg_that_cannot_be_read),
        cmocka_unit_test(calls_that_are_wrong),
        cmocka_unit_test(readers_may_fail_at_any_call),
        cmocka_unit_test(a_source_that_changes_is_noticed),
        cmocka_unit_test(memory_may_fail_at_any_request),
    };
    return cmocka_run_group_tests_name("source-hostile", tests, NULL, NULL);
}
