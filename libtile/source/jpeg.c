/* SPDX-License-Identifier: MIT */
/* JPEG by libjpeg-turbo, with the decoder's defaults: what djpeg writes is what is read. */
#include "jpeg_metadata.h"

#include "../base/error.h"
#include "../base/memory.h"

#include <setjmp.h>
#include <string.h>

#include <jerror.h>

/* A real progressive file has about 10 scans; each costs a pass over the image, however few bytes it has. */
#define MOST_SCANS 500

struct jpeg {
    struct jpeg_decompress_struct decompress;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr input;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    tile_source *source;
    struct tile_error *error; /* of the call that is running */
    tile_status status;       /* why it jumped */
    bool in_header;
    bool header_read; /* and nothing after it */
    bool ended;       /* the file was read to its end, and an EOI marker was put there */
    bool finishing;   /* all rows are there, what is still read is the end of the file */
    bool holding;     /* the whole image is being decoded, before its first row */
    bool scans_counted;
    J_COLOR_SPACE space; /* in the file */
    unsigned char *skipped;
};

static _Noreturn void jump(struct jpeg *jpeg, tile_status status) {
    jpeg->status = status;
    longjmp(jpeg->jump, 1);
}

/* After so many bytes of work; jumps where that is to be the last. */
static void pass(struct jpeg *jpeg, size_t size) {
    tile_status status = tile_watch_pass(jpeg->source->watch, size, jpeg->error);
    if (status != TILE_OK)
        jump(jpeg, status);
}

static uint64_t position(const struct jpeg *jpeg) {
    return jpeg->source->input.offset - jpeg->input.bytes_in_buffer;
}

/* The first row of the blocks that are being decoded. */
static unsigned row(const struct jpeg *jpeg) {
    const struct jpeg_decompress_struct *d = &jpeg->decompress;
    unsigned y = d->input_iMCU_row * (unsigned)(d->max_v_samp_factor * DCTSIZE);
    return y < d->image_height ? y : d->image_height;
}

static const char *message(struct jpeg *jpeg, char text[JMSG_LENGTH_MAX]) {
    static const char corrupt[] = "Corrupt JPEG data: ";
    jpeg->errors.format_message((j_common_ptr)&jpeg->decompress, text);
    return strncmp(text, corrupt, sizeof corrupt - 1) == 0 ? text + sizeof corrupt - 1 : text;
}

static void damaged(struct jpeg *jpeg, const char *cause) {
    tile_status status;
    if (jpeg->ended) /* whatever is wrong, more bytes would have mended it */
        status = tile_source_damaged(jpeg->source, "; the rest is filled in", jpeg->error,
                                     "ends early at byte %ju (row %u of %u)", (uintmax_t)jpeg->source->input.offset,
                                     row(jpeg), jpeg->decompress.image_height);
    else if (jpeg->in_header)
        status = tile_source_damaged(jpeg->source, "", jpeg->error, "has a damaged header at byte %ju: %s",
                                     (uintmax_t)position(jpeg), cause);
    else
        status = tile_source_damaged(jpeg->source, "; some of it is filled in", jpeg->error,
                                     "is damaged at byte %ju (row %u of %u): %s", (uintmax_t)position(jpeg), row(jpeg),
                                     jpeg->decompress.image_height, cause);
    if (status != TILE_OK)
        jump(jpeg, status);
}

/* ---- libjpeg's hooks --------------------------------------------------------------------------------------- */

static void error_exit(j_common_ptr common) {
    struct jpeg *jpeg = common->client_data;
    int *parameter = common->err->msg_parm.i;
    char text[JMSG_LENGTH_MAX];
    switch (common->err->msg_code) {
    case JERR_OUT_OF_MEMORY: jump(jpeg, tile_error_set(jpeg->error, TILE_NO_MEMORY, "out of memory in libjpeg"));
    case JERR_BAD_PRECISION:
        jump(jpeg, tile_error_set(jpeg->error, TILE_UNSUPPORTED, "has %d-bit samples: only 8-bit JPEG can be read",
                                  parameter[0]));
    case JERR_SOF_UNSUPPORTED: {
        /* ITU-T T.81, table B.1: 3 and 11 are lossless, 5-7 and 13-15 differential. */
        int kind = parameter[0] & 0xF;
        jump(jpeg, tile_error_set(jpeg->error, TILE_UNSUPPORTED, "is a JPEG of a kind that cannot be read: %s",
                                  kind == 3 || kind == 11 ? "lossless" : "hierarchical"));
    }
    case JERR_ARITH_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_EMPTY_IMAGE:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_IMAGE_TOO_BIG:
    case JERR_NOT_COMPILED:
    case JERR_WIDTH_OVERFLOW:
        jump(jpeg, tile_error_set(jpeg->error, TILE_UNSUPPORTED, "cannot be read: %s", message(jpeg, text)));
    default:
        if (jpeg->ended)
            jump(jpeg, tile_error_set(jpeg->error, TILE_BAD_DATA, "ends early at byte %ju",
                                      (uintmax_t)jpeg->source->input.offset));
        jump(jpeg, tile_error_set(jpeg->error, TILE_BAD_DATA, "is damaged at byte %ju: %s", (uintmax_t)position(jpeg),
                                  message(jpeg, text)));
    }
}

