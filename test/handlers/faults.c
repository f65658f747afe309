/* SPDX-License-Identifier: MIT */
/*
 * Networks and stores at their worst, between this storage and a real S3
 * server: what passes is survived, what does not ends in the failure of its
 * type, and nothing half-written is there. All cases run at once: most of their
 * time is waiting for another try.
 */
#include "store.h"

#include "base/parallel.h"
#include "storage/http.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 300000, FROM = 1000, PART = 200000, WORKS = -1 };
/* Requests of one case of many: its own 3 and, where the store answers, some of those that all have in common. */
enum { SOME = 16 };

struct fault {
    const char *name;   /* and key */
    const char *rule;   /* members of it, but for the path */
    int expected;       /* a failure_kind or WORKS */
    size_t least, most; /* requests */
};

#define CODE(number, text) "\"fault\":\"status\",\"status\":" #number ",\"code\":\"" text "\""
#define TWICE              ",\"times\":2"
#define ALWAYS             ",\"times\":-1"

static const struct fault reads[] = {
    {"500", CODE(500, "InternalError") TWICE, WORKS, 3, 3},
    {"502", CODE(502, "") TWICE, WORKS, 3, 3},
    {"503", CODE(503, "SlowDown") TWICE, WORKS, 3, 3},
    {"500-bare", CODE(500, "") TWICE, WORKS, 3, 3},
    {"503-bare", CODE(503, "") TWICE, WORKS, 3, 3},
    {"504", CODE(504, "") TWICE, WORKS, 3, 3},
    {"429", CODE(429, "") TWICE, WORKS, 3, 3},
    {"throttled", CODE(400, "Throttling") TWICE, WORKS, 3, 3},
    {"timed-out", CODE(400, "RequestTimeout") TWICE, WORKS, 3, 3},
    {"skewed", CODE(403, "RequestTimeTooSkewed") TWICE, WORKS, 3, 3},
    {"reset", "\"fault\":\"reset\"" TWICE, WORKS, 3, 3},
    {"cut", "\"fault\":\"cut\"" TWICE, WORKS, 3, 3},
    {"short", "\"fault\":\"short\"" TWICE, WORKS, 3, 3},
    {"long", "\"fault\":\"long\"" TWICE, WORKS, 3, 3},
    {"shifted", "\"fault\":\"shifted\"" TWICE, WORKS, 3, 3},
    {"refused", "\"fault\":\"refuse\"" TWICE, WORKS, 3, 3},
    {"late", "\"fault\":\"delay\",\"seconds\":2", WORKS, 1, 1},
    {"500-always", CODE(500, "InternalError") ALWAYS, FAILURE_SOURCE_UNREADABLE, 3, SOME},
    {"503-always", CODE(503, "SlowDown") ALWAYS, FAILURE_SOURCE_UNREADABLE, 3, SOME},
    {"reset-always", "\"fault\":\"reset\"" ALWAYS, FAILURE_SOURCE_UNREADABLE, 3, SOME},
    {"cut-always", "\"fault\":\"cut\"" ALWAYS, FAILURE_SOURCE_UNREADABLE, 3, SOME},
    {"short-always", "\"fault\":\"short\"" ALWAYS, FAILURE_SOURCE_UNREADABLE, 3, SOME},
    {"long-always", "\"fault\":\"long\"" ALWAYS, FAILURE_SOURCE_UNREADABLE, 3, SOME},
    {"shifted-always", "\"fault\":\"shifted\"" ALWAYS, FAILURE_SOURCE_UNREADABLE, 3, SOME},
    {"headers-always", "\"fault\":\"headers\"" ALWAYS, FAILURE_SOURCE_UNREADABLE, 3, SOME},
    {"noise-always", "\"fault\":\"noise\"" ALWAYS, FAILURE_SOURCE_UNREADABLE, 3, SOME},
    {"noise-denied", "\"fault\":\"noise\",\"status\":403" ALWAYS, FAILURE_SOURCE_DENIED, 1, 1},
    {"403", CODE(403, "AccessDenied") ALWAYS, FAILURE_SOURCE_DENIED, 1, 1},
    {"expired", CODE(400, "ExpiredToken") ALWAYS, FAILURE_SOURCE_DENIED, 1, 1},
    {"404", CODE(404, "NoSuchKey") ALWAYS, FAILURE_SOURCE_NOT_FOUND, 1, 1},
    {"412", CODE(412, "PreconditionFailed") ALWAYS, FAILURE_SOURCE_CHANGED, 1, 1},
    {"416", CODE(416, "InvalidRange") ALWAYS, FAILURE_SOURCE_CHANGED, 1, 1},
    {"other", "\"fault\":\"other\"" ALWAYS, FAILURE_SOURCE_CHANGED, 1, 1},
    {"redirected", CODE(301, "PermanentRedirect") ALWAYS, FAILURE_SOURCE_DENIED, 1, 1},
};

