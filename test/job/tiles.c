/* SPDX-License-Identifier: MIT */
/* A job tile by tile writes what tile_job_run writes, by any number of threads, and believes no region. */
#include "folder.h"

#include <pthread.h>

static struct tile_error error;

struct opened {
    tile_source *source;
    tile_index *index;
};

static struct opened open_fixture(const char *name, bool indexed, const struct tile_allocator *allocator) {
    struct opened o = {0};
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.allocator = allocator;
    assert_ok(tile_source_open_file(&o.source, test_fixture(name), &options, &error));
    if (indexed) {
        assert_ok(tile_index_build(&o.index, o.source, NULL, &error));
        assert_ok(tile_source_use_index(o.source, o.index, &error));
    }
    return o;
}

static void close_opened(struct opened o) {
    tile_source_close(o.source);
    tile_index_free(o.index);
}

/* What a run makes itself: the options' grid over all of the source. To be freed. */
static tile_plan *plan_of(const struct opened *o, const struct tile_job_options *options) {
    const struct tile_info *info = tile_source_info(o->source);
    tile_plan *plan;
    assert_ok(
        tile_plan_new_grid(&plan, (struct tile_rect){0, 0, info->width, info->height}, options->grid, NULL, &error));
    return plan;
}

/* ---- The same bytes ---- */

/* All tiles of a job, made by threads that take every n-th. */
struct tiles {
    const tile_job *job;
    uint64_t count;
    struct tile_buffer *bytes, *records;
};

struct worker {
    struct tiles *tiles;
    uint64_t first, step;
    tile_status status;
    struct tile_error error;
    pthread_t thread;
};

static void *work(void *user) {
    struct worker *w = user;
    for (uint64_t i = w->first; i < w->tiles->count && w->status == TILE_OK; i += w->step) {
        struct tile_region region = tile_plan_region(tile_job_plan(w->tiles->job), i);
        w->status = tile_job_tile(w->tiles->job, &region, &w->tiles->bytes[i], &w->tiles->records[i], &w->error);
    }
    return NULL;
}