static void emit_message(j_common_ptr common, int level) {
    struct jpeg *jpeg = common->client_data;
    char text[JMSG_LENGTH_MAX];
    if (level >= 0) /* a trace */
        return;
    switch (common->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL: return;
    case JWRN_EXTRANEOUS_DATA:
        /* Cameras pad between segments. Before a restart marker, though, it is the rest of rows that went wrong. */
        if ((common->err->msg_parm.i[1] & 0xF8) != 0xD0)
            return;
        break;
    default: break;
    }
    damaged(jpeg, message(jpeg, text));
}

static void output_message(j_common_ptr common) {
    (void)common;
}

static void init_source(j_decompress_ptr decompress) {
    (void)decompress;
}

static void check_header_size(struct jpeg *jpeg) {
    uint64_t limit = jpeg->source->limits.metadata;
    if (jpeg->in_header && position(jpeg) > limit)
        jump(jpeg, tile_error_advise(jpeg->error, TILE_REMEDY_METADATA, TILE_LIMIT_EXCEEDED,
                                     "has more than %ju bytes of metadata, which is the limit", (uintmax_t)limit));
}

static boolean fill_input_buffer(j_decompress_ptr decompress) {
    static const JOCTET end[2] = {0xFF, JPEG_EOI};
    struct jpeg *jpeg = decompress->client_data;
    struct tile_input *input = &jpeg->source->input;
    size_t size;
    check_header_size(jpeg);
    tile_status status = tile_input_fill(input, &size, jpeg->error);
    if (status != TILE_OK)
        jump(jpeg, status);
    pass(jpeg, size);
    jpeg->input.next_input_byte = input->buffer;
    jpeg->input.bytes_in_buffer = size;
    if (size > 0)
        return TRUE;

    if (jpeg->in_header)
        jump(jpeg, tile_error_set(jpeg->error, TILE_BAD_DATA, "ends early at byte %ju, in its header",
                                  (uintmax_t)input->offset));
    /*
     * libjpeg looks ahead, and so comes here also where nothing is missing but the EOI marker. It is given one, from
     * which on it decodes zeros: where it has to, it warns. An arithmetic decoder does not warn.
     */
    if (jpeg->ended || decompress->arith_code) {
        jpeg->ended = true;
        damaged(jpeg, "");
    }
    jpeg->ended = true;
    jpeg->input.next_input_byte = end;
    jpeg->input.bytes_in_buffer = sizeof end;
    return TRUE;
}

static void skip_input_data(j_decompress_ptr decompress, long count) {
    struct jpeg *jpeg = decompress->client_data;
    struct tile_input *input = &jpeg->source->input;
    if (count <= 0)
        return;
    size_t skip = (size_t)count, there = jpeg->input.bytes_in_buffer;
    if (skip <= there) {
        jpeg->input.next_input_byte += skip;
        jpeg->input.bytes_in_buffer -= skip;
        return;
    }
    jpeg->input.bytes_in_buffer = 0;
    skip -= there;
    uint64_t left = input->reader.size - input->offset;
    input->offset += skip < left ? skip : left;
}

static void term_source(j_decompress_ptr decompress) {
    (void)decompress;
}

static _Noreturn void refuse_scans(struct jpeg *jpeg) {
    jump(jpeg, tile_error_set(jpeg->error, TILE_LIMIT_EXCEEDED, "has more than %d scans", MOST_SCANS));
}

