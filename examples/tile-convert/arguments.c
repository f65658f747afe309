/* SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "output.h"
#include "suggest.h"
#include "targets.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: tile-convert [options] INPUT... -o OUTPUT\n"
    "       tile-convert [options] INPUT --build-index FILE.tix\n"
    "\n"
    "Splits JPEG and PNG images into tiles and converts their color space.\n"
    "\n"
    "  INPUT               a JPEG or PNG file; with several, each gets a folder of its name in OUTPUT\n"
    "  -o, --output OUTPUT a folder: one file per tile, and manifest.json; run again to resume\n"
    "                      or a file name with an image suffix: one new image\n"
    "                      {name}, {ext} and {n} in it are an input's name, suffix and number: 'out/{n}-{name}.png'\n"
    "\n"
    "what\n"
    "  -s, --tile N|WxH    tile size in pixels (default 256)\n"
    "      --overlap N     pixels shared with the neighbors, on each side of a tile\n"
    "      --edge POLICY   tiles that reach over the edge: clip (default), replicate, pad (black, or --background) or\n"
    "                      pad=#RRGGBB[AA]\n"
    "      --region X,Y,W,H  only this rectangle. With a folder: cut into tiles if --tile is given, else one file\n"
    "                      each (repeatable; row i is the i-th)\n"
    "\n"
    "color\n"
    "  -t, --to SPACE      target color space, see --list-spaces (default: the source's is kept)\n"
    "      --to-profile FILE  target ICC profile, of RGB, gray or CMYK\n"
    "      --depth TYPE    u8, u16 or f32 (default: the source's, as far as SPACE and the format have it; PNGs of a\n"
    "                      PNG with a palette or gray of less than 8 bits keep it where the color is kept)\n"
    "      --intent NAME   for profiles with tables: perceptual (default), relative, saturation, absolute; profiles\n"
    "                      of matrix and curves are relative under the first three\n"
    "      --black-point   black point compensation\n"
    "      --assume SPACE  the color space of a file that names none\n"
    "      --ignore-profile  read samples as sRGB or gray, whatever the file says\n"
    "      --no-profile    embed no ICC profile in the output\n"
    "      --drop-alpha    write no alpha\n"
    "      --background RRGGBB  write no alpha, but lay the pixels on this color, as browsers do\n"
    "\n"
    "format\n"
    "  -f, --format NAME   %s\n"
    "                      (default: png where it can carry the space, else %s)\n"
    "  -Q, --quality N     JPEG quality, 1 to 100 (default 75)\n"
    "      --subsampling S JPEG chroma: 420 (default), 422, 444\n"
    "      --compression N PNG and TIFF compression: 1 (default), by far the fastest, to 9, the smallest\n"
    "      --predictor P   what TIFF makes of samples first: horizontal (u8 and u16, their default), float (f32, its\n"
    "                      default) or none (f32 of an 8-bit INPUT is a third smaller so)\n"
    "      --tiff-tile N   TIFF in tiles of N x N pixels, a multiple of 16, for readers that want any part of it\n"
    "                      (default: strips of whole rows)\n"
    "      --optimize      optimized Huffman tables in JPEG: some percent smaller, somewhat slower\n"
    "      --raw-channels  write samples whose color space the format cannot name\n"
    "      --lossless      cut JPEG tiles out of a JPEG without decoding it; sizes are multiples of its MCU (8 or 16)\n"
    "\n"
    "index\n"
    "      --build-index FILE  one pass over INPUT, so that any part of it can be read at its own cost; --tile: how\n"
    "                      far apart such parts begin (JPEG: in each row; PNG: rows)\n"
    "      --index FILE    read INPUT by its index, with all threads\n"
    "\n"
    "input\n"
    "      --ignore-orientation  leave the pixels as they are stored\n"
    "      --lenient       keep the pixels that a damaged file still gives, and report the damage\n"
    "      --strict        refuse files with notes: a profile that cannot be used, a missing end ...\n"
    "      --max-pixels N, --max-side N, --max-memory BYTES, --max-metadata BYTES\n"
    "                      refuse what is larger (defaults 4G, 1M, 1G, 64M; K, M, G are powers of 1024)\n"
    "\n"
    "running\n"
    "  -j, --threads N     (default: one per processor)\n"
    "      --overwrite     replace the files in OUTPUT, each when its new one is whole\n"
    "      --no-sync       do not wait until the disk has everything; a crash of the machine may then lose some of it\n"
    "      --progress WHEN auto (default: on a terminal), always, never\n"
    "  -q, --quiet         no progress, no notes      -v, --verbose  say what was done\n"
    "\n"
    "      --info          JSON about the inputs      --list-spaces, --list-formats\n"
    "      --selftest      converts published colors on this machine and says how far off each is, and how fast the\n"
    "                      kernels are; TILE_CPU=scalar, ssse3, avx2 ... in the environment chooses others\n"
    "  -h, --help          this                       --version\n"
    "\n"
    "Exit status: 0 done, 1 usage, 2 input refused, 3 output or I/O failed, 4 the self-test failed, 130 interrupted.\n";

static void print_help(void) {
    /* What few formats can carry. */
    const struct tile_format lab = {.space = TILE_LAB, .sample = TILE_F32};
    printf(help, tile_codec_names((char[TILE_CODEC_NAMES]){0}, TILE_CODEC_NAMES), tile_codec_name(tile_codec_for(lab)));
}

