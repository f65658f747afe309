/* SPDX-License-Identifier: MIT */
/* Drafts on a real S3 server: large objects go there in parts, are whole or not there, and take little memory. */
#include "store.h"

#include "base/parallel.h"

#include <time.h>
#include <unistd.h>

enum { PART = 64 << 10, MIB = 1 << 20 };

static char key[256], url[300];

/* Names an object of this process: the server is shared. */
static void name(const char *text) {
    snprintf(key, sizeof key, "parts-%d/%s", getpid(), text);
    snprintf(url, sizeof url, "s3://tile/%s", key);
}

static struct storage *new_storage(const char *endpoint, size_t part) {
    struct storage *storage;
    struct failure failure;
    storage_free(store_new(endpoint, 0)); /* for the environment */
    assert_works(storage_new(&storage, &(struct storage_options){.part = part}, &failure));
    return storage;
}

static size_t count_uploads(void) {
    struct test_bytes list;
    assert_int_equal(test_run(&list, "/usr/bin/python3 '%s/test/handlers/s3.py' uploads tile '%s' | grep -c . || true",
                              TEST_ROOT, key),
                     0);
    size_t count = (size_t)atoi((const char *)list.data);
    free(list.data);
    return count;
}

static void check_object(const void *data, size_t size) {
    struct test_bytes bytes = other_get("tile", key);
    assert_int_equal(bytes.size, size);
    assert_memory_equal(bytes.data, data, size);
    free(bytes.data);
}

/* Of /proc/self/status, in bytes; 0 where there is none. */
static size_t status_of(const char *field) {
    char line[256], *value = NULL;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0) {
            value = line + strlen(field) + 1;
            break;
        }
    if (file)
        fclose(file);
    return value ? strtoul(value, NULL, 10) * 1024 : 0;
}

static bool forget_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    bool done = file && fputs("5", file) >= 0;
    return file && fclose(file) == 0 && done;
}

/* First, as memory that other tests have freed would be used again. */
static void takes_little_memory(void **state) {
    (void)state;
    struct storage *storage = new_storage(store_endpoint(), MIB);
    struct failure failure;
    struct draft *draft;
    struct object *object;
    struct storage_facts facts;
    const size_t size = 64 * MIB, piece = 2 * MIB;
    unsigned char *data = pattern(piece, 1), *copy = malloc(piece);
    const struct storage_put_options options = {.type = "image/tiff", .note = "{\"large\":1}"};
    name("large");
    bool measured = forget_peak();
    size_t before = status_of("VmRSS");
    assert_works(storage_create(&draft, storage, url, &options, &failure));
    for (size_t at = 0; at < size; at += piece) {
        memcpy(data, &at, sizeof at); /* no two pieces are alike */
        assert_works(storage_write(draft, data, piece, &failure));
    }
    assert_int_equal(storage_written(draft), size);
    assert_works(storage_commit(draft, &failure));
    size_t after = status_of("VmHWM");
    assert_works(storage_stat(storage, url, &facts, &failure));
    assert_int_equal(facts.size, size);
    assert_string_equal(facts.type, "image/tiff");
    assert_string_equal(facts.note, "{\"large\":1}");
    assert_string_equal(facts.sha256, ""); /* nobody vouches for all of it */
    assert_string_equal(facts.noted_sha256, "");
    assert_works(storage_open(&object, storage, url, NULL, &failure));
    for (size_t at = 0; at < size; at += piece) {
        memcpy(data, &at, sizeof at);
        assert_works(storage_read(object, at, copy, piece, &failure));
        assert_memory_equal(copy, data, piece);
    }
    storage_close(object);
    assert_int_equal(count_uploads(), 0);
    free(data);
    free(copy);
    storage_free(storage);
#ifndef __SANITIZE_ADDRESS__ /* which keeps what is freed */
    /* The first part, one that is filled, four under way, of up to 2 MiB each; and the transport's. */
    if (measured)
        assert_in_range(after - before, 1, 16 * MIB);
#endif
    (void)measured, (void)before, (void)after;
}

