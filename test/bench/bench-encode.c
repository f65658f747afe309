/* SPDX-License-Identifier: MIT */
/*
 * bench-encode [--only TEXT] [--level 1-9] [FOLDER]
 * PNG tiles of 256 x 256 pixels of RGB from several kinds of pictures, by each level and each instruction set, beside
 * libpng with zlib and libdeflate alone: megapixels a second of processor time, on one thread, and the size of all
 * tiles together, to that by libpng at zlib's level 6. Photographs are FOLDER's PNGs, or those of its folders; without
 * any, one that this program makes.
 *
 * `--only`: coders in whose name this text is. `--level`: the highest of ours; 9 takes minutes.
 */
#include "art.h"
#include "picture.h"
#include "tile.h"

#include "deflate/choice.h"
#include "deflate/deflate.h"
#include "deflate/filter.h"

#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libdeflate.h>
#include <png.h>

enum {
    TILE = 256,
    ROW = 3 * TILE,
    FILTERED = TILE * (1 + ROW),
    ROOM = 2 * FILTERED,
    FRAME = 8 + 25 + 12 + 12, /* of a PNG: signature, IHDR, one IDAT, IEND */
    ZLIB = 6,                 /* around deflate: the head and Adler-32 */
    MOST_CODERS = 40,
    MOST_ROUNDS = 9,
};

static void die(const char *what) {
    fprintf(stderr, "bench-encode: %s\n", what);
    exit(1);
}

static void check(tile_status status, const struct tile_error *error) {
    if (status != TILE_OK)
        die(error->message);
}

/* ---- Pictures ---- */

struct image {
    const char *name;
    uint8_t *pixels;
    uint32_t width, height;
};

static struct image image_new(const char *name, uint32_t width, uint32_t height) {
    struct image image = {name, malloc((size_t)3 * width * height), width, height};
    if (!image.pixels)
        die("no memory");
    return image;
}

static struct image read_png(const char *path) {
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_file(&png, path))
        die(png.message);
    png.format = PNG_FORMAT_RGB;
    const char *slash = strrchr(path, '/');
    struct image image = image_new(slash ? slash + 1 : path, png.width, png.height);
    if (!png_image_finish_read(&png, NULL, image.pixels, 0, NULL))
        die(png.message);
    return image;
}

static struct image make_photograph(void) {
    struct image image = image_new("photograph", 1024, 1024);
    struct picture *picture = picture_new(image.width, image.height);
    if (!picture)
        die("no memory");
    for (uint32_t y = 0; y < image.height; y++)
        picture_row(picture, y, image.pixels + (size_t)3 * image.width * y);
    picture_free(picture);
    return image;
}

/* ---- Coders of one tile: a file, or what would be in it ---- */

struct tile_view {
    const uint8_t *pixels;
    ptrdiff_t stride;
    uint32_t width, height;
};

struct coder {
    char name[40];
    size_t (*run)(const struct coder *coder, const struct tile_view *tile);
    int level;
    tile_cpu cpu;
    tile_deflate *deflate;
    struct libdeflate_compressor *compressor;
};

static uint8_t filtered[FILTERED], packed[ROOM];

/* Filtered, and in packed data, what a file has around it. */
static size_t filter_tile(const struct coder *coder, const struct tile_view *tile) {
    struct tile_filter_rows rows = {
        .pixels = tile->pixels, .stride = tile->stride, .height = tile->height, .size = 3 * tile->width, .step = 3};
    tile_filter(filtered, &rows, NULL, tile_deflate_kernels_of(coder->cpu));
    return tile->height * (1 + rows.size);
}

/* Filters and coder, without a file around. */
static size_t run_fast(const struct coder *coder, const struct tile_view *tile) {
    struct tile_deflate_piece piece = {
        .data = filtered, .size = filter_tile(coder, tile), .row = 1 + 3 * tile->width, .step = 3, .last = true};
    return FRAME + ZLIB + tile_deflate_run(coder->deflate, packed, &piece);
}

static size_t run_libdeflate(const struct coder *coder, const struct tile_view *tile) {
    size_t size = filter_tile(coder, tile);
    return FRAME + libdeflate_zlib_compress(coder->compressor, filtered, size, packed, ROOM);
}