/* At each row that is given; while all is decoded, at each row of MCUs in each scan. */
static void progress_monitor(j_common_ptr common) {
    struct jpeg *jpeg = common->client_data;
    const struct jpeg_decompress_struct *d = &jpeg->decompress;
    size_t row_size = (size_t)d->image_width * (size_t)d->num_components;
    if (d->input_scan_number > MOST_SCANS)
        refuse_scans(jpeg);
    if (jpeg->holding)
        jpeg->source->watch->at = (struct tile_progress){row(jpeg), d->image_height};
    pass(jpeg, jpeg->holding ? row_size * (size_t)(d->max_v_samp_factor * DCTSIZE) : row_size);
}

/* ---- The header -------------------------------------------------------------------------------------------- */

/* From the start of the file to the first scan. Inside of setjmp. */
static void read_header(struct jpeg *jpeg, bool with_metadata) {
    struct jpeg_decompress_struct *d = &jpeg->decompress;
    jpeg_destroy_decompress(d); /* does nothing the first time */
    jpeg_create_decompress(d);
    d->client_data = jpeg;
    d->src = &jpeg->input;
    d->progress = &jpeg->progress;
    d->mem->max_memory_to_use = 0; /* the limit is ours, not the environment's JPEGMEM */
    jpeg->source->input.offset = 0;
    jpeg->input.bytes_in_buffer = 0;
    jpeg->ended = jpeg->finishing = false;
    jpeg->in_header = true;
    if (with_metadata) {
        jpeg_save_markers(d, JPEG_APP0 + 1, 0xFFFF);
        jpeg_save_markers(d, JPEG_APP0 + 2, 0xFFFF);
    }
    jpeg_read_header(d, TRUE);
    check_header_size(jpeg);
    jpeg->in_header = false;
    jpeg->header_read = true;
    /* What comes between scans is not saved. */
    jpeg_save_markers(d, JPEG_APP0 + 1, 0);
    jpeg_save_markers(d, JPEG_APP0 + 2, 0);
}

static void name_sampling(char *out, size_t size, const struct jpeg_decompress_struct *d) {
    static const struct {
        int h, v;
        const char *name;
    } known[] = {{1, 1, "4:4:4"}, {2, 1, "4:2:2"}, {2, 2, "4:2:0"}, {1, 2, "4:4:0"}, {4, 1, "4:1:1"}, {4, 2, "4:1:0"}};
    const jpeg_component_info *c = d->comp_info;
    bool all_whole = true;
    for (int i = 0; i < d->num_components; i++)
        all_whole &= c[i].h_samp_factor == d->max_h_samp_factor && c[i].v_samp_factor == d->max_v_samp_factor;
    bool chroma = d->jpeg_color_space == JCS_YCbCr || d->jpeg_color_space == JCS_YCCK;
    out[0] = '\0';
    if (!chroma && all_whole)
        return;
    /* J:a:b can name two equal chroma components beside whole other ones. */
    if (chroma && c[0].h_samp_factor == d->max_h_samp_factor && c[0].v_samp_factor == d->max_v_samp_factor &&
        c[1].h_samp_factor == c[2].h_samp_factor && c[1].v_samp_factor == c[2].v_samp_factor &&
        (d->num_components == 3 ||
         (c[3].h_samp_factor == d->max_h_samp_factor && c[3].v_samp_factor == d->max_v_samp_factor)))
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (c[1].h_samp_factor * known[i].h == d->max_h_samp_factor &&
                c[1].v_samp_factor * known[i].v == d->max_v_samp_factor) {
                snprintf(out, size, " %s", known[i].name);
                return;
            }
    for (int i = 0, at = 0; i < d->num_components; i++)
        at += snprintf(out + at, size - (size_t)at, "%s%dx%d", i ? "," : " ", c[i].h_samp_factor, c[i].v_samp_factor);
}

static void name_coding(struct jpeg *jpeg, const char *model) {
    const struct jpeg_decompress_struct *d = &jpeg->decompress;
    char sampling[32];
    name_sampling(sampling, sizeof sampling, d);
    const char *process = d->progressive_mode ? "progressive" : d->arith_code ? "sequential" : "baseline";
    snprintf(jpeg->source->coding, sizeof jpeg->source->coding, "%s%s %s%s", d->arith_code ? "arithmetic " : "",
             process, model, sampling);
}

/*
 * What libjpeg holds while it decodes. With several scans, that is every coefficient, 2 bytes each; the buffers of a
 * row of blocks come to about three times its samples.
 */
