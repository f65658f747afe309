/* SPDX-License-Identifier: MIT */
/* Encoders are asked often, whatever the format, and stop when they are told to. */
#include "common.h"

static const struct kind {
    const char *name;
    tile_codec codec;
    tile_space space;
    tile_sample sample;
    bool optimize;
    uint64_t at_once; /* bytes of pixels that may be worked on between two calls: of PNG and TIFF, a piece */
} kinds[] = {
    {"jpg", TILE_JPEG, TILE_SRGB, TILE_U8, .at_once = 32768},
    {"jpg, optimized", TILE_JPEG, TILE_SRGB, TILE_U8, .optimize = true, .at_once = 16384},
    {"jpg of cmyk", TILE_JPEG, TILE_CMYK, TILE_U8, .at_once = 32768},
    {"png", TILE_PNG, TILE_SRGB, TILE_U8, .at_once = 1 << 18},
    {"png of 16 bits", TILE_PNG, TILE_SRGB, TILE_U16, .at_once = 1 << 18},
    {"tif", TILE_TIFF, TILE_LAB, TILE_F32, .at_once = 1 << 18},
    {"npy", TILE_NPY, TILE_SRGB, TILE_F32, .at_once = 32768},
    {"bmp", TILE_BMP, TILE_SRGB, TILE_U8, .at_once = 16384},
    {"tga", TILE_TGA, TILE_SRGB, TILE_U8, .at_once = 16384},
    {"hdr", TILE_HDR, TILE_SRGB_LINEAR, TILE_F32, .at_once = 16384},
};

static tile_status nowhere(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *why) {
    (void)user, (void)offset, (void)data, (void)size, (void)why;
    return TILE_OK;
}

static void encoding_stops(void **state) {
    (void)state;
    static const uint64_t stops[] = {1, 2, 5, 0}; /* 0: at the last call */
    const struct tile_writer writer = {.write_at = nowhere};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!tile_codec_can_write(kinds[i].codec))
            continue;
        struct tile_image image = image_of(format_of(kinds[i].space, kinds[i].sample, 0), 600, 500);
        const uint64_t size = (uint64_t)image.stride * image.height;
        struct test_memory memory;
        struct test_hook hook = {0};
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        test_memory_init(&memory, SIZE_MAX);
        options.allocator = &memory.allocator;
        options.compression = 9;
        options.optimize = kinds[i].optimize;
        options.progress = test_hook_ask;
        options.user = &hook;
        assert_ok(tile_encode(&image, kinds[i].codec, &options, &writer, &error));
        const uint64_t calls = hook.calls;
        printf("%s: %ju calls, %.1f ms at most\n", kinds[i].name, (uintmax_t)calls, 1000 * hook.longest);
        assert_true(calls >= size / kinds[i].at_once);
        for (size_t k = 0; k < sizeof stops / sizeof *stops; k++) {
            hook = (struct test_hook){.stop_at = stops[k] ? stops[k] : calls};
            assert_fails(TILE_CANCELLED, tile_encode(&image, kinds[i].codec, &options, &writer, &error));
            assert_int_equal(hook.late, 0);
            assert_int_equal(memory.live, 0);
        }
        tile_image_free(&image, NULL);
    }
}

/* Wherever it was stopped, an encoder stays so. */
static void a_stopped_encoder_writes_no_more(void **state) {
    (void)state;
    struct tile_image image = image_of(format_of(TILE_SRGB, TILE_U8, 0), 600, 500);
    struct test_hook hook = {.stop_at = 3};
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    struct tile_buffer out = {0};
    struct tile_writer writer = tile_buffer_writer(&out);
    tile_encoder *encoder;
    options.compression = 9; /* the smallest pieces */
    options.progress = test_hook_ask;
    options.user = &hook;
    for (tile_codec codec = TILE_JPEG; codec < TILE_HDR; codec++) {
        if (!tile_codec_can_write(codec))
            continue;
        hook.calls = 0;
        assert_ok(tile_encoder_new(&encoder, codec, image.format, 600, 500, &options, &writer, &error));
        assert_fails(TILE_CANCELLED, tile_encoder_write(encoder, &image, &error));
        size_t written = out.size;
        assert_fails(TILE_CANCELLED, tile_encoder_write(encoder, &image, &error));
        assert_fails(TILE_CANCELLED, tile_encoder_finish(encoder, &error));
        tile_encoder_free(encoder);
        assert_int_equal(out.size, written);
    }
    tile_buffer_free(&out);
    tile_image_free(&image, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding_stops),
        cmocka_unit_test(a_stopped_encoder_writes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
