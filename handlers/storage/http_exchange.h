/* SPDX-License-Identifier: MIT */
/* One attempt at a request, as curl is told of it. */
#ifndef HANDLERS_STORAGE_HTTP_EXCHANGE_H
#define HANDLERS_STORAGE_HTTP_EXCHANGE_H

#include "http.h"

/* Sets all options of the request's handle, which has none but those that `prepare` set. `bundle` may be NULL. */
void http_exchange_set(struct http_request *request, const struct http_options *options, const char *bundle);

#endif
