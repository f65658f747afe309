/* SPDX-License-Identifier: MIT */
/*
 * A converter is a program of row operations between unpacking and packing, run over strips of pixels that stay in the
 * first-level cache.
 */
#include "../base/memory.h"
#include "../base/pixels.h"
#include "choice.h"
#include "compile.h"
#include "encoding.h"
#include "fused.h"
#include "icc.h"
#include "luma.h"

#include <string.h>

/* How pixels get from source to target, from the cheapest on. */
enum way {
    COPY,    /* rows as they are */
    REORDER, /* samples as they are */
    PIXELS,  /* pixels of 3 u8 codes, by one operation without planes */
    CODES,   /* u8 codes to u8 codes, by one operation */
    FLOATS,  /* the program */
};

/* One side, as the loops want it. */
struct side {
    struct tile_format format;
    int channels;              /* of color */
    size_t step;               /* from a pixel to the next */
    int position[TILE_PLANES]; /* where a color channel, or [TILE_ALPHA_PLANE] alpha, is in memory */
    struct tile_encoding encoding[TILE_PLANES];
};

struct tile_converter {
    const struct tile_allocator *allocator;
    struct side from, to;
    enum way way;
    struct tile_program program;
    float table[TILE_PLANES][256]; /* values of u8 codes */
    bool has_table;                /* the color channels' are a profile's */
    bool keeps_alpha;              /* its u8 codes are copied */
    tile_pixels_op *pixels;        /* of PIXELS */
    tile_codes_op *codes;          /* of CODES */
    union {
        struct tile_affine affine;
        struct tile_luma luma;
        struct tile_chroma chroma;
    } numbers;             /* of either */
    struct tile_head head; /* of u8 codes, before the program */
    struct tile_tail tail; /* to u8 codes, after it */
    tile_icc *icc;
};

static struct side side_of(struct tile_format format) {
    bool alpha = format.alpha != TILE_ALPHA_NONE;
    int n = tile_space_channels(format.space);
    int first = alpha && (format.order & TILE_ORDER_ALPHA_FIRST) ? 1 : 0;
    struct side side = {.format = format, .channels = n, .step = tile_format_step(format)};
    for (int i = 0; i < n; i++) {
        side.position[i] = first + (format.order & TILE_ORDER_REVERSED ? n - 1 - i : i);
        side.encoding[i] = tile_encoding_of(format.space, format.sample, i);
    }
    side.position[TILE_ALPHA_PLANE] = first ? 0 : n;
    side.encoding[TILE_ALPHA_PLANE] = (struct tile_encoding){.scale = format.sample == TILE_U8    ? 255
                                                                      : format.sample == TILE_U16 ? 65535
                                                                                                  : 1,
                                                             .offset = 0};
    return side;
}

static bool has_alpha(const struct side *side) {
    return side->format.alpha != TILE_ALPHA_NONE;
}

/* The operations that work on raw codes too, when told what stands for 1: ties between codes then stay ties. */
static bool takes_scales(const struct tile_color_kernels *k, const struct tile_op *op) {
    return op->run &&
           (op->run == k->hsv || op->run == k->hsv_inverse || op->run == k->hsl || op->run == k->hsl_inverse ||
            op->run == k->hwb || op->run == k->hwb_inverse || op->run == k->cmyk || op->run == k->cmyk_inverse);
}

/* The color channels that alpha multiplies, as bits. */
static double mask_of(tile_space space) {
    int hue = tile_space_hue(space);
    return (1 << tile_space_channels(space)) - 1 - (hue < 0 ? 0 : 1 << hue);
}

static void fill_tables(tile_converter *c) {
    for (int j = c->has_table ? TILE_ALPHA_PLANE : 0; j < TILE_PLANES; j++)
        for (int code = 0; code < 256; code++)
            c->table[j][code] = c->from.encoding[j].scale == 0
                                    ? 0
                                    : (float)((code - c->from.encoding[j].offset) / c->from.encoding[j].scale);
    tile_curve_take(c->table, &c->program, c->to.format.sample);
}

