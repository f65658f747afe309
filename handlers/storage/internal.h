/* SPDX-License-Identifier: MIT */
/* What the files of this room share. */
#ifndef HANDLERS_STORAGE_INTERNAL_H
#define HANDLERS_STORAGE_INTERNAL_H

#include "file.h"
#include "storage.h"

#include <stdatomic.h>

struct storage {
    struct local local;
    uint64_t cache;
    _Atomic uint64_t cached;
    _Atomic int64_t deadline;
    _Atomic uint64_t bytes_read, bytes_written, requests, retries;
};

#endif
