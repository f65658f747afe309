/* SPDX-License-Identifier: MIT */
/* What a URL names. */
#ifndef HANDLERS_STORAGE_URL_H
#define HANDLERS_STORAGE_URL_H

#include "facts.h"

struct local;

struct url {
    bool s3;
    char bucket[64];             /* of S3 */
    char path[STORAGE_URL_MOST]; /* the key, as it is; or a file's path, below the root where there is one */
};

/* BAD_REQUEST where the text is too long, of another scheme, without a name, or leads out of the root. */
bool url_read(struct url *out, const struct local *local, const char *text, struct failure *failure);

#endif
