/* SPDX-License-Identifier: MIT */
/*
 * Signatures against published ones: AWS's signature test suite (aws-sig-v4-test-suite, as in awslabs/aws-c-auth,
 * tests/aws-signing-test-suite/v4, and the AWS SDK for JavaScript's suite.fixture) and the examples of the S3 API
 * Reference, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
 */
#include "support.h"

#include "storage/sign.h"

#define EMPTY      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define TOKEN                                                                                                          \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt" \
    "hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNV"  \
    "XAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/"       \
    "oLxBA=="

struct vector {
    const char *name, *method, *path, *query;
    struct sign_header headers[4]; /* besides host and x-amz-date */
    const char *payload;
    const char *signature;
};

/* Secret and time are the suite's; all of it is of the service "service" in us-east-1. */
static const struct vector suite[] = {
    {"get-vanilla", "GET", "/", "", {{0}}, EMPTY, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     "Param1=value1",
     {{0}},
     EMPTY,
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     "Param1=value1&Param2=value2",
     {{0}},
     EMPTY,
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     UNRESERVED "=" UNRESERVED,
     {{0}},
     EMPTY,
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     "%E1%88%B4=bar",
     {{0}},
     EMPTY,
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-unreserved",
     "GET",
     "/" UNRESERVED,
     "",
     {{0}},
     EMPTY,
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-utf8",
     "GET",
     "/\xe1\x88\xb4",
     "",
     {{0}},
     EMPTY,
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-header-key-duplicate",
     "GET",
     "/",
     "",
     {{"my-header1", "value2,value2,value1"}},
     EMPTY,
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-order",
     "GET",
     "/",
     "",
     {{"my-header1", "value4,value1,value3,value2"}},
     EMPTY,
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"get-header-value-trim",
     "GET",
     "/",
     "",
     {{"my-header2", " \"a   b   c\" "}, {"my-header1", " value1"}},
     EMPTY,
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"post-vanilla", "POST", "/", "", {{0}}, EMPTY, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-vanilla-query",
     "POST",
     "/",
     "Param1=value1",
     {{0}},
     EMPTY,
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-header-key-sort",
     "POST",
     "/",
     "",
     {{"my-header1", "value1"}},
     EMPTY,
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-header-value-case",
     "POST",
     "/",
     "",
     {{"my-header1", "VALUE1"}},
     EMPTY,
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post-sts-header-before",
     "POST",
     "/",
     "",
     {{"x-amz-security-token", TOKEN}},
     EMPTY,
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
    /* The hash is that of "Param1=value1", which `printf Param1=value1 | sha256sum` tells, too. */
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     "",
     {{"content-type", "application/x-www-form-urlencoded"}},
     "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"post-x-www-form-urlencoded-parameters",
     "POST",
     "/",
     "",
     {{"content-type", "application/x-www-form-urlencoded; charset=utf8"}},
     "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
     "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
};

static const struct vector s3[] = {
    {"GET Object",
     "GET",
     "/test.txt",
     "",
     {{"x-amz-content-sha256", EMPTY}, {"range", "bytes=0-9"}},
     EMPTY,
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT Object",
     "PUT",
     "/test$file.text",
     "",
     {{"x-amz-storage-class", "REDUCED_REDUNDANCY"},
      {"date", "Fri, 24 May 2013 00:00:00 GMT"},
      {"x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}},
     "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET Bucket Lifecycle",
     "GET",
     "/",
     "lifecycle=",
     {{"x-amz-content-sha256", EMPTY}},
     EMPTY,
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"Get Bucket (List Objects)",
     "GET",
     "/",
     "max-keys=2&prefix=J",
     {{"x-amz-content-sha256", EMPTY}},
     EMPTY,
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static void check(const struct vector *v, struct sign_scope *scope, const char *host, const char *time) {
    char path[512], authorization[SIGN_AUTHORIZATION_SIZE];
    assert_true(sign_encode_path(path, sizeof path, v->path));
    struct sign_request request = {.method = v->method, .path = path, .query = v->query, .payload = v->payload};
    request.headers[request.header_count++] = (struct sign_header){"x-amz-date", time};
    for (size_t i = 0; i < 4 && v->headers[i].name; i++)
        request.headers[request.header_count++] = v->headers[i];
    request.headers[request.header_count++] = (struct sign_header){"host", host};
    assert_true(sign(authorization, scope, &request, time));
    const char *signature = strstr(authorization, "Signature=");
    assert_non_null(signature);
    if (strcmp(signature + strlen("Signature="), v->signature) != 0)
        fail_msg("%s: %s instead of %s", v->name, signature, v->signature);
}

static void gives_what_the_suite_gives(void **state) {
    (void)state;
    struct sign_scope scope = {.id = "AKIDEXAMPLE",
                               .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                               .region = "us-east-1",
                               .service = "service"};
    for (size_t i = 0; i < sizeof suite / sizeof *suite; i++)
        check(&suite[i], &scope, "example.amazonaws.com", "20150830T123600Z");
}

static void gives_what_s3_documents(void **state) {
    (void)state;
    struct sign_scope scope = {.id = "AKIAIOSFODNN7EXAMPLE",
                               .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                               .region = "us-east-1",
                               .service = "s3"};
    for (size_t i = 0; i < sizeof s3 / sizeof *s3; i++)
        check(&s3[i], &scope, "examplebucket.s3.amazonaws.com", "20130524T000000Z");
}

/* The whole line, as the S3 API Reference prints it for its first example (there without spaces after commas). */
static void writes_the_whole_header(void **state) {
    (void)state;
    char authorization[SIGN_AUTHORIZATION_SIZE];
    struct sign_scope scope = {.id = "AKIAIOSFODNN7EXAMPLE",
                               .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                               .region = "us-east-1",
                               .service = "s3"};
    struct sign_request request = {.method = "GET",
                                   .path = "/test.txt",
                                   .query = "",
                                   .headers = {{"range", "bytes=0-9"},
                                               {"host", "examplebucket.s3.amazonaws.com"},
                                               {"x-amz-date", "20130524T000000Z"},
                                               {"x-amz-content-sha256", EMPTY}},
                                   .header_count = 4,
                                   .payload = EMPTY};
    assert_true(sign(authorization, &scope, &request, "20130524T000000Z"));
    assert_string_equal(authorization,
                        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
                        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

/* A process that lives over midnight signs with the new day's key, as one that begins then does. */
static void follows_the_day(void **state) {
    (void)state;
    char first[SIGN_AUTHORIZATION_SIZE], second[SIGN_AUTHORIZATION_SIZE];
    struct sign_scope old = {.id = "id", .secret = "secret", .region = "eu-west-1", .service = "s3"}, new = old;
    struct sign_request request = {.method = "GET", .path = "/", .query = "", .payload = EMPTY};
    assert_true(sign(first, &old, &request, "20240229T235959Z"));
    assert_true(sign(first, &old, &request, "20240301T000000Z"));
    assert_true(sign(second, &new, &request, "20240301T000000Z"));
    assert_string_equal(first, second);
}

static void encodes_any_byte_once(void **state) {
    (void)state;
    char all[256] = "", out[3 * 256];
    for (int c = 1; c < 256; c++)
        all[c - 1] = (char)c;
    assert_true(sign_encode_path(out, sizeof out, all));
    const char *at = out;
    for (int c = 1; c < 256; c++) {
        bool plain = c < 128 && (strchr(UNRESERVED, c) || c == '/');
        unsigned value = 0;
        if (plain)
            assert_int_equal(*at++, c);
        else {
            assert_int_equal(sscanf(at, "%%%02X", &value), 1);
            assert_int_equal(value, c);
            at += 3;
        }
    }
    assert_int_equal(*at, '\0');
    size_t exact = strlen(out) + 1;
    struct test_guarded guarded = test_guarded_new(exact, true);
    assert_true(sign_encode_path((char *)guarded.data, exact, all));
    for (size_t size = 1; size < exact; size++)
        assert_false(sign_encode_path((char *)guarded.data + exact - size, size, all));
    test_guarded_free(guarded);
    /* In a query, a slash is a byte like others. */
    assert_true(sign_encode_value(out, sizeof out, "a/b+c=&d?"));
    assert_string_equal(out, "a%2Fb%2Bc%3D%26d%3F");
    assert_false(sign_encode_value(out, 3, "/"));
    assert_false(sign_encode_value(out, 0, ""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_the_suite_gives), cmocka_unit_test(gives_what_s3_documents),
        cmocka_unit_test(writes_the_whole_header),    cmocka_unit_test(follows_the_day),
        cmocka_unit_test(encodes_any_byte_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
