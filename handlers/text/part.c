/* SPDX-License-Identifier: MIT */
/* One task: a range's paragraphs, as they are found, on their way to the store. */
#include "../base/hash.h"
#include "../base/members.h"
#include "../base/metrics.h"
#include "../storage/storage.h"
#include "paragraphs.h"
#include "record.h"
#include "split.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 8 << 20,      /* storage reads half of it at a time, on two connections */
    IN_MEMORY = 16 << 20, /* bytes of records; of more, only the figures are taken at first */
};

struct task {
    const char *source, *etag, *output;
    uint64_t size, part;
    struct tile_range range; /* size UINT64_MAX: all */
};

struct part {
    struct tile_buffer lines; /* no more than IN_MEMORY */
    struct draft *draft;      /* the second time: where the lines go */
    XXH3_state_t *hash;       /* of the lines */
    uint64_t bytes, paragraphs;
    struct tile_range range;
};

static bool read_task(struct task *out, struct call *call, const json_t *task, struct failure *failure) {
    static const char *const names[] = {"source", "etag", "size", "range", "part", "output", NULL};
    *out = (struct task){.size = UINT64_MAX, .range = {0, UINT64_MAX}};
    const json_t *range = json_object_get(task, "range");
    if (!members_check(task, "a task of a text", names, failure) ||
        !member_text(task, "source", &out->source, failure) || !member_text(task, "etag", &out->etag, failure) ||
        !member_text(task, "output", &out->output, failure) ||
        !member_number(task, "size", 0, INT64_MAX, &out->size, failure) ||
        !member_number(task, "part", 0, SPLIT_MOST, &out->part, failure) ||
        (range && !member_range(range, "range", &out->range, failure)))
        return false;
    if (!out->source || !out->output)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: is missing; a task of a text has source and output",
                           out->source ? "output" : "source");
    return storage_check_url(call->storage, out->output, failure);
}

/* No paragraph may be cut, so that none is counted twice or not at all. */
static bool check_range(struct part *part, struct object *object, const struct task *task, struct failure *failure) {
    uint64_t size = storage_object_facts(object)->size;
    part->range = task->range;
    if (part->range.size == UINT64_MAX)
        part->range.size = size;
    uint64_t begin = part->range.offset, end = begin + part->range.size;
    if (end > size || (begin == end && size))
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "range: [%" PRIu64 ", %" PRIu64 "] is not within %s, which has %" PRIu64 " bytes", begin,
                           part->range.size, task->source, size);
    bool begins = true, ends = true;
    if (!split_may_begin(object, begin, &begins, failure) ||
        (end < size && !split_may_begin(object, end, &ends, failure)))
        return false;
    return (begins && ends) ||
           failure_set(failure, FAILURE_BAD_REQUEST,
                       "range: %s: byte %" PRIu64 " is not where a paragraph begins after a blank line", task->source,
                       begins ? end : begin);
}

static bool write_record(void *user, const struct paragraph *paragraph, struct failure *failure) {
    struct part *part = user;
    struct tile_error error;
    char line[RECORD_MOST];
    size_t size = record_write(line, paragraph);
    if (part->draft)
        return storage_write(part->draft, line, size, failure);
    part->paragraphs++;
    part->bytes += size;
    XXH3_128bits_update(part->hash, line, size);
    if (part->bytes > IN_MEMORY) {
        tile_buffer_free(&part->lines);
        return true;
    }
    return tile_buffer_append(&part->lines, line, size, &error) == TILE_OK || failure_from(failure, &error);
}

static bool scan_range(struct part *part, struct object *object, struct failure *failure) {
    uint64_t at = part->range.offset, end = at + part->range.size;
    if (at == 0 && !split_first_line(object, &at, failure))
        return false;
    struct scan *scan;
    size_t room = part->range.size < PIECE ? (size_t)part->range.size : PIECE;
    uint8_t *piece = malloc(room ? room : 1);
    bool done = scan_new(&scan, at, write_record, part, failure);
    if (done && !piece)
        done = failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for %zu bytes of a text", room);
    while (done && at < end) {
        size_t size = end - at < room ? (size_t)(end - at) : room;
        done = storage_read(object, at, piece, size, failure) && scan_add(scan, piece, size, failure);
        at += size;
    }
    done = done && scan_end(scan, failure);
    scan_free(scan);
    free(piece);
    return done;
}

/* What the records' note says of them has to be known before the first one is sent: many are found twice. */
static bool store_lines(struct call *call, struct part *part, struct object *object, const char *url,
                        const struct storage_put_options *options, struct failure *failure) {
    if (part->bytes <= IN_MEMORY)
        return storage_put(call->storage, url, part->lines.data, part->lines.size, options, failure);
    if (!storage_create(&part->draft, call->storage, url, options, failure))
        return false;
    if (scan_range(part, object, failure))
        return storage_commit(part->draft, failure);
    storage_discard(part->draft);
    return false;
}

static bool store(struct call *call, struct part *part, struct object *object, const struct task *task, json_t **result,
                  struct failure *failure) {
    char hex[33];
    hash_text(part->hash, hex);
    json_t *note = json_pack("{sI,sI,ss,sI}", "part", (json_int_t)task->part, "bytes", (json_int_t)part->bytes,
                             "xxh3_file", hex, "paragraphs", (json_int_t)part->paragraphs);
    char *text = note ? json_dumps(note, JSON_COMPACT) : NULL;
    bool done = text || failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a note");
    const struct storage_put_options options = {.type = "application/jsonl", .note = text};
    double begin = metrics_now();
    done = done && store_lines(call, part, object, task->output, &options, failure);
    metrics_add(call->metrics, METRIC_STORE_MS, metrics_now() - begin);
    free(text);
    if (done)
        *result = note;
    else
        json_decref(note);
    return done;
}

bool paragraphs_part(struct call *call, const json_t *task, json_t **result, struct failure *failure) {
    struct task read;
    struct part part = {0};
    struct object *object;
    *result = NULL;
    double begin = metrics_now();
    if (!read_task(&read, call, task, failure) ||
        !storage_open(&object, call->storage, read.source, &(struct storage_want){.etag = read.etag, .size = read.size},
                      failure))
        return false;
    bool done = !storage_is(object, read.output) || failure_set(failure, FAILURE_BAD_REQUEST, "output: is the source");
    part.hash = XXH3_createState();
    done = done && (part.hash || failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a hash")) &&
           check_range(&part, object, &read, failure);
    if (part.hash)
        XXH3_128bits_reset(part.hash);
    double opened = metrics_now();
    done = done && scan_range(&part, object, failure);
    metrics_add(call->metrics, METRIC_OPEN_MS, opened - begin);
    metrics_add(call->metrics, METRIC_CONVERT_MS, metrics_now() - opened);
    done = done && store(call, &part, object, &read, result, failure);
    if (done)
        metrics_add(call->metrics, METRIC_TILES, 1);
    XXH3_freeState(part.hash);
    tile_buffer_free(&part.lines);
    storage_close(object);
    return done;
}
