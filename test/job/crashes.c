/* SPDX-License-Identifier: MIT */
/*
 * What a crash of the machine, a kill or a damaged disk may leave in a folder: from each state, the same job ends with
 * the files of an uninterrupted run, byte for byte. The states are made of a finished folder and of the journal that
 * its run had: what was not written, or not yet on the disk, is taken away, cut or zeroed.
 */
#include "small.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static struct tile_error error;
static struct shot whole;         /* a finished folder */
static struct test_bytes journal; /* as it was before the manifest was written */
static char *folder;              /* of the state that is tried */

static bool keep_journal(void *user, const struct tile_progress *progress) {
    if (progress->total && progress->done == progress->total) {
        free(journal.data);
        journal = test_read_file(test_path(user, "manifest.part"));
    }
    return true;
}

static int begin(void **state) {
    (void)state;
    folder = test_folder_new();
    struct tile_job_options options = small_job(folder);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    options.progress = keep_journal;
    options.user = folder;
    assert_ok(small_run(&options, &result, &error));
    assert_int_equal(result.tiles, SMALL_TILES);
    whole = shot_take(folder);
    assert_int_equal(whole.count, SMALL_TILES + 1);
    assert_true(journal.size > 0);
    return 0;
}

static int end(void **state) {
    (void)state;
    shot_free(&whole);
    free(journal.data);
    test_folder_remove(folder);
    return 0;
}

/* Where the next line begins, or the end. */
static size_t line_after(struct test_bytes text, size_t place) {
    const unsigned char *newline = memchr(text.data + place, '\n', text.size - place);
    return newline ? (size_t)(newline - text.data) + 1 : text.size;
}

/* Puts whole's files there, but that each tile is, by chance, missing, empty, cut, of NULs, or right. */
static void put_tiles(struct test_random *random, uint32_t of_what) {
    struct shot state = {0};
    for (size_t i = 0; i < whole.count; i++) {
        struct test_bytes bytes = whole.files[i].bytes;
        uint32_t what = test_random_below(random, of_what);
        if (what == 0 || strcmp(whole.files[i].name, "manifest.json") == 0)
            continue;
        snprintf(state.files[state.count].name, sizeof state.files->name, "%s", whole.files[i].name);
        unsigned char *data = malloc(bytes.size);
        memcpy(data, bytes.data, bytes.size);
        if (what == 1)
            memset(data, 0, bytes.size);
        size_t size = what == 2 ? 0 : what == 3 ? test_random_below(random, (uint32_t)bytes.size) : bytes.size;
        state.files[state.count++].bytes = (struct test_bytes){data, size};
    }
    shot_put(&state, folder);
    shot_free(&state);
}

static void put(const char *name, const void *data, size_t size) {
    test_write_file(test_path(folder, name), data, size);
}

static void run_to_the_end(const char *state) {
    struct tile_job_options options = small_job(folder);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    tile_status status = small_run(&options, &result, &error);
    if (status != TILE_OK)
        fail_msg("%s: %s", state, error.message);
    shot_check(&whole, folder, state);
    assert_ok(small_run(&options, &result, &error));
    assert_int_equal(result.kept, SMALL_TILES);
}

/* The journal up to a place, where it ends or is zeroed. */
static void try_journal(size_t place, bool zeroed, uint64_t seed) {
    struct test_random random = {seed + 1};
    char state[100];
    snprintf(state, sizeof state, "journal %s from %zu of %zu on, tiles %ju", zeroed ? "zeroed" : "cut", place,
             journal.size, (uintmax_t)seed);
    put_tiles(&random, 12);
    struct test_bytes copy = {calloc(1, journal.size), zeroed ? journal.size : place};
    memcpy(copy.data, journal.data, place);
    put("manifest.part", copy.data, copy.size);
    if (seed % 3 == 0)
        put(".r1_c1.png.libtile-part", "x", 1);
    run_to_the_end(state);
    free(copy.data);
}

static void the_journal_is_cut_or_zeroed_anywhere(void **state) {
    (void)state;
    struct test_random random = {7};
    uint64_t seed = 0;
    for (size_t place = 0; place < journal.size; place = line_after(journal, place)) {
        try_journal(place, false, seed++);
        try_journal(place, true, seed++);
        try_journal(place ? place - 1 : 0, false, seed++); /* without its newline */
    }
    for (size_t place = 0; place < journal.size; place += 512)
        try_journal(place, true, seed++);
    for (int i = 0; i < 100; i++)
        try_journal(test_random_below(&random, (uint32_t)journal.size), i % 2, seed++);
    try_journal(journal.size, false, seed);
}

