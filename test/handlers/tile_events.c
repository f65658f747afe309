/* SPDX-License-Identifier: MIT */
/* Tasks and batches, what is wrong in them, and events that are none. */
#include "tile_task.h"

/* ---- Single tasks ---- */

static void a_task_needs_no_more_than_a_source_and_an_output(void **state) {
    (void)state;
    json_decref(invoke_ok(&place, handle_tile, parse("{\"source\":\"photo.jpg\",\"output\":\"out/all.png\"}")));
    check_file(&place, "out/all.png", (struct tile_rect){0});
    json_decref(invoke_ok(&place, handle_tile, task_with(NULL)));
    check_file(&place, "out/a.png", usual);
    char *text = photo_as_text();
    json_t *task = task_with("{\"source\":null,\"output\":\"out/b.png\"}");
    json_object_set_new(task, "image", json_string(text));
    json_decref(invoke_ok(&place, handle_tile, task));
    check_file(&place, "out/b.png", usual);
    /* The suffix says the format where nothing else does. */
    json_decref(invoke_ok(&place, handle_tile, task_with("{\"format\":null,\"output\":\"out/c.jpg\"}")));
    struct test_bytes jpeg = test_read_file(place_path(&place, "out/c.jpg"));
    assert_memory_equal(jpeg.data, "\xff\xd8\xff", 3);
    free(jpeg.data);
    free(text);
}

static void what_is_there_is_replaced_or_kept(void **state) {
    (void)state;
    test_write_file(place_path(&place, "old.png"), "old", 3);
    invoke_fails(&place, handle_tile, task_with("{\"output\":\"old.png\",\"overwrite\":false}"), FAILURE_OUTPUT_DENIED,
                 "old.png", NULL);
    json_decref(invoke_ok(&place, handle_tile, task_with("{\"output\":\"old.png\"}")));
    check_file(&place, "old.png", usual);
}

/* Its header is right: that the rest is damaged is found when it is read. */
static void add_damaged_index(struct test_bytes photo) {
    struct tile_buffer bytes = {0};
    struct tile_writer writer = tile_buffer_writer(&bytes);
    struct tile_error error;
    tile_source *source;
    tile_index *index;
    assert_ok(tile_source_open_memory(&source, photo.data, photo.size, NULL, &error));
    assert_ok(tile_index_build(&index, source, NULL, &error));
    assert_ok(tile_index_save(index, &writer, &error));
    for (size_t i = 208; i < bytes.size; i += 7)
        bytes.data[i] ^= 1;
    test_write_file(place_path(&place, "damaged.tix"), bytes.data, bytes.size);
    tile_buffer_free(&bytes);
    tile_index_free(index);
    tile_source_close(source);
}

