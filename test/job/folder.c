/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <unistd.h>

struct npy npy_read(const char *path) {
    struct npy npy = {.file = test_read_file(path)};
    const unsigned char *p = npy.file.data;
    assert_true(npy.file.size > 10 && memcmp(p, "\x93NUMPY\x01\x00", 8) == 0);
    size_t header = (size_t)p[8] | (size_t)p[9] << 8;
    char *text = strndup((const char *)p + 10, header);
    const char *shape = strstr(text, "'shape': (");
    assert_non_null(shape);
    assert_int_equal(sscanf(shape, "'shape': (%u, %u, %u)", &npy.height, &npy.width, &npy.channels), 3);
    free(text);
    npy.data = p + 10 + header;
    npy.size = npy.file.size - 10 - header;
    return npy;
}

void npy_free(struct npy npy) {
    free(npy.file.data);
}

json_t *manifest_read(const char *folder) {
    json_error_t error;
    json_t *manifest = json_load_file(test_path(folder, "manifest.json"), 0, &error);
    if (!manifest)
        fail_msg("%s/manifest.json: %s at line %d", folder, error.text, error.line);
    return manifest;
}

bool folders_are_equal(const char *a, const char *b) {
    return test_run(NULL, "diff -rq '%s' '%s' | head -3 >&2; diff -rq '%s' '%s' >/dev/null", a, b, a, b) == 0;
}

size_t folder_count(const char *folder) {
    struct test_bytes list;
    assert_int_equal(test_run(&list, "ls -A '%s' 2>/dev/null | wc -l", folder), 0);
    size_t count = (size_t)atoi((const char *)list.data);
    free(list.data);
    return count;
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}