/* Blocks in the middle that were not written when the machine stopped, and bytes that the disk altered. */
static void the_journal_has_holes(void **state) {
    (void)state;
    struct test_random random = {8};
    struct test_bytes copy = {malloc(journal.size), journal.size};
    size_t head = line_after(journal, 0);
    for (int i = 0; i < 100; i++) {
        char what[100];
        memcpy(copy.data, journal.data, journal.size);
        size_t place = head + test_random_below(&random, (uint32_t)(journal.size - head));
        size_t size = i % 2 ? 1 : journal.size - place < 512 ? journal.size - place : 512;
        for (size_t k = place; k < place + size; k++)
            copy.data[k] = (unsigned char)(i % 2 ? copy.data[k] ^ (1 << i % 8) : 0);
        snprintf(what, sizeof what, "journal with %zu other bytes at %zu", size, place);
        put_tiles(&random, 12);
        put("manifest.part", copy.data, copy.size);
        run_to_the_end(what);
    }
    memset(copy.data, 0, head); /* the head alone is lost: tiles are not believed then */
    put_tiles(&random, 12);
    put("manifest.part", copy.data, copy.size);
    run_to_the_end("journal without its head");
    free(copy.data);
}

/* The crash came when the manifest was there, and the journal not yet gone. */
static void both_are_there(void **state) {
    (void)state;
    struct test_random random = {9};
    struct test_bytes manifest = *shot_file(&whole, "manifest.json");
    for (size_t cut = 0; cut < 40; cut++) {
        char what[100];
        snprintf(what, sizeof what, "manifest cut by %zu beside a journal", cut * cut);
        put_tiles(&random, cut ? 12 : 1000000);
        put("manifest.json", manifest.data, manifest.size - cut * cut);
        put("manifest.part", journal.data, cut % 2 ? journal.size : test_random_below(&random, (uint32_t)journal.size));
        run_to_the_end(what);
    }
}

/* The same while a job replaces another one's tiles, which stay listed in its journal until all of its own are there.
 */
static void a_job_that_overwrites_crashes(void **state) {
    (void)state;
    char *other = test_folder_new();
    struct tile_job_options options = small_job(other);
    struct test_bytes before = journal;
    options.grid = TEST_GRID(.tile_width = 10);
    options.overwrite = true;
    options.progress = keep_journal;
    options.user = other;
    shot_put(&whole, other);
    journal.data = NULL;
    assert_ok(small_run(&options, NULL, &error));
    struct shot replaced = shot_take(other);
    struct test_bytes lines = journal, old = *shot_file(&whole, "manifest.json");
    journal = before;
    options.progress = NULL;
    size_t head = old.size, end = line_after(lines, head);
    assert_true(lines.size > end && memcmp(lines.data, old.data, old.size) == 0);
    assert_true(memcmp(lines.data + head, "{\"manifest\":1", 13) == 0);
    size_t named = 0;
    for (size_t cut = 1; cut < lines.size; cut += cut < head || cut > end ? 61 : 7) {
        char what[100];
        snprintf(what, sizeof what, "overwriting, journal cut from %zu of %zu on", cut, lines.size);
        shot_put(&whole, other);
        if (cut > end) { /* no tile gets its name before the disk has the journal up to there */
            unlink(test_path(other, "manifest.json"));
            named = named < replaced.count ? named + 1 : named;
        }
        for (size_t i = 0; i < named; i++)
            if (strcmp(replaced.files[i].name, "manifest.json") != 0)
                test_write_file(test_path(other, replaced.files[i].name), replaced.files[i].bytes.data,
                                replaced.files[i].bytes.size / (1 + i % 3));
        test_write_file(test_path(other, "manifest.part"), lines.data, cut);
        tile_status status = small_run(&options, NULL, &error);
        if (status != TILE_OK)
            fail_msg("%s: %s", what, error.message);
        shot_check(&replaced, other, what);
    }
    shot_free(&replaced);
    free(lines.data);
    test_folder_remove(other);
}

/* Tries a finished folder with this manifest; `kept` tiles are to be kept, at least. */
static void try_manifest(const void *data, size_t size, uint64_t kept, const char *what) {
    struct tile_job_options options = small_job(folder);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    put("manifest.json", data, size);
    tile_status status = small_run(&options, &result, &error);
    if (status != TILE_OK)
        fail_msg("%s: %s", what, error.message);
    shot_check(&whole, folder, what);
    if (result.kept < kept)
        fail_msg("%s: kept %ju tiles", what, (uintmax_t)result.kept);
}

static void a_damaged_manifest_does_not_count(void **state) {
    (void)state;
    struct test_bytes manifest = *shot_file(&whole, "manifest.json"), copy = {malloc(manifest.size + 9), 0};
    size_t head = line_after(manifest, 0);
    char what[100];
    shot_put(&whole, folder);
    for (size_t cut = 1; cut <= manifest.size; cut += cut < 60 ? 1 : 29) {
        snprintf(what, sizeof what, "manifest cut by %zu", cut);
        try_manifest(manifest.data, manifest.size - cut, cut < 500 ? SMALL_TILES - 2 : 0, what);
    }
    for (size_t place = head; place < manifest.size; place += 23) {
        memcpy(copy.data, manifest.data, manifest.size);
        copy.data[place] ^= 1;
        snprintf(what, sizeof what, "manifest with another byte at %zu", place);
        try_manifest(copy.data, manifest.size, SMALL_TILES - 2, what);
    }
    memcpy(copy.data, manifest.data, manifest.size);
    memcpy(copy.data + manifest.size, "{}\n", 3);
    try_manifest(copy.data, manifest.size + 3, SMALL_TILES, "manifest with more behind it");
    size_t second = line_after(manifest, head), third = line_after(manifest, second);
    memcpy(copy.data + head, manifest.data + second, third - second);
    memcpy(copy.data + head + (third - second), manifest.data + head, second - head);
    try_manifest(copy.data, manifest.size, SMALL_TILES, "manifest in another order");
    memset(copy.data, 0, manifest.size);
    try_manifest(copy.data, manifest.size, 0, "manifest of NULs");
    free(copy.data);
}