/* A value that no member of a task may have, but where it may. */
static void hostile_members_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *members, *word;
        enum failure_kind kind;
    } bad[] = {
        {"{\"source\":7}", "source", FAILURE_BAD_REQUEST},
        {"{\"source\":\"\"}", "source", FAILURE_BAD_REQUEST},
        {"{\"source\":[\"photo.jpg\"]}", "source", FAILURE_BAD_REQUEST},
        {"{\"source\":\"ftp://host/photo.jpg\"}", "ftp://host/photo.jpg", FAILURE_BAD_REQUEST},
        {"{\"source\":\"https://host/photo.jpg\"}", "https://host", FAILURE_BAD_REQUEST},
        {"{\"source\":\"file://host/photo.jpg\"}", "host", FAILURE_BAD_REQUEST},
        {"{\"source\":\"../photo.jpg\"}", "../photo.jpg", FAILURE_BAD_REQUEST},
        {"{\"source\":\"/etc/passwd\"}", "/etc/passwd", FAILURE_BAD_REQUEST},
        {"{\"source\":\"a/../../photo.jpg\"}", "a/../../photo.jpg", FAILURE_BAD_REQUEST},
        {"{\"source\":\"missing.jpg\"}", "missing.jpg", FAILURE_SOURCE_NOT_FOUND},
        {"{\"source\":\"text.txt\"}", "text.txt", FAILURE_BAD_SOURCE},
        {"{\"source\":\"empty\"}", "empty", FAILURE_BAD_SOURCE},
        {"{\"source\":\"cut.jpg\",\"region\":null}", "cut.jpg", FAILURE_BAD_SOURCE},
        {"{\"image\":\"AAAA\"}", "image", FAILURE_BAD_REQUEST},
        {"{\"source\":null}", "output", FAILURE_BAD_REQUEST},
        {"{\"source\":null,\"image\":\"AAA\"}", "image", FAILURE_BAD_REQUEST},
        {"{\"source\":null,\"image\":\"A===\"}", "image", FAILURE_BAD_REQUEST},
        {"{\"source\":null,\"image\":\"=AAA\"}", "image", FAILURE_BAD_REQUEST},
        {"{\"source\":null,\"image\":\"AA=A\"}", "image", FAILURE_BAD_REQUEST},
        {"{\"source\":null,\"image\":\"AA A\"}", "image", FAILURE_BAD_REQUEST},
        {"{\"source\":null,\"image\":\"AA%A\"}", "image", FAILURE_BAD_REQUEST},
        {"{\"source\":null,\"image\":\"AAAA\"}", "(image)", FAILURE_BAD_SOURCE},
        {"{\"etag\":\"another\"}", "photo.jpg", FAILURE_SOURCE_CHANGED},
        {"{\"etag\":\"a\\r\\nx-header: 1\"}", "ETag", FAILURE_BAD_REQUEST},
        {"{\"etag\":\"a\\\", \\\"b\"}", "ETag", FAILURE_BAD_REQUEST},
        {"{\"etag\":1}", "etag", FAILURE_BAD_REQUEST},
        {"{\"size\":-1}", "size", FAILURE_BAD_REQUEST},
        {"{\"size\":1.5}", "size", FAILURE_BAD_REQUEST},
        {"{\"size\":\"7\"}", "size", FAILURE_BAD_REQUEST},
        {"{\"size\":7}", "photo.jpg", FAILURE_SOURCE_CHANGED},
        {"{\"size\":9223372036854775807}", "photo.jpg", FAILURE_SOURCE_CHANGED},
        {"{\"region\":[0,0,100000,8]}", "640 x 427", FAILURE_BAD_REQUEST},
        {"{\"region\":[4294967295,0,4294967295,1]}", "640 x 427", FAILURE_BAD_REQUEST},
        {"{\"region\":[640,0,1,1]}", "640 x 427", FAILURE_BAD_REQUEST},
        {"{\"region\":[0,0,0,8]}", "region", FAILURE_BAD_REQUEST},
        {"{\"region\":[0,0,8]}", "region", FAILURE_BAD_REQUEST},
        {"{\"region\":[-1,0,8,8]}", "region", FAILURE_BAD_REQUEST},
        {"{\"region\":[0,0,8,4294967296]}", "region", FAILURE_BAD_REQUEST},
        {"{\"region\":\"0,0\"}", "region", FAILURE_BAD_REQUEST},
        {"{\"place\":[0,0,60,60]}", "clips", FAILURE_BAD_REQUEST}, /* and the edge clips */
        {"{\"place\":[0,0,60]}", "place", FAILURE_BAD_REQUEST},
        {"{\"place\":\"0,0,60,60\"}", "place", FAILURE_BAD_REQUEST},
        {"{\"place\":[-1,0,60,60]}", "place", FAILURE_BAD_REQUEST},
        {"{\"place\":[0,0,0,60]}", "place", FAILURE_BAD_REQUEST},
        {"{\"place\":[0,0,4294967346,40]}", "place", FAILURE_BAD_REQUEST},
        {"{\"place\":[0,0,60,60],\"region\":null}", "place", FAILURE_BAD_REQUEST},
        {"{\"place\":[20,0,60,60],\"edge\":\"pad\"}", "60 x 60", FAILURE_BAD_REQUEST},
        {"{\"place\":[0,0,40,60],\"edge\":\"pad\"}", "40 x 60", FAILURE_BAD_REQUEST},
        {"{\"place\":[4294967295,0,4294967295,60],\"edge\":\"pad\"}", "4294967295", FAILURE_LIMIT_EXCEEDED},
        {"{\"place\":[0,0,4294967295,4294967295],\"edge\":\"pad\"}", "4294967295", FAILURE_LIMIT_EXCEEDED},
        {"{\"place\":[0,0,60000,60000],\"edge\":\"replicate\"}", "60000", FAILURE_LIMIT_EXCEEDED},
        {"{\"row\":-1}", "row", FAILURE_BAD_REQUEST},
        {"{\"row\":4294967296}", "row", FAILURE_BAD_REQUEST},
        {"{\"column\":\"1\"}", "column", FAILURE_BAD_REQUEST},
        {"{\"to\":\"labb\"}", "labb", FAILURE_BAD_REQUEST},
        {"{\"to\":5}", "to", FAILURE_BAD_REQUEST},
        {"{\"to\":\"lab\",\"format\":\"jpg\"}", "jpg", FAILURE_UNSUPPORTED},
        {"{\"format\":\"gif\"}", "gif", FAILURE_BAD_REQUEST},
        {"{\"qualitty\":80}", "qualitty", FAILURE_BAD_REQUEST},
        {"{\"tile\":[256,256]}", "tile", FAILURE_BAD_REQUEST},
        {"{\"output\":null}", "output", FAILURE_BAD_REQUEST},
        {"{\"output\":\"\"}", "output", FAILURE_BAD_REQUEST},
        {"{\"output\":{}}", "output", FAILURE_BAD_REQUEST},
        {"{\"output\":\"photo.jpg\"}", "photo.jpg", FAILURE_BAD_REQUEST},
        {"{\"output\":\"../a.png\"}", "../a.png", FAILURE_BAD_REQUEST},
        {"{\"output\":\"ftp://host/a.png\"}", "ftp://host", FAILURE_BAD_REQUEST},
        {"{\"output\":\"photo.jpg/a.png\"}", "photo.jpg/a.png", FAILURE_OUTPUT_DENIED},
        {"{\"output\":\"folder/\"}", "folder/", FAILURE_BAD_REQUEST},
        {"{\"index\":7}", "index", FAILURE_BAD_REQUEST},
        {"{\"index\":\"missing.tix\"}", "missing.tix", FAILURE_SOURCE_NOT_FOUND},
        {"{\"index\":\"text.txt\"}", "index", FAILURE_BAD_REQUEST},
        {"{\"index\":\"damaged.tix\"}", "index: photo.jpg: has a damaged index", FAILURE_BAD_REQUEST},
        {"{\"index\":\"iVRJWA0K\"}", "index", FAILURE_BAD_REQUEST},
        {"{\"index\":\"iVRJWA0KGgoBAAAA0AAAAB4BAAAAAAAAyM8AAAAAAAAKXyXQGrqlfIpaQ9nrNuNw\"}", "index",
         FAILURE_BAD_REQUEST},
        {"{\"index\":\"iVRJWA0K!\"}", "index", FAILURE_BAD_REQUEST},
        {"{\"lossless\":true,\"format\":\"jpg\"}", "index", FAILURE_BAD_REQUEST},
        {"{\"max-memory\":1000}", "limit", FAILURE_LIMIT_EXCEEDED},
        {"{\"max-pixels\":1000}", "limit", FAILURE_LIMIT_EXCEEDED},
        {"{\"max-side\":100}", "max-side", FAILURE_LIMIT_EXCEEDED},
    };
    struct test_bytes photo = test_read_file(test_fixture("photo.jpg"));
    add_damaged_index(photo);
    test_write_file(place_path(&place, "text.txt"), "this is no image at all, nor is it an index", 43);
    test_write_file(place_path(&place, "empty"), "", 0);
    test_write_file(place_path(&place, "cut.jpg"), photo.data, photo.size / 2);
    free(photo.data);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        invoke_fails(&place, handle_tile, task_with(bad[i].members), bad[i].kind, bad[i].word, NULL);
        assert_false(place_has(&place, "out"));
        /* The next invocation finds all as it was. */
        json_decref(invoke_ok(&place, handle_tile, task_with("{\"output\":\"good/a.png\"}")));
    }
    check_file(&place, "good/a.png", usual);
}

