/* SPDX-License-Identifier: MIT */
/* What holds for every format: who carries what, strips, strides, failing writers and memory, misuse. */
#include "common.h"

static const struct tile_format samples[] = {
    {.space = TILE_SRGB, .sample = TILE_U8},
    {.space = TILE_GRAY, .sample = TILE_U8},
    {.space = TILE_SRGB, .sample = TILE_U8, .alpha = TILE_ALPHA_STRAIGHT},
    {.space = TILE_DISPLAY_P3, .sample = TILE_U16, .alpha = TILE_ALPHA_STRAIGHT},
    {.space = TILE_LUMINANCE, .sample = TILE_U16},
    {.space = TILE_YCBCR, .sample = TILE_U8},
    {.space = TILE_CMYK, .sample = TILE_U8},
    {.space = TILE_LAB, .sample = TILE_U8},
    {.space = TILE_LAB_D65, .sample = TILE_U16, .alpha = TILE_ALPHA_PREMULTIPLIED},
    {.space = TILE_OKLAB, .sample = TILE_F32, .alpha = TILE_ALPHA_STRAIGHT},
    {.space = TILE_SRGB_LINEAR, .sample = TILE_F32},
    {.space = TILE_GRAY, .sample = TILE_F32},
};
#define SAMPLES (sizeof samples / sizeof samples[0])

static tile_status carry(tile_codec codec, struct tile_format format) {
    return tile_codec_can_carry(codec, format, NULL);
}

static void formats_carry_what_the_design_says(void **state) {
    (void)state;
    static const struct {
        tile_codec codec;
        tile_space space;
        tile_sample sample;
        tile_alpha alpha;
        bool can;
    } cases[] = {
        {TILE_JPEG, TILE_GRAY, TILE_U8, 0, true},         {TILE_JPEG, TILE_GRAY709, TILE_U8, 0, false},
        {TILE_JPEG, TILE_LUMINANCE, TILE_U8, 0, true},    {TILE_JPEG, TILE_SRGB, TILE_U8, 0, true},
        {TILE_JPEG, TILE_SRGB, TILE_U8, 1, false},        {TILE_JPEG, TILE_SRGB, TILE_U16, 0, false},
        {TILE_JPEG, TILE_REC2020, TILE_U8, 0, true},      {TILE_JPEG, TILE_YCBCR, TILE_U8, 0, true},
        {TILE_JPEG, TILE_YCBCR709, TILE_U8, 0, false},    {TILE_JPEG, TILE_CMYK, TILE_U8, 0, true},
        {TILE_JPEG, TILE_LAB, TILE_U8, 0, false},         {TILE_PNG, TILE_SRGB, TILE_U16, 1, true},
        {TILE_PNG, TILE_SRGB, TILE_U16, 2, false},        {TILE_PNG, TILE_SRGB, TILE_F32, 0, false},
        {TILE_PNG, TILE_GRAY, TILE_U8, 1, true},          {TILE_PNG, TILE_YCBCR, TILE_U8, 0, false},
        {TILE_PNG, TILE_HSV, TILE_U8, 0, false},          {TILE_PNG, TILE_CMYK, TILE_U8, 0, false},
        {TILE_BMP, TILE_SRGB, TILE_U8, 1, true},          {TILE_BMP, TILE_DISPLAY_P3, TILE_U8, 0, false},
        {TILE_TGA, TILE_GRAY, TILE_U8, 0, true},          {TILE_TGA, TILE_SRGB, TILE_U16, 0, false},
        {TILE_HDR, TILE_SRGB_LINEAR, TILE_F32, 0, true},  {TILE_HDR, TILE_SRGB, TILE_F32, 0, false},
        {TILE_HDR, TILE_SRGB_LINEAR, TILE_U16, 0, false}, {TILE_PNG, TILE_REC2100_PQ, TILE_U8, 0, true},
        {TILE_PNG, TILE_REC2100_PQ, TILE_U16, 1, true},   {TILE_PNG, TILE_REC2100_HLG, TILE_U16, 0, true},
        {TILE_JPEG, TILE_REC2100_PQ, TILE_U8, 0, false},  {TILE_JPEG, TILE_REC2100_HLG, TILE_U8, 0, false},
        {TILE_BMP, TILE_REC2100_PQ, TILE_U8, 0, false},   {TILE_TGA, TILE_REC2100_HLG, TILE_U8, 0, false},
        {TILE_HDR, TILE_REC2100_PQ, TILE_F32, 0, false},  {TILE_TIFF, TILE_REC2100_PQ, TILE_F32, 2, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(carry(cases[i].codec, format_of(cases[i].space, cases[i].sample, cases[i].alpha)),
                         cases[i].can && tile_codec_can_write(cases[i].codec) ? TILE_OK : TILE_UNSUPPORTED);
}

/* Whether `word` stands in `text` by itself. */
static bool names(const char *text, const char *word) {
    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || strchr(" ,", at[-1])) && strchr(" ,", at[strlen(word)]))
            return true;
    return false;
}

