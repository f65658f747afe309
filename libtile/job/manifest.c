/* SPDX-License-Identifier: MIT */
#include "manifest.h"

#include "../base/buffer.h"
#include "../base/error.h"
#include "../base/file.h"
#include "../base/memory.h"
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tile_manifest {
    struct tile_manifest_job job;
    struct tile_journal journal;
    char *path;       /* of manifest.json */
    char *folder;     /* without slashes at its end */
    int folders_made; /* it and those above it that were not there */
    bool was_there;   /* the journal, before this run */
    bool same_job;    /* the journal or the manifest was of this job */
    bool complete;    /* manifest.json is of this job, and no tile was added to what it says */
    uint64_t count, columns;
    uint64_t stored;
    uint64_t *place; /* of each tile's line in the journal; 0: not stored */
    char damage[300];
};

/* ---- Folders ---- */

static tile_status make_one(struct tile_manifest *m, struct tile_error *error) {
    struct stat facts;
    if (mkdir(m->folder, 0777) == 0)
        m->folders_made++;
    else if (errno != EEXIST)
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", m->folder, strerror(errno));
    else if (stat(m->folder, &facts) != 0 || !S_ISDIR(facts.st_mode))
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: exists and is no folder", m->folder);
    return TILE_OK;
}

static tile_status make_folders(struct tile_manifest *m, struct tile_error *error) {
    for (size_t end = strlen(m->folder); end > 1 && m->folder[end - 1] == '/'; end--)
        m->folder[end - 1] = '\0';
    tile_status status = TILE_OK;
    for (char *slash = strchr(m->folder + 1, '/'); slash && status == TILE_OK; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_one(m, error);
        *slash = '/';
    }
    return status == TILE_OK ? make_one(m, error) : status;
}

