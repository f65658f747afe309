/* SPDX-License-Identifier: MIT */
/*
 * What is encoded is read back the same by libpng and libtiff, whatever pixels, sizes, samples and levels the input
 * stands for; and the file is the same whether it is encoded at once or some rows a call, and by every instruction set.
 */
#include "contents.h"
#include "fuzz.h"

#include <png.h>
#if HAVE_TIFF
#include <tiffio.h>
#endif

enum { HEAD = 16, MOST_SIDE = 300 };

static struct tile_image image_of(struct tile_format format, uint32_t width, uint32_t height) {
    struct tile_image image;
    require(tile_image_alloc(&image, format, width, height, NULL, NULL) == TILE_OK);
    return image;
}

/* The input's bytes, over and over, are a picture; or they are laid over one that is made by arithmetic. */
static void fill(const struct tile_image *image, const uint8_t *data, size_t size, unsigned content, uint64_t seed) {
    size_t row_size = image->width * tile_format_step(image->format), at = 0;
    if (content < CONTENT_COUNT)
        content_fill(image, (enum content)content, seed);
    size_t left = content < CONTENT_COUNT ? size : row_size * image->height;
    for (uint32_t y = 0; y < image->height && size > 0; y++) {
        uint8_t *row = (uint8_t *)image->plane[0] + (ptrdiff_t)y * image->stride;
        for (size_t i = 0; i < row_size && left > 0; i++, left--)
            row[i] = data[at++ % size];
    }
    /* Not what a picture holds: a float that is no number would not be equal to itself. */
    for (uint32_t y = 0; y < image->height && image->format.sample == TILE_F32; y++) {
        float *row = (float *)(void *)((char *)image->plane[0] + (ptrdiff_t)y * image->stride);
        for (size_t i = 0; i < row_size / 4; i++)
            row[i] = row[i] >= 0 && row[i] <= 1 ? row[i] : 0.5F;
    }
}

/* ---- Readers ---- */

struct input {
    const struct tile_buffer *file;
    size_t position;
};

static void complain(png_structp png, png_const_charp text) {
    (void)png;
    fprintf(stderr, "libpng: %s\n", text);
    abort();
}

static void read_png(png_structp png, png_bytep to, size_t size) {
    struct input *input = png_get_io_ptr(png);
    require(size <= input->file->size - input->position);
    memcpy(to, input->file->data + input->position, size);
    input->position += size;
}

static void check_png(const struct tile_buffer *file, const struct tile_image *image) {
    struct input input = {file, 0};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, complain, complain);
    png_infop info = png_create_info_struct(png);
    png_set_read_fn(png, &input, read_png);
    png_read_png(png, info, PNG_TRANSFORM_SWAP_ENDIAN, NULL);
    size_t row_size = image->width * tile_format_step(image->format);
    require(png_get_image_width(png, info) == image->width && png_get_image_height(png, info) == image->height &&
            png_get_rowbytes(png, info) == row_size && input.position == file->size);
    png_bytepp rows = png_get_rows(png, info);
    for (uint32_t y = 0; y < image->height; y++)
        require(memcmp(rows[y], (char *)image->plane[0] + (ptrdiff_t)y * image->stride, row_size) == 0);
    png_destroy_read_struct(&png, &info, NULL);
}

#if HAVE_TIFF
static tmsize_t read_tiff(thandle_t handle, void *to, tmsize_t size) {
    struct input *input = (struct input *)handle;
    size_t left = input->position < input->file->size ? input->file->size - input->position : 0;
    size_t count = (size_t)size < left ? (size_t)size : left;
    memcpy(to, input->file->data + input->position, count);
    input->position += count;
    return (tmsize_t)count;
}

static tmsize_t write_nothing(thandle_t handle, void *data, tmsize_t size) {
    (void)handle;
    (void)data;
    (void)size;
    return -1;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    struct input *input = (struct input *)handle;
    input->position = offset + (whence == SEEK_CUR ? input->position : whence == SEEK_END ? input->file->size : 0);
    return input->position;
}

static int close_nothing(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle) {
    return ((struct input *)handle)->file->size;
}

static void complain_of_tiff(const char *module, const char *format, va_list arguments) {
    fprintf(stderr, "libtiff: %s: ", module);
    vfprintf(stderr, format, arguments);
    abort();
}

/* Of each tile what is within the image. */
static void check_tiles(TIFF *tiff, const struct tile_image *image) {
    uint32_t width = 0, height = 0;
    require(TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width) && TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height));
    size_t step = tile_format_step(image->format), tile_row = width * step;
    require((size_t)TIFFTileSize(tiff) == tile_row * height);
    uint8_t *tile = malloc(tile_row * height);
    require(tile);
    for (uint32_t y = 0; y < image->height; y++)
        for (uint32_t x = 0; x < image->width; x += width) {
            if (y % height == 0 || image->width > width)
                require(TIFFReadTile(tiff, tile, x, y, 0, 0) > 0);
            size_t count = image->width - x < width ? image->width - x : width;
            require(memcmp(tile + y % height * tile_row,
                           (char *)image->plane[0] + (ptrdiff_t)y * image->stride + x * step, count * step) == 0);
        }
    free(tile);
}

