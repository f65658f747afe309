/* SPDX-License-Identifier: MIT */
#include "coding.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static bool no_memory(struct failure *failure, const char *name) {
    return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", name);
}

bool member_text_needed(const json_t *object, const char *name, const char **out, struct failure *failure) {
    *out = NULL;
    return member_text(object, name, out, failure) &&
           (*out || failure_set(failure, FAILURE_BAD_REQUEST, "%s: is missing", name));
}

bool base64_decode(const char *name, const char *text, struct tile_buffer *out, struct failure *failure) {
    size_t size = strlen(text), padding = size - strcspn(text, "=");
    if (size == 0 || size % 4 != 0 || size > INT_MAX || padding > 2 || strspn(text + size - padding, "=") != padding)
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "%s: is not base64: it has %zu characters, a part of them \"=\"", name, size);
    /* Room for what padding stands for, too. */
    struct tile_error error;
    unsigned char *bytes = malloc(size / 4 * 3);
    if (!bytes)
        return no_memory(failure, name);
    bool done = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)size) >= 0 ||
                failure_set(failure, FAILURE_BAD_REQUEST, "%s: is not base64", name);
    if (done && tile_buffer_append(out, bytes, size / 4 * 3 - padding, &error) != TILE_OK)
        done = failure_from(failure, &error);
    free(bytes);
    return done;
}

json_t *base64_encode(const void *data, size_t size) {
    if (size > INT_MAX / 4 * 3)
        return NULL;
    char *text = malloc((size + 2) / 3 * 4 + 1);
    json_t *json = NULL;
    if (text) {
        int length = EVP_EncodeBlock((unsigned char *)text, data, (int)size);
        json = json_stringn(text, (size_t)length);
    }
    free(text);
    return json;
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool form_decode(const char *name, const char *text, size_t size, char **out, struct failure *failure) {
    char *to = *out = malloc(size + 1);
    if (!to)
        return no_memory(failure, name);
    for (size_t i = 0; i < size; i++) {
        *to = text[i] == '+' ? ' ' : text[i];
        if (text[i] == '%') {
            int high = size - i > 2 ? hex_digit(text[i + 1]) : -1, low = high < 0 ? -1 : hex_digit(text[i + 2]);
            if (low < 0 || (high == 0 && low == 0)) {
                free(*out);
                *out = NULL;
                return failure_set(failure, FAILURE_BAD_REQUEST, "%s: '%%' is not followed by a byte in hexadecimal",
                                   name);
            }
            *to = (char)(high << 4 | low);
            i += 2;
        }
        to++;
    }
    *to = '\0';
    return true;
}
