/* SPDX-License-Identifier: MIT */
/*
 * Three jobs on one folder, by chance: each is stopped somewhere, crashes, goes on, or replaces the one before. When
 * one comes to its end, its files are those of an uninterrupted run, and none of the others' are left.
 */
#include "small.h"

static struct tile_error error;
static char *folder;

static bool stop_at(void *user, const struct tile_progress *progress) {
    return progress->done < *(uint64_t *)user;
}

static struct tile_job_options job(int which) {
    static const struct tile_grid grids[] = {{.struct_size = sizeof *grids, .tile_width = 8},
                                             {.struct_size = sizeof *grids, .tile_width = 10},
                                             {.struct_size = sizeof *grids, .tile_width = 20}};
    struct tile_job_options options = small_job(folder);
    options.grid = &grids[which];
    options.to_space = which == 1 ? TILE_GRAY : TILE_SPACE_UNSET;
    return options;
}

/* How much of a journal the disk has for certain: what was written before the first tile of a run got its name. */
static size_t certain(struct test_bytes journal) {
    static const char *const lines[] = {"{\"manifest\":", "{\"begun\":"};
    size_t end = 0;
    for (size_t i = 0; i < 2; i++)
        for (const unsigned char *at = journal.data;
             (at = memmem(at, journal.size - (size_t)(at - journal.data), lines[i], strlen(lines[i]))); at++) {
            const unsigned char *next = memchr(at, '\n', journal.size - (size_t)(at - journal.data));
            if (next && (size_t)(next - journal.data) + 1 > end)
                end = (size_t)(next - journal.data) + 1;
        }
    return end;
}

/* What a crash of the machine may do to a journal and to tiles. */
static void crash(struct test_random *random) {
    struct shot shot = shot_take(folder);
    bool begun = shot_file(&shot, "manifest.part") != NULL;
    for (size_t i = 0; begun && i < shot.count; i++) {
        struct test_bytes *bytes = &shot.files[i].bytes;
        bool journal = strcmp(shot.files[i].name, "manifest.part") == 0;
        size_t least = journal ? certain(*bytes) : 0;
        if (bytes->size <= least || (!journal && test_random_below(random, 8) != 0))
            continue;
        size_t at = least + test_random_below(random, (uint32_t)(bytes->size - least));
        if (test_random_below(random, 2))
            memset(bytes->data + at, 0, bytes->size - at);
        else
            bytes->size = at;
    }
    if (begun)
        shot_put(&shot, folder);
    shot_free(&shot);
}

static void walk(struct test_random *random, struct shot whole[3]) {
    int which = (int)test_random_below(random, 3);
    bool overwrite = false, crashed = false; /* nobody knows of all of its tiles then, but a run of the same job */
    char told[200] = "";
    shot_put(&(struct shot){0}, folder);
    for (int step = (int)test_random_below(random, 8); step >= 0; step--) {
        uint64_t at = step ? 1 + test_random_below(random, SMALL_TILES + 4) : UINT64_MAX;
        size_t used = strlen(told);
        if (!crashed && test_random_below(random, 4) == 0) {
            which = (int)test_random_below(random, 3);
            overwrite = true;
        }
        struct tile_job_options options = job(which);
        options.overwrite = overwrite;
        options.threads = 1 + (int)test_random_below(random, 2);
        options.progress = stop_at;
        options.user = &at;
        snprintf(told + used, sizeof told - used, " %d%s to %ju", which, overwrite ? "!" : "", (uintmax_t)at);
        tile_status status = small_run(&options, NULL, &error);
        if (status == TILE_OK)
            shot_check(&whole[which], folder, told);
        else if (status != TILE_CANCELLED)
            fail_msg("%s: %s", told, error.message);
        overwrite = overwrite && status != TILE_OK;
        crashed = (crashed || test_random_below(random, 3) == 0) && status != TILE_OK;
        if (crashed)
            crash(random);
    }
}

static void jobs_follow_each_other(void **state) {
    (void)state;
    struct test_random random = {11};
    struct shot whole[3];
    folder = test_folder_new();
    for (int i = 0; i < 3; i++) {
        struct tile_job_options options = job(i);
        shot_put(&(struct shot){0}, folder);
        assert_ok(small_run(&options, NULL, &error));
        whole[i] = shot_take(folder);
    }
    for (int i = 0; i < 200; i++)
        walk(&random, whole);
    for (int i = 0; i < 3; i++)
        shot_free(&whole[i]);
    test_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(jobs_follow_each_other)};
    return cmocka_run_group_tests_name("job-walk", tests, NULL, NULL);
}
