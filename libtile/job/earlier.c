/* SPDX-License-Identifier: MIT */
/*
 * What earlier runs left in the folder, and what of it can be believed.
 *
 * A run that was killed leaves a journal that may be one tile behind; a crash of the machine leaves one that is cut,
 * empty or has NULs for what was not written yet, and tiles that are so themselves. Each line has its own check, and
 * each tile its size and hash in a line: what does not hold is as if it were not there.
 */
#include "../base/buffer.h"
#include "../base/error.h"
#include "../base/file.h"
#include "../base/memory.h"
#include "manifest_state.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- Whose file is it? ---- */

enum whose {
    CRASHED, /* empty, or what a crash left of a beginning */
    OURS,
    OTHERS, /* another job's */
    FOREIGN /* not of this library */
};

struct found {
    enum whose whose;
    uint64_t head, lines; /* where this job's head begins, and what follows it */
};

static bool begins(const struct tile_buffer *line, const char *text) {
    return line->size >= strlen(text) && memcmp(line->data, text, strlen(text)) == 0;
}

static bool is_own_head(const struct tile_manifest *m, const struct tile_buffer *line) {
    return line->size + 1 == m->first.size && memcmp(line->data, m->first.data, line->size) == 0;
}

/* A file without a head: whether a crash may have left it. It is the beginning of one, or has NULs behind that; then
 * also lines may follow that hold. */
static tile_status look_at_beginning(const struct tile_manifest *m, struct tile_journal *file, bool holds,
                                     struct found *found, struct tile_error *error) {
    uint64_t text = 0, own = 0, any = 0, end; /* bytes up to a NUL; of them, those of our first line, and of any head */
    int byte;
    tile_status status = tile_journal_byte(file, 0, &byte, error);
    for (; status == TILE_OK && byte > 0; status = tile_journal_byte(file, ++text, &byte, error)) {
        own += own == text && own < m->first.size && byte == m->first.data[own];
        any += any == text && any < strlen(tile_any_head) && byte == (unsigned char)tile_any_head[any];
    }
    for (end = text; status == TILE_OK && byte == 0;)
        status = tile_journal_byte(file, ++end, &byte, error);
    bool whole = byte < 0; /* there is no more than that */
    bool nuls = end != text, head = any == strlen(tile_any_head), lost = nuls && any == text && holds;
    if ((own == text && whole) || lost || (head && (nuls || m->job.overwrite)))
        found->whose = CRASHED; /* one that is to overwrite begins with what it replaces */
    else if (head)
        found->whose = OTHERS;
    return status;
}

/* Looks for the last head: jobs that replace others write theirs behind what those wrote. */
static tile_status look_at(const struct tile_manifest *m, struct tile_journal *file, struct found *found,
                           struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->job.allocator};
    tile_status status = TILE_OK;
    bool holds = false;
    *found = (struct found){.whose = FOREIGN};
    for (uint64_t place = 0, next = 1; place < file->size && next && status == TILE_OK; place = next) {
        status = tile_manifest_line(m, file, place, &line, &next, error);
        holds = holds || tile_record_holds((const char *)line.data, line.size);
        if (next && tile_manifest_is_head(&line))
            *found = (struct found){is_own_head(m, &line) ? OURS : OTHERS, place, next};
    }
    tile_buffer_free(&line);
    if (found->whose == FOREIGN && status == TILE_OK)
        status = look_at_beginning(m, file, holds, found, error);
    return status;
}

static tile_status refuse_others(const struct tile_manifest *m, struct tile_error *error) {
    return tile_error_advise(error, TILE_REMEDY_OVERWRITE, TILE_WRITE_FAILED,
                             "%s: holds the tiles of another job (another source or other options); take another "
                             "folder",
                             m->job.folder);
}

/* ---- Tiles ---- */

/* *same: the file is there with that size and hash. A file that cannot be read is a failure, not a missing one. */
static tile_status compare_file(const char *path, uint64_t bytes, const char *hex, struct tile_watch *watch, bool *same,
                                struct tile_error *error) {
    const char *why;
    *same = false;
    FILE *file = tile_open_stream(path, &why);
    if (!file && errno == ENOENT)
        return TILE_OK;
    if (!file)
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", path, why);
    struct stat facts;
    struct tile_hasher hasher;
    bool readable = fstat(fileno(file), &facts) == 0;
    tile_status status = TILE_OK;
    if (readable && (uint64_t)facts.st_size == bytes && (status = tile_hasher_begin(&hasher, error)) == TILE_OK) {
        unsigned char piece[16384];
        for (size_t n; status == TILE_OK && (n = fread(piece, 1, sizeof piece, file)) != 0;) {
            tile_hasher_add(&hasher, piece, n);
            status = tile_watch_pass(watch, n, error);
        }
        readable = !ferror(file);
        *same = strcmp(tile_hash_text(tile_hasher_end(&hasher)).hex, hex) == 0 && readable && status == TILE_OK;
    }
    if (!readable)
        status = tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", path, strerror(errno));
    fclose(file);
    return status;
}