static void refusals_name_the_codecs_that_accept(void **state) {
    (void)state;
    struct tile_buffer buffer = {0};
    struct tile_writer writer = tile_buffer_writer(&buffer);
    static const tile_sample types[] = {TILE_U8, TILE_U16, TILE_F32};
    for (int c = TILE_CODEC_UNSET + 1; c < TILE_CODEC_COUNT; c++)
        for (int space = TILE_SPACE_UNSET + 1; space < TILE_SPACE_COUNT; space++)
            for (int s = 0; s < 3; s++)
                for (int alpha = 0; alpha <= TILE_ALPHA_PREMULTIPLIED; alpha++) {
                    struct tile_format format = format_of((tile_space)space, types[s], (tile_alpha)alpha);
                    if (!tile_codec_can_write((tile_codec)c))
                        continue;
                    tile_encoder *encoder;
                    error = (struct tile_error){0};
                    tile_status status = tile_codec_can_carry((tile_codec)c, format, &error);
                    assert_int_equal(tile_encoder_new(&encoder, (tile_codec)c, format, 5, 3, NULL, &writer, NULL),
                                     status);
                    assert_int_equal(encoder != NULL, status == TILE_OK);
                    tile_encoder_free(encoder);
                    if (status == TILE_OK || !tile_space_has_sample(format.space, format.sample))
                        continue;
                    assert_int_equal(status, TILE_UNSUPPORTED);
                    const char *advice = strchr(error.message, ':');
                    assert_non_null(advice);
                    for (int other = TILE_CODEC_UNSET + 1; other < TILE_CODEC_COUNT; other++)
                        if (names(advice, tile_codec_name((tile_codec)other)) !=
                            (carry((tile_codec)other, format) == TILE_OK))
                            fail_msg("%s: and %s?", error.message, tile_codec_name((tile_codec)other));
                }
    tile_buffer_free(&buffer);
}

static void raw_channels_need_a_fitting_number(void **state) {
    (void)state;
    static const struct {
        tile_codec codec;
        tile_space space;
        tile_sample sample;
        tile_alpha alpha;
        bool can;
    } cases[] = {
        {TILE_JPEG, TILE_HSV, TILE_U8, 0, true},        {TILE_JPEG, TILE_GRAY709, TILE_U8, 0, true},
        {TILE_JPEG, TILE_HSV, TILE_U16, 0, false},      {TILE_JPEG, TILE_HSV, TILE_U8, 1, false},
        {TILE_PNG, TILE_LAB, TILE_U16, 1, true},        {TILE_PNG, TILE_CMYK, TILE_U8, 0, true},
        {TILE_PNG, TILE_CMYK, TILE_U8, 1, false},       {TILE_PNG, TILE_LAB, TILE_F32, 0, false},
        {TILE_TGA, TILE_HSV, TILE_U8, 1, true},         {TILE_BMP, TILE_DISPLAY_P3, TILE_U8, 0, true},
        {TILE_HDR, TILE_XYZ_D65, TILE_F32, 0, true},    {TILE_HDR, TILE_GRAY, TILE_F32, 0, false},
        {TILE_JPEG, TILE_REC2100_PQ, TILE_U8, 0, true}, {TILE_BMP, TILE_REC2100_HLG, TILE_U8, 0, true},
    };
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    options.raw_channels = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tile_image image = image_of(format_of(cases[i].space, cases[i].sample, cases[i].alpha), 9, 4);
        struct tile_buffer buffer = {0};
        struct tile_writer writer = tile_buffer_writer(&buffer);
        if (cases[i].can)
            assert_ok(tile_encode(&image, cases[i].codec, &options, &writer, &error));
        else
            assert_fails(TILE_UNSUPPORTED, tile_encode(&image, cases[i].codec, &options, &writer, &error));
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
}

