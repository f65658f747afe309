/* SPDX-License-Identifier: MIT */
/* The shapes in which tasks come, and what comes in none of them, or in one with something wrong in it. */
#include "invoke.h"
#include "picture.h"

#include <png.h>

static struct place place;

static int begin(void **state) {
    (void)state;
    place_begin(&place);
    place_add(&place, "photo.jpg");
    place_add(&place, "rgb8.png");
    unsetenv("TILE_TASK");
    unsetenv("TILE_RESPONSE_MODE");
    return 0;
}

static int end(void **state) {
    (void)state;
    place_end(&place);
    unsetenv("TILE_TASK");
    unsetenv("TILE_RESPONSE_MODE");
    return 0;
}

static json_t *parse(const char *text) {
    json_error_t why;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &why);
    if (!json)
        fail_msg("%s: %s", text, why.text);
    return json;
}

/* A task that is right, with `members` (may be NULL) added or, where null, taken away. */
static json_t *task_with(const char *members) {
    json_t *task =
        parse("{\"source\":\"photo.jpg\",\"region\":[8,16,50,40],\"format\":\"png\",\"output\":\"out/a.png\"}");
    json_t *changes = members ? parse(members) : json_object();
    const char *name;
    json_t *value;
    json_object_foreach(changes, name, value) {
        if (json_is_null(value))
            json_object_del(task, name);
        else
            json_object_set(task, name, value);
    }
    json_decref(changes);
    return task;
}

/* ---- Pixels, by other decoders ---- */

/* An RGB PNG by libpng's simplified interface. */
static unsigned char *png_pixels(const void *data, size_t size, uint32_t *width, uint32_t *height) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&image, data, size));
    image.format = PNG_FORMAT_RGB;
    unsigned char *pixels = malloc(PNG_IMAGE_SIZE(image));
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    *width = image.width;
    *height = image.height;
    return pixels;
}

/* The PNG holds these pixels of photo.jpg, as libjpeg decodes it. */
static void check_png_of_photo(struct test_bytes png, struct tile_rect rect) {
    struct test_bytes photo = test_read_file(test_fixture("photo.jpg"));
    unsigned char *expected = jpeg_pixels(photo, JCS_UNKNOWN);
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    d.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, photo.data, photo.size);
    jpeg_read_header(&d, TRUE);
    uint32_t across = d.image_width, width, height;
    if (rect.width == 0)
        rect = (struct tile_rect){0, 0, d.image_width, d.image_height};
    jpeg_destroy_decompress(&d);
    unsigned char *got = png_pixels(png.data, png.size, &width, &height);
    assert_int_equal(width, rect.width);
    assert_int_equal(height, rect.height);
    for (uint32_t y = 0; y < height; y++)
        assert_memory_equal(got + (size_t)y * width * 3, expected + ((size_t)(rect.y + y) * across + rect.x) * 3,
                            (size_t)width * 3);
    free(got);
    free(expected);
    free(photo.data);
}

static void check_file(const char *name, struct tile_rect rect) {
    struct test_bytes png = test_read_file(place_path(&place, name));
    check_png_of_photo(png, rect);
    free(png.data);
}

static char *photo_as_text(void) {
    struct test_bytes photo = test_read_file(test_fixture("photo.jpg"));
    char *text = base64_of(photo.data, photo.size);
    free(photo.data);
    return text;
}

/* ---- Single tasks ---- */

static const struct tile_rect usual = {8, 16, 50, 40};

