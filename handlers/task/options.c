/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 128, SHOWN_MOST = 120 };

/* What a member may be, and where it goes. */
struct option {
    const char *name;
    bool (*take)(void *place, const char *text, const struct option *option); /* NULL: see read_profile */
    size_t where;                                                             /* within struct task_options */
    const char *wanted;
    const char *choices; /* separated by spaces */
    uint32_t least, most;
    char separator; /* between the numbers of an array; NUL: it may be none */
};

/* ---- Values, as text ---- */

/* A decimal number at `*text` and the character after it, which may be NUL; goes on behind both. */
static bool take_number(const char **text, char end, uint64_t least, uint64_t most, uint64_t *out) {
    char *stop;
    errno = 0;
    unsigned long long value = strtoull(*text, &stop, 10);
    if (**text < '0' || **text > '9' || errno || *stop != end || value < least || value > most)
        return false;
    *out = value;
    *text = stop + 1;
    return true;
}

/* Enumerations and 32-bit numbers are stored alike. */
_Static_assert(sizeof(tile_space) == 4 && sizeof(tile_codec) == 4 && sizeof(int) == 4, "32-bit enumerations");

static bool put(void *place, uint32_t value) {
    memcpy(place, &value, sizeof value);
    return true;
}

static bool take_count(void *place, const char *text, const struct option *option) {
    uint64_t value;
    return take_number(&text, '\0', option->least, option->most, &value) && put(place, (uint32_t)value);
}

/* "64M" is 64 * 2^20. */
static bool take_bytes(void *place, const char *text, const struct option *option) {
    static const char units[] = "\0KMGT"; /* each 1024 times the one before */
    (void)option;
    for (int i = 0; i < 5; i++) {
        const char *rest = text;
        uint64_t value;
        if (take_number(&rest, units[i], 1, UINT64_MAX >> 10 * i, &value) && (i == 0 || *rest == '\0')) {
            value <<= 10 * i;
            memcpy(place, &value, sizeof value);
            return true;
        }
    }
    return false;
}

/* What is named without a value is wanted: "?lenient" in a URL. */
static bool take_flag(void *place, const char *text, const struct option *option) {
    (void)option;
    bool value = text[0] == '\0' || strcmp(text, "true") == 0;
    memcpy(place, &value, sizeof value);
    return value || strcmp(text, "false") == 0;
}

static bool take_choice(void *place, const char *text, const struct option *option) {
    size_t length = strlen(text);
    const char *name = option->choices;
    for (uint32_t i = 0; *name; i++) {
        size_t n = strcspn(name, " ");
        if (n == length && memcmp(name, text, n) == 0)
            return put(place, i);
        name += n + (name[n] == ' ');
    }
    return false;
}

static bool take_depth(void *place, const char *text, const struct option *option) {
    static const uint32_t samples[] = {TILE_U8, TILE_U16, TILE_F32};
    uint32_t i;
    return take_choice(&i, text, option) && put(place, samples[i]);
}

static bool take_predictor(void *place, const char *text, const struct option *option) {
    uint32_t i;
    return take_choice(&i, text, option) && put(place, TILE_PREDICTOR_NONE + i);
}

static bool take_tiff_tile(void *place, const char *text, const struct option *option) {
    uint32_t side;
    return take_count(&side, text, option) && side % 16 == 0 && put(place, side);
}

static bool take_space(void *place, const char *text, const struct option *option) {
    tile_space space = tile_space_from_name(text);
    (void)option;
    return space != TILE_SPACE_UNSET && put(place, space);
}

static bool take_codec(void *place, const char *text, const struct option *option) {
    tile_codec codec = tile_codec_from_suffix(text);
    (void)option;
    return tile_codec_can_write(codec) && put(place, codec);
}

static bool take_tile(void *place, const char *text, const struct option *option) {
    struct tile_grid *grid = place;
    const char *rest = text;
    uint64_t width, height;
    (void)option;
    if (take_number(&rest, '\0', 1, UINT32_MAX, &width))
        height = width;
    else if (!take_number(&text, 'x', 1, UINT32_MAX, &width) || !take_number(&text, '\0', 1, UINT32_MAX, &height))
        return false;
    grid->tile_width = (uint32_t)width;
    grid->tile_height = (uint32_t)height;
    return true;
}

