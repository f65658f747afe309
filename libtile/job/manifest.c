/* SPDX-License-Identifier: MIT */
#include "../base/buffer.h"
#include "../base/error.h"
#include "../base/file.h"
#include "../base/memory.h"
#include "../plan/for_job.h"
#include "manifest_state.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char journal_name[] = "manifest.part";

/* ---- Opening ---- */

static bool is_there(const char *path) {
    struct stat facts;
    return lstat(path, &facts) == 0;
}

static bool is_own_tile(void *user, const char *name) {
    const struct tile_manifest *m = user;
    uint64_t index;
    return tile_plan_find(m->job.plan, name, m->job.suffix, &index);
}

/* Where neither a journal nor a manifest tells of them, tiles are somebody's files. */
static tile_status refuse_foreign(struct tile_manifest *m, struct tile_error *error) {
    char name[TILE_NAME_SIZE];
    tile_folder_find(&m->folder, tile_plan_depth(m->job.plan), is_own_tile, m, name);
    return name[0] ? tile_error_advise(error, TILE_REMEDY_OVERWRITE, TILE_WRITE_FAILED, "%s/%s: exists already",
                                       m->folder.path, name)
                   : TILE_OK;
}

static tile_status open_journal(struct tile_manifest *m, struct tile_error *error) {
    char *path = tile_join_path(m->job.allocator, m->folder.path, journal_name);
    if (!path)
        return tile_no_memory(error, sizeof journal_name);
    m->was_there = is_there(path);
    tile_free(m->job.allocator, path);
    tile_status status = TILE_OK;
    if (!m->was_there && !m->job.overwrite && !is_there(m->path))
        status = refuse_foreign(m, error);
    if (status == TILE_OK)
        status = tile_journal_open(&m->journal, m->folder.path, journal_name, m->job.allocator, error);
    m->was_there = m->was_there || m->journal.size != 0; /* another process was faster */
    return status;
}

tile_status tile_manifest_open(struct tile_manifest **out, const struct tile_manifest_job *job,
                               struct tile_error *error) {
    *out = NULL;
    uint64_t count = tile_plan_count(job->plan);
    if (count > job->memory / sizeof(uint64_t))
        return tile_error_advise(error, TILE_REMEDY_MEMORY, TILE_LIMIT_EXCEEDED,
                                 "the journal of %" PRIu64
                                 " tiles takes 8 bytes of memory for each, the limit is %" PRIu64 ": take larger tiles",
                                 count, job->memory);
    struct tile_manifest *m = tile_alloc_zero(job->allocator, sizeof *m);
    if (!m)
        return tile_no_memory(error, sizeof *m);
    m->job = *job;
    m->count = count;
    m->first.allocator = job->allocator;
    m->path = tile_join_path(job->allocator, job->folder, "manifest.json");
    m->place = tile_alloc_zero(job->allocator, (size_t)count * sizeof *m->place);
    tile_status status = m->path && m->place ? TILE_OK : tile_no_memory(error, (size_t)count * sizeof *m->place);
    if (status == TILE_OK)
        status = tile_buffer_printf(&m->first, error, "%s%s\n", job->head, tile_first_line_end);
    if (status == TILE_OK)
        status = tile_folder_make(&m->folder, job->folder, job->allocator, error);
    if (status == TILE_OK)
        status = open_journal(m, error);
    if (status == TILE_OK)
        status = tile_manifest_take(m, error);
    if (status != TILE_OK) {
        tile_manifest_close(m);
        return status;
    }
    *out = m;
    return TILE_OK;
}

uint64_t tile_manifest_stored(const struct tile_manifest *m) {
    return m->stored;
}

/* ---- Making tiles ---- */

/*
 * Before the first tile gets its name. The disk then has the journal's beginning, so that no crash leaves tiles without
 * a journal; and no manifest.json tells of files that are about to be replaced.
 */
static tile_status begin_naming(struct tile_manifest *m, struct tile_error *error) {
    tile_status status = m->begun ? TILE_OK : tile_manifest_begin(m, error);
    if (status == TILE_OK && m->marked)
        status = tile_manifest_mark(m, "begun", error);
    if (status == TILE_OK && !m->job.no_sync)
        status = tile_journal_sync(&m->journal, error);
    if (status == TILE_OK && !m->job.no_sync)
        status = tile_folder_sync(&m->folder, m->journal.descriptor, error);
    if (status != TILE_OK)
        return status;
    bool gone = unlink(m->path) == 0;
    if (!gone && errno != ENOENT)
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", m->path, strerror(errno));
    m->own = m->journal.size;
    if (gone && !m->job.no_sync)
        status = tile_folder_sync(&m->folder, m->journal.descriptor, error);
    m->naming = status == TILE_OK;
    return status;
}

static bool may_replace(const struct tile_manifest *m, uint64_t index) {
    return m->job.overwrite || m->behind || m->place[index] != 0;
}

tile_status tile_manifest_expect(struct tile_manifest *m, uint64_t index, bool *replace, struct tile_error *error) {
    m->complete = false;
    *replace = may_replace(m, index);
    return m->naming ? TILE_OK : begin_naming(m, error);
}

