/* SPDX-License-Identifier: MIT */
#ifndef HANDLERS_BASE_RESPOND_H
#define HANDLERS_BASE_RESPOND_H

#include "failure.h"

#include <jansson.h>

/* The most bytes of a response that is not streamed: 6 MiB, and the bytes that Lambda puts around it. */
enum { RESPONSE_MOST = 6291556 };

/* Appends the value, as one line, to a response's body. Takes the reference; NULL, as from json_pack, is OUT_OF_MEMORY.
 */
bool respond_json(struct tile_buffer *body, json_t *value, struct failure *failure);

#endif