bool usage(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("tile-convert: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs(" (see tile-convert --help)\n", stderr);
    va_end(arguments);
    return false;
}

/* A decimal number at `text` up to `end` (a character, which may be NUL), within [least, most]. */
static bool number(const char *text, char end, uint64_t least, uint64_t most, uint64_t *out, const char **rest) {
    char *stop;
    errno = 0;
    unsigned long long value = strtoull(text, &stop, 10);
    if (text[0] < '0' || text[0] > '9' || errno || *stop != end || value < least || value > most)
        return false;
    *out = value;
    if (rest)
        *rest = *stop ? stop + 1 : stop;
    return true;
}

/* "64M" -> 64 * 2^20. */
static bool byte_count(const char *text, uint64_t *out) {
    static const struct {
        char suffix;
        int shift;
    } units[] = {{'\0', 0}, {'K', 10}, {'M', 20}, {'G', 30}, {'T', 40}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (number(text, units[i].suffix, 1, UINT64_MAX >> units[i].shift, out, &text)) {
            *out <<= units[i].shift;
            return *text == '\0';
        }
    return false;
}

static bool tile_size(const char *text, struct tile_grid *grid) {
    uint64_t width, height;
    if (number(text, '\0', 1, UINT32_MAX, &width, NULL))
        height = width;
    else if (!number(text, 'x', 1, UINT32_MAX, &width, &text) || !number(text, '\0', 1, UINT32_MAX, &height, NULL))
        return false;
    grid->tile_width = (uint32_t)width;
    grid->tile_height = (uint32_t)height;
    return true;
}

static bool region(const char *text, struct tile_rect *rect) {
    uint64_t v[4];
    for (int i = 0; i < 4; i++)
        if (!number(text, i < 3 ? ',' : '\0', i < 2 ? 0 : 1, UINT32_MAX, &v[i], &text))
            return false;
    *rect = (struct tile_rect){(uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2], (uint32_t)v[3]};
    return true;
}

/* "pad=#RRGGBB" and the like. */
static bool edge(const char *text, struct arguments *a) {
    static const char *const names[] = {"clip", "pad", "replicate"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            a->grid.edge = (tile_edge)i;
            a->pad_given = false;
            return true;
        }
    a->grid.edge = TILE_EDGE_PAD;
    a->pad_given = true;
    return strncmp(text, "pad=", 4) == 0 && tile_color_from_text(text + 4, a->grid.pad_color);
}

static bool background(const char *text, struct tile_job_options *job) {
    float rgb[4];
    if (!tile_color_from_text(text, rgb) || rgb[3] != 1)
        return usage("--background %s: a color such as FFFFFF or '#FFFFFF' is wanted", text);
    memcpy(job->background, rgb, sizeof job->background);
    return job->flatten = true;
}

/* The index of `text` among names separated by spaces; -1 if it is none of them. */
static int choice(const char *text, const char *names) {
    size_t length = strlen(text);
    for (int i = 0; *names; i++) {
        size_t n = strcspn(names, " ");
        if (n == length && memcmp(text, names, n) == 0)
            return i;
        names += n + (names[n] == ' ');
    }
    return -1;
}

static bool read_profile(const char *path, struct arguments *a) {
    /* Without O_NONBLOCK, opening a FIFO that nobody writes to would wait forever. */
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    struct stat facts;
    if (file && fstat(fileno(file), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0 &&
        facts.st_size < 1 << 26 && (a->profile = malloc((size_t)facts.st_size)) != NULL &&
        fread(a->profile, 1, (size_t)facts.st_size, file) == (size_t)facts.st_size) {
        a->job.to_profile = a->profile;
        a->job.to_profile_size = (size_t)facts.st_size;
        fclose(file);
        return true;
    }
    if (file)
        fclose(file);
    return usage("--to-profile %s: cannot be read as an ICC profile", path);
}

static void list_spaces(void) {
    for (int i = TILE_SPACE_UNSET + 1; i < TILE_SPACE_COUNT; i++)
        printf("%-15s %s%s\n", tile_space_name((tile_space)i), tile_space_description((tile_space)i),
               tile_space_has_sample((tile_space)i, TILE_U8) ? "" : " (u16 and f32 only)");
}

/* Each format with the spaces that it can say. */
static void list_formats(void) {
    for (int c = TILE_CODEC_UNSET + 1; c < TILE_CODEC_COUNT; c++) {
        bool written = tile_codec_can_write((tile_codec)c);
        printf("%s %s", tile_codec_name((tile_codec)c), written ? "" : "(not in this build)");
        for (int s = TILE_SPACE_UNSET + 1; s < TILE_SPACE_COUNT; s++) {
            static const tile_sample samples[] = {TILE_U8, TILE_U16, TILE_F32};
            const char *separator = ":";
            for (size_t i = 0; i < 3; i++) {
                struct tile_format format = {.space = (tile_space)s, .sample = samples[i]};
                if (tile_codec_can_carry((tile_codec)c, format, NULL) != TILE_OK)
                    continue;
                if (separator[0] == ':')
                    printf(" %s", tile_space_name((tile_space)s));
                printf("%s%s", separator, i == 0 ? "u8" : i == 1 ? "u16" : "f32");
                separator = ",";
            }
        }
        putchar('\n');
    }
}

enum {
    OVERLAP = 256,
    EDGE,
    REGION,
    TO_PROFILE,
    DEPTH,
    INTENT,
    BLACK_POINT,
    ASSUME,
    IGNORE_PROFILE,
    DROP_ALPHA,
    BACKGROUND,
    NO_PROFILE,
    SUBSAMPLING,
    COMPRESSION,
    PREDICTOR,
    TIFF_TILE,
    OPTIMIZE,
    RAW_CHANNELS,
    LOSSLESS,
    BUILD_INDEX,
    INDEX,
    IGNORE_ORIENTATION,
    LENIENT,
    STRICT,
    MAX_PIXELS,
    MAX_SIDE,
    MAX_MEMORY,
    MAX_METADATA,
    OVERWRITE,
    NO_SYNC,
    PROGRESS,
    INFO,
    SELFTEST,
    LIST_SPACES,
    LIST_FORMATS,
    VERSION
};

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'},
    {"tile", required_argument, NULL, 's'},
    {"overlap", required_argument, NULL, OVERLAP},
    {"edge", required_argument, NULL, EDGE},
    {"region", required_argument, NULL, REGION},
    {"to", required_argument, NULL, 't'},
    {"to-profile", required_argument, NULL, TO_PROFILE},
    {"depth", required_argument, NULL, DEPTH},
    {"intent", required_argument, NULL, INTENT},
    {"black-point", no_argument, NULL, BLACK_POINT},
    {"assume", required_argument, NULL, ASSUME},
    {"ignore-profile", no_argument, NULL, IGNORE_PROFILE},
    {"drop-alpha", no_argument, NULL, DROP_ALPHA},
    {"background", required_argument, NULL, BACKGROUND},
    {"no-profile", no_argument, NULL, NO_PROFILE},
    {"format", required_argument, NULL, 'f'},
    {"quality", required_argument, NULL, 'Q'},
    {"subsampling", required_argument, NULL, SUBSAMPLING},
    {"compression", required_argument, NULL, COMPRESSION},
    {"predictor", required_argument, NULL, PREDICTOR},
    {"tiff-tile", required_argument, NULL, TIFF_TILE},
    {"optimize", no_argument, NULL, OPTIMIZE},
    {"raw-channels", no_argument, NULL, RAW_CHANNELS},
    {"lossless", no_argument, NULL, LOSSLESS},
    {"build-index", required_argument, NULL, BUILD_INDEX},
    {"index", required_argument, NULL, INDEX},
    {"ignore-orientation", no_argument, NULL, IGNORE_ORIENTATION},
    {"lenient", no_argument, NULL, LENIENT},
    {"strict", no_argument, NULL, STRICT},
    {"max-pixels", required_argument, NULL, MAX_PIXELS},
    {"max-side", required_argument, NULL, MAX_SIDE},
    {"max-memory", required_argument, NULL, MAX_MEMORY},
    {"max-metadata", required_argument, NULL, MAX_METADATA},
    {"threads", required_argument, NULL, 'j'},
    {"overwrite", no_argument, NULL, OVERWRITE},
    {"no-sync", no_argument, NULL, NO_SYNC},
    {"progress", required_argument, NULL, PROGRESS},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"info", no_argument, NULL, INFO},
    {"selftest", no_argument, NULL, SELFTEST},
    {"list-spaces", no_argument, NULL, LIST_SPACES},
    {"list-formats", no_argument, NULL, LIST_FORMATS},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, VERSION},
    {NULL, 0, NULL, 0},
};

