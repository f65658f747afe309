/* SPDX-License-Identifier: MIT */
/* A bucket's endpoint and the credentials, from the environment. */
#ifndef HANDLERS_STORAGE_ENDPOINT_H
#define HANDLERS_STORAGE_ENDPOINT_H

#include "url.h"

enum { REGION_SIZE = 64, ENDPOINT_URL_SIZE = 5 * 1024, ENDPOINT_HOST_SIZE = 384 };

/* A copy of the environment, which others may change meanwhile. */
struct endpoint {
    char id[256], secret[200], token[8192]; /* token "": none */
    char region[REGION_SIZE];
    char custom[512];  /* "http://host:port/prefix" without a final slash; "": Amazon's own */
    char owners[2048]; /* "111111111111,bucket=222222222222": see endpoint_owner */
};

/* BAD_REQUEST names the variable that is missing or invalid. */
bool endpoint_read(struct endpoint *out, struct failure *failure);

/* The address of an object. */
struct endpoint_place {
    char url[ENDPOINT_URL_SIZE];
    char host[ENDPOINT_HOST_SIZE]; /* the value of the header Host */
    const char *path;              /* within `url` */
};
bool endpoint_find(struct endpoint_place *out, const struct endpoint *endpoint, const char *region,
                   const struct url *object, struct failure *failure);

/*
 * The account that must own the bucket, from TILE_BUCKET_OWNER: the entry with the bucket's name, else the entry for
 * all buckets. False: there is none.
 */
bool endpoint_owner(char out[16], const struct endpoint *endpoint, const char *bucket);

/* Whether `name` may be a region's name, which becomes part of a host's name. */
bool endpoint_is_region(const char *name);

#endif
