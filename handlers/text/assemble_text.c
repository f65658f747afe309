/* SPDX-License-Identifier: MIT */
/* Everything there? Each part is read once, several at a time, and held against its note, its range and its hash. */
#include "../base/members.h"
#include "../base/metrics.h"
#include "../base/parallel.h"
#include "../base/respond.h"
#include "../storage/storage.h"
#include "new_text.h"
#include "paragraphs.h"
#include "part_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 16 }; /* parts; each has 1 MiB in memory */

struct sums {
    uint64_t paragraphs, bytes;
    struct text_counts counts;
};

struct checked {
    char xxh3[33]; /* of the part */
    struct sums sums;
};

struct checking {
    struct call *call;
    const struct text_job *job;
    struct checked *parts;
    struct part_version *versions;
};

static void add(struct sums *sums, const struct sums *other) {
    sums->paragraphs += other->paragraphs;
    sums->bytes += other->bytes;
    sums->counts.code_points += other->counts.code_points;
    sums->counts.words += other->counts.words;
    sums->counts.sentences += other->counts.sentences;
    if (other->counts.invalid && !sums->counts.invalid)
        sums->counts.first_invalid = other->counts.first_invalid;
    sums->counts.invalid += other->counts.invalid;
}

/* What the part's task reported when it stored it, against what is there. */
static bool check_note(const char *url, const struct storage_facts *facts, size_t index, const struct checked *part,
                       struct failure *failure) {
    json_t *note = json_loads(facts->note, JSON_REJECT_DUPLICATES, NULL);
    const char *hash = json_string_value(json_object_get(note, "xxh3_file"));
    const json_t *number = json_object_get(note, "part");
    bool same = json_is_integer(number) && json_integer_value(number) == (json_int_t)index &&
                json_integer_value(json_object_get(note, "bytes")) == (json_int_t)facts->size &&
                json_integer_value(json_object_get(note, "paragraphs")) == (json_int_t)part->sums.paragraphs && hash &&
                strcmp(hash, part->xxh3) == 0;
    json_decref(note);
    return same ||
           failure_set(failure, FAILURE_INCOMPLETE, "%s: is not what the task of part %zu reported", url, index);
}

static bool sum_up(struct part_reader *reader, struct sums *sums, struct failure *failure) {
    struct paragraph paragraph;
    for (bool end = false;;) {
        if (!part_reader_next(reader, &paragraph, &end, failure))
            return false;
        if (end)
            return true;
        add(sums, &(struct sums){1, paragraph.bytes, paragraph.counts});
    }
}

static bool check_part(void *user, uint64_t index, struct failure *failure) {
    struct checking *c = user;
    struct checked *part = &c->parts[index];
    struct part_reader reader = {0};
    char url[STORAGE_URL_MOST];
    bool done = text_job_part_url(c->job, (size_t)index, url, failure) &&
                part_reader_open(&reader, c->call->storage, url, NULL, UINT64_MAX, c->job->ranges[index], failure) &&
                sum_up(&reader, &part->sums, failure);
    if (done) {
        const struct storage_facts *facts = storage_object_facts(reader.object);
        part_reader_hash(&reader, part->xxh3);
        c->versions[index].bytes = facts->size;
        memcpy(c->versions[index].etag, facts->etag, sizeof facts->etag);
        done = check_note(url, facts, (size_t)index, part, failure);
    }
    part_reader_close(&reader);
    return done;
}

/* ---- The manifest: the first line is the job and its sums, then one a part ---- */

