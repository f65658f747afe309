/* SPDX-License-Identifier: MIT */
/* The storage on a real S3 server: what is written is what another client reads, and the other way round. */
#include "store.h"

#include "base/parallel.h"

#include <unistd.h>

/* Keys of this process: the server is shared. */
static const char *key_of(const char *name) {
    static char key[8][512];
    static int next;
    char *out = key[next++ % 8];
    snprintf(out, sizeof key[0], "s3-%d/%s", getpid(), name);
    return out;
}

static const char *url_of(const char *name) {
    static char url[8][600];
    static int next;
    char *out = url[next++ % 8];
    snprintf(out, sizeof url[0], "s3://tile/%s", key_of(name));
    return out;
}

static uint64_t requests(const struct storage *storage) {
    return storage_count(storage).requests;
}

static void check_content(struct storage *storage, const char *url, const void *data, size_t size) {
    struct failure failure;
    struct tile_buffer buffer = {0};
    assert_works(storage_get(storage, url, size, &buffer, NULL, &failure));
    assert_int_equal(buffer.size, size);
    if (size)
        assert_memory_equal(buffer.data, data, size);
    tile_buffer_free(&buffer);
}

static void takes_any_key(void **state) {
    (void)state;
    struct storage *storage = store_new(store_endpoint(), 0);
    struct failure failure;
    struct storage_facts facts;
    static const char *const names[] = {
        "plain",      "a b",  "a+b",     "a%2Bb",       "a%20b", "100%",      "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
        "a?b=c&d#e",  "a//b", "a/./b",   "a/../b",      "a/b/",  "a;b,c:d@e", "~tilde-._",
        "\"quoted\"", "$(x)", "[1]{2}|", "back\\slash", "*(!)",  "=",         "&amp;",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct storage_put_options options = {.type = "image/tiff", .note = "{\"key\":  \"a, b;c\"}"};
        assert_works(storage_put(storage, url_of(names[i]), names[i], strlen(names[i]), &options, &failure));
        check_content(storage, url_of(names[i]), names[i], strlen(names[i]));
        if (!other_has("tile", key_of(names[i])))
            fail_msg("%s: is not there for another client", names[i]);
        assert_works(storage_stat(storage, url_of(names[i]), &facts, &failure));
        assert_int_equal(facts.size, strlen(names[i]));
        assert_string_equal(facts.type, "image/tiff");
        assert_string_equal(facts.note, "{\"key\":  \"a, b;c\"}");
        assert_true(facts.modified > 1600000000u * (uint64_t)1000000000);
    }
    struct test_bytes bytes = other_get("tile", key_of("a%2Bb"));
    assert_int_equal(bytes.size, 5);
    assert_memory_equal(bytes.data, "a%2Bb", 5);
    free(bytes.data);
    assert_works(storage_put(storage, "s3://tile.dotted/x", "dotted", 6, NULL, &failure));
    check_content(storage, "s3://tile.dotted/x", "dotted", 6);
    storage_free(storage);
}

static void reads_any_range(void **state) {
    (void)state;
    struct storage *storage = store_new(store_endpoint(), 0);
    struct failure failure;
    struct object *object;
    struct test_random random = {7};
    const uint32_t size = 9999991;
    unsigned char *data = pattern(size, 1);
    other_put("tile", key_of("ranges"), data, size);
    assert_works(storage_open(&object, storage, url_of("ranges"), NULL, &failure));
    assert_int_equal(storage_object_facts(object)->size, size);
    for (int i = 0; i < 40; i++) {
        uint32_t from = test_random_below(&random, size), most = i % 4 ? 5000 : size;
        uint32_t count = 1 + test_random_below(&random, size - from < most ? size - from : most);
        struct test_guarded guarded = test_guarded_new(count, i % 2);
        assert_works(storage_read(object, from, guarded.data, count, &failure));
        assert_memory_equal(guarded.data, data + from, count);
        test_guarded_free(guarded);
    }
    unsigned char byte;
    uint64_t before = requests(storage);
    assert_works(storage_read(object, size, &byte, 0, &failure));
    assert_refused(FAILURE_BAD_REQUEST, storage_read(object, size, &byte, 1, &failure));
    assert_refused(FAILURE_BAD_REQUEST, storage_read(object, UINT64_MAX, &byte, 1, &failure));
    assert_refused(FAILURE_BAD_REQUEST, storage_read(object, 1, &byte, SIZE_MAX, &failure));
    assert_int_equal(requests(storage), before);
    storage_close(object);
    struct tile_buffer buffer = {0};
    assert_refused(FAILURE_LIMIT_EXCEEDED, storage_get(storage, url_of("ranges"), size - 1, &buffer, NULL, &failure));
    assert_int_equal(buffer.size, 0);
    tile_buffer_free(&buffer);
    check_content(storage, url_of("ranges"), data, size);
    free(data);
    storage_free(storage);
}

