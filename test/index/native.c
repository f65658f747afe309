/* SPDX-License-Identifier: MIT */
/*
 * The place for files that tell themselves where their parts are: a codec that is made up here, of PNGs, stands in the
 * library's own place (the linker's --wrap). It cuts pieces out of libpng's pixels, along parts of 16 x 16.
 */
#include "common.h"

#include "base/buffer.h"
#include "index/index.h"

#include <png.h>

static struct tile_error error;

enum { PART = 16, ROWS = 48 };

static struct tile_image whole; /* of the file that is open */
static int opened, closed;
static tile_status opening; /* what `open` is to return */

static tile_status open_native(struct tile_access *access, struct tile_error *why) {
    unsigned char first[8];
    assert_null(access->index);
    tile_status status = access->subject->reader.read_at(access->subject->reader.user, 0, first, sizeof first, why);
    assert_int_equal(status, TILE_OK);
    assert_memory_equal(first, "\x89PNG\r\n\x1A\n", 8);
    assert_int_equal(access->subject->width, whole.width);
    assert_int_equal(access->subject->height, whole.height);
    if (opening != TILE_OK)
        return tile_error_set(why, opening, "has offsets that cannot be");
    opened++;
    access->state = &opened;
    access->part_width = access->part_height = PART;
    return TILE_OK;
}

static void close_native(struct tile_access *access) {
    closed += access->state != NULL;
}

static uint32_t end_of_part(uint32_t end, uint32_t most) {
    end = (end + PART - 1) / PART * PART;
    return end < most ? end : most;
}

/* The parts that the region touches, of few rows at a time. */
static tile_status cut(const struct tile_access *access, struct tile_rect region, struct tile_piece *piece,
                       struct tile_watch *watch, struct tile_error *why) {
    assert_ptr_equal(access->state, &opened);
    piece->x = region.x % PART;
    piece->y = region.y % PART;
    piece->rows = region.height < ROWS - piece->y ? region.height : ROWS - piece->y;
    piece->width = end_of_part(region.x + region.width, whole.width) - (region.x - piece->x);
    piece->height = end_of_part(region.y + piece->rows, whole.height) - (region.y - piece->y);
    struct tile_rect parts = {region.x - piece->x, region.y - piece->y, piece->width, piece->height};
    struct tile_image pixels = tile_image_view(&whole, parts);
    struct tile_writer writer = tile_buffer_writer(&piece->bytes);
    tile_status status = tile_watch_ask(watch, why);
    return status == TILE_OK ? tile_encode(&pixels, TILE_PNG, NULL, &writer, why) : status;
}

static uint64_t memory(const struct tile_access *access, struct tile_rect region, size_t step, uint64_t limit,
                       uint64_t *row) {
    (void)access, (void)limit;
    *row = (uint64_t)(region.width + 2 * PART) * step;
    return *row * ROWS + 1000000;
}

static tile_status ranges(const struct tile_access *access, struct tile_rect region, struct tile_range_list *list,
                          struct tile_error *why) {
    uint64_t gap = access->subject->reader.gap;
    tile_status status = tile_range_add(list, 0, 100, gap, why);
    return status == TILE_OK ? tile_range_add(list, 1000000 + region.x, region.width, gap, why) : status;
}

static const struct tile_index_codec native = {
    .native = true, .open = open_native, .close = close_native, .cut = cut, .memory = memory, .ranges = ranges};

enum place { AS_BUILT, NATIVE, NONE };
static enum place stands_there;

const struct tile_index_codec *__real_tile_index_codec_of(tile_codec codec);
const struct tile_index_codec *__wrap_tile_index_codec_of(tile_codec codec);
const struct tile_index_codec *__wrap_tile_index_codec_of(tile_codec codec) {
    assert_int_equal(codec, TILE_PNG);
    return stands_there == AS_BUILT ? __real_tile_index_codec_of(codec) : stands_there == NATIVE ? &native : NULL;
}

struct picture {
    struct tile_buffer file;
    struct stored stored;
    unsigned char *pixels;
    int orientation;
};

static struct picture picture_new(int orientation) {
    struct picture p = {.orientation = orientation};
    p.file = png_file(&(struct png_recipe){.width = 203,
                                           .height = 117,
                                           .type = PNG_COLOR_TYPE_RGB,
                                           .depth = 8,
                                           .orientation = orientation,
                                           .mixed = 5,
                                           .level = 1});
    p.pixels = png_pixels(&p.file, &p.stored);
    whole = (struct tile_image){.format = {.space = TILE_SRGB, .sample = TILE_U8},
                                .width = p.stored.width,
                                .height = p.stored.height,
                                .plane = {p.pixels},
                                .stride = (ptrdiff_t)(p.stored.width * p.stored.step)};
    opened = closed = 0;
    opening = TILE_OK;
    return p;
}

static void picture_free(struct picture *p) {
    tile_buffer_free(&p->file);
    free(p->pixels);
}

static tile_source *open_picture(const struct picture *p, enum place what) {
    tile_source *source;
    stands_there = what;
    assert_ok(tile_source_open_memory(&source, p->file.data, p->file.size, NULL, &error));
    return source;
}

