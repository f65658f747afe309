/* SPDX-License-Identifier: MIT */
/*
 * bench-access TILE-CONVERT BIG.JPG
 * What reading a part of a large file costs with an index, and without: whole processes, medians, beside other tools
 * where they are installed. Works in a folder of its own beside the picture, which it removes.
 */
#include "measure.h"
#include "reader.h"

#include "tile.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TILE = 256, ROUNDS = 9 };

static char folder[4096], tool[4096], jpeg[4096];

static _Noreturn void give_up(const char *what, const struct tile_error *error) {
    fprintf(stderr, "bench-access: %s%s%s\n", what, error ? ": " : "", error ? error->message : "");
    exit(1);
}

/* In the work folder; valid until the next few calls. */
static const char *path(const char *name) {
    static char paths[8][sizeof folder + 64];
    static int next;
    char *to = paths[next++ % 8];
    snprintf(to, sizeof *paths, "%s/%s", folder, name);
    return to;
}

struct cost {
    double wall, cpu; /* seconds */
    long peak;        /* KiB */
};

/* Runs a command of words separated by spaces; a negative wall time where it is not installed or fails. */
static struct cost run(const char *format, ...) {
    char line[3 * 4096], *words[40];
    int count = 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (char *word = strtok(line, " "); word && count < 39; word = strtok(NULL, " "))
        words[count++] = word;
    words[count] = NULL;
    double start = now();
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_RDWR);
        for (int i = 0; i < 3; i++)
            dup2(nowhere, i);
        execvp(words[0], words);
        _exit(127);
    }
    int status = 1;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
        return (struct cost){.wall = -1};
    return (struct cost){now() - start,
                         (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                             1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
                         usage.ru_maxrss};
}

static double or_none(double seconds) {
    return seconds < 0 ? -1 : 1e3 * seconds;
}

static void print_ms(double ms) {
    if (ms < 0)
        printf(" %10s", "-");
    else
        printf(" %10.2f", ms);
}

/* ---- Bytes -------------------------------------------------------------------------------------------------- */

/* Its bytes are mapped. It says of itself what the library's reader of files does. */
static struct tile_reader counting(struct test_reader *counter, const char *name) {
    struct stat facts;
    int file = open(name, O_RDONLY);
    if (file < 0 || fstat(file, &facts) != 0)
        give_up(name, NULL);
    void *bytes = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED)
        give_up(name, NULL);
    close(file);
    counter->file = (struct test_bytes){bytes, (size_t)facts.st_size};
    counter->modified = (uint64_t)facts.st_mtim.tv_sec * 1000000000u + (uint64_t)facts.st_mtim.tv_nsec;
    counter->gap = 8192;
    return test_reader_of(counter);
}

/* Reads one tile of a file that was just opened; the bytes asked of it and of its index. */
static void read_tile(const char *name, const char *index_name, struct tile_rect rect, struct tile_image *image,
                      uint64_t *bytes, uint64_t *index_bytes) {
    struct tile_error error = {0};
    struct test_reader file = {0}, index_file = {0};
    struct tile_reader reader = counting(&file, name), index_reader = counting(&index_file, index_name);
    tile_source *source;
    tile_index *index;
    if (tile_source_open_reader(&source, &reader, NULL, &error) != TILE_OK ||
        tile_index_load(&index, &index_reader, NULL, &error) != TILE_OK ||
        tile_source_use_index(source, index, &error) != TILE_OK ||
        tile_source_read(source, rect, image, &error) != TILE_OK)
        give_up("reading a tile", &error);
    tile_source_close(source);
    tile_index_free(index);
    *bytes = file.bytes;
    *index_bytes = index_file.bytes;
    munmap(file.file.data, file.file.size);
    munmap(index_file.file.data, index_file.file.size);
}

/* Whether a PPM's rightmost pixels are the image's. */
static bool equals_ppm(const struct tile_image *image, const char *name) {
    unsigned width, height;
    int from = 0;
    FILE *file = fopen(name, "rb");
    unsigned char *row = NULL;
    bool equal = file && fscanf(file, "P6 %u %u 255%n", &width, &height, &from) == 2 && fgetc(file) == '\n' &&
                 height == image->height && width >= image->width && (row = malloc((size_t)3 * width)) != NULL;
    for (uint32_t y = 0; equal && y < height; y++)
        equal = fread(row, 3, width, file) == width &&
                memcmp(row + (size_t)3 * (width - image->width),
                       (unsigned char *)image->plane[0] + (ptrdiff_t)y * image->stride, (size_t)3 * image->width) == 0;
    free(row);
    if (file)
        fclose(file);
    return equal;
}

/* ---- One tile ---------------------------------------------------------------------------------------------- */

