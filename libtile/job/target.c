/* SPDX-License-Identifier: MIT */
#include "target.h"

#include "../base/file.h"
#include "../source/for_job.h"
#include "record.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static tile_status refuse(const char *folder, const char *name, struct tile_error *error) {
    return tile_error_set(error, TILE_INVALID_ARGUMENT, "is the file %s%s%s that is to be written: take another %s",
                          folder, *folder ? "/" : "", name, *folder ? "folder" : "name");
}

static bool is_target(const struct tile_job *job, const char *name) {
    if (strcmp(name, "manifest.json") == 0 || strcmp(name, "manifest.part") == 0)
        return true;
    for (uint64_t i = 0; i < tile_plan_count(job->plan); i++) {
        struct tile_region region = tile_plan_region(job->plan, i);
        char own[64];
        tile_region_name(&region, tile_codec_name(job->codec), own);
        if (strcmp(name, own) == 0)
            return true;
    }
    return false;
}

/* Looks at what is in the folder: mostly that is little or nothing, where the plan has many names. */
static tile_status check_folder(const struct tile_job *job, struct tile_error *error) {
    int descriptor = tile_openat(AT_FDCWD, job->o.folder, O_RDONLY | O_DIRECTORY, 0);
    DIR *entries = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (!entries && descriptor >= 0)
        close(descriptor);
    tile_status status = TILE_OK; /* also of what cannot be opened: it is new, or will be told of */
    for (struct dirent *entry; entries && status == TILE_OK && (entry = readdir(entries));) {
        struct stat facts;
        if (fstatat(descriptor, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        bool source = tile_source_is_file(job->source, &facts);
        bool odd = !S_ISREG(facts.st_mode) && !S_ISLNK(facts.st_mode); /* a link is replaced, not what it leads to */
        if (source && is_target(job, entry->d_name))
            status = refuse(job->o.folder, entry->d_name, error);
        else if (odd && is_target(job, entry->d_name))
            status = tile_error_set(error, TILE_WRITE_FAILED, "%s/%s: is %s", job->o.folder, entry->d_name,
                                    S_ISDIR(facts.st_mode) ? "a directory" : "not a regular file");
    }
    if (entries)
        closedir(entries);
    return status;
}

tile_status tile_job_check_targets(const struct tile_job *job, struct tile_error *error) {
    struct stat facts;
    if (job->o.folder)
        return check_folder(job, error);
    bool same = job->o.image && stat(job->o.image, &facts) == 0 && tile_source_is_file(job->source, &facts);
    return same ? refuse("", job->o.image, error) : TILE_OK;
}