static const struct fault writes[] = {
    {"500", CODE(500, "InternalError") TWICE, WORKS, 3, 3},
    {"503", CODE(503, "SlowDown") TWICE, WORKS, 3, 3},
    {"conflict", CODE(409, "ConditionalRequestConflict") TWICE, WORKS, 3, 3},
    {"refused", "\"fault\":\"refuse\"" TWICE, WORKS, 3, 3},
    {"damaged", "\"fault\":\"damage\"" TWICE, WORKS, 3, 3},
    {"500-always", CODE(500, "InternalError") ALWAYS, FAILURE_OUTPUT_UNWRITABLE, 3, SOME},
    {"503-always", CODE(503, "SlowDown") ALWAYS, FAILURE_OUTPUT_UNWRITABLE, 3, SOME},
    /* On a kept connection, the first time is the connection's fault. */
    {"refused-always", "\"fault\":\"refuse\"" ALWAYS, FAILURE_OUTPUT_UNWRITABLE, 3, 6},
    {"damaged-always", "\"fault\":\"damage\"" ALWAYS, FAILURE_OUTPUT_UNWRITABLE, 3, SOME},
    {"403", CODE(403, "AccessDenied") ALWAYS, FAILURE_OUTPUT_DENIED, 1, 1},
    {"404", CODE(404, "NoSuchBucket") ALWAYS, FAILURE_OUTPUT_DENIED, 1, 1},
    {"412", CODE(412, "PreconditionFailed") ALWAYS, FAILURE_OUTPUT_DENIED, 1, 1},
    {"501", CODE(501, "NotImplemented") ALWAYS, FAILURE_UNSUPPORTED, 1, 1},
    {"too-large", CODE(400, "EntityTooLarge") ALWAYS, FAILURE_LIMIT_EXCEEDED, 1, 1},
};

struct cases {
    struct storage *storage;
    const struct fault *faults;
    const char *prefix; /* of their keys; other ones for each process */
    unsigned char *data;
    int got[64];
    struct failure failures[64];
};

static void set_rules(struct proxy proxy, const struct cases *cases, size_t count, const char *method) {
    char rules[32768];
    int size = snprintf(rules, sizeof rules, "[");
    for (size_t i = 0; i < count; i++)
        size += snprintf(rules + size, sizeof rules - (size_t)size, "%s{\"method\":\"%s\",\"path\":\"%s/%s.end\",%s}",
                         i ? "," : "", method, cases->prefix, cases->faults[i].name, cases->faults[i].rule);
    assert_true((size_t)size < sizeof rules - 2);
    snprintf(rules + size, sizeof rules - (size_t)size, "]");
    proxy_rules(proxy, rules);
}

static void url_of(char url[STORAGE_URL_MOST], const struct cases *cases, uint64_t index) {
    snprintf(url, STORAGE_URL_MOST, "s3://tile/%s/%s.end", cases->prefix, cases->faults[index].name);
}

static void check(struct proxy proxy, const struct cases *cases, size_t count, const char *method) {
    char path[128];
    for (size_t i = 0; i < count; i++) {
        const struct fault *f = &cases->faults[i];
        if (cases->got[i] != f->expected)
            fail_msg("%s %s: %s: %s", method, f->name,
                     cases->got[i] == WORKS ? "worked" : failure_type((enum failure_kind)cases->got[i]),
                     cases->failures[i].message);
        if (cases->got[i] != WORKS && !strstr(cases->failures[i].message, f->name))
            fail_msg("%s %s: the message does not name it: %s", method, f->name, cases->failures[i].message);
        snprintf(path, sizeof path, "%s/%s.end", cases->prefix, f->name);
        size_t seen = proxy_count(proxy, method, path);
        if (seen < f->least || seen > f->most)
            fail_msg("%s %s: %zu requests", method, f->name, seen);
    }
}

static bool put_one(void *user, uint64_t index, struct failure *failure) {
    struct cases *cases = user;
    char url[STORAGE_URL_MOST];
    url_of(url, cases, index);
    return storage_put(cases->storage, url, cases->data, SIZE, NULL, failure);
}

static bool read_one(void *user, uint64_t index, struct failure *failure) {
    struct cases *cases = user;
    char url[STORAGE_URL_MOST];
    struct object *object;
    (void)failure;
    url_of(url, cases, index);
    unsigned char *part = calloc(1, PART);
    struct failure *why = &cases->failures[index];
    bool done = storage_open(&object, cases->storage, url, NULL, why);
    if (done) {
        done = storage_read(object, FROM, part, PART, why);
        storage_close(object);
    }
    cases->got[index] = !done ? (int)why->kind : memcmp(part, cases->data + FROM, PART) == 0 ? WORKS : -2;
    free(part);
    return true;
}

