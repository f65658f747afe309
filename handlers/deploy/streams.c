/* SPDX-License-Identifier: MIT */
/*
 * For a shared library made of Debian's static ones: those are compiled for programs, in which the C library's streams
 * have addresses known when linking. With ld's --wrap=stderr and so on they are these variables here, which have.
 */
#include <stdio.h>

#define WRAP(stream)                                                                                                   \
    extern FILE *__real_##stream;                                                                                      \
    __attribute__((visibility("hidden"))) FILE *__wrap_##stream;
WRAP(stdin)
WRAP(stdout)
WRAP(stderr)

__attribute__((constructor)) static void set_streams(void) {
    __wrap_stdin = __real_stdin;
    __wrap_stdout = __real_stdout;
    __wrap_stderr = __real_stderr;
}