static void bench_tiles(const char *name, const char *index, uint32_t width, uint32_t height) {
    static const char *const places[] = {"first", "middle", "last"};
    struct tile_error error = {0};
    struct tile_image image;
    struct tile_format format = {.space = TILE_SRGB, .sample = TILE_U8};
    bool is_jpeg = strcmp(name, jpeg) == 0;
    struct stat facts;
    if (stat(name, &facts) != 0 || tile_image_alloc(&image, format, TILE, TILE, NULL, &error) != TILE_OK)
        give_up(name, &error);
    printf("%-7s %10s %10s %10s %10s %8s   %s\n", "tile", "index ms", "none ms", is_jpeg ? "djpeg ms" : "", "vips ms",
           "ratio", "bytes asked of the file, of the index");
    for (uint32_t i = 0; i < 3; i++) {
        struct tile_rect r = {(width - 1) / TILE * i / 2 * TILE, (height - 1) / TILE * i / 2 * TILE, TILE, TILE};
        r.width = width - r.x < TILE ? width - r.x : TILE;
        r.height = height - r.y < TILE ? height - r.y : TILE;
        struct tile_image part = tile_image_view(&image, (struct tile_rect){0, 0, r.width, r.height});
        double with[ROUNDS], without[ROUNDS], djpeg[ROUNDS], vips[ROUNDS];
        for (int k = 0; k < ROUNDS; k++) { /* in turns, so that a machine that slows down slows all */
            const char *to = path("tile.bmp");
            with[k] = run("%s -q --index %s --region %u,%u,%u,%u %s --overwrite -o %s", tool, index, r.x, r.y, r.width,
                          r.height, name, to)
                          .wall;
            without[k] =
                run("%s -q --region %u,%u,%u,%u %s --overwrite -o %s", tool, r.x, r.y, r.width, r.height, name, to)
                    .wall;
            djpeg[k] = is_jpeg ? run("djpeg -crop %ux%u+%u+%u -outfile %s %s", r.width, r.height, r.x, r.y,
                                     path("tile.ppm"), name)
                                     .wall
                               : -1;
            vips[k] = run("vips crop %s %s %u %u %u %u", name, path("tile.v"), r.x, r.y, r.width, r.height).wall;
        }
        uint64_t bytes, index_bytes;
        read_tile(name, index, r, &part, &bytes, &index_bytes);
        double yardstick = is_jpeg ? median(djpeg, ROUNDS) : median(without, ROUNDS);
        printf("%-7s", places[i]);
        print_ms(or_none(median(with, ROUNDS)));
        print_ms(or_none(median(without, ROUNDS)));
        print_ms(or_none(is_jpeg ? yardstick : -1));
        print_ms(or_none(median(vips, ROUNDS)));
        printf(" %8.1f   %ju = %.3f %%, %ju\n", yardstick / median(with, ROUNDS), (uintmax_t)bytes,
               100.0 * (double)bytes / (double)facts.st_size, (uintmax_t)index_bytes);
        if (!is_jpeg)
            continue;
        /* djpeg -crop smooths chroma without its left neighbor; given one more MCU there, it is as the whole. */
        uint32_t more = r.x >= 16 ? 16 : 0;
        run("djpeg -crop %ux%u+%u+%u -outfile %s %s", r.width + more, r.height, r.x - more, r.y, path("tile.ppm"),
            name);
        printf("        the same pixels as djpeg's: %s\n", equals_ppm(&part, path("tile.ppm")) ? "yes" : "NO");
    }
    tile_image_free(&image, NULL);
}

static void bench_building(const char *name, const char *index, const char *decode) {
    double build[5], decoded[5];
    for (int k = 0; k < 5; k++) {
        build[k] = run("%s -q --overwrite --build-index %s %s", tool, index, name).cpu;
        decoded[k] = run("%s", decode).cpu;
    }
    struct stat of_file, of_index;
    if (stat(name, &of_file) != 0 || stat(index, &of_index) != 0)
        give_up("no index was built", NULL);
    printf(
        "index built in %.3f s of CPU, a full decode (%.*s) takes %.3f s: %.2f x as long; %ju bytes = %.2f %% of %ju\n",
        median(build, 5), (int)strcspn(decode, " "), decode, median(decoded, 5), median(decoded, 5) / median(build, 5),
        (uintmax_t)of_index.st_size, 100.0 * (double)of_index.st_size / (double)of_file.st_size,
        (uintmax_t)of_file.st_size);
}

/* ---- All tiles --------------------------------------------------------------------------------------------- */