static bool write_one(void *user, uint64_t index, struct failure *failure) {
    struct cases *cases = user;
    (void)failure;
    cases->got[index] = put_one(user, index, &cases->failures[index]) ? WORKS : (int)cases->failures[index].kind;
    return true;
}

static void survives_what_passes_when_it_reads(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct failure failure;
    char prefix[64];
    const size_t count = sizeof reads / sizeof *reads;
    snprintf(prefix, sizeof prefix, "reads-%d", getpid());
    struct cases *cases = calloc(1, sizeof *cases);
    *cases = (struct cases){.storage = store_new(proxy.endpoint, 0), .faults = reads, .prefix = prefix};
    cases->data = pattern(SIZE, 1);
    assert_works(parallel_run(count, 8, put_one, cases, &failure));
    set_rules(proxy, cases, count, "GET");
    assert_works(parallel_run(count, (int)count, read_one, cases, &failure));
    check(proxy, cases, count, "GET");
    storage_free(cases->storage);
    free(cases->data);
    free(cases);
    proxy_stop(proxy);
}

static void leaves_nothing_when_it_cannot_write(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct failure failure;
    char prefix[64], key[128];
    const size_t count = sizeof writes / sizeof *writes;
    snprintf(prefix, sizeof prefix, "writes-%d", getpid());
    struct cases *cases = calloc(1, sizeof *cases);
    *cases = (struct cases){.storage = store_new(proxy.endpoint, 0), .faults = writes, .prefix = prefix};
    cases->data = pattern(SIZE, 2);
    set_rules(proxy, cases, count, "PUT");
    assert_works(parallel_run(count, (int)count, write_one, cases, &failure));
    check(proxy, cases, count, "PUT");
    for (size_t i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%s/%s.end", prefix, writes[i].name);
        if (other_has("tile", key) != (writes[i].expected == WORKS))
            fail_msg("%s: there, or not there", key);
        if (writes[i].expected != WORKS)
            continue;
        struct test_bytes bytes = other_get("tile", key);
        assert_int_equal(bytes.size, SIZE);
        assert_memory_equal(bytes.data, cases->data, SIZE);
        free(bytes.data);
    }
    storage_free(cases->storage);
    free(cases->data);
    free(cases);
    proxy_stop(proxy);
}

/* What cannot be settled by trying again is told so that one knows where to look. */
static void tells_why(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct failure failure;
    struct storage_facts facts;
    struct storage *storage = store_new(proxy.endpoint, 0);
    proxy_rules(proxy, "[{\"path\":\"odd\",\"fault\":\"status\",\"status\":200,\"body\":\"\",\"headers\":{"
                       "\"ETag\":\"\\u0001\",\"Content-Type\":\"t\\u00e9\",\"x-amz-meta-tile\":\"a\\tb\"}},"
                       "{\"path\":\"skewed\"," CODE(403, "RequestTimeTooSkewed") ALWAYS
                "},"
                "{\"path\":\"lost\",\"fault\":\"refuse\"},"
                "{\"path\":\"lost\"," CODE(412, "PreconditionFailed") ALWAYS
                "},"
                "{\"path\":\"kept\"," CODE(412, "PreconditionFailed") ALWAYS "}]");
    assert_refused(FAILURE_SOURCE_UNREADABLE, storage_stat(storage, "s3://tile/skewed", &facts, &failure));
    assert_non_null(strstr(failure.message, "the clock of this machine is wrong"));
    /* What is no text goes into no JSON and no other request's header. */
    assert_works(storage_stat(storage, "s3://tile/odd", &facts, &failure));
    assert_string_equal(facts.etag, "");
    assert_string_equal(facts.type, "");
    assert_string_equal(facts.note, "");
    const struct storage_put_options keep = {.keep = true};
    assert_refused(FAILURE_OUTPUT_DENIED, storage_put(storage, "s3://tile/kept", "x", 1, &keep, &failure));
    assert_null(strstr(failure.message, "perhaps"));
    assert_refused(FAILURE_OUTPUT_DENIED, storage_put(storage, "s3://tile/lost", "x", 1, &keep, &failure));
    assert_non_null(strstr(failure.message, "perhaps from this call's first attempt"));
    storage_free(storage);
    proxy_stop(proxy);
}

/* ---- Regions
 * ------------------------------------------------------------------------------------------------
 */