static struct tiles make_tiles(const tile_job *job, uint64_t threads) {
    struct tiles tiles = {.job = job, .count = tile_plan_count(tile_job_plan(job))};
    tiles.bytes = calloc(tiles.count, sizeof *tiles.bytes);
    tiles.records = calloc(tiles.count, sizeof *tiles.records);
    struct worker workers[8];
    for (uint64_t i = 0; i < threads; i++) {
        workers[i] = (struct worker){.tiles = &tiles, .first = i, .step = threads};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (uint64_t i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        if (workers[i].status != TILE_OK)
            fail_msg("%s", workers[i].error.message);
    }
    return tiles;
}

static void free_tiles(struct tiles tiles) {
    for (uint64_t i = 0; i < tiles.count; i++) {
        tile_buffer_free(&tiles.bytes[i]);
        tile_buffer_free(&tiles.records[i]);
    }
    free(tiles.bytes);
    free(tiles.records);
}

static tile_status get_record(void *user, uint64_t index, struct tile_buffer *out, struct tile_error *why) {
    const struct tiles *tiles = user;
    const struct tile_buffer *record = &tiles->records[index];
    return tile_buffer_append(out, record->data, record->size, why);
}

static void assert_file_equals(const char *path, const struct tile_buffer *bytes) {
    struct test_bytes file = test_read_file(path);
    assert_int_equal(file.size, bytes->size);
    assert_memory_equal(file.data, bytes->data, file.size);
    free(file.data);
}

/* tile_job_run's folder, against the tiles and the manifest made of parts. */
static void check_same(const char *name, bool indexed, struct tile_job_options options, uint64_t threads) {
    char *folder = test_folder_new();
    struct opened o = open_fixture(name, indexed, NULL);
    struct tile_job_options whole = options;
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    whole.folder = folder;
    assert_ok(tile_job_run(o.source, &whole, &result, &error));

    tile_plan *plan = options.plan ? NULL : plan_of(&o, &options);
    if (plan)
        options.plan = plan;
    tile_job *job;
    assert_ok(tile_job_new(&job, o.source, &options, &error));
    struct tiles tiles = make_tiles(job, threads);
    assert_int_equal(tiles.count, result.tiles);
    for (uint64_t i = 0; i < tiles.count; i++) {
        struct tile_region region = tile_plan_region(tile_job_plan(job), i);
        char tile[TILE_NAME_SIZE];
        tile_job_name(job, &region, tile);
        assert_non_null(strstr(tile, tile_codec_name(tile_job_codec(job))));
        assert_file_equals(test_path(folder, tile), &tiles.bytes[i]);
        assert_true(tiles.records[i].size < 1500 && !memchr(tiles.records[i].data, '\n', tiles.records[i].size));
    }
    struct tile_buffer head = {0}, manifest = {0};
    assert_ok(tile_job_head(job, &head, &error));
    assert_int_equal(strlen((const char *)head.data), head.size);
    struct tile_writer writer = tile_buffer_writer(&manifest);
    assert_ok(tile_manifest_write(&writer, (const char *)head.data, tiles.count, get_record, &tiles,
                                  tile_source_damage(o.source), &error));
    assert_file_equals(test_path(folder, "manifest.json"), &manifest);
    assert_int_equal(folder_count(folder), tiles.count + 1);

    tile_buffer_free(&head);
    tile_buffer_free(&manifest);
    free_tiles(tiles);
    tile_job_free(job);
    tile_plan_free(plan);
    close_opened(o);
    test_folder_remove(folder);
}

/* Another coder makes other bytes: the head, by which a run knows its own tiles, tells who packs them. */
static void the_head_names_the_coder(void **state) {
    (void)state;
    static const struct {
        tile_codec codec;
        int compression;
        const char *coder; /* NULL: none */
    } cases[] = {
        {TILE_PNG, 0, "\"compression\":1,\"coder\":\"libtile 1\""},
        {TILE_PNG, 1, "\"compression\":1,\"coder\":\"libtile 1\""},
        {TILE_PNG, 2, "\"compression\":2,\"coder\":\"libdeflate "},
        {TILE_TIFF, 9, "\"compression\":9,\"coder\":\"libdeflate "},
        {TILE_JPEG, 9, NULL},
    };
    struct opened o = open_fixture("photo.jpg", false, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        struct tile_buffer head = {0};
        tile_job *job;
        if (!tile_codec_can_write(cases[i].codec))
            continue;
        encode.compression = cases[i].compression;
        options.encode = &encode;
        options.codec = cases[i].codec;
        tile_plan *plan = plan_of(&o, &options);
        options.plan = plan;
        assert_ok(tile_job_new(&job, o.source, &options, &error));
        assert_ok(tile_job_head(job, &head, &error));
        assert_true(cases[i].coder ? strstr((const char *)head.data, cases[i].coder) != NULL
                                   : strstr((const char *)head.data, "coder") == NULL);
        tile_buffer_free(&head);
        tile_job_free(job);
        tile_plan_free(plan);
    }
    close_opened(o);
}

static void check_everywhere(const char *name, struct tile_job_options options) {
    check_same(name, false, options, 1);
    check_same(name, true, options, 1);
    check_same(name, true, options, 5);
}

static void tiles_are_those_of_a_whole_run(void **state) {
    (void)state;
    static const char *const names[] = {"photo.jpg", "orientation-6.jpg", "rgb8.png", "palette-trns.png", "gray.jpg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        check_everywhere(names[i], options);
        options.grid = TEST_GRID(.tile_width = 50, .tile_height = 37);
        options.to_space = TILE_LAB;
        check_everywhere(names[i], options);
        options.codec = test_any_codec(); /* TIFF goes back to where it began */
        options.to_sample = TILE_F32;
        check_everywhere(names[i], options);
    }
}

static void edges_are_those_of_a_whole_run(void **state) {
    (void)state;
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    struct tile_grid grid = test_grid(200, 150, 9, TILE_EDGE_PAD);
    options.grid = &grid;
    options.to_space = TILE_OKLAB;
    options.to_sample = TILE_U16;
    memcpy(grid.pad_color, (float[4]){.1F, .7F, .3F, 1}, sizeof grid.pad_color);
    check_everywhere("photo.jpg", options);
    grid.edge = TILE_EDGE_REPLICATE;
    check_everywhere("photo.jpg", options);
}

static void profiles_and_lossless_tiles_are_those_of_a_whole_run(void **state) {
    (void)state;
    struct tile_encode_options optimize = TILE_OPTIONS(struct tile_encode_options);
    optimize.optimize = true;
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.grid = TEST_GRID(.tile_width = 64);
    options.codec = TILE_JPEG;
    options.encode = &optimize;
    check_everywhere("photo.jpg", options);
    options.lossless = true;
    check_same("photo.jpg", true, options, 1);
    check_same("photo.jpg", true, options, 5);
    options.encode = NULL;
    check_same("photo.jpg", true, options, 5);
}

static void rectangles_are_those_of_a_whole_run(void **state) {
    (void)state;
    static const struct tile_rect rects[] = {{50, 60, 20, 11}, {0, 0, 71, 71}, {600, 400, 5, 5}, {3, 1, 5, 5}};
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    tile_plan *plan;
    assert_ok(tile_plan_new_rects(&plan, rects, sizeof rects / sizeof *rects, NULL, &error));
    options.plan = plan;
    check_everywhere("photo.jpg", options);
    tile_plan_free(plan);
}

static void what_is_appended_leaves_what_is_there(void **state) {
    (void)state;
    struct opened o = open_fixture("photo.jpg", true, NULL);
    for (int codec = TILE_JPEG; codec <= TILE_TIFF; codec++) {
        if (!tile_codec_can_write((tile_codec)codec))
            continue;
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        options.codec = (tile_codec)codec;
        tile_job *job;
        assert_ok(tile_job_new(&job, o.source, &options, &error));
        struct tile_buffer bytes = {0}, record = {0};
        struct tile_region region = {.source = {64, 32, 256, 200}, .width = 256, .height = 200};
        assert_ok(tile_job_tile(job, &region, &bytes, &record, &error));
        size_t size = bytes.size, length = record.size;
        assert_ok(tile_job_tile(job, &region, &bytes, &record, &error));
        assert_int_equal(bytes.size, 2 * size);
        assert_memory_equal(bytes.data, bytes.data + size, size);
        assert_int_equal(record.size, 2 * length);
        assert_memory_equal(record.data, record.data + length, length);
        tile_buffer_free(&bytes);
        tile_buffer_free(&record);
        tile_job_free(job);
    }
    close_opened(o);
}

/* ---- Regions that are not of the plan ---- */

/* A padded tile whose job has no plan is the grid's tile. */
static void a_padded_tile_needs_no_plan(void **state) {
    (void)state;
    struct opened o = open_fixture("photo.jpg", true, NULL);
    for (int edge = TILE_EDGE_PAD; edge <= TILE_EDGE_REPLICATE; edge++) {
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        struct tile_grid cells = test_grid(300, 300, 10, (tile_edge)edge);
        options.grid = &cells;
        options.to_space = TILE_LAB;
        memcpy(cells.pad_color, (float[4]){1, .5F, .25F, 1}, sizeof cells.pad_color);
        tile_job *grid, *alone;
        tile_plan *plan = plan_of(&o, &options);
        assert_ok(tile_job_new(&alone, o.source, &options, &error));
        assert_null(tile_job_plan(alone));
        options.plan = plan;
        assert_ok(tile_job_new(&grid, o.source, &options, &error));
        for (uint64_t i = 0; i < tile_plan_count(plan); i++) {
            struct tile_region region = tile_plan_region(plan, i);
            struct tile_buffer expected[2] = {{0}, {0}}, got[2] = {{0}, {0}};
            assert_ok(tile_job_tile(grid, &region, &expected[0], &expected[1], &error));
            assert_ok(tile_job_tile(alone, &region, &got[0], &got[1], &error));
            for (int b = 0; b < 2; b++) {
                assert_int_equal(got[b].size, expected[b].size);
                assert_memory_equal(got[b].data, expected[b].data, got[b].size);
                tile_buffer_free(&expected[b]);
                tile_buffer_free(&got[b]);
            }
        }
        tile_job_free(alone);
        tile_job_free(grid);
        tile_plan_free(plan);
    }
    close_opened(o);
}

static void refuses(const tile_job *job, tile_status expected, struct tile_region region) {
    struct tile_buffer bytes = {0}, record = {0};
    assert_fails(expected, tile_job_tile(job, &region, &bytes, &record, &error));
    assert_true(strncmp(error.message, "/", 1) == 0); /* names the file */
    tile_buffer_free(&bytes);
    tile_buffer_free(&record);
}

/* What a plan is refused for at once. */
static void a_job_without_a_plan_looks_at_each_tile(void **state) {
    (void)state;
    struct opened o = open_fixture("photo.jpg", true, NULL);
    const struct tile_rect uneven = {16, 16, 30, 16};
    const struct tile_region one = {.source = {16, 16, 32, 16}, .width = 32, .height = 16},
                             other = {.source = uneven, .width = 30, .height = 16};
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.lossless = true;
    options.grid = TEST_GRID(.tile_width = 7, .tile_height = 7, .overlap = 20); /* of which neither is looked at */
    tile_plan *plan;
    tile_job *job;
    struct tile_buffer bytes = {0}, record = {0};
    assert_ok(tile_plan_new_rects(&plan, &uneven, 1, NULL, &error));
    options.plan = plan;
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_new(&job, o.source, &options, &error));
    options.plan = NULL;
    assert_ok(tile_job_new(&job, o.source, &options, &error));
    assert_ok(tile_job_tile(job, &one, &bytes, &record, &error));
    refuses(job, TILE_INVALID_ARGUMENT, other);
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_head(job, &record, &error));
    tile_job_free(job);
    options.grid = TEST_GRID(.edge = (tile_edge)9);
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_new(&job, o.source, &options, &error));
    tile_buffer_free(&bytes);
    tile_buffer_free(&record);
    tile_plan_free(plan);
    close_opened(o);
}