static void check_tiff(const struct tile_buffer *file, const struct tile_image *image) {
    struct input input = {file, 0};
    TIFFSetErrorHandler(complain_of_tiff);
    TIFFSetWarningHandler(complain_of_tiff);
    TIFF *tiff = TIFFClientOpen("", "rm", &input, read_tiff, write_nothing, seek, close_nothing, size_of, NULL, NULL);
    require(tiff);
    size_t row_size = image->width * tile_format_step(image->format);
    require(TIFFScanlineSize64(tiff) == row_size);
    uint8_t *row = malloc(row_size);
    require(row);
    for (uint32_t y = 0; y < image->height && !TIFFIsTiled(tiff); y++) {
        require(TIFFReadScanline(tiff, row, y, 0) == 1);
        require(memcmp(row, (char *)image->plane[0] + (ptrdiff_t)y * image->stride, row_size) == 0);
    }
    free(row);
    if (TIFFIsTiled(tiff))
        check_tiles(tiff, image);
    TIFFClose(tiff);
}
#endif

/* ---- Encoding ---- */

/* `rows` a call, and one fewer each time; 0: all at once. */
static struct tile_buffer encode(const struct tile_image *image, tile_codec codec,
                                 const struct tile_encode_options *options, uint32_t rows) {
    struct tile_buffer file = {0};
    struct tile_writer writer = tile_buffer_writer(&file);
    struct tile_error error = {0};
    if (rows == 0) {
        require(tile_encode(image, codec, options, &writer, &error) == TILE_OK);
        return file;
    }
    tile_encoder *encoder;
    require(tile_encoder_new(&encoder, codec, image->format, image->width, image->height, options, &writer, &error) ==
            TILE_OK);
    for (uint32_t y = 0, count; y < image->height; y += count) {
        count = rows < image->height - y ? rows : image->height - y;
        struct tile_image some = tile_image_view(image, (struct tile_rect){0, y, image->width, count});
        require(tile_encoder_write(encoder, &some, &error) == TILE_OK);
        rows -= rows > 1;
    }
    require(tile_encoder_finish(encoder, &error) == TILE_OK);
    tile_encoder_free(encoder);
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const tile_space spaces[] = {TILE_GRAY, TILE_SRGB, TILE_CMYK};
    static const tile_sample samples[] = {TILE_U8, TILE_U16, TILE_F32};
    if (size < HEAD)
        return 0;
    bool tiff = HAVE_TIFF && data[0] % 4 == 3;
    struct tile_format format = {.space = spaces[data[1] % (tiff ? 3 : 2)],
                                 .sample = samples[data[2] % (tiff ? 3 : 2)],
                                 .alpha = data[3] & 1 ? TILE_ALPHA_STRAIGHT : TILE_ALPHA_NONE};
    if (!tile_space_has_sample(format.space, format.sample))
        format.sample = TILE_U8;
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    options.compression = data[4] % 16 < 10 ? data[4] % 16 : 1;
    if (tiff) {
        options.predictor = data[12] % 3 == 0 ? TILE_PREDICTOR_NONE : TILE_PREDICTOR_UNSET;
        options.tiff_tile = data[13] % 2 ? 16 * (data[13] % 10) : 0;
    }
    uint32_t width = 1 + (data[5] + 256U * data[6]) % MOST_SIDE, height = 1 + (data[7] + 256U * data[8]) % MOST_SIDE;
    struct tile_image image = image_of(format, width, height);
    fill(&image, data + HEAD, size - HEAD, data[9] % (2 * CONTENT_COUNT), data[10]);

    tile_codec codec = tiff ? TILE_TIFF : TILE_PNG;
    struct tile_buffer file = encode(&image, codec, &options, 0);
    if (!tiff)
        check_png(&file, &image);
#if HAVE_TIFF
    else
        check_tiff(&file, &image);
#endif
    for (int cpu = TILE_CPU_BEST; cpu < TILE_CPU_COUNT; cpu++) {
        if (!tile_cpu_available((tile_cpu)cpu))
            continue;
        options.cpu = (tile_cpu)cpu;
        struct tile_buffer other = encode(&image, codec, &options, cpu == TILE_CPU_BEST ? 1 + data[11] : 0);
        require(other.size == file.size && memcmp(other.data, file.data, file.size) == 0);
        tile_buffer_free(&other);
    }
    tile_buffer_free(&file);
    tile_image_free(&image, NULL);
    return 0;
}
