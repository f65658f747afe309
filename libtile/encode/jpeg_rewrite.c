/* SPDX-License-Identifier: MIT */
/* Coefficients from one JPEG to another, without decoding a pixel. */
#include "for_job.h"

#include "../base/buffer.h"
#include "../base/memory.h"
#include "jpeg.h"

#include <string.h>

#include <jerror.h>

struct rewriter {
    struct tile_jpeg output;
    struct jpeg_decompress_struct input;
};

static bool begins(jpeg_saved_marker_ptr marker, int kind, const char *name) {
    size_t size = strlen(name);
    return marker->marker == JPEG_APP0 + kind && marker->data_length >= size && memcmp(marker->data, name, size) == 0;
}

/* Whether a segment is about colors: the ICC profile, or Adobe's mark of the transform. */
static bool speaks_of_color(jpeg_saved_marker_ptr marker) {
    return begins(marker, 2, "ICC_PROFILE") || begins(marker, 14, "Adobe");
}

/* One component makes a gray JPEG, with the table that it has had. */
static void keep_luma(struct rewriter *r) {
    struct jpeg_compress_struct *to = &r->output.compress;
    int table = to->comp_info[0].quant_tbl_no;
    if (r->input.jpeg_color_space != JCS_YCbCr) /* no longer the file that was opened */
        ERREXIT(&r->input, JERR_BAD_J_COLORSPACE);
    jpeg_set_colorspace(to, JCS_GRAYSCALE);
    to->comp_info[0].quant_tbl_no = table;
}

static void transcode(struct rewriter *r, const struct tile_buffer *jpeg, const struct tile_jpeg_rewrite *rewrite) {
    if (setjmp(r->output.failed))
        return;
    struct jpeg_compress_struct *to = &r->output.compress;
    tile_jpeg_create(&r->output);
    jpeg_create_decompress(&r->input);
    to->progress = r->input.progress = &r->output.progress;
    jpeg_mem_src(&r->input, jpeg->data, (unsigned long)jpeg->size);
    for (int i = 0; i < 16; i++)
        jpeg_save_markers(&r->input, JPEG_APP0 + i, 0xFFFF);
    jpeg_read_header(&r->input, TRUE);
    tile_jpeg_hold_coefficients(&r->output, (j_common_ptr)&r->input, r->input.comp_info, r->input.num_components,
                                r->input.image_width, r->input.image_height, rewrite->luma_only);
    jvirt_barray_ptr *coefficients = jpeg_read_coefficients(&r->input);
    jpeg_copy_critical_parameters(&r->input, to);
    if (rewrite->luma_only)
        keep_luma(r);
    to->optimize_coding = rewrite->optimize;
    /* The segments that say what the coefficients mean stay; libjpeg is to make up none but that of gray. */
    to->write_JFIF_header = rewrite->luma_only && !r->input.saw_JFIF_marker;
    to->write_Adobe_marker = FALSE;
    jpeg_write_coefficients(to, coefficients);
    for (jpeg_saved_marker_ptr m = r->input.marker_list; m; m = m->next)
        if (!rewrite->luma_only || !speaks_of_color(m))
            jpeg_write_marker(to, m->marker, m->data, m->data_length);
    jpeg_finish_compress(to);
    jpeg_finish_decompress(&r->input);
}

tile_status tile_jpeg_rewrite(const struct tile_buffer *jpeg, const struct tile_jpeg_rewrite *rewrite,
                              struct tile_buffer *out, struct tile_watch *watch, struct tile_error *error) {
    tile_encoder encoder = {.allocator = out->allocator,
                            .options = {.max_memory = rewrite->memory},
                            .offset = out->size,
                            .watch = {.progress = tile_watch_relay, .user = watch},
                            .writer = tile_buffer_writer(out)};
    struct rewriter r = {.input = {.err = NULL}};
    encoder.buffer = tile_encoder_alloc(&encoder, TILE_ENCODER_BUFFER);
    if (encoder.buffer) {
        tile_jpeg_hooks(&r.output, &encoder, TILE_BAD_DATA);
        r.input.err = &r.output.errors;
        r.input.client_data = &r.output;
        transcode(&r, jpeg, rewrite);
        jpeg_destroy_compress(&r.output.compress);
        jpeg_destroy_decompress(&r.input);
        tile_encoder_flush(&encoder);
    }
    tile_free(encoder.allocator, encoder.buffer);
    if (tile_encoder_failed(&encoder) && error)
        *error = encoder.failure;
    return encoder.failure.status;
}
