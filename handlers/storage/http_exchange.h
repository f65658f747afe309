/* SPDX-License-Identifier: MIT */
/* One attempt at a request, as curl is told of it. */
#ifndef HANDLERS_STORAGE_HTTP_EXCHANGE_H
#define HANDLERS_STORAGE_HTTP_EXCHANGE_H

#include "http.h"

/* A handle with what is the same for all requests. NULL: no memory. `bundle` may be NULL. */
CURL *http_exchange_new(const struct http_options *options, const char *bundle);
/* Has the request's handle, for which `prepare` was called, do it. */
void http_exchange_set(struct http_request *request);
/* So that nothing of its request is left in a handle. */
void http_exchange_clear(CURL *easy);

#endif
