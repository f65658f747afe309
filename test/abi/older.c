/* SPDX-License-Identifier: MIT */
/*
 * Programs that were compiled with a shorter tile.h, or a longer one: of a struct that says its size nothing is read or
 * written past that. Behind each stands a page that cannot be touched.
 */
#include "support.h"

static struct tile_error error;
static tile_source *source;
static struct tile_format rgb = {.space = TILE_SRGB, .sample = TILE_U8};

/* ---- What takes such a struct: each gives it to the library, and frees what that made of it ---- */

static tile_status open_source(void *options) {
    struct test_bytes file = test_read_file(test_fixture("1x1.jpg"));
    tile_source *opened;
    tile_status status = tile_source_open_memory(&opened, file.data, file.size, options, &error);
    tile_source_close(opened);
    free(file.data);
    return status;
}

static tile_status build_index(void *options) {
    tile_index *index;
    tile_status status = tile_index_build(&index, source, options, &error);
    tile_index_free(index);
    return status;
}

static tile_status make_plan(void *grid) {
    tile_plan *plan;
    tile_status status = tile_plan_new_grid(&plan, (struct tile_rect){0, 0, 99, 99}, grid, NULL, &error);
    tile_plan_free(plan);
    return status;
}

static tile_status make_converter(void *options) {
    tile_converter *converter;
    struct tile_format gray = {.space = TILE_GRAY, .sample = TILE_U8};
    tile_status status = tile_converter_new(&converter, rgb, gray, options, &error);
    tile_converter_free(converter);
    return status;
}

static tile_status encode(void *options) {
    static const unsigned char pixel[3] = {1, 2, 3};
    struct tile_image image = tile_image_of(rgb, 1, 1, pixel, 0);
    struct tile_buffer buffer = {0};
    struct tile_writer writer = tile_buffer_writer(&buffer);
    tile_status status = tile_encode(&image, TILE_PNG, options, &writer, &error);
    tile_buffer_free(&buffer);
    return status;
}

static tile_status make_job(void *options) {
    tile_job *job;
    tile_status status = tile_job_new(&job, source, options, &error);
    tile_job_free(job);
    assert_int_equal(tile_job_check(source, options, &error), status);
    return status;
}

static tile_status give_grid(void *grid) {
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.grid = grid;
    return make_job(&options);
}

static tile_status give_encode(void *encode_options) {
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.encode = encode_options;
    return make_job(&options);
}

static tile_status run_job(void *result) {
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    struct tile_buffer buffer = {0};
    struct tile_writer writer = tile_buffer_writer(&buffer);
    options.writer = &writer;
    options.codec = TILE_PNG;
    tile_status status = tile_job_run(source, &options, result, &error);
    tile_buffer_free(&buffer);
    return status;
}

static tile_status open_reader(void *reader) {
    tile_source *opened;
    tile_status status = tile_source_open_reader(&opened, reader, NULL, &error);
    tile_source_close(opened);
    return status;
}

static tile_status load_index(void *reader) {
    tile_index *index;
    tile_status status = tile_index_load(&index, reader, NULL, &error);
    tile_index_free(index);
    return status;
}

/* ---- Of every size ---- */

/* The first `size` bytes of `whole`, and nothing behind them that can be touched; what is beyond `whole` is 0. */
static struct test_guarded cut(const void *whole, size_t full, size_t size) {
    struct test_guarded short_one = test_guarded_new(size, true);
    memset(short_one.data, 0, size);
    memcpy(short_one.data, whole, size < full ? size : full);
    memcpy(short_one.data, &size, sizeof size);
    return short_one;
}

/* From `least` bytes on, `give` can do what it is to do; a caller that has less is told so. */
static void check(const void *whole, size_t full, size_t least, tile_status (*give)(void *)) {
    for (size_t size = sizeof size; size <= full + 64; size += 8) {
        struct test_guarded given = cut(whole, full, size);
        assert_int_equal(give(given.data), size < least ? TILE_INVALID_ARGUMENT : TILE_OK);
        test_guarded_free(given);
    }
    struct test_guarded later = cut(whole, full, full + 64);
    later.data[full + 63] = 1;
    assert_fails(TILE_INVALID_ARGUMENT, give(later.data));
    assert_non_null(strstr(error.message, "does not know"));
    test_guarded_free(later);
    const size_t wrong[] = {0, 1, sizeof(size_t) - 1, 4097, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct test_guarded given = cut(&wrong[i], sizeof(size_t), sizeof(size_t));
        memcpy(given.data, &wrong[i], sizeof wrong[i]);
        assert_fails(TILE_INVALID_ARGUMENT, give(given.data));
        assert_non_null(strstr(error.message, "TILE_OPTIONS"));
        test_guarded_free(given);
    }
}

