/* SPDX-License-Identifier: MIT */
/*
 * A job of many rectangles, whose head is longer than any other line of its manifest: it is read back, resumed, and
 * known to jobs with a short head as the head of another one.
 */
#include "small.h"

static struct tile_error error;

enum { COUNT = 6000, LATER = 30 };

/* Of 40 x 30 pixels, each at another place than the one before it. */
static tile_plan *many_rects(void) {
    static struct tile_rect rects[COUNT];
    tile_plan *plan;
    for (uint32_t i = 0; i < COUNT; i++)
        rects[i] = (struct tile_rect){i % 37, i % 29, 1 + i % 3, 1};
    assert_ok(tile_plan_new_rects(&plan, rects, COUNT, NULL, &error));
    return plan;
}

static struct tile_job_options rects_job(const char *folder, const tile_plan *plan) {
    struct tile_job_options options = small_job(folder);
    options.plan = plan;
    options.codec = TILE_NPY;
    options.no_sync = true;
    return options;
}

static bool stop_later(void *user, const struct tile_progress *progress) {
    (void)user;
    return progress->done < LATER;
}

static void stop(struct tile_job_options options) {
    options.progress = stop_later;
    assert_fails(TILE_CANCELLED, small_run(&options, NULL, &error));
}

static struct tile_job_result run(const struct tile_job_options *options) {
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    assert_ok(small_run(options, &result, &error));
    return result;
}

static void refuse(const struct tile_job_options *options) {
    assert_fails(TILE_WRITE_FAILED, small_run(options, NULL, &error));
    assert_non_null(strstr(error.message, "holds the tiles of another job"));
}

static void check_manifest(const char *folder) {
    json_t *manifest = manifest_read(folder), *rects = json_object_get(manifest, "rectangles");
    assert_int_equal(json_array_size(rects), COUNT);
    for (int i = 0; i < COUNT; i++) {
        json_t *tile = json_array_get(json_object_get(manifest, "tiles"), (size_t)i);
        json_int_t rect[4];
        for (size_t n = 0; n < 4; n++)
            rect[n] = json_integer_value(json_array_get(json_array_get(rects, (size_t)i), n));
        assert_true(rect[0] == i % 37 && rect[1] == i % 29 && rect[2] == 1 + i % 3 && rect[3] == 1);
        assert_true(json_equal(json_object_get(tile, "rect"), json_array_get(rects, (size_t)i)));
    }
    json_t *described = json_pack("{sO}", "rectangles", rects);
    char *text = json_dumps(described, JSON_COMPACT);
    assert_true(strlen(text) > 65536); /* longer than what a tile's line may be */
    tile_plan *plan;
    assert_ok(tile_plan_from_json(&plan, text, strlen(text), NULL, &error));
    assert_int_equal(tile_plan_count(plan), COUNT);
    tile_plan_free(plan);
    free(text);
    json_decref(described);
    json_decref(manifest);
}

static void it_is_resumed(void **state) {
    (void)state;
    char *folder = test_folder_new();
    tile_plan *plan = many_rects();
    struct tile_job_options options = rects_job(folder, plan);
    stop(options);
    struct tile_job_result result = run(&options);
    assert_true(result.kept >= LATER);
    assert_true(result.kept + result.written == COUNT);
    check_manifest(folder);
    result = run(&options);
    assert_true(result.kept == COUNT && result.written == 0);
    tile_plan_free(plan);
    test_folder_remove(folder);
}

static void jobs_know_each_other(void **state) {
    (void)state;
    tile_plan *plan = many_rects();
    for (int whole = 0; whole < 2; whole++) {
        char *folder = test_folder_new();
        struct tile_job_options many = rects_job(folder, plan), few = small_job(folder);
        few.no_sync = true;
        if (whole)
            run(&many);
        else
            stop(many);
        refuse(&few);
        few.overwrite = true;
        assert_true(run(&few).written == SMALL_TILES);
        assert_int_equal(folder_count(folder),
                         SMALL_TILES + 1); /* and the manifest: no tile of the rectangles is left */
        refuse(&many);
        many.overwrite = true;
        stop(many);
        assert_true(run(&many).kept >= LATER);
        assert_int_equal(folder_count(folder), COUNT + 1);
        check_manifest(folder);
        test_folder_remove(folder);
    }
    tile_plan_free(plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_resumed),
        cmocka_unit_test(jobs_know_each_other),
    };
    return cmocka_run_group_tests_name("job-rects", tests, NULL, NULL);
}
