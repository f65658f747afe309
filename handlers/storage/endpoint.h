/* SPDX-License-Identifier: MIT */
/* Whom to ask for a bucket, and in whose name: what the environment says. */
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

/* BAD_REQUEST names the variable that is missing or cannot be. */
bool endpoint_read(struct endpoint *out, struct failure *failure);

/* Where an object is. */
struct endpoint_place {
    char url[ENDPOINT_URL_SIZE];
    char host[ENDPOINT_HOST_SIZE]; /* the value of the header Host */
    const char *path;              /* within `url` */
};
bool endpoint_find(struct endpoint_place *out, const struct endpoint *endpoint, const char *region,
                   const struct url *object, struct failure *failure);

/*
 * The account that TILE_BUCKET_OWNER expects the bucket to belong to: the one that is told for it by name, else the one
 * that is told for all. False: none is.
 */
bool endpoint_owner(char out[16], const struct endpoint *endpoint, const char *bucket);

/* Whether it may be a region's name, and thus become part of a host's. */
bool endpoint_is_region(const char *name);

#endif
