/* SPDX-License-Identifier: MIT */
#include "records.h"

#include "../base/hash.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_DIGITS = 32, SHA256_SIZE = 32, HEAD_MOST = 200, END_MOST = 100 };

/* ---- Names ---- */

/* The hash within a prefix; NULL where it is none. */
static const char *hash_of(const char *prefix) {
    static const char before[] = "/runs/";
    size_t size = strlen(prefix), behind = HASH_DIGITS + 1;
    if (size < strlen(before) + behind || prefix[size - 1] != '/')
        return NULL;
    const char *hash = prefix + size - behind;
    bool is =
        strspn(hash, "0123456789abcdef") == HASH_DIGITS && memcmp(hash - strlen(before), before, strlen(before)) == 0;
    return is ? hash : NULL;
}

bool records_check_prefix(const char *prefix, struct failure *failure) {
    return hash_of(prefix) || failure_set(failure, FAILURE_BAD_REQUEST,
                                          "records: a URL that ends in /runs/HASH/ is wanted, as plan answers");
}

static bool name_object(char out[STORAGE_URL_MOST], const char *prefix, uint64_t first, uint64_t last,
                        struct failure *failure) {
    char name[64];
    snprintf(name, sizeof name, "%" PRIu64 "-%" PRIu64 ".json", first, last);
    return storage_join(out, prefix, name, failure);
}

bool records_prefix(char out[STORAGE_URL_MOST], const char *output, const char *hash, struct failure *failure) {
    char name[HASH_DIGITS + 8], longest[STORAGE_URL_MOST];
    snprintf(name, sizeof name, "runs/%s/", hash);
    return storage_join(out, output, name, failure) && name_object(longest, out, UINT64_MAX, UINT64_MAX, failure);
}

/* ---- The text ---- */

static size_t write_head(char head[HEAD_MOST], const char *prefix, uint64_t first, uint64_t last) {
    return (size_t)snprintf(head, HEAD_MOST, "{\"job\":\"%.*s\",\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"tiles\":[",
                            HASH_DIGITS, hash_of(prefix), first, last);
}

/* Of all that stands before it. */
static bool write_end(char end[END_MOST], const void *text, size_t size) {
    unsigned char hash[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    if (EVP_Digest(text, size, hash, NULL, EVP_sha256(), NULL) != 1)
        return false;
    hash_hex(hash, sizeof hash, hex);
    snprintf(end, END_MOST, ",\"sha256\":\"%s\"}\n", hex);
    return true;
}

static char *put(char *to, const char *text, size_t size) {
    memcpy(to, text, size);
    return to + size;
}

/* NULL without memory. */
static char *write_text(const char *prefix, const struct record *records, size_t count, size_t *size) {
    char head[HEAD_MOST];
    size_t head_size = write_head(head, prefix, records[0].number, records[count - 1].number);
    size_t capacity = head_size + 2 + END_MOST;
    for (size_t i = 0; i < count; i++)
        capacity += records[i].size + 2;
    char *text = malloc(capacity), *to = text;
    if (!text)
        return NULL;
    to = put(to, head, head_size);
    for (size_t i = 0; i < count; i++) {
        to = put(to, i ? ",\n" : "\n", i ? 2 : 1);
        to = put(to, records[i].line, records[i].size);
    }
    to = put(to, "\n]", 2);
    if (!write_end(to, text, (size_t)(to - text))) {
        free(text);
        return NULL;
    }
    *size = (size_t)(to - text) + strlen(to);
    return text;
}

/* ---- Writing ---- */

static int by_number(const void *a, const void *b) {
    const struct record *p = a, *q = b;
    return p->number < q->number ? -1 : p->number > q->number;
}

bool records_write(struct storage *storage, const char *prefix, struct record *records, size_t count,
                   struct failure *failure) {
    char url[STORAGE_URL_MOST];
    size_t size;
    if (count == 0)
        return true;
    qsort(records, count, sizeof *records, by_number);
    for (size_t i = 1; i < count; i++)
        if (records[i].number != records[i - 1].number + 1)
            return true;
    if (!name_object(url, prefix, records[0].number, records[count - 1].number, failure))
        return false;
    char *text = write_text(prefix, records, count, &size);
    if (!text)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for the records of %zu tiles", count);
    bool done =
        storage_put(storage, url, text, size, &(struct storage_put_options){.type = "application/json"}, failure);
    free(text);
    return done;
}

/* ---- Reading ---- */

/* Whether the text ends in its own hash; `*size` is then that of what stands before. */
static bool holds(const struct tile_buffer *text, size_t *size) {
    char end[END_MOST];
    size_t end_size = strlen(",\"sha256\":\"\"}\n") + 2 * SHA256_SIZE;
    if (text->size < end_size)
        return false;
    *size = text->size - end_size;
    return write_end(end, text->data, *size) && memcmp(text->data + *size, end, end_size) == 0;
}

static bool find_lines(struct record *records, const char *text, size_t size, const char *prefix, uint64_t first,
                       size_t count) {
    char head[HEAD_MOST];
    size_t head_size = write_head(head, prefix, first, first + count - 1);
    const char *end = text + size;
    if (size < head_size || memcmp(text, head, head_size) != 0)
        return false;
    const char *at = text + head_size;
    for (size_t i = 0; i < count; i++) {
        if (end - at < 2 || (i && *at++ != ',') || *at++ != '\n')
            return false;
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            return false;
        const char *stop = i + 1 < count ? newline - 1 : newline;
        if (stop <= at)
            return false;
        records[i] = (struct record){.number = first + i, .line = at, .size = (size_t)(stop - at)};
        at = stop;
    }
    return end - at == 2 && memcmp(at, "\n]", 2) == 0;
}

bool records_read(bool *found, struct record *records, struct tile_buffer *text, struct storage *storage,
                  const char *prefix, uint64_t first, size_t count, struct failure *failure) {
    char url[STORAGE_URL_MOST];
    size_t size;
    *found = false;
    if (!name_object(url, prefix, first, first + count - 1, failure))
        return false;
    uint64_t most = (uint64_t)count * STORAGE_NOTE_MOST + HEAD_MOST + END_MOST;
    if (!storage_get(storage, url, most, text, NULL, failure))
        return failure->kind == FAILURE_SOURCE_NOT_FOUND || failure->kind == FAILURE_SOURCE_CHANGED ||
               failure->kind == FAILURE_LIMIT_EXCEEDED;
    *found = holds(text, &size) && find_lines(records, (const char *)text->data, size, prefix, first, count);
    return true;
}