static void keeps_what_it_fetched(void **state) {
    (void)state;
    const uint32_t size = 6000000;
    struct storage *storage = store_new(store_endpoint(), 5200000);
    struct failure failure;
    struct object *object;
    unsigned char *data = pattern(size, 2), *copy = calloc(1, size);
    assert_works(storage_put(storage, url_of("fetched"), data, size, NULL, &failure));
    assert_works(storage_open(&object, storage, url_of("fetched"), NULL, &failure));
    static const struct tile_range ranges[] = {{0, 1000}, {5000, 0}, {10000, 4500000}, {5999990, 10}, {200, 300}};
    assert_works(storage_fetch(object, ranges, 5, &failure));
    uint64_t before = requests(storage);
    struct tile_reader reader = storage_reader(object);
    struct tile_error error;
    for (size_t i = 0; i < 5; i++) {
        assert_works(storage_read(object, ranges[i].offset, copy, (size_t)ranges[i].size, &failure));
        assert_memory_equal(copy, data + ranges[i].offset, (size_t)ranges[i].size);
        assert_int_equal(reader.read_at(reader.user, ranges[i].offset + ranges[i].size / 2, copy,
                                        (size_t)(ranges[i].size - ranges[i].size / 2), &error),
                         TILE_OK);
        assert_memory_equal(copy, data + ranges[i].offset + ranges[i].size / 2,
                            (size_t)(ranges[i].size - ranges[i].size / 2));
    }
    assert_works(storage_fetch(object, ranges, 5, &failure));
    assert_int_equal(requests(storage), before);
    /* Over the edges of what is kept: only the rest is asked for. */
    uint64_t bytes = storage_count(storage).bytes_read;
    assert_works(storage_read(object, 500, copy, size - 500, &failure));
    assert_memory_equal(copy, data + 500, size - 500);
    assert_int_equal(storage_count(storage).bytes_read - bytes, size - 1000 - 4500000 - 10);
    assert_refused(FAILURE_LIMIT_EXCEEDED, storage_fetch(object, &(struct tile_range){4700000, 1000000}, 1, &failure));
    assert_refused(FAILURE_BAD_REQUEST, storage_fetch(object, &(struct tile_range){size, 1}, 1, &failure));
    storage_close(object);
    /* What was closed makes room again. */
    assert_works(storage_open(&object, storage, url_of("fetched"), NULL, &failure));
    assert_works(storage_fetch(object, &(struct tile_range){100000, 5200000}, 1, &failure));
    storage_close(object);
    free(data);
    free(copy);
    storage_free(storage);
}

