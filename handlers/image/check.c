/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "../base/deadline.h"
#include "../base/hash.h"
#include "../base/parallel.h"
#include "missing.h"
#include "records.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 16384,  /* tiles, or one batch, that are checked before their lines are written; these take some 10 MB */
    THREADS = 32,    /* they wait for the store most of the time */
    SMALL = 4 << 20, /* bytes that are read at once */
    PIECE = 256 << 10,
    FIRST_FEW = 5
};

enum state { UNKNOWN, RIGHT, MISSING, WRONG };

struct found {
    enum state state;
    char *note; /* where the line is its tile's */
};

struct batch {
    uint64_t first; /* tile */
    size_t count;
    struct tile_buffer text; /* what its records point into */
};

struct checking {
    const struct run_job *job;
    const tile_plan *plan;
    struct call *call;
    char prefix[STORAGE_URL_MOST]; /* of the batches' records */
    struct found *found;           /* of the window's tiles */
    struct record *records;        /* of those that are right */
    struct batch *batches;
    uint64_t begin, end; /* of the window */
    uint64_t missing, wrong;
    char missing_names[FIRST_FEW * 40], wrong_names[FIRST_FEW * 40];
    struct missing list;
    _Atomic bool vouches; /* as far as is known */
    bool failed;
    struct failure *failure;
};

/* ---- One tile ---- */

/* Whether a record is of that region; `*hash` is then the file's, as it says, within `json`. */
static bool is_record_of(const json_t *json, const struct run_job *job, const struct tile_region *region,
                         uint64_t bytes, const char **hash) {
    const uint32_t rect[4] = {region->source.x, region->source.y, region->source.width, region->source.height};
    const json_t *row = json_object_get(json, "row"), *column = json_object_get(json, "column");
    const json_t *told = json_object_get(json, "rect");
    const char *file = json_string_value(json_object_get(json, "file"));
    char name[TILE_NAME_SIZE];
    tile_plan_name(job->plan, region, job->suffix, name);
    *hash = json_string_value(json_object_get(json, "xxh3_file"));
    for (size_t i = 0; i < 4; i++)
        if (json_array_size(told) != 4 || json_integer_value(json_array_get(told, i)) != (json_int_t)rect[i])
            return false;
    return json_is_integer(row) && json_integer_value(row) == (json_int_t)region->row && json_is_integer(column) &&
           json_integer_value(column) == (json_int_t)region->column && file && strcmp(file, name) == 0 &&
           json_integer_value(json_object_get(json, "bytes")) == (json_int_t)bytes && *hash;
}

/* XXH3-128 of what an object holds, as the manifest has it. */
static bool hash_object(struct object *object, char hex[33], struct failure *failure) {
    uint64_t size = storage_object_facts(object)->size;
    unsigned char *piece = malloc(PIECE);
    XXH3_state_t *state = XXH3_createState();
    bool done = piece && state && XXH3_128bits_reset(state) == XXH_OK;
    if (!done)
        failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a tile's content");
    for (uint64_t at = 0; done && at < size; at += PIECE) {
        size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;
        done = storage_read(object, at, piece, n, failure);
        if (done)
            XXH3_128bits_update(state, piece, n);
    }
    if (done)
        hash_text(state, hex);
    XXH3_freeState(state);
    free(piece);
    return done;
}

static bool hash_large(struct storage *storage, const char *url, struct storage_facts *facts, char hex[33],
                       struct failure *failure) {
    struct object *object;
    if (!storage_open(&object, storage, url, NULL, failure))
        return false;
    *facts = *storage_object_facts(object);
    bool done = hash_object(object, hex, failure);
    storage_close(object);
    return done;
}

/* Most tiles are small, and one request gives all of one. */
static bool hash_any(struct storage *storage, const char *url, struct storage_facts *facts, char hex[33],
                     struct failure *failure) {
    struct tile_buffer bytes = {0};
    bool small = storage_get(storage, url, SMALL, &bytes, facts, failure);
    bool done = small || (failure->kind == FAILURE_LIMIT_EXCEEDED && hash_large(storage, url, facts, hex, failure));
    if (small)
        hash_bytes(bytes.data, bytes.size, hex);
    tile_buffer_free(&bytes);
    return done;
}

/*
 * What is there, and its content's hash; "" where the store vouches that it is what its note came with. Where it has
 * told once that it does not keep such hashes, it is not asked again.
 */
static bool look_at(struct checking *c, const char *url, struct storage_facts *facts, char hex[33],
                    struct failure *failure) {
    hex[0] = '\0';
    if (c->vouches) {
        if (!storage_stat(c->call->storage, url, facts, failure))
            return false;
        bool told = facts->sha256[0] != '\0';
        if (told && strcmp(facts->sha256, facts->noted_sha256) == 0)
            return true;
        if (!told && facts->size <= SMALL) /* what is larger may have come in parts, without a hash of the whole */
            c->vouches = false;
    }
    return hash_any(c->call->storage, url, facts, hex, failure);
}

