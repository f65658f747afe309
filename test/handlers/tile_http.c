/* SPDX-License-Identifier: MIT */
/* Images that are posted, and what is answered. */
#include "tile_task.h"

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
    struct tile_format format = {.space = TILE_SRGB, .sample = TILE_U8};
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

static int status_of(const char *query, const char *text, char message[1000]) {
    json_t *response = invoke_ok(&place, handle_tile, request("POST", query, text, true));
    int status = (int)json_integer_value(json_object_get(response, "statusCode"));
    snprintf(message, 1000, "%s", status == 200 ? "" : json_string_value(json_object_get(response, "body")));
    json_decref(response);
    return status;
}

/* photo.jpg has 273,280 pixels. */
static void callers_stay_within_the_functions_limits(void **state) {
    (void)state;
    char message[1000], *text = photo_as_text();
    assert_int_equal(status_of("max-pixels=256M&max-memory=1G&region=0,0,8,8", text, message), 200);
    assert_int_equal(status_of("max-pixels=268435457", text, message), 400);
    assert_non_null(strstr(message, "TILE_MAX_PIXELS"));
    assert_int_equal(status_of("max-memory=1073741825", text, message), 400); /* the function has 2^30 */
    assert_non_null(strstr(message, "TILE_MAX_MEMORY"));
    assert_int_equal(status_of("max-metadata=64M&region=0,0,8,8", text, message), 200);
    assert_int_equal(status_of("max-metadata=65M", text, message), 400);
    assert_non_null(strstr(message, "TILE_MAX_METADATA"));
    setenv("TILE_MAX_PIXELS", "273280", 1);
    assert_int_equal(status_of("region=0,0,8,8", text, message), 200);
    assert_int_equal(status_of("max-pixels=273280&region=0,0,8,8", text, message), 200);
    assert_int_equal(status_of("max-pixels=273281&region=0,0,8,8", text, message), 400);
    setenv("TILE_MAX_PIXELS", "273279", 1);
    assert_int_equal(status_of("region=0,0,8,8", text, message), 413);
    setenv("TILE_MAX_PIXELS", "many", 1);
    assert_int_equal(status_of("region=0,0,8,8", text, message), 400);
    assert_non_null(strstr(message, "TILE_MAX_PIXELS"));
    unsetenv("TILE_MAX_PIXELS");
    setenv("TILE_MAX_MEMORY", "1K", 1);
    assert_int_equal(status_of("region=0,0,8,8", text, message), 413);
    assert_int_equal(status_of("max-memory=2K", text, message), 400);
    /* What is no caller's from anywhere is not bound. */
    json_decref(invoke_ok(&place, handle_tile, task_with("{\"max-memory\":\"1G\"}")));
    free(text);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_posted_image_is_answered_with_its_region), TEST(bad_requests_are_answered_too),
        TEST(a_streamed_answer_is_a_prelude_and_bytes),   TEST(an_answer_that_is_too_large_says_what_to_do),
        TEST(callers_stay_within_the_functions_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