static void a_task_needs_no_more_than_a_source_and_an_output(void **state) {
    (void)state;
    json_decref(invoke_ok(&place, handle_tile, parse("{\"source\":\"photo.jpg\",\"output\":\"out/all.png\"}")));
    check_file("out/all.png", (struct tile_rect){0});
    json_decref(invoke_ok(&place, handle_tile, task_with(NULL)));
    check_file("out/a.png", usual);
    char *text = photo_as_text();
    json_t *task = task_with("{\"source\":null,\"output\":\"out/b.png\"}");
    json_object_set_new(task, "image", json_string(text));
    json_decref(invoke_ok(&place, handle_tile, task));
    check_file("out/b.png", usual);
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
    check_file("old.png", usual);
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
        {"{\"etag\":\"a\\r\\nx-header: 1\"}", "etag", FAILURE_BAD_REQUEST},
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
        {"{\"index\":7}", "index", FAILURE_BAD_REQUEST},
        {"{\"index\":\"missing.tix\"}", "missing.tix", FAILURE_SOURCE_NOT_FOUND},
        {"{\"index\":\"text.txt\"}", "index", FAILURE_BAD_REQUEST},
        {"{\"index\":\"iVRJWA0K\"}", "index", FAILURE_BAD_REQUEST},
        {"{\"index\":\"iVRJWA0KGgoBAAAA0AAAAB4BAAAAAAAAyM8AAAAAAAAKXyXQGrqlfIpaQ9nrNuNw\"}", "index",
         FAILURE_BAD_REQUEST},
        {"{\"index\":\"iVRJWA0K!\"}", "index", FAILURE_BAD_REQUEST},
        {"{\"lossless\":true,\"format\":\"jpg\"}", "index", FAILURE_BAD_REQUEST},
        {"{\"max-memory\":1000}", "limit", FAILURE_LIMIT_EXCEEDED},
        {"{\"max-pixels\":1000}", "limit", FAILURE_LIMIT_EXCEEDED},
    };
    struct test_bytes photo = test_read_file(test_fixture("photo.jpg"));
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
    check_file("good/a.png", usual);
}