static bool is_right(const struct checking *c, const struct tile_region *region, const struct storage_facts *facts,
                     const char *hash) {
    const char *told;
    json_t *record = json_loads(facts->note, JSON_REJECT_DUPLICATES, NULL);
    bool right = tile_record_holds(facts->note, strlen(facts->note)) &&
                 is_record_of(record, c->job, region, facts->size, &told) && (!*hash || strcmp(hash, told) == 0);
    json_decref(record);
    return right;
}

static bool in_time(const struct checking *c, uint64_t tile, struct failure *failure) {
    return !deadline_over(c->call->deadline) ||
           failure_set(failure, FAILURE_OUT_OF_TIME,
                       "%.200s: the deadline came when some %" PRIu64 " of %" PRIu64 " tiles were checked",
                       c->job->output, tile, c->job->tiles);
}

static bool check_one(void *user, uint64_t index, struct failure *failure) {
    struct checking *c = user;
    struct found *found = &c->found[index];
    struct tile_region region = tile_plan_region(c->plan, c->begin + index);
    char name[TILE_NAME_SIZE], url[STORAGE_URL_MOST], hash[33];
    struct storage_facts facts;
    if (found->state != UNKNOWN)
        return true;
    tile_plan_name(c->plan, &region, c->job->suffix, name);
    if (!in_time(c, c->begin + index, failure) || !storage_join(url, c->job->output, name, failure))
        return false;
    if (look_at(c, url, &facts, hash, failure)) {
        found->state = is_right(c, &region, &facts, hash) ? RIGHT : WRONG;
        found->note = strdup(facts.note);
        if (!found->note)
            return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for the tiles' records");
        c->records[index] = (struct record){c->begin + index, found->note, strlen(found->note)};
        return true;
    }
    /* Where somebody writes it right now, what it is then is not known. */
    found->state = failure->kind == FAILURE_SOURCE_NOT_FOUND ? MISSING : WRONG;
    return failure->kind == FAILURE_SOURCE_NOT_FOUND || failure->kind == FAILURE_SOURCE_CHANGED;
}

/* ---- A batch ---- */

/* What it left counts as a whole, or not at all. */
static bool read_batch(void *user, uint64_t index, struct failure *failure) {
    struct checking *c = user;
    struct batch *batch = &c->batches[index];
    size_t at = (size_t)(batch->first - c->begin);
    bool found;
    if (!in_time(c, batch->first, failure) || !records_read(&found, c->records + at, &batch->text, c->call->storage,
                                                            c->prefix, batch->first, batch->count, failure))
        return false;
    for (size_t i = 0; found && i < batch->count; i++) {
        const struct record *record = &c->records[at + i];
        struct tile_region region = tile_plan_region(c->plan, batch->first + i);
        const char *hash;
        json_t *json = json_loadb(record->line, record->size, JSON_REJECT_DUPLICATES, NULL);
        const json_t *bytes = json_object_get(json, "bytes");
        found = is_record_of(json, c->job, &region, (uint64_t)json_integer_value(bytes), &hash);
        json_decref(json);
    }
    for (size_t i = 0; found && i < batch->count; i++)
        c->found[at + i].state = RIGHT;
    return true;
}

/* Whose tiles were looked at one by one, and are right. */
static bool write_batch(void *user, uint64_t index, struct failure *failure) {
    struct checking *c = user;
    struct batch *batch = &c->batches[index];
    size_t at = (size_t)(batch->first - c->begin);
    for (size_t i = 0; i < batch->count; i++)
        if (c->found[at + i].state != RIGHT || !c->found[at + i].note)
            return true;
    return records_write(c->call->storage, c->prefix, c->records + at, batch->count, failure);
}

/* ---- All tiles ---- */

static void note_bad(uint64_t *count, char *names, size_t size, const char *name) {
    size_t used = strlen(names);
    if ((*count)++ < FIRST_FEW)
        snprintf(names + used, size - used, "%s%s", used ? ", " : "", name);
}

/* Whole batches. */
static uint64_t window_of(const struct run_job *job) {
    uint64_t batches = job->batch < WINDOW ? WINDOW / job->batch : 1;
    return batches * job->batch < job->tiles ? batches * job->batch : job->tiles;
}

static void clear_window(struct checking *c) {
    for (uint64_t i = c->begin; i < c->end; i++) {
        free(c->found[i - c->begin].note);
        c->found[i - c->begin] = (struct found){UNKNOWN, NULL};
    }
    for (uint64_t first = c->begin, i = 0; first < c->end; first += c->job->batch, i++)
        tile_buffer_free(&c->batches[i].text);
}

