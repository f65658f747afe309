/* SPDX-License-Identifier: MIT */
/*
 * Jobs stop in the middle of a tile, on whichever thread it is made, and leave nothing that would keep the same job
 * from being done; and they see that a source was written to meanwhile.
 */
#include "folder.h"
#include "picture.h"

#include "job/pipeline.h"

#include <fcntl.h>
#include <png.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tile_error error;

static const uint64_t stops[] = {1, 2, 5, 0}; /* 0: at the last call */
enum { STOPS = sizeof stops / sizeof *stops };

static struct test_bytes picture(bool png) {
    if (!png)
        return jpeg_file(&(struct jpeg_recipe){.width = 640, .height = 512, .space = JCS_YCbCr, .sampling = {{2, 2}}});
    struct tile_buffer buffer =
        png_file(&(struct png_recipe){.width = 640, .height = 512, .type = PNG_COLOR_TYPE_RGB, .depth = 8});
    return (struct test_bytes){buffer.data, buffer.size};
}

static tile_plan *plan_of(const tile_source *source, const struct tile_grid *grid) {
    const struct tile_info *info = tile_source_info(source);
    tile_plan *plan;
    assert_ok(tile_plan_new_grid(&plan, (struct tile_rect){0, 0, info->width, info->height}, grid, NULL, &error));
    return plan;
}

/* One large tile, by each of the ways in which a tile is made. */
static void one_tile_stops(void **state) {
    (void)state;
    static const struct way {
        const char *name;
        bool png, indexed, lossless, optimize, padded;
        tile_codec codec;
        tile_space to;
        uint64_t least; /* calls */
    } ways[] = {
        {"PNG at level 9", .png = true, .codec = TILE_PNG, .least = 100},
        {"converted", .codec = TILE_TIFF, .to = TILE_OKLCH, .least = 100},
        {"read by an index", .indexed = true, .codec = TILE_NPY, .to = TILE_LAB, .least = 100},
        {"a PNG by an index", .png = true, .indexed = true, .codec = TILE_JPEG, .optimize = true, .least = 100},
        {"lossless", .indexed = true, .lossless = true, .least = 2},
        {"lossless, optimized", .indexed = true, .lossless = true, .optimize = true, .least = 64},
        {"with an edge", .padded = true, .codec = TILE_BMP, .least = 100},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const struct way *way = &ways[i];
        if (way->codec && !tile_codec_can_write(way->codec))
            continue;
        struct test_bytes file = picture(way->png);
        struct gauge gauge = {0};
        struct tile_allocator allocator = gauge_allocator(&gauge);
        struct tile_source_options reading = TILE_OPTIONS(struct tile_source_options);
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
        struct test_hook hook = {0}, own = {0};
        tile_source *source;
        tile_index *index = NULL;
        tile_job *job;
        reading.allocator = options.allocator = &allocator;
        reading.progress = test_hook_ask; /* not while a job has one */
        reading.user = &own;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &reading, &error));
        if (way->indexed) {
            assert_ok(tile_index_build(&index, source, NULL, &error));
            assert_ok(tile_source_use_index(source, index, &error));
        }
        encode.compression = way->lossless ? 0 : 9;
        encode.optimize = way->optimize;
        options.grid =
            TEST_GRID(.tile_width = 1000, .tile_height = 1000, .edge = way->padded ? TILE_EDGE_PAD : TILE_EDGE_CLIP);
        options.codec = way->codec;
        options.to_space = way->to;
        options.lossless = way->lossless;
        options.encode = &encode;
        options.progress = test_hook_ask;
        options.user = &hook;
        tile_plan *plan = plan_of(source, options.grid);
        options.plan = plan;
        assert_ok(tile_job_new(&job, source, &options, &error));
        struct tile_region region = tile_plan_region(plan, 0);
        struct tile_buffer bytes = {0}, record = {0}, expected = {0};
        own.calls = 0;
        assert_ok(tile_job_tile(job, &region, &expected, &record, &error));
        const uint64_t calls = hook.calls;
        printf("%s: %ju calls, %.1f ms at most\n", way->name, (uintmax_t)calls, 1000 * hook.longest);
        assert_true(calls >= way->least);
        for (int k = 0; k < STOPS && stops[k] <= calls; k++) {
            bytes.size = record.size = 0;
            for (int run = 0; run < 2 && stops[k] == 0; run++) { /* the second one reads no pixels that are kept */
                hook = (struct test_hook){0};
                assert_ok(tile_job_tile(job, &region, &bytes, &record, &error));
            }
            hook = (struct test_hook){.stop_at = stops[k] ? stops[k] : hook.calls};
            assert_fails(TILE_CANCELLED, tile_job_tile(job, &region, &bytes, &record, &error));
            assert_int_equal(hook.late, 0);
        }
        bytes.size = record.size = 0;
        hook = (struct test_hook){0};
        assert_ok(tile_job_tile(job, &region, &bytes, &record, &error));
        assert_int_equal(bytes.size, expected.size);
        assert_memory_equal(bytes.data, expected.data, bytes.size);
        hook = (struct test_hook){.stop_at = 1};
        record.size = 0;
        if (!way->indexed) /* an index knows the hash */
            assert_fails(TILE_CANCELLED, tile_job_head(job, &record, &error));
        assert_int_equal(own.calls, 0);
        tile_buffer_free(&bytes);
        tile_buffer_free(&record);
        tile_buffer_free(&expected);
        tile_job_free(job);
        tile_plan_free(plan);
        tile_source_close(source);
        tile_index_free(index);
        free(file.data);
        assert_int_equal(gauge.live, 0);
    }
}

