/* SPDX-License-Identifier: MIT */
/* Jobs that are stopped, that meet a bad file, a full disk or no memory: what is left behind, and going on from there.
 */
#include "folder.h"

#include "base/profile.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tile_error error;

static tile_source *open_fixture(const char *name, bool lenient) {
    tile_source *source;
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.lenient = lenient;
    assert_ok(tile_source_open_file(&source, test_fixture(name), &options, &error));
    return source;
}

static bool stop_at(void *user, const struct tile_progress *progress) {
    return progress->done < *(uint64_t *)user;
}

/* 40-pixel tiles of photo.jpg, 16 x 11 of them. */
static struct tile_job_options photo_job(const char *folder) {
    static const struct tile_grid grid = {.struct_size = sizeof grid, .tile_width = 40};
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.folder = folder;
    options.codec = TILE_JPEG;
    options.grid = &grid;
    options.threads = 2;
    options.no_sync = true; /* the tests' folder may be on a slow disk */
    return options;
}

static tile_status run(struct tile_job_options options, struct tile_job_result *result) {
    tile_source *source = open_fixture("photo.jpg", false);
    tile_status status = tile_job_run(source, &options, result, &error);
    tile_source_close(source);
    return status;
}

struct folders {
    char *whole;   /* of an uninterrupted run */
    char *stopped; /* of one that is being tried */
};

static void folders_begin(struct folders *f, uint64_t stop) {
    f->whole = test_folder_new();
    f->stopped = test_folder_new();
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    assert_ok(run(photo_job(f->whole), &result));
    struct tile_job_options options = photo_job(f->stopped);
    options.progress = stop_at;
    options.user = &stop;
    assert_fails(TILE_CANCELLED, run(options, &result));
    assert_true(result.written >= 1 && result.written < result.tiles);
    assert_false(file_exists(test_path(f->stopped, "manifest.json")));
}

/* Runs the job to its end; it must keep `kept` tiles, or any number if that is UINT64_MAX. */
static void folders_end(struct folders *f, uint64_t kept) {
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    assert_ok(run(photo_job(f->stopped), &result));
    assert_int_equal(result.kept + result.written, 16 * 11);
    if (kept != UINT64_MAX)
        assert_int_equal(result.kept, kept);
    assert_true(folders_are_equal(f->whole, f->stopped));
    test_folder_remove(f->whole);
    test_folder_remove(f->stopped);
}

static void a_stopped_run_goes_on(void **state) {
    (void)state;
    struct folders f;
    folders_begin(&f, 50);
    size_t there = folder_count(f.stopped) - 1; /* without the journal */
    assert_true(there >= 50);
    folders_end(&f, there);
}

static void a_run_that_is_stopped_at_once_leaves_nothing(void **state) {
    (void)state;
    char *folder = test_folder_new();
    uint64_t none = 0;
    struct tile_job_options options = photo_job(test_path(folder, "a/b"));
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    options.progress = stop_at;
    options.user = &none;
    assert_fails(TILE_CANCELLED, run(options, &result));
    assert_int_equal(result.written, 0);
    assert_int_equal(result.tiles, 16 * 11);
    assert_int_equal(folder_count(folder), 0);
    /* Before the first read: that this file is bad is not even found. */
    tile_source *bad = open_fixture("truncated.jpg", false);
    options.grid = TEST_GRID(.tile_width = 1000);
    assert_fails(TILE_CANCELLED, tile_job_run(bad, &options, &result, &error));
    tile_source_close(bad);
    assert_int_equal(folder_count(folder), 0);
    test_folder_remove(folder);
}

static void tiles_that_are_not_what_the_journal_says_are_done_again(void **state) {
    (void)state;
    struct folders f;
    folders_begin(&f, 60);
    size_t there = folder_count(f.stopped) - 1;
    struct test_bytes tile = test_read_file(test_path(f.stopped, "r0_c1.jpg"));
    tile.data[tile.size / 2] ^= 1;
    test_write_file(test_path(f.stopped, "r0_c1.jpg"), tile.data, tile.size);
    test_write_file(test_path(f.stopped, "r0_c2.jpg"), tile.data, tile.size - 1);
    unlink(test_path(f.stopped, "r0_c3.jpg"));
    free(tile.data);
    folders_end(&f, there - 3);
}