static void what_does_not_fit_the_function_is_refused(void **state) {
    (void)state;
    place.call.memory = (uint64_t)128 << 20;
    json_decref(invoke_ok(&place, handle_tile, task_with(NULL)));
    place.call.memory = (uint64_t)1 << 20;
    invoke_fails(&place, handle_tile,
                 task_with("{\"region\":null,\"to\":\"oklab\",\"depth\":\"f32\",\"format\":\"tif\"}"),
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
    items = json_pack("[oo]", task_with(NULL), task_with("{\"source\":\"missing.jpg\",\"output\":\"out/m.png\"}"));
    invoke_fails(&place, handle_tile, json_pack("{so}", "Items", items), FAILURE_SOURCE_NOT_FOUND, "out/m.png", NULL);
    static const char *const bad[] = {"{\"Items\":[]}",   "{\"Items\":{}}",   "{\"Items\":[7]}",
                                      "{\"Items\":[[]]}", "{\"Items\":[{}]}", "{\"BatchInput\":7,\"Items\":[{}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        invoke_fails(&place, handle_tile, parse(bad[i]), FAILURE_BAD_REQUEST, NULL);
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
    check_file("out/a.png", usual);
}

/* ---- SQS ---- */

static json_t *message(const char *id, const char *body) {
    return json_pack("{ss ss ss s{} ss}", "messageId", id, "body", body, "eventSource", "aws:sqs", "attributes",
                     "receiptHandle", "x");
}

static json_t *message_of(const char *id, json_t *task) {
    char *body = json_dumps(task, 0);
    json_t *out = message(id, body);
    free(body);
    json_decref(task);
    return out;
}

static void messages_fail_one_by_one(void **state) {
    (void)state;
    char *text = photo_as_text();
    json_t *inlined = task_with("{\"source\":null,\"output\":\"out/inline.png\"}");
    json_object_set_new(inlined, "image", json_string(text));
    free(text);
    json_t *records = json_array();
    json_array_append_new(records, message_of("good", task_with(NULL)));
    json_array_append_new(records, message("no JSON", "{\"source\":"));
    json_array_append_new(records, message("no task", "[1,2]"));
    json_array_append_new(records, message_of("space", task_with("{\"to\":\"lba\",\"output\":\"out/1.png\"}")));
    json_array_append_new(records, message_of("inline", inlined));
    json_array_append_new(records,
                          message_of("outside", task_with("{\"region\":[640,0,9,9],\"output\":\"out/2.png\"}")));
    json_array_append_new(records, message_of("missing", task_with("{\"source\":\"m.jpg\",\"output\":\"out/3.png\"}")));
    json_array_append_new(records, message("test", "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\"}"));
    json_array_append_new(records, message_of("last", task_with("{\"output\":\"out/last.png\"}")));
    json_t *empty = message("empty", "x");
    json_object_set_new(empty, "body", json_integer(7));
    json_array_append_new(records, empty);
    /* A notification without TILE_TASK. */
    json_array_append_new(records,
                          message("s3", "{\"Records\":[{\"eventSource\":\"aws:s3\",\"s3\":{\"bucket\":{\"name\":"
                                        "\"in-bucket\"},\"object\":{\"key\":\"a.jpg\"}}}]}"));
    json_array_append_new(records, message("sqs", "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"{}\"}]}"));
    json_t *response = invoke_ok(&place, handle_tile, json_pack("{so}", "Records", records));
    static const char *const failed[] = {"no JSON", "no task", "space", "outside", "missing", "empty", "s3", "sqs"};
    json_t *expected = json_array();
    for (size_t i = 0; i < sizeof failed / sizeof *failed; i++)
        json_array_append_new(expected, json_pack("{ss}", "itemIdentifier", failed[i]));
    expected = json_pack("{so}", "batchItemFailures", expected);
    if (!json_equal(response, expected))
        fail_msg("%s", json_dumps(response, 0));
    json_decref(expected);
    json_decref(response);
    check_file("out/a.png", usual);
    check_file("out/inline.png", usual);
    check_file("out/last.png", usual);
    assert_false(place_has(&place, "out/1.png"));
}

static void messages_without_an_identifier_are_no_messages(void **state) {
    (void)state;
    json_t *nameless = message_of("x", task_with(NULL));
    json_object_del(nameless, "messageId");
    invoke_fails(&place, handle_tile, json_pack("{s[o]}", "Records", nameless), FAILURE_BAD_REQUEST, "messageId", NULL);
    json_t *stranger =
        json_pack("{s[oo]}", "Records", message_of("x", task_with(NULL)), json_pack("{ss}", "eventSource", "aws:s3"));
    invoke_fails(&place, handle_tile, stranger, FAILURE_BAD_REQUEST, "aws:sqs", NULL);
    assert_false(place_has(&place, "out"));
}

/* ---- S3 ---- */

static json_t *notification(const char *name, const char *bucket, const char *key) {
    json_t *record =
        json_pack("{ss s{s{ss} s{ss ss si}} ss}", "eventSource", "aws:s3", "s3", "bucket", "name", bucket, "object",
                  "key", key, "eTag", "d41d8cd98f00b204e9800998ecf8427e", "size", 1024, "awsRegion", "eu-central-1");
    if (name)
        json_object_set_new(record, "eventName", json_string(name));
    return json_pack("{s[o]}", "Records", record);
}

static void keys_that_are_none_are_refused(void **state) {
    (void)state;
    setenv("TILE_TASK", "{\"to\":\"lab\",\"format\":\"tif\",\"output\":\"out/\"}", 1);
    static const char *const bad[] = {"%", "%2", "%zz", "a%00b", "%ff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        invoke_fails(&place, handle_tile, notification("ObjectCreated:Put", "in-bucket", bad[i]), FAILURE_BAD_REQUEST,
                     "key", NULL);
}

static void notifications_of_nothing_new_are_passed_over(void **state) {
    (void)state;
    json_t *response = invoke_ok(&place, handle_tile,
                                 parse("{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Bucket\":\"b\"}"));
    assert_int_equal(json_object_size(response), 0);
    json_decref(response);
    static const char *const names[] = {"ObjectRemoved:Delete", "ObjectRestore:Completed", "ObjectTagging:Put", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        response = invoke_ok(&place, handle_tile, notification(names[i], "in-bucket", "a.jpg"));
        assert_int_equal(json_integer_value(json_object_get(response, "tiles")), 0);
        json_decref(response);
    }
    response = invoke_ok(&place, handle_tile, notification("ObjectCreated:Put", "in-bucket", "folder/"));
    json_decref(response);
}

static void notifications_need_to_be_told_what_to_make(void **state) {
    (void)state;
    static const struct {
        const char *task, *word;
    } bad[] = {{NULL, "TILE_TASK"},
               {"", "TILE_TASK"},
               {"{", "TILE_TASK"},
               {"[]", "TILE_TASK"},
               {"{\"format\":\"tif\"}", "output"},
               {"{\"output\":\"s3://out-bucket/o/\"}", "format"},
               {"{\"format\":\"gif\",\"output\":\"s3://out-bucket/o/\"}", "format"},
               {"{\"format\":7,\"output\":\"s3://out-bucket/o/\"}", "format"},
               {"{\"format\":\"tif\",\"to\":\"lba\",\"output\":\"s3://out-bucket/o/\"}", "lba"},
               {"{\"format\":\"tif\",\"typo\":1,\"output\":\"s3://out-bucket/o/\"}", "typo"},
               /* It would call itself. */
               {"{\"format\":\"png\",\"output\":\"s3://in-bucket/in/\"}", "again"},
               {"{\"format\":\"png\",\"output\":\"s3://in-bucket/in/deeper/x.png\"}", "again"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (bad[i].task)
            setenv("TILE_TASK", bad[i].task, 1);
        invoke_fails(&place, handle_tile, notification("ObjectCreated:Copy", "in-bucket", "in/2026/a.jpg"),
                     FAILURE_BAD_REQUEST, bad[i].word, NULL);
    }
    /* An object of no folder is in all of them. */
    setenv("TILE_TASK", "{\"format\":\"png\",\"output\":\"s3://in-bucket/out/\"}", 1);
    invoke_fails(&place, handle_tile, notification("ObjectCreated:Put", "in-bucket", "a.jpg"), FAILURE_BAD_REQUEST,
                 "again", NULL);
    static const char *const records[] = {"{}", "{\"s3\":7}", "{\"s3\":{\"bucket\":{\"name\":\"b\"}}}",
                                          "{\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":7}}}",
                                          "{\"s3\":{\"bucket\":{},\"object\":{\"key\":\"a.jpg\"}}}"};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        json_t *record = parse(records[i]);
        json_object_set_new(record, "eventSource", json_string("aws:s3"));
        invoke_fails(&place, handle_tile, json_pack("{s[o]}", "Records", record), FAILURE_BAD_REQUEST,
                     "S3 notification", NULL);
    }
}

