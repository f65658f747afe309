/* SPDX-License-Identifier: MIT */
/* What the tests of the storage share: the S3 server, a proxy before it that makes faults, another client. */
#ifndef TEST_STORE_H
#define TEST_STORE_H

#include "storage/storage.h"

#include "support.h"

#include <jansson.h>

/* For calls that have `&failure` as their last argument. */
#define assert_works(call)                                                                                             \
    do {                                                                                                               \
        failure = (struct failure){0};                                                                                 \
        if (!(call))                                                                                                   \
            fail_msg("%s: %s: %s", #call, failure_type(failure.kind), failure.message);                                \
    } while (0)

#define assert_refused(expected, call)                                                                                 \
    do {                                                                                                               \
        failure = (struct failure){0};                                                                                 \
        if (call)                                                                                                      \
            fail_msg("%s: worked", #call);                                                                             \
        if (failure.kind != (expected))                                                                                \
            fail_msg("%s: %s instead of %s: %s", #call, failure_type(failure.kind), failure_type(expected),            \
                     failure.message);                                                                                 \
        assert_true(failure.message[0] != '\0' && !strchr(failure.message, '\n'));                                     \
    } while (0)

/* The endpoint of the real server. */
const char *store_endpoint(void);
/* Says so where there is none: such tests exit with 77, which meson counts as skipped. */
bool store_is_there(void);
/* A storage that asks `endpoint` with the test's own credentials. */
struct storage *store_new(const char *endpoint, uint64_t cache);

/* Starts faults.py before the real server. */
struct proxy {
    int process;
    char endpoint[64];
};
struct proxy proxy_start(void);
/* With this file's certificate and key; proxy_rules and those below do not speak TLS. */
struct proxy proxy_start_tls(const char *certificate);
void proxy_stop(struct proxy proxy);
void proxy_rules(struct proxy proxy, const char *json);
/* What it saw since; to be freed by json_decref. */
json_t *proxy_seen(struct proxy proxy);
/* How many requests of this method (NULL: any) have `path` in theirs. */
size_t proxy_count(struct proxy proxy, const char *method, const char *path);

/* By s3.py: the object's content, or whether it is there. */
struct test_bytes other_get(const char *bucket, const char *key);
bool other_has(const char *bucket, const char *key);
void other_put(const char *bucket, const char *key, const void *data, size_t size);

/* Bytes that differ from place to place, and by seed. */
unsigned char *pattern(size_t size, uint64_t seed);

#endif
