/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <jerror.h>

static unsigned char sample(uint32_t x, uint32_t y, unsigned channel) {
    unsigned value = (x * (3 + channel) + y * (7 - channel)) % 256;
    if ((x / 9 + y / 5 + channel) % 3 == 0)
        value = 255 - value;
    return (unsigned char)(value ^ ((x * y * 31 + channel * 17) & 15));
}

static unsigned char slope_sample(const struct jpeg_recipe *recipe, uint32_t y, unsigned channel) {
    unsigned value = 255 * y / recipe->height;
    return (unsigned char)(channel % 2 ? 255 - value : value);
}

/* Takes tables from slots 2 and 3: luma DC 2 and AC 3, the others the other way. */
static void use_high_slots(struct jpeg_compress_struct *c) {
    for (int i = 0; i < 2; i++) {
        c->dc_huff_tbl_ptrs[2 + i] = jpeg_alloc_huff_table((j_common_ptr)c);
        c->ac_huff_tbl_ptrs[3 - i] = jpeg_alloc_huff_table((j_common_ptr)c);
        c->quant_tbl_ptrs[2 + i] = jpeg_alloc_quant_table((j_common_ptr)c);
        *c->dc_huff_tbl_ptrs[2 + i] = *c->dc_huff_tbl_ptrs[i];
        *c->ac_huff_tbl_ptrs[3 - i] = *c->ac_huff_tbl_ptrs[i];
        *c->quant_tbl_ptrs[2 + i] = *c->quant_tbl_ptrs[i];
    }
    for (int i = 0; i < c->num_components; i++) {
        c->comp_info[i].dc_tbl_no = c->comp_info[i].quant_tbl_no = i ? 3 : 2;
        c->comp_info[i].ac_tbl_no = i ? 2 : 3;
    }
}

void exif_block(unsigned char block[26], unsigned orientation, bool big_endian) {
    static const unsigned char little[26] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0};
    static const unsigned char big[26] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1};
    memcpy(block, big_endian ? big : little, 26);
    block[big_endian ? 19 : 18] = (unsigned char)orientation;
}

static void no_message(j_common_ptr common, int level) {
    (void)common;
    (void)level;
}