/* A process a row of tiles, one after the other; the CPU seconds of all. */
static double run_rows(const char *index, const char *to, uint32_t width, uint32_t height) {
    double cpu = 0;
    for (uint32_t y = 0, row = 0; y < height; y += TILE, row++)
        cpu += run("%s -q -j 1 --index %s --region 0,%u,%u,%u --tile %d -f jpg %s -o %s/%u", tool, index, y, width,
                   height - y < TILE ? height - y : TILE, TILE, jpeg, to, row)
                   .cpu;
    return cpu;
}

static void bench_all(uint32_t width, uint32_t height) {
    enum { TIMES = 3 };
    double whole[TIMES], rows[TIMES], indexed[TIMES], wall[TIMES], indexed_wall[TIMES], lossless[TIMES],
        lossless_wall[TIMES];
    for (int k = 0; k < TIMES; k++) { /* nothing is removed in between: ext4 is slow to make files then */
        char name[64];
        snprintf(name, sizeof name, "whole-%d", k);
        struct cost cost = run("%s -q -f jpg %s -o %s", tool, jpeg, path(name));
        whole[k] = cost.cpu, wall[k] = cost.wall;
        snprintf(name, sizeof name, "rows-%d", k);
        rows[k] = run_rows(path("jpg.tix"), path(name), width, height);
        snprintf(name, sizeof name, "indexed-%d", k);
        cost = run("%s -q -f jpg --index %s %s -o %s", tool, path("jpg.tix"), jpeg, path(name));
        indexed[k] = cost.cpu, indexed_wall[k] = cost.wall;
        snprintf(name, sizeof name, "lossless-%d", k);
        cost = run("%s -q --lossless --index %s %s -o %s", tool, path("jpg.tix"), jpeg, path(name));
        lossless[k] = cost.cpu, lossless_wall[k] = cost.wall;
    }
    double whole_cpu = median(whole, TIMES), whole_wall = median(wall, TIMES);
    printf("all tiles to JPEG               CPU s  ratio   wall s  ratio\n");
    printf("one process, from the top     %7.2f          %7.2f\n", whole_cpu, whole_wall);
    printf("one process, with the index   %7.2f %6.2f   %7.2f %6.2f\n", median(indexed, TIMES),
           median(indexed, TIMES) / whole_cpu, median(indexed_wall, TIMES), median(indexed_wall, TIMES) / whole_wall);
    printf("a process a row of tiles      %7.2f %6.2f\n", median(rows, TIMES), median(rows, TIMES) / whole_cpu);
    printf("--lossless, with the index    %7.2f %6.2f   %7.2f %6.2f\n", median(lossless, TIMES),
           median(lossless, TIMES) / whole_cpu, median(lossless_wall, TIMES),
           median(lossless_wall, TIMES) / whole_wall);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: bench-access TILE-CONVERT BIG.JPG\n");
        return 1;
    }
    snprintf(tool, sizeof tool, "%s", argv[1]);
    snprintf(jpeg, sizeof jpeg, "%s", argv[2]);
    const char *beside = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/access-XXXXXX", beside ? beside : ".");
    if (!mkdtemp(folder))
        give_up(folder, NULL);
    struct tile_error error = {0};
    tile_source *source;
    if (tile_source_open_file(&source, jpeg, NULL, &error) != TILE_OK)
        give_up(jpeg, &error);
    uint32_t width = tile_source_info(source)->width, height = tile_source_info(source)->height;
    tile_source_close(source);
    char index[4200], png[4200];
    snprintf(index, sizeof index, "%s", path("jpg.tix"));
    snprintf(png, sizeof png, "%s", path("part.png"));

    printf("%s, %u x %u, whole processes, medians\n", strrchr(jpeg, '/') ? strrchr(jpeg, '/') + 1 : jpeg, width,
           height);
    char decode[3 * 4200];
    snprintf(decode, sizeof decode, "djpeg -outfile /dev/null %s", jpeg);
    bench_building(jpeg, index, decode);
    bench_tiles(jpeg, index, width, height);

    /* 12 megapixels of it as PNG, as libpng writes by default. */
    run("%s -q --compression 6 --region 0,0,4000,3000 %s -o %s", tool, jpeg, png);
    run("touch -d 2020-01-01 %s", png); /* an index trusts no time of writing that is but seconds old */
    snprintf(index, sizeof index, "%s", path("png.tix"));
    printf("\n4000 x 3000 pixels of it as PNG\n");
    snprintf(decode, sizeof decode, "%s -q --overwrite --region 3999,2999,1,1 %s -o %s", tool, png, path("pixel.bmp"));
    bench_building(png, index, decode);
    bench_tiles(png, index, 4000, 3000);

    printf("\n");
    bench_all(width, height);
    return run("rm -rf %s", folder).wall < 0;
}
