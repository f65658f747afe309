/* SPDX-License-Identifier: MIT */
/* tile-handler: each handler, as a Lambda function or on one event of a local user's. */
#include "base/event.h"
#include "base/metrics.h"
#include "handler.h"
#include "runtime/loop.h"
#include "storage/storage.h"

#include <errno.h>
#include <getopt.h>
#include <nss.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char help[] =
    "usage: tile-handler --local NAME [--root FOLDER] < event.json > response.json\n"
    "       tile-handler [NAME]\n"
    "\n"
    "Runs one event, as AWS Lambda would, on local files and S3. In Lambda (AWS_LAMBDA_RUNTIME_API is set), and\n"
    "without --local, it is a custom runtime, and the NAME is its argument, as a container image's CMD, or _HANDLER.\n"
    "\n"
    "  -l, --local NAME    %s\n"
    "  -r, --root FOLDER   where relative paths begin, and which no path leaves (default: any file)\n"
    "  -h, --help          this                       --version\n"
    "\n"
    "A failure is one line of JSON on standard error.\n"
    "Exit status: 0 done, 1 failed, 2 usage.\n";

static const struct {
    const char *name;
    handle *function;
} handlers[] = {{"plan", handle_plan}, {"tile", handle_tile}, {"assemble", handle_assemble}, {"text", handle_text}};

enum { HANDLER_COUNT = sizeof handlers / sizeof *handlers, NAMES_MOST = 200 };

/* "plan, tile, assemble or text" */
static const char *handler_names(const char *last, char names[NAMES_MOST]) {
    size_t size = 0;
    for (size_t i = 0; i < HANDLER_COUNT; i++)
        size += (size_t)snprintf(names + size, NAMES_MOST - size, "%s%s",
                                 i == 0                  ? ""
                                 : i + 1 < HANDLER_COUNT ? ", "
                                                         : last,
                                 handlers[i].name);
    return names;
}

static handle *find_handler(const char *name) {
    for (size_t i = 0; i < HANDLER_COUNT; i++)
        if (strcmp(name, handlers[i].name) == 0)
            return handlers[i].function;
    return NULL;
}

/* Standard input, up to one byte more than an event may have. */
static bool read_event(struct tile_buffer *text, struct failure *failure) {
    struct tile_error error;
    char bytes[1 << 16];
    while (text->size <= EVENT_MOST) {
        ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
        if (count == 0)
            return true;
        if (count < 0 && errno != EINTR)
            return failure_set(failure, FAILURE_BAD_REQUEST, "event: standard input: %s", strerror(errno));
        if (count > 0 && tile_buffer_append(text, bytes, (size_t)count, &error) != TILE_OK)
            return failure_from(failure, &error);
    }
    return failure_set(failure, FAILURE_LIMIT_EXCEEDED, "event: more than %d bytes", EVENT_MOST);
}

/* What answers events. The storage lives as long as the process: its connections are kept. */
struct service {
    handle *function;
    struct storage_options options;
    struct storage *storage; /* NULL until the first event */
};

static bool serve(void *user, struct call *call, const json_t *event, struct response *response,
                  struct failure *failure) {
    struct service *service = user;
    if (!service->storage && !storage_new(&service->storage, &service->options, failure))
        return false;
    call->storage = service->storage;
    storage_set_deadline(call->storage, call->deadline);
    struct storage_counts before = storage_count(call->storage);
    bool done = service->function(call, event, response, failure);
    struct storage_counts after = storage_count(call->storage);
    metrics_add(call->metrics, METRIC_BYTES_IN, (double)(after.bytes_read - before.bytes_read));
    metrics_add(call->metrics, METRIC_BYTES_OUT, (double)(after.bytes_written - before.bytes_written));
    return done;
}

static int run_local(handle *function, const char *root) {
    struct service service = {.function = function, .options = {.local = !root, .root = root}};
    struct call call = {.id = "local", .deadline = INT64_MAX, .memory = loop_memory()};
    struct failure failure;
    struct tile_buffer text = {0};
    struct response response = {0};
    json_t *event = read_event(&text, &failure) ? event_parse(text.data, text.size, &failure) : NULL;
    tile_buffer_free(&text);
    bool done = event && serve(&service, &call, event, &response, &failure);
    storage_free(service.storage);
    json_decref(event);
    if (done && (fwrite(response.body.data, 1, response.body.size, stdout) != response.body.size ||
                 (!response.streamed && putchar('\n') == EOF) || fflush(stdout) != 0))
        done = failure_set(&failure, FAILURE_OUTPUT_UNWRITABLE, "standard output: %s", strerror(errno));
    tile_buffer_free(&response.body);
    if (!done) {
        char line[FAILURE_TEXT_MOST];
        failure_text(line, failure_type(failure.kind), failure.message);
        fprintf(stderr, "%s\n", line);
    }
    return done ? EXIT_DONE : EXIT_FAILED;
}

/* The name may be that of a file, too, as with the runtimes that load one: "bootstrap.tile". */
static int run_function(const char *api, const char *name) {
    const char *dot = name ? strrchr(name, '.') : NULL;
    name = dot ? dot + 1 : name ? name : "";
    struct service service = {.function = find_handler(name), .options = {.root = getenv("TILE_LOCAL_ROOT")}};
    char names[NAMES_MOST];
    if (!service.function)
        return loop_refuse(api, name, handler_names(" and ", names));
    int status = loop_run(api, name, serve, &service);
    storage_free(service.storage);
    return status;
}

static int print_help(void) {
    char names[NAMES_MOST];
    return printf(help, handler_names(" or ", names)) < 0 || fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}

static int usage(const char *cause, const char *what) {
    fprintf(stderr, "tile-handler: %s%s (see tile-handler --help)\n", cause, what);
    return EXIT_USAGE;
}

/*
 * A tile takes some buffers of a few 100 KB. By default malloc maps each anew, and gives back what a thread frees: the
 * kernel was a quarter of the time of a batch. What is kept for the next tile is at most this much a thread.
 */
static void keep_memory(void) {
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"local", required_argument, NULL, 'l'},
                                            {"root", required_argument, NULL, 'r'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {0}};
    const char *local = NULL, *root = NULL;
    keep_memory();
    /* Without an interpreter it is linked statically: other ways to look up a host's name than these two would be
     * modules made for another C library, and crash. */
    if (getauxval(AT_BASE) == 0)
        __nss_configure_lookup("hosts", "files dns");
    signal(SIGPIPE, SIG_IGN); /* failed writes, not the end of the process */
    signal(SIGXFSZ, SIG_IGN);
    for (int option; (option = getopt_long(argc, argv, "l:r:h", options, NULL)) != -1;)
        switch (option) {
        case 'l': local = optarg; break;
        case 'r': root = optarg; break;
        case 'h': return print_help();
        case 'V': return printf("tile-handler %s\n", tile_version()) < 0 || fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
        default: return usage("unknown option", "");
        }
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    const char *named = !local && api && optind < argc ? argv[optind++] : getenv("_HANDLER");
    if (optind < argc)
        return usage("nothing is done with ", argv[optind]);
    if (!local && api)
        return run_function(api, named);
    if (!local)
        return usage("--local NAME is missing", "");
    handle *function = find_handler(local);
    return function ? run_local(function, root) : usage("there is no handler ", local);
}