/* ---- S3 Batch Operations ---- */

static void batch_operations_get_a_result_a_task(void **state) {
    (void)state;
    json_t *event = parse(
        "{\"invocationSchemaVersion\":\"1.0\",\"invocationId\":\"YXNk\",\"job\":{\"id\":\"f3cc\"},\"tasks\":["
        "{\"taskId\":\"one\",\"s3Key\":\"a+b.jpg\",\"s3VersionId\":null,\"s3BucketArn\":\"arn:aws:s3:::in-bucket\"},"
        "{\"taskId\":\"two\",\"s3Key\":\"%zz\",\"s3BucketArn\":\"arn:aws:s3:::in-bucket\"},"
        "{\"taskId\":\"three\",\"s3Key\":\"a.jpg\"}]}");
    json_t *response = invoke_ok(&place, handle_tile, json_deep_copy(event));
    assert_string_equal(json_string_value(json_object_get(response, "invocationSchemaVersion")), "1.0");
    assert_string_equal(json_string_value(json_object_get(response, "invocationId")), "YXNk");
    assert_string_equal(json_string_value(json_object_get(response, "treatMissingKeysAs")), "PermanentFailure");
    static const char *const ids[] = {"one", "two", "three"}, *const words[] = {"TILE_TASK", "s3Key", "s3Bucket"};
    json_t *results = json_object_get(response, "results");
    assert_int_equal(json_array_size(results), 3);
    for (size_t i = 0; i < 3; i++) {
        json_t *result = json_array_get(results, i);
        assert_string_equal(json_string_value(json_object_get(result, "taskId")), ids[i]);
        assert_string_equal(json_string_value(json_object_get(result, "resultCode")), "PermanentFailure");
        assert_non_null(strstr(json_string_value(json_object_get(result, "resultString")), words[i]));
    }
    json_decref(response);
    json_decref(event);
    static const char *const bad[] = {
        "{\"invocationSchemaVersion\":\"2.0\",\"tasks\":[{\"taskId\":\"a\"}]}",
        "{\"invocationSchemaVersion\":2,\"invocationId\":\"a\",\"tasks\":[{\"taskId\":\"a\"}]}",
        "{\"invocationSchemaVersion\":\"2.0\",\"invocationId\":\"a\"}",
        "{\"invocationSchemaVersion\":\"2.0\",\"invocationId\":\"a\",\"tasks\":{}}",
        "{\"invocationSchemaVersion\":\"2.0\",\"invocationId\":\"a\",\"tasks\":[{\"s3Key\":\"a\"}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        invoke_fails(&place, handle_tile, parse(bad[i]), FAILURE_BAD_REQUEST, "S3 Batch", NULL);
}

/* ---- HTTP ---- */

static json_t *request(const char *method, const char *query, const char *body, bool base64) {
    json_t *event = json_pack("{ss ss ss s{s{ssss}} s{} sb}", "version", "2.0", "rawPath", "/", "rawQueryString", query,
                              "requestContext", "http", "method", method, "sourceIp", "127.0.0.1", "headers",
                              "isBase64Encoded", base64);
    if (body)
        json_object_set_new(event, "body", json_string(body));
    return event;
}

static void a_posted_image_is_answered_with_its_region(void **state) {
    (void)state;
    char *text = photo_as_text();
    json_t *response = invoke_ok(&place, handle_tile, request("POST", "format=png&region=8%2C16,50,40&", text, true));
    assert_int_equal(json_integer_value(json_object_get(response, "statusCode")), 200);
    assert_true(json_is_true(json_object_get(response, "isBase64Encoded")));
    assert_string_equal(json_string_value(json_object_get(json_object_get(response, "headers"), "content-type")),
                        "image/png");
    struct test_bytes png = bytes_of_base64(json_string_value(json_object_get(response, "body")));
    check_png_of_photo(png, usual);
    free(png.data);
    json_decref(response);
    response = invoke_ok(&place, handle_tile, request("POST", "", text, true));
    png = bytes_of_base64(json_string_value(json_object_get(response, "body")));
    check_png_of_photo(png, (struct tile_rect){0});
    free(png.data);
    json_decref(response);
    response = invoke_ok(&place, handle_tile, request("POST", "to=lab&format=jpg&raw-channels", text, true));
    assert_string_equal(json_string_value(json_object_get(json_object_get(response, "headers"), "content-type")),
                        "image/jpeg");
    json_decref(response);
    free(text);
}

static void bad_requests_are_answered_too(void **state) {
    (void)state;
    char *text = photo_as_text();
    const struct {
        const char *method, *query, *body;
        bool base64;
        int status;
        const char *word;
    } bad[] = {
        {"GET", "", NULL, false, 405, "POST"},
        {"PUT", "", text, true, 405, "POST"},
        {"POST", "", NULL, false, 400, "body"},
        {"POST", "", "", false, 400, "body"},
        {"POST", "", "no base64!", true, 400, "base64"},
        {"POST", "", "AAAA", true, 422, "image"},
        {"POST", "", "plain text", false, 422, "image"},
        {"POST", "to=lba", text, true, 400, "lba"},
        {"POST", "region=0,0,600,600", text, true, 400, "640 x 427"},
        {"POST", "region=0,0,9,9&region=0,0,9,9", text, true, 400, "twice"},
        {"POST", "to=%zz", text, true, 400, "query"},
        {"POST", "to=%00", text, true, 400, "query"},
        {"POST", "to=%ff", text, true, 400, "query"},
        {"POST", "=", text, true, 400, "member"},
        {"POST", "source=photo.jpg", text, true, 400, "source"},
        {"POST", "output=out/a.png", text, true, 400, "output"},
        {"POST", "image=AAAA", text, true, 400, "image"},
        {"POST", "index=photo.jpg", text, true, 400, "index"},
        {"POST", "to-profile=photo.jpg", text, true, 400, "to-profile"},
        {"POST", "tile=256", text, true, 400, "tile"},
        {"POST", "to=lab&format=jpg", text, true, 422, "jpg"},
        {"POST", "max-pixels=10", text, true, 413, "limit"},
    };
    for (int streamed = 0; streamed < 2; streamed++) {
        if (streamed)
            setenv("TILE_RESPONSE_MODE", "stream", 1);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            struct test_bytes bytes =
                invoke_bytes(&place, handle_tile, request(bad[i].method, bad[i].query, bad[i].body, bad[i].base64));
            assert_non_null(bytes.data);
            size_t head = streamed ? strnlen((char *)bytes.data, bytes.size) : bytes.size;
            json_t *response = json_loadb((char *)bytes.data, head, 0, NULL);
            json_t *body = streamed ? json_loadb((char *)bytes.data + head + 8, bytes.size - head - 8, 0, NULL)
                                    : json_loads(json_string_value(json_object_get(response, "body")), 0, NULL);
            const char *message = json_string_value(json_object_get(body, "errorMessage"));
            if (json_integer_value(json_object_get(response, "statusCode")) != bad[i].status ||
                !strstr(message, bad[i].word))
                fail_msg("%s: %lld: %s", bad[i].query,
                         (long long)json_integer_value(json_object_get(response, "statusCode")), message);
            assert_memory_equal(json_string_value(json_object_get(body, "errorType")), "Function.", 9);
            json_decref(body);
            json_decref(response);
            free(bytes.data);
        }
    }
    assert_false(place_has(&place, "out"));
    free(text);
}

