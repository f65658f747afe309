/* SPDX-License-Identifier: MIT */
#include "small.h"

#include "base/buffer.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tile_buffer png;

tile_source *small_open(void) {
    static unsigned char pixels[30 * 40 * 3];
    struct tile_error error;
    struct tile_image image = {.format = {.space = TILE_SRGB, .sample = TILE_U8},
                               .width = 40,
                               .height = 30,
                               .plane = {pixels},
                               .stride = 40 * 3};
    struct tile_writer writer = tile_buffer_writer(&png);
    struct test_random random = {1};
    tile_source *source;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (unsigned char)test_random_next(&random);
    assert_ok(tile_encode(&image, TILE_PNG, NULL, &writer, &error));
    assert_ok(tile_source_open_memory(&source, png.data, png.size, NULL, &error));
    return source;
}

void small_close(tile_source *source) {
    tile_source_close(source);
    tile_buffer_free(&png);
}

struct tile_job_options small_job(const char *folder) {
    static const struct tile_grid grid = {.struct_size = sizeof grid, .tile_width = 8};
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.folder = folder;
    options.codec = TILE_PNG;
    options.grid = &grid;
    options.threads = 1;
    options.no_sync = true; /* the tests' folder may be on a slow disk */
    return options;
}

tile_status small_run(const struct tile_job_options *options, struct tile_job_result *result,
                      struct tile_error *error) {
    tile_source *source = small_open();
    tile_status status = tile_job_run(source, options, result, error);
    small_close(source);
    return status;
}

struct shot shot_take(const char *folder) {
    struct shot shot = {0};
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        assert_in_range(shot.count, 0, sizeof shot.files / sizeof *shot.files - 1);
        snprintf(shot.files[shot.count].name, sizeof shot.files->name, "%.79s", entry->d_name);
        shot.files[shot.count++].bytes = test_read_file(test_path(folder, entry->d_name));
    }
    closedir(entries);
    return shot;
}

void shot_free(struct shot *shot) {
    for (size_t i = 0; i < shot->count; i++)
        free(shot->files[i].bytes.data);
    shot->count = 0;
}

struct test_bytes *shot_file(struct shot *shot, const char *name) {
    for (size_t i = 0; i < shot->count; i++)
        if (strcmp(shot->files[i].name, name) == 0)
            return &shot->files[i].bytes;
    return NULL;
}

void shot_put(const struct shot *shot, const char *folder) {
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            assert_int_equal(unlink(test_path(folder, entry->d_name)), 0);
    closedir(entries);
    for (size_t i = 0; i < shot->count; i++)
        test_write_file(test_path(folder, shot->files[i].name), shot->files[i].bytes.data, shot->files[i].bytes.size);
}

void shot_check(const struct shot *shot, const char *folder, const char *state) {
    struct shot now = shot_take(folder);
    for (size_t i = 0; i < shot->count; i++) {
        struct test_bytes wanted = shot->files[i].bytes, *is = shot_file(&now, shot->files[i].name);
        if (!is || is->size != wanted.size || memcmp(is->data, wanted.data, wanted.size) != 0)
            fail_msg("%s: %s %s", state, shot->files[i].name, is ? "differs" : "is missing");
    }
    for (size_t i = 0; i < now.count; i++)
        if (!shot_file((struct shot *)shot, now.files[i].name))
            fail_msg("%s: %s is left", state, now.files[i].name);
    shot_free(&now);
}