static void a_finished_folder_is_mended(void **state) {
    (void)state;
    struct folders f;
    folders_begin(&f, 1);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    assert_ok(run(photo_job(f.stopped), &result));
    assert_ok(run(photo_job(f.stopped), &result));
    assert_int_equal(result.written, 0);
    assert_int_equal(result.kept, 16 * 11);
    unlink(test_path(f.stopped, "r10_c15.jpg"));
    folders_end(&f, 16 * 11 - 1);
}

/* A crash may cut the journal anywhere, and leave a tile that it does not know. */
static void a_cut_journal_is_taken_as_far_as_it_goes(void **state) {
    (void)state;
    for (size_t cut = 1; cut < 2000; cut += 97) {
        struct folders f;
        folders_begin(&f, 20);
        struct test_bytes journal = test_read_file(test_path(f.stopped, "manifest.part"));
        test_write_file(test_path(f.stopped, "manifest.part"), journal.data, journal.size - cut);
        free(journal.data);
        folders_end(&f, UINT64_MAX);
    }
}

static void a_journal_of_nonsense_is_not_ours(void **state) {
    (void)state;
    static const char nonsense[] = "{\"tiles\":[\n\0\n{\"row\":99999999999,\"column\":-1}";
    struct folders f;
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    folders_begin(&f, 20);
    struct test_bytes journal = test_read_file(test_path(f.stopped, "manifest.part"));
    test_write_file(test_path(f.stopped, "manifest.part"), nonsense, sizeof nonsense);
    assert_fails(TILE_WRITE_FAILED, run(photo_job(f.stopped), &result));
    /* Our head, and lines that no run wrote: names that lead elsewhere, places outside of the plan. */
    size_t head = (size_t)((unsigned char *)memchr(journal.data, '\n', journal.size) - journal.data) + 1;
    static const char lines[] =
        "{\"row\":99999999999,\"column\":-1,\"file\":\"r0_c0.jpg\",\"xxh3_file\":\"00\",\"bytes\":1}\n"
        "{\"row\":0,\"column\":0,\"file\":\"../../etc/passwd\",\"xxh3_file\":\"00\",\"bytes\":1}\n"
        "[1,2\n\n{}\n7\nnull\n";
    char *text = malloc(head + sizeof lines);
    memcpy(text, journal.data, head);
    memcpy(text + head, lines, sizeof lines);
    test_write_file(test_path(f.stopped, "manifest.part"), text, head + sizeof lines - 1);
    free(text);
    free(journal.data);
    folders_end(&f, 0);
}

static void another_job_is_refused_and_left_alone(void **state) {
    (void)state;
    struct folders f;
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    folders_begin(&f, 20);
    struct tile_job_options other = photo_job(f.whole);
    struct tile_encode_options better = TILE_OPTIONS(struct tile_encode_options);
    better.quality = 90;
    other.encode = &better;
    char *before = test_folder_new();
    assert_int_equal(test_run(NULL, "cp -r '%s/.' '%s'", f.whole, before), 0);
    assert_fails(TILE_WRITE_FAILED, run(other, &result));
    assert_true(folders_are_equal(before, f.whole));
    other.overwrite = true;
    assert_ok(run(other, &result));
    assert_int_equal(result.written, 16 * 11);
    assert_false(folders_are_equal(before, f.whole));
    assert_int_equal(folder_count(f.whole), folder_count(before));
    /* Tiles without a manifest are somebody's files. */
    unlink(test_path(before, "manifest.json"));
    assert_fails(TILE_WRITE_FAILED, run(photo_job(before), &result));
    assert_non_null(strstr(error.message, "exists already"));
    test_folder_remove(before);
    test_folder_remove(f.whole);
    test_folder_remove(f.stopped);
}

static void a_folder_in_use_is_refused(void **state) {
    (void)state;
    struct folders f;
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    folders_begin(&f, 20);
    int descriptor = open(test_path(f.stopped, "manifest.part"), O_RDWR);
    assert_int_equal(flock(descriptor, LOCK_EX), 0);
    assert_fails(TILE_WRITE_FAILED, run(photo_job(f.stopped), &result));
    assert_non_null(strstr(error.message, "another process"));
    close(descriptor);
    folders_end(&f, UINT64_MAX);
}