static void remove_empty_folders(struct tile_manifest *m) {
    for (; m->folders_made > 0 && rmdir(m->folder) == 0; m->folders_made--) {
        char *slash = strrchr(m->folder, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
}

static void remove_file(const struct tile_manifest *m, const char *name) {
    char *path = tile_join_path(m->job.allocator, m->folder, name);
    if (path)
        unlink(path);
    tile_free(m->job.allocator, path);
}

/* Whether a name is that of a tile ("r1_c2.suffix"), and of one of this job's. */
static bool is_tile_name(const struct tile_manifest *m, const char *name, bool *ours) {
    unsigned long long row, column;
    int end = 0;
    if (sscanf(name, "r%llu_c%llu.%n", &row, &column, &end) != 2 || end == 0 || strchr(name, '/'))
        return false;
    *ours = row < m->count / m->columns && column < m->columns && strcmp(name + end, m->job.suffix) == 0;
    return true;
}

/* Removes the tiles that a manifest or journal which is to be replaced tells of and this job does not have. */
static void remove_others(const struct tile_manifest *m, const char *replaced) {
    const char *why;
    FILE *file = tile_open_stream(replaced, &why);
    char *line = NULL;
    size_t size = 0;
    for (ssize_t length; file && (length = getline(&line, &size, file)) > 0;) {
        while (length && (line[length - 1] == '\n' || line[length - 1] == ','))
            length--;
        json_t *tile = json_loadb(line, (size_t)length, 0, NULL);
        const char *name = json_string_value(json_object_get(tile, "file"));
        bool ours;
        if (name && is_tile_name(m, name, &ours) && !ours)
            remove_file(m, name);
        json_decref(tile);
    }
    free(line);
    if (file)
        fclose(file);
}

/* ---- Taking what an earlier run left ---- */

/* *same: the file is there with that size and hash. A file that cannot be read is a failure, not a missing one. */
static tile_status compare_file(const char *path, uint64_t bytes, const char *hex, bool *same,
                                struct tile_error *error) {
    *same = false;
    const char *why;
    FILE *file = tile_open_stream(path, &why);
    if (!file && errno == ENOENT)
        return TILE_OK;
    struct stat facts;
    if (!file || fstat(fileno(file), &facts) != 0) {
        tile_status status = tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", path, file ? strerror(errno) : why);
        if (file)
            fclose(file);
        return status;
    }
    tile_status status = TILE_OK;
    struct tile_hasher hasher;
    if ((uint64_t)facts.st_size == bytes && (status = tile_hasher_begin(&hasher, error)) == TILE_OK) {
        unsigned char piece[16384];
        for (size_t n; (n = fread(piece, 1, sizeof piece, file)) != 0;)
            tile_hasher_add(&hasher, piece, n);
        *same = strcmp(tile_hash_text(tile_hasher_end(&hasher)).hex, hex) == 0;
    }
    fclose(file);
    return status;
}

/* The index of the tile that a record is of; false if no such tile is in the plan, or is named or placed otherwise. */
static bool index_of(const struct tile_manifest *m, const json_t *tile, uint64_t *index) {
    const json_t *row = json_object_get(tile, "row"), *column = json_object_get(tile, "column");
    if (!json_is_integer(row) || !json_is_integer(column) || json_integer_value(row) < 0 ||
        json_integer_value(column) < 0 || (uint64_t)json_integer_value(column) >= m->columns ||
        (uint64_t)json_integer_value(row) >= m->count / m->columns)
        return false;
    *index = (uint64_t)json_integer_value(row) * m->columns + (uint64_t)json_integer_value(column);
    struct tile_rect source = tile_plan_region(m->job.plan, *index).source;
    const uint32_t rect[4] = {source.x, source.y, source.width, source.height};
    const json_t *told = json_object_get(tile, "rect");
    for (size_t i = 0; i < 4; i++)
        if (json_integer_value(json_array_get(told, i)) != (json_int_t)rect[i])
            return false;
    char name[64];
    tile_manifest_name(m, *index, name);
    const char *file = json_string_value(json_object_get(tile, "file"));
    return file && strcmp(file, name) == 0;
}

static tile_status take_tile(struct tile_manifest *m, const json_t *tile, uint64_t place, struct tile_error *error) {
    const char *hash = json_string_value(json_object_get(tile, "xxh3_file"));
    uint64_t index;
    if (!hash || !index_of(m, tile, &index))
        return TILE_OK;
    char name[64];
    tile_manifest_name(m, index, name);
    char *path = tile_join_path(m->job.allocator, m->folder, name);
    if (!path)
        return tile_no_memory(error, sizeof name);
    bool there;
    tile_status status =
        compare_file(path, (uint64_t)json_integer_value(json_object_get(tile, "bytes")), hash, &there, error);
    tile_free(m->job.allocator, path);
    if (status == TILE_OK) {
        m->stored += (uint64_t)there - (m->place[index] != 0);
        m->place[index] = there ? place : 0; /* the latest line about a tile counts */
    }
    return status;
}

/* A line after the first. Those that say nothing (the end, one that a crash cut) are passed over. */
static tile_status take_line(struct tile_manifest *m, struct tile_buffer *line, uint64_t place,
                             struct tile_error *error) {
    char *text = (char *)line->data;
    if (line->size > 2 && memcmp(text, "],", 2) == 0) { /* the manifest's last line: ],"damage":"..."} */
        text[1] = '{';
        text++;
        line->size--;
    } else if (line->size && text[line->size - 1] == ',') {
        line->size--;
    }
    json_t *record = json_loadb(text, line->size, 0, NULL);
    const char *damage = json_string_value(json_object_get(record, "damage"));
    tile_status status = TILE_OK;
    if (damage)
        snprintf(m->damage, sizeof m->damage, "%s", damage);
    else
        status = take_tile(m, record, place, error);
    json_decref(record);
    return status;
}

static bool is_first_line(const struct tile_manifest *m, const struct tile_buffer *line) {
    size_t head = strlen(m->job.head);
    return line->size == head + strlen(tile_first_line_end) && memcmp(line->data, m->job.head, head) == 0 &&
           memcmp(line->data + head, tile_first_line_end, strlen(tile_first_line_end)) == 0;
}

/* Reads the journal from its start. *same: it is of this job. One whose first line was cut counts as empty. */
static tile_status take_journal(struct tile_manifest *m, bool *same, struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->job.allocator};
    uint64_t next;
    tile_status status = tile_journal_line(&m->journal, 0, &line, &next, error);
    *same = status == TILE_OK && is_first_line(m, &line);
    bool cut = next == 0;
    if (status == TILE_OK && cut)
        status = tile_journal_empty(&m->journal, error);
    for (uint64_t place = next; *same && !cut && status == TILE_OK && place < m->journal.size; place = next) {
        line.size = 0;
        status = tile_journal_line(&m->journal, place, &line, &next, error);
        if (status == TILE_OK)
            status = take_line(m, &line, place, error);
        if (status == TILE_OK && next == 0) { /* the next record is to begin on a line of its own */
            status = tile_journal_append(&m->journal, "\n", 1, error);
            next = m->journal.size;
        }
    }
    tile_buffer_free(&line);
    return status;
}

/* Makes the journal what manifest.json is, if that is of this job. *found: there is a manifest.json. */
static tile_status copy_manifest(struct tile_manifest *m, bool *found, bool *same, struct tile_error *error) {
    const char *why;
    FILE *file = tile_open_stream(m->path, &why);
    *same = false;
    *found = file || errno != ENOENT;
    if (!*found)
        return TILE_OK;
    if (!file)
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", m->path, why);
    char piece[65536];
    size_t n, head = strlen(m->job.head), matched = 0;
    tile_status status = TILE_OK;
    /* First its first line, so that nothing is copied of another job's. */
    for (int c; matched < head && (c = getc(file)) == (unsigned char)m->job.head[matched];)
        matched++;
    *same = matched == head;
    rewind(file);
    while (*same && status == TILE_OK && (n = fread(piece, 1, sizeof piece, file)) != 0)
        status = tile_journal_append(&m->journal, piece, n, error);
    fclose(file);
    return status;
}

static tile_status begin_journal(struct tile_manifest *m, struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->job.allocator};
    tile_status status = tile_buffer_printf(&line, error, "%s%s\n", m->job.head, tile_first_line_end);
    if (status == TILE_OK)
        status = tile_journal_empty(&m->journal, error);
    if (status == TILE_OK)
        status = tile_journal_append(&m->journal, line.data, line.size, error);
    tile_buffer_free(&line);
    return status;
}

