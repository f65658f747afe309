/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <curl/curl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

const char *store_endpoint(void) {
    return getenv("TILE_TEST_S3");
}

bool store_is_there(void) {
    const char *endpoint = store_endpoint();
    if (endpoint && *endpoint)
        return true;
    puts("skipped: no S3 server: TILE_TEST_S3 is not set, see test/handlers/swift.py");
    return false;
}

struct storage *store_new(const char *endpoint, uint64_t cache) {
    struct storage *storage;
    struct failure failure;
    setenv("AWS_ENDPOINT_URL_S3", endpoint, 1);
    setenv("AWS_ACCESS_KEY_ID", "test:tester", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "testing", 1);
    setenv("AWS_REGION", "us-east-1", 1);
    unsetenv("AWS_SESSION_TOKEN");
    assert_works(storage_new(&storage, &(struct storage_options){.cache = cache}, &failure));
    return storage;
}

struct proxy proxy_start(void) {
    return proxy_start_tls(NULL);
}

struct proxy proxy_start_tls(const char *certificate) {
    struct proxy proxy = {0};
    const char *server = store_endpoint();
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    proxy.process = fork();
    assert_true(proxy.process >= 0);
    if (proxy.process == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl("/usr/bin/python3", "/usr/bin/python3", TEST_ROOT "/test/handlers/faults.py", server, certificate, NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    assert_non_null(fgets(proxy.endpoint, sizeof proxy.endpoint, output));
    proxy.endpoint[strcspn(proxy.endpoint, "\n")] = '\0';
    fclose(output);
    return proxy;
}

void proxy_stop(struct proxy proxy) {
    kill(proxy.process, SIGKILL);
    waitpid(proxy.process, NULL, 0);
}

static size_t append(char *data, size_t one, size_t size, void *user) {
    struct tile_buffer *buffer = user;
    return tile_buffer_append(buffer, data, size * one, NULL) == TILE_OK ? size : 0;
}

static struct tile_buffer control(struct proxy proxy, const char *path, const char *put) {
    char url[128];
    struct tile_buffer answer = {0};
    CURL *easy = curl_easy_init();
    snprintf(url, sizeof url, "%s%s", proxy.endpoint, path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
    if (put) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, put);
    }
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    assert_int_equal(status, 200);
    curl_easy_cleanup(easy);
    return answer;
}

void proxy_rules(struct proxy proxy, const char *json) {
    struct tile_buffer answer = control(proxy, "/-/rules", json);
    tile_buffer_free(&answer);
}

json_t *proxy_seen(struct proxy proxy) {
    struct tile_buffer answer = control(proxy, "/-/seen", NULL);
    json_t *seen = json_loadb((const char *)answer.data, answer.size, 0, NULL);
    assert_true(json_is_array(seen));
    tile_buffer_free(&answer);
    return seen;
}

size_t proxy_count(struct proxy proxy, const char *method, const char *path) {
    json_t *seen = proxy_seen(proxy), *one;
    size_t i, count = 0;
    json_array_foreach(seen, i, one) {
        bool is = !method || strcmp(json_string_value(json_object_get(one, "method")), method) == 0;
        count += is && strstr(json_string_value(json_object_get(one, "path")), path);
    }
    json_decref(seen);
    return count;
}

struct test_bytes other_get(const char *bucket, const char *key) {
    struct test_bytes bytes;
    if (test_run(&bytes, "/usr/bin/python3 '%s/test/handlers/s3.py' get '%s' '%s'", TEST_ROOT, bucket, key) != 0)
        fail_msg("%s/%s: another client cannot read it", bucket, key);
    return bytes;
}

bool other_has(const char *bucket, const char *key) {
    return test_run(NULL, "/usr/bin/python3 '%s/test/handlers/s3.py' list '%s' '%s' | grep -qxF -e '%s'", TEST_ROOT,
                    bucket, key, key) == 0;
}

void other_put(const char *bucket, const char *key, const void *data, size_t size) {
    char *folder = test_folder_new();
    const char *path = test_path(folder, "content");
    test_write_file(path, data, size);
    assert_int_equal(
        test_run(NULL, "/usr/bin/python3 '%s/test/handlers/s3.py' put '%s' '%s' '%s'", TEST_ROOT, bucket, key, path),
        0);
    test_folder_remove(folder);
}

unsigned char *pattern(size_t size, uint64_t seed) {
    unsigned char *data = malloc(size ? size : 1);
    struct test_random random = {seed * 2 + 1};
    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)(test_random_next(&random) >> 56);
    return data;
}