static void hostile_regions_are_refused(void **state) {
    (void)state;
    const uint32_t most = UINT32_MAX, half = (uint32_t)1 << 31;
    struct opened o = open_fixture("photo.jpg", true, NULL);
    const struct tile_info *info = tile_source_info(o.source);
    const uint32_t w = info->width, h = info->height;
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.codec = TILE_NPY; /* has no limit of its own */
    for (int edge = TILE_EDGE_CLIP; edge <= TILE_EDGE_REPLICATE; edge++) {
        options.grid = TEST_GRID(.edge = (tile_edge)edge);
        tile_job *job;
        assert_ok(tile_job_new(&job, o.source, &options, &error));
        tile_status larger = edge == TILE_EDGE_CLIP ? TILE_INVALID_ARGUMENT : TILE_LIMIT_EXCEEDED;
        const struct tile_rect outside[] = {{0, 0, 0, 1},       {0, 0, 1, 0},     {w, 0, 1, 1},
                                            {0, h, 1, 1},       {0, 0, w + 1, 1}, {0, 0, 1, h + 1},
                                            {w - 1, 0, 2, 1},   {most, 0, 1, 1},  {most, most, most, most},
                                            {1, 0, most, 1},    {0, 1, 1, most},  {half, half, half, half},
                                            {1, 1, most - 1, 1}};
        for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
            refuses(job, TILE_INVALID_ARGUMENT,
                    (struct tile_region){.source = outside[i], .width = outside[i].width, .height = outside[i].height});
        const struct tile_rect small = {8, 8, 16, 16};
        /* Beside the tile. */
        for (int i = 0; i < 6; i++) { /* what no plan of today gives */
            struct tile_region later = {.source = small, .width = 16, .height = 16, .level = i == 5};
            if (i < 5)
                later.reserved[i] = 1;
            refuses(job, TILE_INVALID_ARGUMENT, later);
            assert_non_null(strstr(error.message, "reserved"));
        }
        refuses(job, TILE_INVALID_ARGUMENT, (struct tile_region){.source = small, .width = 15, .height = 16});
        refuses(job, TILE_INVALID_ARGUMENT, (struct tile_region){.source = small, .width = 0, .height = 0});
        refuses(job, TILE_INVALID_ARGUMENT,
                (struct tile_region){.source = small, .width = 20, .height = 20, .left = 5});
        refuses(job, TILE_INVALID_ARGUMENT,
                (struct tile_region){.source = small, .width = 20, .height = 20, .top = most});
        refuses(job, TILE_INVALID_ARGUMENT,
                (struct tile_region){.source = small, .width = 20, .height = 20, .left = most - 15});
        /* Larger than memory, and than what numbers hold. */
        refuses(job, larger, (struct tile_region){.source = small, .width = most, .height = most});
        refuses(job, larger, (struct tile_region){.source = small, .width = half, .height = half, .left = 7});
        refuses(job, larger, (struct tile_region){.source = small, .width = 40000, .height = 40000});
        tile_job_free(job);
    }
    options.grid = TEST_GRID(.edge = TILE_EDGE_CLIP);
    options.codec = TILE_JPEG;
    options.lossless = true;
    tile_job *job;
    assert_ok(tile_job_new(&job, o.source, &options, &error));
    refuses(job, TILE_INVALID_ARGUMENT, (struct tile_region){.source = {1, 0, 16, 16}, .width = 16, .height = 16});
    refuses(job, TILE_INVALID_ARGUMENT, (struct tile_region){.source = {0, 0, 16, 16}, .width = 32, .height = 16});
    refuses(job, TILE_INVALID_ARGUMENT, (struct tile_region){.source = {w, 0, 16, 16}, .width = 16, .height = 16});
    tile_job_free(job);
    close_opened(o);
}