static bool take_region(void *place, const char *text, const struct option *option) {
    struct task_options *out = place;
    uint64_t v[4];
    (void)option;
    for (int i = 0; i < 4; i++)
        if (!take_number(&text, i < 3 ? ',' : '\0', i < 2 ? 0 : 1, UINT32_MAX, &v[i]))
            return false;
    out->region = (struct tile_rect){(uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2], (uint32_t)v[3]};
    return out->has_region = true;
}

/* "clip", "pad", "replicate", "pad=#RRGGBB" or "pad=#RRGGBBAA". */
static bool take_edge(void *place, const char *text, const struct option *option) {
    struct task_options *out = place;
    if (take_choice(&out->grid.edge, text, option))
        return true;
    out->grid.edge = TILE_EDGE_PAD;
    out->pad_given = true;
    return strncmp(text, "pad=", 4) == 0 && tile_color_from_text(text + 4, out->grid.pad_color);
}

static bool take_background(void *place, const char *text, const struct option *option) {
    struct tile_job_options *job = place;
    float rgb[4];
    (void)option;
    if (!tile_color_from_text(text, rgb) || rgb[3] != 1)
        return false;
    memcpy(job->background, rgb, sizeof job->background);
    return job->flatten = true;
}

static bool take_overwrite(void *place, const char *text, const struct option *option) {
    struct task_options *out = place;
    if (!take_flag(&out->job.overwrite, text, option))
        return false;
    out->keep = !out->job.overwrite;
    return true;
}

#define IN(member)  offsetof(struct task_options, member)
#define FLAG(place) take_flag, IN(place), .wanted = "true or false"

static const struct option options[] = {
    {"tile", take_tile, IN(grid), .wanted = "N, [W,H] or \"WxH\"", .separator = 'x'},
    {"overlap", take_count, IN(grid.overlap), .wanted = "a number from 0 to 2147483647", .most = INT32_MAX},
    {"edge", take_edge, 0, .wanted = "clip, replicate, pad or pad=#RRGGBB", .choices = "clip pad replicate"},
    {"region", take_region, 0, .wanted = "[X,Y,W,H] or \"X,Y,W,H\"", .separator = ','},
    {"to", take_space, IN(job.to_space), .wanted = "a color space"},
    {"to-profile", NULL, 0, .wanted = "the URL of an ICC profile"},
    {"to-profile-etag", NULL, 0, .wanted = "the ETag of to-profile, which must be there"},
    {"depth", take_depth, IN(job.to_sample), .wanted = "u8, u16 or f32", .choices = "u8 u16 f32"},
    {"intent", take_choice, IN(job.intent), .wanted = "perceptual, relative, saturation or absolute",
     .choices = "perceptual relative saturation absolute"},
    {"black-point", FLAG(job.black_point_compensation)},
    {"assume", take_space, IN(source.assume), .wanted = "a color space"},
    {"ignore-profile", FLAG(source.ignore_profile)},
    {"drop-alpha", FLAG(job.drop_alpha)},
    {"background", take_background, IN(job), .wanted = "#RRGGBB"},
    {"no-profile", FLAG(encode.no_profile)},
    {"format", take_codec, IN(job.codec), .wanted = "a format"},
    {"quality", take_count, IN(encode.quality), .wanted = "a number from 1 to 100", .least = 1, .most = 100},
    {"subsampling", take_choice, IN(encode.subsampling), .wanted = "420, 422 or 444", .choices = "420 422 444"},
    {"compression", take_count, IN(encode.compression), .wanted = "a number from 1 to 9", .least = 1, .most = 9},
    {"predictor", take_predictor, IN(encode.predictor), .wanted = "none, horizontal or float",
     .choices = "none horizontal float"},
    {"tiff-tile", take_tiff_tile, IN(encode.tiff_tile), .wanted = "a multiple of 16 up to 4096", .least = 16,
     .most = 4096},
    {"optimize", FLAG(encode.optimize)},
    {"raw-channels", FLAG(encode.raw_channels)},
    {"lossless", FLAG(job.lossless)},
    {"ignore-orientation", FLAG(source.ignore_orientation)},
    {"lenient", FLAG(source.lenient)},
    {"strict", FLAG(source.strict)},
    {"max-pixels", take_bytes, IN(source.max_pixels), .wanted = "a number, such as 1000000 or \"512M\""},
    {"max-memory", take_bytes, IN(source.max_memory), .wanted = "a number of bytes, such as \"512M\""},
    {"max-side", take_bytes, IN(source.max_side), .wanted = "a number of pixels, such as 1000000"},
    {"max-metadata", take_bytes, IN(source.max_metadata), .wanted = "a number of bytes, such as \"16M\""},
    {"overwrite", take_overwrite, 0, .wanted = "true or false"},
};

