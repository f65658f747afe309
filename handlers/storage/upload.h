/* SPDX-License-Identifier: MIT */
/* An object in parts, on its way to S3. */
#ifndef HANDLERS_STORAGE_UPLOAD_H
#define HANDLERS_STORAGE_UPLOAD_H

#include "internal.h"

struct upload;

/* `place`, `url` and `options` must stay valid until it ends. */
bool upload_begin(struct upload **out, struct storage *storage, const struct url *place, const char *url,
                  const struct storage_put_options *options, struct failure *failure);
/*
 * Sends part `number` (from 1 on, in any order), while others are still under way. `data` is freed, also on failure.
 * LIMIT_EXCEEDED beyond 10,000 parts.
 */
bool upload_part(struct upload *upload, unsigned number, unsigned char *data, size_t size, struct failure *failure);
/* Both free the upload, also on failure. If it is not completed, its parts are removed, as far as the store answers. */
bool upload_complete(struct upload *upload, struct failure *failure);
void upload_abort(struct upload *upload);

#endif