static void what_does_not_fit_the_function_is_refused(void **state) {
    (void)state;
    place.call.memory = (uint64_t)128 << 20;
    json_decref(invoke_ok(&place, handle_tile, task_with(NULL)));
    place.call.memory = (uint64_t)1 << 20;
    invoke_fails(&place, handle_tile,
                 task_with("{\"region\":null,\"to\":\"oklab\",\"depth\":\"f32\",\"format\":\"npy\"}"),
                 FAILURE_LIMIT_EXCEEDED, "photo.jpg", NULL);
}

static void an_index_of_another_image_is_refused(void **state) {
    (void)state;
    struct tile_error error;
    tile_source *source;
    tile_index *index;
    struct tile_buffer bytes = {0};
    struct tile_writer writer = tile_buffer_writer(&bytes);
    assert_ok(tile_source_open_file(&source, test_fixture("420.jpg"), NULL, &error));
    assert_ok(tile_index_build(&index, source, NULL, &error));
    assert_ok(tile_index_save(index, &writer, &error));
    char *text = base64_of(bytes.data, bytes.size);
    json_t *task = task_with(NULL);
    json_object_set_new(task, "index", json_string(text));
    invoke_fails(&place, handle_tile, task, FAILURE_SOURCE_CHANGED, "photo.jpg", NULL);
    /* Any byte of it that is another one. */
    for (size_t i = 0; i < bytes.size; i += 7) {
        bytes.data[i] ^= 0x10;
        free(text);
        text = base64_of(bytes.data, bytes.size);
        bytes.data[i] ^= 0x10;
        task = task_with(NULL);
        json_object_set_new(task, "index", json_string(text));
        json_t *response = invoke(&place, handle_tile, task);
        assert_null(response);
        assert_true(place.failure.kind == FAILURE_BAD_REQUEST || place.failure.kind == FAILURE_SOURCE_CHANGED ||
                    place.failure.kind == FAILURE_SOURCE_NOT_FOUND || place.failure.kind == FAILURE_BAD_SOURCE);
    }
    free(text);
    tile_buffer_free(&bytes);
    tile_index_free(index);
    tile_source_close(source);
}

