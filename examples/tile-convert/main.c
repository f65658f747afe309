/* SPDX-License-Identifier: MIT */
/* tile-convert: the library on the command line. */
#include "arguments.h"
#include "progress.h"
#include "remedies.h"
#include "selftest.h"
#include "targets.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

static bool on_progress(void *user, const struct tile_progress *now) {
    progress_show(user, now);
    return !interrupted;
}

static bool go_on(void *user, const struct tile_progress *now) {
    (void)user;
    (void)now;
    return !interrupted;
}

static int exit_status(tile_status status, bool while_opening) {
    switch (status) {
    case TILE_OK: return EXIT_DONE;
    case TILE_INVALID_ARGUMENT: return EXIT_USAGE;
    case TILE_READ_FAILED: return while_opening ? EXIT_REFUSED : EXIT_OUTPUT;
    case TILE_BAD_DATA:
    case TILE_UNSUPPORTED:
    case TILE_LIMIT_EXCEEDED:
    case TILE_SOURCE_CHANGED:
    case TILE_BAD_INDEX: return EXIT_REFUSED;
    case TILE_CANCELLED: return EXIT_INTERRUPTED;
    default: return EXIT_OUTPUT;
    }
}

/* The regions' plan; NULL for the whole image. */
static tile_status plan_regions(const struct arguments *a, tile_plan **plan, struct tile_error *error) {
    *plan = NULL;
    if (a->region_count == 0)
        return TILE_OK;
    const struct tile_grid *grid = a->one_image ? NULL : &a->grid;
    tile_status status = tile_plan_new_regions(plan, a->regions, a->region_count, grid, NULL, error);
    return status == TILE_OK ? status : tile_error_set(error, status, "--region: %s", error->message);
}

static void print_notes(const tile_source *source) {
    const char *name = tile_source_info(source)->name, *note;
    for (size_t i = 0; (note = tile_source_note(source, i)); i++)
        fprintf(stderr, "tile-convert: note: %s: %s\n", name, note);
    if (tile_source_damage(source))
        fprintf(stderr, "tile-convert: warning: %s: %s\n", name, tile_source_damage(source));
}

static tile_status convert(const struct arguments *a, int number, tile_source *source, struct tile_error *error) {
    const char *input = a->inputs[number];
    struct progress progress;
    struct tile_job_options job = a->job;
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    tile_plan *plan;
    tile_status status = plan_regions(a, &plan, error);
    if (status == TILE_OK) {
        job.plan = plan;
        job.folder = a->one_image ? NULL : a->outputs[number];
        job.image = a->one_image ? a->outputs[number] : NULL;
        job.progress = on_progress;
        job.user = &progress;
        progress_begin(&progress, tile_source_info(source)->name, number, a->input_count, a->progress);
        status = tile_job_run(source, &job, &result, error);
        double seconds = progress_end(&progress);
        if (status == TILE_OK && !a->quiet)
            print_notes(source);
        if (a->verbose && status == TILE_OK && a->one_image)
            fprintf(stderr, "%s: %s written in %.1f s\n", input, a->outputs[number], seconds);
        else if (a->verbose && status == TILE_OK)
            fprintf(stderr, "%s: %llu tiles written (%llu bytes), %llu kept, in %.1f s\n", input,
                    (unsigned long long)result.written, (unsigned long long)result.bytes,
                    (unsigned long long)result.kept, seconds);
        if (status == TILE_CANCELLED)
            tile_error_set(error, status, "%s: interrupted%s", tile_source_info(source)->name,
                           a->one_image ? "" : "; the same command goes on from here");
    }
    tile_plan_free(plan);
    return status;
}

static tile_status describe(const tile_source *source, struct tile_error *error) {
    struct tile_buffer text = {0};
    tile_status status = tile_source_describe(source, &text, error);
    if (status == TILE_OK)
        printf("%.*s\n", (int)text.size, (const char *)text.data);
    tile_buffer_free(&text);
    return status;
}