static void reads_ahead(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct storage *storage = store_new(proxy.endpoint, 0);
    struct failure failure;
    struct object *object;
    struct tile_error error;
    struct test_random random = {3};
    const size_t size = 20000003, step = 65536;
    unsigned char *data = pattern(size, 3), *copy = calloc(1, size);
    assert_works(storage_put(storage, url_of("ahead"), data, size, NULL, &failure));
    assert_works(storage_open(&object, storage, url_of("ahead"), NULL, &failure));
    struct tile_reader reader = storage_reader(object);
    assert_int_equal(reader.size, size);
    uint64_t before = requests(storage);
    /* One block fails twice on the way: nobody sees it. */
    proxy_rules(proxy, "[{\"fault\":\"reset\",\"method\":\"GET\",\"after\":7,\"times\":2}]");
    for (size_t at = 0; at < size; at += step)
        assert_int_equal(reader.read_at(reader.user, at, copy + at, size - at < step ? size - at : step, &error),
                         TILE_OK);
    assert_memory_equal(copy, data, size);
    assert_in_range(requests(storage) - before, 10, 40); /* not the 306 that were asked for */
    uint64_t bytes = storage_count(storage).bytes_read;
    before = requests(storage);
    for (int i = 0; i < 50; i++) {
        uint32_t at = test_random_below(&random, (uint32_t)(size - 1000));
        usleep(5000); /* time enough to ask for what will not be read */
        assert_int_equal(reader.read_at(reader.user, at, copy, 1000, &error), TILE_OK);
        assert_memory_equal(copy, data + at, 1000);
    }
    assert_int_equal(storage_count(storage).bytes_read - bytes, 50 * 1000); /* jumps are read as they are */
    assert_int_equal(requests(storage) - before, 50);
    storage_close(object); /* also with blocks under way: */
    assert_works(storage_open(&object, storage, url_of("ahead"), NULL, &failure));
    reader = storage_reader(object);
    for (size_t at = 0; at < size / 3; at += step)
        assert_int_equal(reader.read_at(reader.user, at, copy, step, &error), TILE_OK);
    storage_close(object);
    /* What has been read gives its memory back. */
    struct storage *small = store_new(proxy.endpoint, 4 << 20);
    assert_works(storage_open(&object, small, url_of("ahead"), NULL, &failure));
    reader = storage_reader(object);
    for (size_t at = 0; at < size; at += step)
        assert_int_equal(reader.read_at(reader.user, at, copy, size - at < step ? size - at : step, &error), TILE_OK);
    assert_in_range(requests(small), 10, 60);
    storage_close(object);
    storage_free(small);
    /* One that fails for good is told with its type. */
    assert_works(storage_open(&object, storage, url_of("ahead"), NULL, &failure));
    reader = storage_reader(object);
    proxy_rules(proxy, "[{\"fault\":\"status\",\"status\":403,\"code\":\"AccessDenied\",\"after\":4,\"times\":-1}]");
    tile_status status = TILE_OK;
    for (size_t at = 0; at + step < size && status == TILE_OK; at += step)
        status = reader.read_at(reader.user, at, copy, step, &error);
    assert_int_equal(status, TILE_READ_FAILED);
    assert_true(storage_reader_failed(object, &failure));
    assert_int_equal(failure.kind, FAILURE_SOURCE_DENIED);
    storage_close(object);
    free(data);
    free(copy);
    storage_free(storage);
    proxy_stop(proxy);
}

