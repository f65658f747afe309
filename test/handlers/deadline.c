/* SPDX-License-Identifier: MIT */
/* What is left undone when the deadline comes, and what is said of it. */
#include "invoke.h"

#include "base/deadline.h"

#include <unistd.h>

static struct place place;

static int begin(void **state) {
    (void)state;
    place_begin(&place);
    place_add(&place, "photo.jpg");
    return 0;
}

static int end(void **state) {
    (void)state;
    place_end(&place);
    return 0;
}

static json_t *parse(const char *text) {
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    return json;
}

static json_t *two_tasks(void) {
    return parse("[{\"source\":\"photo.jpg\",\"region\":[0,0,9,9],\"output\":\"out/a.png\"},"
                 "{\"source\":\"photo.jpg\",\"region\":[9,9,9,9],\"output\":\"out/b.png\"}]");
}

/* The storage has time: what ends is the handler's own work. */
static void tiles_are_not_begun_any_more(void **state) {
    (void)state;
    place.call.deadline = deadline_now() - 1;
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", two_tasks()), FAILURE_OUT_OF_TIME, "deadline came",
                 NULL);
    json_t *records = json_array(), *tasks = two_tasks();
    for (size_t i = 0; i < 2; i++) {
        char *body = json_dumps(json_array_get(tasks, i), 0);
        json_array_append_new(
            records, json_pack("{ss ss ss}", "eventSource", "aws:sqs", "messageId", i ? "b" : "a", "body", body));
        free(body);
    }
    json_decref(tasks);
    json_t *answer = invoke_ok(&place, handle_tile, json_pack("{so}", "Records", records));
    assert_int_equal(json_array_size(json_object_get(answer, "batchItemFailures")), 2);
    json_decref(answer);
    assert_false(place_has(&place, "out"));
    place.call.deadline = deadline_now() + 3600000;
    json_decref(invoke_ok(&place, handle_tile, json_pack("{so}", "Items", two_tasks())));
}

/* A picture of which a tile as a PNG at level 9 takes seconds. */
static void add_large(void) {
    struct tile_format gray = {.space = TILE_GRAY, .sample = TILE_U8};
    struct test_random random = {5};
    struct tile_error error;
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, gray, 4096, 3072, NULL, &error));
    unsigned char *pixels = image.plane[0];
    for (size_t i = 0; i < (size_t)4096 * 3072; i++)
        pixels[i] = (unsigned char)(test_random_below(&random, 5));
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    struct tile_buffer file = {0};
    struct tile_writer writer = tile_buffer_writer(&file);
    options.compression = 1;
    assert_ok(tile_encode(&image, TILE_PNG, &options, &writer, &error));
    test_write_file(place_path(&place, "large.png"), file.data, file.size);
    tile_buffer_free(&file);
    tile_image_free(&image, NULL);
}

static json_t *large_task(int number) {
    char output[20];
    snprintf(output, sizeof output, "out/%d.png", number);
    return json_pack("{ss ss ss si}", "source", "large.png", "output", output, "format", "png", "compression", 9);
}

/* What one tile alone cannot be done in is no matter of luck; with others, or late, it is. Either way it is said in
 * time. */
