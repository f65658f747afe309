/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

static const char *const names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

static enum log_level least(void) {
    const char *wanted = getenv("AWS_LAMBDA_LOG_LEVEL");
    for (size_t i = 0; wanted && i < sizeof names / sizeof *names; i++)
        if (strcasecmp(wanted, names[i]) == 0)
            return (enum log_level)i;
    return LOG_INFO;
}

/* RFC 3339, in UTC. */
static void timestamp(char out[40]) {
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t length = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + length, 40 - length, ".%03ldZ", now.tv_nsec / 1000000);
}

void log_line(enum log_level level, const char *id, const char *format, ...) {
    enum { MOST = 2000 };
    if (level < least())
        return;
    char message[MOST], request[200], time[40], line[2 * MOST + 2 * sizeof request + 200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    snprintf(request, sizeof request, "%s", id ? id : "");
    line_clean(message);
    line_clean(request);
    timestamp(time);
    int length;
    const char *wanted = getenv("AWS_LAMBDA_LOG_FORMAT");
    if (wanted && strcasecmp(wanted, "JSON") == 0) {
        char quoted[2 * MOST + 3], quoted_request[2 * sizeof request + 3];
        line_quote(quoted, message);
        line_quote(quoted_request, request);
        length = snprintf(line, sizeof line, "{\"timestamp\":\"%s\",\"level\":\"%s\",\"message\":%s%s%s}\n", time,
                          names[level], quoted, id ? ",\"requestId\":" : "", id ? quoted_request : "");
    } else {
        length = snprintf(line, sizeof line, "%s %s %s%s%s\n", time, names[level], request, id ? " " : "", message);
    }
    /* One write, so that lines of several threads do not mix. Nobody is left to be told that it failed. */
    ssize_t written = write(STDERR_FILENO, line, (size_t)length);
    (void)written;
}