static void put_small(struct storage *storage, const char *url) {
    struct failure failure;
    assert_works(storage_put(storage, url, "content", 7, NULL, &failure));
}

static void read_small(struct storage *storage, const char *url) {
    struct failure failure;
    struct tile_buffer buffer = {0};
    assert_works(storage_get(storage, url, 100, &buffer, NULL, &failure));
    assert_int_equal(buffer.size, 7);
    assert_memory_equal(buffer.data, "content", 7);
    tile_buffer_free(&buffer);
}

/* The server's region is us-east-1, and it answers 400
 * AuthorizationHeaderMalformed to signatures of others. */
static void learns_the_region_of_a_bucket(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct failure failure;
    struct storage_facts facts;
    for (int first = 0; first < 3; first++) {
        struct storage *storage = store_new(proxy.endpoint, 0);
        setenv("AWS_REGION", "eu-central-1", 1);
        proxy_rules(proxy, "[]");
        if (first == 0)
            put_small(storage, "s3://tile/elsewhere");
        else if (first == 1)
            read_small(storage, "s3://tile/elsewhere");
        else
            assert_works(storage_stat(storage, "s3://tile/elsewhere", &facts, &failure));
        size_t asked = proxy_count(proxy, NULL, "elsewhere");
        assert_in_range(asked, 2, 3); /* HEAD's error has no body, and takes one more */
        read_small(storage, "s3://tile/elsewhere");
        assert_works(storage_stat(storage, "s3://tile/elsewhere", &facts, &failure));
        put_small(storage, "s3://tile/elsewhere");
        assert_int_equal(proxy_count(proxy, NULL, "elsewhere"), asked + 3); /* it is asked for once only */
        storage_free(storage);
    }
    proxy_stop(proxy);
}

static bool read_elsewhere(void *storage, uint64_t index, struct failure *failure) {
    struct tile_buffer buffer = {0};
    (void)index;
    bool done = storage_get(storage, "s3://tile/elsewhere", 100, &buffer, NULL, failure);
    tile_buffer_free(&buffer);
    return done;
}

/* The first answer teaches the region while the others' requests are underway, signed for the wrong one. */
static void learns_the_region_for_all_that_ask(void **state) {
    (void)state;
    enum { COUNT = 8 };
    struct proxy proxy = proxy_start();
    struct failure failure;
    struct storage *storage = store_new(proxy.endpoint, 0);
    put_small(storage, "s3://tile/elsewhere");
    storage_free(storage);
    storage = store_new(proxy.endpoint, 0);
    setenv("AWS_REGION", "eu-central-1", 1);
    proxy_rules(proxy, "[{\"fault\":\"delay\",\"seconds\":0.5,\"path\":\"elsewhere\",\"after\":1,\"times\":7}]");
    assert_works(parallel_run(COUNT, COUNT, read_elsewhere, storage, &failure));
    assert_in_range(proxy_count(proxy, NULL, "elsewhere"), COUNT + 1, 2 * COUNT);
    storage_free(storage);
    proxy_stop(proxy);
}

#define TO_REGION(name)                                                                                                \
    "{\"fault\":\"status\",\"status\":301,\"path\":\"moved\",\"headers\":{\"x-amz-bucket-region\":\"" name "\"}}"

/* Amazon's other forms: 301 with a header, and one that never ends. */
static void follows_a_redirect_once(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct tile_buffer buffer = {0};
    struct failure failure;
    struct storage_facts facts;
    struct storage *storage = store_new(proxy.endpoint, 0);
    put_small(storage, "s3://tile/moved");
    storage_free(storage);
    storage = store_new(proxy.endpoint, 0);
    setenv("AWS_REGION", "eu-central-1", 1);
    proxy_rules(proxy, "[{\"fault\":\"status\",\"status\":301,\"code\":"
                       "\"PermanentRedirect\",\"path\":\"moved\","
                       "\"headers\":{\"x-amz-bucket-region\":\"us-east-1\"}}]");
    assert_works(storage_stat(storage, "s3://tile/moved", &facts, &failure));
    assert_int_equal(facts.size, 7);
    assert_int_equal(proxy_count(proxy, NULL, "moved"), 2);
    proxy_rules(proxy, "[{\"fault\":\"status\",\"status\":301,\"code\":"
                       "\"PermanentRedirect\",\"path\":\"moved\","
                       "\"headers\":{\"x-amz-bucket-region\":\"mars-1\"},\"times\":-1}]");
    assert_refused(FAILURE_SOURCE_DENIED, storage_stat(storage, "s3://tile/moved", &facts, &failure));
    assert_in_range(proxy_count(proxy, NULL, "moved"), 2, 4);
    /* Nor does one that leads from region to region. */
    proxy_rules(proxy, "[" TO_REGION("venus-1") "," TO_REGION("mars-1") "," TO_REGION("venus-1") "," TO_REGION(
                           "mars-1") "," TO_REGION("venus-1") "]");
    assert_refused(FAILURE_SOURCE_DENIED, storage_get(storage, "s3://tile/moved", 100, &buffer, NULL, &failure));
    assert_int_equal(proxy_count(proxy, NULL, "moved"), 2);
    /* What cannot be a region's name never becomes part of a host's. */
    proxy_rules(proxy, "[{\"fault\":\"status\",\"status\":301,\"code\":\"PermanentRedirect\","
                       "\"path\":\"moved\","
                       "\"headers\":{\"x-amz-bucket-region\":\"evil.example/\"},\"times\":-1}]");
    assert_refused(FAILURE_SOURCE_DENIED, storage_stat(storage, "s3://tile/moved", &facts, &failure));
    storage_free(storage);
    proxy_stop(proxy);
}