static tile_status take_what_is_there(struct tile_manifest *m, struct tile_error *error) {
    bool found = m->was_there;
    tile_status status = TILE_OK;
    if (m->was_there)
        status = take_journal(m, &m->same_job, error);
    if (status == TILE_OK && m->journal.size == 0) { /* there is none, or one that never told anything */
        status = copy_manifest(m, &found, &m->complete, error);
        if (status == TILE_OK && m->complete)
            status = take_journal(m, &m->same_job, error);
        m->complete = m->complete && m->same_job && m->stored == m->count;
    }
    if (status == TILE_OK && found && !m->same_job)
        status = tile_error_advise(error, TILE_REMEDY_OVERWRITE, TILE_WRITE_FAILED,
                                   "%s: holds the tiles of another job (another source or other options); take another "
                                   "folder",
                                   m->job.folder);
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
    m->columns = (uint64_t)tile_plan_region(job->plan, count - 1).column + 1;
    m->folder = tile_copy_text(job->allocator, job->folder, strlen(job->folder));
    m->path = tile_join_path(job->allocator, job->folder, "manifest.json");
    m->place = tile_alloc_zero(job->allocator, (size_t)count * sizeof *m->place);
    tile_status status =
        m->folder && m->path && m->place ? TILE_OK : tile_no_memory(error, (size_t)count * sizeof *m->place);
    if (status == TILE_OK)
        status = make_folders(m, error);
    if (status == TILE_OK)
        status = tile_journal_open(&m->journal, m->folder, "manifest.part", job->allocator, error);
    m->was_there = m->journal.size != 0;
    if (status == TILE_OK && !job->overwrite)
        status = take_what_is_there(m, error);
    else if (status == TILE_OK && m->was_there) /* of this job: it is one that was to overwrite and was interrupted */
        status = take_journal(m, &m->same_job, error);
    if (status == TILE_OK && !m->same_job) {
        if (m->was_there)
            remove_others(m, m->journal.path);
        status = begin_journal(m, error);
    }
    if (status != TILE_OK) {
        tile_manifest_close(m);
        return status;
    }
    *out = m;
    return TILE_OK;
}