static void options_that_make_no_tiles_are_refused(void **state) {
    (void)state;
    struct opened o = open_fixture("photo.jpg", false, NULL);
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    const struct tile_rect rect = {0, 0, 5, 5};
    tile_job *job = (tile_job *)&options;
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_new(&job, NULL, &options, &error));
    assert_null(job);
    options.image = "/nowhere/one.png";
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_new(&job, o.source, &options, &error));
    assert_null(job);
    options.image = NULL;
    options.lossless = true; /* without an index */
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_new(&job, o.source, &options, &error));
    options.lossless = false;
    assert_ok(tile_plan_new_rects((tile_plan **)&options.plan, &rect, 1, NULL, &error));
    options.grid = TEST_GRID(.edge = (tile_edge)3);
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_new(&job, o.source, &options, &error));
    tile_plan_free((tile_plan *)options.plan);
    tile_job_free(NULL);
    close_opened(o);
}

/* ---- Memory ---- */

/* What the library asks of the allocator for one tile is no more than it said. */
struct held {
    struct tile_allocator allocator;
    size_t now, most;
};

static void *held_alloc(void *user, size_t size) {
    struct held *h = user;
    size_t *block = malloc(size + 16);
    if (!block)
        return NULL;
    *block = size;
    h->now += size;
    h->most = h->now > h->most ? h->now : h->most;
    return (char *)block + 16;
}

