/* SPDX-License-Identifier: MIT */
/* The deadline of an invocation. */
#ifndef HANDLERS_BASE_DEADLINE_H
#define HANDLERS_BASE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include <tile.h>

/* Milliseconds since 1970. */
int64_t deadline_now(void);
/* Whether the deadline, in the same unit, has passed. INT64_MAX never does. */
bool deadline_over(int64_t deadline);
/* A progress hook for the library, which stops at the deadline; `deadline` points to an int64_t. */
bool deadline_ask(void *deadline, const struct tile_progress *progress);

#endif