static void holds_on_to_one_version(void **state) {
    (void)state;
    struct storage *storage = store_new(store_endpoint(), 0);
    struct failure failure;
    struct object *object, *lazy;
    struct storage_facts facts;
    unsigned char data[100];
    assert_works(storage_put(storage, url_of("version"), "the first one", 13, NULL, &failure));
    assert_works(storage_stat(storage, url_of("version"), &facts, &failure));
    uint64_t before = requests(storage);
    assert_works(storage_open(&lazy, storage, url_of("version"),
                              &(struct storage_want){.etag = facts.etag, .size = facts.size}, &failure));
    assert_int_equal(requests(storage), before); /* nothing is asked for yet */
    assert_works(
        storage_open(&object, storage, url_of("version"), &(struct storage_want){.etag = facts.etag}, &failure));
    assert_works(storage_read(object, 4, data, 5, &failure));
    assert_memory_equal(data, "first", 5);
    assert_works(storage_read(lazy, 4, data, 5, &failure));
    assert_memory_equal(data, "first", 5);
    other_put("tile", key_of("version"), "the other one", 13);
    assert_refused(FAILURE_SOURCE_CHANGED, storage_read(object, 4, data, 5, &failure));
    assert_refused(FAILURE_SOURCE_CHANGED, storage_read(lazy, 4, data, 5, &failure));
    assert_refused(FAILURE_SOURCE_CHANGED, storage_fetch(lazy, &(struct tile_range){0, 13}, 1, &failure));
    storage_close(object);
    storage_close(lazy);
    assert_refused(FAILURE_SOURCE_CHANGED, storage_open(&object, storage, url_of("version"),
                                                        &(struct storage_want){.etag = facts.etag}, &failure));
    /* The right version, but said to be of another size. */
    assert_works(storage_stat(storage, url_of("version"), &facts, &failure));
    for (uint64_t size = 12; size <= 14; size += 2) {
        assert_works(storage_open(&object, storage, url_of("version"),
                                  &(struct storage_want){.etag = facts.etag, .size = size}, &failure));
        assert_refused(FAILURE_SOURCE_CHANGED, storage_read(object, 0, data, 10, &failure));
        storage_close(object);
    }
    static const char *const etags[] = {"a\"b", "a\r\nX-Evil: 1", "a b", "\xc3\xa4"};
    for (size_t i = 0; i < 4; i++)
        assert_refused(FAILURE_BAD_REQUEST,
                       storage_open(&object, storage, url_of("version"),
                                    &(struct storage_want){.etag = etags[i], .size = 13}, &failure));
    storage_free(storage);
}

/* A bucket that keeps versions gives each of them by its name. */
static void reads_any_version(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct storage *storage = store_new(proxy.endpoint, 0);
    struct failure failure;
    struct object *object;
    struct storage_facts facts;
    struct test_bytes list;
    char url[600], ids[2][64], etags[2][128];
    static const char *const texts[] = {"the newer one", "the first"};
    snprintf(url, sizeof url, "s3://tile-versions/%s", key_of("a?b&c"));
    for (int i = 2; i-- > 0;) {
        assert_works(storage_put(storage, url, texts[i], strlen(texts[i]), NULL, &failure));
        assert_works(storage_stat(storage, url, &facts, &failure));
        memcpy(etags[i], facts.etag, sizeof etags[i]);
    }
    assert_int_equal(test_run(&list, "/usr/bin/python3 '%s/test/handlers/s3.py' versions tile-versions '%s'", TEST_ROOT,
                              key_of("a?b&c")),
                     0);
    assert_int_equal(sscanf((const char *)list.data, "%63s %63s", ids[0], ids[1]), 2);
    free(list.data);
    proxy_rules(proxy, "[]");
    for (size_t i = 0; i < 2; i++) {
        char copy[16];
        size_t size = strlen(texts[i]);
        const struct storage_want wants[] = {{.version = ids[i]},
                                             {.version = ids[i], .etag = etags[i]},
                                             {.version = ids[i], .etag = etags[i], .size = size}};
        for (size_t j = 0; j < 3; j++) {
            assert_works(storage_open(&object, storage, url, &wants[j], &failure));
            assert_int_equal(storage_object_facts(object)->size, size);
            assert_string_equal(storage_object_facts(object)->etag, etags[i]); /* which reading pins, too */
            assert_works(storage_read(object, 0, copy, size, &failure));
            assert_memory_equal(copy, texts[i], size);
            storage_close(object);
        }
        assert_refused(FAILURE_SOURCE_CHANGED,
                       storage_open(&object, storage, url,
                                    &(struct storage_want){.version = ids[i], .etag = etags[1 - i]}, &failure));
    }
    assert_int_equal(proxy_count(proxy, NULL, "?versionId="), proxy_count(proxy, NULL, "/"));
    assert_refused(
        FAILURE_SOURCE_NOT_FOUND,
        storage_open(&object, storage, url, &(struct storage_want){.version = "1234567890.12345"}, &failure));
    assert_non_null(strstr(failure.message, "version"));
    static const char *const bad[] = {"a b", "a\r\nX-Evil: 1", "\xc3\xa4"};
    for (size_t i = 0; i < 3; i++)
        assert_refused(FAILURE_BAD_REQUEST,
                       storage_open(&object, storage, url, &(struct storage_want){.version = bad[i]}, &failure));
    storage_free(storage);
    proxy_stop(proxy);
}