static uint64_t decoding_memory(const struct jpeg_decompress_struct *d) {
    uint64_t coefficients = 0, rows = 0;
    for (int i = 0; i < d->num_components; i++) {
        const jpeg_component_info *c = &d->comp_info[i];
        uint64_t h = (uint64_t)c->h_samp_factor, v = (uint64_t)c->v_samp_factor;
        uint64_t wide = (c->width_in_blocks + h - 1) / h * h, high = (c->height_in_blocks + v - 1) / v * v;
        /* At most 2^13 blocks each way and 10 components: nowhere near 2^64. */
        coefficients += wide * high * sizeof(JBLOCK);
        rows += wide * DCTSIZE * v * DCTSIZE + (uint64_t)d->image_width * (uint64_t)d->max_v_samp_factor;
    }
    return (jpeg_has_multiple_scans((j_decompress_ptr)d) ? coefficients : 0) + 3 * rows + sizeof(struct jpeg) +
           sizeof(struct tile_source);
}

/* Why no index can be made, as far as the header tells; NULL if it can. */
static const char *no_index(const struct jpeg *jpeg) {
    const struct jpeg_decompress_struct *d = &jpeg->decompress;
    if (d->progressive_mode)
        return "progressive";
    if (d->arith_code)
        return "arithmetic coded";
    if (jpeg_has_multiple_scans((j_decompress_ptr)d))
        return "coded in several scans";
    for (int i = 0; i < d->num_components; i++) {
        int dc = d->comp_info[i].dc_tbl_no, ac = d->comp_info[i].ac_tbl_no;
        bool there = dc < NUM_HUFF_TBLS && ac < NUM_HUFF_TBLS && d->dc_huff_tbl_ptrs[dc] && d->ac_huff_tbl_ptrs[ac];
        if (!there)
            return TILE_JPEG_NO_TABLES;
        if (!tile_jpeg_has_dc_room(d->dc_huff_tbl_ptrs[dc]->bits, d->dc_huff_tbl_ptrs[dc]->huffval))
            return TILE_JPEG_NO_DC_ROOM;
    }
    return jpeg->source->input.reader.size <= TILE_JPEG_MOST_BYTES ? NULL : TILE_JPEG_TOO_LARGE;
}

static tile_status describe(struct jpeg *jpeg, struct tile_error *error) {
    struct jpeg_decompress_struct *d = &jpeg->decompress;
    struct tile_info *info = &jpeg->source->info;
    const char *model;
    if (d->data_precision != 8)
        return tile_error_set(error, TILE_UNSUPPORTED, "has %d-bit samples: only 8-bit JPEG can be read",
                              d->data_precision);
    jpeg->space = d->jpeg_color_space;
    info->format = (struct tile_format){.space = TILE_SRGB, .sample = TILE_U8};
    switch (d->jpeg_color_space) {
    case JCS_GRAYSCALE:
        model = "gray";
        info->format.space = TILE_GRAY;
        break;
    case JCS_YCbCr:
        model = "YCbCr";
        jpeg->source->jfif_ycbcr = true;
        jpeg->source->luma_whole = d->comp_info[0].h_samp_factor == d->max_h_samp_factor &&
                                   d->comp_info[0].v_samp_factor == d->max_v_samp_factor;
        break;
    case JCS_RGB: model = "RGB"; break;
    case JCS_CMYK:
        model = "CMYK";
        info->format.space = TILE_CMYK;
        break;
    case JCS_YCCK:
        model = "YCCK";
        info->format.space = TILE_CMYK;
        break;
    default:
        return tile_error_set(error, TILE_UNSUPPORTED, "has %d components, whose meaning a JPEG cannot say",
                              d->num_components);
    }
    info->width = d->image_width;
    info->height = d->image_height;
    info->bits = d->data_precision;
    info->streams = !jpeg_has_multiple_scans(d);
    info->memory = decoding_memory(d);
    info->no_index = no_index(jpeg);
    bool one = d->num_components == 1; /* its MCU is a block, whatever its factors (ITU-T T.81, A.2.2) */
    info->part_width = DCTSIZE * (uint32_t)(one ? 1 : d->max_h_samp_factor);
    info->part_height = DCTSIZE * (uint32_t)(one ? 1 : d->max_v_samp_factor);
    name_coding(jpeg, model);
    return TILE_OK;
}