static void a_large_tile_is_given_up(void **state) {
    (void)state;
    add_large();
    static const struct {
        int count, gone; /* tasks; hundredths of the time that were gone when they came */
        enum failure_kind kind;
        const char *word;
    } cases[] = {
        {1, 0, FAILURE_TIMEOUT_TOO_SHORT, "4096 x 3072"},
        {1, 60, FAILURE_OUT_OF_TIME, "0 of 1 tiles"},
        {2, 0, FAILURE_OUT_OF_TIME, "0 of 2 tiles"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *tasks = json_array();
        for (int k = 0; k < cases[i].count; k++)
            json_array_append_new(tasks, large_task(k));
        place.call.begun = deadline_now() - cases[i].gone * 10;
        place.call.deadline = place.call.begun + 1000;
        invoke_fails(&place, handle_tile, json_pack("{so}", "Items", tasks), cases[i].kind, cases[i].word, NULL);
        assert_true(deadline_now() < place.call.deadline + 500); /* of seconds; an invocation has a tenth of its time */
        assert_false(place_has(&place, "out"));
    }
    place.call.deadline = INT64_MAX;
}

static json_t *plan(void) {
    char text[256];
    snprintf(text, sizeof text,
             "{\"source\":\"photo.jpg\",\"output\":\"out\",\"format\":\"npy\",\"to\":\"lab\",\"depth\":\"f32\","
             "\"image\":\"%s\",\"compression\":9}",
             test_any_name("one"));
    return parse(text);
}

static void do_tasks(void) {
    struct test_bytes lines = test_read_file(place_path(&place, "out/plan.jsonl"));
    char *text = strndup((char *)lines.data, lines.size), *at = text;
    for (char *line; (line = strsep(&at, "\n")) && *line;)
        json_decref(invoke_ok(&place, handle_tile, parse(line)));
    free(text);
    free(lines.data);
}

static void plans_and_assemblies_end(void **state) {
    (void)state;
    place.call.deadline = deadline_now() - 1;
    invoke_fails(&place, handle_plan, plan(), FAILURE_OUT_OF_TIME, "deadline came", NULL);
    assert_false(place_has(&place, "out"));
    place.call.deadline = INT64_MAX;
    json_decref(invoke_ok(&place, handle_plan, plan()));
    do_tasks();
    place.call.deadline = deadline_now() - 1;
    invoke_fails(&place, handle_assemble, parse("{\"job\":\"out/job.json\"}"), FAILURE_OUT_OF_TIME,
                 " of 6 tiles were checked", NULL);
    assert_false(place_has(&place, "out/manifest.json"));
}

/* Three megabytes are deflated at their slowest: that takes longer than all else. */
static void one_new_image_is_given_up(void **state) {
    (void)state;
    if (!tile_codec_can_write(TILE_TIFF))
        skip();
    json_decref(invoke_ok(&place, handle_plan, plan()));
    do_tasks();
    const char *temporary = place_path(&place, "tmp");
    assert_int_equal(test_run(NULL, "mkdir '%s'", temporary), 0);
    setenv("TMPDIR", temporary, 1);
    bool strips = false;
    for (int64_t time = 4; !strips && time < 10000; time += 4) {
        place.call.deadline = deadline_now() + time;
        json_t *answer = invoke(&place, handle_assemble, parse("{\"job\":\"out/job.json\"}"));
        assert_null(answer);
        assert_int_equal(place.failure.kind, FAILURE_OUT_OF_TIME);
        strips = strstr(place.failure.message, "strips") != NULL;
    }
    unsetenv("TMPDIR");
    assert_true(strips);
    assert_false(place_has(&place, "one.tif"));
    assert_false(place_has(&place, "out/manifest.json"));
    assert_int_equal(rmdir(place_path(&place, "tmp")), 0); /* nothing is left in it */
}

/* Whatever reads or writes finds out, also where nothing goes over a network. */
static void files_are_not_read_any_more(void **state) {
    (void)state;
    test_write_file(place_path(&place, "text.txt"), "a\n\nb\n", 5);
    struct failure failure;
    storage_set_deadline(place.storage, deadline_now() - 1);
    invoke_fails(&place, handle_text, parse("{\"source\":\"text.txt\",\"output\":\"out/p.jsonl\"}"),
                 FAILURE_OUT_OF_TIME, "text.txt", "byte 0 of 5", NULL);
    invoke_fails(&place, handle_plan, parse("{\"source\":\"text.txt\",\"output\":\"out\"}"), FAILURE_OUT_OF_TIME,
                 "text.txt", NULL);
    invoke_fails(&place, handle_plan, plan(), FAILURE_OUT_OF_TIME, "photo.jpg", NULL);
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", two_tasks()), FAILURE_OUT_OF_TIME, "photo.jpg", NULL);
    assert_false(storage_put(place.storage, "x", "x", 1, NULL, &failure));
    assert_int_equal(failure.kind, FAILURE_OUT_OF_TIME);
    assert_false(place_has(&place, "x"));
    assert_false(place_has(&place, "out"));
    storage_set_deadline(place.storage, INT64_MAX);
    assert_true(storage_put(place.storage, "x", "x", 1, NULL, &failure));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(tiles_are_not_begun_any_more), TEST(a_large_tile_is_given_up),    TEST(plans_and_assemblies_end),
        TEST(one_new_image_is_given_up),    TEST(files_are_not_read_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
