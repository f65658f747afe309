/* SPDX-License-Identifier: MIT */
/* The command line as option structs of the library. */
#ifndef TILE_CONVERT_ARGUMENTS_H
#define TILE_CONVERT_ARGUMENTS_H

#include <tile.h>

enum { EXIT_DONE = 0, EXIT_USAGE = 1, EXIT_REFUSED = 2, EXIT_OUTPUT = 3, EXIT_SELFTEST = 4, EXIT_INTERRUPTED = 130 };

struct arguments {
    struct tile_source_options source;
    struct tile_encode_options encode;
    struct tile_grid grid;
    struct tile_job_options job; /* folder or image is set for each input */
    char **inputs;
    int input_count;
    const char *output;
    char **outputs; /* for each input: OUTPUT with its placeholders filled in, or with several inputs OUTPUT/name */
    bool one_image; /* these name images, not folders */
    bool tile_given, subsampling_given, pad_given;
    struct tile_rect *regions;
    size_t region_count;
    const char *to_profile;
    unsigned char *profile;  /* what is in it */
    const char *build_index; /* the index file to write, and there is no output */
    const char *index;       /* the one to use */
    bool info;
    bool selftest; /* there is no input */
    bool progress; /* decided */
    bool quiet, verbose;
};

/*
 * Fills `arguments`. False: there is nothing left to do (--help and the like, or a usage error that was printed), and
 * *exit_status says what to return.
 */
bool arguments_parse(struct arguments *arguments, int argc, char **argv, int *exit_status);
void arguments_free(struct arguments *arguments);

/* Prints a usage error. Always false, for `return usage(...)`. */
bool usage(const char *format, ...) TILE_PRINTF(1, 2);

#endif