#define COUNT (sizeof options / sizeof *options)

/* ---- Messages ---- */

struct shown {
    char text[SHOWN_MOST + 4];
    size_t size;
};

static int show_piece(const char *piece, size_t size, void *user) {
    struct shown *shown = user;
    size_t room = SHOWN_MOST - shown->size, taken = size < room ? size : room;
    memcpy(shown->text + shown->size, piece, taken);
    shown->size += taken;
    return taken == size ? 0 : -1;
}

/* The beginning of a value, as JSON in ASCII: it may be long, and cut anywhere. */
static const char *show(struct shown *shown, const json_t *value) {
    shown->size = 0;
    bool cut = json_dump_callback(value, show_piece, shown, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_COMPACT) != 0;
    memcpy(shown->text + shown->size, cut ? "..." : "", cut ? 4 : 1);
    return shown->text;
}

static bool refuse_value(const struct option *option, const json_t *value, struct failure *failure) {
    struct shown shown;
    char names[640] = "";
    size_t size = 0;
    for (tile_space space = 1; option->take == take_space && space < TILE_SPACE_COUNT && size < sizeof names; space++)
        size += (size_t)snprintf(names + size, sizeof names - size, "%s%s", size ? ", " : ": one of ",
                                 tile_space_name(space));
    if (option->take == take_codec)
        snprintf(names, sizeof names, ": %s", tile_codec_names((char[TILE_CODEC_NAMES]){0}, TILE_CODEC_NAMES));
    return failure_set(failure, FAILURE_BAD_REQUEST, "%s: %s is wanted, not %s%s", option->name, option->wanted,
                       show(&shown, value), names);
}

static bool refuse_member(const char *name, const char *const others[], struct failure *failure) {
    char known[640] = "";
    size_t size = 0;
    for (size_t i = 0; others[i] && size < sizeof known; i++)
        size += (size_t)snprintf(known + size, sizeof known - size, " %s", others[i]);
    for (size_t i = 0; i < COUNT && size < sizeof known; i++)
        size += (size_t)snprintf(known + size, sizeof known - size, " %s", options[i].name);
    struct shown shown;
    json_t *text = json_string(name);
    failure_set(failure, FAILURE_BAD_REQUEST, "%s: no such member; known are%s", show(&shown, text), known);
    json_decref(text);
    return false;
}

/* ---- Events ---- */