/* What the application segments say of the pixels, and of what is not read. */
static tile_status read_metadata(struct jpeg *jpeg, struct tile_error *error) {
    tile_source *source = jpeg->source;
    struct tile_info *info = &source->info;
    jpeg_saved_marker_ptr markers = jpeg->decompress.marker_list;
    struct tile_exif exif = tile_jpeg_exif(markers);
    info->orientation = exif.orientation;
    tile_status status = tile_jpeg_profile(source, markers, error);
    if (status == TILE_OK && exif.adobe_rgb && !info->tagged && info->format.space == TILE_SRGB) {
        info->ignored = source->options.ignore_profile;
        info->format.space = info->ignored ? TILE_SRGB : TILE_A98_RGB;
        info->tagged = !info->ignored;
    }
    return status == TILE_OK ? tile_jpeg_note_others(source, markers, error) : status;
}

/* ---- The decoder ------------------------------------------------------------------------------------------- */

static tile_status jpeg_open(tile_source *source, struct tile_error *error) {
    struct jpeg *jpeg = tile_alloc_zero(source->allocator, sizeof *jpeg);
    if (!jpeg)
        return tile_no_memory(error, sizeof *jpeg);
    source->state = jpeg;
    jpeg->source = source;
    jpeg->error = error;
    jpeg->decompress.err = jpeg_std_error(&jpeg->errors);
    jpeg->decompress.client_data = jpeg;
    jpeg->errors.error_exit = error_exit;
    jpeg->errors.emit_message = emit_message;
    jpeg->errors.output_message = output_message;
    jpeg->input = (struct jpeg_source_mgr){.init_source = init_source,
                                           .fill_input_buffer = fill_input_buffer,
                                           .skip_input_data = skip_input_data,
                                           .resync_to_restart = jpeg_resync_to_restart,
                                           .term_source = term_source};
    jpeg->progress.progress_monitor = progress_monitor;
    if (setjmp(jpeg->jump))
        return jpeg->status;
    read_header(jpeg, true);
    tile_status status = describe(jpeg, error);
    return status == TILE_OK ? read_metadata(jpeg, error) : status;
}

/*
 * Whether every scan was there, of a file that ends without an EOI marker: of a progressive one, those that give each
 * coefficient its last bit; of others, one for each component.
 */
static bool has_all_scans(const struct jpeg_decompress_struct *d) {
    for (int i = 0; i < d->num_components; i++) {
        if (!d->comp_info[i].quant_table) /* set by a component's first scan */
            return false;
        for (int k = 0; d->coef_bits && k < DCTSIZE2; k++)
            if (d->coef_bits[i][k] != 0)
                return false;
    }
    return true;
}

/* Reads the next byte of the file; -1 at its end. Inside of setjmp. */
static int next_byte(struct jpeg *jpeg, size_t *at, size_t *end) {
    struct tile_input *input = &jpeg->source->input;
    if (*at == *end) {
        *at = 0;
        tile_status status = tile_input_fill(input, end, jpeg->error);
        if (status != TILE_OK)
            jump(jpeg, status);
        pass(jpeg, *end);
    }
    return *at < *end ? input->buffer[(*at)++] : -1;
}

/*
 * A scan may take few bytes, and all of the image's time: they are counted before the first is decoded. (ITU-T T.81,
 * B.1.1; what stands between segments is passed over as libjpeg does.) Inside of setjmp.
 */
static void count_scans(struct jpeg *jpeg) {
    enum { TEM = 1, SOS = 0xDA };
    struct tile_input *input = &jpeg->source->input;
    size_t at = 0, end = 0;
    int scans = 0, code = 0;
    input->offset = 0;
    while (code >= 0 && code != JPEG_EOI) {
        if (at < end) { /* on to the next 0xFF */
            const unsigned char *ff = memchr(input->buffer + at, 0xFF, end - at);
            at = ff ? (size_t)(ff - input->buffer) : end;
        }
        code = next_byte(jpeg, &at, &end);
        if (code != 0xFF)
            continue;
        while (code == 0xFF)
            code = next_byte(jpeg, &at, &end);
        if (code == SOS && ++scans > MOST_SCANS)
            refuse_scans(jpeg);
        bool alone = code <= TEM || (code >= JPEG_RST0 && code <= JPEG_EOI); /* and a stuffed zero, and the end */
        if (alone)
            continue;
        size_t high = (size_t)next_byte(jpeg, &at, &end), length = high << 8 | (size_t)next_byte(jpeg, &at, &end);
        length = length < 2 ? 0 : length - 2;
        size_t there = length < end - at ? length : end - at;
        uint64_t left = input->reader.size - input->offset;
        at += there;
        input->offset += length - there < left ? length - there : left;
    }
}

