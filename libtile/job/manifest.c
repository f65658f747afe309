/* SPDX-License-Identifier: MIT */
#include "manifest.h"

#include "../base/buffer.h"
#include "../base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct tile_manifest {
    const struct tile_allocator *allocator;
    char *folder;
    char *journal_path;
    char *manifest_path;
    FILE *journal; /* read anywhere, appended to by single writes */
    uint64_t end;  /* of the journal */
    bool folder_is_new;
    bool resumes;
    uint64_t count;   /* tiles in the plan */
    uint64_t columns; /* of its grid */
    uint64_t stored;
    uint64_t *place; /* of each tile's line in the journal, 0: not stored */
};

/* What follows the head on the first line. */
static const char first_line_end[] = ",\"tiles\":[\n";

static char *join(const struct tile_allocator *allocator, const char *folder, const char *name) {
    size_t size = strlen(folder) + 1 + strlen(name) + 1;
    char *path = tile_alloc(allocator, size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* mkdir -p. *made tells whether the last folder is new. */
static tile_status make_folder(char *folder, bool *made, struct tile_error *error) {
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int failed = mkdir(folder, 0777) != 0 && errno != EEXIST ? errno : 0;
        if (failed)
            tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", folder, strerror(failed));
        *slash = '/';
        if (failed)
            return TILE_WRITE_FAILED;
    }
    *made = mkdir(folder, 0777) == 0;
    struct stat facts;
    if (*made || (errno == EEXIST && stat(folder, &facts) == 0 && S_ISDIR(facts.st_mode)))
        return TILE_OK;
    return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", folder,
                          errno == EEXIST ? "exists and is no folder" : strerror(errno));
}

/* Whether the file has that size and hash. Read in pieces: a tile may be large. */
static bool file_is(const char *path, uint64_t bytes, const char *hex) {
    FILE *file = fopen(path, "rb");
    struct stat facts;
    struct tile_hasher hasher;
    bool same = false;
    if (file && fstat(fileno(file), &facts) == 0 && (uint64_t)facts.st_size == bytes &&
        tile_hasher_begin(&hasher, NULL) == TILE_OK) {
        unsigned char piece[16384];
        for (size_t n; (n = fread(piece, 1, sizeof piece, file)) != 0;)
            tile_hasher_add(&hasher, piece, n);
        same = strcmp(tile_hash_text(tile_hasher_end(&hasher)).hex, hex) == 0;
    }
    if (file)
        fclose(file);
    return same;
}

/* Takes one line of the journal; lines that are no tile's (the head, the end, one that was cut) are passed over. */
static void take_line(struct tile_manifest *m, const char *line, size_t length, uint64_t place) {
    if (length && line[length - 1] == ',')
        length--;
    json_t *tile = json_loadb(line, length, 0, NULL);
    uint64_t row = (uint64_t)json_integer_value(json_object_get(tile, "row"));
    uint64_t column = (uint64_t)json_integer_value(json_object_get(tile, "column"));
    uint64_t bytes = (uint64_t)json_integer_value(json_object_get(tile, "bytes"));
    const char *file = json_string_value(json_object_get(tile, "file"));
    const char *hash = json_string_value(json_object_get(tile, "xxh3_file"));
    /* A name with a slash would lead out of the folder. */
    if (file && hash && !strchr(file, '/') && row < m->count && column < m->columns &&
        row * m->columns + column < m->count) {
        char *path = join(m->allocator, m->folder, file);
        uint64_t *known = &m->place[row * m->columns + column];
        bool there = path && file_is(path, bytes, hash);
        m->stored += (uint64_t)there - (*known != 0);
        *known = there ? place : 0; /* the latest line about a tile counts */
        tile_free(m->allocator, path);
    }
    json_decref(tile);
}

/*
 * Reads a journal or manifest from its start. *same: its head is `head`. Memory is bounded by the longest line, and a
 * file with a line that no journal has is not ours.
 */