static void a_bad_source_leaves_nothing(void **state) {
    (void)state;
    static const char *const names[] = {"truncated.jpg", "truncated-progressive.jpg", "truncated.png"};
    for (size_t i = 0; i < 3; i++)
        for (int threads = 1; threads < 4; threads++) {
            char *folder = test_folder_new(), *inner = strdup(test_path(folder, "a/b"));
            struct tile_job_options options = photo_job(inner);
            options.grid = TEST_GRID(.tile_width = 8);
            options.threads = threads;
            tile_source *source = open_fixture(names[i], false);
            assert_fails(TILE_BAD_DATA, tile_job_run(source, &options, NULL, &error));
            assert_non_null(strstr(error.message, names[i]));
            assert_false(file_exists(inner));
            options.folder = NULL;
            char *one = strdup(test_path(folder, "one.png"));
            options.image = one;
            options.codec = TILE_CODEC_UNSET;
            assert_fails(TILE_BAD_DATA, tile_job_run(source, &options, NULL, &error));
            assert_int_equal(folder_count(folder), 0); /* not even "a" */
            tile_source_close(source);

            options = photo_job(inner);
            source = open_fixture(names[i], true);
            assert_ok(tile_job_run(source, &options, NULL, &error));
            assert_non_null(tile_source_damage(source));
            json_t *manifest = manifest_read(inner);
            assert_string_equal(json_string_value(json_object_get(manifest, "damage")), tile_source_damage(source));
            json_decref(manifest);
            tile_source_close(source);
            free(one);
            free(inner);
            test_folder_remove(folder);
        }
}

/* A limit on the size of files stands for a full disk: writing fails in the middle of a file. */
static void a_full_disk_is_an_error_and_can_be_resumed(void **state) {
    (void)state;
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    for (rlim_t limit = 0; limit < 20000; limit += 1999) {
        struct rlimit less = {limit, before.rlim_max};
        struct folders f = {test_folder_new(), test_folder_new()};
        assert_ok(run(photo_job(f.whole), &result));
        char *one = strdup(test_path(f.stopped, "one.png"));
        struct tile_job_options image = photo_job(NULL);
        image.grid = NULL;
        image.codec = TILE_PNG;
        image.image = one;
        setrlimit(RLIMIT_FSIZE, &less);
        tile_status one_status = run(image, &result);
        size_t after_one = folder_count(f.stopped);
        tile_status status = run(photo_job(f.stopped), &result);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(one_status, TILE_WRITE_FAILED);
        assert_int_equal(after_one, 0);
        assert_int_equal(status, TILE_WRITE_FAILED);
        assert_int_equal(test_run(NULL, "ls -A '%s' | grep -q '^\\.'", f.stopped), 1); /* nothing half-written */
        if (result.written == 0)
            assert_int_equal(folder_count(f.stopped), 0);
        free(one);
        folders_end(&f, result.written);
    }
}

static void outputs_that_cannot_be_are_named(void **state) {
    (void)state;
    char *folder = test_folder_new(), *file = strdup(test_path(folder, "file"));
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    test_write_file(file, "x", 1);
    assert_fails(TILE_WRITE_FAILED, run(photo_job(file), &result));
    assert_fails(TILE_WRITE_FAILED, run(photo_job(test_path(file, "under")), &result));
    struct tile_job_options options = photo_job(NULL);
    assert_fails(TILE_INVALID_ARGUMENT, run(options, &result));
    options.image = test_path(folder, "x.gif");
    options.codec = TILE_CODEC_UNSET;
    assert_fails(TILE_INVALID_ARGUMENT, run(options, &result));
    options.image = test_path(file, "one.jpg");
    assert_fails(TILE_WRITE_FAILED, run(options, &result));
    options = photo_job(folder);
    options.to_space = TILE_HSV;
    assert_fails(TILE_UNSUPPORTED, run(options, &result));
    assert_non_null(strstr(error.message, test_any_suffix()));
    assert_int_equal(folder_count(folder), 1);
    free(file);
    test_folder_remove(folder);
}

