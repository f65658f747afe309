/* SPDX-License-Identifier: MIT */
/* Opening a source: whose bytes, which format, what its header says, what the options make of that. */
#include "source.h"

#include "../base/error.h"
#include "../base/input.h"
#include "../base/memory.h"
#include "../base/pixels.h"

#include <stdarg.h>
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

tile_status tile_input_fill(struct tile_input *input, size_t *size, struct tile_error *error) {
    uint64_t left = input->reader.size - input->offset;
    *size = left < sizeof input->buffer ? (size_t)left : sizeof input->buffer;
    if (*size == 0)
        return TILE_OK;
    tile_status status = input->reader.read_at(input->reader.user, input->offset, input->buffer, *size, error);
    input->offset += *size;
    return status;
}

tile_status tile_source_damaged(tile_source *source, const char *remedy, struct tile_error *error, const char *format,
                                ...) {
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!source->options.lenient)
        return tile_error_advise(error, TILE_REMEDY_LENIENT, TILE_BAD_DATA, "%s", text);
    if (!source->damage[0]) /* what follows is most often of the same cause */
        snprintf(source->damage, sizeof source->damage, "%s%s", text, remedy);
    return TILE_OK;
}

tile_status tile_source_notice(tile_source *source, unsigned remedies, struct tile_error *error, const char *format,
                               ...) {
    char text[sizeof source->notes[0]];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (source->options.strict)
        return tile_error_advise(error, remedies | TILE_REMEDY_NOT_STRICT, TILE_BAD_DATA, "%s", text);
    for (int i = 0; i < source->note_count; i++) /* going back reads the file again */
        if (strcmp(source->notes[i], text) == 0)
            return TILE_OK;
    if (source->note_count < TILE_SOURCE_NOTES)
        snprintf(source->notes[source->note_count++], sizeof text, "%s", text);
    return TILE_OK;
}

