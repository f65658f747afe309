/* SPDX-License-Identifier: MIT */
/* Coefficients from one JPEG to another, without a look at the pixels. */
#include "for_job.h"

#include "../base/buffer.h"
#include "../base/memory.h"
#include "jpeg.h"

struct optimizer {
    struct tile_jpeg output;
    struct jpeg_decompress_struct input;
};

static void transcode(struct optimizer *o, const struct tile_buffer *jpeg) {
    if (setjmp(o->output.failed))
        return;
    tile_jpeg_create(&o->output);
    jpeg_create_decompress(&o->input);
    o->output.compress.progress = o->input.progress = &o->output.progress;
    jpeg_mem_src(&o->input, jpeg->data, (unsigned long)jpeg->size);
    for (int i = 0; i < 16; i++)
        jpeg_save_markers(&o->input, JPEG_APP0 + i, 0xFFFF);
    jpeg_read_header(&o->input, TRUE);
    tile_jpeg_hold_coefficients(&o->output, (j_common_ptr)&o->input, o->input.comp_info, o->input.num_components,
                                o->input.image_width, o->input.image_height);
    jvirt_barray_ptr *coefficients = jpeg_read_coefficients(&o->input);
    jpeg_copy_critical_parameters(&o->input, &o->output.compress);
    o->output.compress.optimize_coding = TRUE;
    /* The segments that say what the coefficients mean stay; libjpeg is to make up none. */
    o->output.compress.write_JFIF_header = FALSE;
    o->output.compress.write_Adobe_marker = FALSE;
    jpeg_write_coefficients(&o->output.compress, coefficients);
    for (jpeg_saved_marker_ptr m = o->input.marker_list; m; m = m->next)
        jpeg_write_marker(&o->output.compress, m->marker, m->data, m->data_length);
    jpeg_finish_compress(&o->output.compress);
    jpeg_finish_decompress(&o->input);
}

tile_status tile_jpeg_optimize(const struct tile_buffer *jpeg, uint64_t memory, struct tile_buffer *out,
                               struct tile_watch *watch, struct tile_error *error) {
    tile_encoder encoder = {.allocator = out->allocator,
                            .options = {.max_memory = memory},
                            .offset = out->size,
                            .watch = {.progress = tile_watch_relay, .user = watch},
                            .writer = tile_buffer_writer(out)};
    struct optimizer o = {.input = {.err = NULL}};
    encoder.buffer = tile_encoder_alloc(&encoder, TILE_ENCODER_BUFFER);
    if (encoder.buffer) {
        tile_jpeg_hooks(&o.output, &encoder, TILE_BAD_DATA);
        o.input.err = &o.output.errors;
        o.input.client_data = &o.output;
        transcode(&o, jpeg);
        jpeg_destroy_compress(&o.output.compress);
        jpeg_destroy_decompress(&o.input);
        tile_encoder_flush(&encoder);
    }
    tile_free(encoder.allocator, encoder.buffer);
    if (tile_encoder_failed(&encoder) && error)
        *error = encoder.failure;
    return encoder.failure.status;
}
