/* SPDX-License-Identifier: MIT */
#include "url.h"

#include "file.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MOST = 1024 }; /* S3's own limit */

static bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* S3's rules for the names of buckets, as far as they keep a name from being anything else in a URL. */
static bool is_bucket(const char *name, size_t size) {
    if (size < 3 || size > 63 || !is_alphanumeric(name[0]) || !is_alphanumeric(name[size - 1]))
        return false;
    for (size_t i = 0; i < size; i++)
        if (!is_alphanumeric(name[i]) && name[i] != '-' && (name[i] != '.' || name[i - 1] == '.'))
            return false;
    return true;
}

static bool read_s3(struct url *out, const char *text, struct failure *failure) {
    const char *bucket = text + strlen("s3://");
    size_t size = strcspn(bucket, "/");
    if (!is_bucket(bucket, size))
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "%s: names no bucket: 3 to 63 of a-z, 0-9, '.' and '-', as in s3://bucket/key", text);
    const char *key = bucket + size + (bucket[size] == '/');
    if (!*key || strlen(key) > KEY_MOST)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: names no object: a key has 1 to %d bytes", text,
                           KEY_MOST);
    out->s3 = true;
    memcpy(out->bucket, bucket, size);
    out->bucket[size] = '\0';
    snprintf(out->path, sizeof out->path, "%s", key);
    return true;
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* RFC 8089: an empty host or this one, and percent-encoded. */
static bool read_file_url(char path[STORAGE_URL_MOST], const char *text, struct failure *failure) {
    const char *from = "";
    if (strncmp(text, "file:///", strlen("file:///")) == 0)
        from = text + strlen("file://");
    else if (strncmp(text, "file://localhost/", strlen("file://localhost/")) == 0)
        from = text + strlen("file://localhost");
    if (!*from)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: is no file here; one is file:///path", text);
    for (; *from; from++) {
        *path = *from;
        if (*from == '%') {
            int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);
            if (low < 0 || (high == 0 && low == 0))
                return failure_set(failure, FAILURE_BAD_REQUEST, "%s: '%%' is not followed by a byte in hexadecimal",
                                   text);
            *path = (char)(high << 4 | low);
            from += 2;
        }
        path++;
    }
    *path = '\0';
    return true;
}

/* Whether following the names from left to right never goes above where it began. */
static bool stays_below(const char *path) {
    long depth = 0;
    while (*path) {
        size_t size = strcspn(path, "/");
        if (size == 2 && memcmp(path, "..", 2) == 0)
            depth--;
        else if (size > 0 && !(size == 1 && *path == '.'))
            depth++;
        if (depth < 0)
            return false;
        path += size + (path[size] == '/');
    }
    return true;
}

/* What of an absolute path is below `root`; NULL where it is not. */
static const char *below(const char *path, const char *root) {
    size_t size = strlen(root);
    while (size > 0 && root[size - 1] == '/')
        size--;
    return strncmp(path, root, size) == 0 && path[size] == '/' ? path + size : NULL;
}

static bool read_local(struct url *out, const struct local *local, const char *text, struct failure *failure) {
    if (!local->allowed)
        return failure_set(
            failure, FAILURE_BAD_REQUEST,
            "%s: is a local file, which are closed here: name an object, s3://bucket/key, or open a folder by "
            "--root or TILE_LOCAL_ROOT",
            text);
    char path[STORAGE_URL_MOST];
    if (strncmp(text, "file:", strlen("file:")) != 0)
        snprintf(path, sizeof path, "%s", text);
    else if (!read_file_url(path, text, failure))
        return false;
    const char *inside = path;
    if (local->root && path[0] == '/') {
        inside = below(path, local->root);
        inside = inside ? inside : below(path, local->real);
    }
    if (!inside || (local->root && !stays_below(inside)))
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: is not below %s, the only folder that is open here", text,
                           local->root);
    while (local->root && *inside == '/')
        inside++;
    if (!*inside)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: names no file", *text ? text : "(nothing)");
    out->s3 = false;
    snprintf(out->path, sizeof out->path, "%s", inside);
    return true;
}

bool url_read(struct url *out, const struct local *local, const char *text, struct failure *failure) {
    if (strlen(text) >= STORAGE_URL_MOST)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%.60s...: is longer than %d bytes", text,
                           STORAGE_URL_MOST - 1);
    if (strncmp(text, "s3://", strlen("s3://")) == 0)
        return read_s3(out, text, failure);
    const char *colon = strstr(text, "://");
    if (colon && strncmp(text, "file://", strlen("file://")) != 0 && (size_t)(colon - text) == strcspn(text, ":/"))
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: is of a scheme that is not served; s3:// and file:// are",
                           text);
    return read_local(out, local, text, failure);
}
