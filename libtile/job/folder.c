/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include "../base/file.h"
#include "../base/memory.h"
#include "journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* *made: it was not there. */
static tile_status make_one(const char *path, bool *made, struct tile_error *error) {
    struct stat facts = {0}; /* where a link leads nowhere */
    *made = mkdir(path, 0777) == 0;
    if (*made)
        return TILE_OK;
    if (errno != EEXIST || (stat(path, &facts) != 0 && errno != ENOENT))
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(facts.st_mode))
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: exists and is no folder", path);
    return TILE_OK;
}

/* Those that a path has in it, from `from` on; how many were made is added to `*made`. */
static tile_status make_above(char *path, char *from, int *made, struct tile_error *error) {
    tile_status status = TILE_OK;
    for (char *slash = strchr(from, '/'); slash && status == TILE_OK; slash = strchr(slash + 1, '/')) {
        bool one;
        *slash = '\0';
        status = make_one(path, &one, error);
        *made += one;
        *slash = '/';
    }
    return status;
}

tile_status tile_folder_make(struct tile_folder *folder, const char *path, const struct tile_allocator *allocator,
                             struct tile_error *error) {
    *folder = (struct tile_folder){.allocator = allocator, .path = tile_copy_text(allocator, path, strlen(path))};
    if (!folder->path)
        return tile_no_memory(error, strlen(path));
    for (size_t end = strlen(folder->path); end > 1 && folder->path[end - 1] == '/'; end--)
        folder->path[end - 1] = '\0';
    bool one = false;
    tile_status status = make_above(folder->path, folder->path + 1, &folder->made, error);
    if (status == TILE_OK)
        status = make_one(folder->path, &one, error);
    folder->made += one;
    return status;
}

static bool remove_empty(void *user, const struct tile_entry *entry) {
    (void)user;
    unlinkat(entry->at, entry->own, AT_REMOVEDIR); /* fails where it is not empty, or no folder */
    return true;
}

void tile_folder_free(struct tile_folder *folder, int depth) {
    if (folder->made > 0 && depth > 0)
        tile_folder_walk(folder->path, depth - 1, remove_empty, NULL);
    for (; folder->made > 0 && rmdir(folder->path) == 0; folder->made--) {
        char *slash = strrchr(folder->path, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    tile_free(folder->allocator, folder->path);
    *folder = (struct tile_folder){0};
}

tile_status tile_folder_make_within(const char *folder, const char *name, const struct tile_allocator *allocator,
                                    struct tile_error *error) {
    if (!strchr(name, '/'))
        return TILE_OK;
    char *path = tile_join_path(allocator, folder, name);
    int made = 0;
    if (!path)
        return tile_no_memory(error, strlen(folder));
    tile_status status = make_above(path, path + strlen(path) - strlen(name), &made, error);
    tile_free(allocator, path);
    return status;
}

bool tile_folder_remove(const struct tile_folder *folder, const char *name) {
    char *path = tile_join_path(folder->allocator, folder->path, name);
    bool gone = path && (unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR);
    tile_free(folder->allocator, path);
    return gone;
}

void tile_folder_prune(const struct tile_folder *folder, const char *name) {
    char *path = tile_join_path(folder->allocator, folder->path, name);
    char *inner = path ? path + strlen(path) - strlen(name) : NULL;
    for (char *slash = path ? strrchr(inner, '/') : NULL; slash; slash = strrchr(inner, '/')) {
        *slash = '\0';
        if (rmdir(path) != 0)
            break;
    }
    tile_free(folder->allocator, path);
}

tile_status tile_folder_sync(const struct tile_folder *folder, int descriptor, struct tile_error *error) {
    char above[PATH_MAX];
    bool done = tile_sync_folder(folder->path, descriptor);
    snprintf(above, sizeof above, "%s", folder->path);
    for (int i = 0; done && i < folder->made; i++) {
        char child[PATH_MAX];
        memcpy(child, above, sizeof child);
        tile_folder_of(child, above);
        done = tile_sync_folder(above, descriptor);
        for (size_t end = strlen(above); end > 1 && above[end - 1] == '/'; end--)
            above[end - 1] = '\0';
    }
    return done ? TILE_OK : tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", folder->path, strerror(errno));
}

/* ---- What is there ---- */

struct walk {
    bool (*visit)(void *user, const struct tile_entry *entry);
    void *user;
    char name[PATH_MAX];
};

/* Closes `descriptor`; the names begin with the `length` bytes of `name`. False: stop. */
static bool walk(struct walk *w, int descriptor, size_t length, int depth) {
    DIR *entries = descriptor < 0 ? NULL : fdopendir(descriptor);
    bool go_on = true;
    if (!entries && descriptor >= 0)
        close(descriptor);
    for (const struct dirent *entry; entries && go_on && (entry = readdir(entries));) {
        size_t size = strlen(entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || length + size + 2 > sizeof w->name)
            continue;
        memcpy(w->name + length, entry->d_name, size + 1);
        if (depth > 0) {
            memcpy(w->name + length + size, "/", 2);
            go_on = walk(w, tile_openat(descriptor, entry->d_name, O_RDONLY | O_DIRECTORY, 0), length + size + 1,
                         depth - 1);
            w->name[length + size] = '\0';
        }
        go_on = go_on && w->visit(w->user, &(struct tile_entry){descriptor, entry->d_name, w->name});
    }
    if (entries)
        closedir(entries);
    return go_on;
}

void tile_folder_walk(const char *path, int depth, bool (*visit)(void *user, const struct tile_entry *entry),
                      void *user) {
    struct walk w = {.visit = visit, .user = user};
    walk(&w, tile_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0), 0, depth);
}

struct finding {
    bool (*is_one)(void *user, const char *name);
    void *user;
    char *name;
};

static bool look_at(void *user, const struct tile_entry *entry) {
    struct finding *f = user;
    bool found = strlen(entry->name) < TILE_NAME_SIZE && f->is_one(f->user, entry->name);
    if (found)
        snprintf(f->name, TILE_NAME_SIZE, "%s", entry->name);
    return !found;
}

void tile_folder_find(const struct tile_folder *folder, int depth, bool (*is_one)(void *user, const char *name),
                      void *user, char name[TILE_NAME_SIZE]) {
    struct finding finding = {is_one, user, name};
    name[0] = '\0';
    tile_folder_walk(folder->path, depth, look_at, &finding);
}

static bool clean_one(void *user, const struct tile_entry *entry) {
    char *path = tile_join_path(NULL, user, entry->name);
    if (path)
        tile_folder_clean(path); /* does nothing where it is no folder */
    tile_free(NULL, path);
    return true;
}

void tile_folder_clean_within(const char *path, int depth) {
    tile_folder_clean(path);
    if (depth > 0)
        tile_folder_walk(path, depth - 1, clean_one, (void *)path);
}