/*
 * Codes of hsv and the like cannot say what lies outside of the gamut, and clipping them would give another color:
 * RGB is clipped instead.
 */
static void clip_rgb(struct tile_program *program) {
    const struct tile_color_kernels *k = program->kernels;
    struct tile_op *last = program->op + program->count - 1;
    if (last->run == k->hsv || last->run == k->hsl || last->run == k->hwb || last->run == k->cmyk) {
        last[1] = last[0];
        *last = (struct tile_op){.run = k->clip};
        program->count++;
    }
}

/* Lets the first and the last operation take and give codes, where alpha does not stand between. */
static void fit_ends(tile_converter *c, bool divide, bool multiply) {
    const struct tile_color_kernels *k = c->program.kernels;
    struct tile_op *first = c->program.op, *last = first + c->program.count - 1;
    if (!divide && c->from.format.sample != TILE_F32 && takes_scales(k, first))
        for (int j = 0; j < c->from.channels; j++) {
            first->p[j] *= c->from.encoding[j].scale;
            c->from.encoding[j].scale = 1;
        }
    /*
     * A float's rounding of a PQ signal grows tenfold in its light, which may be 49 times the white's. So RGB's codes
     * go as they are to the matrix before the curve, which is in double and has nothing else to do.
     */
    if (!divide && c->from.format.sample != TILE_F32 && tile_space_is_rgb(c->from.format.space) &&
        (first->run == k->pq_inverse || first->run == k->hlg_inverse))
        for (int j = 0; j < 3; j++) {
            first->p[2 + 4 * j] /= c->from.encoding[j].scale;
            c->from.encoding[j].scale = 1;
        }
    if (!multiply && c->to.format.sample != TILE_F32 && takes_scales(k, last))
        for (int j = 0; j < c->to.channels; j++) {
            last->p[4 + j] *= c->to.encoding[j].scale;
            c->to.encoding[j].scale = 1;
        }
}

static bool is_reversed(const struct side *side) {
    return side->channels == 3 && (side->format.order & TILE_ORDER_REVERSED);
}

/* Whether all that lies in memory are so many u8 codes to a pixel. */
static bool is_packed(const struct side *side, size_t codes) {
    return side->format.sample == TILE_U8 && side->step == codes && side->format.layout == TILE_INTERLEAVED;
}

/* 8-bit RGB to luma, or back; without planes where luma is the first of three codes, or alone. */
static bool use_luma(tile_converter *c, const struct tile_affine *affine) {
    const struct tile_color_kernels *k = c->program.kernels;
    tile_space from = c->from.format.space, to = c->to.format.space;
    bool there = tile_luma_is_of(to, from), back = tile_luma_is_of(from, to) && c->from.channels == 3;
    const struct side *rgb = there ? &c->from : &c->to, *luma = there ? &c->to : &c->from;
    if (!there && !back)
        return false;
    bool packed = is_packed(rgb, 3) && is_packed(luma, (size_t)luma->channels) && !is_reversed(luma);
    if (there)
        tile_luma_fill(&c->numbers.luma, affine, to, packed && is_reversed(rgb));
    else
        tile_chroma_fill(&c->numbers.chroma, affine->p, from, packed && is_reversed(rgb));
    c->way = packed ? PIXELS : CODES;
    c->pixels = there ? k->luma_pixels : k->chroma_pixels;
    c->codes = there ? k->luma_codes : k->chroma_codes;
    return true;
}

