/* SPDX-License-Identifier: MIT */
/* TIFF, read back by libtiff: tags and samples by TIFF 6.0; and tiffinfo, where it is installed. */
#include "common.h"
#include "contents.h"

#include "base/profile.h"

#include <math.h>
#include <tiffio.h>

struct input {
    const struct tile_buffer *buffer;
    uint64_t position;
};

static tmsize_t read_data(thandle_t handle, void *to, tmsize_t size) {
    struct input *input = handle;
    uint64_t left = input->position < input->buffer->size ? input->buffer->size - input->position : 0;
    size_t count = (uint64_t)size < left ? (size_t)size : (size_t)left;
    memcpy(to, input->buffer->data + input->position, count);
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
    struct input *input = handle;
    input->position = offset + (whence == SEEK_CUR ? input->position : whence == SEEK_END ? input->buffer->size : 0);
    return input->position;
}

static int close_input(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size_of_input(thandle_t handle) {
    return ((struct input *)handle)->buffer->size;
}

static void complain(const char *module, const char *format, va_list arguments) {
    char text[300];
    vsnprintf(text, sizeof text, format, arguments);
    fail_msg("libtiff: %s: %s", module, text);
}

static TIFF *open_buffer(struct input *input, const struct tile_buffer *buffer) {
    *input = (struct input){buffer, 0};
    TIFFSetErrorHandler(complain);
    TIFFSetWarningHandler(complain);
    TIFF *tiff =
        TIFFClientOpen("test", "rm", input, read_data, write_nothing, seek, close_input, size_of_input, NULL, NULL);
    assert_non_null(tiff);
    return tiff;
}

static unsigned get16(TIFF *tiff, uint32_t tag) {
    uint16_t value = 0xFFFF;
    TIFFGetFieldDefaulted(tiff, tag, &value);
    return value;
}

/* With alpha, libtiff cannot have YCbCr. */
static unsigned photometric_of(struct tile_format format) {
    switch (format.space) {
    case TILE_SRGB:
    case TILE_SRGB_LINEAR:
    case TILE_DISPLAY_P3:
    case TILE_A98_RGB:
    case TILE_PROPHOTO_RGB:
    case TILE_REC2020:
    case TILE_REC2100_PQ:
    case TILE_REC2100_HLG: return 2;
    case TILE_CMYK: return 5;
    case TILE_YCBCR:
    case TILE_YCBCR601:
    case TILE_YCBCR709:
    case TILE_YCBCR709_FULL:
    case TILE_YCBCR2020:
    case TILE_YCBCR2020_FULL: return format.alpha == TILE_ALPHA_NONE ? 6 : 1;
    case TILE_LAB:
    case TILE_LAB_D65: return 8;
    default: return 1;
    }
}

static void check_tags(TIFF *tiff, struct tile_format format) {
    unsigned photometric = photometric_of(format);
    int colors = tile_space_channels(format.space);
    assert_int_equal(get16(tiff, TIFFTAG_PHOTOMETRIC), photometric);
    assert_int_equal(get16(tiff, TIFFTAG_BITSPERSAMPLE), 8 * (int)format.sample);
    assert_int_equal(get16(tiff, TIFFTAG_SAMPLESPERPIXEL), tile_format_channels(format));
    assert_int_equal(get16(tiff, TIFFTAG_SAMPLEFORMAT),
                     format.sample == TILE_F32 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    assert_int_equal(get16(tiff, TIFFTAG_COMPRESSION), 8); /* Adobe's deflate */

    uint16_t count = 0, *extra = NULL;
    int expected = (photometric == 1 ? colors - 1 : 0) + (format.alpha != TILE_ALPHA_NONE);
    TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &extra);
    assert_int_equal(count, expected);
    for (int i = 0; i < count; i++)
        assert_int_equal(extra[i], i < count - 1 || format.alpha == TILE_ALPHA_NONE ? 0
                                   : format.alpha == TILE_ALPHA_PREMULTIPLIED       ? 1
                                                                                    : 2);
    struct tile_buffer profile = {0};
    if (has_profile(TILE_TIFF, format))
        assert_ok(tile_profile_of_space(&profile, format.space, &error));
    uint32_t size = 0;
    const void *data = NULL;
    TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &size, &data);
    assert_int_equal(size, profile.size);
    if (size)
        assert_memory_equal(data, profile.data, size);
    tile_buffer_free(&profile);

    /* What no tag says, the description does. */
    const char *text = NULL;
    char described[100];
    snprintf(described, sizeof described, "{\"libtile\":{\"space\":\"%s\",\"sample\":\"%s\"}}",
             tile_space_name(format.space),
             format.sample == TILE_U8    ? "u8"
             : format.sample == TILE_U16 ? "u16"
                                         : "f32");
    TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text);
    bool evident = format.space <= TILE_REC2020 || photometric == 5 || format.space == TILE_GRAY ||
                   format.space == TILE_LUMINANCE || format.space == TILE_LAB;
    assert_int_equal(text == NULL, evident);
    if (text)
        assert_string_equal(text, described);
}