static tile_status keep(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error) {
    uint64_t *end = user;
    if (offset + size > ROOM)
        return tile_error_set(error, TILE_WRITE_FAILED, "too large");
    memcpy(packed + offset, data, size);
    *end = offset + size;
    return TILE_OK;
}

static size_t run_libtile(const struct coder *coder, const struct tile_view *tile) {
    struct tile_image image = {.format = {.space = TILE_SRGB, .sample = TILE_U8},
                               .width = tile->width,
                               .height = tile->height,
                               .plane = {(void *)(uintptr_t)tile->pixels}, /* are not written */
                               .stride = tile->stride};
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    uint64_t end = 0;
    struct tile_writer writer = {&end, keep};
    struct tile_error error;
    options.compression = coder->level;
    options.cpu = coder->cpu;
    check(tile_encode(&image, TILE_PNG, &options, &writer, &error), &error);
    return (size_t)end;
}

struct written {
    size_t size;
};

static void count_data(png_structp png, png_bytep data, size_t size) {
    struct written *written = png_get_io_ptr(png);
    memcpy(packed + written->size, data, size);
    written->size += size;
}

static void no_flush(png_structp png) {
    (void)png;
}

static size_t run_libpng(const struct coder *coder, const struct tile_view *tile) {
    struct written written = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png)))
        die("libpng");
    png_set_write_fn(png, &written, count_data, no_flush);
    png_set_compression_level(png, coder->level);
    png_set_IHDR(png, info, tile->width, tile->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint32_t y = 0; y < tile->height; y++)
        png_write_row(png, tile->pixels + (ptrdiff_t)y * tile->stride);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return written.size;
}

/* ---- Runs ---- */

struct result {
    double time; /* the shortest */
    double spent;
    size_t size;
    int rounds;
};

static double processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void run_once(const struct coder *coder, const struct image *image, struct result *result) {
    double start = processor_time();
    result->size = 0;
    for (uint32_t y = 0; y < image->height; y += TILE)
        for (uint32_t x = 0; x < image->width; x += TILE) {
            struct tile_view tile = {.pixels = image->pixels + 3 * ((size_t)y * image->width + x),
                                     .stride = (ptrdiff_t)3 * image->width,
                                     .width = image->width - x < TILE ? image->width - x : TILE,
                                     .height = image->height - y < TILE ? image->height - y : TILE};
            result->size += coder->run(coder, &tile);
        }
    double time = processor_time() - start;
    result->spent += time;
    if (result->rounds++ == 0 || time < result->time)
        result->time = time;
}

static struct coder coders[MOST_CODERS];
static int coder_count;
static int yardstick; /* libpng's level 6 among them */

/* Sums of several pictures. */
struct sums {
    double pixels;
    struct result result[MOST_CODERS];
};

static void print_rows(const char *picture, const struct sums *sums, const char *only) {
    for (int i = 0; i < coder_count; i++) {
        const struct result *r = &sums->result[i];
        if (r->rounds && strstr(coders[i].name, only))
            printf("%-22.22s %-24s %8.1f MPix/s %10zu bytes %7.3f\n", picture, coders[i].name,
                   sums->pixels / r->time / 1e6, r->size, (double)r->size / (double)sums->result[yardstick].size);
    }
}

/* In turns, so that a machine that slows down slows all. */
static void bench(const struct image *image, struct sums *total, const char *only) {
    struct sums sums = {.pixels = (double)image->width * image->height};
    for (int round = 0; round < MOST_ROUNDS; round++)
        for (int i = 0; i < coder_count; i++)
            if ((round == 0 && i == yardstick) ||
                (strstr(coders[i].name, only) && (round == 0 || sums.result[i].spent < .3)))
                run_once(&coders[i], image, &sums.result[i]);
    print_rows(image->name, &sums, only);
    total->pixels += sums.pixels;
    for (int i = 0; i < coder_count; i++) {
        total->result[i].time += sums.result[i].time;
        total->result[i].size += sums.result[i].size;
        total->result[i].rounds += sums.result[i].rounds;
    }
}

/* ---- Which coders ---- */