/* ---- Connections and time
 * -----------------------------------------------------------------------------------
 */

/* A sandbox that was frozen finds all of its connections closed. */
static void forgives_closed_connections(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct storage *storage = store_new(proxy.endpoint, 0);
    put_small(storage, "s3://tile/closed");
    proxy_rules(proxy, "[{\"fault\":\"hangup\",\"times\":-1}]");
    for (int i = 0; i < 30; i++) {
        read_small(storage, "s3://tile/closed");
        put_small(storage, "s3://tile/closed");
    }
    /* This one dies just as it is used again. */
    proxy_rules(proxy, "[{\"fault\":\"refuse\",\"after\":1}]");
    read_small(storage, "s3://tile/closed");
    read_small(storage, "s3://tile/closed");
    assert_int_equal(storage_count(storage).retries, 0);
    storage_free(storage);
    proxy_stop(proxy);
}

static void keeps_connections(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct storage *storage = store_new(proxy.endpoint, 0);
    proxy_rules(proxy, "[]");
    for (int i = 0; i < 20; i++) {
        put_small(storage, "s3://tile/kept");
        read_small(storage, "s3://tile/kept");
    }
    /* The transport's thread leaves SIGTERM, and all others, to the program's own. */
    assert_int_equal(test_run(NULL, "grep -h SigBlk /proc/%d/task/*/status | grep -q '[4-7c-f]...$'", getpid()), 0);
    json_t *seen = proxy_seen(proxy);
    assert_int_equal(json_array_size(seen), 40);
    for (size_t i = 1; i < 40; i++)
        assert_true(json_equal(json_object_get(json_array_get(seen, i), "connection"),
                               json_object_get(json_array_get(seen, 0), "connection")));
    json_decref(seen);
    /* Between requests, the transport sleeps. */
    clock_t before = clock();
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    assert_true(clock() - before < CLOCKS_PER_SEC / 10);
    storage_free(storage);
    proxy_stop(proxy);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void ends_by_the_deadline(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct failure failure;
    struct storage_facts facts;
    struct tile_buffer buffer = {0};
    struct storage *storage = store_new(proxy.endpoint, 0);
    unsigned char *data = pattern(SIZE, 3);
    assert_works(storage_put(storage, "s3://tile/late", data, SIZE, NULL, &failure));
    proxy_rules(proxy, "[{\"fault\":\"delay\",\"seconds\":30,\"method\":\"HEAD\",\"times\":-1},"
                       "{\"fault\":\"stall\",\"seconds\":30,\"method\":\"GET\",\"times\":-1},"
                       "{\"fault\":\"delay\",\"seconds\":30,\"method\":\"PUT\",\"times\":-1}]");
    int64_t begun = now();
    storage_set_deadline(storage, begun + 500);
    assert_refused(FAILURE_OUT_OF_TIME, storage_stat(storage, "s3://tile/late", &facts, &failure));
    assert_non_null(strstr(failure.message, "s3://tile/late"));
    storage_set_deadline(storage, now() + 500);
    assert_refused(FAILURE_OUT_OF_TIME, storage_get(storage, "s3://tile/late", SIZE, &buffer, NULL, &failure));
    assert_int_equal(buffer.size, 0);
    storage_set_deadline(storage, now() + 500);
    assert_refused(FAILURE_OUT_OF_TIME, storage_put(storage, "s3://tile/late", data, SIZE, NULL, &failure));
    assert_int_equal(proxy_count(proxy, NULL, "late"), 3);
    assert_true(now() - begun < 15000); /* before it is given up for its silence */
    proxy_rules(proxy, "[]");
    storage_set_deadline(storage, now() - 1);
    assert_refused(FAILURE_OUT_OF_TIME, storage_stat(storage, "s3://tile/late", &facts, &failure));
    assert_int_equal(proxy_count(proxy, NULL, "late"), 0); /* not even asked */
    storage_set_deadline(storage, INT64_MAX);
    proxy_rules(proxy, "[{\"fault\":\"delay\",\"seconds\":1,\"times\":-1}]");
    assert_works(storage_stat(storage, "s3://tile/late", &facts, &failure)); /* and it lives on, without haste */
    free(data);
    tile_buffer_free(&buffer);
    storage_free(storage);
    proxy_stop(proxy);
}

static void trusts_whom_it_is_told_to(void **state) {
    (void)state;
    char *folder = test_folder_new();
    const char *pem = test_path(folder, "pem");
    assert_int_equal(test_run(NULL,
                              "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test "
                              "-addext subjectAltName=IP:127.0.0.1 -keyout '%s' -out '%s.crt' 2>/dev/null && "
                              "cat '%s.crt' >>'%s'",
                              pem, pem, pem, pem),
                     0);
    struct proxy proxy = proxy_start_tls(pem);
    struct failure failure;
    struct storage_facts facts;
    char bundle[600];
    snprintf(bundle, sizeof bundle, "%s.crt", pem);
    setenv("AWS_CA_BUNDLE", bundle, 1);
    struct storage *storage = store_new(proxy.endpoint, 0);
    for (int i = 0; i < 3; i++) {
        put_small(storage, "s3://tile/encrypted");
        read_small(storage, "s3://tile/encrypted");
    }
    storage_free(storage);
    unsetenv("AWS_CA_BUNDLE");
    storage = store_new(proxy.endpoint, 0);
    assert_refused(FAILURE_SOURCE_UNREADABLE, storage_stat(storage, "s3://tile/encrypted", &facts, &failure));
    assert_non_null(strstr(failure.message, "certificate"));
    assert_int_equal(storage_count(storage).requests, 1); /* it would be the same one another time */
    storage_free(storage);
    proxy_stop(proxy);
    test_folder_remove(folder);
}

struct plain {
    const char *url;
    int verdicts;
    uint64_t size;
};

static bool prepare_plain(struct http_request *request, struct failure *failure) {
    struct plain *plain = request->user;
    request->method = "GET";
    plain->size = 0;
    return http_set_url(request, plain->url) || failure_set(failure, FAILURE_OUT_OF_MEMORY, "no memory");
}

static void pass_over(struct http_request *request, const char *name, const char *value) {
    (void)request, (void)name, (void)value;
}

static bool add_up(struct http_request *request, const void *data, size_t size) {
    (void)data;
    ((struct plain *)request->user)->size += size;
    return true;
}

static enum http_verdict judge_plain(struct http_request *request, struct failure *failure) {
    ((struct plain *)request->user)->verdicts++;
    if (request->transport == CURLE_OK)
        return HTTP_DONE;
    failure_set(failure, FAILURE_SOURCE_UNREADABLE, "%s", request->error);
    return HTTP_RETRY;
}

/* Below the storage, as that waits for longer than a test should. The answer's
 * status is no matter here. */
static void tries_again_when_nothing_comes(void **state) {
    (void)state;
    static const struct http_hooks hooks = {
        .prepare = prepare_plain, .header = pass_over, .body = add_up, .judge = judge_plain};
    const struct http_options options = {.connect_ms = 5000, .stall_seconds = 3, .attempts = 3, .delay_ms = 10};
    struct proxy proxy = proxy_start();
    struct failure failure;
    struct http_counts counts = {0};
    struct http *http;
    char url[128];
    snprintf(url, sizeof url, "%s/tile/stalled", proxy.endpoint);
    proxy_rules(proxy, "[{\"fault\":\"stall\",\"seconds\":60,\"times\":2}]");
    assert_works(http_new(&http, &options, &counts, &failure));
    struct plain plain = {.url = url};
    struct http_request request = {.hooks = &hooks, .user = &plain, .deadline = INT64_MAX};
    assert_works(http_start(http, &request, &failure));
    assert_works(http_wait(&request, &failure));
    assert_int_equal(plain.verdicts, 3);
    assert_int_equal(counts.retries, 2);
    assert_true(plain.size > 0 && request.status >= 400); /* it is not signed */
    /* Where that happens on a kept connection, the network has forgotten it: no fault of this request's. */
    proxy_rules(proxy, "[{\"fault\":\"delay\",\"seconds\":60,\"after\":1}]");
    for (int i = 0; i < 2; i++) {
        request = (struct http_request){.hooks = &hooks, .user = &plain, .deadline = INT64_MAX};
        assert_works(http_start(http, &request, &failure));
        assert_works(http_wait(&request, &failure));
    }
    assert_int_equal(plain.verdicts, 5);
    assert_int_equal(counts.retries, 2);
    assert_int_equal(proxy_count(proxy, NULL, "stalled"), 3);
    /* One that is given up ends at once. */
    proxy_rules(proxy, "[{\"fault\":\"delay\",\"seconds\":60}]");
    request = (struct http_request){.hooks = &hooks, .user = &plain, .deadline = INT64_MAX};
    assert_works(http_start(http, &request, &failure));
    while (proxy_count(proxy, NULL, "stalled") == 0)
        usleep(1000);
    http_cancel(&request);
    assert_false(http_wait(&request, &failure));
    assert_int_equal(plain.verdicts, 5);
    http_free(http);
    /* Nor is one tried again that is given up meanwhile. */
    const struct http_options patient = {.connect_ms = 5000, .stall_seconds = 20, .attempts = 3, .delay_ms = 20000};
    assert_works(http_new(&http, &patient, &counts, &failure));
    proxy_rules(proxy, "[{\"fault\":\"refuse\"}]");
    request = (struct http_request){.hooks = &hooks, .user = &plain, .deadline = INT64_MAX};
    assert_works(http_start(http, &request, &failure));
    while (counts.retries == 2)
        usleep(1000);
    http_cancel(&request);
    assert_false(http_wait(&request, &failure));
    assert_int_equal(proxy_count(proxy, NULL, "stalled"), 1);
    /* A pause that the deadline would end is not begun; of pauses of up to 20 s, few are shorter than this time. */
    const uint64_t before = counts.retries;
    proxy_rules(proxy, "[{\"fault\":\"refuse\",\"times\":-1}]");
    for (int i = 0; i < 8; i++) {
        request = (struct http_request){.hooks = &hooks, .user = &plain, .deadline = now() + 300};
        assert_works(http_start(http, &request, &failure));
        assert_false(http_wait(&request, &failure));
        assert_int_equal(failure.kind, FAILURE_OUT_OF_TIME);
    }
    assert_true(counts.retries < before + 8);
    http_free(http);
    proxy_stop(proxy);
}

/* ---- Stores with moods
 * --------------------------------------------------------------------------------------
 */

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* What the first request in `seen` to `path` had in a header. */
static bool asked_for(const json_t *seen, const char *path, const char *header) {
    const json_t *one;
    size_t i;
    json_array_foreach(seen, i, one) {
        if (strstr(json_string_value(json_object_get(one, "path")), path))
            return json_object_get(json_object_get(one, "headers"), header) != NULL;
    }
    return false;
}

/* Some stores never say 100 Continue: small bodies do not ask for it, large ones do not wait long. */
static void waits_for_no_permission(void **state) {
    (void)state;
    enum { SMALL = (1 << 20) - 1, LARGE = 1 << 20, TIMES = 4 };
    struct proxy proxy = proxy_start();
    struct failure failure;
    struct storage *storage = store_new(proxy.endpoint, 0);
    unsigned char *data = pattern(LARGE, 8);
    proxy_rules(proxy, "[{\"fault\":\"mute\"},{\"fault\":\"status\",\"status\":200,\"body\":\"\"" ALWAYS "}]");
    for (int large = 0; large < 2; large++) {
        double begun = seconds();
        for (int i = 0; i < TIMES; i++)
            assert_works(storage_put(storage, large ? "s3://tile/mute-large" : "s3://tile/mute-small", data,
                                     large ? LARGE : SMALL, NULL, &failure));
        assert_true(seconds() - begun < TIMES * 0.9); /* a second each is what curl waits by itself */
    }
    json_t *seen = proxy_seen(proxy);
    assert_false(asked_for(seen, "mute-small", "expect"));
    assert_true(asked_for(seen, "mute-large", "expect"));
    json_decref(seen);
    free(data);
    storage_free(storage);
    proxy_stop(proxy);
}

/* Each range is asked for until it is there, as it was; reading it then costs nothing. */
static void goes_on_while_half_is_refused(void **state) {
    (void)state;
    enum { RANGES = 60, STEP = 20000, BYTES = 9000 };
    struct proxy proxy = proxy_start();
    struct failure failure;
    struct object *object;
    struct tile_error error;
    struct tile_range ranges[RANGES];
    struct storage *storage = store_new(proxy.endpoint, 0);
    unsigned char *data = pattern(RANGES * STEP, 9), copy[BYTES];
    char url[80];
    snprintf(url, sizeof url, "s3://tile/half-%d", getpid());
    assert_works(storage_put(storage, url, data, RANGES * STEP, NULL, &failure));
    assert_works(storage_open(&object, storage, url, NULL, &failure));
    for (uint32_t i = 0; i < RANGES; i++)
        ranges[i] = (struct tile_range){(uint64_t)i * STEP, BYTES};
    proxy_rules(proxy, "[{\"half\":1," CODE(503, "SlowDown") ",\"method\":\"GET\"" ALWAYS "}]");
    assert_works(storage_fetch(object, ranges, RANGES, &failure));
    struct tile_reader reader = storage_reader(object);
    for (uint32_t i = 0; i < RANGES; i++) {
        assert_int_equal(reader.read_at(reader.user, ranges[i].offset, copy, BYTES, &error), TILE_OK);
        assert_memory_equal(copy, data + ranges[i].offset, BYTES);
    }
    assert_in_range(proxy_count(proxy, "GET", "half"), RANGES * 3 / 2, RANGES * 5 / 2);
    storage_close(object);
    /* What arrived is kept where something else does not; only that is asked for once more. */
    proxy_rules(proxy, "[]");
    assert_works(storage_open(&object, storage, url, NULL, &failure));
    assert_works(storage_fetch(object, ranges, 10, &failure));
    proxy_rules(proxy, "[{" CODE(403, "AccessDenied") ",\"after\":20,\"times\":1}]");
    assert_refused(FAILURE_SOURCE_DENIED, storage_fetch(object, ranges, RANGES, &failure));
    proxy_rules(proxy, "[]");
    assert_works(storage_fetch(object, ranges, RANGES, &failure));
    assert_in_range(proxy_count(proxy, "GET", "half"), 1, RANGES - 10 - 1);
    storage_close(object);
    free(data);
    storage_free(storage);
    proxy_stop(proxy);
}

/* A store that refuses everything is left alone soon: by all requests together, not by each of them. */
static void gives_up_in_common(void **state) {
    (void)state;
    enum { RANGES = 20 };
    struct proxy proxy = proxy_start();
    struct failure failure = {0};
    struct object *object;
    struct tile_range ranges[RANGES];
    struct storage *storage = store_new(proxy.endpoint, 0);
    const struct storage_want want = {.etag = "any", .size = 1 << 20};
    for (uint32_t i = 0; i < RANGES; i++)
        ranges[i] = (struct tile_range){(uint64_t)i * 1000, 10};
    proxy_rules(proxy, "[{" CODE(503, "") ALWAYS "}]");
    assert_works(storage_open(&object, storage, "s3://tile/dead", &want, &failure));
    assert_refused(FAILURE_SOURCE_UNREADABLE, storage_fetch(object, ranges, RANGES, &failure));
    assert_non_null(strstr(failure.message, "at last by 503: as told")); /* without a code */
    assert_in_range(proxy_count(proxy, "GET", "dead"), 3, 3 * RANGES + 100);
    storage_close(object);
    storage_free(storage);
    proxy_stop(proxy);
}

/* ---- Processes that die
 * -------------------------------------------------------------------------------------
 */

static void leaves_nothing_when_it_is_killed(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    char key[64], url[80];
    snprintf(key, sizeof key, "killed-%d", getpid());
    snprintf(url, sizeof url, "s3://tile/%s", key);
    proxy_rules(proxy, "[{\"fault\":\"half\",\"method\":\"PUT\"}]");
    int child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct failure failure;
        struct storage *storage = store_new(proxy.endpoint, 0);
        unsigned char *data = pattern(SIZE, 4);
        storage_put(storage, url, data, SIZE, NULL, &failure);
        _exit(0);
    }
    while (proxy_count(proxy, "PUT", key) == 0)
        usleep(10000);
    usleep(100000); /* half of it is there by now */
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    usleep(200000);
    assert_false(other_has("tile", key));
    proxy_stop(proxy);
}

int main(void) {
    if (!store_is_there())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_what_passes_when_it_reads),
        cmocka_unit_test(leaves_nothing_when_it_cannot_write),
        cmocka_unit_test(tells_why),
        cmocka_unit_test(learns_the_region_of_a_bucket),
        cmocka_unit_test(learns_the_region_for_all_that_ask),
        cmocka_unit_test(follows_a_redirect_once),
        cmocka_unit_test(forgives_closed_connections),
        cmocka_unit_test(keeps_connections),
        cmocka_unit_test(trusts_whom_it_is_told_to),
        cmocka_unit_test(ends_by_the_deadline),
        cmocka_unit_test(tries_again_when_nothing_comes),
        cmocka_unit_test(waits_for_no_permission),
        cmocka_unit_test(goes_on_while_half_is_refused),
        cmocka_unit_test(gives_up_in_common),
        cmocka_unit_test(leaves_nothing_when_it_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