/* The same pixels in guarded memory with another stride. */
static struct tile_image guarded_copy(struct test_guarded *guarded, const struct tile_image *image, size_t padding,
                                      bool upside_down, bool at_end) {
    size_t row = image->width * tile_format_step(image->format), pitch = row + padding;
    *guarded = test_guarded_new(pitch * (image->height - 1) + row, at_end);
    struct tile_image copy = *image;
    copy.plane[0] = guarded->data + (upside_down ? pitch * (image->height - 1) : 0);
    copy.stride = upside_down ? -(ptrdiff_t)pitch : (ptrdiff_t)pitch;
    for (uint32_t y = 0; y < image->height; y++)
        memcpy((char *)copy.plane[0] + y * copy.stride, (char *)image->plane[0] + y * image->stride, row);
    return copy;
}

static void assert_same_bytes(const struct tile_buffer *expected, const struct tile_buffer *got) {
    assert_int_equal(expected->size, got->size);
    assert_memory_equal(expected->data, got->data, got->size);
}

static void strides_do_not_matter(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {257, 3}, {31, 70}};
    for (int c = TILE_CODEC_UNSET + 1; c < TILE_CODEC_COUNT; c++)
        for (size_t s = 0; s < SAMPLES; s++)
            for (int i = 0; i < 4 && carry((tile_codec)c, samples[s]) == TILE_OK; i++) {
                struct tile_image image = image_of(samples[s], sizes[i][0], sizes[i][1]);
                struct tile_buffer plain = encode(&image, (tile_codec)c, NULL);
                for (int variant = 0; variant < 8; variant++) {
                    struct test_guarded guarded;
                    size_t padding = variant & 1 ? 3U * samples[s].sample : 0;
                    struct tile_image copy = guarded_copy(&guarded, &image, padding, variant & 2, variant & 4);
                    struct tile_buffer got = encode(&copy, (tile_codec)c, NULL);
                    assert_same_bytes(&plain, &got);
                    tile_buffer_free(&got);
                    test_guarded_free(guarded);
                }
                tile_buffer_free(&plain);
                tile_image_free(&image, NULL);
            }
}

static void strips_give_the_bytes_of_the_whole(void **state) {
    (void)state;
    struct test_random random = {7};
    for (int c = TILE_CODEC_UNSET + 1; c < TILE_CODEC_COUNT; c++)
        for (size_t s = 0; s < SAMPLES; s++) {
            if (carry((tile_codec)c, samples[s]) != TILE_OK)
                continue;
            struct tile_image image = image_of(samples[s], 301, 400);
            struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
            options.optimize = s % 2;
            struct tile_buffer whole = encode(&image, (tile_codec)c, &options);
            struct tile_buffer parts = {0};
            struct tile_writer writer = tile_buffer_writer(&parts);
            tile_encoder *encoder;
            assert_ok(tile_encoder_new(&encoder, (tile_codec)c, samples[s], 301, 400, &options, &writer, &error));
            for (uint32_t y = 0, count; y < 400; y += count) {
                count = 1 + test_random_below(&random, s % 2 ? 5 : 150);
                count = count > 400 - y ? 400 - y : count;
                struct tile_image strip = tile_image_view(&image, (struct tile_rect){0, y, 301, count});
                assert_ok(tile_encoder_write(encoder, &strip, &error));
            }
            assert_ok(tile_encoder_finish(encoder, &error));
            assert_fails(TILE_INVALID_ARGUMENT, tile_encoder_finish(encoder, &error));
            tile_encoder_free(encoder);
            assert_same_bytes(&whole, &parts);
            tile_buffer_free(&whole);
            tile_buffer_free(&parts);
            tile_image_free(&image, NULL);
        }
}

/* A writer whose nth call fails, and that must not be called after it. */
struct failing {
    struct tile_buffer buffer;
    int calls, fail_at;
    bool silent;
};

static tile_status failing_write(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *e) {
    struct failing *failing = user;
    assert_non_null(e);
    assert_true(failing->calls <= failing->fail_at);
    if (failing->calls++ == failing->fail_at)
        return failing->silent ? TILE_WRITE_FAILED : tile_error_set(e, TILE_WRITE_FAILED, "the disk is full of eels");
    struct tile_writer inner = tile_buffer_writer(&failing->buffer);
    return inner.write_at(inner.user, offset, data, size, e);
}

