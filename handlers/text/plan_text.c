/* SPDX-License-Identifier: MIT */
/* Where the text is cut, as tasks and as a job. */
#include "../base/members.h"
#include "../base/needs.h"
#include "../base/respond.h"
#include "../storage/storage.h"
#include "paragraphs.h"
#include "split.h"
#include "text_job.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RANGE_DEFAULT = 8 << 20, RANGE_MOST = 1 << 30 };

/*
 * A task holds a piece of the text (8 MiB), and lines until they go to a file (4 MiB): it needs no more than the least
 * that Lambda gives. S3 is taken to give 25 MB a second. A server's processor scans 60 MB a second of the slowest text,
 * whose paragraphs are single letters, and a virtual processor of Lambda a quarter of that: together 1 / (1 / 25 + 1 /
 * 15) = 9.4. A second is for the start and for requests.
 */
enum { NEEDS_MB = 128, BYTES_PER_SECOND = 9000000 };

struct planning {
    struct call *call;
    struct text_job job;
    uint64_t wanted;
    bool overwrite;
    struct needs needs, function;
    char job_url[STORAGE_URL_MOST], plan_url[STORAGE_URL_MOST];
};

static bool read_event(struct planning *p, const json_t *event, struct failure *failure) {
    static const char *const names[] = {"source", "etag",    "type",      "output",   "range",
                                        "text",   "figures", "overwrite", "function", NULL};
    const char *type = NULL;
    struct text_job *job = &p->job;
    if (!members_check(event, "a plan of a text", names, failure) ||
        !member_text(event, "source", &job->source, failure) || !member_text(event, "type", &type, failure) ||
        !member_text(event, "output", &job->output, failure) || !member_text(event, "text", &job->text, failure) ||
        !member_number(event, "range", 1, RANGE_MOST, &p->wanted, failure) ||
        !member_flag(event, "figures", &job->figures, failure) ||
        !member_flag(event, "overwrite", &p->overwrite, failure) || !needs_function(&p->function, event, failure))
        return false;
    if (!job->source || !job->output)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: is missing; a plan of a text has source and output",
                           job->source ? "output" : "source");
    return storage_join(p->job_url, job->output, "job.json", failure) &&
           storage_join(p->plan_url, job->output, "plan.jsonl", failure) &&
           storage_check_url(p->call->storage, p->job_url, failure) && text_job_check_urls(job, p->call, failure);
}

/* A paragraph that is larger than the wanted range makes a range larger. */
static bool check_needs(struct planning *p, struct failure *failure) {
    uint64_t most = 0;
    for (size_t i = 0; i < p->job.count; i++)
        most = p->job.ranges[i].size > most ? p->job.ranges[i].size : most;
    p->needs = (struct needs){.memory_mb = NEEDS_MB, .seconds = 1 + most / BYTES_PER_SECOND + 1};
    return (p->needs.memory_mb <= p->function.memory_mb && p->needs.seconds <= p->function.seconds) ||
           failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                       "a range of %" PRIu64 " bytes takes %" PRIu64 " MB and %" PRIu64
                       " s, the function for ranges has %" PRIu64 " MB and %" PRIu64
                       " s: a smaller \"range\" takes less, but of one large paragraph",
                       most, p->needs.memory_mb, p->needs.seconds, p->function.memory_mb, p->function.seconds);
}

/* What is there already is of this very job, or is to be replaced. */
static bool check_output(const struct planning *p, const char *text, struct failure *failure) {
    struct storage *storage = p->call->storage;
    struct storage_facts facts;
    struct tile_buffer old = {0};
    size_t size = strlen(text);
    if (p->overwrite)
        return true;
    bool there = storage_get(storage, p->job_url, size, &old, NULL, failure);
    bool same = there && old.size == size && memcmp(old.data, text, size) == 0;
    tile_buffer_free(&old);
    if (same)
        return true;
    if (there || failure->kind == FAILURE_LIMIT_EXCEEDED)
        return failure_set(failure, FAILURE_OUTPUT_DENIED,
                           "%s: is of another job (another source or other ranges); take another output, or "
                           "\"overwrite\":true",
                           p->job_url);
    if (failure->kind != FAILURE_SOURCE_NOT_FOUND)
        return false;
    if (!p->job.text || !storage_stat(storage, p->job.text, &facts, failure))
        return !p->job.text || failure->kind == FAILURE_SOURCE_NOT_FOUND;
    return failure_set(failure, FAILURE_OUTPUT_DENIED, "%s: is there already; take another, or \"overwrite\":true",
                       p->job.text);
}

static char *describe_task(const struct text_job *job, size_t index, struct failure *failure) {
    char url[STORAGE_URL_MOST];
    if (!text_job_part_url(job, index, url, failure))
        return NULL;
    json_t *task = json_pack("{s:s,s:s,s:I,s:[I,I],s:I,s:s}", "source", job->source, "etag", job->etag, "size",
                             (json_int_t)job->size, "range", (json_int_t)job->ranges[index].offset,
                             (json_int_t)job->ranges[index].size, "part", (json_int_t)index, "output", url);
    char *text = task ? json_dumps(task, JSON_COMPACT) : NULL;
    json_decref(task);
    if (!text)
        failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a task");
    return text;
}

static bool write_tasks(const struct planning *p, struct failure *failure) {
    static const struct storage_put_options as_lines = {.type = "application/jsonl"};
    struct draft *tasks;
    if (!storage_create(&tasks, p->call->storage, p->plan_url, &as_lines, failure))
        return false;
    bool done = true;
    for (size_t i = 0; done && i < p->job.count; i++) {
        char *text = describe_task(&p->job, i, failure);
        done = text && storage_write(tasks, text, strlen(text), failure) && storage_write(tasks, "\n", 1, failure);
        free(text);
    }
    if (done)
        return storage_commit(tasks, failure);
    storage_discard(tasks);
    return false;
}

/* The job last: where it is, the plan is whole. */
static bool write_plan(const struct planning *p, struct failure *failure) {
    static const struct storage_put_options as_json = {.type = "application/json"};
    json_t *json = text_job_write(&p->job);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!text)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a job");
    bool done = check_output(p, text, failure) && write_tasks(p, failure) &&
                storage_put(p->call->storage, p->job_url, text, strlen(text), &as_json, failure);
    free(text);
    return done;
}

bool paragraphs_plan(struct call *call, const json_t *event, struct object *object, struct response *response,
                     struct failure *failure) {
    const struct storage_facts *facts = storage_object_facts(object);
    struct planning p = {.call = call, .wanted = RANGE_DEFAULT};
    p.job.etag = facts->etag;
    p.job.size = facts->size;
    bool done = read_event(&p, event, failure) &&
                (!p.job.text || !storage_is(object, p.job.text) ||
                 failure_set(failure, FAILURE_BAD_REQUEST, "text: is the source")) &&
                split_text(&p.job.ranges, &p.job.count, object, p.wanted, failure) && check_needs(&p, failure) &&
                write_plan(&p, failure) &&
                respond_json(&response->body,
                             json_pack("{s:s,s:s,s:s,s:I,s:I,s:I}", "job", p.job_url, "plan", p.plan_url, "kind",
                                       "text", "tiles", (json_int_t)p.job.count, "memory_mb",
                                       (json_int_t)p.needs.memory_mb, "seconds", (json_int_t)p.needs.seconds),
                             failure);
    text_job_free(&p.job);
    return done;
}