static void held_free(void *user, void *memory) {
    size_t *block = (size_t *)(void *)((char *)memory - 16);
    ((struct held *)user)->now -= *block;
    free(block);
}

static void a_check_refuses_what_a_run_refuses(void **state) {
    (void)state;
    static const struct {
        const char *source, *image;
        struct tile_format to;
        tile_codec codec;
        bool lossless;
    } jobs[] = {
        {"photo.jpg", "one.png", {.space = TILE_LAB}, TILE_CODEC_UNSET, false},
        {"photo.jpg", "one.jpg", {.sample = TILE_U16}, TILE_CODEC_UNSET, false},
        {"photo.jpg", "one.hdr", {0}, TILE_CODEC_UNSET, false},
        {"photo.jpg", "one.webp", {0}, TILE_CODEC_UNSET, false},
        {"cmyk.jpg", "one.png", {0}, TILE_CODEC_UNSET, false},
        {"photo.jpg", "one.jpg", {0}, TILE_CODEC_UNSET, true},
        {"photo.jpg", NULL, {.space = TILE_LAB}, TILE_PNG, false},
        {"photo.jpg", NULL, {.sample = TILE_F32}, TILE_BMP, false},
        {"photo.jpg", "one.npy", {.space = TILE_LAB}, TILE_CODEC_UNSET, false}, /* these two can be */
        {"photo.jpg", NULL, {.sample = TILE_F32}, TILE_NPY, false},
    };
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        char *folder = test_folder_new(), *output = strdup(test_path(folder, jobs[i].image ? jobs[i].image : "out"));
        struct opened o = open_fixture(jobs[i].source, false, NULL);
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        struct tile_error found = {0};
        options.image = jobs[i].image ? output : NULL;
        options.folder = jobs[i].image ? NULL : output;
        options.to_space = jobs[i].to.space;
        options.to_sample = jobs[i].to.sample;
        options.codec = jobs[i].codec;
        options.lossless = jobs[i].lossless;
        tile_status status = tile_job_check(o.source, &options, &found);
        assert_int_equal(folder_count(folder), 0);
        assert_int_equal(tile_job_run(o.source, &options, NULL, &error), status);
        if (status != TILE_OK) {
            assert_string_equal(found.message, error.message);
            assert_int_equal(found.remedies, error.remedies);
        }
        assert_int_equal(status == TILE_OK, i >= sizeof jobs / sizeof *jobs - 2);
        close_opened(o);
        free(output);
        test_folder_remove(folder);
    }
    assert_int_equal(tile_job_check(NULL, NULL, &error), TILE_INVALID_ARGUMENT);
}

