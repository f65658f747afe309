/* SPDX-License-Identifier: MIT */
/*
 * Members of events, tasks and job.json, which may hold anything. All fail with BAD_REQUEST, which names the member,
 * and leave `*out` as it was where there is none of that name.
 */
#ifndef HANDLERS_BASE_MEMBERS_H
#define HANDLERS_BASE_MEMBERS_H

#include "failure.h"

#include <jansson.h>

/* An object without members but those of `names` (NULL-terminated). `what`: for the message, as "a task of a text". */
bool members_check(const json_t *object, const char *what, const char *const names[], struct failure *failure);

bool member_text(const json_t *object, const char *name, const char **out, struct failure *failure);
/* From `least` to `most`, which JSON's integers bound as well (2^63 - 1). */
bool member_number(const json_t *object, const char *name, uint64_t least, uint64_t most, uint64_t *out,
                   struct failure *failure);
bool member_flag(const json_t *object, const char *name, bool *out, struct failure *failure);
/* [offset, size], each up to 2^63 - 1. */
bool member_range(const json_t *value, const char *name, struct tile_range *out, struct failure *failure);

#endif