static void writes_over_and_nothing(void **state) {
    (void)state;
    struct storage *storage = store_new(store_endpoint(), 0);
    struct failure failure;
    struct object *object;
    struct storage_facts facts;
    struct storage_put_options noted = {.note = "{\"first\":1}", .type = "text/plain"};
    assert_works(storage_put(storage, url_of("over"), "long content", 12, &noted, &failure));
    assert_works(storage_put(storage, url_of("over"), "short", 5, NULL, &failure));
    check_content(storage, url_of("over"), "short", 5);
    assert_works(storage_stat(storage, url_of("over"), &facts, &failure));
    assert_string_equal(facts.note, "");
    assert_works(storage_put(storage, url_of("nothing"), "", 0, &noted, &failure));
    check_content(storage, url_of("nothing"), "", 0);
    assert_works(storage_open(&object, storage, url_of("nothing"), NULL, &failure));
    assert_int_equal(storage_object_facts(object)->size, 0);
    assert_string_equal(storage_object_facts(object)->note, noted.note);
    assert_works(storage_read(object, 0, NULL, 0, &failure));
    assert_works(storage_fetch(object, &(struct tile_range){0, 0}, 1, &failure));
    storage_close(object);
    storage_free(storage);
}

static void tells_what_is_not_there_or_not_allowed(void **state) {
    (void)state;
    const char *endpoint = store_endpoint();
    struct storage *storage = store_new(endpoint, 0);
    struct failure failure;
    struct storage_facts facts;
    struct tile_buffer buffer = {0};
    assert_refused(FAILURE_SOURCE_NOT_FOUND, storage_stat(storage, url_of("none"), &facts, &failure));
    assert_non_null(strstr(failure.message, "bucket tile, key s3-"));
    assert_refused(FAILURE_SOURCE_NOT_FOUND, storage_get(storage, "s3://no-bucket/x", 9, &buffer, NULL, &failure));
    assert_refused(FAILURE_OUTPUT_DENIED, storage_put(storage, "s3://no-bucket/x", "x", 1, NULL, &failure));
    /* This store cannot do it, and says so; the object stays as it is. */
    assert_works(storage_put(storage, url_of("kept"), "first", 5, NULL, &failure));
    assert_refused(FAILURE_UNSUPPORTED, storage_put(storage, url_of("kept"), "other", 5,
                                                    &(struct storage_put_options){.keep = true}, &failure));
    assert_non_null(strstr(failure.message, "If-None-Match"));
    check_content(storage, url_of("kept"), "first", 5);
    storage_free(storage);

    storage = store_new(endpoint, 0);
    setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
    assert_refused(FAILURE_SOURCE_DENIED, storage_stat(storage, url_of("kept"), &facts, &failure));
    assert_non_null(strstr(failure.message, "SignatureDoesNotMatch"));
    assert_refused(FAILURE_SOURCE_DENIED, storage_get(storage, url_of("kept"), 9, &buffer, NULL, &failure));
    assert_refused(FAILURE_OUTPUT_DENIED, storage_put(storage, url_of("kept"), "x", 1, NULL, &failure));
    storage_free(storage);
    tile_buffer_free(&buffer);
}

