/* SPDX-License-Identifier: MIT */
#include "picture.h"

static unsigned char sample(uint32_t x, uint32_t y, unsigned channel) {
    unsigned value = (x * (3 + channel) + y * (7 - channel)) % 256;
    if ((x / 9 + y / 5 + channel) % 3 == 0)
        value = 255 - value;
    return (unsigned char)(value ^ ((x * y * 31 + channel * 17) & 15));
}

void exif_block(unsigned char block[26], unsigned orientation, bool big_endian) {
    static const unsigned char little[26] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0};
    static const unsigned char big[26] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1};
    memcpy(block, big_endian ? big : little, 26);
    block[big_endian ? 19 : 18] = (unsigned char)orientation;
}

struct test_bytes jpeg_file(const struct jpeg_recipe *recipe) {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &data, &size);
    c.image_width = recipe->width;
    c.image_height = recipe->height;
    c.in_color_space = recipe->space == JCS_YCCK ? JCS_CMYK : recipe->space == JCS_YCbCr ? JCS_RGB : recipe->space;
    c.input_components = c.in_color_space == JCS_GRAYSCALE ? 1 : c.in_color_space == JCS_CMYK ? 4 : 3;
    jpeg_set_defaults(&c);
    jpeg_set_colorspace(&c, recipe->space);
    jpeg_set_quality(&c, 88, TRUE);
    for (int i = 0; i < c.num_components; i++) {
        c.comp_info[i].h_samp_factor = recipe->sampling[i][0] ? recipe->sampling[i][0] : 1;
        c.comp_info[i].v_samp_factor = recipe->sampling[i][1] ? recipe->sampling[i][1] : 1;
    }
    if (recipe->progressive)
        jpeg_simple_progression(&c);
    c.arith_code = recipe->arithmetic;
    c.optimize_coding = recipe->optimized;
    c.restart_interval = recipe->restart;
    if (recipe->without_adobe)
        c.write_Adobe_marker = FALSE;
    jpeg_start_compress(&c, TRUE);
    if (recipe->orientation) {
        unsigned char marker[32] = "Exif\0";
        exif_block(marker + 6, (unsigned)recipe->orientation, recipe->big_endian);
        jpeg_write_marker(&c, JPEG_APP0 + 1, marker, sizeof marker);
    }
    if (recipe->profile)
        jpeg_write_icc_profile(&c, recipe->profile, (unsigned)recipe->profile_size);
    unsigned char *row = malloc((size_t)recipe->width * 4);
    assert_non_null(row);
    unsigned channels = (unsigned)c.input_components;
    for (uint32_t y = 0; y < recipe->height; y++) {
        for (uint32_t x = 0; x < recipe->width; x++)
            for (unsigned i = 0; i < channels; i++)
                row[x * channels + i] = sample(x, y, i);
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    free(row);
    return (struct test_bytes){data, size};
}

static void no_message(j_common_ptr common, int level) {
    (void)common;
    (void)level;
}

unsigned char *jpeg_pixels(struct test_bytes file, J_COLOR_SPACE out) {
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    d.err = jpeg_std_error(&errors);
    errors.emit_message = no_message;
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, file.data, file.size);
    jpeg_read_header(&d, TRUE);
    if (out != JCS_UNKNOWN)
        d.out_color_space = out;
    jpeg_start_decompress(&d);
    size_t row = (size_t)d.output_width * (size_t)d.output_components;
    unsigned char *pixels = malloc(row * d.output_height);
    assert_non_null(pixels);
    while (d.output_scanline < d.output_height) {
        JSAMPROW line = pixels + d.output_scanline * row;
        jpeg_read_scanlines(&d, &line, 1);
    }
    jpeg_finish_decompress(&d);
    jpeg_destroy_decompress(&d);
    return pixels;
}

/* The stored pixel that is seen at (x, y), by where EXIF 2.32 says that the 0th row and the 0th column are seen. */
static const unsigned char *seen_at(struct stored s, int orientation, uint32_t x, uint32_t y) {
    uint32_t row = 0, column = 0;
    switch (orientation) {
    case 1: row = y, column = x; break;                              /* top, left */
    case 2: row = y, column = s.width - 1 - x; break;                /* top, right */
    case 3: row = s.height - 1 - y, column = s.width - 1 - x; break; /* bottom, right */
    case 4: row = s.height - 1 - y, column = x; break;               /* bottom, left */
    case 5: row = x, column = y; break;                              /* left, top */
    case 6: row = s.height - 1 - x, column = y; break;               /* right, top */
    case 7: row = s.height - 1 - x, column = s.width - 1 - y; break; /* right, bottom */
    case 8: row = x, column = s.width - 1 - y; break;                /* left, bottom */
    default: fail();
    }
    return s.pixels + ((size_t)row * s.width + column) * s.step;
}

void check_regions(tile_source *source, struct tile_format format, struct stored stored, int orientation, int count,
                   struct test_random *random) {
    static struct tile_error error;
    const struct tile_source_info *info = tile_source_info(source);
    assert_int_equal(info->width, orientation < 5 ? stored.width : stored.height);
    assert_int_equal(info->height, orientation < 5 ? stored.height : stored.width);
    assert_int_equal(tile_format_step(format), stored.step);
    for (int i = 0; i < count; i++) {
        struct tile_rect rect = {0, 0, info->width, info->height};
        if (i > 0) {
            rect.x = test_random_below(random, info->width);
            rect.y = test_random_below(random, info->height);
            rect.width = 1 + test_random_below(random, info->width - rect.x);
            rect.height = 1 + test_random_below(random, info->height - rect.y);
        }
        /* The last byte of a row of the image is the last one that may be touched; every second image is upside down.
         */
        size_t row = rect.width * stored.step, gap = (size_t)(i % 3) * stored.step,
               size = (row + gap) * rect.height - gap;
        struct test_guarded guarded = test_guarded_new(size, i % 4 < 2);
        memset(guarded.data, 0xA5, size);
        struct tile_image image = {.format = format, .width = rect.width, .height = rect.height};
        image.stride = (ptrdiff_t)(row + gap);
        image.plane[0] = guarded.data;
        if (i % 2) {
            image.plane[0] = guarded.data + (rect.height - 1) * (row + gap);
            image.stride = -image.stride;
        }
        assert_ok(tile_source_read(source, rect, &image, &error));
        for (uint32_t y = 0; y < rect.height; y++) {
            const unsigned char *line = (unsigned char *)image.plane[0] + (ptrdiff_t)y * image.stride;
            for (uint32_t x = 0; x < rect.width; x++)
                if (memcmp(line + x * stored.step, seen_at(stored, orientation, rect.x + x, rect.y + y), stored.step))
                    fail_msg("%s, orientation %d: pixel %u,%u of %u,%u %u x %u differs", info->coding, orientation, x,
                             y, rect.x, rect.y, rect.width, rect.height);
            bool lowest = y == (i % 2 ? 0 : rect.height - 1); /* in memory: no gap behind it */
            for (size_t k = 0; k < gap && !lowest; k++)
                assert_int_equal(line[row + k], 0xA5);
        }
        test_guarded_free(guarded);
    }
}
