/* SPDX-License-Identifier: MIT */
/* Which files a job replaces and removes, and when; and what the disk has at that time. */
#include "small.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct tile_error error;

/* ---- What the library asks of the disk: these stand before libc's ---- */

static struct {
    const char *folder;
    int calls, fail_at; /* -1: none fails */
    int tiles_at_first, tiles_at_all;
    bool head_at_first, manifest_at_all, last_was_folder;
} disk = {.fail_at = -1};

static int count_tiles(const char *folder) {
    struct shot shot = shot_take(folder);
    int count = 0;
    for (size_t i = 0; i < shot.count; i++)
        count += shot.files[i].name[0] == 'r';
    shot_free(&shot);
    return count;
}

static bool note_call(void) {
    if (disk.folder && disk.calls == 0) {
        struct test_bytes journal = test_read_file(test_path(disk.folder, "manifest.part"));
        disk.tiles_at_first = count_tiles(disk.folder);
        disk.head_at_first = journal.size > 0 && memchr(journal.data, '\n', journal.size);
        free(journal.data);
    }
    errno = EIO;
    return disk.calls++ != disk.fail_at;
}

int fdatasync(int descriptor) {
    disk.last_was_folder = false;
    return note_call() ? (int)syscall(SYS_fdatasync, descriptor) : -1;
}

int fsync(int descriptor) {
    disk.last_was_folder = true;
    return note_call() ? (int)syscall(SYS_fsync, descriptor) : -1;
}

static void note_all(void) {
    if (disk.folder) {
        disk.tiles_at_all = count_tiles(disk.folder);
        disk.manifest_at_all = file_exists(test_path(disk.folder, "manifest.json"));
    }
    disk.last_was_folder = false;
}

/* In place of syncfs(), where the library is built without what is Linux's. */
void sync(void) {
    note_all();
    syscall(SYS_sync);
}

int syncfs(int descriptor) {
    note_all();
    return note_call() ? (int)syscall(SYS_syncfs, descriptor) : -1;
}

/* ---- Helpers ---- */

static struct shot finished(void) {
    char *folder = test_folder_new();
    struct tile_job_options options = small_job(folder);
    assert_ok(small_run(&options, NULL, &error));
    struct shot shot = shot_take(folder);
    test_folder_remove(folder);
    return shot;
}

static bool stop_at(void *user, const struct tile_progress *progress) {
    return progress->done < *(uint64_t *)user;
}

static void stop(const char *folder, uint64_t at, bool overwrite) {
    struct tile_job_options options = small_job(folder);
    options.overwrite = overwrite;
    options.progress = stop_at;
    options.user = &at;
    assert_fails(TILE_CANCELLED, small_run(&options, NULL, &error));
}

/* Refused, twice, with the file as it was; once it is gone, the job ends as it should. */
static void refuses(const char *folder, const char *name, struct shot *whole) {
    struct tile_job_options options = small_job(folder);
    for (int i = 0; i < 2; i++) {
        assert_fails(TILE_WRITE_FAILED, small_run(&options, NULL, &error));
        assert_non_null(strstr(error.message, name));
        assert_non_null(strstr(error.message, "exists already"));
        assert_int_equal(error.remedies, TILE_REMEDY_OVERWRITE);
        struct test_bytes mine = test_read_file(test_path(folder, name));
        assert_true(mine.size == 4 && memcmp(mine.data, "mine", 4) == 0);
        free(mine.data);
    }
    unlink(test_path(folder, name));
    assert_ok(small_run(&options, NULL, &error));
    shot_check(whole, folder, name);
}

/* ---- Without overwrite ---- */

static void files_that_no_run_made_are_not_replaced(void **state) {
    (void)state;
    static const char *const names[] = {"r0_c0.png", "r2_c3.png", "r3_c4.png"};
    struct shot whole = finished();
    for (int i = 0; i < 3; i++) {
        char *folder = test_folder_new();
        struct tile_job_options options = small_job(folder);
        test_write_file(test_path(folder, names[i]), "mine", 4);
        test_write_file(test_path(folder, "r9_c9.png"), "mine", 4); /* no name of this job's */
        assert_fails(TILE_WRITE_FAILED, small_run(&options, NULL, &error));
        assert_int_equal(folder_count(folder), 2); /* nothing was begun */
        unlink(test_path(folder, "r9_c9.png"));
        refuses(folder, names[i], &whole);
        test_folder_remove(folder);
        /* One that comes after a run that was stopped in good order. */
        folder = test_folder_new();
        stop(folder, 3, false);
        if (i > 0) {
            test_write_file(test_path(folder, names[i]), "mine", 4);
            refuses(folder, names[i], &whole);
        }
        test_folder_remove(folder);
    }
    shot_free(&whole);
}