static struct coder *add_coder(size_t (*run)(const struct coder *, const struct tile_view *), int level, tile_cpu cpu) {
    if (coder_count == MOST_CODERS)
        die("too many coders");
    struct coder *coder = &coders[coder_count++];
    *coder = (struct coder){.run = run, .level = level, .cpu = cpu};
    return coder;
}

static void add_coders(int most_level) {
    static const int zlib_levels[] = {6, 1, 3, 9}, libdeflate_levels[] = {1, 6, 12};
    struct tile_error error;
    yardstick = 0;
    for (size_t i = 0; i < sizeof zlib_levels / sizeof *zlib_levels; i++)
        snprintf(add_coder(run_libpng, zlib_levels[i], TILE_CPU_BEST)->name, sizeof coders->name, "libpng %d",
                 zlib_levels[i]);
    for (size_t i = 0; i < sizeof libdeflate_levels / sizeof *libdeflate_levels; i++) {
        if (libdeflate_levels[i] > most_level && most_level < 9)
            continue;
        struct coder *coder = add_coder(run_libdeflate, libdeflate_levels[i], TILE_CPU_BEST);
        snprintf(coder->name, sizeof coder->name, "filters, libdeflate %d", coder->level);
        coder->compressor = libdeflate_alloc_compressor(coder->level);
        if (!coder->compressor)
            die("no memory");
    }
    for (int cpu = TILE_CPU_SCALAR; cpu < TILE_CPU_COUNT; cpu++)
        if (tile_cpu_available((tile_cpu)cpu)) {
            struct coder *coder = add_coder(run_fast, 1, (tile_cpu)cpu);
            snprintf(coder->name, sizeof coder->name, "coder alone, %s", tile_cpu_name(coder->cpu));
            check(tile_deflate_new(&coder->deflate, coder->cpu, NULL, &error), &error);
            coder = add_coder(run_libtile, 1, (tile_cpu)cpu);
            snprintf(coder->name, sizeof coder->name, "libtile 1, %s", tile_cpu_name(coder->cpu));
        }
    for (int level = 2; level <= most_level; level++)
        snprintf(add_coder(run_libtile, level, TILE_CPU_BEST)->name, sizeof coders->name, "libtile %d", level);
}

static void bench_photographs(const char *folder, const char *only) {
    struct sums sums = {0};
    glob_t paths = {0};
    if (folder)
        for (int i = 0; i < 2; i++) {
            char pattern[4096];
            snprintf(pattern, sizeof pattern, "%s/%s*.png", folder, i ? "*/" : "");
            glob(pattern, i ? GLOB_APPEND : 0, NULL, &paths);
        }
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        struct image image = read_png(paths.gl_pathv[i]);
        bench(&image, &sums, only);
        free(image.pixels);
    }
    if (!paths.gl_pathc) {
        struct image image = make_photograph();
        bench(&image, &sums, only);
        free(image.pixels);
    } else {
        print_rows("sum", &sums, only);
    }
    globfree(&paths);
}

static void bench_art(const char *only) {
    struct sums sums = {0};
    struct image image = image_new("", ART_SIDE, ART_SIDE);
    for (int i = 0; i < ARTS; i++) {
        image.name = arts[i].name;
        arts[i].draw(image.pixels);
        bench(&image, &sums, only);
    }
    free(image.pixels);
}

int main(int argc, char **argv) {
    static const struct option names[] = {
        {"only", required_argument, NULL, 'o'}, {"level", required_argument, NULL, 'l'}, {0}};
    const char *only = "";
    int most_level = 9;
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;)
        if (option == 'o')
            only = optarg;
        else if (option == 'l' && atoi(optarg) >= 1 && atoi(optarg) <= 9)
            most_level = atoi(optarg);
        else
            die("[--only TEXT] [--level 1-9] [FOLDER]");
    setvbuf(stdout, NULL, _IOLBF, 0);
    add_coders(most_level);
    bench_photographs(optind < argc ? argv[optind] : NULL, only);
    bench_art(only);
    for (int i = 0; i < coder_count; i++) {
        tile_deflate_free(coders[i].deflate);
        libdeflate_free_compressor(coders[i].compressor);
    }
    return 0;
}
