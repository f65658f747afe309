/* SPDX-License-Identifier: MIT */
#include "target.h"

#include "../plan/for_job.h"
#include "../source/for_job.h"
#include "folder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static tile_status refuse(const char *folder, const char *name, struct tile_error *error) {
    return tile_error_set(error, TILE_INVALID_ARGUMENT, "is the file %s%s%s that is to be written: take another %s",
                          folder, *folder ? "/" : "", name, *folder ? "folder" : "name");
}

static bool is_target(const struct tile_job *job, const char *name) {
    if (strcmp(name, "manifest.json") == 0 || strcmp(name, "manifest.part") == 0)
        return true;
    uint64_t index;
    return tile_plan_find(job->plan, name, tile_codec_name(job->codec), &index);
}

struct checking {
    const struct tile_job *job;
    tile_status status;
    struct tile_error *error;
};

static bool check_entry(void *user, const struct tile_entry *entry) {
    struct checking *c = user;
    const char *folder = c->job->o.folder;
    struct stat facts;
    if (fstatat(entry->at, entry->own, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    bool source = tile_source_is_file(c->job->source, &facts);
    bool odd = !S_ISREG(facts.st_mode) && !S_ISLNK(facts.st_mode); /* a link is replaced, not what it leads to */
    if (source && is_target(c->job, entry->name))
        c->status = refuse(folder, entry->name, c->error);
    else if (odd && is_target(c->job, entry->name))
        c->status = tile_error_set(c->error, TILE_WRITE_FAILED, "%s/%s: is %s", folder, entry->name,
                                   S_ISDIR(facts.st_mode) ? "a directory" : "not a regular file");
    return c->status == TILE_OK;
}

/* Looks at what is in the folder: mostly that is little or nothing, where the plan has many names. What cannot be
 * opened is new, or will be told of. */
static tile_status check_folder(const struct tile_job *job, struct tile_error *error) {
    struct checking checking = {job, TILE_OK, error};
    tile_folder_walk(job->o.folder, tile_plan_depth(job->plan), check_entry, &checking);
    return checking.status;
}

tile_status tile_job_check_targets(const struct tile_job *job, struct tile_error *error) {
    struct stat facts;
    if (job->o.folder)
        return check_folder(job, error);
    bool same = job->o.image && stat(job->o.image, &facts) == 0 && tile_source_is_file(job->source, &facts);
    return same ? refuse("", job->o.image, error) : TILE_OK;
}
