/* SPDX-License-Identifier: MIT */
#include "new_text.h"

#include "../base/hash.h"
#include "../storage/storage.h"
#include "part_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 16 << 20 }; /* storage reads a quarter of it at a time, on four connections */

struct copying {
    const struct text_job *job;
    struct object *source;
    uint8_t *piece;      /* of the source, */
    uint64_t begin, end; /* these bytes */
    XXH3_state_t *hash;  /* of a paragraph */
    XXH3_state_t *whole; /* of the text */
    struct draft *text;
};

static bool write_text(struct copying *c, const void *data, size_t size, struct failure *failure) {
    XXH3_128bits_update(c->whole, data, size);
    return storage_write(c->text, data, size, failure);
}

static bool fetch(struct copying *c, uint64_t offset, struct failure *failure) {
    if (offset < c->end)
        return true;
    uint64_t left = storage_object_facts(c->source)->size - offset;
    size_t size = left < PIECE ? (size_t)left : PIECE;
    c->begin = offset;
    c->end = offset + size;
    return storage_read(c->source, offset, c->piece, size, failure);
}

static bool copy_paragraph(struct copying *c, const struct paragraph *paragraph, const char *part,
                           struct failure *failure) {
    char line[RECORD_MOST], hex[33];
    if (storage_written(c->text) && !write_text(c, "\n", 1, failure))
        return false;
    if (c->job->figures && !write_text(c, line, record_write(line, paragraph), failure))
        return false;
    XXH3_128bits_reset(c->hash);
    for (uint64_t at = paragraph->offset, end = at + paragraph->bytes; at < end;) {
        if (!fetch(c, at, failure))
            return false;
        const uint8_t *from = c->piece + (at - c->begin);
        size_t size = (size_t)((end < c->end ? end : c->end) - at);
        XXH3_128bits_update(c->hash, from, size);
        if (!write_text(c, from, size, failure))
            return false;
        at += size;
    }
    hash_text(c->hash, hex);
    if (strcmp(hex, paragraph->xxh3) != 0)
        return failure_set(failure, FAILURE_INCOMPLETE,
                           "%s: the paragraph at byte %" PRIu64 " of %s is not the one it tells of", part,
                           paragraph->offset, c->job->source);
    return write_text(c, "\n", 1, failure);
}

static bool copy_part(struct copying *c, struct call *call, size_t index, const struct part_version *version,
                      struct failure *failure) {
    char url[STORAGE_URL_MOST];
    struct part_reader reader = {0};
    struct paragraph paragraph;
    bool end = false;
    bool done =
        text_job_part_url(c->job, index, url, failure) &&
        part_reader_open(&reader, call->storage, url, version->etag, version->bytes, c->job->ranges[index], failure);
    while (done && !end)
        done = part_reader_next(&reader, &paragraph, &end, failure) &&
               (end || copy_paragraph(c, &paragraph, url, failure));
    part_reader_close(&reader);
    return done;
}

static bool copy_all(struct copying *c, struct call *call, const struct part_version *parts, struct failure *failure) {
    const struct storage_want want = {.etag = c->job->etag, .size = c->job->size};
    if (!c->piece || !c->hash || !c->whole)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a new text");
    XXH3_128bits_reset(c->whole);
    bool done = storage_open(&c->source, call->storage, c->job->source, &want, failure);
    for (size_t i = 0; done && i < c->job->count; i++)
        done = copy_part(c, call, i, &parts[i], failure);
    return done;
}

bool new_text_write(struct new_text *out, struct call *call, const struct text_job *job,
                    const struct part_version *parts, struct failure *failure) {
    static const struct storage_put_options as_text = {.type = "text/plain"};
    struct copying c = {.job = job, .piece = malloc(PIECE), .hash = XXH3_createState(), .whole = XXH3_createState()};
    bool done =
        storage_create(&c.text, call->storage, job->text, &as_text, failure) && copy_all(&c, call, parts, failure);
    if (done) {
        out->bytes = storage_written(c.text);
        hash_text(c.whole, out->xxh3);
        done = storage_commit(c.text, failure);
    } else {
        storage_discard(c.text);
    }
    storage_close(c.source);
    XXH3_freeState(c.whole);
    XXH3_freeState(c.hash);
    free(c.piece);
    return done;
}
