/* SPDX-License-Identifier: MIT */
/*
 * kernels [FILTER] [--cpu NAME] [--seed N] [--rounds N]
 *     Checks the kernels of every instruction set that this machine has against the scalar ones, bit for bit. In 4
 *     rounds, which is what it does if not told otherwise, it tries all shapes of images.
 * kernels --digest [FILTER] [--cpu NAME]
 *     Prints hashes of their results, as each conversion's, to compare machines by.
 * kernels --bench [FILTER] [--cpu NAME]
 *     Measures what is made of them, and other libraries beside it.
 *
 * FILTER is a part of a name, as "srgb u8 -> lab u8" (check, digest), "lab_inverse" (check) or "srgb -> lab" (bench).
 */
#include "check.h"

#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct step *const steps[] = {&color_step, &deflate_step};
enum { STEPS = sizeof steps / sizeof *steps };

void tally_fault(struct tally *tally, const char *format, ...) {
    if (tally->faults++ >= MOST_FAULTS)
        return;
    va_list arguments;
    va_start(arguments, format);
    printf("%s: ", tile_cpu_name(tally->cpu));
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    if (tally->faults == MOST_FAULTS)
        printf("%s: that is enough\n", tile_cpu_name(tally->cpu));
}

/* ---- Kernels that die ---- */

static char running[300];

void now_running(tile_cpu cpu, const char *what) {
    snprintf(running, sizeof running, "kernels: died in %s, %s\n", tile_cpu_name(cpu), what);
}

static const int deadly[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
enum { DEADLY = sizeof deadly / sizeof *deadly };
static struct sigaction before[DEADLY];

/* What was done about it before, a sanitizer's report perhaps, is done when the same instruction fails again. */
static void tell(int signal) {
    ssize_t written = write(STDERR_FILENO, running, strlen(running));
    (void)written;
    for (int i = 0; i < DEADLY; i++)
        if (deadly[i] == signal)
            sigaction(signal, &before[i], NULL);
}

static void catch_signals(void) {
    struct sigaction action = {0};
    action.sa_handler = tell;
    for (int i = 0; i < DEADLY; i++)
        sigaction(deadly[i], &action, &before[i]);
}

/* ---- Modes ---- */

static int check(const struct options *options) {
    struct tallies tallies = {.tally = {{.cpu = TILE_CPU_SCALAR}}, .count = 1};
    for (int cpu = TILE_CPU_SCALAR + 1; cpu < TILE_CPU_COUNT; cpu++)
        if (tile_cpu_available((tile_cpu)cpu) && (options->cpu == TILE_CPU_BEST || (int)options->cpu == cpu))
            tallies.tally[tallies.count++].cpu = (tile_cpu)cpu;
    catch_signals();
    for (size_t i = 0; i < STEPS; i++)
        steps[i]->check(options, &tallies);
    unsigned faults = 0;
    for (size_t i = 0; i < tallies.count; i++) {
        const struct tally *t = &tallies.tally[i];
        printf("%-7s %7lu conversions, %7lu runs of kernels: %s", tile_cpu_name(t->cpu), t->conversions, t->kernels,
               t->faults ? ""
               : i       ? "as scalar\n"
                         : "within their memory, as in pieces\n");
        if (t->faults)
            printf("%s%u wrong, with --seed %llu\n", t->faults < MOST_FAULTS ? "" : "at least ", t->faults,
                   (unsigned long long)options->seed);
        faults += t->faults;
    }
    return faults ? 1 : 0;
}

static int usage(void) {
    fprintf(stderr, "usage: kernels [--bench | --digest] [--cpu NAME] [--seed N] [--rounds N] [FILTER]\n");
    return 1;
}

/* A whole decimal number. */
static bool parse_number(unsigned long long *out, const char *text) {
    char *end;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

int main(int argc, char **argv) {
    static const struct option names[] = {
        {"bench", no_argument, NULL, 'b'},        {"digest", no_argument, NULL, 'd'},
        {"cpu", required_argument, NULL, 'c'},    {"seed", required_argument, NULL, 's'},
        {"rounds", required_argument, NULL, 'r'}, {0}};
    setvbuf(stdout, NULL, _IOLBF, 0); /* what is said before a kernel dies is seen */
    struct options options = {.seed = 1, .rounds = ALL_SHAPES, .filter = ""};
    unsigned long long number;
    int mode = 'k';
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;)
        switch (option) {
        case 'b':
        case 'd': mode = option; break;
        case 'c':
            options.cpu = tile_cpu_from_name(optarg);
            if (!tile_cpu_name(options.cpu))
                return usage();
            break;
        case 's':
        case 'r':
            if (!parse_number(&number, optarg))
                return usage();
            if (option == 's')
                options.seed = number;
            else
                options.rounds = (unsigned)number;
            break;
        default: return usage();
        }
    if (optind < argc)
        options.filter = argv[optind++];
    if (optind < argc)
        return usage();
    if (!tile_cpu_available(options.cpu)) {
        printf("no %s here\n", tile_cpu_name(options.cpu));
        return 77; /* meson: skipped */
    }
    for (size_t i = 0; i < STEPS && mode != 'k'; i++)
        (mode == 'b' ? steps[i]->bench : steps[i]->digest)(&options);
    return mode == 'k' ? check(&options) : 0;
}