/* Our code as TIFF 6.0, section 23, has it: a* and b* signed, in 16 bits of 1/256. */
static uint16_t signed_code(uint16_t code, tile_sample sample) {
    if (sample == TILE_U8)
        return (uint16_t)((code - 128) & 0xFF);
    double value = code / 257.0 - 128;
    return (uint16_t)(int)floor(value * 256 + .5);
}

/* `count` pixels as libtiff gives them. */
static void check_row(const struct tile_image *image, const void *got, const void *expected, uint32_t count) {
    bool lab = photometric_of(image->format) == 8, wide = image->format.sample == TILE_U16;
    size_t channels = (size_t)tile_format_channels(image->format), samples = count * channels;
    if (!lab || image->format.sample == TILE_F32) {
        assert_memory_equal(got, expected, samples * image->format.sample);
        return;
    }
    for (size_t i = 0; i < samples; i++) {
        bool difference = i % channels == 1 || i % channels == 2;
        uint16_t in = wide ? ((const uint16_t *)expected)[i] : ((const uint8_t *)expected)[i];
        uint16_t out = wide ? ((const uint16_t *)got)[i] : ((const uint8_t *)got)[i];
        assert_int_equal(out, difference ? signed_code(in, image->format.sample) : in);
    }
}

static const char *pixel_at(const struct tile_image *image, uint32_t x, uint32_t y) {
    return (const char *)image->plane[0] + y * image->stride + x * tile_format_step(image->format);
}

/* Section 15: tiles are all of the same size; what is beyond the image is to be what compresses well. */
static void check_tiles(TIFF *tiff, const struct tile_image *image) {
    uint32_t width = 0, height = 0;
    size_t step = tile_format_step(image->format);
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
    assert_true(width && height && width % 16 == 0 && height % 16 == 0);
    assert_int_equal(TIFFTileSize(tiff), width * height * step);
    char *tile = malloc(width * height * step);
    for (uint32_t y = 0; y < image->height; y += height)
        for (uint32_t x = 0; x < image->width; x += width) {
            assert_int_equal(TIFFReadTile(tiff, tile, x, y, 0, 0), width * height * step);
            uint32_t count = image->width - x < width ? image->width - x : width;
            for (uint32_t i = 0; i < height; i++) {
                const char *row = tile + i * width * step;
                check_row(image, row, pixel_at(image, x, y + i < image->height ? y + i : image->height - 1), count);
                for (uint32_t k = count; k < width; k++)
                    assert_memory_equal(row + k * step, row + (count - 1) * step, step);
            }
        }
    free(tile);
}

