/* SPDX-License-Identifier: MIT */
/* Calling a handler on local files below a folder of its own. */
#ifndef TEST_HANDLERS_INVOKE_H
#define TEST_HANDLERS_INVOKE_H

#include "base/metrics.h"
#include "handler.h"
#include "storage/storage.h"
#include "support.h"

struct place {
    char *folder;
    struct storage *storage;
    struct metrics metrics;
    struct call call;
    struct failure failure; /* of the last event that failed */
    bool streamed;          /* the last response */
};

void place_begin(struct place *place);
void place_end(struct place *place);
/* Copies a fixture to the folder. */
void place_add(const struct place *place, const char *fixture);
/* "folder/name". Valid until the next few calls. */
const char *place_path(const struct place *place, const char *name);
bool place_has(const struct place *place, const char *name);

/* The response's bytes; data to be freed, NULL: it failed. Takes `event`. */
struct test_bytes invoke_bytes(struct place *place, handle *handler, json_t *event);
/* The response, which must be JSON; NULL: it failed. */
json_t *invoke(struct place *place, handle *handler, json_t *event);
/* An event that must do, and one that must fail so, with a message that contains all of `words` (NULL-terminated). */
json_t *invoke_ok(struct place *place, handle *handler, json_t *event);
void invoke_fails(struct place *place, handle *handler, json_t *event, enum failure_kind kind, ...);

/* Base64 by the definition (RFC 4648), and back; both as they stand there. */
char *base64_of(const void *data, size_t size);
struct test_bytes bytes_of_base64(const char *text);

#endif