static void a_native_file_has_parts_without_an_index(void **state) {
    (void)state;
    struct test_random random = {12};
    for (int orientation = 1; orientation <= 8; orientation++) {
        struct picture p = picture_new(orientation);
        tile_source *source = open_picture(&p, NATIVE);
        const struct tile_info *info = tile_source_info(source);
        assert_true(info->parts && !info->indexed && !info->splices && !info->no_index);
        assert_int_equal(info->part_width, PART);
        assert_int_equal(info->part_height, PART);
        assert_int_equal(opened, 1); /* a piece is a PNG too, and is not opened so */
        check_regions(source, info->format, p.stored, orientation, 50, &random);
        check_whole(source, p.stored, orientation);
        if (orientation == 1)
            check_threads(&source, 1, info->format, p.stored);
        assert_int_equal(opened, 1);
        tile_source_close(source);
        assert_int_equal(closed, 1);
        picture_free(&p);
    }
}

static void what_is_of_an_index_is_not_needed(void **state) {
    (void)state;
    struct picture p = picture_new(6);
    tile_source *source = open_picture(&p, AS_BUILT), *other;
    tile_index *index = index_of(source, 64), *part;
    assert_ok(tile_source_open_memory(&other, p.file.data, p.file.size, NULL, &error));
    tile_source_close(source);
    source = open_picture(&p, NATIVE);
    const struct tile_rect rect = {3, 5, 40, 50};

    assert_fails(TILE_UNSUPPORTED, tile_index_build(&part, source, NULL, &error));
    assert_null(part);
    assert_string_equal(error.message, "(memory): needs no index: the file itself tells where its parts are");
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_use_index(source, index, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_index_part(&part, source, rect, NULL, &error));
    assert_null(part);
    assert_non_null(strstr(error.message, "needs none"));
    struct tile_buffer out = {0};
    assert_fails(TILE_UNSUPPORTED, tile_source_splice(source, rect, &out, &error));
    assert_ok(tile_source_describe(source, &out, &error));
    assert_ok(tile_buffer_append(&out, "", 1, &error));
    assert_non_null(strstr((char *)out.data, "\"index\":\"not needed\",\"parts\":true,\"part_width\":16,"));
    tile_buffer_free(&out);
    /* None is in use, and so none goes. */
    assert_ok(tile_source_use_index(source, NULL, &error));
    assert_true(tile_source_info(source)->parts);

    /* By the codec's own offsets, of the image as it is stored: here turned by 90 degrees. */
    struct tile_range ranges[3];
    size_t count;
    assert_ok(tile_source_ranges(source, rect, ranges, 3, &count, &error));
    assert_int_equal(count, 2);
    assert_int_equal(ranges[1].offset, 1000000 + rect.y);
    assert_int_equal(ranges[1].size, rect.height);
    unsigned char hash[2][16];
    assert_ok(tile_source_hash(source, hash[0], &error));
    assert_ok(tile_source_hash(other, hash[1], &error));
    assert_memory_equal(hash[0], hash[1], 16);
    tile_source_close(source);
    tile_source_close(other);
    tile_index_free(index);
    picture_free(&p);
}

static void jobs_write_the_same(void **state) {
    (void)state;
    for (int orientation = 1; orientation <= 6; orientation += 5) {
        struct picture p = picture_new(orientation);
        char *folder = test_folder_new();
        for (enum place what = AS_BUILT; what <= NATIVE; what++) {
            tile_source *source = open_picture(&p, what);
            char path[200];
            struct tile_grid grid = test_grid(40, 30, 3, TILE_EDGE_REPLICATE);
            struct tile_job_options job = TILE_OPTIONS(struct tile_job_options);
            job.grid = &grid;
            job.threads = 4;
            job.folder = path;
            snprintf(path, sizeof path, "%s/%d", folder, (int)what);
            assert_ok(tile_job_run(source, &job, NULL, &error));
            job.folder = NULL;
            job.image = path;
            snprintf(path, sizeof path, "%s/%d.png", folder, (int)what);
            assert_ok(tile_job_run(source, &job, NULL, &error));
            tile_source_close(source);
        }
        assert_int_equal(test_run(NULL, "cd '%s' && diff -r 0 1 && cmp 0.png 1.png", folder), 0);
        test_folder_remove(folder);
        picture_free(&p);
    }
}

static void what_cannot_be_opened_is_refused(void **state) {
    (void)state;
    struct picture p = picture_new(1);
    stands_there = NATIVE;
    opening = TILE_BAD_DATA;
    tile_source *source;
    assert_fails(TILE_BAD_DATA, tile_source_open_memory(&source, p.file.data, p.file.size, NULL, &error));
    assert_null(source);
    assert_string_equal(error.message, "(memory): has offsets that cannot be");
    assert_true(opened == 0 && closed == 0);
    picture_free(&p);
}

static void a_format_may_have_no_random_access(void **state) {
    (void)state;
    struct test_random random = {13};
    struct picture p = picture_new(1);
    tile_source *source = open_picture(&p, NONE);
    tile_index *index;
    assert_false(tile_source_info(source)->parts);
    assert_fails(TILE_UNSUPPORTED, tile_index_build(&index, source, NULL, &error));
    assert_non_null(strstr(error.message, tile_source_info(source)->no_index));
    check_regions(source, whole.format, p.stored, 1, 10, &random);
    tile_source_close(source);
    picture_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_native_file_has_parts_without_an_index),
        cmocka_unit_test(what_is_of_an_index_is_not_needed),
        cmocka_unit_test(jobs_write_the_same),
        cmocka_unit_test(what_cannot_be_opened_is_refused),
        cmocka_unit_test(a_format_may_have_no_random_access),
    };
    return cmocka_run_group_tests_name("index-native", tests, NULL, NULL);
}