static bool plant(void *user, const struct tile_progress *progress) {
    if (progress->done == 1)
        test_write_file(test_path(user, "r3_c4.png"), "mine", 4);
    return true;
}

static void nor_one_that_comes_while_the_job_runs(void **state) {
    (void)state;
    struct shot whole = finished();
    char *folder = test_folder_new();
    struct tile_job_options options = small_job(folder);
    options.progress = plant;
    options.user = folder;
    assert_fails(TILE_WRITE_FAILED, small_run(&options, NULL, &error));
    refuses(folder, "r3_c4.png", &whole);
    test_folder_remove(folder);
    shot_free(&whole);
}

/* A tile that is listed is the job's own, also where somebody altered it. */
static void what_a_run_made_may_be_replaced(void **state) {
    (void)state;
    struct shot whole = finished();
    char *folder = test_folder_new();
    struct tile_job_options options = small_job(folder);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    stop(folder, 3, false);
    stop(folder, 4, false); /* stopped again, and nothing lost of what the first run said */
    test_write_file(test_path(folder, "r0_c1.png"), "other", 5);
    assert_ok(small_run(&options, &result, &error));
    assert_in_range(result.kept, 2, SMALL_TILES - 2);
    shot_check(&whole, folder, "altered");
    test_write_file(test_path(folder, "r0_c2.png"), "other", 5);
    assert_ok(small_run(&options, &result, &error));
    assert_int_equal(result.written, 1);
    shot_check(&whole, folder, "altered in the end");
    test_folder_remove(folder);
    shot_free(&whole);
}

/* Whether the text is in the file, behind `after`. */
static bool has(const char *path, const char *after, const char *text) {
    struct test_bytes bytes = test_read_file(path);
    const char *from = memmem(bytes.data, bytes.size, after, strlen(after));
    bool found = from && memmem(from, bytes.size - (size_t)(from - (char *)bytes.data), text, strlen(text));
    free(bytes.data);
    return found;
}

static bool is_begun(void *user, const struct tile_progress *progress) {
    const char *journal = test_path(user, "manifest.part");
    assert_int_equal(has(journal, "\"ended\":true", "{\"begun\":true"), progress->done > 3);
    return true;
}

/* Before another tile gets its name, the journal does not end with the mark of good order any more. */
static void a_mark_holds_until_the_next_run(void **state) {
    (void)state;
    char *folder = test_folder_new();
    struct tile_job_options options = small_job(folder);
    stop(folder, 3, false);
    stop(folder, 0, false); /* nothing is done */
    options.progress = is_begun;
    options.user = folder;
    assert_ok(small_run(&options, NULL, &error));
    test_folder_remove(folder);
}

static void a_journal_of_somebody_elses_is_left_alone(void **state) {
    (void)state;
    static const char *const texts[] = {"short_name: app\n", "{\"name\":\"app\"}\n", "x", "\0x", "{\"manifest\":2}\n"};
    char *folder = test_folder_new(), *path = strdup(test_path(folder, "manifest.part"));
    struct tile_job_options options = small_job(folder);
    for (int kind = 0; kind < 8; kind++)
        for (int overwrite = 0; overwrite < 2; overwrite++) {
            unlink(path);
            test_write_file(test_path(folder, "target"), "", 0);
            if (kind < 5)
                test_write_file(path, texts[kind], kind == 3 ? 2 : strlen(texts[kind]));
            else if (kind == 5)
                assert_int_equal(link(test_path(folder, "target"), path), 0);
            else if (kind == 6)
                assert_int_equal(symlink("target", path), 0);
            else
                assert_int_equal(mkfifo(path, 0666), 0);
            struct stat before, after;
            assert_int_equal(lstat(path, &before), 0);
            options.overwrite = overwrite;
            assert_fails(TILE_WRITE_FAILED, small_run(&options, NULL, &error));
            assert_non_null(strstr(error.message, "manifest.part"));
            assert_int_equal(error.remedies, 0);
            assert_int_equal(lstat(path, &after), 0);
            assert_true(before.st_ino == after.st_ino && before.st_size == after.st_size);
            assert_int_equal(folder_count(folder), 2);
        }
    free(path);
    test_folder_remove(folder);
}

/* ---- Bad sources ---- */

static tile_source *open_truncated(void) {
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture("truncated.jpg"), NULL, &error));
    return source;
}

