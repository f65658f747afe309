/* SPDX-License-Identifier: MIT */
#include "endpoint.h"

#include "sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNT_DIGITS = 12 };

/* The first of two variables that is set and not empty. */
static bool read_variable(char *out, size_t capacity, const char *name, const char *other, bool needed,
                          struct failure *failure) {
    const char *value = getenv(name);
    if ((!value || !*value) && other)
        value = getenv(other);
    value = value ? value : "";
    if (!*value && needed)
        return failure_set(failure, FAILURE_BAD_REQUEST, "S3: the environment variable %s%s%s is not set", name,
                           other ? " or " : "", other ? other : "");
    for (const char *c = value; *c; c++)
        if (*c < '!' || *c > '~')
            return failure_set(failure, FAILURE_BAD_REQUEST,
                               "S3: the environment variable %s has a space or control character", name);
    if ((size_t)snprintf(out, capacity, "%s", value) >= capacity)
        return failure_set(failure, FAILURE_BAD_REQUEST, "S3: the environment variable %s is longer than %zu bytes",
                           name, capacity - 1);
    return true;
}

bool endpoint_is_region(const char *name) {
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return size > 0 && size < REGION_SIZE && !name[size];
}

/* "scheme://host[:port][/prefix]"; what the prefix consists of is signed as it is, so nothing in it may be encoded. */
static bool check_custom(char *custom, struct failure *failure) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    size_t size = strlen(custom);
    while (size > 0 && custom[size - 1] == '/')
        custom[--size] = '\0';
    if (size == 0)
        return true;
    size_t scheme = strncmp(custom, "http://", 7) == 0 ? 7 : strncmp(custom, "https://", 8) == 0 ? 8 : 0;
    const char *host = custom + scheme, *path = host + strcspn(host, "/");
    if (scheme && path > host && !strpbrk(host, "@?#%\\") && !path[strspn(path, plain)])
        return true;
    /* Without its value, in which there may be a password. */
    return failure_set(
        failure, FAILURE_BAD_REQUEST,
        "S3: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is not http://host or https://host, with a port and a path "
        "of letters, digits and -._~/ where needed");
}

/* Whether an entry of TILE_BUCKET_OWNER's is "account" or "bucket=account"; where the account begins. */
static bool read_owner(const char *entry, size_t size, size_t *account) {
    const char *equals = memchr(entry, '=', size);
    *account = equals ? (size_t)(equals - entry) + 1 : 0;
    return size - *account == ACCOUNT_DIGITS && strspn(entry + *account, "0123456789") >= ACCOUNT_DIGITS &&
           *account != 1;
}

static bool check_owners(const char *owners, struct failure *failure) {
    size_t account;
    for (; *owners; owners += *owners == ',') {
        size_t size = strcspn(owners, ",");
        if (!read_owner(owners, size, &account))
            return failure_set(failure, FAILURE_BAD_REQUEST,
                               "S3: TILE_BUCKET_OWNER: %.*s is no account of %d digits, nor bucket=account", (int)size,
                               owners, ACCOUNT_DIGITS);
        owners += size;
    }
    return true;
}

bool endpoint_owner(char out[16], const struct endpoint *endpoint, const char *bucket) {
    size_t account, name = strlen(bucket);
    const char *found = NULL, *entry = endpoint->owners;
    for (bool own = false; *entry && !own; entry += *entry == ',') {
        size_t size = strcspn(entry, ",");
        read_owner(entry, size, &account);
        own = account == name + 1 && memcmp(entry, bucket, name) == 0;
        if (own || (account == 0 && !found))
            found = entry + account;
        entry += size;
    }
    snprintf(out, 16, "%.*s", ACCOUNT_DIGITS, found ? found : "");
    return found != NULL;
}

bool endpoint_read(struct endpoint *out, struct failure *failure) {
    if (!read_variable(out->id, sizeof out->id, "AWS_ACCESS_KEY_ID", NULL, true, failure) ||
        !read_variable(out->secret, sizeof out->secret, "AWS_SECRET_ACCESS_KEY", NULL, true, failure) ||
        !read_variable(out->token, sizeof out->token, "AWS_SESSION_TOKEN", NULL, false, failure) ||
        !read_variable(out->region, sizeof out->region, "AWS_REGION", "AWS_DEFAULT_REGION", true, failure) ||
        !read_variable(out->custom, sizeof out->custom, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", false, failure) ||
        !read_variable(out->owners, sizeof out->owners, "TILE_BUCKET_OWNER", NULL, false, failure))
        return false;
    if (!endpoint_is_region(out->region))
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "S3: AWS_REGION or AWS_DEFAULT_REGION is %s, which is no region", out->region);
    return check_custom(out->custom, failure) && check_owners(out->owners, failure);
}

/*
 * Buckets are hosts of their own, but for dots in their names (which no certificate of Amazon's covers) and other
 * stores (which seldom have such hosts): there they are the first name of the path.
 */
bool endpoint_find(struct endpoint_place *out, const struct endpoint *endpoint, const char *region,
                   const struct url *object, struct failure *failure) {
    char base[640], path[3 * STORAGE_URL_MOST];
    bool custom = endpoint->custom[0] != '\0', own_host = !custom && !strchr(object->bucket, '.');
    if (custom)
        snprintf(base, sizeof base, "%s", endpoint->custom);
    else
        snprintf(base, sizeof base, "https://%s%ss3.%s.amazonaws.com%s", own_host ? object->bucket : "",
                 own_host ? "." : "", region, strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
    const char *host = strstr(base, "://") + 3;
    size_t host_size = strcspn(host, "/");
    int size = snprintf(out->host, sizeof out->host, "%.*s", (int)host_size, host);
    if ((size_t)size >= sizeof out->host || !sign_encode_path(path, sizeof path, object->path))
        return failure_set(failure, FAILURE_BAD_REQUEST, "S3: the host or key is too long");
    size = snprintf(out->url, sizeof out->url, "%s%s%s/%s", base, own_host ? "" : "/", own_host ? "" : object->bucket,
                    path);
    if ((size_t)size >= sizeof out->url)
        return failure_set(failure, FAILURE_BAD_REQUEST, "S3: the host or key is too long");
    out->path = out->url + (host - base) + host_size;
    return true;
}
