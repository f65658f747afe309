/* SPDX-License-Identifier: MIT */
/* What the tests share: asserting with the library's message, guard pages, failing memory, files, random numbers. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h wants the first four. */
#include <cmocka.h>

#include "reader.h"

#include "tile.h"

/* A call that must succeed; prints the message if not. `call` uses the name `error`. */
#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        tile_status assert_ok_status = (call);                                                                         \
        if (assert_ok_status != TILE_OK)                                                                               \
            fail_msg("%s: %s: %s", #call, tile_status_name(assert_ok_status), error.message);                          \
    } while (0)

/* A call that must fail with `expected` and a one-line message. */
#define assert_fails(expected, call)                                                                                   \
    do {                                                                                                               \
        error = (struct tile_error){0};                                                                                \
        tile_status assert_fails_status = (call);                                                                      \
        if (assert_fails_status != (expected) || error.status != (expected))                                           \
            fail_msg("%s: %s instead of %s: %s", #call, tile_status_name(assert_fails_status),                         \
                     tile_status_name(expected), error.message);                                                       \
        assert_true(error.message[0] != '\0' && !strchr(error.message, '\n'));                                         \
    } while (0)

/* xorshift64*: the same numbers on every machine. */
struct test_random {
    uint64_t state;
};
uint64_t test_random_next(struct test_random *random);
/* 0 to bound - 1. */
uint32_t test_random_below(struct test_random *random, uint32_t bound);

/*
 * All defaults, with the kernels that $TILE_CPU names; the best where it is not set. A machine without them skips the
 * test.
 */
const struct tile_converter_options *test_converter_options(void);

struct tile_grid test_grid(uint32_t tile_width, uint32_t tile_height, uint32_t overlap, tile_edge edge);
/* TEST_GRID(.tile_width = 8): a pointer to such a grid, which is there as long as the block it stands in. */
#define TEST_GRID(...) (&(struct tile_grid){.struct_size = sizeof(struct tile_grid), __VA_ARGS__})

/* Memory between two unreadable pages. `size` bytes end right at the upper one, or begin right at the lower one. */
struct test_guarded {
    unsigned char *data;
    void *mapping;
    size_t mapped;
};
struct test_guarded test_guarded_new(size_t size, bool at_end);
void test_guarded_free(struct test_guarded guarded);

/* Memory that fails at the `fail_at`th request (from 0; SIZE_MAX: never), and counts what was not given back. */
struct test_memory {
    struct tile_allocator allocator;
    size_t fail_at;
    size_t requests;
    size_t live;
};
void test_memory_init(struct test_memory *memory, size_t fail_at);

/* A progress hook that counts its calls, and says stop at the `stop_at`th (from 1; 0: never) and from then on. */
struct test_hook {
    uint64_t stop_at, calls;
    uint64_t late;  /* calls after that */
    double longest; /* seconds from one call to the next: for people, as machines differ */
    double last;
};
bool test_hook_ask(void *hook, const struct tile_progress *progress);

/* The path of a file in fixtures/, or in ../shared/images (NULL where that is absent). Valid until the next few calls.
 */
const char *test_fixture(const char *name);
const char *test_shared_image(const char *name);

/* A new empty folder under $TMPDIR (not set: in memory, or /tmp), removed with all that is in it by test_folder_remove.
 */
char *test_folder_new(void);
void test_folder_remove(char *folder);
/* A cmocka test with a folder of its own, whose path is in `folder`, a variable of the file's. */
#define test_in_folder(test)                                                                                           \
    cmocka_unit_test_prestate_setup_teardown(test, test_folder_set_up, test_folder_tear_down, &folder)
int test_folder_set_up(void **folder);
int test_folder_tear_down(void **folder);
/* "folder/name". Valid until the next few calls. */
const char *test_path(const char *folder, const char *name);

/*
 * A build may be without libtiff. What carries all spaces then: TIFF, else NPY; and "tif", or "npy". "one" ->
 * "one.tif", valid until the next few calls.
 */
tile_codec test_any_codec(void);
const char *test_any_suffix(void);
const char *test_any_name(const char *stem);
/* A list of codecs, as messages have it, without what this build does not write. Valid until the next call. */
const char *test_codecs(const char *list);

/* A whole file; data to be freed. Fails the test if it can't be read. */
struct test_bytes test_read_file(const char *path);
/* More bytes at a buffer's end. */
void test_append(struct tile_buffer *buffer, const void *data, size_t size);
void test_write_file(const char *path, const void *data, size_t size);

/* Runs a shell command; its exit status, and what it wrote to its standard output (if `output`; data to be freed). */
int test_run(struct test_bytes *output, const char *format, ...) TILE_PRINTF(2, 3);

#endif