/* Always false: `text` is none of what `list` lists. */
static bool unknown(const char *option, const char *text, const char *what, const struct suggestion *near,
                    const char *list) {
    return near->name ? usage("%s %s: no such %s; is %s meant? (%s)", option, text, what, near->name, list)
                      : usage("%s %s: no such %s (%s)", option, text, what, list);
}

static bool space(const char *name, const char *option, tile_space *out) {
    struct suggestion near = {NULL, 0};
    *out = tile_space_from_name(name);
    for (int i = TILE_SPACE_UNSET + 1; i < TILE_SPACE_COUNT; i++)
        suggest(&near, name, tile_space_name((tile_space)i));
    return *out != TILE_SPACE_UNSET || unknown(option, name, "color space", &near, "--list-spaces names them");
}

static bool format(const char *name, tile_codec *out) {
    struct suggestion near = {NULL, 0};
    char list[TILE_CODEC_NAMES];
    tile_codec_names(list, sizeof list);
    *out = tile_codec_from_suffix(name);
    for (int i = TILE_CODEC_UNSET + 1; i < TILE_CODEC_COUNT; i++)
        if (tile_codec_can_write((tile_codec)i))
            suggest(&near, name, tile_codec_name((tile_codec)i));
    if (*out == TILE_CODEC_UNSET)
        return unknown("--format", name, "format", &near, list);
    return tile_codec_can_write(*out) || usage("--format %s: this build cannot write it, but %s", name, list);
}