/* The index of the tile that a record is of; false if no such tile is in the plan, or is named or placed otherwise. */
static bool index_of(const struct tile_manifest *m, const json_t *tile, uint64_t *index) {
    const char *file = json_string_value(json_object_get(tile, "file"));
    const json_t *row = json_object_get(tile, "row"), *column = json_object_get(tile, "column");
    if (!file || !tile_plan_find(m->job.plan, file, m->job.suffix, index))
        return false;
    struct tile_region region = tile_plan_region(m->job.plan, *index);
    const uint32_t rect[4] = {region.source.x, region.source.y, region.source.width, region.source.height};
    const json_t *told = json_object_get(tile, "rect");
    for (size_t i = 0; i < 4; i++)
        if (json_integer_value(json_array_get(told, i)) != (json_int_t)rect[i])
            return false;
    return json_is_integer(row) && json_integer_value(row) == (json_int_t)region.row && json_is_integer(column) &&
           json_integer_value(column) == (json_int_t)region.column;
}

/* The latest line about a tile counts. */
static tile_status take_tile(struct tile_manifest *m, uint64_t index, const json_t *tile, uint64_t place,
                             struct tile_error *error) {
    const char *hash = json_string_value(json_object_get(tile, "xxh3_file"));
    char name[TILE_NAME_SIZE];
    tile_manifest_name(m, index, name);
    char *path = tile_join_path(m->job.allocator, m->folder.path, name);
    if (!path)
        return tile_no_memory(error, sizeof name);
    bool there = false;
    uint64_t bytes = (uint64_t)json_integer_value(json_object_get(tile, "bytes"));
    tile_status status = !hash ? TILE_OK : compare_file(path, bytes, hash, m->job.watch, &there, error);
    tile_free(m->job.allocator, path);
    if (status == TILE_OK) {
        m->stored = m->stored + there - tile_manifest_has(m, index);
        m->place[index] = there ? place : TILE_LISTED;
    }
    return status;
}

/* ---- The journal ---- */

static tile_status take_line(struct tile_manifest *m, const struct tile_buffer *line, uint64_t place,
                             struct tile_error *error) {
    if (line->size == 0)
        return TILE_OK; /* it ends one that was cut */
    m->marked = false;
    if (!tile_record_holds((const char *)line->data, line->size)) {
        m->behind = true;
        return TILE_OK;
    }
    json_t *record = json_loadb((const char *)line->data, line->size, 0, NULL);
    const char *damage = json_string_value(json_object_get(record, "damage"));
    uint64_t index;
    tile_status status = TILE_OK;
    if (damage)
        snprintf(m->damage, sizeof m->damage, "%s", damage);
    else if (json_is_true(json_object_get(record, "ended")))
        m->marked = true;
    else if (index_of(m, record, &index))
        status = take_tile(m, index, record, place, error);
    json_decref(record);
    return status;
}

static tile_status take_journal(struct tile_manifest *m, uint64_t place, struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->job.allocator};
    tile_status status = TILE_OK;
    for (uint64_t next; place < m->journal.size && status == TILE_OK; place = next) {
        status = tile_manifest_line(m, &m->journal, place, &line, &next, error);
        if (status == TILE_OK && next == 0) { /* cut: the next record is to begin on a line of its own */
            m->marked = false;
            status = tile_journal_append(&m->journal, "\n", 1, error);
            next = m->journal.size;
        } else if (status == TILE_OK) {
            status = take_line(m, &line, place, error);
        }
    }
    m->behind = m->behind || !m->marked;
    tile_buffer_free(&line);
    return status;
}

/* ---- The manifest ---- */

/* Copies a tile's line to the journal, unless that tells of a file that is right. */
static tile_status copy_record(struct tile_manifest *m, uint64_t index, const json_t *record, struct tile_buffer *line,
                               struct tile_error *error) {
    if (tile_manifest_has(m, index))
        return TILE_OK;
    uint64_t place = m->journal.size;
    tile_status status = tile_manifest_note(m, line, error);
    return status == TILE_OK ? take_tile(m, index, record, place, error) : status;
}