static void a_writers_failure_comes_out(void **state) {
    (void)state;
    for (int c = TILE_CODEC_UNSET + 1; c < TILE_CODEC_COUNT; c++)
        for (size_t s = 0; s < SAMPLES; s++) {
            if (carry((tile_codec)c, samples[s]) != TILE_OK)
                continue;
            struct tile_image image = image_of(samples[s], 203, 700);
            tile_status status = TILE_WRITE_FAILED;
            int n;
            for (n = 0; status != TILE_OK; n++) {
                struct test_memory memory;
                test_memory_init(&memory, SIZE_MAX);
                struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
                options.allocator = &memory.allocator;
                options.optimize = s % 2;
                struct failing failing = {.fail_at = n, .silent = n == 1};
                struct tile_writer writer = {&failing, failing_write};
                tile_encoder *encoder;
                error = (struct tile_error){0};
                status = tile_encoder_new(&encoder, (tile_codec)c, samples[s], 203, 700, &options, &writer, &error);
                if (status == TILE_OK)
                    status = tile_encoder_write(encoder, &image, &error);
                if (status == TILE_OK)
                    status = tile_encoder_finish(encoder, &error);
                if (status != TILE_OK) {
                    assert_int_equal(status, TILE_WRITE_FAILED);
                    assert_int_equal(error.status, TILE_WRITE_FAILED);
                    assert_string_equal(error.message, n == 1 ? "the writer failed" : "the disk is full of eels");
                    if (encoder)
                        assert_fails(TILE_WRITE_FAILED, tile_encoder_finish(encoder, &error));
                }
                tile_encoder_free(encoder);
                assert_int_equal(memory.live, 0);
                assert_int_equal(failing.calls, status == TILE_OK ? n : n + 1);
                tile_buffer_free(&failing.buffer);
            }
            assert_true(n > 1);
            tile_image_free(&image, NULL);
        }
}

static tile_status discard(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *e) {
    (void)offset;
    (void)data;
    (void)e;
    *(uint64_t *)user += size;
    return TILE_OK;
}

static void nothing_is_written_by_free(void **state) {
    (void)state;
    for (int c = TILE_CODEC_UNSET + 1; c < TILE_CODEC_COUNT; c++)
        for (size_t s = 0; s < SAMPLES; s++) {
            if (carry((tile_codec)c, samples[s]) != TILE_OK)
                continue;
            struct tile_image image = image_of(samples[s], 50, 20);
            uint64_t written = 0;
            struct tile_writer writer = {&written, discard};
            tile_encoder *encoder;
            assert_ok(tile_encoder_new(&encoder, (tile_codec)c, samples[s], 50, 33, NULL, &writer, &error));
            assert_ok(tile_encoder_write(encoder, &image, &error));
            uint64_t before = written;
            tile_encoder_free(encoder);
            assert_int_equal(written, before);
            tile_image_free(&image, NULL);
        }
}

static void assert_files(const char *folder, const char *names) {
    struct test_bytes list;
    assert_int_equal(test_run(&list, "ls -A '%s' | tr '\\n' ' '", folder), 0);
    assert_int_equal(list.size, strlen(names));
    assert_memory_equal(list.data, names, list.size);
    free(list.data);
}

static void assert_same_as_encoded(const char *path, const struct tile_image *image, tile_codec codec) {
    struct test_bytes file = test_read_file(path);
    struct tile_buffer bytes = encode(image, codec, NULL);
    assert_int_equal(file.size, bytes.size);
    assert_memory_equal(file.data, bytes.data, bytes.size);
    free(file.data);
    tile_buffer_free(&bytes);
}