/* Always false: what getopt_long did not take. A long option may come with its value. */
static bool unknown_option(const char *text) {
    char name[64];
    struct suggestion near = {NULL, 0};
    const struct option *o = options;
    while (o->name && o->val != optopt)
        o++;
    if (optopt && !o->name)
        return usage("-%c: no such option", optopt);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text + 2, "="), text + 2);
    for (o = options; o->name; o++) {
        if (strcmp(o->name, name) == 0)
            return usage("%s: this option takes no value", text);
        suggest(&near, name, o->name);
    }
    return near.name ? usage("--%s: no such option; is --%s meant?", name, near.name)
                     : usage("--%s: no such option", name);
}

/* Options that name a count, with its bounds. */
static bool count(const char *text, const char *option, uint64_t least, uint64_t most, uint64_t *out) {
    return number(text, '\0', least, most, out, NULL) ||
           usage("%s %s: a number from %llu to %llu is wanted", option, text, (unsigned long long)least,
                 (unsigned long long)most);
}

static bool limit(const char *text, const char *option, uint64_t *out) {
    return byte_count(text, out) || usage("%s %s: a number is wanted, such as 512M", option, text);
}

static bool parse_option(struct arguments *a, int option, const char *value) {
    struct tile_job_options *job = &a->job;
    uint64_t n = 0;
    int i = 0;
    switch (option) {
    case 'o': a->output = value; return true;
    case 's': a->tile_given = true; return tile_size(value, &a->grid) || usage("--tile %s: N or WxH is wanted", value);
    case OVERLAP:
        if (!count(value, "--overlap", 0, UINT32_MAX / 2, &n))
            return false;
        a->grid.overlap = (uint32_t)n;
        return true;
    case EDGE: return edge(value, a) || usage("--edge %s: clip, replicate, pad or pad=#RRGGBB is wanted", value);
    case REGION: return region(value, &a->regions[a->region_count++]) || usage("--region %s: X,Y,W,H is wanted", value);
    case 't': return space(value, "--to", &job->to_space);
    case TO_PROFILE: a->to_profile = value; return read_profile(value, a);
    case DEPTH:
        i = choice(value, "u8 u16 f32");
        job->to_sample = i == 0 ? TILE_U8 : i == 1 ? TILE_U16 : TILE_F32;
        return i >= 0 || usage("--depth %s: u8, u16 or f32 is wanted", value);
    case INTENT:
        job->intent = (tile_intent)(i = choice(value, "perceptual relative saturation absolute"));
        return i >= 0 || usage("--intent %s: perceptual, relative, saturation or absolute is wanted", value);
    case BLACK_POINT: job->black_point_compensation = true; return true;
    case ASSUME: return space(value, "--assume", &a->source.assume);
    case IGNORE_PROFILE: a->source.ignore_profile = true; return true;
    case DROP_ALPHA: job->drop_alpha = true; return true;
    case BACKGROUND: return background(value, job);
    case NO_PROFILE: a->encode.no_profile = true; return true;
    case 'f': return format(value, &job->codec);
    case 'Q':
        if (!count(value, "--quality", 1, 100, &n))
            return false;
        a->encode.quality = (int)n;
        return true;
    case SUBSAMPLING:
        a->subsampling_given = true;
        a->encode.subsampling = (tile_subsampling)(i = choice(value, "420 422 444"));
        return i >= 0 || usage("--subsampling %s: 420, 422 or 444 is wanted", value);
    case COMPRESSION:
        if (!count(value, "--compression", 1, 9, &n))
            return false;
        a->encode.compression = (int)n;
        return true;
    case PREDICTOR:
        a->encode.predictor = (tile_predictor)((i = choice(value, "none horizontal float")) + TILE_PREDICTOR_NONE);
        return i >= 0 || usage("--predictor %s: none, horizontal or float is wanted", value);
    case TIFF_TILE:
        if (!number(value, '\0', 16, 4096, &n, NULL) || n % 16)
            return usage("--tiff-tile %s: a multiple of 16 up to 4096 is wanted", value);
        a->encode.tiff_tile = (uint32_t)n;
        return true;
    case OPTIMIZE: a->encode.optimize = true; return true;
    case RAW_CHANNELS: a->encode.raw_channels = true; return true;
    case LOSSLESS: job->lossless = true; return true;
    case BUILD_INDEX: a->build_index = value; return true;
    case INDEX: a->index = value; return true;
    case IGNORE_ORIENTATION: a->source.ignore_orientation = true; return true;
    case LENIENT: a->source.lenient = true; return true;
    case STRICT: a->source.strict = true; return true;
    case MAX_PIXELS: return limit(value, "--max-pixels", &a->source.max_pixels);
    case MAX_SIDE: return limit(value, "--max-side", &a->source.max_side);
    case MAX_MEMORY: return limit(value, "--max-memory", &a->source.max_memory);
    case MAX_METADATA: return limit(value, "--max-metadata", &a->source.max_metadata);
    case 'j':
        if (!count(value, "--threads", 1, 1024, &n))
            return false;
        job->threads = (int)n;
        return true;
    case OVERWRITE: job->overwrite = true; return true;
    case NO_SYNC: job->no_sync = true; return true;
    case PROGRESS:
        i = choice(value, "auto always never");
        a->progress = i == 1 || (i == 0 && isatty(STDERR_FILENO));
        return i >= 0 || usage("--progress %s: auto, always or never is wanted", value);
    case 'q': a->quiet = true; return true;
    case 'v': a->verbose = true; return true;
    case INFO: a->info = true; return true;
    case SELFTEST: a->selftest = true; return true;
    default: return false;
    }
}