/* The end, `],"damage":"..."}`, as a line of the journal. */
static tile_status copy_damage(struct tile_manifest *m, struct tile_buffer *line, struct tile_error *error) {
    line->data[1] = '{';
    json_t *end = json_loadb((const char *)line->data + 1, line->size - 1, 0, NULL);
    const char *damage = json_string_value(json_object_get(end, "damage"));
    tile_status status = damage ? tile_manifest_add_damage(m, damage, error) : TILE_OK;
    json_decref(end);
    return status;
}

/* *whole: the head, all records in their order, and the end hold, and nothing follows. */
static tile_status take_manifest(struct tile_manifest *m, struct tile_journal *file, uint64_t place, bool *whole,
                                 struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->job.allocator};
    tile_status status = TILE_OK;
    uint64_t records = 0, index;
    bool right = place == m->first.size, ended = false;
    for (uint64_t next; place < file->size && status == TILE_OK; place = next) {
        status = tile_manifest_line(m, file, place, &line, &next, error);
        if (status != TILE_OK)
            break;
        next = next ? next : file->size + 1; /* that it is cut shows by this, too */
        bool comma = line.size && line.data[line.size - 1] == ',';
        line.size -= comma;
        bool holds = tile_record_holds((const char *)line.data, line.size), damage = begins(&line, "],\"damage\":");
        json_t *record = holds && !damage ? json_loadb((const char *)line.data, line.size, 0, NULL) : NULL;
        if (record && index_of(m, record, &index)) {
            right = right && index == records++ && comma == (index + 1 < m->count);
            status = copy_record(m, index, record, &line, error);
        } else if ((holds && damage) || (line.size == 2 && begins(&line, "]}"))) {
            ended = right = right && !comma && records == m->count && next == file->size;
            status = damage ? copy_damage(m, &line, error) : TILE_OK;
        } else {
            right = false;
        }
        json_decref(record);
    }
    tile_buffer_free(&line);
    *whole = right && ended;
    return status;
}

/* ---- Both ---- */

static tile_status open_manifest(const struct tile_manifest *m, struct tile_journal *file, struct found *found,
                                 struct tile_error *error) {
    *found = (struct found){.whose = CRASHED};
    *file = (struct tile_journal){0};
    tile_status status = m->job.overwrite ? TILE_OK : tile_journal_open_to_read(file, m->path, m->job.allocator, error);
    return status == TILE_OK && file->path ? look_at(m, file, found, error) : status;
}

static tile_status take_both(struct tile_manifest *m, const struct found *left, struct tile_journal *file,
                             const struct found *told, struct tile_error *error) {
    tile_status status = TILE_OK;
    m->begun = left->whose == OURS;
    m->head = left->head;
    if (m->begun)
        status = take_journal(m, left->lines, error);
    else
        m->behind = m->was_there;
    if (!file->path)
        return status;
    bool whole = false, alone = !m->begun && !m->was_there;
    if (status == TILE_OK && !m->begun)
        status = tile_manifest_begin(m, error);
    if (status == TILE_OK && told->whose == OURS)
        status = take_manifest(m, file, told->lines, &whole, error);
    m->behind = m->behind || !whole;
    m->complete = whole && alone && m->stored == m->count;
    return status;
}

tile_status tile_manifest_take(struct tile_manifest *m, struct tile_error *error) {
    struct tile_journal file; /* manifest.json */
    struct found left = {.whose = CRASHED}, told;
    tile_status status = m->journal.size ? look_at(m, &m->journal, &left, error) : TILE_OK;
    if (status == TILE_OK && left.whose == FOREIGN)
        status = tile_error_set(error, TILE_WRITE_FAILED,
                                "%s: is no journal of a job, for which this name is needed; move it, or take another "
                                "folder",
                                m->journal.path);
    m->others = left.whose == OTHERS;
    if (status == TILE_OK && m->others && !m->job.overwrite)
        status = refuse_others(m, error);
    if (status != TILE_OK)
        return status;
    status = open_manifest(m, &file, &told, error);
    if (status == TILE_OK && (told.whose == OTHERS || told.whose == FOREIGN))
        status = refuse_others(m, error);
    if (status == TILE_OK)
        status = take_both(m, &left, &file, &told, error);
    tile_journal_close(&file, false);
    m->taken = status == TILE_OK;
    return status;
}
