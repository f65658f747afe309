/* SPDX-License-Identifier: MIT */
#include "manifest_state.h"

#include "../base/buffer.h"

#include <stdio.h>
#include <string.h>

const char tile_any_head[] = "{\"manifest\":1,\"libtile\":\"";

static bool begins_as_head(const struct tile_buffer *line) {
    return line->size > strlen(tile_any_head) && memcmp(line->data, tile_any_head, strlen(tile_any_head)) == 0;
}

bool tile_manifest_is_head(const struct tile_buffer *line) {
    size_t end = strlen(tile_first_line_end);
    return line->size > strlen(tile_any_head) + end && begins_as_head(line) &&
           memcmp(line->data + line->size - end, tile_first_line_end, end) == 0;
}

tile_status tile_manifest_line(const struct tile_manifest *m, struct tile_journal *file, uint64_t place,
                               struct tile_buffer *line, uint64_t *next, struct tile_error *error) {
    enum { LONGEST_RECORD = 65536 };
    line->size = 0;
    tile_status status = tile_journal_line(file, place, LONGEST_RECORD, line, next, error);
    uint64_t size = *next ? *next - 1 - place : 0;
    if (status != TILE_OK || size <= line->size || size > m->job.memory || !begins_as_head(line))
        return status;
    line->size = 0;
    return tile_journal_line(file, place, (size_t)size, line, next, error);
}

void tile_manifest_name(const struct tile_manifest *m, uint64_t index, char name[TILE_NAME_SIZE]) {
    struct tile_region region = tile_plan_region(m->job.plan, index);
    tile_plan_name(m->job.plan, &region, m->job.suffix, name);
}

bool tile_manifest_has(const struct tile_manifest *m, uint64_t index) {
    return m->place[index] > TILE_LISTED;
}

tile_status tile_manifest_note(struct tile_manifest *m, struct tile_buffer *text, struct tile_error *error) {
    tile_status status = tile_buffer_append(text, "\n", 1, error);
    if (status == TILE_OK)
        status = tile_journal_append(&m->journal, text->data, text->size, error);
    if (status == TILE_OK)
        m->marked = false;
    return status;
}

tile_status tile_manifest_mark(struct tile_manifest *m, const char *what, struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->job.allocator};
    tile_status status = tile_buffer_printf(&line, error, "{\"%s\":true", what);
    if (status == TILE_OK)
        status = tile_check_append(&line, 0, error);
    if (status == TILE_OK)
        status = tile_manifest_note(m, &line, error);
    tile_buffer_free(&line);
    return status;
}

static tile_status note_damage(struct tile_manifest *m, struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->job.allocator};
    tile_status status = tile_damage_line(&line, "{", m->damage, error);
    if (status == TILE_OK)
        status = tile_manifest_note(m, &line, error);
    tile_buffer_free(&line);
    return status;
}

/* Keeps in the journal what a manifest.json that is to go tells of: some of its tiles may have to go at last. */
static tile_status keep_others(struct tile_manifest *m, struct tile_error *error) {
    struct tile_journal file;
    struct tile_buffer line = {.allocator = m->job.allocator};
    tile_status status = tile_journal_open_to_read(&file, m->path, m->job.allocator, error);
    for (uint64_t place = 0, next = 1; status == TILE_OK && place < file.size && next; place = next) {
        status = tile_manifest_line(m, &file, place, &line, &next, error);
        if (place == 0 && !tile_manifest_is_head(&line))
            break; /* no manifest of a job */
        if (status == TILE_OK)
            status = tile_manifest_note(m, &line, error);
    }
    tile_journal_close(&file, false);
    tile_buffer_free(&line);
    return status;
}

tile_status tile_manifest_begin(struct tile_manifest *m, struct tile_error *error) {
    tile_status status =
        m->others ? tile_journal_append(&m->journal, "\n", 1, error) : tile_journal_empty(&m->journal, error);
    if (status == TILE_OK && m->job.overwrite)
        status = keep_others(m, error);
    m->head = m->journal.size;
    if (status == TILE_OK)
        status = tile_journal_append(&m->journal, m->first.data, m->first.size, error);
    if (status == TILE_OK && m->damage[0])
        status = note_damage(m, error);
    m->begun = status == TILE_OK;
    return status;
}

tile_status tile_manifest_add_damage(struct tile_manifest *m, const char *damage, struct tile_error *error) {
    if (strcmp(m->damage, damage) == 0)
        return TILE_OK;
    snprintf(m->damage, sizeof m->damage, "%s", damage);
    m->complete = false;
    return m->begun ? note_damage(m, error) : TILE_OK;
}
