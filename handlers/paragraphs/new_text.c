/* SPDX-License-Identifier: MIT */
#include "new_text.h"

#include "../hash.h"
#include "../storage/spool.h"
#include "records.h"

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
    struct spool text;
};

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
    if (c->text.bytes && !spool_write(&c->text, "\n", 1, failure))
        return false;
    if (c->job->figures && !spool_write(&c->text, line, record_write(line, paragraph), failure))
        return false;
    XXH3_128bits_reset(c->hash);
    for (uint64_t at = paragraph->offset, end = at + paragraph->bytes; at < end;) {
        if (!fetch(c, at, failure))
            return false;
        const uint8_t *from = c->piece + (at - c->begin);
        size_t size = (size_t)((end < c->end ? end : c->end) - at);
        XXH3_128bits_update(c->hash, from, size);
        if (!spool_write(&c->text, from, size, failure))
            return false;
        at += size;
    }
    hash_text(c->hash, hex);
    if (strcmp(hex, paragraph->xxh3) != 0)
        return fail(failure, FAILURE_INCOMPLETE,
                    "%s: the paragraph at byte %" PRIu64 " of %s is not the one it tells of", part, paragraph->offset,
                    c->job->source);
    return spool_write(&c->text, "\n", 1, failure);
}

static bool copy_part(struct copying *c, struct call *call, size_t index, const struct part_version *version,
                      struct failure *failure) {
    char url[STORAGE_URL_MOST];
    struct records records = {0};
    struct paragraph paragraph;
    bool end = false;
    bool done =
        text_job_part_url(c->job, index, url, failure) &&
        records_open(&records, call->storage, url, version->etag, version->bytes, c->job->ranges[index], failure);
    while (done && !end)
        done =
            records_next(&records, &paragraph, &end, failure) && (end || copy_paragraph(c, &paragraph, url, failure));
    records_close(&records);
    return done;
}

static bool store(struct copying *c, struct call *call, struct new_text *out, struct failure *failure) {
    static const struct storage_put_options as_text = {.type = "text/plain"};
    out->bytes = c->text.bytes;
    spool_hash(&c->text, out->xxh3);
    return spool_store(&c->text, call->storage, c->job->text, &as_text, failure);
}

bool new_text_write(struct new_text *out, struct call *call, const struct text_job *job,
                    const struct part_version *parts, struct failure *failure) {
    struct copying c = {.job = job, .piece = malloc(PIECE), .hash = XXH3_createState()};
    bool done = spool_open(&c.text, failure);
    if (done && (!c.piece || !c.hash))
        done = fail(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a new text");
    done = done && storage_open(&c.source, call->storage, job->source, job->etag, job->size, failure);
    for (size_t i = 0; done && i < job->count; i++)
        done = copy_part(&c, call, i, &parts[i], failure);
    done = done && store(&c, call, out, failure);
    spool_close(&c.text);
    storage_close(c.source);
    XXH3_freeState(c.hash);
    free(c.piece);
    return done;
}