static tile_status make_index(const struct arguments *a, int number, tile_source *source, tile_index **index,
                              struct tile_error *error) {
    struct progress progress;
    struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
    options.tile_width = a->grid.tile_width;
    options.tile_height = a->grid.tile_height;
    options.progress = on_progress;
    options.user = &progress;
    progress_begin(&progress, tile_source_info(source)->name, number, a->input_count, a->progress);
    tile_status status = tile_index_build(index, source, &options, error);
    double seconds = progress_end(&progress);
    if (status == TILE_OK && a->verbose)
        fprintf(stderr, "%s: indexed in %.1f s\n", tile_source_info(source)->name, seconds);
    if (status == TILE_CANCELLED)
        tile_error_set(error, status, "%s: interrupted", tile_source_info(source)->name);
    return status;
}

static tile_status write_index(const struct arguments *a, tile_source *source, struct tile_error *error) {
    tile_file *file;
    tile_index *index = NULL;
    tile_status status = tile_file_create(&file, a->build_index, a->job.overwrite, NULL, error);
    if (status != TILE_OK)
        return status;
    struct tile_writer writer = tile_file_writer(file);
    status = make_index(a, 0, source, &index, error);
    if (status == TILE_OK)
        status = tile_index_save(index, &writer, error);
    tile_index_free(index);
    return tile_file_end(file, status, !a->job.no_sync, error);
}

/* Has the source read by the index that the arguments name, or by the one that lossless tiles take. */
static tile_status use_index(const struct arguments *a, int number, tile_source *source, tile_index **index,
                             struct tile_error *error) {
    const struct tile_info *info = tile_source_info(source);
    tile_status status = TILE_OK;
    if (a->index)
        status = tile_index_load_file(index, a->index, NULL, error);
    else if (a->job.lossless && info->splices && !info->no_index && !a->info)
        status = make_index(a, number, source, index, error);
    return status == TILE_OK && *index ? tile_source_use_index(source, *index, error) : status;
}

static int run(const struct arguments *a, int number) {
    struct tile_error error = {0};
    struct tile_source_options options = a->source;
    tile_source *source;
    tile_index *index = NULL;
    options.progress = go_on;
    tile_status status = tile_source_open_file(&source, a->inputs[number], &options, &error);
    if (status == TILE_OK)
        status = use_index(a, number, source, &index, &error);
    int result = exit_status(status, true);
    if (status == TILE_OK) {
        status = a->info          ? describe(source, &error)
                 : a->build_index ? write_index(a, source, &error)
                                  : convert(a, number, source, &error);
        result = exit_status(status, false);
    }
    if (status != TILE_OK) {
        fprintf(stderr, "tile-convert: %s", error.message);
        remedies_print(a, error.remedies);
        if (status == TILE_BAD_INDEX && a->index)
            fprintf(stderr, " (--build-index writes %s anew)", a->index);
        fputc('\n', stderr);
    }
    tile_source_close(source);
    tile_index_free(index);
    return result;
}

/*
 * A tile takes some buffers of a few 100 KB. By default malloc gives back what a thread frees, and takes it anew:
 * of a run to TIFF that was an eighth of the time. What is kept for the next tile is at most this much a thread.
 */
static void keep_memory(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
}

int main(int argc, char **argv) {
    struct arguments arguments;
    int worst;
    keep_memory();
    if (!arguments_parse(&arguments, argc, argv, &worst)) {
        /* Said already. */
    } else if (arguments.selftest) {
        worst = selftest(arguments.job.cpu) ? EXIT_DONE : EXIT_SELFTEST;
    } else {
        worst = EXIT_DONE;
        /* The first signal stops in good order; a second one, by the default action, at once. */
        struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        /* A file that is larger than its limit is a failed write, not the end of the process. */
        signal(SIGXFSZ, SIG_IGN);
        targets_clean(&arguments);
        int i = 0;
        for (; i < arguments.input_count && !interrupted; i++) {
            int status = run(&arguments, i); /* a bad file does not keep the others from being done */
            worst = status > worst ? status : worst;
        }
        if (i < arguments.input_count) {
            fprintf(stderr, "tile-convert: interrupted: %d of %d inputs were not begun\n", arguments.input_count - i,
                    arguments.input_count);
            worst = EXIT_INTERRUPTED;
        }
    }
    arguments_free(&arguments);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "tile-convert: standard output: %s\n", strerror(errno));
        return EXIT_OUTPUT;
    }
    return worst;
}