/* Begins the next one: how many batches it has. */
static uint64_t next_window(struct checking *c) {
    uint64_t count = tile_plan_count(c->plan), most = window_of(c->job), batches = 0;
    clear_window(c);
    c->begin = c->end;
    c->end = count - c->begin < most ? count : c->begin + most;
    for (uint64_t first = c->begin; first < c->end; first += c->job->batch) {
        uint64_t left = c->end - first;
        c->batches[batches++] =
            (struct batch){.first = first, .count = (size_t)(left < c->job->batch ? left : c->job->batch)};
    }
    return batches;
}

static bool check_window(struct checking *c) {
    uint64_t batches = next_window(c);
    if ((!c->job->verify && !parallel_run(batches, THREADS, read_batch, c, c->failure)) ||
        !parallel_run(c->end - c->begin, THREADS, check_one, c, c->failure) ||
        (!c->job->verify && !parallel_run(batches, THREADS, write_batch, c, c->failure)))
        return false;
    for (uint64_t i = c->begin; i < c->end; i++) {
        enum state state = c->found[i - c->begin].state;
        if (state == RIGHT)
            continue;
        struct tile_region region = tile_plan_region(c->plan, i);
        char name[TILE_NAME_SIZE];
        tile_plan_name(c->plan, &region, c->job->suffix, name);
        if (state == MISSING)
            note_bad(&c->missing, c->missing_names, sizeof c->missing_names, name);
        else
            note_bad(&c->wrong, c->wrong_names, sizeof c->wrong_names, name);
        if (!missing_add(&c->list, i, c->failure))
            return false;
    }
    return true;
}

static bool fail_incomplete(struct checking *c) {
    char missing[sizeof c->missing_names + 60] = "", wrong[sizeof c->wrong_names + 100] = "", url[STORAGE_URL_MOST];
    if (c->missing)
        snprintf(missing, sizeof missing, "%" PRIu64 " missing (%s%s)", c->missing, c->missing_names,
                 c->missing > FIRST_FEW ? ", ..." : "");
    if (c->wrong)
        snprintf(wrong, sizeof wrong, "%s%" PRIu64 " not what a task of this plan reported (%s%s)",
                 c->missing ? " and " : "", c->wrong, c->wrong_names, c->wrong > FIRST_FEW ? ", ..." : "");
    bool listed = missing_write(&c->list, c->job, c->plan, c->prefix, c->call, url, c->failure);
    if (!listed && c->failure->kind == FAILURE_OUT_OF_TIME)
        return false;
    return failure_set(c->failure, FAILURE_INCOMPLETE, "%.200s: of %" PRIu64 " tiles, %s%s: %s%.600s", c->job->output,
                       c->job->tiles, missing, wrong,
                       listed ? "run the job again as {\"job\":URL} for these alone, which are listed in "
                              : "run their tasks again; they could not be listed: ",
                       listed ? url : c->failure->message);
}

/* Checks the next window. Where a tile is bad, all others are looked at, too, to tell how many are. */
static bool go_on(struct checking *c) {
    bool good = check_window(c);
    while (good && (c->missing || c->wrong) && c->end < tile_plan_count(c->plan))
        good = check_window(c);
    return good && ((!c->missing && !c->wrong) || fail_incomplete(c));
}

static tile_status record(void *user, uint64_t index, struct tile_buffer *out, struct tile_error *error) {
    struct checking *c = user;
    if (index == c->end && !go_on(c)) {
        c->failed = true;
        return failure_to_error(c->failure, error);
    }
    const struct record *line = &c->records[index - c->begin];
    return tile_buffer_append(out, line->line, line->size, error);
}

static bool write_manifest(struct checking *c, struct draft *manifest) {
    struct tile_writer writer = storage_writer(manifest);
    struct tile_error error;
    tile_status status =
        tile_manifest_write(&writer, c->job->head, tile_plan_count(c->plan), record, c, c->job->damage, &error);
    clear_window(c);
    return status == TILE_OK || (c->failed ? false : storage_failure_writing(manifest, &error, c->failure));
}

bool check_tiles(const struct run_job *job, const struct run_file *file, const tile_plan *plan, struct call *call,
                 struct draft *manifest, struct failure *failure) {
    struct checking c = {.job = job, .plan = plan, .call = call, .vouches = true, .failure = failure};
    size_t window = (size_t)window_of(job);
    if (!records_prefix(c.prefix, job->output, file->hash, failure))
        return false;
    c.found = calloc(window, sizeof *c.found);
    c.records = calloc(window, sizeof *c.records);
    c.batches = calloc(window / (size_t)job->batch + 1, sizeof *c.batches);
    bool done = c.found && c.records && c.batches
                    ? write_manifest(&c, manifest)
                    : failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for the tiles' records");
    missing_free(&c.list);
    free(c.found);
    free(c.records);
    free(c.batches);
    return done;
}
