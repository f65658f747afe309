/* SPDX-License-Identifier: MIT */
/* When an invocation has to be over. */
#ifndef HANDLERS_BASE_DEADLINE_H
#define HANDLERS_BASE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include <tile.h>

/* Milliseconds since 1970. */
int64_t deadline_now(void);
/* Whether that time, in the same milliseconds, has come. INT64_MAX never does. */
bool deadline_over(int64_t deadline);
/* A hook of the library's: goes on until the deadline that it is given a pointer to. */
bool deadline_ask(void *deadline, const struct tile_progress *progress);

#endif
