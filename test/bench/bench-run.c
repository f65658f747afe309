/* SPDX-License-Identifier: MIT */
/*
 * bench-run COMMAND ARGUMENT...
 * Runs a command, with its output going to the error stream, and prints what it and its children took:
 *     user seconds, system seconds, wall seconds, KiB of the largest of its processes
 */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(struct timeval time) {
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: bench-run COMMAND ARGUMENT...\n");
        return 1;
    }
    double start = now();
    pid_t child = fork();
    if (child == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        perror("bench-run");
        return 1;
    }
    printf("%.2f %.2f %.2f %ld\n", seconds(usage.ru_utime), seconds(usage.ru_stime), now() - start, usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
