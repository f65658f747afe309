/* SPDX-License-Identifier: MIT */
/* Doing many things at once: requests that wait for the store, tiles that wait for a processor. */
#ifndef HANDLERS_BASE_PARALLEL_H
#define HANDLERS_BASE_PARALLEL_H

#include "failure.h"

/*
 * Calls `each` for 0 to count - 1, begun in this order, on up to `threads` threads (the calling one included), until
 * all are done or one fails. Returns true if none failed; else `failure` is the first one.
 */
bool parallel_run(uint64_t count, int threads, bool (*each)(void *user, uint64_t index, struct failure *failure),
                  void *user, struct failure *failure);
/* Number of processors that this process may use. (The library's own count is private.) */
int parallel_processors(void);

#endif