/* However it is cut: the object is what was written. */
static void writes_any_size(void **state) {
    (void)state;
    struct storage *storage = new_storage(store_endpoint(), PART);
    struct failure failure;
    struct draft *draft;
    struct test_random random = {5};
    const size_t sizes[] = {0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1, 30 * PART + 777};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char text[32];
        unsigned char *data = pattern(sizes[i], i);
        snprintf(text, sizeof text, "size-%zu", sizes[i]);
        name(text);
        uint64_t before = storage_count(storage).requests;
        assert_works(storage_create(&draft, storage, url, NULL, &failure));
        for (size_t at = 0; at < sizes[i];) {
            uint32_t n = 1 + test_random_below(&random, 3 * PART);
            n = sizes[i] - at < n ? (uint32_t)(sizes[i] - at) : n;
            assert_works(storage_write(draft, data + at, n, &failure));
            at += n;
        }
        assert_works(storage_commit(draft, &failure));
        check_object(data, sizes[i]);
        if (sizes[i] <= PART)
            assert_int_equal(storage_count(storage).requests - before, 1); /* in one piece */
        free(data);
    }
    storage_free(storage);
}

static void goes_back_to_the_first_part_only(void **state) {
    (void)state;
    struct storage *storage = new_storage(store_endpoint(), PART);
    struct failure failure;
    struct draft *draft;
    struct tile_error error;
    const size_t size = 5 * PART + 9;
    unsigned char *data = pattern(size, 3);
    name("back");
    assert_works(storage_create(&draft, storage, url, NULL, &failure));
    struct tile_writer writer = storage_writer(draft);
    assert_int_equal(writer.write_at(writer.user, 0, "header at first", 15, &error), TILE_OK);
    assert_int_equal(writer.write_at(writer.user, 15, data + 15, PART, &error), TILE_OK);
    /* What begins among bytes that are there and ends behind them. */
    assert_int_equal(writer.write_at(writer.user, PART - 9, data + PART - 9, 9, &error), TILE_OK);
    assert_int_equal(writer.write_at(writer.user, PART + 15, data + PART + 15, size - PART - 15, &error), TILE_OK);
    assert_int_equal(writer.write_at(writer.user, 0, data, 100, &error), TILE_OK);
    assert_works(storage_commit(draft, &failure));
    check_object(data, size);
    for (int gap = 0; gap < 2; gap++) {
        name(gap ? "gap" : "behind");
        assert_works(storage_create(&draft, storage, url, NULL, &failure));
        writer = storage_writer(draft);
        assert_int_equal(writer.write_at(writer.user, 0, data, size, &error), TILE_OK);
        assert_int_not_equal(writer.write_at(writer.user, gap ? size + 1 : PART - 1, data, 2, &error), TILE_OK);
        assert_non_null(strstr(error.message, url));
        assert_non_null(strstr(error.message, gap ? "is written before byte" : "is written again"));
        assert_refused(FAILURE_UNSUPPORTED, storage_write(draft, data, 1, &failure)); /* nor anything after */
        assert_refused(FAILURE_UNSUPPORTED, storage_commit(draft, &failure));
        assert_false(other_has("tile", key));
        assert_int_equal(count_uploads(), 0);
    }
    free(data);
    storage_free(storage);
}

/* TIFF comes back to its header; the same job writes the same file here and there. */
static void takes_images(void **state) {
    (void)state;
    if (!tile_codec_can_write(TILE_TIFF))
        skip();
    struct storage *storage = new_storage(store_endpoint(), PART);
    char *folder = test_folder_new();
    struct failure failure;
    struct tile_error error;
    struct draft *draft;
    tile_source *source;
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.to_space = TILE_LAB;
    options.codec = TILE_TIFF;
    options.image = test_path(folder, "one.tif");
    assert_int_equal(tile_source_open_file(&source, TEST_ROOT "/fixtures/photo.jpg", NULL, &error), TILE_OK);
    assert_int_equal(tile_job_run(source, &options, NULL, &error), TILE_OK);
    struct test_bytes file = test_read_file(options.image);
    assert_true(file.size > 3 * PART);
    name("one.tif");
    assert_works(storage_create(&draft, storage, url, NULL, &failure));
    struct tile_writer writer = storage_writer(draft);
    options.image = NULL;
    options.writer = &writer;
    if (tile_job_run(source, &options, NULL, &error) != TILE_OK)
        fail_msg("%s", error.message);
    assert_works(storage_commit(draft, &failure));
    check_object(file.data, file.size);
    tile_source_close(source);
    free(file.data);
    test_folder_remove(folder);
    storage_free(storage);
}