void tile_manifest_close(struct tile_manifest *m) {
    if (!m)
        return;
    const struct tile_allocator *allocator = m->job.allocator;
    tile_journal_close(&m->journal, m->complete || (!m->was_there && m->stored == 0));
    remove_empty_folders(m);
    tile_free(allocator, m->folder);
    tile_free(allocator, m->path);
    tile_free(allocator, m->place);
    tile_free(allocator, m);
}

bool tile_manifest_has(const struct tile_manifest *m, uint64_t index) {
    return m->place[index] != 0;
}

uint64_t tile_manifest_stored(const struct tile_manifest *m) {
    return m->stored;
}

void tile_manifest_name(const struct tile_manifest *m, uint64_t index, char name[64]) {
    struct tile_region region = tile_plan_region(m->job.plan, index);
    tile_region_name(&region, m->job.suffix, name);
}

bool tile_manifest_replaces(const struct tile_manifest *m) {
    return m->same_job || m->job.overwrite;
}

/* ---- Adding ---- */

tile_status tile_manifest_add(struct tile_manifest *m, uint64_t index, const struct tile_record *r,
                              struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->job.allocator};
    struct tile_region region = tile_plan_region(m->job.plan, index);
    tile_status status = tile_record_line(&line, &region, m->job.suffix, r, error);
    if (status == TILE_OK)
        status = tile_buffer_append(&line, "\n", 1, error);
    uint64_t place = m->journal.size;
    if (status == TILE_OK)
        status = tile_journal_append(&m->journal, line.data, line.size, error);
    if (status == TILE_OK) {
        m->stored += m->place[index] == 0;
        m->place[index] = place;
        m->complete = false;
    }
    tile_buffer_free(&line);
    return status;
}

tile_status tile_manifest_add_damage(struct tile_manifest *m, const char *damage, struct tile_error *error) {
    if (strcmp(m->damage, damage) == 0)
        return TILE_OK;
    snprintf(m->damage, sizeof m->damage, "%s", damage);
    struct tile_buffer line = {.allocator = m->job.allocator};
    tile_status status = tile_buffer_append(&line, "{\"damage\":", 10, error);
    if (status == TILE_OK)
        status = tile_buffer_json_text(&line, m->damage, error);
    if (status == TILE_OK)
        status = tile_buffer_append(&line, "}\n", 2, error);
    if (status == TILE_OK)
        status = tile_journal_append(&m->journal, line.data, line.size, error);
    m->complete = false;
    tile_buffer_free(&line);
    return status;
}

/* ---- Ending ---- */

/* A tile's line of the journal, appended to `out` without the comma that it may have of a manifest. */
static tile_status copy_record(void *user, uint64_t index, struct tile_buffer *out, struct tile_error *error) {
    struct tile_manifest *m = user;
    uint64_t next;
    tile_status status = tile_journal_line(&m->journal, m->place[index], out, &next, error);
    if (status == TILE_OK && next == 0)
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: it changed while the job ran", m->journal.path);
    if (out->size && out->data[out->size - 1] == ',')
        out->size--;
    return status;
}

tile_status tile_manifest_finish(struct tile_manifest *m, struct tile_error *error) {
    if (m->complete) /* nothing was to be done */
        return TILE_OK;
    tile_file *file;
    tile_status status = tile_file_create(&file, m->path, true, m->job.allocator, error);
    if (status != TILE_OK)
        return status;
    struct tile_writer writer = tile_file_writer(file);
    status = tile_manifest_text(&writer, m->job.head, m->count, copy_record, m, m->damage[0] ? m->damage : NULL,
                                m->job.allocator, error);
    if (status != TILE_OK) {
        tile_file_discard(file);
        return status;
    }
    if (m->job.overwrite)
        remove_others(m, m->path);
    status = tile_file_commit(file, error);
    m->complete = status == TILE_OK;
    return status;
}

void tile_manifest_remove_all(struct tile_manifest *m) {
    for (uint64_t i = 0; i < m->count; i++)
        if (m->place[i]) {
            char name[64];
            tile_manifest_name(m, i, name);
            remove_file(m, name);
            m->place[i] = 0;
        }
    m->stored = 0;
    m->was_there = false;
}