/* Integer codes to integer codes by one matrix: without values in between, which floats would round. */
static void use_codes(tile_converter *c) {
    struct tile_op *op = c->program.op;
    tile_program_affine(op->p, &c->program, c->from.format, c->to.format);
    if (c->from.format.sample == TILE_U8 && c->to.format.sample == TILE_U8) {
        struct tile_affine affine = {.channels = c->to.channels};
        memcpy(affine.p, op->p, sizeof affine.p);
        if (use_luma(c, &affine))
            return;
        c->way = CODES;
        c->codes = c->program.kernels->affine_codes;
        c->numbers.affine = affine;
        return;
    }
    c->way = FLOATS;
    op->run = c->program.kernels->affine;
    for (int j = 0; j < TILE_ALPHA_PLANE; j++)
        c->from.encoding[j] = c->to.encoding[j] = (struct tile_encoding){1, 0};
    if (c->from.format.sample == TILE_U8)
        fill_tables(c);
}

/* What does an operation on 8-bit codes, if something does; with hsv-180's hue or another's. */
static tile_codes_op *codes_of(const struct tile_color_kernels *k, tile_row_op *run, bool hue_180) {
    const struct {
        tile_row_op *run;
        tile_codes_op *codes;
    } known[] = {
        {k->hsv, hue_180 ? k->hsv_180_codes : k->hsv_codes},
        {k->hsv_inverse, hue_180 ? k->hsv_180_codes_inverse : k->hsv_codes_inverse},
        {k->hsl, k->hsl_codes},
        {k->hsl_inverse, k->hsl_codes_inverse},
        {k->hwb, k->hwb_codes},
        {k->hwb_inverse, k->hwb_codes_inverse},
        {k->cmyk, k->cmyk_codes},
        {k->cmyk_inverse, k->cmyk_codes_inverse},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (run && run == known[i].run)
            return known[i].codes;
    return NULL;
}

static void add_background(struct tile_program *program, const float *background, int channels) {
    double p[TILE_NUMBERS] = {0};
    for (int j = 0; j < channels; j++)
        p[j] = (double)background[j];
    tile_program_add_first(program, program->kernels->over, p);
}

/* Chooses the way and fits the program to what lies at its ends. `background`: see the option; NULL: alpha is not laid
 * on anything. */
static void finish(tile_converter *c, const float *background) {
    const struct tile_color_kernels *k = c->program.kernels;
    struct tile_program *program = &c->program;
    struct tile_format from = c->from.format, to = c->to.format;
    bool same = program->count == 0; /* or hsv and hsv-180 */
    bool lay = background != NULL;
    bool scaled = from.alpha == TILE_ALPHA_PREMULTIPLIED && to.alpha == TILE_ALPHA_PREMULTIPLIED && same;
    bool divide = from.alpha == TILE_ALPHA_PREMULTIPLIED && !scaled;
    bool multiply = to.alpha == TILE_ALPHA_PREMULTIPLIED && from.alpha != TILE_ALPHA_NONE && !scaled;

    if (same && from.space == to.space && from.sample == to.sample && !divide && !multiply && !lay) {
        c->way = tile_format_equal(from, to) ? COPY : REORDER;
        /* Without alpha there are but two orders, whatever is said of where it would be. */
        if (c->way == REORDER && is_packed(&c->from, 3) && is_packed(&c->to, 3) &&
            is_reversed(&c->from) != is_reversed(&c->to)) {
            c->way = PIXELS;
            c->pixels = k->reverse_pixels;
        }
        return;
    }
    int hue = tile_space_hue(to.space);
    if (from.sample != TILE_F32 && to.sample != TILE_F32 && !divide && !multiply && !lay && !c->has_table) {
        /* Limited range: 256 codes become one, and floats cannot tell the ties. Elsewhere it is 257, without ties. */
        if (same && c->from.encoding[0].scale == 256 * c->to.encoding[0].scale)
            tile_program_add(program, k->matrix, (const double[TILE_NUMBERS]){1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0});
        if (program->count == 1 && program->op[0].run == k->matrix) {
            use_codes(c);
            return;
        }
        if (program->count == 1 && from.sample == TILE_U8 && to.sample == TILE_U8) {
            c->codes = codes_of(k, program->op[0].run, from.space == TILE_HSV_180 || to.space == TILE_HSV_180);
            if (c->codes) {
                c->way = CODES;
                return;
            }
        }
    }
    c->way = FLOATS;
    if (same && hue >= 0)
        tile_program_add(program, k->wrap_hue, (const double[TILE_NUMBERS]){hue});
    bool rgb_codes = program->count == 1 && from.sample != TILE_F32 && !divide; /* cannot lie outside */
    if (program->count && to.sample != TILE_F32 && !rgb_codes)
        clip_rgb(program);
    if (program->count)
        fit_ends(c, divide || lay, multiply);
    if (lay)
        add_background(program, background, c->from.channels);
    if (divide)
        tile_program_add_first(program, k->unpremultiply, (const double[TILE_NUMBERS]){mask_of(from.space)});
    if (multiply)
        tile_program_add(program, k->premultiply, (const double[TILE_NUMBERS]){mask_of(to.space)});
    c->keeps_alpha = from.sample == TILE_U8 && to.sample == TILE_U8 && !divide && !multiply && !lay;
    if (from.sample == TILE_U8) {
        fill_tables(c);
        if (!divide && !lay)
            tile_head_take(&c->head, program, from.space, c->table);
    }
    if (to.sample == TILE_U8 && !multiply)
        tile_tail_take(&c->tail, program, to.space, &c->head);
    struct tile_op *last = program->op + program->count - 1;
    if (program->count && last->run == k->matrix && c->to.channels == 1)
        last->run = k->matrix1;
}

tile_status tile_converter_new(tile_converter **out, struct tile_format from, struct tile_format to,
                               const struct tile_converter_options *options, struct tile_error *error) {
    *out = NULL;
    struct tile_converter_options o;
    tile_status status = tile_options_copy(&o, sizeof o, options, error);
    if (status == TILE_OK)
        status = tile_format_check(from, "source", error);
    if (status == TILE_OK)
        status = tile_format_check(to, "target", error);
    if (status != TILE_OK)
        return status;
    if (o.intent > TILE_INTENT_ABSOLUTE)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the rendering intent %d is out of range", (int)o.intent);

    const struct tile_color_kernels *kernels = tile_color_kernels_of(o.cpu);
    if (!tile_cpu_name(o.cpu))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the CPU %d is out of range", (int)o.cpu);
    if (!kernels)
        return tile_error_set(error, TILE_UNSUPPORTED, "%s: not on this machine, which has %s", tile_cpu_name(o.cpu),
                              tile_cpu_name(tile_cpu_best()));

    tile_converter *c = tile_alloc_zero(o.allocator, sizeof *c);
    if (!c)
        return tile_no_memory(error, sizeof *c);
    c->allocator = o.allocator;
    c->from = side_of(from);
    c->to = side_of(to);
    c->program.kernels = kernels;
    c->program.in_double = from.sample != TILE_U8; /* light of these is a float already, and float is faster */

    const float *background = from.alpha != TILE_ALPHA_NONE && to.alpha == TILE_ALPHA_NONE ? o.background : NULL;
    bool same_profile = o.from_profile && o.to_profile && o.from_profile_size == o.to_profile_size &&
                        from.space == to.space && memcmp(o.from_profile, o.to_profile, o.to_profile_size) == 0;
    if ((o.from_profile || o.to_profile) && !same_profile)
        status = tile_icc_compile(
            &c->icc, &c->program, from.space, to.space, &o,
            from.sample == TILE_U8 && from.alpha != TILE_ALPHA_PREMULTIPLIED && !background ? c->table : NULL,
            &c->has_table, error);
    else
        tile_program_path(&c->program, from.space, to.space);
    if (status != TILE_OK) {
        tile_converter_free(c);
        return status;
    }
    finish(c, background);
    *out = c;
    return TILE_OK;
}

void tile_converter_free(tile_converter *converter) {
    if (!converter)
        return;
    tile_icc_free(converter->icc, converter->allocator);
    tile_free(converter->allocator, converter);
}

/* ---- Running ---- */

/* A color channel, or TILE_ALPHA_PLANE, of the pixel at (x, y). */
static unsigned char *sample_at(const struct side *side, const struct tile_image *image, int channel, uint32_t x,
                                uint32_t y) {
    int position = side->position[channel];
    if (side->format.layout == TILE_PLANAR)
        return tile_image_row(image, position, y) + x * side->step;
    return tile_image_row(image, 0, y) + x * side->step + (size_t)position * side->format.sample;
}

/* The pixels that one round takes: `count` from (x, y) on in reading order, over as many rows as it takes. */
struct strip {
    const struct tile_image *source, *target;
    uint32_t x, y;
    size_t count;
};

/* A run of pixels in one row of a strip: `count` from (x, y), `at` pixels from the strip's begin. */
struct run {
    uint32_t x, y;
    size_t at, count;
};

static bool next_run(const struct strip *s, struct run *run) {
    uint32_t width = s->source->width;
    if (run->count == 0)
        *run = (struct run){.x = s->x, .y = s->y};
    else {
        run->at += run->count;
        run->x = 0;
        run->y++;
    }
    size_t left = s->count - run->at, room = width - run->x;
    run->count = left < room ? left : room;
    return left != 0;
}

/* Whether plane `channel` of a side holds samples. */
static bool holds(const struct side *side, int channel) {
    return channel == TILE_ALPHA_PLANE ? has_alpha(side) : channel < side->channels;
}

/* Whether anything looks at that plane. */
static bool matters(const tile_converter *c, int channel) {
    return channel < 3 || holds(&c->from, channel) || holds(&c->to, channel);
}

/* A plane of samples of any size. */
struct samples {
    _Alignas(64) unsigned char data[TILE_PLANE * sizeof(float)];
};

/* The number of interleaved samples that the kernels split and join at once; 0: others. */
static int blocked(const struct side *side) {
    size_t samples = side->step / (size_t)side->format.sample;
    return side->format.layout == TILE_INTERLEAVED && (samples == 3 || samples == 4) ? (int)samples : 0;
}

/* The channel that is at a place in memory. */
static int channel_at(const struct side *side, int position) {
    int j = 0;
    while (!holds(side, j) || side->position[j] != position)
        j++;
    return j;
}

/* Absent color is 0, absent alpha is all. */
static void fill(struct samples *plane, int channel, size_t size, size_t count) {
    if (channel != TILE_ALPHA_PLANE)
        memset(plane->data, 0, count * size);
    else if (size == sizeof(float))
        for (size_t i = 0; i < count; i++)
            memcpy(plane->data + i * size, &(const float){1}, size);
    else
        memset(plane->data, 0xFF, count * size);
}

/* Samples to planes. */
static void gather(const tile_converter *c, const struct strip *s, struct samples *plane) {
    const struct tile_color_kernels *k = c->program.kernels;
    const struct side *from = &c->from;
    size_t size = (size_t)from->format.sample;
    int block = blocked(from);
    for (int j = 0; j < TILE_PLANES; j++)
        if (!holds(from, j) && matters(c, j))
            fill(&plane[j], j, size, s->count);
    for (struct run run = {0}; next_run(s, &run);) {
        uint8_t *to[4] = {0};
        for (int i = 0; i < block; i++)
            to[i] = plane[channel_at(from, i)].data + run.at * size;
        if (block)
            k->split(to, tile_image_row(s->source, 0, run.y) + run.x * from->step, run.count, block, size);
        else
            for (int j = 0; j < TILE_PLANES; j++)
                if (holds(from, j))
                    k->copy(plane[j].data + run.at * size, size, sample_at(from, s->source, j, run.x, run.y),
                            from->step, run.count, size);
    }
}

/* Planes to samples. */
static void scatter(const tile_converter *c, const struct strip *s, const struct samples *plane) {
    const struct tile_color_kernels *k = c->program.kernels;
    const struct side *to = &c->to;
    size_t size = (size_t)to->format.sample;
    int block = blocked(to);
    for (struct run run = {0}; next_run(s, &run);) {
        const uint8_t *from[4] = {0};
        for (int i = 0; i < block; i++)
            from[i] = plane[channel_at(to, i)].data + run.at * size;
        if (block)
            k->join(tile_image_row(s->target, 0, run.y) + run.x * to->step, from, run.count, block, size);
        else
            for (int j = 0; j < TILE_PLANES; j++)
                if (holds(to, j))
                    k->copy(sample_at(to, s->target, j, run.x, run.y), to->step, plane[j].data + run.at * size, size,
                            run.count, size);
    }
}

/* Samples without change, or codes by one operation. All are read before any is written: source may be target. */
static void run_codes(const tile_converter *c, const struct strip *s) {
    struct samples plane[TILE_PLANES];
    gather(c, s, plane);
    if (c->way == CODES)
        c->codes((uint8_t *const[]){plane[0].data, plane[1].data, plane[2].data, plane[3].data}, s->count, &c->numbers);
    scatter(c, s, plane);
}

static void unpack(const tile_converter *c, size_t count, const struct samples *in, float *const *plane) {
    const struct tile_color_kernels *k = c->program.kernels;
    const struct side *from = &c->from;
    bool head = c->head.kind != TILE_HEAD_NONE;
    if (head)
        k->head(plane, (const uint8_t *const[]){in[0].data, in[1].data, in[2].data}, count, &c->head);
    for (int j = head ? 3 : 0; j < TILE_PLANES; j++)
        if (!matters(c, j) || (j == TILE_ALPHA_PLANE && c->keeps_alpha))
            continue;
        else if (from->encoding[j].scale == 0) /* absent color */
            memset(plane[j], 0, count * sizeof(float));
        else if (from->format.sample == TILE_U8)
            k->unpack_u8(plane[j], in[j].data, count, c->table[j]);
        else if (from->format.sample == TILE_U16)
            k->unpack_u16(plane[j], (const uint16_t *)(const void *)in[j].data, count, (float)from->encoding[j].scale,
                          (float)from->encoding[j].offset);
        else
            memcpy(plane[j], in[j].data, count * sizeof(float));
}

static void pack(const tile_converter *c, size_t count, struct samples *out, float *const *plane) {
    const struct tile_color_kernels *k = c->program.kernels;
    const struct side *to = &c->to;
    bool tail = c->tail.kind != TILE_TAIL_NONE;
    if (tail)
        k->tail((uint8_t *const[]){out[0].data, out[1].data, out[2].data}, plane, count, &c->tail);
    for (int j = tail ? 3 : 0; j < TILE_PLANES; j++) {
        struct tile_encoding encoding = to->encoding[j];
        if (!holds(to, j) || (j == TILE_ALPHA_PLANE && c->keeps_alpha))
            continue;
        if (to->format.sample == TILE_F32)
            memcpy(out[j].data, plane[j], count * sizeof(float));
        else if (to->format.sample == TILE_U16)
            k->pack_u16((uint16_t *)(void *)out[j].data, plane[j], count, (float)encoding.scale,
                        (float)encoding.offset);
        else
            k->pack_u8(out[j].data, plane[j], count, (float)encoding.scale, (float)encoding.offset,
                       to->format.space == TILE_HSV_180 && j == 0 ? 180 : 256);
    }
}

/* Head and tail at once, of pixels that are nothing but three codes. False where the kernels do not have them so. */
static bool run_fused(const tile_converter *c, const struct strip *s, const struct samples *codes) {
    const struct tile_color_kernels *k = c->program.kernels;
    if (c->program.count || c->head.kind == TILE_HEAD_NONE || c->tail.kind == TILE_TAIL_NONE || blocked(&c->to) != 3 ||
        c->to.format.order != TILE_ORDER_NATURAL)
        return false;
    for (struct run run = {0}; next_run(s, &run);) {
        const uint8_t *from[3] = {codes[0].data + run.at, codes[1].data + run.at, codes[2].data + run.at};
        if (!k->fused(tile_image_row(s->target, 0, run.y) + run.x * c->to.step, from, run.count, &c->head, &c->tail))
            return false;
    }
    return true;
}

static void run_floats(const tile_converter *c, const struct strip *s) {
    struct samples samples[TILE_PLANES];
    _Alignas(64) float memory[TILE_PLANES][TILE_PLANE];
    float *const plane[TILE_PLANES] = {memory[0], memory[1], memory[2], memory[3], memory[4]};
    gather(c, s, samples);
    if (run_fused(c, s, samples))
        return;
    unpack(c, s->count, samples, plane);
    for (int i = 0; i < c->program.count; i++) {
        const struct tile_op *op = &c->program.op[i];
        if (op->run)
            op->run(plane, s->count, op->p);
        else
            tile_icc_run(c->icc, plane, s->count);
    }
    pack(c, s->count, samples, plane);
    scatter(c, s, samples);
}

static void copy_rows(const tile_converter *c, const struct tile_image *source, const struct tile_image *target) {
    int planes = c->from.format.layout == TILE_PLANAR ? c->from.channels + has_alpha(&c->from) : 1;
    for (int i = 0; i < planes; i++)
        for (uint32_t y = 0; y < source->height; y++)
            memmove(tile_image_row(target, i, y), tile_image_row(source, i, y), source->width * c->from.step);
}

static void run_pixels(const tile_converter *c, const struct tile_image *source, const struct tile_image *target) {
    for (uint32_t y = 0; y < source->height; y++)
        c->pixels(tile_image_row(target, 0, y), tile_image_row(source, 0, y), source->width, &c->numbers);
}

static bool is_gapless(const struct side *side, const struct tile_image *image) {
    return image->stride == (ptrdiff_t)(side->step * image->width) &&
           (uint64_t)image->width * image->height <= UINT32_MAX;
}

tile_status tile_convert(const tile_converter *converter, const struct tile_image *source,
                         const struct tile_image *target, struct tile_error *error) {
    const tile_converter *c = converter;
    tile_status status = tile_image_check(source, "source", error);
    if (status == TILE_OK)
        status = tile_image_check(target, "target", error);
    if (status != TILE_OK)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s", error ? error->message : "");
    if (!tile_format_equal(source->format, c->from.format) || !tile_format_equal(target->format, c->to.format))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the %s is not of the converter's format",
                              tile_format_equal(source->format, c->from.format) ? "target" : "source");
    if (source->width != target->width || source->height != target->height)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the source is %u x %u pixels, the target %u x %u",
                              source->width, source->height, target->width, target->height);
    if (source->plane[0] == target->plane[0] &&
        (c->from.format.layout != c->to.format.layout || c->from.step != c->to.step ||
         (source->stride != target->stride && source->height > 1)))
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "source and target begin at the same place, but their pixels do not lie alike");
    struct tile_image from = *source, to = *target;
    if (is_gapless(&c->from, source) && is_gapless(&c->to, target)) { /* long runs are faster than short ones */
        from.width = to.width = source->width * source->height;
        from.height = to.height = 1;
    }
    if (c->way == COPY) {
        copy_rows(c, &from, &to);
        return TILE_OK;
    }
    if (c->way == PIXELS) {
        run_pixels(c, &from, &to);
        return TILE_OK;
    }
    struct strip s = {.source = &from, .target = &to};
    for (uint64_t left = (uint64_t)from.width * from.height; left; left -= s.count) {
        s.count = left < TILE_STRIP ? (size_t)left : TILE_STRIP;
        if (c->way == FLOATS)
            run_floats(c, &s);
        else
            run_codes(c, &s);
        uint64_t x = s.x + s.count;
        s.y += (uint32_t)(x / from.width);
        s.x = (uint32_t)(x % from.width);
    }
    return TILE_OK;
}
