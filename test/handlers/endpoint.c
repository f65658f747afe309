/* SPDX-License-Identifier: MIT */
/*
 * Where requests go. Hosts are those of the Amazon S3 User Guide, "Virtual hosting of general purpose buckets", and,
 * for China, of the AWS General Reference, "Amazon S3 endpoints and quotas".
 */
#include "storage/endpoint.h"

#include "support.h"

static const struct {
    const char *custom, *region, *bucket, *key;
    const char *url, *host, *path;
} places[] = {
    {"", "us-west-2", "amzn-s3-demo-bucket1", "puppy.png",
     "https://amzn-s3-demo-bucket1.s3.us-west-2.amazonaws.com/puppy.png",
     "amzn-s3-demo-bucket1.s3.us-west-2.amazonaws.com", "/puppy.png"},
    {"", "us-west-2", "example.com", "puppy.png", "https://s3.us-west-2.amazonaws.com/example.com/puppy.png",
     "s3.us-west-2.amazonaws.com", "/example.com/puppy.png"},
    {"", "cn-north-1", "bucket", "a b/\xc3\xa4", "https://bucket.s3.cn-north-1.amazonaws.com.cn/a%20b/%C3%A4",
     "bucket.s3.cn-north-1.amazonaws.com.cn", "/a%20b/%C3%A4"},
    {"http://localhost:9000", "eu-west-1", "bucket", "k", "http://localhost:9000/bucket/k", "localhost:9000",
     "/bucket/k"},
    {"https://store.example/s3/v1", "eu-west-1", "bucket", "/k", "https://store.example/s3/v1/bucket//k",
     "store.example", "/s3/v1/bucket//k"},
};

static void finds_objects(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct endpoint endpoint = {0};
        struct endpoint_place place;
        struct url object = {.s3 = true};
        struct failure failure;
        snprintf(endpoint.custom, sizeof endpoint.custom, "%s", places[i].custom);
        snprintf(object.bucket, sizeof object.bucket, "%s", places[i].bucket);
        snprintf(object.path, sizeof object.path, "%s", places[i].key);
        assert_true(endpoint_find(&place, &endpoint, places[i].region, &object, &failure));
        assert_string_equal(place.url, places[i].url);
        assert_string_equal(place.host, places[i].host);
        assert_string_equal(place.path, places[i].path);
    }
}

/* The longest of everything fits, in memory that ends where it says. */
static void finds_the_longest(void **state) {
    (void)state;
    struct test_guarded guarded = test_guarded_new(sizeof(struct endpoint_place), true);
    struct endpoint_place *place = (struct endpoint_place *)guarded.data;
    struct endpoint endpoint = {0};
    struct url object = {.s3 = true};
    struct failure failure;
    memset(object.bucket, 'b', 63);
    memset(object.path, '%', 1024);
    snprintf(endpoint.custom, sizeof endpoint.custom, "http://%0*d", 300, 0);
    assert_true(endpoint_find(place, &endpoint, "eu-west-1", &object, &failure));
    assert_int_equal(strlen(place->url), 7 + 300 + 1 + 63 + 1 + 3 * 1024);
    memset(endpoint.custom + 7, 'h', sizeof endpoint.custom - 8);
    assert_false(endpoint_find(place, &endpoint, "eu-west-1", &object, &failure));
    assert_int_equal(failure.kind, FAILURE_BAD_REQUEST);
    test_guarded_free(guarded);
}

static void knows_a_region(void **state) {
    (void)state;
    static const char *const good[] = {"us-east-1", "cn-north-1", "us-gov-west-1", "x"};
    static const char *const bad[] = {"", "us east", "us-east-1/", "a.b", "US-EAST-1", "a@b", "a\r\nb"};
    char large[REGION_SIZE + 1];
    memset(large, 'a', REGION_SIZE);
    large[REGION_SIZE] = '\0';
    assert_false(endpoint_is_region(large));
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(endpoint_is_region(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(endpoint_is_region(bad[i]));
}

static void reads_an_endpoint(void **state) {
    (void)state;
    static const char *const good[][2] = {
        {"http://localhost:9000/", "http://localhost:9000"},
        {"https://store.example/s3-v1/a_b~c.d//", "https://store.example/s3-v1/a_b~c.d"},
        {"http://[::1]:9000", "http://[::1]:9000"},
        {"///", ""},
    };
    /* The signature would be of another path, or the password in a log. */
    static const char *const bad[] = {"localhost:9000",
                                      "ftp://host",
                                      "http://",
                                      "http:///path",
                                      "https://host/a+b",
                                      "https://host/a%20b",
                                      "https://host/?hunter",
                                      "https://me:hunter@host",
                                      "https://host/#hunter",
                                      "https://h\\hunter",
                                      "me:hunter@host"};
    struct endpoint endpoint;
    struct failure failure;
    setenv("AWS_ACCESS_KEY_ID", "id", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hunter2", 1);
    setenv("AWS_REGION", "eu-west-1", 1);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        setenv("AWS_ENDPOINT_URL_S3", good[i][0], 1);
        assert_true(endpoint_read(&endpoint, &failure));
        assert_string_equal(endpoint.custom, good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("AWS_ENDPOINT_URL_S3", bad[i], 1);
        if (endpoint_read(&endpoint, &failure))
            fail_msg("%s", bad[i]);
        assert_int_equal(failure.kind, FAILURE_BAD_REQUEST);
        assert_non_null(strstr(failure.message, "AWS_ENDPOINT_URL_S3"));
        assert_null(strstr(failure.message, "hunter"));
    }
}

/* One account for all buckets, another one for some: whole names only. */
static void expects_owners(void **state) {
    (void)state;
    static const struct {
        const char *owners, *bucket, *account; /* NULL: none */
    } cases[] = {
        {"", "tiles", NULL},
        {"111122223333", "tiles", "111122223333"},
        {"111122223333,tiles=444455556666", "tiles", "444455556666"},
        {"tiles=444455556666,111122223333", "tiles", "444455556666"},
        {"tiles=444455556666,111122223333", "tile", "111122223333"},
        {"tiles=444455556666,111122223333", "tiles2", "111122223333"},
        {"tiles=444455556666", "sources", NULL},
        {"a=111122223333,tiles=444455556666", "tiles", "444455556666"},
    };
    static const char *const bad[] = {
        "1111",          "1111222233334", "111122223333,,", ",111122223333", "11112222333x",
        "=111122223333", "tiles=1111",    "tiles=",         "tiles",         "a=b=c 111122223333"};
    struct endpoint endpoint;
    struct failure failure;
    setenv("AWS_ACCESS_KEY_ID", "id", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_REGION", "eu-west-1", 1);
    setenv("AWS_ENDPOINT_URL_S3", "", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char account[16];
        setenv("TILE_BUCKET_OWNER", cases[i].owners, 1);
        assert_true(endpoint_read(&endpoint, &failure));
        assert_int_equal(endpoint_owner(account, &endpoint, cases[i].bucket), cases[i].account != NULL);
        assert_string_equal(account, cases[i].account ? cases[i].account : "");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("TILE_BUCKET_OWNER", bad[i], 1);
        if (endpoint_read(&endpoint, &failure))
            fail_msg("%s", bad[i]);
        assert_int_equal(failure.kind, FAILURE_BAD_REQUEST);
        assert_non_null(strstr(failure.message, "TILE_BUCKET_OWNER"));
    }
    unsetenv("TILE_BUCKET_OWNER");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_objects),     cmocka_unit_test(finds_the_longest), cmocka_unit_test(knows_a_region),
        cmocka_unit_test(reads_an_endpoint), cmocka_unit_test(expects_owners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
