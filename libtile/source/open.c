/* SPDX-License-Identifier: MIT */
/* Opening a source: whose bytes, which format, what its header says, what the options make of that. */
#include "source.h"

#include "../base/error.h"
#include "../base/format.h"
#include "../base/input.h"
#include "../base/memory.h"
#include "../base/pixels.h"

#include <stdio.h>
#include <string.h>

/*
 * A name as messages begin with it: on one line, and short enough to leave room for the reason. Of a long path the end
 * tells more.
 */
static void set_name(char out[256], const char *name) {
    size_t length = strlen(name), most = 255 - strlen("...");
    const char *dots = "";
    if (length > most) {
        dots = "...";
        name += length - most;
        while (((unsigned char)*name & 0xC0) == 0x80) /* not into the middle of a UTF-8 character */
            name++;
    }
    snprintf(out, 256, "%s%s", dots, name);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            *c = '?';
}

/* Each is defined in a file of its own. */
extern const struct tile_decoder tile_jpeg_decoder, tile_png_decoder;

static const struct tile_decoder *const decoders[] = {&tile_jpeg_decoder, &tile_png_decoder};

#define DECODERS (sizeof decoders / sizeof *decoders)

static const struct tile_decoder *find_decoder(tile_codec codec) {
    for (size_t i = 0; i < DECODERS; i++)
        if (decoders[i]->codec == codec)
            return decoders[i];
    return NULL;
}

bool tile_codec_can_read(tile_codec codec) {
    return find_decoder(codec) != NULL;
}

/* "is neither a JPEG nor a PNG file but GIF", where it is known what it is. */
static tile_status refuse_format(const char *title, struct tile_error *error) {
    const char *names[DECODERS];
    char text[16 * DECODERS];
    for (size_t i = 0; i < DECODERS; i++)
        names[i] = tile_codec_title(decoders[i]->codec);
    return tile_error_set(error, title ? TILE_UNSUPPORTED : TILE_BAD_DATA, "is neither a %s file%s%s",
                          tile_names_join(text, sizeof text, names, DECODERS, ", a ", " nor a "), title ? " but " : "",
                          title ? title : "");
}

static tile_status choose_decoder(tile_source *source, struct tile_error *error) {
    unsigned char first[TILE_FIRST_BYTES] = {0};
    struct tile_reader *reader = &source->input.reader;
    size_t size = reader->size < sizeof first ? (size_t)reader->size : sizeof first;
    if (size == 0)
        return tile_error_set(error, TILE_BAD_DATA, "is empty");
    tile_status status = reader->read_at(reader->user, 0, first, size, error);
    if (status != TILE_OK)
        return status;
    struct tile_file_kind kind = tile_file_kind_of(first);
    source->decoder = find_decoder(kind.codec);
    source->info.codec = kind.codec;
    return source->decoder ? TILE_OK : refuse_format(kind.title, error);
}

static tile_status assume_space(tile_source *source, struct tile_error *error) {
    tile_space assume = source->options.assume;
    struct tile_format *format = &source->info.format;
    if (assume == TILE_SPACE_UNSET || source->info.tagged)
        return TILE_OK;
    const char *name = tile_space_name(assume);
    if (!name)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the space to assume is out of range");
    if (tile_space_channels(assume) != tile_space_channels(format->space))
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "%s cannot be assumed: it has %d channels, the %s samples of the file have %d", name,
                              tile_space_channels(assume), tile_space_name(format->space),
                              tile_space_channels(format->space));
    if (!tile_space_has_sample(assume, format->sample))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s cannot be assumed: it has no %s samples", name,
                              tile_sample_name(format->sample));
    format->space = assume;
    return TILE_OK;
}

static tile_status open_source(tile_source *source, struct tile_error *error) {
    struct tile_watch watch = tile_source_watch(source);
    tile_status status = choose_decoder(source, error);
    source->watch = &watch;
    if (status == TILE_OK)
        status = source->decoder->open(source, error);
    source->watch = NULL;
    if (status != TILE_OK)
        return status;
    struct tile_info *info = &source->info;
    uint64_t pixels = (uint64_t)info->width * info->height;
    if (pixels > source->limits.pixels)
        return tile_error_advise(error, TILE_REMEDY_PIXELS, TILE_LIMIT_EXCEEDED,
                                 "%u x %u is %ju pixels, the limit is %ju", info->width, info->height,
                                 (uintmax_t)pixels, (uintmax_t)source->limits.pixels);
    if (info->width > source->limits.side || info->height > source->limits.side)
        return tile_error_advise(error, TILE_REMEDY_SIDE, TILE_LIMIT_EXCEEDED,
                                 "%u x %u pixels have a side of more than %ju, which is the limit", info->width,
                                 info->height, (uintmax_t)source->limits.side);
    source->width = info->width;
    source->height = info->height;
    info->coding = source->coding;
    info->name = source->name;
    info->lenient = source->options.lenient;
    info->bytes = source->input.reader.size;
    info->pages = info->levels = 1;
    source->part_width = info->part_width;
    source->part_height = info->part_height;
    if (source->manner.orientation)
        info->orientation = source->manner.orientation;
    if (tile_orientation_swaps(info->orientation)) {
        info->width = source->height;
        info->height = source->width;
    }
    status = assume_space(source, error);
    return status == TILE_OK && !source->manner.piece ? tile_access_open_native(source, error) : status;
}