static const struct option *find(const char *name) {
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static bool is_among(const char *name, const char *const names[]) {
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* [1,2] -> "1x2"; NULL where it does not fit or holds anything else. */
static const char *text_of_array(const json_t *array, char separator, char buffer[TEXT_MOST]) {
    size_t size = 0;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *number = json_array_get(array, i);
        if (!json_is_integer(number) || size > TEXT_MOST - 24)
            return NULL;
        if (i)
            buffer[size++] = separator;
        size += (size_t)snprintf(buffer + size, TEXT_MOST - size, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
    }
    return size ? buffer : NULL;
}

/* The value as tile-convert's command line would have it; `buffer` may hold it. NULL where it has none. */
static const char *text_of(const json_t *value, char separator, char buffer[TEXT_MOST]) {
    switch (json_typeof(value)) {
    case JSON_STRING: {
        const char *text = json_string_value(value);
        return strlen(text) == json_string_length(value) ? text : NULL;
    }
    case JSON_INTEGER: snprintf(buffer, TEXT_MOST, "%" JSON_INTEGER_FORMAT, json_integer_value(value)); return buffer;
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_ARRAY: return separator ? text_of_array(value, separator, buffer) : NULL;
    default: return NULL;
    }
}

static bool read_profile(struct task_options *out, struct call *call, const json_t *event, struct failure *failure) {
    const json_t *value = json_object_get(event, "to-profile"), *etag = json_object_get(event, "to-profile-etag");
    const char *url = json_string_value(value);
    if (value && !(url && *url))
        return refuse_value(find("to-profile"), value, failure);
    if (etag && (!url || !json_is_string(etag)))
        return refuse_value(find("to-profile-etag"), etag, failure);
    if (!url)
        return true;
    if (!profile_read(&out->to_profile, call, url, failure))
        return false;
    if (etag && strcmp(json_string_value(etag), out->to_profile->etag) != 0)
        return failure_set(failure, FAILURE_SOURCE_CHANGED, "to-profile: %s: is not the one any more that was planned",
                           url);
    out->job.to_profile = out->to_profile->bytes.data;
    out->job.to_profile_size = out->to_profile->bytes.size;
    return true;
}

/* What a lossless tile cannot have, apart from what the library refuses. */
static bool check_lossless(const struct task_options *out, const json_t *event, struct failure *failure) {
    const char *other = json_object_get(event, "subsampling")    ? "subsampling"
                        : out->source.ignore_profile             ? "ignore-profile"
                        : out->source.assume != TILE_SPACE_UNSET ? "assume"
                                                                 : NULL;
    return !out->job.lossless || !other ||
           failure_set(failure, FAILURE_BAD_REQUEST,
                       "lossless: keeps what the file has and says: %s does not go with it", other);
}

static bool read_members(struct task_options *out, const json_t *event, const char *const others[],
                         struct failure *failure) {
    for (void *at = json_object_iter((json_t *)event); at; at = json_object_iter_next((json_t *)event, at)) {
        const char *name = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        const struct option *option = find(name);
        if (is_among(name, others))
            continue;
        if (!option)
            return refuse_member(name, others, failure);
        char buffer[TEXT_MOST];
        const char *text = text_of(value, option->separator, buffer);
        if (option->take && (!text || !option->take((char *)out + option->where, text, option)))
            return refuse_value(option, value, failure);
    }
    return true;
}

bool task_options_read(struct task_options *out, struct call *call, const json_t *event, const char *const others[],
                       struct failure *failure) {
    *out = (struct task_options){.source = TILE_OPTIONS(struct tile_source_options),
                                 .job = TILE_OPTIONS(struct tile_job_options),
                                 .grid = TILE_OPTIONS(struct tile_grid),
                                 .encode = TILE_OPTIONS(struct tile_encode_options)};
    out->job.encode = &out->encode;
    out->job.grid = &out->grid;
    out->grid.pad_color[3] = 1;
    bool done = json_is_object(event) || failure_set(failure, FAILURE_BAD_REQUEST, "options: a JSON object is wanted");
    done = done && read_members(out, event, others, failure) && check_lossless(out, event, failure) &&
           (is_among("to-profile", others) || read_profile(out, call, event, failure));
    out->job.max_memory = out->source.max_memory;
    if (out->job.flatten && !out->pad_given)
        memcpy(out->grid.pad_color, out->job.background, sizeof out->job.background);
    if (!done)
        task_options_free(out);
    return done;
}

static bool bound(const char *name, uint64_t *limit, const char *variable, uint64_t most, struct failure *failure) {
    const char *text = getenv(variable);
    if (text && *text && !take_bytes(&most, text, find(name)))
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: a number, such as 1000000 or \"512M\", is wanted",
                           variable);
    if (*limit > most)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: at most %" PRIu64 " is taken here (%s)", name, most,
                           variable);
    if (*limit == 0)
        *limit = most;
    return true;
}

bool task_options_bound(struct task_options *out, struct call *call, struct failure *failure) {
    struct tile_source_options *source = &out->source;
    bool done = bound("max-pixels", &source->max_pixels, "TILE_MAX_PIXELS", (uint64_t)1 << 28, failure) &&
                bound("max-memory", &source->max_memory, "TILE_MAX_MEMORY", call->memory, failure) &&
                bound("max-metadata", &source->max_metadata, "TILE_MAX_METADATA", (uint64_t)64 << 20, failure);
    out->job.max_memory = source->max_memory;
    return done;
}

void task_options_free(struct task_options *out) {
    profile_release(out->to_profile);
    out->to_profile = NULL;
}

json_t *task_options_json(const json_t *event) {
    json_t *found = json_object();
    for (size_t i = 0; found && i < COUNT; i++) {
        json_t *value = json_object_get(event, options[i].name);
        bool own = strcmp(options[i].name, "region") == 0 || strcmp(options[i].name, "tile") == 0;
        if (value && !own && json_object_set(found, options[i].name, value) != 0) {
            json_decref(found);
            return NULL;
        }
    }
    return found;
}
