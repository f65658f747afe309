/* SPDX-License-Identifier: MIT */
/* Tasks that come in messages of SQS, and what S3 tells of objects. */
#include "tile_task.h"

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
    json_array_append_new(records, message("sns", "{\"Type\":\"Notification\",\"TopicArn\":\"a\",\"Message\":\"{}\"}"));
    json_t *response = invoke_ok(&place, handle_tile, json_pack("{so}", "Records", records));
    static const char *const failed[] = {"no JSON", "no task", "space", "outside", "missing",
                                         "empty",   "s3",      "sqs",   "sns"};
    json_t *expected = json_array();
    for (size_t i = 0; i < sizeof failed / sizeof *failed; i++)
        json_array_append_new(expected, json_pack("{ss}", "itemIdentifier", failed[i]));
    expected = json_pack("{so}", "batchItemFailures", expected);
    if (!json_equal(response, expected))
        fail_msg("%s", json_dumps(response, 0));
    json_decref(expected);
    json_decref(response);
    check_file(&place, "out/a.png", usual);
    check_file(&place, "out/inline.png", usual);
    check_file(&place, "out/last.png", usual);
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
    setenv("TILE_TASK", "{\"to\":\"lab\",\"format\":\"npy\",\"output\":\"out/\"}", 1);
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
               {"{\"format\":\"npy\"}", "output"},
               {"{\"output\":\"s3://out-bucket/o/\"}", "format"},
               {"{\"format\":\"gif\",\"output\":\"s3://out-bucket/o/\"}", "format"},
               {"{\"format\":7,\"output\":\"s3://out-bucket/o/\"}", "format"},
               {"{\"format\":\"npy\",\"to\":\"lba\",\"output\":\"s3://out-bucket/o/\"}", "lba"},
               {"{\"format\":\"npy\",\"typo\":1,\"output\":\"s3://out-bucket/o/\"}", "typo"},
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

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(messages_fail_one_by_one),
        TEST(messages_without_an_identifier_are_no_messages),
        TEST(keys_that_are_none_are_refused),
        TEST(notifications_of_nothing_new_are_passed_over),
        TEST(notifications_need_to_be_told_what_to_make),
        TEST(batch_operations_get_a_result_a_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
