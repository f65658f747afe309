/* SPDX-License-Identifier: MIT */
/* Looking at what a job wrote, without the library: NPY files and the manifest. */
#ifndef TEST_JOB_FOLDER_H
#define TEST_JOB_FOLDER_H

#include "support.h"

#include <jansson.h>

/* An NPY 1.0 file's pixels, by the format's description (numpy.lib.format). */
struct npy {
    struct test_bytes file;
    const unsigned char *data;
    size_t size; /* of data */
    uint32_t height, width, channels;
};
struct npy npy_read(const char *path);
void npy_free(struct npy npy);

/* The manifest, parsed; fails the test if it is no JSON. */
json_t *manifest_read(const char *folder);

/* Whether two folders hold the same files with the same bytes. */
bool folders_are_equal(const char *a, const char *b);
/* Files in the folder, hidden ones too. */
size_t folder_count(const char *folder);
bool file_exists(const char *path);

#endif