static void tiles_of_an_earlier_run_survive_a_bad_source(void **state) {
    (void)state;
    char *folder = test_folder_new();
    struct tile_job_options options = small_job(folder);
    uint64_t few = 3;
    tile_source *source = open_truncated();
    options.grid = TEST_GRID(.tile_width = 100, .tile_height = 4);
    options.progress = stop_at;
    options.user = &few;
    assert_fails(TILE_CANCELLED, tile_job_run(source, &options, NULL, &error));
    struct shot before = shot_take(folder);
    assert_true(before.count > 3);
    options.progress = NULL;
    for (int i = 0; i < 2; i++) {
        assert_fails(TILE_BAD_DATA, tile_job_run(source, &options, NULL, &error));
        struct shot after = shot_take(folder);
        assert_int_equal(after.count, before.count);
        for (size_t k = 0; k < before.count; k++)
            if (strcmp(before.files[k].name, "manifest.part") != 0)
                assert_memory_equal(shot_file(&after, before.files[k].name)->data, before.files[k].bytes.data,
                                    before.files[k].bytes.size);
        shot_free(&after);
    }
    tile_source_close(source);
    shot_free(&before);
    test_folder_remove(folder);
}

/* ---- With overwrite ---- */

/* Another job on the same folder: of the same names, and of others. */
static struct tile_job_options other_job(const char *folder) {
    struct tile_job_options options = small_job(folder);
    options.to_space = TILE_GRAY;
    options.overwrite = true;
    return options;
}

static void overwriting_with_a_bad_source_loses_nothing(void **state) {
    (void)state;
    struct shot whole = finished();
    char *folder = test_folder_new();
    struct tile_job_options options = other_job(folder);
    tile_source *source = open_truncated();
    shot_put(&whole, folder);
    options.grid = TEST_GRID(.tile_width = 100, .tile_height = 4);
    options.to_space = TILE_SPACE_UNSET;
    assert_fails(TILE_BAD_DATA, tile_job_run(source, &options, NULL, &error));
    tile_source_close(source);
    assert_non_null(strstr(error.message, "stay in the folder"));
    struct shot now = shot_take(folder);
    assert_false(file_exists(test_path(folder, "manifest.json")));
    assert_true(file_exists(test_path(folder, "manifest.part")));
    for (size_t i = 0; i < whole.count; i++) {
        struct test_bytes was = whole.files[i].bytes, *is = shot_file(&now, whole.files[i].name);
        if (strcmp(whole.files[i].name, "manifest.json") == 0)
            continue;
        assert_non_null(is);
        assert_true(is->size > 20);
        assert_memory_equal(is->data + is->size - 8, was.data + was.size - 8, 8); /* IEND: it is whole */
    }
    shot_free(&now);
    /* Back to what it was, with nothing of the other left. */
    options = small_job(folder);
    options.overwrite = true;
    assert_ok(small_run(&options, NULL, &error));
    shot_check(&whole, folder, "overwritten again");
    test_folder_remove(folder);
    shot_free(&whole);
}

struct watch {
    const char *folder;
    struct shot *before;
    uint64_t stop;
};

/* No manifest tells of files that are other ones, or gone. */
static bool watch(void *user, const struct tile_progress *progress) {
    struct watch *w = user;
    struct shot now = shot_take(w->folder);
    for (size_t i = 0; shot_file(&now, "manifest.json") && i < w->before->count; i++) {
        struct test_bytes was = w->before->files[i].bytes, *is = shot_file(&now, w->before->files[i].name);
        assert_true(is && is->size == was.size && memcmp(is->data, was.data, was.size) == 0);
    }
    assert_true(shot_file(&now, "manifest.json") || progress->done > 0);
    for (size_t i = 0; i < w->before->count; i++) /* and all tiles are there, new or old */
        assert_true(w->before->files[i].name[0] == 'm' || shot_file(&now, w->before->files[i].name));
    shot_free(&now);
    return progress->done < w->stop;
}

static void the_manifest_goes_first(void **state) {
    (void)state;
    struct shot whole = finished();
    char *folder = test_folder_new(), *fresh = test_folder_new();
    struct tile_job_options options = other_job(fresh);
    assert_ok(small_run(&options, NULL, &error));
    struct shot other = shot_take(fresh);
    for (uint64_t at = 1; at < SMALL_TILES + 2; at += 5)
        for (int killed = 0; killed < 2; killed++) {
            struct watch w = {folder, &whole, at};
            shot_put(&whole, folder);
            options = other_job(folder);
            options.progress = watch;
            options.user = &w;
            tile_status status = small_run(&options, NULL, &error);
            assert_int_equal(status, at < SMALL_TILES ? TILE_CANCELLED : TILE_OK);
            if (killed && status != TILE_OK) { /* without the journal's last line, as a kill leaves it */
                struct test_bytes journal = test_read_file(test_path(folder, "manifest.part"));
                size_t size = journal.size - 1;
                while (journal.data[size - 1] != '\n')
                    size--;
                test_write_file(test_path(folder, "manifest.part"), journal.data, size);
                free(journal.data);
            }
            options.progress = NULL;
            assert_ok(small_run(&options, NULL, &error));
            shot_check(&other, folder, "overwritten");
        }
    shot_free(&other);
    shot_free(&whole);
    test_folder_remove(folder);
    test_folder_remove(fresh);
}

