/* SPDX-License-Identifier: MIT */
/* One attempt at a request, by curl. */
#ifndef HANDLERS_STORAGE_HTTP_EXCHANGE_H
#define HANDLERS_STORAGE_HTTP_EXCHANGE_H

#include "http.h"

/* A handle with the options that all requests share. NULL: no memory. `bundle` may be NULL. */
CURL *http_exchange_new(const struct http_options *options, const char *bundle);
/* Sets the request's handle for an attempt; `prepare` has been called. */
void http_exchange_set(struct http_request *request);
/* Removes everything of its request from a handle. */
void http_exchange_clear(CURL *easy);

#endif
