/* SPDX-License-Identifier: MIT */
/* The types that all of storage/ shares: its options, and the facts about objects and files. */
#ifndef HANDLERS_STORAGE_FACTS_H
#define HANDLERS_STORAGE_FACTS_H

#include "../base/failure.h"

enum { STORAGE_URL_MOST = 2048, STORAGE_NOTE_MOST = 1800 }; /* bytes, with a NUL */

struct storage_options {
    bool local;       /* plain paths and file:// are allowed: without a root any file, relative to the working folder */
    const char *root; /* folder of all local files: relative paths begin there, absolute ones must lie within */
    uint64_t cache;   /* memory for fetched ranges, in bytes; 0: 256 MiB */
    size_t part;      /* bytes of a draft's first part; 0: 8 MiB */
};

struct storage_facts {
    uint64_t size;
    uint64_t modified;            /* nanoseconds since 1970 */
    char etag[128];               /* the store's, without quotes; for a file, made from size, time and inode */
    char type[128];               /* media type; for a file, by its suffix; "": unknown */
    char note[STORAGE_NOTE_MOST]; /* the note of storage_put; "": none */
    char sha256[65];              /* of the content, from the store (S3's checksum), in hexadecimal; "": unknown */
    char noted_sha256[65];        /* of the content that was written with the note; "": unknown */
};

/* The wanted version of an object. */
struct storage_want {
    const char *etag;    /* NULL or "": any */
    const char *version; /* S3's versionId; NULL or "": the newest. BAD_REQUEST for files */
    uint64_t size;       /* 0 or UINT64_MAX: any */
};

struct storage_put_options {
    const char *type; /* media type; NULL: none */
    const char *note; /* printable ASCII that storage_stat gives back, below STORAGE_NOTE_MOST; NULL: none */
    bool keep;        /* OUTPUT_DENIED if the name exists already */
};

#endif