static void check_pixels(TIFF *tiff, const struct tile_image *image) {
    uint32_t width = 0, height = 0;
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    assert_int_equal(width, image->width);
    assert_int_equal(height, image->height);
    if (TIFFIsTiled(tiff)) {
        check_tiles(tiff, image);
        return;
    }
    size_t size = width * tile_format_step(image->format);
    assert_int_equal(TIFFScanlineSize(tiff), size);
    unsigned char *row = malloc(size);
    for (uint32_t y = 0; y < height; y++) {
        assert_int_equal(TIFFReadScanline(tiff, row, y, 0), 1);
        check_row(image, row, pixel_at(image, 0, y), width);
    }
    free(row);
}

static void check_file(const struct tile_image *image, const struct tile_encode_options *options) {
    struct tile_buffer buffer = encode(image, TILE_TIFF, options);
    struct input input;
    TIFF *tiff = open_buffer(&input, &buffer);
    bool real = image->format.sample == TILE_F32;
    check_tags(tiff, image->format);
    assert_int_equal(get16(tiff, TIFFTAG_PREDICTOR), options->predictor ? (unsigned)options->predictor : real ? 3 : 2);
    assert_int_equal(TIFFIsTiled(tiff) != 0, options->tiff_tile != 0);
    check_pixels(tiff, image);
    assert_int_equal(TIFFLastDirectory(tiff), 1);
    TIFFClose(tiff);
    tile_buffer_free(&buffer);
}

static void every_format_comes_back(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {257, 3}, {90, 60}, {16, 33}}, tiles[] = {0, 16, 48, 4096};
    static const tile_sample types[] = {TILE_U8, TILE_U16, TILE_F32};
    for (int i = 0; i < TILE_SPACE_COUNT * 9 * 8; i++) {
        struct tile_format format = format_of((tile_space)(i / 72), types[i / 8 % 3], (tile_alpha)(i / 24 % 3));
        if (!tile_space_has_sample(format.space, format.sample))
            continue;
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.predictor = i & 1 ? TILE_PREDICTOR_NONE : TILE_PREDICTOR_UNSET;
        options.tiff_tile = tiles[i / 2 % 4];
        struct tile_image image = image_of(format, sizes[i % 5][0], sizes[i % 5][1]);
        check_file(&image, &options);
        tile_image_free(&image, NULL);
    }
}