static void memory_is_what_was_said(void **state) {
    (void)state;
    static const char *const names[] = {"photo.jpg", "orientation-6.jpg", "rgb8.png"};
    for (int i = 0; i < 3 * 2 * 2; i++) {
        bool indexed = i % 2, lossless = i / 2 % 2 && indexed && i / 4 == 0;
        struct held held = {.allocator = {&held, held_alloc, held_free}};
        struct opened o = open_fixture(names[i / 4], indexed, &held.allocator);
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        options.allocator = &held.allocator;
        options.grid = TEST_GRID(.tile_width = i / 2 % 2 ? 64 : 256);
        options.lossless = lossless;
        tile_plan *plan = plan_of(&o, &options);
        options.plan = plan;
        tile_job *job;
        assert_ok(tile_job_new(&job, o.source, &options, &error));
        uint64_t said = tile_job_memory(job, NULL);
        struct tile_region region = tile_plan_region(plan, tile_plan_count(plan) / 2);
        assert_true(tile_job_memory(job, &region) <= said);
        size_t before = held.most = held.now;
        struct tile_buffer bytes = {.allocator = &held.allocator}, record = {.allocator = &held.allocator};
        assert_ok(tile_job_tile(job, &region, &bytes, &record, &error));
        assert_true(held.most > before);
        if (held.most - before > said)
            fail_msg("%s, %d: %zu bytes instead of %ju", names[i / 4], i, held.most - before, (uintmax_t)said);
        tile_buffer_free(&bytes);
        tile_buffer_free(&record);
        tile_job_free(job);
        tile_plan_free(plan);
        close_opened(o);
        assert_int_equal(held.now, 0);
    }
}

/* Of little of the source in a large tile, and of all of it; not much more than that, either. */
static void memory_of_a_region_is_what_was_said(void **state) {
    (void)state;
    for (int i = 0, codec; (codec = i / 2) < TILE_CODEC_COUNT; i++) {
        if (codec < TILE_JPEG || !tile_codec_can_write((tile_codec)codec))
            continue;
        struct held held = {.allocator = {&held, held_alloc, held_free}};
        struct opened o = open_fixture("photo.jpg", true, &held.allocator);
        const struct tile_info *info = tile_source_info(o.source);
        struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
        encode.compression = i % 2 ? 9 : 1;
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        options.allocator = &held.allocator;
        options.grid = TEST_GRID(.edge = TILE_EDGE_PAD);
        options.codec = (tile_codec)codec;
        options.encode = &encode;
        if (codec == TILE_HDR)
            options.to_space = TILE_SRGB_LINEAR, options.to_sample = TILE_F32;
        tile_job *job;
        assert_ok(tile_job_new(&job, o.source, &options, &error));
        struct tile_region all = {.source = {0, 0, info->width, info->height}};
        all.width = info->width, all.height = info->height;
        struct tile_region regions[] = {{.source = {8, 8, 40, 30}, .width = 40, .height = 30},
                                        {.source = {8, 8, 40, 30}, .width = 1500, .height = 1000, .left = 700},
                                        all};
        assert_int_equal(tile_job_memory(job, NULL), tile_job_memory(job, &all));
        for (size_t r = 0; r < 3; r++) {
            uint64_t said = tile_job_memory(job, &regions[r]);
            size_t before = held.most = held.now;
            struct tile_buffer bytes = {.allocator = &held.allocator}, record = {.allocator = &held.allocator};
            assert_ok(tile_job_tile(job, &regions[r], &bytes, &record, &error));
            /* libdeflate's 9 MB at level 9 are not from this allocator */
            if (held.most - before > said || said > (i % 2 ? 14000000U : 4000000U) + 2 * (held.most - before))
                fail_msg("%d, %zu: %zu bytes instead of %ju", codec, r, held.most - before, (uintmax_t)said);
            tile_buffer_free(&bytes);
            tile_buffer_free(&record);
        }
        tile_job_free(job);
        close_opened(o);
        assert_int_equal(held.now, 0);
    }
}