struct run {
    struct test_hook hook;
    pthread_t thread; /* that the hook is to be called on */
    uint64_t done;
};

static bool ask_run(void *user, const struct tile_progress *progress) {
    struct run *run = user;
    assert_true(pthread_equal(pthread_self(), run->thread));
    assert_true(progress->done >= run->done);
    run->done = progress->done;
    return test_hook_ask(&run->hook, progress);
}

/*
 * Two tiles, or one new image, on up to three threads: a stop on the calling thread ends what the others are at, and
 * those that come to wait for it. Neither a tile nor the image appears, and the same command makes the same then.
 */
static void runs_stop_within_a_tile(void **state) {
    (void)state;
    struct test_bytes file = picture(true);
    for (int i = 0; i < 12; i++) {
        bool one = i % 2, indexed = i / 2 % 2;
        char *folder = test_folder_new(), *whole = test_folder_new();
        const char *name = one ? "one.png" : "r0_c0.png";
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
        struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
        struct run run = {.thread = pthread_self()};
        tile_source *source;
        tile_index *index = NULL;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        if (indexed) {
            assert_ok(tile_index_build(&index, source, NULL, &error));
            assert_ok(tile_source_use_index(source, index, &error));
        }
        encode.compression = 9;
        options.encode = &encode;
        options.codec = TILE_PNG;
        options.grid = TEST_GRID(.tile_width = 320, .tile_height = 512);
        options.threads = 1 + i / 4;
        char *paths[2] = {NULL, NULL};
        options.folder = one ? NULL : whole;
        options.image = one ? (paths[0] = strdup(test_path(whole, name))) : NULL;
        assert_ok(tile_job_run(source, &options, &result, &error));
        options.folder = one ? NULL : folder;
        options.image = one ? (paths[1] = strdup(test_path(folder, name))) : NULL;
        options.progress = ask_run;
        options.user = &run;
        for (uint64_t stop = 1; stop <= 15; stop += stop < 3 ? 1 : 6) {
            run.done = 0;
            run.hook = (struct test_hook){.stop_at = stop};
            assert_fails(TILE_CANCELLED, tile_job_run(source, &options, &result, &error));
            assert_int_equal(run.hook.calls, stop);
            assert_false(file_exists(test_path(folder, name)));
            assert_false(file_exists(test_path(folder, "manifest.json")));
            assert_true(one || result.written == 0);
        }
        run.done = 0;
        run.hook = (struct test_hook){0};
        assert_ok(tile_job_run(source, &options, &result, &error));
        assert_true(folders_are_equal(folder, whole));
        tile_source_close(source);
        tile_index_free(index);
        free(paths[0]);
        free(paths[1]);
        test_folder_remove(folder);
        test_folder_remove(whole);
    }
    free(file.data);
}

/* What an earlier run made is hashed when the same job is run again: that takes as long as reading it. */
static void hashing_of_earlier_tiles_stops(void **state) {
    (void)state;
    struct test_bytes file = picture(false);
    char *folder = test_folder_new(), *whole = test_folder_new();
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    struct test_hook hook = {0};
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    options.codec = TILE_NPY; /* whose sizes are known: 320 x 256 x 3 bytes and a header */
    options.grid = TEST_GRID(.tile_width = 320, .tile_height = 256);
    options.folder = whole;
    assert_ok(tile_job_run(source, &options, NULL, &error));
    options.folder = folder;
    assert_ok(tile_job_run(source, &options, NULL, &error));
    options.progress = test_hook_ask;
    options.user = &hook;
    assert_ok(tile_job_run(source, &options, &result, &error));
    assert_int_equal(result.kept, 4);
    uint64_t calls = hook.calls;
    assert_true(calls >= 4 * (320 * 256 * 3 / 16384));
    for (uint64_t stop = 1; stop <= calls; stop += 5) {
        hook = (struct test_hook){.stop_at = stop};
        assert_fails(TILE_CANCELLED, tile_job_run(source, &options, &result, &error));
        assert_int_equal(hook.calls, stop);
        assert_true(folders_are_equal(folder, whole));
    }
    tile_source_close(source);
    test_folder_remove(folder);
    test_folder_remove(whole);
    free(file.data);
}

/* Work that never ends by itself, on a thread that is not the calling one. */
struct endless {
    _Atomic bool begun, stopped;
    int asked;
};

static bool is_wanted(void *user, uint64_t index) {
    (void)user, (void)index;
    return true;
}

