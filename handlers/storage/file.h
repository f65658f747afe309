/* SPDX-License-Identifier: MIT */
/* Local files, all of them or those below a root. Paths are those of url_read; messages name them by their URL. */
#ifndef HANDLERS_STORAGE_FILE_H
#define HANDLERS_STORAGE_FILE_H

#include "storage.h"

struct local {
    bool allowed;
    char *root;     /* as it was given; NULL: any file */
    char *real;     /* without symbolic links */
    int descriptor; /* the root's, or AT_FDCWD */
};

bool local_open(struct local *out, const struct storage_options *options, struct failure *failure);
void local_close(struct local *local);

bool file_stat(const struct local *local, const char *path, const char *url, struct storage_facts *facts,
               struct failure *failure);
bool file_open(int *descriptor, const struct local *local, const char *path, const char *url,
               struct storage_facts *facts, struct failure *failure);
/* SOURCE_CHANGED where the file is no longer what `facts` tell. */
bool file_read(int descriptor, const char *url, const struct storage_facts *facts, uint64_t offset, void *buffer,
               size_t size, struct failure *failure);

/* What is written: `data`, or what `descriptor` has from its beginning where it is not negative. */
struct file_content {
    const void *data;
    int descriptor;
    uint64_t size;
};
bool file_put(const struct local *local, const char *path, const char *url, const struct file_content *content,
              const struct storage_put_options *options, struct failure *failure);

#endif