static tile_status one_tile(struct opened o, const struct tile_allocator *allocator, bool optimize) {
    struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
    encode.optimize = optimize;
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.allocator = allocator;
    options.encode = &encode;
    options.lossless = optimize;
    options.codec = optimize ? TILE_JPEG : test_any_codec();
    options.to_space = optimize ? TILE_SPACE_UNSET : TILE_LAB;
    tile_job *job;
    struct tile_buffer bytes = {.allocator = allocator}, record = {.allocator = allocator}, head = record;
    tile_plan *plan = plan_of(&o, &options);
    options.plan = plan;
    tile_status status = tile_job_new(&job, o.source, &options, &error);
    if (status == TILE_OK) {
        struct tile_region region = tile_plan_region(plan, 0);
        status = tile_job_tile(job, &region, &bytes, &record, &error);
    }
    if (status == TILE_OK)
        status = tile_job_head(job, &head, &error);
    tile_job_free(job);
    tile_plan_free(plan);
    tile_buffer_free(&bytes);
    tile_buffer_free(&record);
    tile_buffer_free(&head);
    return status;
}

static void without_memory_nothing_is_lost(void **state) {
    (void)state;
    for (int optimize = 0; optimize < 2; optimize++) {
        struct test_memory memory;
        tile_status status = TILE_NO_MEMORY;
        size_t fail_at = 0;
        for (; status != TILE_OK; fail_at++) {
            test_memory_init(&memory, SIZE_MAX);
            struct opened o = open_fixture("photo.jpg", true, &memory.allocator);
            memory.fail_at = memory.requests + fail_at;
            status = one_tile(o, &memory.allocator, optimize);
            assert_true(status == TILE_OK || status == TILE_NO_MEMORY);
            close_opened(o);
            assert_int_equal(memory.live, 0);
        }
        assert_true(fail_at > 10);
    }
}

/* ---- The manifest's writer ---- */

static tile_status no_record(void *user, uint64_t index, struct tile_buffer *out, struct tile_error *why) {
    (void)out;
    return index == *(uint64_t *)user ? tile_error_set(why, TILE_READ_FAILED, "record %ju is away", (uintmax_t)index)
                                      : TILE_OK;
}

static tile_status full(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *why) {
    (void)user, (void)offset, (void)data, (void)size;
    return tile_error_set(why, TILE_WRITE_FAILED, "full");
}

static void a_manifest_that_fails_says_so(void **state) {
    (void)state;
    struct tile_buffer out = {0};
    struct tile_writer writer = tile_buffer_writer(&out), fails = {.write_at = full};
    uint64_t away = 2;
    assert_fails(TILE_READ_FAILED, tile_manifest_write(&writer, "{\"a\":1", 5, no_record, &away, NULL, &error));
    assert_string_equal(error.message, "record 2 is away");
    away = 9;
    assert_fails(TILE_WRITE_FAILED, tile_manifest_write(&fails, "{\"a\":1", 5, no_record, &away, NULL, &error));
    tile_buffer_free(&out);
    assert_ok(tile_manifest_write(&writer, "{\"a\":1", 0, no_record, &away, "bad \"rows\"", &error));
    json_t *parsed = json_loadb((const char *)out.data, out.size, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(parsed, "damage")), "bad \"rows\"");
    json_decref(parsed);
    tile_buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_names_the_coder),
        cmocka_unit_test(tiles_are_those_of_a_whole_run),
        cmocka_unit_test(edges_are_those_of_a_whole_run),
        cmocka_unit_test(profiles_and_lossless_tiles_are_those_of_a_whole_run),
        cmocka_unit_test(rectangles_are_those_of_a_whole_run),
        cmocka_unit_test(what_is_appended_leaves_what_is_there),
        cmocka_unit_test(a_padded_tile_needs_no_plan),
        cmocka_unit_test(a_job_without_a_plan_looks_at_each_tile),
        cmocka_unit_test(hostile_regions_are_refused),
        cmocka_unit_test(options_that_make_no_tiles_are_refused),
        cmocka_unit_test(a_check_refuses_what_a_run_refuses),
        cmocka_unit_test(memory_is_what_was_said),
        cmocka_unit_test(memory_of_a_region_is_what_was_said),
        cmocka_unit_test(without_memory_nothing_is_lost),
        cmocka_unit_test(a_manifest_that_fails_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
