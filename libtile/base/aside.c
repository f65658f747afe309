/* SPDX-License-Identifier: MIT */
#include "aside.h"

#include "file.h"
#include "memory.h"
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".libtile-part"

/* ".name.libtile-part" at `out`, which has NAME_MAX + 1 bytes; with a `random` number, that is in it. False: cut. */
static bool name_aside(char *out, const char *name, const uint64_t *random) {
    char number[24] = "";
    if (random)
        snprintf(number, sizeof number, ".%016jx", (uintmax_t)*random);
    size_t length = strlen(name), room = NAME_MAX - strlen(".") - strlen(number) - strlen(SUFFIX);
    size_t most = length < room ? length : room;
    while (most < length && ((unsigned char)name[most] & 0xC0) == 0x80) /* not into the middle of a UTF-8 character */
        most--;
    snprintf(out, NAME_MAX + 1, ".%.*s%s" SUFFIX, (int)most, name, number);
    return most == length;
}

static bool is_aside(const char *name) {
    size_t length = strlen(name);
    return name[0] == '.' && length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
}

/* Removes what a killed process of ours left under that name. False with errno: EWOULDBLOCK where a living one has it,
 * ENOENT where nothing is there, else it is not ours. */
static bool remove_leftover(int at, const char *path) {
    const char *why;
    int descriptor = tile_open_ours(at, path, &why);
    if (descriptor < 0)
        return false;
    bool gone = unlinkat(at, path, 0) == 0; /* while the lock is held: no other process takes it for its own */
    int error = errno;
    close(descriptor);
    errno = error;
    return gone;
}

int tile_create_aside(char **aside, const char *path, const struct tile_allocator *allocator) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t folder = (size_t)(name - path);
    char *out = *aside = tile_alloc(allocator, folder + NAME_MAX + 1);
    if (!out) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(out, path, folder);
    /* Of two names that are cut the rest may be the same. */
    bool guessable = name_aside(out + folder, name, NULL);
    for (int tries = 0; tries < TILE_LOCK_TRIES; tries++) {
        uint64_t number;
        if (!guessable) {
            if (!tile_random(&number))
                return -1;
            name_aside(out + folder, name, &number);
        }
        int descriptor = tile_create_locked(out);
        if (descriptor >= 0 || (errno != EEXIST && errno != EWOULDBLOCK))
            return descriptor;
        bool taken_away = errno == EWOULDBLOCK; /* by one that cleans the folder */
        if (guessable && !taken_away) {
            if (remove_leftover(AT_FDCWD, out) || errno == ENOENT)
                continue;
            if (errno == EWOULDBLOCK)
                return -1;
        }
        guessable = false;
    }
    errno = EWOULDBLOCK;
    return -1;
}

void tile_folder_clean(const char *folder) {
    int descriptor = tile_openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
    DIR *entries = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (!entries && descriptor >= 0)
        close(descriptor);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (is_aside(entry->d_name))
            remove_leftover(descriptor, entry->d_name);
    if (entries)
        closedir(entries);
}
