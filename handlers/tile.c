/* SPDX-License-Identifier: MIT */
#include "handler.h"

bool handle_tile(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    (void)call, (void)event, (void)response;
    return fail(failure, FAILURE_UNSUPPORTED, "tile: is not built yet");
}