/* What a file is that is no JPEG or PNG, where its first bytes tell. `first` has 16 bytes. */
static const char *other_format(const unsigned char *first) {
    static const struct {
        size_t at;
        const char *magic;
        size_t size;
        const char *name;
    } known[] = {
        {0, "GIF8", 4, "GIF"},
        {8, "WEBP", 4, "WebP"},
        {0, "II*\0", 4, "TIFF"},
        {0, "MM\0*", 4, "TIFF"},
        {0, "II+\0", 4, "BigTIFF"},
        {0, "MM\0+", 4, "BigTIFF"},
        {4, "ftypavi", 7, "AVIF"},
        {4, "ftyphe", 6, "HEIF"},
        {4, "ftypmif1", 8, "HEIF"},
        {4, "JXL \r\n\x87\n", 8, "JPEG XL"},
        {0, "\xFF\x0A", 2, "JPEG XL"},
        {4, "jP  \r\n\x87\n", 8, "JPEG 2000"},
        {0, "\xFF\x4F\xFF\x51", 4, "JPEG 2000"},
        {0, "BM", 2, "BMP"},
        {0, "%PDF-", 5, "PDF"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (memcmp(first + known[i].at, known[i].magic, known[i].size) == 0)
            return known[i].name;
    return NULL;
}

static tile_status choose_decoder(tile_source *source, struct tile_error *error) {
    static const struct tile_decoder *const decoders[] = {&tile_jpeg_decoder, &tile_png_decoder};
    unsigned char first[16] = {0};
    struct tile_reader *reader = &source->input.reader;
    size_t size = reader->size < sizeof first ? (size_t)reader->size : sizeof first;
    if (size == 0)
        return tile_error_set(error, TILE_BAD_DATA, "is empty");
    tile_status status = reader->read_at(reader->user, 0, first, size, error);
    if (status != TILE_OK)
        return status;
    for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++)
        if (decoders[i]->detect(first, size)) {
            source->decoder = decoders[i];
            return TILE_OK;
        }
    const char *other = other_format(first);
    if (other)
        return tile_error_set(error, TILE_UNSUPPORTED, "is neither a JPEG nor a PNG file but %s", other);
    return tile_error_set(error, TILE_BAD_DATA, "is neither a JPEG nor a PNG file");
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
    if (source->options.ignore_orientation)
        info->orientation = 1;
    if (tile_orientation_swaps(info->orientation)) {
        info->width = source->height;
        info->height = source->width;
    }
    return assume_space(source, error);
}

/* Takes the reader, also when it fails. `name` is shown if the options have none. */
static tile_status open_reader(tile_source **out, struct tile_reader reader, const struct tile_source_options *options,
                               const char *name, struct tile_error *error) {
    struct tile_error why = {0};
    tile_source *source = tile_alloc_zero(options->allocator, sizeof *source);
    if (!source) {
        if (reader.close)
            reader.close(reader.user);
        return tile_error_name(error, name, tile_no_memory(&why, sizeof *source), &why);
    }
    source->options = *options;
    source->allocator = options->allocator;
    source->limits = tile_limits_or_default(&options->limits);
    source->input.reader = reader;
    source->mcu_width = source->mcu_height = 1;
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
    return open_reader(out, reader, &copy, name, error);
}

tile_status tile_source_open_memory(tile_source **out, const void *data, size_t size,
                                    const struct tile_source_options *options, struct tile_error *error) {
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
    return open_reader(out, reader, &copy, name, error);
}

tile_status tile_source_open_reader(tile_source **out, const struct tile_reader *reader,
                                    const struct tile_source_options *options, struct tile_error *error) {
    struct tile_source_options copy;
    char name[256];
    tile_status status = prepare(out, &copy, name, options, "(reader)", error);
    if (status == TILE_OK && (!reader || !reader->read_at))
        status = tile_error_set(error, TILE_INVALID_ARGUMENT, "%s: the reader has no read_at", name);
    if (status != TILE_OK) {
        if (reader && reader->close)
            reader->close(reader->user);
        return status;
    }
    return open_reader(out, *reader, &copy, name, error);
}

void tile_source_close(tile_source *source) {
    if (!source)
        return;
    tile_random_close(source);
    if (source->decoder)
        source->decoder->close(source);
    if (source->input.reader.close)
        source->input.reader.close(source->input.reader.user);
    pthread_mutex_destroy(&source->reading);
    tile_free(source->allocator, source->rows.memory);
    tile_free(source->allocator, source->profile);
    tile_free(source->allocator, source);
}

bool tile_source_is_file(const tile_source *source, const struct stat *file) {
    struct stat own;
    int descriptor = tile_reader_descriptor(&source->input.reader);
    return descriptor >= 0 && fstat(descriptor, &own) == 0 && own.st_dev == file->st_dev && own.st_ino == file->st_ino;
}

const struct tile_info *tile_source_info(const tile_source *source) {
    return &source->info;
}

const char *tile_source_note(const tile_source *source, size_t index) {
    return index < (size_t)source->note_count ? source->notes[index] : NULL;
}

const char *tile_source_damage(const tile_source *source) {
    return source->damage[0] ? source->damage : NULL;
}

struct tile_format tile_source_format_for(const tile_source *source, tile_space wanted) {
    struct tile_format format = source->info.format;
    if (source->jfif_ycbcr && format.space == TILE_SRGB && (!source->info.profile || source->profile_is_plain) &&
        (wanted == TILE_YCBCR || wanted == TILE_GRAY))
        format.space = wanted;
    return format;
}

/* `*from`, `*length` of `size`, counted from the other end. */
static void mirror(uint32_t *from, uint32_t length, uint32_t size) {
    *from = size - *from - length;
}

struct tile_rect tile_source_stored_rect(const tile_source *source, struct tile_rect rect) {
    int orientation = source->info.orientation;
    if (tile_orientation_swaps(orientation))
        rect = (struct tile_rect){rect.y, rect.x, rect.height, rect.width};
    if (tile_orientation_flips_x(orientation))
        mirror(&rect.x, rect.width, source->width);
    if (tile_orientation_flips_y(orientation))
        mirror(&rect.y, rect.height, source->height);
    return rect;
}

tile_status tile_source_check_rect(const tile_source *source, struct tile_rect rect, struct tile_error *error) {
    const struct tile_info *info = &source->info;
    if (tile_rect_within(rect, info->width, info->height))
        return TILE_OK;
    return tile_error_set(error, TILE_INVALID_ARGUMENT,
                          "the rectangle %u,%u %u x %u is empty or not within the image's %u x %u", rect.x, rect.y,
                          rect.width, rect.height, info->width, info->height);
}

static tile_status read_checked(tile_source *source, struct tile_rect rect, const struct tile_image *image,
                                struct tile_watch *watch, struct tile_error *error) {
    const struct tile_info *info = &source->info;
    tile_status status = tile_source_check_rect(source, rect, error);
    if (status == TILE_OK)
        status = tile_image_check(image, "the image to read to", error);
    if (status != TILE_OK)
        return status;
    if (image->width != rect.width || image->height != rect.height)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the image to read to is %u x %u, the rectangle %u x %u",
                              image->width, image->height, rect.width, rect.height);
    if (!tile_format_equal(image->format, info->format) &&
        !tile_format_equal(image->format, tile_source_format_for(source, image->format.space)))
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "the image to read to is of another format: tile_source_format_for tells the one");
    struct tile_rect stored = tile_source_stored_rect(source, rect);
    status = tile_watch_ask(watch, error);
    if (status != TILE_OK)
        return status;
    if (info->indexed)
        return tile_random_read(source, stored, image, watch, error);
    source->watch = watch;
    status = tile_rows_read(source, stored, image, error);
    source->watch = NULL;
    return status;
}

tile_status tile_source_read_watched(tile_source *source, struct tile_rect rect, struct tile_image *image,
                                     struct tile_watch *watch, struct tile_error *error) {
    struct tile_error why = {0};
    tile_status status = read_checked(source, rect, image, watch, &why);
    return status == TILE_OK ? TILE_OK : tile_error_name(error, source->name, status, &why);
}

tile_status tile_source_read(tile_source *source, struct tile_rect rect, struct tile_image *image,
                             struct tile_error *error) {
    struct tile_watch watch = tile_source_watch(source);
    return tile_source_read_watched(source, rect, image, &watch, error);
}

static tile_status check_hash(const tile_source *source, struct tile_watch *watch, struct tile_error *error) {
    struct tile_hash now, before = source->info.indexed ? source->access.index->header.source_hash : source->hash;
    bool known = source->info.indexed || source->hashed;
    tile_status status = known ? tile_source_read_hash(source, &now, watch, error) : TILE_OK;
    if (status == TILE_OK && (!known || memcmp(now.bytes, before.bytes, sizeof now.bytes) != 0))
        status = tile_error_set(error, TILE_SOURCE_CHANGED, "changed while it was read: its times are others");
    return status;
}

tile_status tile_source_unchanged(const tile_source *source, struct tile_watch *watch, struct tile_error *error) {
    struct tile_error why = {0};
    bool touched;
    tile_status status = tile_reader_unchanged(&source->input.reader, &touched, &why);
    if (status == TILE_OK && touched)
        status = check_hash(source, watch, &why);
    return status == TILE_OK ? TILE_OK : tile_error_name(error, source->name, status, &why);
}