static void asks_for_its_environment(void **state) {
    (void)state;
    static const struct {
        const char *name, *value; /* NULL: not set */
        const char *told;
    } cases[] = {
        {"AWS_ACCESS_KEY_ID", NULL, "AWS_ACCESS_KEY_ID"},
        {"AWS_SECRET_ACCESS_KEY", "", "AWS_SECRET_ACCESS_KEY"},
        {"AWS_REGION", NULL, "AWS_DEFAULT_REGION"},
        {"AWS_REGION", "us-east-1.evil.example/", "AWS_REGION"},
        {"AWS_SESSION_TOKEN", "a\r\nX-Evil: 1", "AWS_SESSION_TOKEN"},
        {"TILE_BUCKET_OWNER", "12345678901", "TILE_BUCKET_OWNER"},
        {"AWS_ENDPOINT_URL_S3", "localhost:9000", "AWS_ENDPOINT_URL_S3"},
        {"AWS_ENDPOINT_URL_S3", "file:///etc", "AWS_ENDPOINT_URL_S3"},
        {"AWS_ENDPOINT_URL_S3", "http://", "AWS_ENDPOINT_URL_S3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct storage *storage = store_new("http://127.0.0.1:1", 0);
        struct failure failure;
        struct storage_facts facts;
        unsetenv("AWS_DEFAULT_REGION");
        if (cases[i].value)
            setenv(cases[i].name, cases[i].value, 1);
        else
            unsetenv(cases[i].name);
        assert_refused(FAILURE_BAD_REQUEST, storage_stat(storage, "s3://tile/x", &facts, &failure));
        if (!strstr(failure.message, cases[i].told))
            fail_msg("%s", failure.message);
        unsetenv("TILE_BUCKET_OWNER");
        storage_free(storage);
    }
    struct storage *storage = store_new("http://127.0.0.1:1", 0);
    struct failure failure;
    struct storage_facts facts;
    storage_set_deadline(storage, INT64_MAX);
    assert_refused(FAILURE_SOURCE_UNREADABLE, storage_stat(storage, "s3://tile/x", &facts, &failure));
    assert_int_equal(requests(storage), 3);
    storage_free(storage);
}

/* What goes along with requests, as the proxy saw it. */
static const char *header(const json_t *seen, size_t index, const char *name) {
    const char *value =
        json_string_value(json_object_get(json_object_get(json_array_get(seen, index), "headers"), name));
    return value ? value : "";
}

static void sends_what_belongs_to_a_request(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct storage *storage = store_new(proxy.endpoint, 0);
    struct failure failure;
    struct object *object;
    struct storage_facts facts;
    char data[3];
    setenv("AWS_SESSION_TOKEN", "a+token/=", 1);
    setenv("TILE_BUCKET_OWNER", "111122223333,tile-other=444455556666", 1);
    proxy_rules(proxy, "[]");
    /* SHA-256 of "abc": FIPS 180-2, B.1. */
    assert_works(storage_put(storage, url_of("abc"), "abc", 3,
                             &(struct storage_put_options){.type = "text/plain", .note = "note"}, &failure));
    assert_works(storage_open(&object, storage, url_of("abc"), NULL, &failure));
    assert_string_equal(storage_object_facts(object)->note, "note");
    assert_string_equal(storage_object_facts(object)->noted_sha256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_works(storage_read(object, 1, data, 2, &failure));
    json_t *seen = proxy_seen(proxy);
    assert_int_equal(json_array_size(seen), 3);
    assert_string_equal(header(seen, 0, "x-amz-content-sha256"),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(header(seen, 0, "x-amz-checksum-sha256"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    assert_string_equal(header(seen, 0, "content-length"), "3");
    assert_string_equal(header(seen, 0, "content-type"), "text/plain");
    assert_string_equal(header(seen, 1, "x-amz-checksum-mode"), "ENABLED");
    assert_string_equal(header(seen, 2, "range"), "bytes=1-2");
    char etag[140];
    snprintf(etag, sizeof etag, "\"%s\"", storage_object_facts(object)->etag);
    assert_string_equal(header(seen, 2, "if-match"), etag);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(header(seen, i, "x-amz-security-token"), "a+token/=");
        assert_string_equal(header(seen, i, "x-amz-expected-bucket-owner"), "111122223333");
        assert_non_null(strstr(header(seen, i, "authorization"), "x-amz-expected-bucket-owner"));
        assert_string_equal(header(seen, i, "accept-encoding"), "");
        assert_non_null(strstr(header(seen, i, "authorization"), "x-amz-security-token"));
    }
    json_decref(seen);
    storage_close(object);
    /* What a store that keeps checksums answers; "-2" are the parts' of a multipart upload. */
    proxy_rules(proxy,
                "[{\"fault\":\"status\",\"status\":200,\"body\":\"abc\",\"method\":\"HEAD\",\"headers\":{"
                "\"x-amz-checksum-sha256\":\"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\",\"ETag\":\"\\\"e\\\"\"}},"
                "{\"fault\":\"status\",\"status\":200,\"body\":\"abc\",\"method\":\"HEAD\",\"headers\":{"
                "\"x-amz-checksum-sha256\":\"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=-2\"}}]");
    assert_works(storage_stat(storage, url_of("abc"), &facts, &failure));
    assert_string_equal(facts.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(facts.etag, "e");
    assert_int_equal(facts.size, 3);
    assert_works(storage_stat(storage, url_of("abc"), &facts, &failure));
    assert_string_equal(facts.sha256, "");
    unsetenv("AWS_SESSION_TOKEN");
    unsetenv("TILE_BUCKET_OWNER");
    storage_free(storage);
    proxy_stop(proxy);
}

struct crowd {
    struct storage *storage;
    struct object *object;
    const unsigned char *data;
};

enum { CROWD_SIZE = 1 << 20 };

static bool do_something(void *user, uint64_t index, struct failure *failure) {
    const struct crowd *crowd = user;
    struct test_random random = {index * 2 + 1};
    unsigned char copy[3000];
    for (int i = 0; i < 10; i++) {
        uint32_t at = test_random_below(&random, CROWD_SIZE - sizeof copy);
        if (i % 3 == 0 && !storage_fetch(crowd->object, &(struct tile_range){at, sizeof copy}, 1, failure))
            return false;
        if (!storage_read(crowd->object, at, copy, sizeof copy, failure))
            return false;
        if (memcmp(copy, crowd->data + at, sizeof copy) != 0) {
            snprintf(failure->message, sizeof failure->message, "other bytes");
            return false;
        }
    }
    char url[600];
    struct tile_buffer buffer = {0};
    snprintf(url, sizeof url, "%s-%d", "s3://tile/crowd", (int)index);
    bool done = storage_put(crowd->storage, url, copy, sizeof copy, NULL, failure) &&
                storage_get(crowd->storage, url, sizeof copy, &buffer, NULL, failure) &&
                memcmp(buffer.data, copy, sizeof copy) == 0;
    tile_buffer_free(&buffer);
    return done;
}

static void serves_many_threads(void **state) {
    (void)state;
    struct storage *storage = store_new(store_endpoint(), 0);
    struct failure failure = {0};
    struct crowd crowd = {.storage = storage};
    unsigned char *data = pattern(CROWD_SIZE, 6);
    crowd.data = data;
    assert_works(storage_put(storage, url_of("crowd"), data, CROWD_SIZE, NULL, &failure));
    assert_works(storage_open(&crowd.object, storage, url_of("crowd"), NULL, &failure));
    assert_works(parallel_run(60, 30, do_something, &crowd, &failure));
    storage_close(crowd.object);
    storage_free(storage);
    free(data);
}

int main(void) {
    if (!store_is_there())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_any_key),
        cmocka_unit_test(reads_any_range),
        cmocka_unit_test(keeps_what_it_fetched),
        cmocka_unit_test(reads_ahead),
        cmocka_unit_test(holds_on_to_one_version),
        cmocka_unit_test(reads_any_version),
        cmocka_unit_test(writes_over_and_nothing),
        cmocka_unit_test(tells_what_is_not_there_or_not_allowed),
        cmocka_unit_test(asks_for_its_environment),
        cmocka_unit_test(sends_what_belongs_to_a_request),
        cmocka_unit_test(serves_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
