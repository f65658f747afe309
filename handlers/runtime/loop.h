/* SPDX-License-Identifier: MIT */
/* The custom runtime of a Lambda function: one event after another, until the environment is shut down. */
#ifndef HANDLERS_RUNTIME_LOOP_H
#define HANDLERS_RUNTIME_LOOP_H

#include "../base/call.h"

/* Does what one event asks for. What `call` has of the process's own, as the storage, is for it to fill in. */
typedef bool loop_serve(void *user, struct call *call, const json_t *event, struct response *response,
                        struct failure *failure);

/*
 * Serves events that the Runtime API at `api` (host and port) gives, by `serve`, under the name that metrics have. The
 * process's exit status: 0 after SIGTERM, 1 where nothing can be served.
 */
int loop_run(const char *api, const char *name, loop_serve *serve, void *user);
/* Reports there that no handler is called `name`, but those of `names`. The exit status, 1. */
int loop_refuse(const char *api, const char *name, const char *names);

/* Bytes that the function has: AWS_LAMBDA_FUNCTION_MEMORY_SIZE, or the machine's. */
uint64_t loop_memory(void);

#endif