static const struct tile_manner usual_manner = {0};

/* Takes the reader, also when it fails. `name` is shown if the options have none. */
static tile_status open_reader(tile_source **out, struct tile_reader reader, const struct tile_source_options *options,
                               const struct tile_manner *manner, const char *name, struct tile_error *error) {
    struct tile_error why = {0};
    tile_source *source = tile_alloc_zero(options->allocator, sizeof *source);
    if (!source) {
        tile_reader_close(&reader);
        return tile_error_name(error, name, tile_no_memory(&why, sizeof *source), &why);
    }
    source->options = *options;
    source->manner = *manner;
    if (options->ignore_orientation)
        source->manner.orientation = 1;
    source->allocator = options->allocator;
    source->limits = tile_limits_of(options);
    source->input.reader = reader;
    pthread_mutex_init(&source->reading, NULL);
    snprintf(source->name, sizeof source->name, "%s", name);
    tile_status status = open_source(source, &why);
    if (status != TILE_OK) {
        tile_error_name(error, name, status, &why);
        tile_source_close(source);
        return status;
    }
    *out = source;
    return TILE_OK;
}

/* Copies the options and settles the name; fails with the message whole. */
static tile_status prepare(tile_source **out, struct tile_source_options *copy, char name[256],
                           const struct tile_source_options *options, const char *usual, struct tile_error *error) {
    *out = NULL;
    set_name(name, usual);
    struct tile_error why = {0};
    tile_status status = tile_options_copy(copy, sizeof *copy, options, &why);
    if (status != TILE_OK)
        return tile_error_name(error, name, status, &why);
    if (copy->name)
        set_name(name, copy->name);
    return TILE_OK;
}

tile_status tile_source_open_file(tile_source **out, const char *path, const struct tile_source_options *options,
                                  struct tile_error *error) {
    struct tile_source_options copy;
    struct tile_reader reader;
    struct tile_error why = {0};
    char name[256];
    tile_status status = prepare(out, &copy, name, options, path ? path : "(no path)", error);
    if (status != TILE_OK)
        return status;
    if (!path)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s: the path is NULL", name);
    status = tile_reader_open_file(&reader, path, copy.allocator, &why);
    if (status != TILE_OK)
        return tile_error_name(error, name, status, &why);
    return open_reader(out, reader, &copy, &usual_manner, name, error);
}

tile_status tile_source_open_piece(tile_source **out, const void *data, size_t size,
                                   const struct tile_source_options *options, const struct tile_manner *manner,
                                   struct tile_error *error) {
    struct tile_source_options copy;
    struct tile_reader reader;
    struct tile_error why = {0};
    char name[256];
    tile_status status = prepare(out, &copy, name, options, "(memory)", error);
    if (status != TILE_OK)
        return status;
    if (!data && size != 0)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s: the data is NULL", name);
    status = tile_reader_open_memory(&reader, data, size, copy.allocator, &why);
    if (status != TILE_OK)
        return tile_error_name(error, name, status, &why);
    return open_reader(out, reader, &copy, manner, name, error);
}

tile_status tile_source_open_memory(tile_source **out, const void *data, size_t size,
                                    const struct tile_source_options *options, struct tile_error *error) {
    return tile_source_open_piece(out, data, size, options, &usual_manner, error);
}

tile_status tile_source_open_reader(tile_source **out, const struct tile_reader *reader,
                                    const struct tile_source_options *options, struct tile_error *error) {
    struct tile_source_options copy;
    struct tile_reader own;
    struct tile_error why = {0};
    char name[256];
    tile_status status = prepare(out, &copy, name, options, "(reader)", error);
    tile_status copied = tile_reader_copy(&own, reader, "the reader", &why);
    if (status == TILE_OK && copied != TILE_OK)
        status = tile_error_name(error, name, copied, &why);
    if (status == TILE_OK)
        return open_reader(out, own, &copy, &usual_manner, name, error);
    tile_reader_close(&own);
    return status;
}

void tile_source_close(tile_source *source) {
    if (!source)
        return;
    tile_access_close(source);
    if (source->decoder)
        source->decoder->close(source);
    tile_reader_close(&source->input.reader);
    pthread_mutex_destroy(&source->reading);
    tile_free(source->allocator, source->rows.memory);
    tile_free(source->allocator, source->profile);
    tile_free(source->allocator, source);
}
