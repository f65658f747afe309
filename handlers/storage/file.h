/* SPDX-License-Identifier: MIT */
/* Local files, with or without a root. Paths come from url_read; messages name files by their URL. */
#ifndef HANDLERS_STORAGE_FILE_H
#define HANDLERS_STORAGE_FILE_H

#include "facts.h"

struct local {
    bool allowed;
    char *root;     /* the option's; NULL: any file */
    char *real;     /* the same without symbolic links */
    int descriptor; /* the root's, or AT_FDCWD */
};

bool local_open(struct local *out, const struct storage_options *options, struct failure *failure);
void local_close(struct local *local);

bool file_stat(const struct local *local, const char *path, const char *url, struct storage_facts *facts,
               struct failure *failure);
bool file_open(int *descriptor, const struct local *local, const char *path, const char *url,
               struct storage_facts *facts, struct failure *failure);
/* SOURCE_CHANGED if the file no longer matches `facts`. */
bool file_read(int descriptor, const char *url, const struct storage_facts *facts, uint64_t offset, void *buffer,
               size_t size, struct failure *failure);

/* A file that is written under a temporary name. */
struct file_draft;

/* `path`, `url` and `options` must stay valid until it ends. */
bool file_create(struct file_draft **out, const struct local *local, const char *path, const char *url,
                 const struct storage_put_options *options, struct failure *failure);
bool file_write(struct file_draft *file, uint64_t offset, const void *data, size_t size, struct failure *failure);
/* Both free `file`, also on failure. */
bool file_commit(struct file_draft *file, struct failure *failure);
void file_discard(struct file_draft *file);

#endif