/* Three jobs replace each other, the first two not to the end: nothing of them is left, and nothing else is missing. */
static void what_is_replaced_is_removed_at_last(void **state) {
    (void)state;
    char *folder = test_folder_new(), *fresh = test_folder_new();
    struct tile_job_options options = small_job(fresh);
    options.grid = TEST_GRID(.tile_width = 20);
    assert_ok(small_run(&options, NULL, &error));
    struct shot last = shot_take(fresh);
    for (int first = 0; first < 4; first++) {
        uint64_t at = 7;
        shot_put(&(struct shot){0}, folder);
        options = small_job(folder);
        if (first == 0 || first == 3)
            assert_ok(small_run(&options, NULL, &error));
        else
            stop(folder, 12, false);
        if (first == 3) /* it replaces its own */
            stop(folder, 7, true);
        options = other_job(folder);
        options.grid = TEST_GRID(.tile_width = 10);
        options.progress = stop_at;
        options.user = &at;
        assert_fails(TILE_CANCELLED, small_run(&options, NULL, &error));
        size_t before = folder_count(folder);
        options = small_job(folder);
        options.grid = TEST_GRID(.tile_width = 20);
        assert_fails(TILE_WRITE_FAILED, small_run(&options, NULL, &error));
        assert_int_equal(folder_count(folder), before);
        options.overwrite = true;
        options.progress = stop_at;
        options.user = &(uint64_t){2};
        if (first == 2)
            assert_fails(TILE_CANCELLED, small_run(&options, NULL, &error));
        assert_true(folder_count(folder) >= before);
        options.progress = NULL;
        assert_ok(small_run(&options, NULL, &error));
        shot_check(&last, folder, "the last of three");
    }
    shot_free(&last);
    test_folder_remove(folder);
    test_folder_remove(fresh);
}

/* ---- The disk ---- */

static void the_disk_has_it(void **state) {
    (void)state;
    char *folder = test_folder_new(), *inner = strdup(test_path(folder, "a/b"));
    struct tile_job_options options = small_job(inner);
    options.no_sync = false;
    disk.folder = inner;
    disk.calls = 0;
    assert_ok(small_run(&options, NULL, &error));
    assert_int_equal(disk.tiles_at_first, 0);
    assert_true(disk.head_at_first);
    assert_int_equal(disk.tiles_at_all, SMALL_TILES);
    assert_false(disk.manifest_at_all);
    assert_true(disk.last_was_folder); /* the manifest's name */
    int calls = disk.calls;
    assert_in_range(calls, 7, 9); /* journal, three folders; all; manifest, folder */
    disk.calls = 0;
    assert_ok(small_run(&options, NULL, &error));
    assert_int_equal(disk.calls, 0); /* nothing was done */
    struct shot whole = shot_take(inner);
    disk.folder = NULL;
    for (int i = 0; i < calls; i++) { /* each may fail */
        assert_int_equal(test_run(NULL, "rm -r '%s/a'", folder), 0);
        disk.calls = 0;
        disk.fail_at = i;
        assert_fails(TILE_WRITE_FAILED, small_run(&options, NULL, &error));
        assert_non_null(strstr(error.message, "Input/output error"));
        disk.fail_at = -1;
        assert_ok(small_run(&options, NULL, &error));
        shot_check(&whole, inner, "a sync that failed");
    }
    assert_int_equal(test_run(NULL, "rm -r '%s/a'", folder), 0);
    options.no_sync = true;
    disk.calls = 0;
    assert_ok(small_run(&options, NULL, &error));
    assert_int_equal(disk.calls, 0);
    shot_check(&whole, inner, "without waiting");
    shot_free(&whole);
    free(inner);
    test_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_no_run_made_are_not_replaced),
        cmocka_unit_test(nor_one_that_comes_while_the_job_runs),
        cmocka_unit_test(what_a_run_made_may_be_replaced),
        cmocka_unit_test(a_mark_holds_until_the_next_run),
        cmocka_unit_test(a_journal_of_somebody_elses_is_left_alone),
        cmocka_unit_test(tiles_of_an_earlier_run_survive_a_bad_source),
        cmocka_unit_test(overwriting_with_a_bad_source_loses_nothing),
        cmocka_unit_test(the_manifest_goes_first),
        cmocka_unit_test(what_is_replaced_is_removed_at_last),
        cmocka_unit_test(the_disk_has_it),
    };
    return cmocka_run_group_tests_name("job-replace", tests, NULL, NULL);
}