/* ---- What goes wrong ---- */

#define RULE(method, path, rest) "{\"method\":\"" method "\",\"path\":\"" path "\"," rest "}"
#define CODE(number, text)       "\"fault\":\"status\",\"status\":" #number ",\"code\":\"" text "\""
#define BODY(text)               "\"fault\":\"status\",\"status\":200,\"body\":\"" text "\""
/* An error whose status is one of success, as only the end of an upload has it. */
#define LATE(text) BODY("<?xml version='1.0'?>\\n  <Error><Code>" text "</Code><Message>late</Message></Error>")
#define ALWAYS     ",\"times\":-1"
#define BEGIN      "?uploads="
#define PART_N(n)  "?partNumber=" #n "&"
#define END        "?uploadId="

enum { WORKS = -1 };

static const struct fault {
    const char *name, *rules;
    int expected;
    bool aborted;
} faults[] = {
    {"passing", RULE("PUT", "passing" PART_N(2), CODE(503, "SlowDown") ",\"times\":2"), WORKS, false},
    {"reset", RULE("PUT", "reset" PART_N(3), "\"fault\":\"reset\""), WORKS, false},
    {"damaged", RULE("PUT", "damaged" PART_N(3), "\"fault\":\"damage\""), WORKS, false},
    {"no-etag", RULE("PUT", "no-etag" PART_N(3), BODY("")), WORKS, false},
    {"no-id", RULE("POST", "no-id" BEGIN, BODY("<a/>") ",\"times\":2"), WORKS, false},
    {"begun-late", RULE("POST", "begun-late" BEGIN, CODE(500, "InternalError")), WORKS, false},
    {"ended-late", RULE("POST", "ended-late" END, LATE("InternalError")), WORKS, false},
    {"half-ended", RULE("POST", "half-ended" END, BODY("<?xml")), WORKS, false},
    {"lost", RULE("POST", "lost" END, "\"fault\":\"cut\""), WORKS, false},
    /* The first attempt worked, but nobody heard of it; what was put together is not there for a second one. */
    {"and-gone",
     RULE("POST", "and-gone" END, "\"fault\":\"cut\"") "," RULE("POST", "and-gone" END, CODE(404, "NoSuchUpload")),
     WORKS, false},
    {"denied", RULE("POST", "/denied" BEGIN, CODE(403, "AccessDenied") ALWAYS), FAILURE_OUTPUT_DENIED, false},
    {"part-denied", RULE("PUT", "part-denied" PART_N(4), CODE(403, "AccessDenied") ALWAYS), FAILURE_OUTPUT_DENIED,
     true},
    {"first-denied", RULE("PUT", "first-denied" PART_N(1), CODE(403, "AccessDenied") ALWAYS), FAILURE_OUTPUT_DENIED,
     true},
    {"part-lost", RULE("PUT", "part-lost" PART_N(2), "\"fault\":\"refuse\"" ALWAYS), FAILURE_OUTPUT_UNWRITABLE, true},
    {"not-ended", RULE("POST", "not-ended" END, LATE("InvalidPart") ALWAYS), FAILURE_OUTPUT_UNWRITABLE, true},
    {"upload-gone", RULE("POST", "upload-gone" END, CODE(404, "NoSuchUpload") ALWAYS), FAILURE_OUTPUT_UNWRITABLE, true},
    {"given-up", NULL, FAILURE_BAD_REQUEST, true},
};

struct cases {
    struct storage *storage;
    unsigned char *data;
    int got[sizeof faults / sizeof *faults];
    struct failure failures[sizeof faults / sizeof *faults];
};

enum { FAULTY_SIZE = 9 * PART + 5 };

static bool write_large(struct storage *storage, const char *to, const void *data, struct failure *failure) {
    struct draft *draft;
    if (!storage_create(&draft, storage, to, &(struct storage_put_options){.type = "text/plain"}, failure))
        return false;
    if (storage_write(draft, data, FAULTY_SIZE, failure) && !strstr(to, "given-up"))
        return storage_commit(draft, failure);
    storage_discard(draft);
    return false;
}

