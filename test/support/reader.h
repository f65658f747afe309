/* SPDX-License-Identifier: MIT */
/* Bytes, and a reader of them that notes what is read, fails when it is told to, and says of them what it is told. */
#ifndef TEST_SUPPORT_READER_H
#define TEST_SUPPORT_READER_H

#include "tile.h"

#include <stdatomic.h>
#include <stddef.h>

struct test_bytes {
    unsigned char *data;
    size_t size;
};

/*
 * The bytes may be changed and exchanged between two reads. A read past their end, or one while another thread's goes
 * on, ends the process.
 */
struct test_reader {
    struct test_bytes file;
    uint64_t size; /* that it says, with zeros behind the file's; 0: the file's */
    const char *etag;
    uint64_t modified, gap;
    uint64_t fail_at; /* the only read that fails, from 1; 0: none */
    bool silent;      /* it fails without a message */

    /* What it noted; may be set back to 0. */
    uint64_t reads, bytes;
    struct tile_range asked[4096];
    size_t count; /* of `asked`; what does not fit is not noted there */
    int closed;
    atomic_bool busy;
};
/* `reader` must outlive what is opened with it. */
struct tile_reader test_reader_of(struct test_reader *reader);

#endif