/* What an earlier run's manifest says is not lost to a run that comes to nothing. */
static void nothing_is_touched_by_a_run_that_is_refused(void **state) {
    (void)state;
    struct folders f;
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    folders_begin(&f, 20);
    assert_ok(run(photo_job(f.stopped), &result)); /* both are whole now */
    /* A bad source, though it may overwrite: the manifest stays until there is a new one. */
    tile_source *bad = open_fixture("truncated.jpg", false);
    struct tile_job_options options = photo_job(f.stopped);
    options.overwrite = true;
    options.grid = TEST_GRID(.tile_width = 300);
    assert_fails(TILE_BAD_DATA, tile_job_run(bad, &options, NULL, &error));
    tile_source_close(bad);
    assert_true(file_exists(test_path(f.stopped, "manifest.json")));
    /* A format that cannot carry the profile is refused before anything is. */
    tile_source *tagged = open_fixture("adobe-rgb-profile.jpg", false);
    options.codec = TILE_BMP;
    assert_fails(TILE_UNSUPPORTED, tile_job_run(tagged, &options, NULL, &error));
    tile_source_close(tagged);
    assert_true(folders_are_equal(f.whole, f.stopped));
    /* Tiles that cannot be read for the moment are not taken for missing. */
    chmod(test_path(f.stopped, "r0_c0.jpg"), 0);
    if (geteuid() != 0)
        assert_fails(TILE_WRITE_FAILED, run(photo_job(f.stopped), &result));
    chmod(test_path(f.stopped, "r0_c0.jpg"), 0644);
    struct rlimit before;
    getrlimit(RLIMIT_NOFILE, &before);
    for (rlim_t limit = 3; limit < 12; limit++) {
        struct rlimit less = {limit, before.rlim_max};
        setrlimit(RLIMIT_NOFILE, &less);
        tile_source *source;
        tile_status status = tile_source_open_file(&source, test_fixture("photo.jpg"), NULL, &error);
        if (status == TILE_OK) {
            options = photo_job(f.stopped);
            status = tile_job_run(source, &options, &result, &error);
        }
        tile_source_close(source);
        setrlimit(RLIMIT_NOFILE, &before);
        assert_true(status == TILE_OK || status == TILE_WRITE_FAILED || status == TILE_READ_FAILED);
        assert_true(file_exists(test_path(f.stopped, "manifest.json")));
    }
    folders_end(&f, 16 * 11);
}

/* Overwriting leaves no tile of the job before, finished or not; and no file that was not a tile is touched. */
static void overwriting_removes_the_tiles_before(void **state) {
    (void)state;
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    for (uint64_t stop = 20; stop < 1000; stop += 500) {
        char *folder = test_folder_new(), *fresh = test_folder_new();
        struct tile_job_options small = photo_job(folder), large = photo_job(folder);
        if (stop == 20) {
            small.progress = stop_at;
            small.user = &stop;
        }
        large.grid = TEST_GRID(.tile_width = 300);
        assert_int_equal(run(small, &result), stop == 20 ? TILE_CANCELLED : TILE_OK);
        large.overwrite = true;
        assert_ok(run(large, &result));
        large.folder = fresh;
        assert_ok(run(large, &result));
        assert_true(folders_are_equal(fresh, folder));
        test_write_file(test_path(folder, "mine.jpg"), "x", 1);
        small = photo_job(folder);
        small.overwrite = true;
        assert_ok(run(small, &result));
        assert_int_equal(folder_count(folder), 16 * 11 + 2);
        test_folder_remove(folder);
        test_folder_remove(fresh);
    }
}

/* The same options but for one that decides the bytes: another job each time. */
static void what_decides_the_bytes_tells_jobs_apart(void **state) {
    (void)state;
    char *folder = test_folder_new();
    struct tile_buffer p3 = {0};
    assert_ok(tile_profile_of_space(&p3, TILE_DISPLAY_P3, &error));
    struct tile_job_options jobs[8];
    struct tile_grid padded = test_grid(40, 0, 0, TILE_EDGE_PAD), colored = padded, overlapping = padded;
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    for (int i = 0; i < 8; i++) {
        jobs[i] = photo_job(folder);
        jobs[i].to_space = TILE_SRGB;
        jobs[i].to_profile = p3.data;
        jobs[i].to_profile_size = p3.size;
        jobs[i].grid = &padded;
    }
    jobs[1].intent = TILE_INTENT_RELATIVE;
    jobs[2].black_point_compensation = true;
    colored.pad_color[1] = .5F;
    jobs[3].grid = &colored;
    overlapping.overlap = 1;
    jobs[4].grid = &overlapping;
    jobs[5].to_profile = NULL, jobs[5].to_profile_size = 0;
    struct tile_encode_options finer = TILE_OPTIONS(struct tile_encode_options);
    finer.subsampling = TILE_444;
    jobs[6].encode = &finer;
    assert_ok(run(jobs[0], &result));
    for (int i = 1; i < 7; i++)
        assert_fails(TILE_WRITE_FAILED, run(jobs[i], &result));
    assert_ok(run(jobs[7], &result));
    assert_int_equal(result.written, 0);
    tile_buffer_free(&p3);
    test_folder_remove(folder);
}