static tile_status work_on(void *user, int thread, uint64_t index, const struct tile_region *region,
                           const struct tile_image *pixels, struct tile_watch *watch, struct tile_error *why) {
    struct endless *endless = user;
    (void)index, (void)region, (void)pixels;
    tile_status status = TILE_OK;
    if (thread != 0)
        endless->begun = true;
    for (int i = 0; thread == 0 && !endless->begun && i < 10000; i++)
        usleep(1000);
    for (int i = 0; thread != 0 && status == TILE_OK && i < 10000; i++) {
        usleep(1000);
        status = tile_watch_ask(watch, why);
    }
    endless->stopped |= status == TILE_CANCELLED;
    return status;
}

static bool ask_some_times(void *user) {
    return ++((struct endless *)user)->asked < 20;
}

static void no_giving_up(void *user) {
    (void)user;
}

/* The calling thread has nothing to do but wait: it asks meanwhile, and what it hears stops the other. */
static void a_waiting_caller_stops_the_others(void **state) {
    (void)state;
    struct test_bytes file = picture(true);
    struct endless endless = {0};
    tile_source *source;
    tile_plan *plan;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    assert_ok(
        tile_plan_new_grid(&plan, (struct tile_rect){0, 0, 640, 512}, TEST_GRID(.tile_width = 320), NULL, &error));
    const struct tile_pipeline pipeline = {.source = source,
                                           .plan = plan,
                                           .unread = true,
                                           .threads = 2,
                                           .memory = UINT64_MAX,
                                           .user = &endless,
                                           .wanted = is_wanted,
                                           .work = work_on,
                                           .go_on = ask_some_times,
                                           .give_up = no_giving_up};
    assert_fails(TILE_CANCELLED, tile_pipeline_run(&pipeline, &error));
    assert_true(endless.begun && endless.stopped);
    tile_plan_free(plan);
    tile_source_close(source);
    free(file.data);
}

/* Writes to the source once, in the middle. */
struct overwriting {
    const char *path;
    int way;
    uint64_t calls;
};

static bool overwrite(void *user, const struct tile_progress *progress) {
    struct overwriting *o = user;
    if (progress->total == 0 || o->calls++ != 3)
        return true;
    struct stat facts;
    int file = open(o->path, O_WRONLY);
    assert_true(file >= 0 && fstat(file, &facts) == 0);
    switch (o->way) {
    case 0: break;
    case 1: assert_int_equal(pwrite(file, "\0", 1, facts.st_size - 20), 1); break; /* where it has been read */
    case 2: assert_int_equal(ftruncate(file, facts.st_size + 1), 0); break;
    case 3: assert_int_equal(fchmod(file, 0600), 0); break; /* its bytes are what they were, which a hash tells */
    case 4:                                                 /* and sets its time back */
        assert_int_equal(pwrite(file, "\0", 1, facts.st_size - 20), 1);
        assert_int_equal(futimens(file, (struct timespec[2]){facts.st_atim, facts.st_mtim}), 0);
        break;
    }
    close(file);
    return true;
}

static void a_source_that_is_written_to_is_seen(void **state) {
    (void)state;
    struct test_bytes file = picture(false);
    for (int i = 0; i < 15; i++) {
        char *folder = test_folder_new(), *out = test_folder_new();
        char *path = strdup(test_path(folder, "source.jpg")), *image = strdup(test_path(out, "one.png"));
        test_write_file(path, file.data, file.size);
        struct overwriting overwriting = {.path = path, .way = i % 5};
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        tile_source *source;
        tile_job *job;
        tile_status status;
        options.progress = overwrite;
        options.user = &overwriting;
        options.threads = 2;
        assert_ok(tile_source_open_file(&source, path, NULL, &error));
        usleep(20000); /* a tick of the file system's clock */
        if (i / 5 == 0)
            options.folder = out;
        else if (i / 5 == 1)
            options.image = image;
        if (i / 5 < 2) {
            status = tile_job_run(source, &options, NULL, &error);
        } else {
            struct tile_buffer bytes = {0}, record = {0};
            struct tile_region region = {.source = {0, 0, 256, 256}, .width = 256, .height = 256};
            assert_ok(tile_job_new(&job, source, &options, &error));
            status = tile_job_tile(job, &region, &bytes, &record, &error);
            tile_buffer_free(&bytes);
            tile_buffer_free(&record);
            tile_job_free(job);
        }
        assert_true(overwriting.calls > 3);
        bool fine = overwriting.way == 0 || i == 3; /* only a job with tiles knows a hash */
        assert_int_equal(status, fine ? TILE_OK : TILE_SOURCE_CHANGED);
        assert_true(status == TILE_OK || strstr(error.message, "source.jpg: changed while"));
        assert_true(status == TILE_OK || !file_exists(image));
        assert_true(status == TILE_OK || !file_exists(test_path(out, "manifest.json")));
        tile_source_close(source);
        free(path);
        free(image);
        test_folder_remove(folder);
        test_folder_remove(out);
    }
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_tile_stops),
        cmocka_unit_test(runs_stop_within_a_tile),
        cmocka_unit_test(hashing_of_earlier_tiles_stops),
        cmocka_unit_test(a_waiting_caller_stops_the_others),
        cmocka_unit_test(a_source_that_is_written_to_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