static bool write_one(void *user, uint64_t index, struct failure *failure) {
    struct cases *cases = user;
    char to[300];
    (void)failure;
    snprintf(to, sizeof to, "s3://tile/parts-%d/%s", getpid(), faults[index].name);
    cases->failures[index].kind = FAILURE_BAD_REQUEST; /* where nothing fails but the caller */
    cases->got[index] = write_large(cases->storage, to, cases->data, &cases->failures[index])
                            ? WORKS
                            : (int)cases->failures[index].kind;
    return true;
}

/* All at once: most of their time is waiting for another try. */
static void is_whole_or_not_there(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct failure failure;
    const size_t count = sizeof faults / sizeof *faults;
    struct cases cases = {.storage = new_storage(proxy.endpoint, PART), .data = pattern(FAULTY_SIZE, 4)};
    char rules[8192];
    int size = snprintf(rules, sizeof rules, "[");
    for (size_t i = 0; i < count; i++)
        if (faults[i].rules)
            size += snprintf(rules + size, sizeof rules - (size_t)size, "%s%s", i ? "," : "", faults[i].rules);
    assert_true((size_t)size < sizeof rules - 2);
    snprintf(rules + size, sizeof rules - (size_t)size, "]");
    proxy_rules(proxy, rules);
    assert_works(parallel_run(count, (int)count, write_one, &cases, &failure));
    struct test_bytes list;
    struct storage *direct = new_storage(store_endpoint(), PART);
    name("");
    assert_int_equal(test_run(&list, "/usr/bin/python3 '%s/test/handlers/s3.py' list tile '%s'", TEST_ROOT, key), 0);
    for (size_t i = 0; i < count; i++) {
        const struct fault *f = &faults[i];
        struct tile_buffer buffer = {0};
        char line[300];
        name(f->name);
        snprintf(line, sizeof line, "%s\n", key);
        if (cases.got[i] != f->expected)
            fail_msg("%s: %s: %s", f->name,
                     cases.got[i] == WORKS ? "worked" : failure_type((enum failure_kind)cases.got[i]),
                     cases.failures[i].message);
        if (proxy_count(proxy, "DELETE", key) != f->aborted)
            fail_msg("%s: aborted, or not aborted", f->name);
        if ((memmem(list.data, list.size, line, strlen(line)) != NULL) != (f->expected == WORKS))
            fail_msg("%s: there, or not there", f->name);
        if (f->expected == WORKS) {
            assert_works(storage_get(direct, url, FAULTY_SIZE, &buffer, NULL, &failure));
            assert_int_equal(buffer.size, FAULTY_SIZE);
            assert_memory_equal(buffer.data, cases.data, FAULTY_SIZE);
        } else if (f->rules) {
            assert_non_null(strstr(cases.failures[i].message, url));
        }
        tile_buffer_free(&buffer);
    }
    free(list.data);
    storage_free(direct);
    name("");
    assert_int_equal(count_uploads(), 0);
    free(cases.data);
    storage_free(cases.storage);
    proxy_stop(proxy);
}

/* What is over in time also tells the store that it is. */
static void ends_by_the_deadline(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct storage *storage = new_storage(proxy.endpoint, PART);
    struct failure failure;
    struct timespec begun, ended;
    unsigned char *data = pattern(FAULTY_SIZE, 6);
    name("late");
    proxy_rules(proxy, "[" RULE("PUT", "late" PART_N(2), "\"fault\":\"delay\",\"seconds\":20" ALWAYS) "]");
    clock_gettime(CLOCK_REALTIME, &begun);
    storage_set_deadline(storage, (int64_t)begun.tv_sec * 1000 + begun.tv_nsec / 1000000 + 700);
    assert_false(write_large(storage, url, data, &failure));
    clock_gettime(CLOCK_REALTIME, &ended);
    assert_int_equal(failure.kind, FAILURE_OUT_OF_TIME);
    assert_true(ended.tv_sec - begun.tv_sec < 5);
    assert_int_equal(proxy_count(proxy, "DELETE", key), 1);
    assert_false(other_has("tile", key));
    free(data);
    storage_free(storage);
    proxy_stop(proxy);
}

/* ---- What is sent ---- */

