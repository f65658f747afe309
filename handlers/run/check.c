/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "../deadline.h"
#include "../hash.h"
#include "../parallel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 2048,   /* tiles that are checked before their records are written; their notes take 4 MB */
    THREADS = 32,    /* they wait for the store most of the time */
    SMALL = 4 << 20, /* bytes that are read at once */
    PIECE = 256 << 10,
    FIRST_FEW = 5
};

enum state { RIGHT, MISSING, WRONG };

struct found {
    enum state state;
    char record[STORAGE_NOTE_MOST];
};

struct checking {
    const struct run_job *job;
    const tile_plan *plan;
    struct call *call;
    struct found *window;
    uint64_t begin, end; /* of the window */
    uint64_t missing, wrong;
    char missing_names[FIRST_FEW * 40], wrong_names[FIRST_FEW * 40];
    _Atomic bool vouches; /* as far as is known */
    bool failed;
    struct failure *failure;
};

/* ---- One tile ---- */

static void name_tile(const struct run_job *job, const struct tile_region *region, char name[64]) {
    snprintf(name, 64, "r%u_c%u.%s", region->row, region->column, job->suffix);
}

/* Whether a record is of that region; `*hash` is then the file's, as it says, within `json`. */
static bool is_record_of(const json_t *json, const struct run_job *job, const struct tile_region *region,
                         uint64_t bytes, const char **hash) {
    const uint32_t rect[4] = {region->source.x, region->source.y, region->source.width, region->source.height};
    const json_t *row = json_object_get(json, "row"), *column = json_object_get(json, "column");
    const json_t *told = json_object_get(json, "rect");
    const char *file = json_string_value(json_object_get(json, "file"));
    char name[64];
    name_tile(job, region, name);
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
        fail(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a tile's content");
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

static bool hash_bytes(const struct tile_buffer *bytes, char hex[33], struct failure *failure) {
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        return fail(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a tile's content");
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, bytes->data, bytes->size);
    hash_text(state, hex);
    XXH3_freeState(state);
    return true;
}

/* Most tiles are small, and one request gives all of one. */
static bool hash_any(struct storage *storage, const char *url, struct storage_facts *facts, char hex[33],
                     struct failure *failure) {
    struct tile_buffer bytes = {0};
    bool small = storage_get(storage, url, SMALL, &bytes, facts, failure);
    bool done = small ? hash_bytes(&bytes, hex, failure)
                      : failure->kind == FAILURE_LIMIT_EXCEEDED && hash_large(storage, url, facts, hex, failure);
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
        c->vouches = facts->sha256[0] != '\0';
        if (c->vouches && strcmp(facts->sha256, facts->noted_sha256) == 0)
            return true;
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

static bool check_one(void *user, uint64_t index, struct failure *failure) {
    struct checking *c = user;
    struct found *found = &c->window[index];
    struct tile_region region = tile_plan_region(c->plan, c->begin + index);
    char name[64], url[STORAGE_URL_MOST], hash[33];
    struct storage_facts facts;
    name_tile(c->job, &region, name);
    if (deadline_over(c->call->deadline))
        return fail(failure, FAILURE_OUT_OF_TIME,
                    "%.200s: the deadline came when some %" PRIu64 " of %" PRIu64 " tiles were checked", c->job->output,
                    c->begin + index, c->job->tiles);
    if (!storage_join(url, c->job->output, name, failure))
        return false;
    if (look_at(c, url, &facts, hash, failure)) {
        found->state = is_right(c, &region, &facts, hash) ? RIGHT : WRONG;
        memcpy(found->record, facts.note, sizeof found->record);
        return true;
    }
    /* Where somebody writes it right now, what it is then is not known. */
    found->state = failure->kind == FAILURE_SOURCE_NOT_FOUND ? MISSING : WRONG;
    return failure->kind == FAILURE_SOURCE_NOT_FOUND || failure->kind == FAILURE_SOURCE_CHANGED;
}

/* ---- All tiles ---- */

static void note_bad(uint64_t *count, char *names, size_t size, const char *name) {
    size_t used = strlen(names);
    if ((*count)++ < FIRST_FEW)
        snprintf(names + used, size - used, "%s%s", used ? ", " : "", name);
}

static bool check_window(struct checking *c) {
    uint64_t count = tile_plan_count(c->plan);
    c->begin = c->end;
    c->end = count - c->begin < WINDOW ? count : c->begin + WINDOW;
    if (!parallel_run(c->end - c->begin, THREADS, check_one, c, c->failure))
        return false;
    for (uint64_t i = c->begin; i < c->end; i++) {
        struct tile_region region = tile_plan_region(c->plan, i);
        char name[64];
        name_tile(c->job, &region, name);
        if (c->window[i - c->begin].state == MISSING)
            note_bad(&c->missing, c->missing_names, sizeof c->missing_names, name);
        else if (c->window[i - c->begin].state == WRONG)
            note_bad(&c->wrong, c->wrong_names, sizeof c->wrong_names, name);
    }
    return true;
}

static bool fail_incomplete(const struct checking *c) {
    char missing[sizeof c->missing_names + 60] = "", wrong[sizeof c->wrong_names + 100] = "";
    if (c->missing)
        snprintf(missing, sizeof missing, "%" PRIu64 " missing (%s%s)", c->missing, c->missing_names,
                 c->missing > FIRST_FEW ? ", ..." : "");
    if (c->wrong)
        snprintf(wrong, sizeof wrong, "%s%" PRIu64 " not what a task of this plan reported (%s%s)",
                 c->missing ? " and " : "", c->wrong, c->wrong_names, c->wrong > FIRST_FEW ? ", ..." : "");
    return fail(c->failure, FAILURE_INCOMPLETE, "%.200s: of %" PRIu64 " tiles, %s%s: run their tasks again",
                c->job->output, c->job->tiles, missing, wrong);
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
    const char *line = c->window[index - c->begin].record;
    struct tile_writer writer = tile_buffer_writer(out);
    return writer.write_at(writer.user, out->size, line, strlen(line), error);
}

bool check_tiles(const struct run_job *job, const tile_plan *plan, struct call *call, struct draft *manifest,
                 struct failure *failure) {
    struct checking c = {.job = job, .plan = plan, .call = call, .vouches = true, .failure = failure};
    struct tile_writer writer = storage_writer(manifest);
    struct tile_error error;
    uint64_t count = tile_plan_count(plan);
    c.window = malloc((size_t)(count < WINDOW ? count : WINDOW) * sizeof *c.window);
    if (!c.window)
        return fail(failure, FAILURE_OUT_OF_MEMORY, "out of memory for the tiles' records");
    tile_status status = tile_manifest_write(&writer, job->head, count, record, &c, job->damage, &error);
    free(c.window);
    return status == TILE_OK || (c.failed ? false : storage_fail_writing(manifest, &error, failure));
}
