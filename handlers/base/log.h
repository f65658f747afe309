/* SPDX-License-Identifier: MIT */
/*
 * Lines for people and CloudWatch, on standard error: JSON if AWS_LAMBDA_LOG_FORMAT is JSON, else text; at or above
 * AWS_LAMBDA_LOG_LEVEL (TRACE, DEBUG, INFO, WARN, ERROR, FATAL; default INFO). Never log the content of an event or
 * object. Thread-safe: a line is one write.
 */
#ifndef HANDLERS_BASE_LOG_H
#define HANDLERS_BASE_LOG_H

#include <tile.h>

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL };

/* `id` is the request's; NULL outside of one. */
void log_line(enum log_level level, const char *id, const char *format, ...) TILE_PRINTF(3, 4);

#endif
