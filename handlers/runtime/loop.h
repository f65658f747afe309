/* SPDX-License-Identifier: MIT */
/* The custom runtime of a Lambda function: one event after another, until the environment is shut down. */
#ifndef HANDLERS_RUNTIME_LOOP_H
#define HANDLERS_RUNTIME_LOOP_H

#include "../handler.h"

/*
 * Serves events that the Runtime API at `api` (host and port) gives, by `function`, which is called `name`. NULL: there
 * is no such function, which is reported. The process's exit status: 0 after SIGTERM, 1 where nothing can be served.
 */
int loop_run(const char *api, const char *name, handle *function);

/* Bytes that the function has: AWS_LAMBDA_FUNCTION_MEMORY_SIZE, or the machine's. */
uint64_t loop_memory(void);

#endif
