/* SPDX-License-Identifier: MIT */
/*
 * A converter is a program of row operations between unpacking and packing, run over strips of pixels that stay in the
 * first-level cache.
 */
#include "../base/memory.h"
#include "../base/pixels.h"
#include "compile.h"
#include "cpu.h"
#include "encoding.h"
#include "icc.h"

#include <string.h>

/* How pixels get from source to target, from the cheapest on. */
enum way {
    COPY,    /* rows as they are */
    REORDER, /* samples as they are */
    AFFINE,  /* u8 codes to u8 codes, by one matrix */
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
    bool has_thresholds;           /* u8 codes are packed by them; the curve is no operation */
    struct tile_thresholds thresholds;
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
static bool takes_scales(const struct tile_kernels *k, const struct tile_op *op) {
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
    const struct tile_kernels *k = c->program.kernels;
    for (int j = c->has_table ? TILE_ALPHA_PLANE : 0; j < TILE_PLANES; j++)
        for (int code = 0; code < 256; code++)
            c->table[j][code] = c->from.encoding[j].scale == 0
                                    ? 0
                                    : (float)((code - c->from.encoding[j].offset) / c->from.encoding[j].scale);
    struct tile_op *first = c->program.op;
    if (c->program.count == 0 || (first->run != k->curve && first->run != k->curve_matrix))
        return;
    k->curve((float *const[]){c->table[0], c->table[1], c->table[2]}, 256, first->p);
    if (first->run == k->curve_matrix) {
        first->run = k->matrix;
        memmove(first->p, first->p + TILE_THEN, TILE_NUMBERS * sizeof *first->p);
    } else
        memmove(first, first + 1, (size_t)--c->program.count * sizeof *first);
}

/*
 * Codes of hsv and the like cannot say what lies outside of the gamut, and clipping them would give another color:
 * RGB is clipped instead.
 */
static void clip_rgb(struct tile_program *program) {
    const struct tile_kernels *k = program->kernels;
    struct tile_op *last = program->op + program->count - 1;
    if (last->run == k->hsv || last->run == k->hsl || last->run == k->hwb || last->run == k->cmyk) {
        last[1] = last[0];
        *last = (struct tile_op){.run = k->clip};
        program->count++;
    }
}

/* Lets the first and the last operation take and give codes, where alpha does not stand between. */
static void fit_ends(tile_converter *c, bool divide, bool multiply) {
    const struct tile_kernels *k = c->program.kernels;
    struct tile_op *first = c->program.op, *last = first + c->program.count - 1;
    if (!divide && c->from.format.sample != TILE_F32 && takes_scales(k, first))
        for (int j = 0; j < c->from.channels; j++) {
            first->p[j] *= c->from.encoding[j].scale;
            c->from.encoding[j].scale = 1;
        }
    if (!multiply && c->to.format.sample != TILE_F32 && takes_scales(k, last))
        for (int j = 0; j < c->to.channels; j++) {
            last->p[4 + j] *= c->to.encoding[j].scale;
            c->to.encoding[j].scale = 1;
        }
    if (!multiply && c->to.format.sample == TILE_U8 && last->run == k->curve) {
        c->has_thresholds = tile_program_thresholds(&c->thresholds, &c->program);
        c->program.count -= c->has_thresholds;
    }
}

/* Integer codes to integer codes by one matrix: without values in between, which floats would round. */
static void use_codes(tile_converter *c) {
    struct tile_op *op = c->program.op;
    tile_program_affine(op->p, &c->program, c->from.format, c->to.format);
    if (c->from.format.sample == TILE_U8 && c->to.format.sample == TILE_U8) {
        c->way = AFFINE;
        return;
    }
    c->way = FLOATS;
    op->run = c->program.kernels->affine;
    for (int j = 0; j < TILE_ALPHA_PLANE; j++)
        c->from.encoding[j] = c->to.encoding[j] = (struct tile_encoding){1, 0};
    if (c->from.format.sample == TILE_U8)
        fill_tables(c);
}

/* Chooses the way and fits the program to what lies at its ends. */
static void finish(tile_converter *c) {
    const struct tile_kernels *k = c->program.kernels;
    struct tile_program *program = &c->program;
    struct tile_format from = c->from.format, to = c->to.format;
    bool same = program->count == 0; /* or hsv and hsv-180 */
    bool scaled = from.alpha == TILE_ALPHA_PREMULTIPLIED && to.alpha == TILE_ALPHA_PREMULTIPLIED && same;
    bool divide = from.alpha == TILE_ALPHA_PREMULTIPLIED && !scaled;
    bool multiply = to.alpha == TILE_ALPHA_PREMULTIPLIED && from.alpha != TILE_ALPHA_NONE && !scaled;

    if (same && from.space == to.space && from.sample == to.sample && !divide && !multiply) {
        c->way = tile_format_equal(from, to) ? COPY : REORDER;
        return;
    }
    int hue = tile_space_hue(to.space);
    if (from.sample != TILE_F32 && to.sample != TILE_F32 && !divide && !multiply && !c->has_table) {
        /* Limited range: 256 codes become one, and floats cannot tell the ties. Elsewhere it is 257, without ties. */
        if (same && c->from.encoding[0].scale == 256 * c->to.encoding[0].scale)
            tile_program_add(program, k->matrix, (const double[TILE_NUMBERS]){1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0});
        if (program->count == 1 && program->op[0].run == k->matrix) {
            use_codes(c);
            return;
        }
    }
    c->way = FLOATS;
    if (same && hue >= 0)
        tile_program_add(program, k->wrap_hue, (const double[TILE_NUMBERS]){hue});
    bool rgb_codes = program->count == 1 && from.sample != TILE_F32 && !divide; /* cannot lie outside */
    if (program->count && to.sample != TILE_F32 && !rgb_codes)
        clip_rgb(program);
    if (program->count)
        fit_ends(c, divide, multiply);
    if (divide)
        tile_program_add_first(program, k->unpremultiply, (const double[TILE_NUMBERS]){mask_of(from.space)});
    if (multiply)
        tile_program_add(program, k->premultiply, (const double[TILE_NUMBERS]){mask_of(to.space)});
    if (from.sample == TILE_U8)
        fill_tables(c);
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

    const struct tile_kernels *kernels = tile_kernels_of(o.cpu);
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

    bool same_profile = o.from_profile && o.to_profile && o.from_profile_size == o.to_profile_size &&
                        from.space == to.space && memcmp(o.from_profile, o.to_profile, o.to_profile_size) == 0;
    if ((o.from_profile || o.to_profile) && !same_profile)
        status = tile_icc_compile(&c->icc, &c->program, from.space, to.space, &o,
                                  from.sample == TILE_U8 && from.alpha != TILE_ALPHA_PREMULTIPLIED ? c->table : NULL,
                                  &c->has_table, error);
    else
        tile_program_path(&c->program, from.space, to.space);
    if (status != TILE_OK) {
        tile_converter_free(c);
        return status;
    }
    finish(c);
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

/* The pixels that one round takes. */
struct strip {
    const struct tile_image *source, *target;
    uint32_t x, y;
    size_t count;
};

static const unsigned char *source_of(const tile_converter *c, const struct strip *s, int channel) {
    return sample_at(&c->from, s->source, channel, s->x, s->y);
}

static unsigned char *target_of(const tile_converter *c, const struct strip *s, int channel) {
    return sample_at(&c->to, s->target, channel, s->x, s->y);
}

/* Whether plane `channel` of a side holds samples. */
static bool holds(const struct side *side, int channel) {
    return channel == TILE_ALPHA_PLANE ? has_alpha(side) : channel < side->channels;
}

/* Samples without change, or u8 codes by affine_u8. All are read before any is written: source may be target. */
static void run_codes(const tile_converter *c, const struct strip *s) {
    const struct tile_kernels *k = c->program.kernels;
    size_t size = (size_t)c->from.format.sample;
    _Alignas(32) unsigned char memory[TILE_PLANES][TILE_STRIP * sizeof(float)];
    for (int j = 0; j < TILE_PLANES; j++)
        if (holds(&c->from, j))
            k->copy(memory[j], size, source_of(c, s, j), c->from.step, s->count, size);
        else if (j != TILE_ALPHA_PLANE)
            memset(memory[j], 0, s->count);
        else if (size == sizeof(float))
            for (size_t i = 0; i < s->count; i++)
                memcpy(memory[j] + i * size, &(const float){1}, size);
        else
            memset(memory[j], 0xFF, s->count * size);
    if (c->way == AFFINE)
        k->affine_u8(memory[0], memory[1], memory[2], c->to.channels, s->count, c->program.op[0].p);
    for (int j = 0; j < TILE_PLANES; j++)
        if (holds(&c->to, j))
            k->copy(target_of(c, s, j), c->to.step, memory[j], size, s->count, size);
}

static void unpack(const tile_converter *c, const struct strip *s, int j, float *plane) {
    const struct tile_kernels *k = c->program.kernels;
    const struct side *from = &c->from;
    if (!holds(from, j))
        for (size_t i = 0; i < s->count; i++)
            plane[i] = j == TILE_ALPHA_PLANE ? 1 : 0;
    else if (from->format.sample == TILE_U8)
        k->unpack_u8(plane, source_of(c, s, j), from->step, s->count, c->table[j]);
    else if (from->format.sample == TILE_U16)
        k->unpack_u16(plane, source_of(c, s, j), from->step, s->count, from->encoding[j].scale,
                      from->encoding[j].offset);
    else
        k->unpack_f32(plane, source_of(c, s, j), from->step, s->count);
}

static void pack(const tile_converter *c, const struct strip *s, int j, const float *plane) {
    const struct tile_kernels *k = c->program.kernels;
    const struct side *to = &c->to;
    struct tile_encoding encoding = to->encoding[j];
    unsigned char *out = target_of(c, s, j);
    if (to->format.sample == TILE_F32)
        k->pack_f32(out, to->step, plane, s->count);
    else if (to->format.sample == TILE_U16)
        k->pack_u16(out, to->step, plane, s->count, encoding.scale, encoding.offset);
    else if (c->has_thresholds && j != TILE_ALPHA_PLANE)
        k->pack_thresholds(out, to->step, plane, s->count, &c->thresholds);
    else
        k->pack_u8(out, to->step, plane, s->count, (float)encoding.scale, (float)encoding.offset,
                   to->format.space == TILE_HSV_180 && j == 0 ? 180 : 256);
}

static void run_floats(const tile_converter *c, const struct strip *s) {
    _Alignas(64) float memory[TILE_PLANES][TILE_STRIP];
    float *const plane[TILE_PLANES] = {memory[0], memory[1], memory[2], memory[3], memory[4]};
    for (int j = 0; j < TILE_PLANES; j++)
        unpack(c, s, j, plane[j]);
    for (int i = 0; i < c->program.count; i++) {
        const struct tile_op *op = &c->program.op[i];
        if (op->run)
            op->run(plane, s->count, op->p);
        else
            tile_icc_run(c->icc, plane, s->count);
    }
    for (int j = 0; j < TILE_PLANES; j++)
        if (holds(&c->to, j))
            pack(c, s, j, plane[j]);
}

static void copy_rows(const tile_converter *c, const struct tile_image *source, const struct tile_image *target) {
    int planes = c->from.format.layout == TILE_PLANAR ? c->from.channels + has_alpha(&c->from) : 1;
    for (int i = 0; i < planes; i++)
        for (uint32_t y = 0; y < source->height; y++)
            memmove(tile_image_row(target, i, y), tile_image_row(source, i, y), source->width * c->from.step);
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
    if (c->way == COPY) {
        copy_rows(c, source, target);
        return TILE_OK;
    }
    struct strip s = {.source = source, .target = target};
    for (s.y = 0; s.y < source->height; s.y++)
        for (uint32_t left = source->width; left; left -= (uint32_t)s.count) {
            s.x = source->width - left;
            s.count = left < TILE_STRIP ? left : TILE_STRIP;
            if (c->way == FLOATS)
                run_floats(c, &s);
            else
                run_codes(c, &s);
        }
    return TILE_OK;
}
