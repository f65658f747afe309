/* SPDX-License-Identifier: MIT */
/* The parts of a URL. */
#ifndef HANDLERS_STORAGE_URL_H
#define HANDLERS_STORAGE_URL_H

#include "facts.h"

struct local;

struct url {
    bool s3;
    char bucket[64];             /* of S3 */
    char path[STORAGE_URL_MOST]; /* the literal key; or a file's path, relative to the root if there is one */
};

/* BAD_REQUEST if the text is too long, has another scheme or no name, or leads out of the root. */
bool url_read(struct url *out, const struct local *local, const char *text, struct failure *failure);

#endif
