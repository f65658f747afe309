/* SPDX-License-Identifier: MIT */
#include "targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Something that is there, told from all else. */
struct place {
    dev_t device;
    ino_t inode;
    const char *path;
};

static bool find(struct place *place, const char *path) {
    struct stat facts;
    if (stat(path, &facts) != 0)
        return false;
    *place = (struct place){facts.st_dev, facts.st_ino, path};
    return true;
}

static int compare_places(const void *a, const void *b) {
    const struct place *one = a, *other = b;
    return one->device != other->device ? (one->device < other->device ? -1 : 1)
           : one->inode != other->inode ? (one->inode < other->inode ? -1 : 1)
                                        : 0;
}

/* "folder/" of "folder/name", "./" of a name alone; to be freed. */
static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
}

/* What is written: a file for each input, or a folder. */
static const char *output_of(const struct arguments *a, int i) {
    return a->build_index ? a->build_index : a->outputs[i];
}

static bool writes_files(const struct arguments *a) {
    return a->one_image || a->build_index;
}

/* All tiles that an image may have, of whatever size it is; NULL without memory. */
static tile_plan *any_tiles(const struct arguments *a) {
    struct tile_grid grid = a->grid;
    tile_plan *plan;
    grid.tile_width = grid.tile_height = 1;
    grid.overlap = 0;
    tile_plan_new_grid(&plan, (struct tile_rect){0, 0, UINT32_MAX, UINT32_MAX}, &grid, NULL, NULL);
    return plan;
}

/* Whether a folder's job writes files of that name. Which of two formats it takes by itself, the source decides. */
static bool is_of_a_folder(const struct arguments *a, const tile_plan *plan, const char *name) {
    uint64_t index;
    if (strcmp(name, "manifest.json") == 0)
        return true;
    if (a->job.codec != TILE_CODEC_UNSET || a->job.lossless)
        return tile_plan_find(plan, name, tile_codec_name(a->job.lossless ? TILE_JPEG : a->job.codec), &index);
    return tile_plan_find(plan, name, "png", &index) || tile_plan_find(plan, name, "tif", &index);
}

/* The output that would write over the file `path`; NULL: none. Its name may have folders in it. */
static const struct place *written_over(const struct arguments *a, const tile_plan *plan, const struct place *written,
                                        size_t count, const char *path) {
    const struct place *same = NULL;
    struct place own;
    if (writes_files(a))
        return find(&own, path) ? bsearch(&own, written, count, sizeof own, compare_places) : NULL;
    char *folder = strdup(path);
    for (size_t end = strlen(path) + 1; folder && !same && end-- > 0;) {
        if (end > 0 && path[end - 1] != '/')
            continue;
        folder[end] = '\0';
        if (is_of_a_folder(a, plan, path + end) && find(&own, end ? folder : "."))
            same = bsearch(&own, written, count, sizeof own, compare_places);
    }
    free(folder);
    return same;
}

/* Whether `path`, which is to be read, stays; `written` are the outputs that are there. */
static bool check(const struct arguments *a, const tile_plan *plan, const struct place *written, size_t count,
                  const char *path) {
    const struct place *same = written_over(a, plan, written, count, path);
    return !same || usage("%s is read, and would be replaced by what is written to %s", path, same->path);
}

bool targets_check(const struct arguments *a) {
    size_t count = 0;
    struct place *written = malloc((size_t)a->input_count * sizeof *written);
    tile_plan *plan = any_tiles(a);
    if (!written || !plan) {
        free(written);
        tile_plan_free(plan);
        return usage("out of memory");
    }
    for (int i = 0; i < a->input_count; i++)
        count += find(&written[count], output_of(a, i));
    qsort(written, count, sizeof *written, compare_places);
    bool good = (!a->index || check(a, plan, written, count, a->index)) &&
                (!a->to_profile || check(a, plan, written, count, a->to_profile));
    for (int i = 0; good && i < a->input_count; i++)
        good = check(a, plan, written, count, a->inputs[i]);
    free(written);
    tile_plan_free(plan);
    return good;
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void targets_clean(const struct arguments *a) {
    if (a->info || !writes_files(a))
        return; /* a folder's job does so itself */
    char **folders = calloc((size_t)a->input_count, sizeof *folders);
    size_t count = 0;
    for (int i = 0; folders && i < a->input_count; i++)
        if ((folders[count] = folder_of(output_of(a, i))))
            count++;
    if (count)
        qsort(folders, count, sizeof *folders, compare_texts);
    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || strcmp(folders[i], folders[i + 1]) != 0)
            tile_folder_clean(folders[i]);
    for (size_t i = 0; i < count; i++)
        free(folders[i]);
    free(folders);
}
