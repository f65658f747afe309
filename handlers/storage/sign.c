/* SPDX-License-Identifier: MIT */
#include "sign.h"

#include "../base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

static bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

/* Percent-encodes what is neither unreserved nor `also`. */
static bool encode(char *out, size_t capacity, const char *text, char also) {
    for (; *text; text++) {
        bool plain = is_unreserved(*text) || *text == also;
        size_t size = plain ? 1 : 3;
        if (size >= capacity)
            return false;
        if (plain)
            *out = *text;
        else
            snprintf(out, capacity, "%%%02X", (unsigned char)*text);
        out += size;
        capacity -= size;
    }
    if (capacity > 0)
        *out = '\0';
    return capacity > 0;
}

bool sign_encode_path(char *out, size_t capacity, const char *path) {
    return encode(out, capacity, path, '/');
}

bool sign_encode_value(char *out, size_t capacity, const char *value) {
    return encode(out, capacity, value, '\0');
}

static bool hmac(unsigned char out[SIGN_HASH_SIZE], const void *key, size_t key_size, const char *text) {
    return HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, strlen(text), out, NULL) != NULL;
}

static bool derive_key(struct sign_scope *scope, const char day[sizeof scope->day]) {
    char secret[256];
    unsigned char key[SIGN_HASH_SIZE];
    if (strcmp(scope->day, day) == 0)
        return true;
    int size = snprintf(secret, sizeof secret, "AWS4%s", scope->secret);
    if ((size_t)size >= sizeof secret || !hmac(key, secret, (size_t)size, day) ||
        !hmac(key, key, sizeof key, scope->region) || !hmac(key, key, sizeof key, scope->service) ||
        !hmac(scope->key, key, sizeof key, "aws4_request"))
        return false;
    memcpy(scope->day, day, sizeof scope->day);
    return true;
}

static void sort_headers(struct sign_request *request) {
    for (size_t i = 1; i < request->header_count; i++)
        for (size_t k = i; k > 0 && strcmp(request->headers[k - 1].name, request->headers[k].name) > 0; k--) {
            struct sign_header swap = request->headers[k];
            request->headers[k] = request->headers[k - 1];
            request->headers[k - 1] = swap;
        }
}

static bool add(EVP_MD_CTX *hash, const char *text, size_t size) {
    return EVP_DigestUpdate(hash, text, size) == 1;
}

static bool add_line(EVP_MD_CTX *hash, const char *text) {
    return add(hash, text, strlen(text)) && add(hash, "\n", 1);
}

/* The value without spaces around it, and with one space for several. */
static bool add_value(EVP_MD_CTX *hash, const char *value) {
    const char *between = "";
    for (;;) {
        value += strspn(value, " ");
        size_t size = strcspn(value, " ");
        if (size == 0)
            return add(hash, "\n", 1);
        if (!add(hash, between, strlen(between)) || !add(hash, value, size))
            return false;
        between = " ";
        value += size;
    }
}

static bool add_names(EVP_MD_CTX *hash, const struct sign_request *request) {
    for (size_t i = 0; i < request->header_count; i++)
        if (!add(hash, ";", i > 0) || !add(hash, request->headers[i].name, strlen(request->headers[i].name)))
            return false;
    return add(hash, "\n", 1);
}

/* The hash of the canonical request. */
static bool hash_request(char out[2 * SIGN_HASH_SIZE + 1], const struct sign_request *request) {
    unsigned char digest[SIGN_HASH_SIZE];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool done = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 && add_line(hash, request->method) &&
                add_line(hash, request->path) && add_line(hash, request->query);
    for (size_t i = 0; done && i < request->header_count; i++)
        done = add(hash, request->headers[i].name, strlen(request->headers[i].name)) && add(hash, ":", 1) &&
               add_value(hash, request->headers[i].value);
    done = done && add(hash, "\n", 1) && add_names(hash, request) &&
           add(hash, request->payload, strlen(request->payload)) && EVP_DigestFinal_ex(hash, digest, NULL) == 1;
    EVP_MD_CTX_free(hash);
    if (done)
        hash_hex(digest, sizeof digest, out);
    return done;
}

bool sign(char out[SIGN_AUTHORIZATION_SIZE], struct sign_scope *scope, struct sign_request *request,
          const char time[SIGN_TIME_SIZE]) {
    char day[sizeof scope->day], hash[2 * SIGN_HASH_SIZE + 1], text[512];
    unsigned char signature[SIGN_HASH_SIZE];
    snprintf(day, sizeof day, "%.8s", time);
    sort_headers(request);
    if (!hash_request(hash, request))
        return false;
    int size = snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s", time, day, scope->region,
                        scope->service, hash);
    if ((size_t)size >= sizeof text || !derive_key(scope, day) || !hmac(signature, scope->key, sizeof scope->key, text))
        return false;
    hash_hex(signature, sizeof signature, hash);
    size = snprintf(out, SIGN_AUTHORIZATION_SIZE,
                    "AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, SignedHeaders=", scope->id, day,
                    scope->region, scope->service);
    for (size_t i = 0; i < request->header_count && size < SIGN_AUTHORIZATION_SIZE; i++)
        size += snprintf(out + size, (size_t)(SIGN_AUTHORIZATION_SIZE - size), "%s%s", i ? ";" : "",
                         request->headers[i].name);
    if (size < SIGN_AUTHORIZATION_SIZE)
        size += snprintf(out + size, (size_t)(SIGN_AUTHORIZATION_SIZE - size), ", Signature=%s", hash);
    return size < SIGN_AUTHORIZATION_SIZE;
}
