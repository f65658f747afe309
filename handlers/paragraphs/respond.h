/* SPDX-License-Identifier: MIT */
#ifndef PARAGRAPHS_RESPOND_H
#define PARAGRAPHS_RESPOND_H

#include "../handler.h"

/* The value as the response's body. Takes the reference; NULL, as of a json_pack, is OUT_OF_MEMORY. */
bool paragraphs_respond(struct response *response, json_t *value, struct failure *failure);

#endif