static json_t *describe_sums(const struct sums *sums) {
    json_t *json = json_pack("{s:I,s:I,s:I,s:I,s:I}", "paragraphs", (json_int_t)sums->paragraphs, "bytes",
                             (json_int_t)sums->bytes, "code_points", (json_int_t)sums->counts.code_points, "words",
                             (json_int_t)sums->counts.words, "sentences", (json_int_t)sums->counts.sentences);
    if (json && sums->counts.invalid &&
        json_object_set_new(json, "invalid",
                            json_pack("{s:I,s:I}", "count", (json_int_t)sums->counts.invalid, "first",
                                      (json_int_t)sums->counts.first_invalid)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *describe_job(const struct text_job *job, const struct sums *sums, const struct new_text *text) {
    json_t *json =
        json_pack("{s:i,s:s,s:s,s:{s:s,s:I},s:o}", "manifest", 1, "libtile", tile_version(), "kind", "text", "source",
                  "name", job->source, "bytes", (json_int_t)job->size, "sums", describe_sums(sums));
    if (json && job->text &&
        json_object_set_new(json, "text",
                            json_pack("{s:s,s:I,s:s,s:b}", "name", job->text, "bytes", (json_int_t)text->bytes,
                                      "xxh3_file", text->xxh3, "figures", job->figures)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *describe_part(const struct text_job *job, size_t index, const struct checked *part, uint64_t bytes) {
    char name[32];
    text_job_part_name(index, name);
    return json_pack("{s:s,s:[I,I],s:I,s:s,s:I}", "file", name, "range", (json_int_t)job->ranges[index].offset,
                     (json_int_t)job->ranges[index].size, "bytes", (json_int_t)bytes, "xxh3_file", part->xxh3,
                     "paragraphs", (json_int_t)part->sums.paragraphs);
}

/* Takes the reference. `open`: without the brace at its end. */
static bool write_json(struct draft *out, json_t *json, bool open, struct failure *failure) {
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    bool done = text ? storage_write(out, text, strlen(text) - open, failure)
                     : failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a manifest");
    free(text);
    json_decref(json);
    return done;
}

static bool write_manifest(struct checking *c, const char *url, const struct sums *sums, const struct new_text *text,
                           struct failure *failure) {
    static const struct storage_put_options as_json = {.type = "application/json"};
    static const char first_end[] = ",\"parts\":[\n", end[] = "\n]}\n";
    struct draft *out;
    if (!storage_create(&out, c->call->storage, url, &as_json, failure))
        return false;
    bool done = write_json(out, describe_job(c->job, sums, text), true, failure) &&
                storage_write(out, first_end, sizeof first_end - 1, failure);
    for (size_t i = 0; done && i < c->job->count; i++)
        done = (i == 0 || storage_write(out, ",\n", 2, failure)) &&
               write_json(out, describe_part(c->job, i, &c->parts[i], c->versions[i].bytes), false, failure);
    if (done && storage_write(out, end, sizeof end - 1, failure))
        return storage_commit(out, failure);
    storage_discard(out);
    return false;
}

/* ---- All of it ---- */

static bool assemble(struct checking *c, struct response *response, struct failure *failure) {
    const struct text_job *job = c->job;
    struct new_text text = {0};
    struct sums sums = {0};
    char url[STORAGE_URL_MOST];
    if (!storage_join(url, job->output, "manifest.json", failure) ||
        !parallel_run(job->count, AT_ONCE, check_part, c, failure) ||
        (job->text && !new_text_write(&text, c->call, job, c->versions, failure)))
        return false;
    for (size_t i = 0; i < job->count; i++)
        add(&sums, &c->parts[i].sums);
    if (!write_manifest(c, url, &sums, &text, failure))
        return false;
    metrics_add(c->call->metrics, METRIC_TILES, (double)job->count);
    return respond_json(&response->body,
                        json_pack("{s:s,s:I,s:I,s:s*}", "manifest", url, "tiles", (json_int_t)job->count, "paragraphs",
                                  (json_int_t)sums.paragraphs, "text", job->text),
                        failure);
}

bool paragraphs_assemble(struct call *call, const json_t *job, struct response *response, struct failure *failure) {
    struct text_job read;
    struct checking c = {.call = call, .job = &read};
    bool done = text_job_read(&read, call, job, failure);
    if (done) {
        c.parts = calloc(read.count, sizeof *c.parts);
        c.versions = calloc(read.count, sizeof *c.versions);
        done = c.parts && c.versions
                   ? assemble(&c, response, failure)
                   : failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for %zu parts", read.count);
    }
    text_job_free(&read);
    free(c.parts);
    free(c.versions);
    return done;
}