static tile_status take_journal(struct tile_manifest *m, const char *head, bool *same, struct tile_error *error) {
    const size_t longest = strlen(head) + 65536;
    char *line = tile_alloc(m->allocator, longest);
    if (!line)
        return tile_no_memory(error, longest);
    *same = false;
    bool cut = false; /* the last line has no end */
    for (size_t length; fgets(line, (int)longest, m->journal) != NULL; m->end += length) {
        length = strlen(line);
        cut = length == 0 || line[length - 1] != '\n';
        if (m->end == 0) {
            size_t head_length = strlen(head);
            *same = strncmp(line, head, head_length) == 0 && strcmp(line + head_length, first_line_end) == 0;
            if (!*same)
                break;
        } else {
            take_line(m, line, cut ? length : length - 1, m->end);
        }
        if (length == 0)
            break; /* a NUL: not ours */
    }
    tile_free(m->allocator, line);
    if (ferror(m->journal))
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", m->journal_path, strerror(errno));
    if (*same && cut) { /* a record that a crash cut short: the next begins on a line of its own */
        if (pwrite(fileno(m->journal), "\n", 1, (off_t)m->end) != 1)
            return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", m->journal_path, strerror(errno));
        m->end++;
    }
    return TILE_OK;
}

static tile_status write_journal(struct tile_manifest *m, const void *data, size_t size, struct tile_error *error) {
    ssize_t n = pwrite(fileno(m->journal), data, size, (off_t)m->end);
    if (n != (ssize_t)size)
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", m->journal_path,
                              n < 0 ? strerror(errno) : "the disk is full");
    m->end += size;
    return TILE_OK;
}

static tile_status begin_journal(struct tile_manifest *m, const char *head, struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->allocator};
    tile_status status = tile_buffer_printf(&line, error, "%s%s", head, first_line_end);
    if (status == TILE_OK && ftruncate(fileno(m->journal), 0) != 0)
        status = tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", m->journal_path, strerror(errno));
    m->end = 0;
    if (status == TILE_OK)
        status = write_journal(m, line.data, line.size, error);
    tile_buffer_free(&line);
    return status;
}

