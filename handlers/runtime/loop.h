/* SPDX-License-Identifier: MIT */
/* The custom runtime of a Lambda function: one event after another, until the environment is shut down. */
#ifndef HANDLERS_RUNTIME_LOOP_H
#define HANDLERS_RUNTIME_LOOP_H

#include "../base/call.h"

/* Handles one event. It fills in the fields of `call` that belong to the process, such as the storage. */
typedef bool loop_serve(void *user, struct call *call, const json_t *event, struct response *response,
                        struct failure *failure);

/*
 * Passes the events of the Runtime API at `api` (host and port) to `serve`; `name` is the function's name in metrics.
 * Returns the process's exit status: 0 after SIGTERM, 1 if nothing can be served.
 */
int loop_run(const char *api, const char *name, loop_serve *serve, void *user);
/* Reports to the Runtime API that there is no handler `name`, only `names`. Returns the exit status, 1. */
int loop_refuse(const char *api, const char *name, const char *names);

/* Bytes of memory of the function: AWS_LAMBDA_FUNCTION_MEMORY_SIZE, or the machine's. */
uint64_t loop_memory(void);

#endif