static void files_are_whole_or_not_there(void **state) {
    (void)state;
    char *folder = test_folder_new();
    struct tile_image small = image_of(format_of(TILE_SRGB, TILE_U8, 0), 20, 10);
    struct tile_image alpha = image_of(format_of(TILE_SRGB, TILE_U8, TILE_ALPHA_STRAIGHT), 20, 10);
    const char *by_suffix = test_path(folder, "a.JPG"), *by_codec = test_path(folder, "b.jpg");
    assert_ok(tile_encode_file(&small, by_suffix, TILE_CODEC_UNSET, NULL, false, &error));
    assert_same_as_encoded(by_suffix, &small, TILE_JPEG);
    assert_ok(tile_encode_file(&alpha, by_codec, TILE_PNG, NULL, false, &error));
    assert_same_as_encoded(by_codec, &alpha, TILE_PNG);

    assert_fails(TILE_WRITE_FAILED, tile_encode_file(&small, by_suffix, TILE_CODEC_UNSET, NULL, false, &error));
    assert_int_equal(error.remedies, TILE_REMEDY_OVERWRITE);
    assert_fails(TILE_UNSUPPORTED, tile_encode_file(&alpha, by_suffix, TILE_CODEC_UNSET, NULL, true, &error));
    assert_memory_equal(error.message, by_suffix, strlen(by_suffix));
    assert_same_as_encoded(by_suffix, &small, TILE_JPEG);
    assert_ok(tile_encode_file(&alpha, by_suffix, TILE_PNG, NULL, true, &error));
    assert_same_as_encoded(by_suffix, &alpha, TILE_PNG);

    assert_fails(TILE_INVALID_ARGUMENT, tile_encode_file(&small, test_path(folder, "c.gif"), 0, NULL, true, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encode_file(&small, test_path(folder, "c"), 0, NULL, true, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encode_file(&small, NULL, TILE_PNG, NULL, true, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encode_file(NULL, test_path(folder, "c.png"), 0, NULL, true, &error));
    assert_fails(TILE_WRITE_FAILED, tile_encode_file(&small, test_path(folder, "no/c.png"), 0, NULL, true, &error));
    assert_files(folder, "a.JPG b.jpg ");

    for (size_t n = 0;; n++) {
        struct test_memory memory;
        test_memory_init(&memory, n);
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.allocator = &memory.allocator;
        assert_true(n < 100);
        tile_status status = tile_encode_file(&small, test_path(folder, "c.png"), 0, &options, false, &error);
        assert_int_equal(memory.live, 0);
        if (status == TILE_OK)
            break;
        assert_int_equal(status, TILE_NO_MEMORY);
        assert_files(folder, "a.JPG b.jpg ");
    }
    assert_same_as_encoded(test_path(folder, "c.png"), &small, TILE_PNG);
    tile_image_free(&small, NULL);
    tile_image_free(&alpha, NULL);
    test_folder_remove(folder);
}

static void failing_memory_is_reported(void **state) {
    (void)state;
    for (int c = TILE_CODEC_UNSET + 1; c < TILE_CODEC_COUNT; c++)
        for (size_t s = 0; s < SAMPLES; s++) {
            if (carry((tile_codec)c, samples[s]) != TILE_OK)
                continue;
            struct tile_image image = image_of(samples[s], 33, 21);
            tile_status status = TILE_NO_MEMORY;
            size_t n;
            for (n = 0; status != TILE_OK; n++) {
                struct test_memory memory;
                test_memory_init(&memory, n);
                struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
                options.allocator = &memory.allocator;
                options.optimize = s % 2;
                struct tile_buffer buffer = {0};
                struct tile_writer writer = tile_buffer_writer(&buffer);
                error = (struct tile_error){0};
                status = tile_encode(&image, (tile_codec)c, &options, &writer, &error);
                if (status != TILE_OK && (status != TILE_NO_MEMORY || error.status != TILE_NO_MEMORY))
                    fail_msg("%s, request %zu: %s", tile_codec_name((tile_codec)c), n, error.message);
                assert_int_equal(memory.live, 0);
                tile_buffer_free(&buffer);
            }
            assert_true(n > 3);
            tile_image_free(&image, NULL);
        }
}

static void misuse_is_refused(void **state) {
    (void)state;
    struct tile_format rgb = format_of(TILE_SRGB, TILE_U8, 0);
    struct tile_image image = image_of(rgb, 10, 8), wide = image_of(rgb, 11, 8);
    struct tile_image deep = image_of(format_of(TILE_SRGB, TILE_U16, 0), 10, 8);
    struct tile_buffer buffer = {0};
    struct tile_writer writer = tile_buffer_writer(&buffer), none = {0};
    tile_encoder *encoder;
    assert_ok(tile_encoder_new(&encoder, TILE_PNG, rgb, 10, 12, NULL, &writer, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encoder_write(encoder, &wide, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encoder_write(encoder, &deep, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encoder_write(encoder, NULL, &error));
    assert_ok(tile_encoder_write(encoder, &image, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encoder_write(encoder, &image, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encoder_finish(encoder, &error));
    image.height = 4;
    assert_ok(tile_encoder_write(encoder, &image, &error));
    assert_ok(tile_encoder_finish(encoder, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encoder_write(encoder, &image, &error));
    tile_encoder_free(encoder);
    tile_encoder_free(NULL);

    assert_fails(TILE_INVALID_ARGUMENT, tile_encode(&image, TILE_CODEC_UNSET, NULL, &writer, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encode(&image, (tile_codec)99, NULL, &writer, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encode(&image, TILE_PNG, NULL, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encode(&image, TILE_PNG, NULL, &none, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_codec_can_carry((tile_codec)-1, rgb, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_encoder_new(&encoder, TILE_PNG, rgb, 0, 5, NULL, &writer, &error));
    assert_null(encoder);
    for (int c = TILE_CODEC_UNSET + 1; c < TILE_CODEC_COUNT; c++) {
        struct tile_format reversed = rgb, planar = rgb;
        if (!tile_codec_can_write((tile_codec)c))
            continue;
        reversed.order = TILE_ORDER_REVERSED;
        planar.layout = TILE_PLANAR;
        assert_fails(TILE_INVALID_ARGUMENT, tile_codec_can_carry((tile_codec)c, reversed, &error));
        assert_fails(TILE_INVALID_ARGUMENT,
                     tile_encoder_new(&encoder, (tile_codec)c, planar, 5, 5, NULL, &writer, &error));
    }

    char profile[200] = {0};
    memcpy(profile + 16, "CMYK", 4);
    memcpy(profile + 36, "acsp", 4);
    struct tile_encode_options bad[6];
    for (int i = 0; i < 6; i++)
        bad[i] = (struct tile_encode_options)TILE_OPTIONS(struct tile_encode_options);
    bad[0].quality = 101;
    bad[1].compression = 10;
    bad[2].subsampling = (tile_subsampling)3;
    bad[3].profile = profile;
    bad[4].profile = profile + 1;
    bad[4].profile_size = 180;
    bad[5].profile = profile; /* not of RGB */
    bad[5].profile_size = 200;
    for (int i = 0; i < 6; i++)
        assert_fails(TILE_INVALID_ARGUMENT, tile_encode(&image, TILE_JPEG, &bad[i], &writer, &error));
    tile_buffer_free(&buffer);
    tile_image_free(&image, NULL);
    tile_image_free(&wide, NULL);
    tile_image_free(&deep, NULL);
}

static void sizes_that_do_not_fit_are_refused(void **state) {
    (void)state;
    uint64_t written = 0;
    struct tile_writer writer = {&written, discard};
    struct tile_format rgb = format_of(TILE_SRGB, TILE_U8, 0);
    tile_encoder *encoder;
    assert_fails(TILE_UNSUPPORTED, tile_encoder_new(&encoder, TILE_JPEG, rgb, 65501, 1, NULL, &writer, &error));
    assert_non_null(strstr(error.message, test_codecs(": png, tif, npy, bmp or tga can")));
    assert_fails(TILE_UNSUPPORTED, tile_encoder_new(&encoder, TILE_TGA, rgb, 1, 65536, NULL, &writer, &error));
    assert_fails(TILE_UNSUPPORTED, tile_encoder_new(&encoder, TILE_PNG, rgb, 1, 0x80000000, NULL, &writer, &error));
    assert_non_null(strstr(error.message, test_codecs(": tif or npy can")));
    assert_fails(TILE_UNSUPPORTED, tile_encoder_new(&encoder, TILE_BMP, rgb, 30000, 30000, NULL, &writer, &error));
    assert_non_null(strstr(error.message, test_codecs(": jpg, png, tif or npy can")));
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    options.max_memory = 29999;
    assert_fails(TILE_LIMIT_EXCEEDED, tile_encoder_new(&encoder, TILE_BMP, rgb, 100, 100, &options, &writer, &error));
    assert_non_null(strstr(error.message, test_codecs(": jpg, png, tif or npy can")));
    options.max_memory = 30000;
    assert_ok(tile_encoder_new(&encoder, TILE_BMP, rgb, 100, 100, &options, &writer, &error));
    tile_encoder_free(encoder);
    struct tile_format widest = format_of(TILE_CMYK, TILE_F32, TILE_ALPHA_STRAIGHT);
    tile_status status = tile_encoder_new(&encoder, TILE_NPY, widest, UINT32_MAX, UINT32_MAX, NULL, &writer, &error);
    assert_int_equal(status, TILE_OK);
    tile_encoder_free(encoder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_carry_what_the_design_says), cmocka_unit_test(refusals_name_the_codecs_that_accept),
        cmocka_unit_test(raw_channels_need_a_fitting_number), cmocka_unit_test(strides_do_not_matter),
        cmocka_unit_test(strips_give_the_bytes_of_the_whole), cmocka_unit_test(a_writers_failure_comes_out),
        cmocka_unit_test(nothing_is_written_by_free),         cmocka_unit_test(files_are_whole_or_not_there),
        cmocka_unit_test(failing_memory_is_reported),         cmocka_unit_test(misuse_is_refused),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