static void a_streamed_answer_is_a_prelude_and_bytes(void **state) {
    (void)state;
    char *text = photo_as_text();
    setenv("TILE_RESPONSE_MODE", "stream", 1);
    struct test_bytes bytes =
        invoke_bytes(&place, handle_tile, request("POST", "format=png&region=8,16,50,40", text, true));
    assert_true(place.streamed);
    size_t head = strlen((char *)bytes.data);
    json_t *prelude = json_loadb((char *)bytes.data, head, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(prelude, "statusCode")), 200);
    assert_null(json_object_get(prelude, "body"));
    assert_memory_equal(bytes.data + head, "\0\0\0\0\0\0\0\0", 8);
    check_png_of_photo((struct test_bytes){bytes.data + head + 8, bytes.size - head - 8}, usual);
    json_decref(prelude);
    free(bytes.data);
    /* Other events are answered as ever. */
    json_decref(invoke_ok(&place, handle_tile, task_with(NULL)));
    assert_false(place.streamed);
    free(text);
}

static void an_answer_that_is_too_large_says_what_to_do(void **state) {
    (void)state;
    char *text = photo_as_text();
    json_t *response = invoke_ok(&place, handle_tile,
                                 request("POST", "to=xyz-d65&depth=f32&format=npy&raw-channels&edge=pad", text, true));
    assert_int_equal(json_integer_value(json_object_get(response, "statusCode")), 200); /* 4.4 MB */
    json_decref(response);
    free(text);
    struct tile_error error;
    struct tile_image image;
    struct tile_format format = {TILE_SRGB, TILE_U8, TILE_ALPHA_NONE, TILE_ORDER_NATURAL, TILE_INTERLEAVED};
    assert_ok(tile_image_alloc(&image, format, 1024, 512, NULL, &error));
    memset(image.plane[0], 7, 1024 * 512 * 3);
    struct tile_buffer png = {0};
    struct tile_writer writer = tile_buffer_writer(&png);
    assert_ok(tile_encode(&image, TILE_PNG, NULL, &writer, &error));
    text = base64_of(png.data, png.size);
    response = invoke_ok(&place, handle_tile, request("POST", "depth=f32&format=npy", text, true)); /* 6.3 MB */
    assert_int_equal(json_integer_value(json_object_get(response, "statusCode")), 413);
    assert_non_null(strstr(json_string_value(json_object_get(response, "body")), "output"));
    json_decref(response);
    setenv("TILE_RESPONSE_MODE", "stream", 1);
    struct test_bytes bytes = invoke_bytes(&place, handle_tile, request("POST", "depth=f32&format=npy", text, true));
    assert_true(bytes.size > 1024 * 512 * 12);
    free(bytes.data);
    free(text);
    tile_buffer_free(&png);
    tile_image_free(&image, NULL);
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
        TEST(a_batch_fails_as_a_whole),
        TEST(more_tasks_than_can_be_are_refused),
        TEST(a_tasks_own_member_goes_before_the_batchs),
        TEST(messages_fail_one_by_one),
        TEST(messages_without_an_identifier_are_no_messages),
        TEST(keys_that_are_none_are_refused),
        TEST(notifications_of_nothing_new_are_passed_over),
        TEST(notifications_need_to_be_told_what_to_make),
        TEST(batch_operations_get_a_result_a_task),
        TEST(a_posted_image_is_answered_with_its_region),
        TEST(bad_requests_are_answered_too),
        TEST(a_streamed_answer_is_a_prelude_and_bytes),
        TEST(an_answer_that_is_too_large_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
