/* SPDX-License-Identifier: MIT */
/* AWS Signature Version 4: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
#ifndef HANDLERS_STORAGE_SIGN_H
#define HANDLERS_STORAGE_SIGN_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SIGN_HASH_SIZE = 32,
    SIGN_HEADERS_MOST = 16,
    SIGN_TIME_SIZE = sizeof "20130524T000000Z",
    SIGN_AUTHORIZATION_SIZE = 1024
};

/* The signer and the service; the key is valid for one day. */
struct sign_scope {
    const char *id, *secret;
    const char *region, *service;
    char day[sizeof "20130524"]; /* of `key`; "": no key yet */
    unsigned char key[SIGN_HASH_SIZE];
};

struct sign_header {
    const char *name; /* in lower case */
    const char *value;
};

struct sign_request {
    const char *method;
    const char *path;  /* as it is sent: percent-encoded once, as S3 wants it, and not normalized */
    const char *query; /* "name=value&...", encoded and sorted; "": none */
    struct sign_header headers[SIGN_HEADERS_MOST];
    size_t header_count; /* in any order; the host and all x-amz-* must be among them */
    const char *payload; /* SHA-256 of the body, in hexadecimal */
};

/*
 * Writes the value of the header Authorization. `time` is the value of x-amz-date. Sorts the headers, and derives the
 * scope's key anew if the day differs. False: the value does not fit, or there is no memory.
 */
bool sign(char out[SIGN_AUTHORIZATION_SIZE], struct sign_scope *scope, struct sign_request *request,
          const char time[SIGN_TIME_SIZE]);

/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ and slashes. False if the result does not fit in `capacity`. */
bool sign_encode_path(char *out, size_t capacity, const char *path);
/* The same for a query's value: slashes are encoded, too. */
bool sign_encode_value(char *out, size_t capacity, const char *value);

#endif