static void so_do_those_of_tiff(void **state) {
    (void)state;
    if (!tile_codec_can_write(TILE_TIFF))
        skip();
    char *folder = test_folder_new();
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
    struct tile_job_options job = photo_job(folder);
    job.codec = TILE_TIFF;
    job.encode = &encode;
    assert_ok(run(job, &result));
    encode.predictor = TILE_PREDICTOR_NONE;
    assert_fails(TILE_WRITE_FAILED, run(job, &result));
    encode.predictor = TILE_PREDICTOR_UNSET;
    encode.tiff_tile = 16;
    assert_fails(TILE_WRITE_FAILED, run(job, &result));
    encode.tiff_tile = 0;
    assert_ok(run(job, &result));
    assert_int_equal(result.written, 0);
    test_folder_remove(folder);
}

/* What a lenient run let pass stays in the manifest, whoever goes on with it; a strict run is another job. */
static void damage_is_not_forgotten(void **state) {
    (void)state;
    char *folder = test_folder_new();
    struct tile_job_options options = photo_job(folder);
    options.grid = TEST_GRID(.tile_width = 16);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    for (int i = 0; i < 3; i++) {
        tile_source *source = open_fixture("truncated.jpg", true);
        assert_ok(tile_job_run(source, &options, &result, &error));
        tile_source_close(source);
        json_t *manifest = manifest_read(folder);
        assert_non_null(strstr(json_string_value(json_object_get(manifest, "damage")), "ends early"));
        json_decref(manifest);
        assert_int_equal(result.written, i == 0 ? result.tiles : i == 1 ? 0 : 1);
        if (i == 1)
            unlink(test_path(folder, "r0_c0.jpg"));
    }
    size_t count = folder_count(folder);
    tile_source *source = open_fixture("truncated.jpg", false);
    assert_fails(TILE_WRITE_FAILED, tile_job_run(source, &options, &result, &error));
    tile_source_close(source);
    assert_int_equal(folder_count(folder), count);
    test_folder_remove(folder);
}

/* A record must be of the tile that it says, by name and place. */
static void a_doctored_record_is_not_believed(void **state) {
    (void)state;
    static const char *const edits[] = {"s/\"row\":3,/\"rwo\":3,/", "s/\"row\":3,/\"row\":2,/",
                                        "s/\"rect\":\\[40,/\"rect\":[41,/", "s/\"file\":\"r3_/\"file\":\"r2_/"};
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct folders f;
        struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
        folders_begin(&f, 20);
        assert_ok(run(photo_job(f.stopped), &result));
        assert_int_equal(test_run(NULL, "sed -i '%s' '%s/manifest.json'", edits[i], f.stopped), 0);
        folders_end(&f, UINT64_MAX);
    }
}

static void memory_is_bounded_by_its_limit(void **state) {
    (void)state;
    char *folder = test_folder_new();
    struct tile_job_options options = photo_job(folder);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    options.max_memory = 100000;
    assert_fails(TILE_LIMIT_EXCEEDED, run(options, &result));
    assert_int_equal(folder_count(folder), 0);
    options.max_memory = 2000000; /* 273,280 tiles: their places alone take more */
    options.grid = TEST_GRID(.tile_width = 1);
    assert_fails(TILE_LIMIT_EXCEEDED, run(options, &result));
    assert_int_equal(folder_count(folder), 0);
    test_folder_remove(folder);
}

