/* SPDX-License-Identifier: MIT */
/* tile-convert: the library on the command line. */
#include "arguments.h"
#include "progress.h"

#include <errno.h>
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

static int exit_status(tile_status status, bool while_opening) {
    switch (status) {
    case TILE_OK: return EXIT_DONE;
    case TILE_INVALID_ARGUMENT: return EXIT_USAGE;
    case TILE_READ_FAILED: return while_opening ? EXIT_REFUSED : EXIT_OUTPUT;
    case TILE_BAD_DATA:
    case TILE_UNSUPPORTED:
    case TILE_LIMIT_EXCEEDED:
    case TILE_SOURCE_CHANGED: return EXIT_REFUSED;
    case TILE_CANCELLED: return EXIT_INTERRUPTED;
    default: return EXIT_OUTPUT;
    }
}

/* OUTPUT, or with several inputs OUTPUT/name; to be freed. */
static char *folder_for(const struct arguments *a, const char *input) {
    const char *slash = strrchr(input, '/'), *name = slash ? slash + 1 : input;
    const char *dot = strrchr(name, '.');
    int length = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
    size_t size = strlen(a->output) + strlen(name) + 2;
    char *folder = malloc(size);
    if (folder && a->input_count > 1)
        snprintf(folder, size, "%s/%.*s", a->output, length, name);
    else if (folder)
        snprintf(folder, size, "%s", a->output);
    return folder;
}

/* The regions' plan; NULL for the whole image. */
static tile_status plan_regions(const struct arguments *a, tile_plan **plan, struct tile_error *error) {
    *plan = NULL;
    if (a->region_count == 0)
        return TILE_OK;
    if (a->tile_given && !a->one_image)
        return tile_plan_grid(plan, a->regions[0], a->job.grid, NULL, error);
    return tile_plan_rects(plan, a->regions, a->region_count, NULL, error);
}

static tile_status convert(const struct arguments *a, const char *input, tile_source *source,
                           struct tile_error *error) {
    struct progress progress;
    struct tile_job_options job = a->job;
    struct tile_job_result result = {0};
    tile_plan *plan;
    tile_status status = plan_regions(a, &plan, error);
    char *folder = folder_for(a, input);
    if (status == TILE_OK && !folder)
        status = tile_error_set(error, TILE_NO_MEMORY, "out of memory");
    if (status == TILE_OK) {
        job.plan = plan;
        job.folder = a->one_image ? NULL : folder;
        job.image = a->one_image ? a->output : NULL;
        job.progress = on_progress;
        job.user = &progress;
        progress_begin(&progress, input, a->progress);
        status = tile_job_run(source, &job, &result, error);
        double seconds = progress_end(&progress);
        if (status == TILE_OK && tile_source_damage(source) && !a->quiet)
            fprintf(stderr, "tile-convert: warning: %s\n", tile_source_damage(source));
        if (a->verbose && status == TILE_OK && a->one_image)
            fprintf(stderr, "%s: %s written in %.1f s\n", input, a->output, seconds);
        else if (a->verbose && status == TILE_OK)
            fprintf(stderr, "%s: %llu tiles written (%llu bytes), %llu kept, in %.1f s\n", input,
                    (unsigned long long)result.written, (unsigned long long)result.bytes,
                    (unsigned long long)result.kept, seconds);
        if (status == TILE_CANCELLED)
            tile_error_set(error, status, "%s: interrupted%s", input,
                           a->one_image ? "" : "; the same command goes on from here");
    }
    free(folder);
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

static int run(const struct arguments *a, const char *input) {
    struct tile_error error = {0};
    tile_source *source;
    tile_status status = tile_source_open_file(&source, input, &a->source, &error);
    int worst = exit_status(status, true);
    if (status == TILE_OK) {
        status = a->info ? describe(source, &error) : convert(a, input, source, &error);
        worst = exit_status(status, false);
    }
    if (status != TILE_OK) {
        /* Most messages begin with the file that they are about; one about the options does not know it. */
        bool named = strncmp(error.message, input, strlen(input)) == 0 ||
                     (a->output && strncmp(error.message, a->output, strlen(a->output)) == 0);
        fprintf(stderr, "tile-convert: %s%s%s\n", named ? "" : input, named ? "" : ": ", error.message);
    }
    tile_source_close(source);
    return worst;
}

int main(int argc, char **argv) {
    struct arguments arguments;
    int worst;
    if (arguments_parse(&arguments, argc, argv, &worst)) {
        worst = EXIT_DONE;
        /* The first signal stops in good order; a second one, by the default action, at once. */
        struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        for (int i = 0; i < arguments.input_count && !interrupted; i++) {
            int status = run(&arguments, arguments.inputs[i]); /* a bad file does not keep the others from being done */
            worst = status > worst ? status : worst;
        }
    }
    arguments_free(&arguments);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "tile-convert: standard output: %s\n", strerror(errno));
        return EXIT_OUTPUT;
    }
    return worst;
}