#define CHECK(type, give) check(&(type)TILE_OPTIONS(type), sizeof(type), 0, give)

static void options_end_where_they_say(void **state) {
    (void)state;
    CHECK(struct tile_source_options, open_source);
    CHECK(struct tile_index_options, build_index);
    CHECK(struct tile_grid, make_plan);
    CHECK(struct tile_grid, give_grid);
    CHECK(struct tile_converter_options, make_converter);
    CHECK(struct tile_encode_options, encode);
    CHECK(struct tile_encode_options, give_encode);
    CHECK(struct tile_job_options, make_job);
}

static struct test_bytes file;

static tile_status read_file(void *user, uint64_t offset, void *buffer, size_t length, struct tile_error *why) {
    (void)user, (void)why;
    memcpy(buffer, file.data + offset, length);
    return TILE_OK;
}

static void count_close(void *user) {
    ++*(int *)user;
}

static void readers_end_where_they_say(void **state) {
    (void)state;
    int closed = 0;
    struct tile_reader reader = TILE_OPTIONS(struct tile_reader);
    reader.read_at = read_file;
    reader.close = count_close;
    reader.user = &closed;
    file = test_read_file(test_fixture("1x1.jpg"));
    reader.size = file.size;
    const size_t least = offsetof(struct tile_reader, read_at) + sizeof reader.read_at,
                 closing = offsetof(struct tile_reader, close) + sizeof reader.close;
    check(&reader, sizeof reader, least, open_reader);
    /* Each that has `close` is closed, also one that says more than the library knows. */
    const int given = (int)((sizeof reader + 64 - closing) / 8 + 1) + 1;
    assert_int_equal(closed, given);
    free(file.data);

    struct tile_buffer text = {0};
    tile_index *index;
    assert_int_equal(tile_index_build(&index, source, NULL, &error), TILE_OK);
    struct tile_writer writer = tile_buffer_writer(&text);
    assert_int_equal(tile_index_save(index, &writer, &error), TILE_OK);
    tile_index_free(index);
    file = (struct test_bytes){text.data, text.size};
    reader.size = text.size;
    check(&reader, sizeof reader, least, load_index);
    assert_int_equal(closed, 2 * given);
    tile_buffer_free(&text);
}

static void results_end_where_they_say(void **state) {
    (void)state;
    struct tile_job_result whole = TILE_OPTIONS(struct tile_job_result);
    assert_int_equal(run_job(&whole), TILE_OK);
    assert_true(whole.tiles == 1 && whole.written == 1 && whole.bytes > 0);
    for (size_t size = sizeof size; size <= sizeof whole + 64; size += 8) {
        struct test_guarded given = test_guarded_new(size, true);
        memset(given.data, 0xA5, size);
        memcpy(given.data, &size, sizeof size);
        assert_int_equal(run_job(given.data), TILE_OK);
        assert_memory_equal(given.data, &size, sizeof size);
        for (size_t i = sizeof size; i < size; i++)
            assert_int_equal(given.data[i], i < sizeof whole ? ((unsigned char *)&whole)[i] : 0xA5);
        test_guarded_free(given);
    }
    struct tile_job_result forgotten = {0};
    assert_fails(TILE_INVALID_ARGUMENT, run_job(&forgotten));
    assert_non_null(strstr(error.message, "TILE_OPTIONS"));
}

/* What lies in the padding of an older struct would be taken for a later field. */
#define ENDS_WITH(type, field) assert_int_equal(sizeof(type), offsetof(type, field) + sizeof(((type *)NULL)->field))

static void no_padding_is_at_the_end(void **state) {
    (void)state;
    ENDS_WITH(struct tile_reader, gap);
    ENDS_WITH(struct tile_source_options, user);
    ENDS_WITH(struct tile_index_options, user);
    ENDS_WITH(struct tile_grid, reserved);
    ENDS_WITH(struct tile_converter_options, background);
    ENDS_WITH(struct tile_encode_options, palette_size);
    ENDS_WITH(struct tile_job_options, writer);
    ENDS_WITH(struct tile_job_result, bytes);
}

static int open_picture(void **state) {
    (void)state;
    return tile_source_open_file(&source, test_fixture("1x1.jpg"), NULL, &error) != TILE_OK;
}

static int close_picture(void **state) {
    (void)state;
    tile_source_close(source);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_end_where_they_say),
        cmocka_unit_test(readers_end_where_they_say),
        cmocka_unit_test(results_end_where_they_say),
        cmocka_unit_test(no_padding_is_at_the_end),
    };
    return cmocka_run_group_tests(tests, open_picture, close_picture);
}