tile_status tile_manifest_add(struct tile_manifest *m, uint64_t index, const struct tile_record *r,
                              struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->job.allocator};
    struct tile_region region = tile_plan_region(m->job.plan, index);
    tile_status status = tile_record_line(&line, m->job.plan, &region, m->job.suffix, r, error);
    uint64_t place = m->journal.size;
    if (status == TILE_OK)
        status = tile_manifest_note(m, &line, error);
    if (status == TILE_OK) {
        m->stored += !tile_manifest_has(m, index);
        m->place[index] = place;
    } else {
        /* A new tile of which the journal cannot tell goes; one that replaced another is better than none. */
        char name[TILE_NAME_SIZE];
        tile_manifest_name(m, index, name);
        m->behind = may_replace(m, index) || !tile_folder_remove(&m->folder, name) || m->behind;
    }
    tile_buffer_free(&line);
    return status;
}

/* ---- Ending ---- */

/* A tile's line of the journal, appended to `out`. */
static tile_status copy_record(void *user, uint64_t index, struct tile_buffer *out, struct tile_error *error) {
    struct tile_manifest *m = user;
    uint64_t next;
    size_t start = out->size;
    tile_status status = tile_journal_line(&m->journal, m->place[index], 65536, out, &next, error);
    if (status == TILE_OK && !tile_record_holds((const char *)out->data + start, out->size - start))
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: it changed while the job ran", m->journal.path);
    return status;
}

static tile_status write_manifest(struct tile_manifest *m, struct tile_error *error) {
    tile_file *file;
    tile_status status = tile_file_create(&file, m->path, true, m->job.allocator, error);
    if (status != TILE_OK)
        return status;
    struct tile_writer writer = tile_file_writer(file);
    status = tile_manifest_text(&writer, m->job.head, m->count, copy_record, m, m->damage[0] ? m->damage : NULL,
                                m->job.allocator, error);
    return tile_file_end(file, status, !m->job.no_sync, error);
}

/* Waits until the disk knows that tiles were removed, `deep` in the folder. */
static tile_status sync_removed(const struct tile_manifest *m, bool deep, struct tile_error *error) {
    if (deep && !tile_sync_all(m->journal.descriptor))
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", m->folder.path, strerror(errno));
    return tile_folder_sync(&m->folder, m->journal.descriptor, error);
}

/* Removes the tiles of jobs that were replaced, as far as they have other names than this one's. */
static tile_status remove_others(struct tile_manifest *m, struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->job.allocator};
    tile_status status = TILE_OK;
    bool removed = false, deep = false;
    for (uint64_t place = 0, next = 1; place < m->head && next && status == TILE_OK; place = next) {
        status = tile_manifest_line(m, &m->journal, place, &line, &next, error);
        line.size -= line.size && line.data[line.size - 1] == ',';
        bool holds = status == TILE_OK && tile_record_holds((const char *)line.data, line.size);
        json_t *tile = holds ? json_loadb((const char *)line.data, line.size, 0, NULL) : NULL;
        const char *name = json_string_value(json_object_get(tile, "file"));
        if (name && tile_plan_is_name(name) && !is_own_tile(m, name)) {
            removed = tile_folder_remove(&m->folder, name);
            if (!removed)
                status = tile_error_set(error, TILE_WRITE_FAILED, "%s/%s: cannot be removed: %s", m->folder.path, name,
                                        strerror(errno));
            deep = deep || strchr(name, '/');
            tile_folder_prune(&m->folder, name);
        }
        json_decref(tile);
    }
    tile_buffer_free(&line);
    return status == TILE_OK && removed && !m->job.no_sync ? sync_removed(m, deep, error) : status;
}

tile_status tile_manifest_finish(struct tile_manifest *m, struct tile_error *error) {
    if (m->complete) /* nothing was to be done */
        return TILE_OK;
    if (!m->job.no_sync && !tile_sync_all(m->journal.descriptor))
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: the tiles may not be on the disk: %s", m->job.folder,
                              strerror(errno));
    tile_status status = write_manifest(m, error);
    if (status == TILE_OK)
        status = remove_others(m, error);
    m->complete = status == TILE_OK;
    return status;
}

bool tile_manifest_refuse(struct tile_manifest *m) {
    for (uint64_t i = 0; m->own && !m->job.overwrite && i < m->count; i++)
        if (m->place[i] >= m->own) {
            char name[TILE_NAME_SIZE];
            tile_manifest_name(m, i, name);
            if (!tile_folder_remove(&m->folder, name))
                continue;
            tile_folder_prune(&m->folder, name);
            m->place[i] = 0;
            m->stored--;
        }
    return !m->own || !m->job.overwrite;
}

/* Whether the journal tells something that is not told elsewhere. */
static bool is_needed(const struct tile_manifest *m) {
    if (m->complete)
        return false;
    if (!m->own) /* it is as it was, but for what manifest.json has, too */
        return m->was_there;
    bool listed = m->behind || m->job.overwrite;
    for (uint64_t i = 0; i < m->count && !listed; i++)
        listed = m->place[i] != 0;
    return listed;
}

void tile_manifest_close(struct tile_manifest *m) {
    if (!m)
        return;
    const struct tile_allocator *allocator = m->job.allocator;
    bool needed = m->journal.path && is_needed(m);
    if (needed && m->begun && m->taken && !m->behind && !m->marked)
        tile_manifest_mark(m, "ended", NULL); /* where that fails, it is as if the run was killed */
    tile_journal_close(&m->journal, !needed);
    tile_folder_free(&m->folder, tile_plan_depth(m->job.plan));
    tile_buffer_free(&m->first);
    tile_free(allocator, m->path);
    tile_free(allocator, m->place);
    tile_free(allocator, m);
}