/* What a lenient run let pass is told at the manifest's end, with a check, too. */
static void damage_at_the_end_is_checked(void **state) {
    (void)state;
    char *other = test_folder_new();
    struct tile_source_options lenient = TILE_OPTIONS(struct tile_source_options);
    struct tile_job_options options = small_job(other);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    tile_source *source;
    lenient.lenient = true;
    options.grid = TEST_GRID(.tile_width = 150);
    assert_ok(tile_source_open_file(&source, test_fixture("truncated.jpg"), &lenient, &error));
    assert_ok(tile_job_run(source, &options, &result, &error));
    struct shot done = shot_take(other);
    struct test_bytes manifest = *shot_file(&done, "manifest.json"), copy = {malloc(manifest.size), manifest.size};
    for (size_t place = manifest.size - 60; place < manifest.size; place++) {
        char what[100];
        snprintf(what, sizeof what, "%s at %zu", "damage with another byte", place);
        memcpy(copy.data, manifest.data, manifest.size);
        copy.data[place] ^= 1;
        test_write_file(test_path(other, "manifest.json"), copy.data, copy.size);
        unlink(test_path(other, "r0_c0.png")); /* else nothing would be decoded */
        assert_ok(tile_job_run(source, &options, &result, &error));
        shot_check(&done, other, what);
    }
    tile_source_close(source);
    shot_free(&done);
    free(copy.data);
    test_folder_remove(other);
}

/* Not every state is a crash's: of another head, it is not known whose tiles they are. */
static void a_damaged_head_is_another_jobs(void **state) {
    (void)state;
    static const char *const names[] = {"manifest.json", "manifest.part"};
    for (int i = 0; i < 2; i++) {
        struct tile_job_options options = small_job(folder);
        shot_put(&whole, folder);
        struct test_bytes text = i ? journal : *shot_file(&whole, names[i]);
        struct test_bytes copy = {malloc(text.size), text.size};
        memcpy(copy.data, text.data, text.size);
        copy.data[60] ^= 1;
        put(names[i], copy.data, copy.size);
        struct shot before = shot_take(folder);
        assert_fails(TILE_WRITE_FAILED, small_run(&options, NULL, &error));
        assert_int_equal(error.remedies, TILE_REMEDY_OVERWRITE);
        shot_check(&before, folder, "refused");
        options.overwrite = true;
        assert_ok(small_run(&options, NULL, &error));
        shot_check(&whole, folder, "overwritten");
        shot_free(&before);
        free(copy.data);
    }
}

/* The journal's first line, or a later one, cannot be written: the disk is full. */
static void a_line_of_the_journal_cannot_be_written(void **state) {
    (void)state;
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    size_t head = line_after(journal, 0), second = line_after(journal, head);
    const size_t limits[] = {1, head - 1, head, head + 1, second - 1, second, second + 100, journal.size / 2};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        for (int threads = 1; threads < 3; threads++) {
            struct rlimit less = {limits[i], before.rlim_max};
            struct tile_job_options options = small_job(folder);
            struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
            shot_put(&(struct shot){0}, folder);
            options.threads = threads;
            setrlimit(RLIMIT_FSIZE, &less);
            tile_status status = small_run(&options, &result, &error);
            setrlimit(RLIMIT_FSIZE, &before);
            assert_int_equal(status, TILE_WRITE_FAILED);
            assert_non_null(strstr(error.message, limits[i] == 1 ? ": File too large" : "manifest.part: File too"));
            assert_int_equal(folder_count(folder), result.written ? result.written + 1 : 0);
            run_to_the_end("after a full disk");
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_journal_is_cut_or_zeroed_anywhere),
        cmocka_unit_test(the_journal_has_holes),
        cmocka_unit_test(both_are_there),
        cmocka_unit_test(a_job_that_overwrites_crashes),
        cmocka_unit_test(a_damaged_manifest_does_not_count),
        cmocka_unit_test(damage_at_the_end_is_checked),
        cmocka_unit_test(a_damaged_head_is_another_jobs),
        cmocka_unit_test(a_line_of_the_journal_cannot_be_written),
    };
    return cmocka_run_group_tests_name("job-crashes", tests, begin, end);
}