/* The largest region counts, wherever it stands; and threads are as many as there is memory for. */
static void the_largest_region_and_the_threads_are_counted(void **state) {
    (void)state;
    char *folder = test_folder_new();
    static const struct tile_rect rects[] = {{0, 0, 1, 1}, {0, 0, 600, 400}};
    struct tile_job_options options = photo_job(folder);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    tile_plan *plan;
    assert_ok(tile_plan_new_rects(&plan, rects, 2, NULL, &error));
    options.plan = plan;
    /* Room for its pixels twice, as read and as the source keeps them (1,440,000 bytes), but not for the same once
     * more, to be written. With the first region's few bytes counted, it would be enough. */
    options.max_memory = 2400000;
    assert_fails(TILE_LIMIT_EXCEEDED, run(options, &result));
    options.threads = 500;
    options.max_memory = 4000000;
    assert_ok(run(options, &result));
    tile_plan_free(plan);
    result.tiles = 77;
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_run(NULL, &options, &result, &error));
    assert_int_equal(result.tiles, 0);
    test_folder_remove(folder);
}

/* Every allocation of a small job fails once: a clean error each time, nothing leaked, nothing half-written. */
static void each_allocation_may_fail(void **state) {
    (void)state;
    for (int image = 0; image < 2; image++)
        for (size_t fail_at = 0;; fail_at++) {
            char *folder = test_folder_new(),
                 *inner = strdup(test_path(folder, image ? test_any_name("one") : "tiles"));
            struct test_memory memory;
            test_memory_init(&memory, fail_at);
            struct tile_source_options source_options = TILE_OPTIONS(struct tile_source_options);
            source_options.allocator = &memory.allocator;
            tile_source *source;
            error = (struct tile_error){0};
            tile_status status = tile_source_open_file(&source, test_fixture("420.jpg"), &source_options, &error);
            if (status == TILE_OK) {
                struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
                options.allocator = &memory.allocator;
                options.no_sync = true;
                options.to_space = TILE_LAB;
                options.grid = TEST_GRID(.tile_width = 64, .tile_height = 64, .overlap = 2, .edge = TILE_EDGE_PAD);
                options.threads = 1 + (int)(fail_at % 2);
                *(image ? &options.image : &options.folder) = inner;
                status = tile_job_run(source, &options, NULL, &error);
            }
            tile_source_close(source);
            assert_int_equal(memory.live, 0);
            bool done = memory.requests <= fail_at;
            assert_int_equal(status, done ? TILE_OK : TILE_NO_MEMORY);
            assert_int_equal(test_run(NULL, "ls -A '%s' '%s/tiles' 2>/dev/null | grep -q '^\\.'", folder, folder), 1);
            assert_int_equal(file_exists(test_path(inner, "manifest.json")), done && !image);
            free(inner);
            test_folder_remove(folder);
            if (done)
                break;
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stopped_run_goes_on),
        cmocka_unit_test(a_run_that_is_stopped_at_once_leaves_nothing),
        cmocka_unit_test(tiles_that_are_not_what_the_journal_says_are_done_again),
        cmocka_unit_test(a_finished_folder_is_mended),
        cmocka_unit_test(a_cut_journal_is_taken_as_far_as_it_goes),
        cmocka_unit_test(a_journal_of_nonsense_is_not_ours),
        cmocka_unit_test(another_job_is_refused_and_left_alone),
        cmocka_unit_test(a_folder_in_use_is_refused),
        cmocka_unit_test(a_bad_source_leaves_nothing),
        cmocka_unit_test(a_full_disk_is_an_error_and_can_be_resumed),
        cmocka_unit_test(outputs_that_cannot_be_are_named),
        cmocka_unit_test(nothing_is_touched_by_a_run_that_is_refused),
        cmocka_unit_test(overwriting_removes_the_tiles_before),
        cmocka_unit_test(what_decides_the_bytes_tells_jobs_apart),
        cmocka_unit_test(so_do_those_of_tiff),
        cmocka_unit_test(damage_is_not_forgotten),
        cmocka_unit_test(a_doctored_record_is_not_believed),
        cmocka_unit_test(memory_is_bounded_by_its_limit),
        cmocka_unit_test(the_largest_region_and_the_threads_are_counted),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("job-failures", tests, NULL, NULL);
}
