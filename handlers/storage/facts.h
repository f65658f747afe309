/* SPDX-License-Identifier: MIT */
/* What is told of where bytes live and of what is there: the words that all of the storage speaks. */
#ifndef HANDLERS_STORAGE_FACTS_H
#define HANDLERS_STORAGE_FACTS_H

#include "../base/failure.h"

enum { STORAGE_URL_MOST = 2048, STORAGE_NOTE_MOST = 1800 }; /* bytes, with a NUL */

struct storage_options {
    bool local;       /* without a root: plain paths and file:// are any local file, relative to the working folder */
    const char *root; /* local files are below it: relative paths are, absolute ones must be; none leads out of it */
    uint64_t cache;   /* bytes that fetched ranges may take at a time; 0: 256 MiB */
    size_t part;      /* bytes of a draft's first part; 0: 8 MiB */
};

struct storage_facts {
    uint64_t size;
    uint64_t modified;            /* nanoseconds since 1970 */
    char etag[128];               /* as the store gives it, without quotes; of a file: made of size, time and inode */
    char type[128];               /* media type; of a file: by its suffix; "" unknown */
    char note[STORAGE_NOTE_MOST]; /* what storage_put was told; "" none */
    char sha256[65];              /* of the content, where the store vouches for it (S3's checksum); hex; "" else */
    char noted_sha256[65];        /* of what was written with the note; "" unknown */
};

/* Which content is wanted of what a URL names. */
struct storage_want {
    const char *etag;    /* NULL or "": any */
    const char *version; /* S3's versionId; NULL or "": the newest. BAD_REQUEST for files */
    uint64_t size;       /* 0 or UINT64_MAX: any */
};

struct storage_put_options {
    const char *type; /* media type; NULL: none */
    const char *note; /* printable ASCII that storage_stat gives back, below STORAGE_NOTE_MOST; NULL: none */
    bool keep;        /* OUTPUT_DENIED where there is something by this name already */
};

#endif