/* ---- Shapes that are none ---- */

static void other_events_are_told_what_is_known(void **state) {
    (void)state;
    static const char *const others[] = {"null",
                                         "7",
                                         "\"text\"",
                                         "[]",
                                         "{}",
                                         "{\"a\":1}",
                                         "{\"Records\":[]}",
                                         "{\"Records\":7}",
                                         "{\"Records\":[7]}",
                                         "{\"Records\":[{\"eventSource\":\"aws:kinesis\"}]}",
                                         "{\"Records\":[{\"eventSource\":7}]}",
                                         "{\"version\":\"1.0\",\"httpMethod\":\"POST\",\"requestContext\":{}}",
                                         "{\"version\":2.0,\"requestContext\":{\"http\":{\"method\":\"POST\"}}}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        invoke_fails(&place, handle_tile, parse(others[i]), FAILURE_BAD_REQUEST, "SQS", "Items", "output",
                     "requestContext", NULL);
}

/* EventBridge's as AWS documents it, and SNS's, which have what S3 tells inside. */
static void events_of_other_services_are_told_what_is_taken(void **state) {
    (void)state;
    static const char *const others[][2] = {
        {"{\"version\":\"0\",\"id\":\"17793124\",\"detail-type\":\"Object "
         "Created\",\"source\":\"aws.s3\",\"account\":\"1\","
         "\"detail\":{\"bucket\":{\"name\":\"in-bucket\"},\"object\":{\"key\":\"a.jpg\"},\"reason\":\"PutObject\"}}",
         "EventBridge"},
        {"{\"Records\":[{\"EventVersion\":\"1.0\",\"EventSource\":\"aws:sns\",\"Sns\":{\"Type\":\"Notification\","
         "\"TopicArn\":\"arn:aws:sns:us-east-1:1:t\",\"Message\":\"{}\"}}]}",
         "SNS"},
        {"{\"Type\":\"Notification\",\"MessageId\":\"1\",\"TopicArn\":\"arn:aws:sns:us-east-1:1:t\",\"Message\":\"{}"
         "\"}",
         "SNS"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        invoke_fails(&place, handle_tile, parse(others[i][0]), FAILURE_BAD_REQUEST, others[i][1],
                     "\"eventSource\":\"aws:s3\"", "SQS", NULL);
}

/* ---- Batches ---- */

static void a_batch_fails_as_a_whole(void **state) {
    (void)state;
    json_t *items =
        json_pack("[ooo]", task_with(NULL), task_with("{\"output\":\"out/bad.png\",\"region\":[640,0,9,9]}"),
                  task_with("{\"output\":\"out/c.png\"}"));
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", items), FAILURE_BAD_REQUEST, "out/bad.png",
                 "640 x 427", NULL);
    items = json_pack("[oo]", task_with(NULL), task_with("{\"too\":\"lab\"}"));
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", items), FAILURE_BAD_REQUEST, "task 1", "too", NULL);
    items = json_pack("[oo]", task_with(NULL), task_with("{\"output\":\"https://host/x.png\"}"));
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", items), FAILURE_BAD_REQUEST, "task 1", "scheme", NULL);
    items = json_pack("[oo]", task_with(NULL), task_with("{\"source\":\"missing.jpg\",\"output\":\"out/m.png\"}"));
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", items), FAILURE_SOURCE_NOT_FOUND, "out/m.png", NULL);
    static const char *const bad[] = {"{\"Items\":[]}",   "{\"Items\":{}}",   "{\"Items\":[7]}",
                                      "{\"Items\":[[]]}", "{\"Items\":[{}]}", "{\"BatchInput\":7,\"Items\":[{}]}"};
    json_t *input = json_pack("{s{ss}so}", "Batchinput", "to", "lab", "Items", json_pack("[o]", task_with(NULL)));
    invoke_fails(&place, handle_tile, input, FAILURE_BAD_REQUEST, "Batchinput", NULL);
    assert_false(place_has(&place, "out/a.png"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        invoke_fails(&place, handle_tile, parse(bad[i]), FAILURE_BAD_REQUEST, NULL);
}

static void a_name_stands_once_in_a_message(void **state) {
    (void)state;
    test_write_file(place_path(&place, "text.txt"), "no image", 8);
    static const char *const bad[][2] = {{"{\"output\":\"photo.jpg/b.png\"}", "photo.jpg/b.png"},
                                         {"{\"source\":\"text.txt\"}", "text.txt"},
                                         {"{\"source\":\"missing.jpg\"}", "missing.jpg"},
                                         {"{\"output\":\"photo.jpg/\\u0085b.png\"}", "photo.jpg/"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *items = json_pack("[oo]", task_with(NULL), task_with(bad[i][0]));
        invoke_fails(&place, handle_tile, json_pack("{so}", "Items", items),
                     i == 1   ? FAILURE_BAD_SOURCE
                     : i == 2 ? FAILURE_SOURCE_NOT_FOUND
                              : FAILURE_OUTPUT_DENIED,
                     bad[i][1], NULL);
        const char *first = strstr(place.failure.message, bad[i][1]);
        assert_null(strstr(first + 1, bad[i][1]));
    }
}

static json_t *one_of_two(const char *source, const char *option, const char *output) {
    json_t *task = json_pack("{ss ss ss ss}", "source", source, "format", "png", "output", output, "to", "srgb");
    json_t *more = parse(option);
    json_object_update(task, more);
    json_decref(more);
    return task;
}

/* Tasks of the same source share it as far as their options let them. */
static void a_task_has_its_own_options(void **state) {
    (void)state;
    static const char *const cases[][2] = {{"orientation-6.jpg", "{\"ignore-orientation\":true}"},
                                           {"adobe-rgb-profile.jpg", "{\"ignore-profile\":true}"},
                                           {"rgb8.png", "{\"assume\":\"display-p3\"}"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *source = cases[i][0], *option = cases[i][1];
        place_add(&place, source);
        json_decref(invoke_ok(&place, handle_tile, one_of_two(source, "{}", "out/0")));
        json_decref(invoke_ok(&place, handle_tile, one_of_two(source, option, "out/1")));
        json_t *items = json_pack("[oo]", one_of_two(source, "{}", "out/2"), one_of_two(source, option, "out/3"));
        json_decref(invoke_ok(&place, handle_tile, json_pack("{so}", "Items", items)));
        assert_int_equal(
            test_run(NULL, "cd '%s' && cmp -s 0 2 && cmp -s 1 3 && ! cmp -s 0 1", place_path(&place, "out")), 0);
    }
    place_add(&place, "truncated.jpg");
    json_t *items = json_pack("[oo]", one_of_two("truncated.jpg", "{\"lenient\":true}", "out/4"),
                              one_of_two("truncated.jpg", "{}", "out/5"));
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", items), FAILURE_BAD_SOURCE, "out/5", NULL);
    items = json_pack("[oo]", one_of_two("rgb8.png", "{}", "out/6"),
                      one_of_two("rgb8.png", "{\"etag\":\"another\"}", "out/7"));
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", items), FAILURE_SOURCE_CHANGED, "out/7", NULL);
    items =
        json_pack("[oo]", one_of_two("rgb8.png", "{}", "out/6"), one_of_two("rgb8.png", "{\"max-pixels\":7}", "out/7"));
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", items), FAILURE_LIMIT_EXCEEDED, "out/7", NULL);
}

static void more_tasks_than_can_be_are_refused(void **state) {
    (void)state;
    json_t *items = json_array();
    for (int i = 0; i < 100000; i++)
        json_array_append_new(items, json_pack("{ssss}", "source", "a", "output", "b"));
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", items), FAILURE_LIMIT_EXCEEDED, "10000", NULL);
}

static void a_tasks_own_member_goes_before_the_batchs(void **state) {
    (void)state;
    json_t *items = json_pack("[oo]", task_with("{\"format\":null,\"output\":\"out/x\"}"), task_with(NULL));
    json_decref(invoke_ok(&place, handle_tile, json_pack("{s{ss}so}", "BatchInput", "format", "jpg", "Items", items)));
    struct test_bytes jpeg = test_read_file(place_path(&place, "out/x"));
    assert_memory_equal(jpeg.data, "\xff\xd8\xff", 3);
    free(jpeg.data);
    check_file(&place, "out/a.png", usual);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_task_needs_no_more_than_a_source_and_an_output),
        TEST(what_is_there_is_replaced_or_kept),
        TEST(hostile_members_are_refused),
        TEST(what_does_not_fit_the_function_is_refused),
        TEST(an_index_of_another_image_is_refused),
        TEST(other_events_are_told_what_is_known),
        TEST(events_of_other_services_are_told_what_is_taken),
        TEST(a_batch_fails_as_a_whole),
        TEST(a_name_stands_once_in_a_message),
        TEST(a_task_has_its_own_options),
        TEST(more_tasks_than_can_be_are_refused),
        TEST(a_tasks_own_member_goes_before_the_batchs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