/* What goes with what, apart from OUTPUT. */
static bool settle_inputs(const struct arguments *a) {
    if (a->input_count == 0)
        return usage("no input is named");
    if ((a->build_index || a->index) && a->input_count > 1)
        return usage("%s: an index is of one input, not of %d", a->build_index ? a->build_index : a->index,
                     a->input_count);
    if (a->build_index && (a->output || a->index || a->info || a->job.lossless))
        return usage("--build-index does nothing else: %s does not go with it", a->output  ? "-o"
                                                                                : a->index ? "--index"
                                                                                : a->info  ? "--info"
                                                                                           : "--lossless");
    if (a->job.lossless && (a->subsampling_given || a->source.ignore_profile || a->source.assume != TILE_SPACE_UNSET))
        return usage("--lossless keeps what the file has and says: %s does not go with it",
                     a->subsampling_given       ? "--subsampling"
                     : a->source.ignore_profile ? "--ignore-profile"
                                                : "--assume");
    return true;
}

bool arguments_parse(struct arguments *a, int argc, char **argv, int *exit_status) {
    *a = (struct arguments){.source = TILE_OPTIONS(struct tile_source_options),
                            .encode = TILE_OPTIONS(struct tile_encode_options),
                            .grid = TILE_OPTIONS(struct tile_grid),
                            .job = TILE_OPTIONS(struct tile_job_options)};
    a->job.encode = &a->encode;
    a->job.grid = &a->grid;
    a->grid.pad_color[3] = 1;
    a->progress = isatty(STDERR_FILENO);
    a->regions = calloc((size_t)argc + 1, sizeof *a->regions);
    *exit_status = EXIT_USAGE;
    if (!a->regions)
        return usage("out of memory");
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":o:s:t:f:Q:j:qvh", options, NULL)) != -1;) {
        switch (option) {
        case 'h':
            *exit_status = EXIT_DONE;
            print_help();
            return false;
        case VERSION:
            *exit_status = EXIT_DONE;
            printf("tile-convert %s\n", tile_version());
            return false;
        case LIST_SPACES:
            *exit_status = EXIT_DONE;
            list_spaces();
            return false;
        case LIST_FORMATS:
            *exit_status = EXIT_DONE;
            list_formats();
            return false;
        case ':': return usage("%s wants a value", argv[optind - 1]);
        case '?': return unknown_option(argv[optind - 1]);
        default:
            if (!parse_option(a, option, optarg))
                return false;
        }
    }
    const char *cpu = getenv("TILE_CPU");
    if (cpu) {
        a->job.cpu = tile_cpu_from_name(cpu);
        if (!tile_cpu_name(a->job.cpu))
            return usage("TILE_CPU=%s: best, scalar, neon, ssse3, avx2 or avx512 is wanted", cpu);
        if (!tile_cpu_available(a->job.cpu))
            return usage("TILE_CPU=%s: not on this machine, which has %s", cpu, tile_cpu_name(tile_cpu_best()));
    }
    a->inputs = argv + optind;
    a->input_count = argc - optind;
    a->job.max_memory = a->source.max_memory;
    if (a->quiet)
        a->progress = false;
    if (a->job.flatten && !a->pad_given)
        memcpy(a->grid.pad_color, a->job.background, sizeof a->job.background);
    if (a->selftest)
        return a->input_count == 0 || usage("--selftest takes no input");
    if (!settle_inputs(a))
        return false;
    if (a->info)
        return true;
    if (a->build_index)
        return targets_check(a);
    if (!a->output)
        return usage("no output is named: -o FOLDER or -o IMAGE");
    if (a->region_count > 1 && a->tile_given)
        return usage("--tile with several regions: cut one --region into tiles at a time");
    return output_settle(a) && targets_check(a);
}

void arguments_free(struct arguments *a) {
    for (int i = 0; a->outputs && i < a->input_count; i++)
        free(a->outputs[i]);
    free(a->outputs);
    free(a->regions);
    free(a->profile);
}