/* Several strips, the last one short; rows longer than what is packed at once; tiles that are. */
static void large_images_come_back(void **state) {
    (void)state;
    static const struct {
        uint32_t width, height, tile;
        tile_sample sample;
        int compression;
    } cases[] = {
        {700, 1500, 0, TILE_U8, 1},    {400000, 3, 0, TILE_U8, 1},     {700, 400, 0, TILE_U16, 9},
        {600, 700, 1024, TILE_F32, 1}, {300, 1000, 4096, TILE_F32, 2}, {100000, 20, 512, TILE_U8, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.tiff_tile = cases[i].tile;
        options.compression = cases[i].compression;
        struct tile_image image = image_of(format_of(TILE_LAB, cases[i].sample, 0), cases[i].width, cases[i].height);
        struct tile_buffer buffer = encode(&image, TILE_TIFF, &options);
        struct input input;
        TIFF *tiff = open_buffer(&input, &buffer);
        assert_true(cases[i].tile || TIFFNumberOfStrips(tiff) > 2);
        check_pixels(tiff, &image);
        TIFFClose(tiff);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
}

/* All kinds of pictures, some in tiles: every third of the combinations, as high levels are slow. */
static void every_level_comes_back(void **state) {
    (void)state;
    static const tile_space spaces[] = {TILE_GRAY, TILE_SRGB, TILE_LAB, TILE_CMYK};
    static const tile_sample types[] = {TILE_U8, TILE_U16, TILE_F32};
    static const uint32_t sizes[][2] = {{1, 1}, {67, 41}, {300, 2}, {3, 200}, {260, 190}};
    for (int i = 0; i < 12 * CONTENT_COUNT * 9; i += 3) {
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.compression = 1 + i / 12 / CONTENT_COUNT;
        options.tiff_tile = i % 7 ? 0 : 64;
        struct tile_format format = format_of(spaces[i % 4], types[i / 4 % 3], (tile_alpha)(i / 12 % 2));
        if (!tile_space_has_sample(format.space, format.sample))
            continue;
        struct tile_image image = image_of(format, sizes[i % 5][0], sizes[i % 5][1]);
        content_fill(&image, (enum content)(i / 12 % CONTENT_COUNT), (uint64_t)i);
        struct tile_buffer buffer = encode(&image, TILE_TIFF, &options);
        struct input input;
        TIFF *tiff = open_buffer(&input, &buffer);
        check_pixels(tiff, &image);
        TIFFClose(tiff);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
}

/* Differences of a ramp are all the same; without them nearly every byte is another one. */
static void predictors_make_files_smaller(void **state) {
    (void)state;
    static const tile_sample types[] = {TILE_U8, TILE_U16, TILE_F32};
    for (int i = 0; i < 3; i++) {
        struct tile_image image = image_of(format_of(TILE_GRAY, types[i], 0), 256, 100);
        for (uint32_t y = 0; y < 100; y++)
            for (uint32_t x = 0; x < 256; x++) {
                void *pixel = (char *)image.plane[0] + y * image.stride + x * types[i];
                if (types[i] == TILE_U8)
                    *(uint8_t *)pixel = (uint8_t)(x + y * y);
                else if (types[i] == TILE_U16)
                    *(uint16_t *)pixel = (uint16_t)(x * 219 + y * y * 31);
                else
                    *(float *)pixel = (float)(x + y * y) / 11000;
            }
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        struct tile_buffer with = encode(&image, TILE_TIFF, &options);
        options.predictor = TILE_PREDICTOR_NONE;
        struct tile_buffer without = encode(&image, TILE_TIFF, &options);
        assert_true(with.size < without.size);
        tile_buffer_free(&with);
        tile_buffer_free(&without);
        tile_image_free(&image, NULL);
    }
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    static const struct {
        tile_sample sample;
        int predictor;
        uint32_t tile;
        const char *text;
    } cases[] = {
        {TILE_U8, TILE_PREDICTOR_FLOAT, 0, "not for u8"},
        {TILE_U16, TILE_PREDICTOR_FLOAT, 0, "not for u16"},
        {TILE_F32, TILE_PREDICTOR_HORIZONTAL, 0, "not for f32"},
        {TILE_U8, 4, 0, "predictor is 4"},
        {TILE_U8, -1, 0, "predictor is -1"},
        {TILE_U8, 0, 15, "tiff_tile is 15"},
        {TILE_U8, 0, 4112, "tiff_tile is 4112"},
    };
    struct tile_image images[] = {[TILE_U8] = image_of(format_of(TILE_GRAY, TILE_U8, 0), 9, 9),
                                  [TILE_U16] = image_of(format_of(TILE_GRAY, TILE_U16, 0), 9, 9),
                                  [TILE_F32] = image_of(format_of(TILE_GRAY, TILE_F32, 0), 9, 9)};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tile_buffer buffer = {0};
        struct tile_writer writer = tile_buffer_writer(&buffer);
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.predictor = (tile_predictor)cases[i].predictor;
        options.tiff_tile = cases[i].tile;
        assert_fails(TILE_INVALID_ARGUMENT,
                     tile_encode(&images[cases[i].sample], TILE_TIFF, &options, &writer, &error));
        assert_non_null(strstr(error.message, cases[i].text));
        tile_buffer_free(&buffer);
    }
    tile_image_free(&images[TILE_U8], NULL);
    tile_image_free(&images[TILE_U16], NULL);
    tile_image_free(&images[TILE_F32], NULL);
}

/* Rows of any number a call, and any CPU: the file is the same. */
static void rows_and_cpus_do_not_matter(void **state) {
    (void)state;
    static const struct tile_format formats[] = {{.space = TILE_LAB, .sample = TILE_U16},
                                                 {.space = TILE_OKLAB, .sample = TILE_F32}};
    for (int i = 0; i < 4; i++) {
        struct tile_image image = image_of(formats[i % 2], 210, 150);
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.tiff_tile = i < 2 ? 0 : 64;
        struct tile_buffer whole = encode(&image, TILE_TIFF, &options);
        for (int cpu = TILE_CPU_SCALAR; cpu < TILE_CPU_COUNT; cpu++) {
            if (!tile_cpu_available((tile_cpu)cpu))
                continue;
            struct tile_buffer buffer = {0};
            struct tile_writer writer = tile_buffer_writer(&buffer);
            tile_encoder *encoder;
            options.cpu = (tile_cpu)cpu;
            assert_ok(tile_encoder_new(&encoder, TILE_TIFF, image.format, 210, 150, &options, &writer, &error));
            uint32_t at_once = cpu == TILE_CPU_SCALAR ? 1 : 7 * (uint32_t)cpu;
            for (uint32_t y = 0; y < 150; y += at_once) {
                struct tile_image some = image;
                some.plane[0] = (char *)image.plane[0] + y * image.stride;
                some.height = 150 - y < at_once ? 150 - y : at_once;
                assert_ok(tile_encoder_write(encoder, &some, &error));
            }
            assert_ok(tile_encoder_finish(encoder, &error));
            tile_encoder_free(encoder);
            assert_int_equal(buffer.size, whole.size);
            assert_memory_equal(buffer.data, whole.data, whole.size);
            tile_buffer_free(&buffer);
        }
        tile_buffer_free(&whole);
        tile_image_free(&image, NULL);
    }
}

/* Whatever memory or write is missing: one message, and nothing is left. */
static void tiles_survive_failures(void **state) {
    (void)state;
    struct tile_image image = image_of(format_of(TILE_LAB, TILE_U16, TILE_ALPHA_STRAIGHT), 50, 40);
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    struct test_memory memory;
    options.allocator = &memory.allocator;
    options.tiff_tile = 16;
    tile_status status = TILE_NO_MEMORY;
    size_t failures = 0;
    for (; status != TILE_OK; failures++) {
        struct tile_buffer buffer = {0};
        struct tile_writer writer = tile_buffer_writer(&buffer);
        test_memory_init(&memory, failures);
        status = tile_encode(&image, TILE_TIFF, &options, &writer, &error);
        assert_true(status == TILE_OK || status == TILE_NO_MEMORY);
        assert_int_equal(memory.live, 0);
        tile_buffer_free(&buffer);
    }
    assert_true(failures > 5);
    tile_image_free(&image, NULL);
}

static float *get_floats(TIFF *tiff, uint32_t tag) {
    float *values = NULL;
    assert_int_equal(TIFFGetField(tiff, tag, &values), 1);
    return values;
}

static void assert_floats(const float *values, int count, const double *expected) {
    for (int i = 0; i < count; i++)
        assert_true(fabs((double)values[i] - expected[i]) <= 1e-6 * (1 + fabs(expected[i])));
}

/* ITU-T H.273: limited range is 16 to 235 and 16 to 240 in 8 bits, and 2^(n-8) times that in n. */
static void ycbcr_says_which(void **state) {
    (void)state;
    static const struct {
        tile_space space;
        tile_sample sample;
        double coefficients[3], reference[6];
    } cases[] = {
        {TILE_YCBCR, TILE_U8, {.299, .587, .114}, {0, 255, 128, 255, 128, 255}},
        {TILE_YCBCR601, TILE_U8, {.299, .587, .114}, {16, 235, 128, 240, 128, 240}},
        {TILE_YCBCR709, TILE_U16, {.2126, .7152, .0722}, {4096, 60160, 32768, 61440, 32768, 61440}},
        {TILE_YCBCR709_FULL, TILE_U16, {.2126, .7152, .0722}, {0, 65535, 32768, 65535, 32768, 65535}},
        {TILE_YCBCR2020, TILE_U8, {.2627, .6780, .0593}, {16, 235, 128, 240, 128, 240}},
        {TILE_YCBCR2020_FULL, TILE_F32, {.2627, .6780, .0593}, {0, 1, 0, .5, 0, .5}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tile_image image = image_of(format_of(cases[i].space, cases[i].sample, 0), 6, 6);
        struct tile_buffer buffer = encode(&image, TILE_TIFF, NULL);
        struct input input;
        TIFF *tiff = open_buffer(&input, &buffer);
        assert_floats(get_floats(tiff, TIFFTAG_YCBCRCOEFFICIENTS), 3, cases[i].coefficients);
        assert_floats(get_floats(tiff, TIFFTAG_REFERENCEBLACKWHITE), 6, cases[i].reference);
        uint16_t across = 0, down = 0;
        assert_int_equal(TIFFGetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, &across, &down), 1);
        assert_int_equal(across, 1);
        assert_int_equal(down, 1);
        TIFFClose(tiff);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
}

/* Colors that libtiff itself makes RGB of: what it shows of JFIF's YCbCr codes of red, and of Lab ones. */
static void libtiff_shows_the_right_colors(void **state) {
    (void)state;
    static const struct {
        tile_space space;
        uint8_t code[4];
        int rgb[3], within;
    } cases[] = {
        {TILE_YCBCR, {76, 85, 255}, {254, 0, 0}, 1},    /* JFIF */
        {TILE_YCBCR601, {81, 90, 240}, {255, 0, 0}, 3}, /* BT.601 */
        {TILE_SRGB, {190, 25, 210}, {190, 25, 210}, 0}, {TILE_GRAY, {77}, {77, 77, 77}, 0},
        {TILE_CMYK, {0, 255, 255, 0}, {255, 0, 0}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tile_format format = format_of(cases[i].space, TILE_U8, 0);
        uint8_t pixels[16 * 4];
        size_t channels = (size_t)tile_format_channels(format);
        for (size_t j = 0; j < 16 * channels; j++)
            pixels[j] = cases[i].code[j % channels];
        struct tile_image image = {
            .format = format, .width = 4, .height = 4, .plane = {pixels}, .stride = (ptrdiff_t)(4 * channels)};
        struct tile_buffer buffer = encode(&image, TILE_TIFF, NULL);
        struct input input;
        TIFF *tiff = open_buffer(&input, &buffer);
        uint32_t raster[16];
        assert_int_equal(TIFFReadRGBAImage(tiff, 4, 4, raster, 1), 1);
        for (int j = 0; j < 16; j++) {
            assert_in_range((int)TIFFGetR(raster[j]) - cases[i].rgb[0] + cases[i].within, 0, 2 * cases[i].within);
            assert_in_range((int)TIFFGetG(raster[j]) - cases[i].rgb[1] + cases[i].within, 0, 2 * cases[i].within);
            assert_in_range((int)TIFFGetB(raster[j]) - cases[i].rgb[2] + cases[i].within, 0, 2 * cases[i].within);
        }
        TIFFClose(tiff);
        tile_buffer_free(&buffer);
    }
}

/* (138, 209, 198) is sRGB's red in our codes (babl): L* 54.1, a* 81, b* 70. */
static void lab_is_signed_and_has_a_white(void **state) {
    (void)state;
    static const double d50[] = {.3457, .3585}, d65[] = {.3127, .3290};
    static const uint16_t codes[][2] = {{0, 0x8000}, {65535, 32512}, {32896, 0}, {257 * 209, 81 * 256}};
    for (int i = 0; i < 2; i++) {
        uint8_t red[] = {138, 209, 198};
        struct tile_image image = {
            .format = {.space = TILE_LAB, .sample = TILE_U8}, .width = 1, .height = 1, .plane = {red}, .stride = 3};
        image.format.space = i ? TILE_LAB_D65 : TILE_LAB;
        struct tile_buffer buffer = encode(&image, TILE_TIFF, NULL);
        struct input input;
        TIFF *tiff = open_buffer(&input, &buffer);
        int8_t row[3];
        assert_int_equal(TIFFReadScanline(tiff, row, 0, 0), 1);
        assert_int_equal((uint8_t)row[0], 138);
        assert_int_equal(row[1], 81);
        assert_int_equal(row[2], 70);
        assert_floats(get_floats(tiff, TIFFTAG_WHITEPOINT), 2, i ? d65 : d50);
        TIFFClose(tiff);
        tile_buffer_free(&buffer);
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        uint16_t pixel[] = {40000, codes[i][0], codes[i][0]}, row[3];
        struct tile_image image = {
            .format = {.space = TILE_LAB, .sample = TILE_U16}, .width = 1, .height = 1, .plane = {pixel}, .stride = 6};
        struct tile_buffer buffer = encode(&image, TILE_TIFF, NULL);
        struct input input;
        TIFF *tiff = open_buffer(&input, &buffer);
        assert_int_equal(TIFFReadScanline(tiff, row, 0, 0), 1);
        assert_int_equal(row[0], 40000);
        assert_int_equal(row[1], codes[i][1]);
        assert_int_equal(row[2], codes[i][1]);
        TIFFClose(tiff);
        tile_buffer_free(&buffer);
    }
}

static void a_given_profile_replaces_the_spaces_own(void **state) {
    (void)state;
    struct tile_buffer profile = {0};
    assert_ok(tile_profile_of_space(&profile, TILE_A98_RGB, &error));
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    options.profile = profile.data;
    options.profile_size = profile.size;
    struct tile_image image = image_of(format_of(TILE_SRGB, TILE_U8, 0), 5, 5);
    struct tile_buffer buffer = encode(&image, TILE_TIFF, &options);
    struct input input;
    TIFF *tiff = open_buffer(&input, &buffer);
    uint32_t size = 0;
    const void *data = NULL;
    assert_int_equal(TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &size, &data), 1);
    assert_int_equal(size, profile.size);
    assert_memory_equal(data, profile.data, size);
    TIFFClose(tiff);
    tile_buffer_free(&buffer);
    tile_buffer_free(&profile);
    tile_image_free(&image, NULL);
}

/* The header is written first: 42 is classic TIFF, 43 BigTIFF. */
static unsigned version_for(uint32_t width, uint32_t height, uint32_t tile) {
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    options.tiff_tile = tile;
    struct tile_buffer buffer = {0};
    struct tile_writer writer = tile_buffer_writer(&buffer);
    tile_encoder *encoder;
    assert_ok(tile_encoder_new(&encoder, TILE_TIFF, format_of(TILE_SRGB, TILE_U8, 0), width, height, &options, &writer,
                               &error));
    tile_encoder_free(encoder);
    assert_true(buffer.size >= 8);
    unsigned version = buffer.data[buffer.data[0] == 'I' ? 2 : 3];
    tile_buffer_free(&buffer);
    return version;
}

static void big_images_are_bigtiff(void **state) {
    (void)state;
    assert_int_equal(version_for(1, 1, 0), 42);
    assert_int_equal(version_for(1 << 10, 1U << 20, 0), 42);           /* 3 GiB */
    assert_int_equal(version_for(1 << 10, (1U << 20) / 3 * 4, 0), 43); /* 4 GiB less a kilobyte or so */
    assert_int_equal(version_for(1 << 10, 1U << 21, 0), 43);
    assert_int_equal(version_for(1 << 20, UINT32_MAX, 0), 43);
    assert_int_equal(version_for(1 << 10, 1U << 20, 256), 42);
    assert_int_equal(version_for((1 << 10) + 1, 1U << 20, 4096), 42);
    assert_int_equal(version_for((1 << 10) + 1, 1U << 20, 512), 43); /* of which the tiles hold a half more */
}

static void tiffinfo_reads_it(void **state) {
    (void)state;
    if (test_run(NULL, "command -v tiffinfo >/dev/null") != 0)
        skip();
    static const struct {
        struct tile_format format;
        const char *text;
    } cases[] = {
        {{.space = TILE_LAB, .sample = TILE_U8}, "Photometric Interpretation: CIE L*a*b*"},
        {{.space = TILE_YCBCR709, .sample = TILE_U16}, "Photometric Interpretation: YCbCr"},
        {{.space = TILE_CMYK, .sample = TILE_U8, .alpha = TILE_ALPHA_STRAIGHT},
         "Photometric Interpretation: separated"},
        {{.space = TILE_OKLCH, .sample = TILE_F32}, "Sample Format: IEEE floating point"},
        {{.space = TILE_SRGB, .sample = TILE_U16, .alpha = TILE_ALPHA_PREMULTIPLIED}, "Extra Samples: 1<assoc-alpha>"},
    };
    char *folder = test_folder_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tile_image image = image_of(cases[i].format, 60, 50);
        struct tile_buffer buffer = encode(&image, TILE_TIFF, NULL);
        const char *path = test_path(folder, "a.tif");
        test_write_file(path, buffer.data, buffer.size);
        struct test_bytes text;
        assert_int_equal(test_run(&text, "tiffinfo -D '%s' 2>&1", path), 0);
        text.data = realloc(text.data, text.size + 1);
        assert_non_null(text.data);
        text.data[text.size] = '\0';
        if (!strstr((char *)text.data, cases[i].text) || strstr((char *)text.data, "Warning") ||
            strstr((char *)text.data, "Error"))
            fail_msg("%s", text.data);
        free(text.data);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
    test_folder_remove(folder);
}

/* Each write begins within what is there or right behind it: a writer sees no gaps, though it is gone back to. */
struct gapless {
    struct tile_buffer buffer;
    uint64_t back; /* writes that do not begin at the end */
};

static tile_status write_gapless(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *why) {
    struct gapless *g = user;
    struct tile_writer writer = tile_buffer_writer(&g->buffer);
    assert_true(offset <= g->buffer.size);
    g->back += offset < g->buffer.size;
    return writer.write_at(writer.user, offset, data, size, why);
}

static void nothing_is_left_out(void **state) {
    (void)state;
    for (uint32_t width = 1; width < 40; width++) {
        struct tile_image image = image_of(format_of(TILE_GRAY, TILE_U8, 0), width, 3);
        struct gapless gapless = {.back = 0};
        struct tile_writer writer = {&gapless, write_gapless};
        assert_ok(tile_encode(&image, TILE_TIFF, NULL, &writer, &error));
        assert_true(gapless.back > 0);
        tile_buffer_free(&gapless.buffer);
        tile_image_free(&image, NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_out),
        cmocka_unit_test(every_format_comes_back),
        cmocka_unit_test(large_images_come_back),
        cmocka_unit_test(predictors_make_files_smaller),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(rows_and_cpus_do_not_matter),
        cmocka_unit_test(tiles_survive_failures),
        cmocka_unit_test(every_level_comes_back),
        cmocka_unit_test(ycbcr_says_which),
        cmocka_unit_test(libtiff_shows_the_right_colors),
        cmocka_unit_test(lab_is_signed_and_has_a_white),
        cmocka_unit_test(a_given_profile_replaces_the_spaces_own),
        cmocka_unit_test(big_images_are_bigtiff),
        cmocka_unit_test(tiffinfo_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
