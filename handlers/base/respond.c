/* SPDX-License-Identifier: MIT */
#include "respond.h"

#include <stdlib.h>
#include <string.h>

bool respond_json(struct tile_buffer *body, json_t *value, struct failure *failure) {
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(value);
    if (!text)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for the response");
    struct tile_error error;
    tile_status status = tile_buffer_append(body, text, strlen(text), &error);
    free(text);
    return status == TILE_OK || failure_from(failure, &error);
}