static tile_status open_journal(struct tile_manifest *m, struct tile_error *error) {
    int descriptor = open(m->journal_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    bool locked = descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    if (locked && (m->journal = fdopen(descriptor, "r+b")) != NULL)
        return TILE_OK;
    tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", m->journal_path,
                   errno == EWOULDBLOCK ? "another process is writing this folder" : strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return TILE_WRITE_FAILED;
}

static tile_status open_in_folder(struct tile_manifest *m, const char *head, bool overwrite, struct tile_error *error) {
    struct stat facts;
    bool complete = stat(m->manifest_path, &facts) == 0;
    if (overwrite && complete && unlink(m->manifest_path) == 0)
        complete = false;
    /* A complete manifest becomes the journal again: most often all its tiles are there, and it is soon itself again.
     */
    if (complete && rename(m->manifest_path, m->journal_path) != 0)
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", m->manifest_path, strerror(errno));
    tile_status status = open_journal(m, error);
    if (status != TILE_OK)
        return status;
    bool empty = fstat(fileno(m->journal), &facts) == 0 && facts.st_size == 0;
    bool same = false;
    if (!empty && !overwrite) {
        status = take_journal(m, head, &same, error);
        if (status == TILE_OK && !same) {
            status =
                tile_error_set(error, TILE_WRITE_FAILED,
                               "%s: holds the tiles of another job (another source or other options); take another "
                               "folder, or overwrite",
                               m->folder);
            if (complete)
                rename(m->journal_path, m->manifest_path);
        }
        m->resumes = same;
    }
    if (status != TILE_OK) { /* what is there is not ours to remove */
        fclose(m->journal);
        m->journal = NULL;
        return status;
    }
    return same ? TILE_OK : begin_journal(m, head, error);
}

tile_status tile_manifest_open(struct tile_manifest **out, const char *folder, const char *head, const tile_plan *plan,
                               bool overwrite, const struct tile_allocator *allocator, struct tile_error *error) {
    *out = NULL;
    uint64_t count = tile_plan_count(plan);
    size_t places;
    if (count > SIZE_MAX || !tile_mul(&places, (size_t)count, sizeof(uint64_t)))
        return tile_error_set(error, TILE_LIMIT_EXCEEDED, "a folder of %" PRIu64 " tiles: take larger tiles", count);
    struct tile_manifest *m = tile_alloc_zero(allocator, sizeof *m);
    if (!m)
        return tile_no_memory(error, sizeof *m);
    m->allocator = allocator;
    m->count = count;
    m->columns = (uint64_t)tile_plan_region(plan, count - 1).column + 1;
    m->resumes = overwrite;
    m->folder = tile_copy_text(allocator, folder, strlen(folder));
    m->journal_path = join(allocator, folder, "manifest.part");
    m->manifest_path = join(allocator, folder, "manifest.json");
    m->place = tile_alloc_zero(allocator, places);
    tile_status status = TILE_OK;
    if (!m->folder || !m->journal_path || !m->manifest_path || !m->place)
        status = tile_no_memory(error, places);
    if (status == TILE_OK)
        status = make_folder(m->folder, &m->folder_is_new, error);
    if (status == TILE_OK)
        status = open_in_folder(m, head, overwrite, error);
    if (status != TILE_OK) {
        tile_manifest_close(m);
        return status;
    }
    *out = m;
    return TILE_OK;
}

bool tile_manifest_has(const struct tile_manifest *m, uint64_t index) {
    return m->place[index] != 0;
}

uint64_t tile_manifest_stored(const struct tile_manifest *m) {
    return m->stored;
}

bool tile_manifest_resumes(const struct tile_manifest *m) {
    return m->resumes;
}

/* "name":[a,b,c], with enough digits to read the same numbers back; JSON has no infinities. */
static tile_status numbers(struct tile_buffer *line, const char *name, const double *values, int count,
                           struct tile_error *error) {
    tile_status status = tile_buffer_printf(line, error, ",\"%s\":[", name);
    for (int i = 0; i < count && status == TILE_OK; i++)
        status = isfinite(values[i]) ? tile_buffer_printf(line, error, "%s%.9g", i ? "," : "", values[i])
                                     : tile_buffer_printf(line, error, "%snull", i ? "," : "");
    return status == TILE_OK ? tile_buffer_append(line, "]", 1, error) : status;
}

tile_status tile_manifest_add(struct tile_manifest *m, uint64_t index, const struct tile_record *r,
                              struct tile_error *error) {
    struct tile_buffer line = {.allocator = m->allocator};
    tile_status status = tile_buffer_printf(
        &line, error,
        "{\"row\":%u,\"column\":%u,\"rect\":[%u,%u,%u,%u],\"size\":[%u,%u],\"file\":\"%s\",\"bytes\":%" PRIu64
        ",\"xxh3_pixels\":\"%s\",\"xxh3_file\":\"%s\"",
        r->region.row, r->region.column, r->region.source.x, r->region.source.y, r->region.source.width,
        r->region.source.height, r->region.width, r->region.height, r->file, r->bytes,
        tile_hash_text(r->facts.pixels).hex, tile_hash_text(r->hash).hex);
    if (status == TILE_OK)
        status = numbers(&line, "mean", r->facts.mean, r->facts.channels, error);
    if (status == TILE_OK)
        status = numbers(&line, "min", r->facts.min, r->facts.channels, error);
    if (status == TILE_OK)
        status = numbers(&line, "max", r->facts.max, r->facts.channels, error);
    if (status == TILE_OK)
        status = tile_buffer_append(&line, "}\n", 2, error);
    uint64_t place = m->end;
    if (status == TILE_OK)
        status = write_journal(m, line.data, line.size, error);
    if (status == TILE_OK) {
        m->stored += m->place[index] == 0;
        m->place[index] = place;
    }
    tile_buffer_free(&line);
    return status;
}

/* The journal's line at `place`, appended to `out` without its newline and comma. */
static tile_status copy_line(struct tile_manifest *m, uint64_t place, struct tile_buffer *out,
                             struct tile_error *error) {
    tile_status status = TILE_OK;
    int c = fseeko(m->journal, (off_t)place, SEEK_SET) == 0 ? getc_unlocked(m->journal) : EOF;
    for (; c != EOF && c != '\n' && status == TILE_OK; c = getc_unlocked(m->journal))
        status = tile_buffer_append(out, &(char){(char)c}, 1, error);
    if (status == TILE_OK && c == EOF)
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: it changed while the job ran", m->journal_path);
    if (out->size && out->data[out->size - 1] == ',')
        out->size--;
    return status;
}

static tile_status write_manifest(struct tile_manifest *m, const char *damage, const struct tile_writer *writer,
                                  struct tile_error *error) {
    enum { PIECE = 65536 };
    struct tile_buffer text = {.allocator = m->allocator};
    uint64_t written = 0;
    tile_status status = copy_line(m, 0, &text, error);
    for (uint64_t i = 0; i < m->count && status == TILE_OK; i++) {
        status = tile_buffer_append(&text, i ? ",\n" : "\n", i ? 2 : 1, error);
        if (status == TILE_OK)
            status = copy_line(m, m->place[i], &text, error);
        if (status == TILE_OK && text.size >= PIECE) {
            status = writer->write_at(writer->user, written, text.data, text.size, error);
            written += text.size;
            text.size = 0;
        }
    }
    if (status == TILE_OK)
        status = tile_buffer_append(&text, "\n]", 2, error);
    if (status == TILE_OK && damage) {
        status = tile_buffer_append(&text, ",\"damage\":", 10, error);
        if (status == TILE_OK)
            status = tile_buffer_json_text(&text, damage, error);
    }
    if (status == TILE_OK)
        status = tile_buffer_append(&text, "}\n", 2, error);
    if (status == TILE_OK)
        status = writer->write_at(writer->user, written, text.data, text.size, error);
    tile_buffer_free(&text);
    return status;
}

tile_status tile_manifest_finish(struct tile_manifest *m, const char *damage, struct tile_error *error) {
    tile_file *file;
    tile_status status = tile_file_create(&file, m->manifest_path, true, m->allocator, error);
    if (status != TILE_OK)
        return status;
    struct tile_writer writer = tile_file_writer(file);
    status = write_manifest(m, damage, &writer, error);
    if (status != TILE_OK) {
        tile_file_discard(file);
        return status;
    }
    status = tile_file_commit(file, error);
    if (status == TILE_OK)
        unlink(m->journal_path);
    return status;
}

void tile_manifest_remove_all(struct tile_manifest *m) {
    struct tile_buffer line = {.allocator = m->allocator};
    for (uint64_t i = 0; i < m->count; i++) {
        line.size = 0;
        if (!m->place[i] || copy_line(m, m->place[i], &line, NULL) != TILE_OK)
            continue;
        json_t *tile = json_loadb((const char *)line.data, line.size, 0, NULL);
        const char *file = json_string_value(json_object_get(tile, "file"));
        char *path = file ? join(m->allocator, m->folder, file) : NULL;
        if (path)
            unlink(path);
        tile_free(m->allocator, path);
        json_decref(tile);
        m->place[i] = 0;
    }
    m->stored = 0;
    tile_buffer_free(&line);
}

void tile_manifest_close(struct tile_manifest *m) {
    if (!m)
        return;
    if (m->journal) {
        if (m->stored == 0)
            unlink(m->journal_path);
        fclose(m->journal);
    }
    if (m->folder_is_new && m->stored == 0)
        rmdir(m->folder);
    tile_free(m->allocator, m->folder);
    tile_free(m->allocator, m->journal_path);
    tile_free(m->allocator, m->manifest_path);
    tile_free(m->allocator, m->place);
    tile_free(m->allocator, m);
}