struct test_bytes jpeg_file(const struct jpeg_recipe *recipe) {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    c.err = jpeg_std_error(&errors);
    errors.emit_message = no_message; /* wide quantization is no mistake here */
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &data, &size);
    c.image_width = recipe->width;
    c.image_height = recipe->height;
    c.in_color_space = recipe->space == JCS_YCCK ? JCS_CMYK : recipe->space == JCS_YCbCr ? JCS_RGB : recipe->space;
    c.input_components = c.in_color_space == JCS_GRAYSCALE ? 1 : c.in_color_space == JCS_CMYK ? 4 : 3;
    jpeg_set_defaults(&c);
    jpeg_set_colorspace(&c, recipe->space);
    jpeg_set_quality(&c, recipe->quality ? recipe->quality : 88, TRUE);
    if (recipe->wide_quantization)
        for (int i = 30; i < 64; i++)
            c.quant_tbl_ptrs[0]->quantval[i] = 300;
    if (recipe->high_slots)
        use_high_slots(&c);
    for (int i = 0; i < c.num_components; i++) {
        if (recipe->ids)
            c.comp_info[i].component_id = recipe->ids[i];
        c.comp_info[i].h_samp_factor = recipe->sampling[i][0] ? recipe->sampling[i][0] : 1;
        c.comp_info[i].v_samp_factor = recipe->sampling[i][1] ? recipe->sampling[i][1] : 1;
    }
    if (recipe->progressive)
        jpeg_simple_progression(&c);
    static const jpeg_scan_info separate[] = {{1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
    if (recipe->separate) {
        c.scan_info = separate;
        c.num_scans = 3;
    }
    c.arith_code = recipe->arithmetic;
    c.optimize_coding = recipe->optimized;
    c.restart_interval = recipe->restart;
    if (recipe->without_adobe)
        c.write_Adobe_marker = FALSE;
    if (recipe->without_jfif)
        c.write_JFIF_header = FALSE;
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
                row[x * channels + i] = recipe->slope ? slope_sample(recipe, y, i) : sample(x, y, i);
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    free(row);
    return (struct test_bytes){data, size};
}

static void give_up(j_common_ptr common) {
    longjmp(*(jmp_buf *)common->client_data, 1);
}

unsigned char *jpeg_pixels(struct test_bytes file, J_COLOR_SPACE out) {
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
    unsigned char *volatile result = NULL;
    d.err = jpeg_std_error(&errors);
    errors.emit_message = no_message;
    errors.error_exit = give_up;
    d.client_data = &jump;
    jpeg_create_decompress(&d);
    if (setjmp(jump)) {
        jpeg_destroy_decompress(&d);
        free(result);
        return NULL;
    }
    jpeg_mem_src(&d, file.data, file.size);
    jpeg_read_header(&d, TRUE);
    if (out != JCS_UNKNOWN)
        d.out_color_space = out;
    jpeg_start_decompress(&d);
    size_t row = (size_t)d.output_width * (size_t)d.output_components;
    unsigned char *pixels = result = malloc(row * d.output_height);
    assert_non_null(pixels);
    while (d.output_scanline < d.output_height) {
        JSAMPROW line = pixels + d.output_scanline * row;
        jpeg_read_scanlines(&d, &line, 1);
        if (d.out_color_space == JCS_CMYK && d.saw_Adobe_marker)
            for (size_t i = 0; i < row; i++)
                line[i] = (JSAMPLE)(255 - line[i]);
    }
    jpeg_finish_decompress(&d);
    jpeg_destroy_decompress(&d);
    return result;
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

/* Row `y` of `rect`, at `line`. */
static void check_line(const tile_source *source, struct stored stored, int orientation, struct tile_rect rect,
                       uint32_t y, const unsigned char *line) {
    for (uint32_t x = 0; x < rect.width; x++)
        if (memcmp(line + x * stored.step, seen_at(stored, orientation, rect.x + x, rect.y + y), stored.step))
            fail_msg("%s, orientation %d: pixel %u,%u of %u,%u %u x %u differs", tile_source_info(source)->coding,
                     orientation, x, y, rect.x, rect.y, rect.width, rect.height);
}

void check_region(tile_source *source, struct tile_format format, struct stored stored, int orientation,
                  struct tile_rect rect, int variant) {
    static struct tile_error error;
    /* The last byte of a row of the image is the last one that may be touched; every second image is upside down. */
    size_t row = rect.width * stored.step, gap = (size_t)(variant % 3) * stored.step,
           size = (row + gap) * rect.height - gap;
    struct test_guarded guarded = test_guarded_new(size, variant % 4 < 2);
    memset(guarded.data, 0xA5, size);
    struct tile_image image = {.format = format, .width = rect.width, .height = rect.height};
    image.stride = (ptrdiff_t)(row + gap);
    image.plane[0] = guarded.data;
    if (variant % 2) {
        image.plane[0] = guarded.data + (rect.height - 1) * (row + gap);
        image.stride = -image.stride;
    }
    assert_ok(tile_source_read(source, rect, &image, &error));
    for (uint32_t y = 0; y < rect.height; y++) {
        const unsigned char *line = (unsigned char *)image.plane[0] + (ptrdiff_t)y * image.stride;
        check_line(source, stored, orientation, rect, y, line);
        bool lowest = y == (variant % 2 ? 0 : rect.height - 1); /* in memory: no gap behind it */
        for (size_t k = 0; k < gap && !lowest; k++)
            assert_int_equal(line[row + k], 0xA5);
    }
    test_guarded_free(guarded);
}

void check_regions(tile_source *source, struct tile_format format, struct stored stored, int orientation, int count,
                   struct test_random *random) {
    const struct tile_info *info = tile_source_info(source);
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
        check_region(source, format, stored, orientation, rect, i);
    }
}

void check_whole(tile_source *source, struct stored stored, int orientation) {
    static struct tile_error error;
    struct tile_image all;
    assert_ok(tile_source_read_all(source, &all, NULL, &error));
    struct tile_rect rect = {0, 0, all.width, all.height};
    assert_int_equal((uint64_t)rect.width * rect.height, (uint64_t)stored.width * stored.height);
    for (uint32_t y = 0; y < all.height; y++)
        check_line(source, stored, orientation, rect, y, (unsigned char *)all.plane[0] + (ptrdiff_t)y * all.stride);
    tile_image_free(&all, NULL);
}

static void *gauge_alloc(void *user, size_t size) {
    struct gauge *gauge = user;
    size_t *block = malloc(size + 16);
    if (!block)
        return NULL;
    block[0] = size;
    gauge->live += size;
    if (gauge->live > gauge->peak)
        gauge->peak = gauge->live;
    return (char *)block + 16;
}

static void gauge_free(void *user, void *memory) {
    struct gauge *gauge = user;
    size_t *block = (size_t *)(void *)((char *)memory - 16);
    gauge->live -= block[0];
    free(block);
}

struct tile_allocator gauge_allocator(struct gauge *gauge) {
    return (struct tile_allocator){gauge, gauge_alloc, gauge_free};
}

static void look_at_warning(j_common_ptr common, int level) {
    int code = common->err->msg_code;
    bool restart = (common->err->msg_parm.i[1] & 0xF8) == 0xD0;
    if (level < 0 && code != JWRN_JPEG_EOF && (code != JWRN_EXTRANEOUS_DATA || restart))
        give_up(common);
}

bool jpeg_is_whole(struct test_bytes file) {
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
    d.err = jpeg_std_error(&errors);
    errors.emit_message = look_at_warning;
    errors.error_exit = give_up;
    d.client_data = &jump;
    jpeg_create_decompress(&d);
    bool gave_up = setjmp(jump);
    if (!gave_up) {
        jpeg_mem_src(&d, file.data, file.size);
        jpeg_read_header(&d, TRUE);
        jpeg_read_coefficients(&d);
        jpeg_finish_decompress(&d);
    }
    jpeg_destroy_decompress(&d);
    return !gave_up;
}
