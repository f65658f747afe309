/* SPDX-License-Identifier: MIT */
/* Images of several pieces, and encoders that are used again. */
#include "encode/for_job.h"

#include "common.h"

static const tile_codec codecs[] = {TILE_PNG, TILE_TIFF};
static const struct tile_format formats[] = {
    {.space = TILE_SRGB, .sample = TILE_U8},
    {.space = TILE_GRAY, .sample = TILE_U16},
};

static struct tile_buffer encode_in_rows(const struct tile_image *image, tile_codec codec,
                                         const struct tile_encode_options *options, uint32_t rows) {
    struct tile_buffer out = {0};
    struct tile_writer writer = tile_buffer_writer(&out);
    tile_encoder *encoder;
    assert_ok(tile_encoder_new(&encoder, codec, image->format, image->width, image->height, options, &writer, &error));
    for (uint32_t y = 0, count; y < image->height; y += count) {
        count = rows < image->height - y ? rows : image->height - y;
        struct tile_image some = tile_image_view(image, (struct tile_rect){0, y, image->width, count});
        assert_ok(tile_encoder_write(encoder, &some, &error));
    }
    assert_ok(tile_encoder_finish(encoder, &error));
    tile_encoder_free(encoder);
    return out;
}

static void assert_equal_bytes(const struct tile_buffer *a, const struct tile_buffer *b) {
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

/* By a source of ours; that other readers agree is shown by readers.c and png.c. */
static void assert_holds(const struct tile_buffer *file, const struct tile_image *image) {
    tile_source *source;
    struct tile_image back;
    assert_ok(tile_source_open_memory(&source, file->data, file->size, NULL, &error));
    assert_ok(tile_source_read_all(source, &back, NULL, &error));
    for (uint32_t y = 0; y < image->height; y++)
        assert_memory_equal((char *)back.plane[0] + y * back.stride, (char *)image->plane[0] + y * image->stride,
                            image->width * tile_format_step(image->format));
    tile_image_free(&back, NULL);
    tile_source_close(source);
}

static void rows_a_call_do_not_matter(void **state) {
    (void)state;
    static const uint32_t rows[] = {1, 2, 7, 1000};
    static const int levels[] = {1, 2, 9};
    for (size_t c = 0; c < sizeof codecs / sizeof *codecs; c++)
        for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
            for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
                struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
                options.compression = levels[l];
                if (!tile_codec_can_write(codecs[c]))
                    continue;
                struct tile_image image = image_of(formats[f], levels[l] == 9 ? 200 : 1300, 1001);
                uint32_t piece = tile_codec_piece_rows(codecs[c], image.format, image.width, image.height, &options);
                assert_in_range(piece, 2, 1000);
                struct tile_buffer whole = encode(&image, codecs[c], &options);
                for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
                    struct tile_buffer parts = encode_in_rows(&image, codecs[c], &options, rows[r]);
                    assert_equal_bytes(&whole, &parts);
                    tile_buffer_free(&parts);
                }
                if (codecs[c] == TILE_PNG)
                    assert_holds(&whole, &image);
                tile_buffer_free(&whole);
                tile_image_free(&image, NULL);
            }
}

/* A writer that can fail, and the bytes that reach it. */
struct output {
    struct tile_buffer bytes;
    bool fails;
};

static tile_status write_output(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *why) {
    struct output *output = user;
    if (output->fails)
        return tile_error_set(why, TILE_WRITE_FAILED, "the disk is full");
    struct tile_writer writer = tile_buffer_writer(&output->bytes);
    return writer.write_at(writer.user, offset, data, size, why);
}

static void an_encoder_can_be_used_again(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{256, 256}, {1, 1}, {300, 7}, {90, 700}};
    for (int c = TILE_CODEC_UNSET + 1; c < TILE_CODEC_COUNT; c++) {
        struct tile_format format = format_of(c == TILE_HDR ? TILE_SRGB_LINEAR : TILE_SRGB, TILE_U8, 0);
        format.sample = c == TILE_HDR ? TILE_F32 : TILE_U8;
        struct output output = {0};
        struct tile_writer writer = {&output, write_output};
        tile_encoder *encoder;
        if (!tile_codec_can_write((tile_codec)c))
            continue;
        assert_ok(tile_encoder_new(&encoder, (tile_codec)c, format, 50, 50, NULL, &writer, &error)); /* left there */
        for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
            const uint32_t *size = sizes[i / 2];
            struct tile_image image = image_of(format, size[0], size[1]);
            output.bytes.size = 0;
            output.fails = i % 2;
            tile_status status = tile_encoder_restart(encoder, size[0], size[1], &error);
            if (status == TILE_OK)
                status = tile_encoder_write(encoder, &image, &error);
            if (status == TILE_OK)
                status = tile_encoder_finish(encoder, &error);
            assert_int_equal(status, i % 2 ? TILE_WRITE_FAILED : TILE_OK);
            struct tile_buffer fresh = encode(&image, (tile_codec)c, NULL);
            if (status == TILE_OK)
                assert_equal_bytes(&fresh, &output.bytes);
            tile_buffer_free(&fresh);
            tile_image_free(&image, NULL);
        }
        assert_fails(TILE_INVALID_ARGUMENT, tile_encoder_restart(encoder, 0, 5, &error));
        tile_encoder_free(encoder);
        tile_buffer_free(&output.bytes);
    }
}

static void a_cpu_that_is_not_there_is_refused(void **state) {
    (void)state;
    struct tile_image image = image_of(formats[0], 9, 9);
    struct tile_buffer out = {0};
    struct tile_writer writer = tile_buffer_writer(&out);
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    for (int cpu = 0; cpu <= TILE_CPU_COUNT; cpu++) {
        options.cpu = (tile_cpu)cpu;
        tile_status status = tile_encode(&image, TILE_PNG, &options, &writer, &error);
        assert_int_equal(status, cpu == TILE_CPU_COUNT               ? TILE_INVALID_ARGUMENT
                                 : tile_cpu_available((tile_cpu)cpu) ? TILE_OK
                                                                     : TILE_UNSUPPORTED);
    }
    tile_buffer_free(&out);
    tile_image_free(&image, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_a_call_do_not_matter),
        cmocka_unit_test(an_encoder_can_be_used_again),
        cmocka_unit_test(a_cpu_that_is_not_there_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