/* Inside of setjmp. */
static tile_status start_decompress(struct jpeg *jpeg, struct tile_format format) {
    struct jpeg_decompress_struct *d = &jpeg->decompress;
    const tile_source *source = jpeg->source;
    jpeg->holding = false;
    if (!jpeg->scans_counted && !source->info.streams) {
        count_scans(jpeg);
        jpeg->scans_counted = true;
        jpeg->header_read = false; /* the input is elsewhere */
    }
    if (!jpeg->header_read) {
        read_header(jpeg, false);
        if (d->image_width != source->width || d->image_height != source->height || d->jpeg_color_space != jpeg->space)
            return tile_error_set(jpeg->error, TILE_SOURCE_CHANGED, "changed while it was read: its header is another");
    }
    jpeg->header_read = false;
    if (d->jpeg_color_space == JCS_YCbCr)
        d->out_color_space = format.space == TILE_GRAY    ? JCS_GRAYSCALE
                             : format.space == TILE_YCBCR ? JCS_YCbCr
                                                          : JCS_RGB;
    jpeg->holding = jpeg_has_multiple_scans(d);
    jpeg_start_decompress(d);
    jpeg->holding = false;
    if (jpeg->ended && !has_all_scans(d))
        damaged(jpeg, "");
    return TILE_OK;
}

static tile_status jpeg_start(tile_source *source, struct tile_format format, struct tile_error *error) {
    struct jpeg *jpeg = source->state;
    jpeg->error = error;
    if (setjmp(jpeg->jump))
        return jpeg->status;
    return start_decompress(jpeg, format);
}

/* Inside of setjmp. */
static void read_rows(struct jpeg *jpeg, uint32_t count, unsigned char *to, size_t stride) {
    struct jpeg_decompress_struct *d = &jpeg->decompress;
    /* Adobe's applications store 255 for no ink; their marker tells. */
    bool invert = d->out_color_space == JCS_CMYK && d->saw_Adobe_marker;
    uint32_t i = 0;
    /*
     * Skipping saves the transforms. libjpeg-turbo 2.1.5 gives the right pixels behind one skip from the top, but not
     * behind two in a row, nor always behind one that follows rows read: those are decoded and dropped.
     */
    if (!to && d->output_scanline == 0 && count < d->output_height)
        i = jpeg_skip_scanlines(d, count);
    for (; i < count; i++) {
        JSAMPROW line = to ? to + i * stride : jpeg->skipped;
        jpeg_read_scanlines(d, &line, 1);
        if (to && invert)
            for (size_t j = 0; j < (size_t)d->output_width * 4; j++)
                line[j] = (JSAMPLE)(255 - line[j]);
    }
    if (d->output_scanline == d->output_height) {
        jpeg->finishing = true;
        jpeg_finish_decompress(d); /* reads on to the end of the image */
        tile_status status = TILE_OK;
        if (jpeg->ended && !jpeg->source->damage[0])
            status = tile_source_notice(jpeg->source, 0, jpeg->error,
                                        "it lacks the marker of its end (EOI), and nothing else");
        if (status != TILE_OK)
            jump(jpeg, status);
    }
}

static tile_status jpeg_rows(tile_source *source, uint32_t count, unsigned char *to, size_t stride,
                             struct tile_error *error) {
    struct jpeg *jpeg = source->state;
    jpeg->error = error;
    if (!to && !jpeg->skipped) {
        size_t size = (size_t)source->width * 4;
        jpeg->skipped = tile_alloc(source->allocator, size);
        if (!jpeg->skipped)
            return tile_no_memory(error, size);
    }
    if (setjmp(jpeg->jump)) {
        /* Every row is there already: what comes behind is no reason to lose them. */
        if (jpeg->finishing && jpeg->status == TILE_BAD_DATA && source->options.lenient)
            return tile_source_damaged(source, "", error, "is damaged behind its last row, at byte %ju",
                                       (uintmax_t)position(jpeg));
        return jpeg->status;
    }
    read_rows(jpeg, count, to, stride);
    return TILE_OK;
}

static void jpeg_close(tile_source *source) {
    struct jpeg *jpeg = source->state;
    if (!jpeg)
        return;
    jpeg_destroy_decompress(&jpeg->decompress);
    tile_free(source->allocator, jpeg->skipped);
    tile_free(source->allocator, jpeg);
}

const struct tile_decoder tile_jpeg_decoder = {TILE_JPEG, jpeg_open, jpeg_start, jpeg_rows, jpeg_close};
