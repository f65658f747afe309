/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include "../base/file.h"
#include "../base/memory.h"
#include "journal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static tile_status make_one(struct tile_folder *folder, struct tile_error *error) {
    struct stat facts = {0}; /* where a link leads nowhere */
    if (mkdir(folder->path, 0777) == 0)
        folder->made++;
    else if (errno != EEXIST || (stat(folder->path, &facts) != 0 && errno != ENOENT))
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", folder->path, strerror(errno));
    else if (!S_ISDIR(facts.st_mode))
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: exists and is no folder", folder->path);
    return TILE_OK;
}

tile_status tile_folder_make(struct tile_folder *folder, const char *path, const struct tile_allocator *allocator,
                             struct tile_error *error) {
    *folder = (struct tile_folder){.allocator = allocator, .path = tile_copy_text(allocator, path, strlen(path))};
    if (!folder->path)
        return tile_no_memory(error, strlen(path));
    for (size_t end = strlen(folder->path); end > 1 && folder->path[end - 1] == '/'; end--)
        folder->path[end - 1] = '\0';
    tile_status status = TILE_OK;
    for (char *slash = strchr(folder->path + 1, '/'); slash && status == TILE_OK; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_one(folder, error);
        *slash = '/';
    }
    return status == TILE_OK ? make_one(folder, error) : status;
}

void tile_folder_free(struct tile_folder *folder) {
    for (; folder->made > 0 && rmdir(folder->path) == 0; folder->made--) {
        char *slash = strrchr(folder->path, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    tile_free(folder->allocator, folder->path);
    *folder = (struct tile_folder){0};
}

bool tile_folder_remove(const struct tile_folder *folder, const char *name) {
    char *path = tile_join_path(folder->allocator, folder->path, name);
    bool gone = path && (unlink(path) == 0 || errno == ENOENT);
    tile_free(folder->allocator, path);
    return gone;
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

void tile_folder_find(const struct tile_folder *folder, bool (*is_one)(void *user, const char *name), void *user,
                      char name[256]) {
    DIR *entries = opendir(folder->path);
    name[0] = '\0';
    for (const struct dirent *entry; entries && !name[0] && (entry = readdir(entries));)
        if (is_one(user, entry->d_name))
            snprintf(name, 256, "%s", entry->d_name);
    if (entries)
        closedir(entries);
}