static const char *header_of(const json_t *seen, const char *header) {
    const char *value = json_string_value(json_object_get(json_object_get(seen, "headers"), header));
    return value ? value : "";
}

/* A store that keeps checksums says so, and wants them again; one that does not would refuse them there. */
static void sends_checksums(void **state) {
    (void)state;
    struct proxy proxy = proxy_start();
    struct storage *storage = new_storage(proxy.endpoint, 3);
    struct failure failure;
    struct draft *draft;
    name("checksums");
    proxy_rules(proxy, "[{\"method\":\"POST\",\"path\":\"?uploads=\",\"fault\":\"status\",\"status\":200,\"body\":"
                       "\"<R><UploadId>a/b+c=</UploadId></R>\",\"headers\":{\"x-amz-checksum-algorithm\":\"SHA256\"}},"
                       "{\"method\":\"PUT\",\"fault\":\"status\",\"status\":200,\"body\":\"\",\"times\":-1,\"headers\":"
                       "{\"ETag\":\"\\\"e-tag\\\"\"}},"
                       "{\"method\":\"POST\",\"path\":\"?uploadId=\",\"fault\":\"status\",\"status\":200,\"body\":"
                       "\"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>\"}]");
    const struct storage_put_options options = {.type = "text/plain", .note = "note", .keep = true};
    assert_works(storage_create(&draft, storage, url, &options, &failure));
    assert_works(storage_write(draft, "abcabc", 6, &failure));
    assert_works(storage_commit(draft, &failure));
    json_t *seen = proxy_seen(proxy);
    assert_int_equal(json_array_size(seen), 4);
    const json_t *first = json_array_get(seen, 0), *last = json_array_get(seen, 3);
    assert_non_null(strstr(json_string_value(json_object_get(first, "path")), "?uploads="));
    assert_string_equal(header_of(first, "x-amz-checksum-algorithm"), "SHA256");
    assert_string_equal(header_of(first, "content-type"), "text/plain");
    assert_string_equal(header_of(first, "x-amz-meta-tile"), "note");
    assert_string_equal(header_of(first, "if-none-match"), "");
    assert_string_equal(header_of(first, "content-length"), "0");
    for (size_t i = 1; i < 3; i++) {
        const json_t *part = json_array_get(seen, i);
        const char *path = json_string_value(json_object_get(part, "path"));
        /* FIPS 180-2, B.1. */
        assert_string_equal(header_of(part, "x-amz-checksum-sha256"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_non_null(strstr(path, "?partNumber="));
        assert_non_null(strstr(path, "&uploadId=a%2Fb%2Bc%3D"));
    }
    assert_string_equal(header_of(last, "if-none-match"), "*");
    assert_string_equal(json_string_value(json_object_get(last, "body")),
                        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                        "<Part><PartNumber>1</PartNumber><ETag>\"e-tag\"</ETag>"
                        "<ChecksumSHA256>ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=</ChecksumSHA256></Part>"
                        "<Part><PartNumber>2</PartNumber><ETag>\"e-tag\"</ETag>"
                        "<ChecksumSHA256>ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=</ChecksumSHA256></Part>"
                        "</CompleteMultipartUpload>");
    json_decref(seen);
    storage_free(storage);
    proxy_stop(proxy);
}

static void refuses_what_cannot_be_written(void **state) {
    (void)state;
    struct storage *storage = new_storage(store_endpoint(), PART);
    struct failure failure;
    struct draft *draft;
    assert_refused(FAILURE_BAD_REQUEST, storage_create(&draft, storage, "ftp://host/x", NULL, &failure));
    assert_null(draft);
    assert_refused(FAILURE_BAD_REQUEST, storage_create(&draft, storage, "s3://tile/x",
                                                       &(struct storage_put_options){.note = "\n"}, &failure));
    storage_discard(NULL);
    storage_free(storage);
}

int main(void) {
    if (!store_is_there())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_little_memory),
        cmocka_unit_test(writes_any_size),
        cmocka_unit_test(goes_back_to_the_first_part_only),
        cmocka_unit_test(takes_images),
        cmocka_unit_test(is_whole_or_not_there),
        cmocka_unit_test(ends_by_the_deadline),
        cmocka_unit_test(sends_checksums),
        cmocka_unit_test(refuses_what_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
