/* SPDX-License-Identifier: MIT */
/*
 * Reading members of events, tasks and job.json, which are untrusted. All functions fail with BAD_REQUEST, which names
 * the member, and leave `*out` unchanged if there is no such member.
 */
#ifndef HANDLERS_BASE_MEMBERS_H
#define HANDLERS_BASE_MEMBERS_H

#include "failure.h"

#include <jansson.h>

/* Checks that an object has no other members than `names` (NULL-terminated). `what`, for the message: "a task of a
 * text". */
bool members_check(const json_t *object, const char *what, const char *const names[], struct failure *failure);

bool member_text(const json_t *object, const char *name, const char **out, struct failure *failure);
/* A number from `least` to `most`; at most 2^63 - 1, the largest of JSON's integers. */
bool member_number(const json_t *object, const char *name, uint64_t least, uint64_t most, uint64_t *out,
                   struct failure *failure);
bool member_flag(const json_t *object, const char *name, bool *out, struct failure *failure);
/* [offset, size], each up to 2^63 - 1. */
bool member_range(const json_t *value, const char *name, struct tile_range *out, struct failure *failure);

#endif
