/* SPDX-License-Identifier: MIT */
/* Published values against the reference, and against the converter in float and, where there are, in codes. */
#include "support.h"

#include "color/reference.h"

#include <math.h>

static const struct vector {
    const char *source;
    tile_space from, to;
    double in[4], out[4], within;
} vectors[] = {
    {"lcms2 testbed", TILE_SRGB, TILE_LAB, {190 / 255., 25 / 255., 210 / 255.}, {47.0521, 74.5656, -56.8833}, .01},
    /* A color of four digits that browsers must show as #008000. */
    {"web-platform-tests lab-001", TILE_LAB, TILE_SRGB, {46.277, -47.562, 48.583}, {0, 128 / 255., 0}, .5 / 255},
    {"lcms2 testbed", TILE_SRGB, TILE_XYZ_D50, {128 / 255.}, {.0941240, .0480256, .003005}, 1e-4},
    {"IEC 61966-2-1", TILE_SRGB, TILE_SRGB_LINEAR, {127 / 255., 0, 1}, {.212231, 0, 1}, 1e-6},
    {"CSS Color 4", TILE_XYZ_D65, TILE_OKLAB, {.20654008, .12197225, .05136952}, {.5163415, .1547180, .0629473}, 1e-6},
    {"CSS Color 4", TILE_SRGB, TILE_OKLAB, {1}, {.627955, .224863, .125846}, 1e-6},
    {"CIE 1976", TILE_SRGB, TILE_LUV, {1}, {53.237, 175.010, 37.765}, .02},
    {"CSS Color 4", TILE_DISPLAY_P3, TILE_SRGB, {0, 1}, {-.51160, 1.01827, -.31067}, 1e-5},
    /* BT.2020 linear light in cd/m2, of which 203 is 1; the PQ forms are absolute. Through xyz-d65, see below. */
    {"CSS Color 4", TILE_SRGB, TILE_HWB, {1, .5, .5}, {0, .5, 0}, 1e-9},
    {"CSS Color 4", TILE_SRGB, TILE_HSL, {.75, .25, .25}, {0, .5, .5}, 1e-9},
    {"Smith 1978", TILE_SRGB, TILE_HSV, {.25, .75, .5}, {150, 2 / 3., .75}, 1e-9},
    {"CSS Color 5", TILE_CMYK, TILE_SRGB, {.2, .4, .6, .5}, {.4, .3, .2}, 1e-9},
    {"CSS Color 4", TILE_SRGB, TILE_XYZ_D65, {1, 1, 1}, {.3127 / .3290, 1, .3583 / .3290}, 1e-9},
    {"CSS Color 4", TILE_PROPHOTO_RGB, TILE_XYZ_D50, {1, 1, 1}, {.3457 / .3585, 1, .2958 / .3585}, 1e-9},
    {"CSS Color 4", TILE_SRGB, TILE_LAB, {1, 1, 1}, {100, 0, 0}, 1e-4},
    {"BT.2100", TILE_SRGB, TILE_ICTCP, {1, 1, 1}, {.580689, 0, 0}, 1e-6},
    {"BT.2408", TILE_SRGB, TILE_ICTCP_HLG, {1, 1, 1}, {.75, 0, 0}, 1e-6},
    /* PQ's signals of 100, 203, 1000 and 10 000 cd/m2; HLG's of 1/12, of the white and of all of the scene's light. */
    {"ST 2084", TILE_LUMINANCE, TILE_REC2100_PQ, {100 / 203.}, {.508078, .508078, .508078}, 1e-6},
    {"ST 2084", TILE_SRGB, TILE_REC2100_PQ, {1, 1, 1}, {.580689, .580689, .580689}, 1e-6},
    {"ST 2084", TILE_LUMINANCE, TILE_REC2100_PQ, {1000 / 203.}, {.751827, .751827, .751827}, 1e-6},
    {"ST 2084", TILE_LUMINANCE, TILE_REC2100_PQ, {10000 / 203.}, {1, 1, 1}, 1e-6},
    {"ST 2084", TILE_REC2100_PQ, TILE_LUMINANCE, {1, 1, 1}, {10000 / 203.}, 1e-6},
    {"BT.2100", TILE_REC2100_HLG, TILE_LUMINANCE, {.5, .5, .5}, {1 / 12. / .26496256042100718}, 1e-6},
    {"BT.2100", TILE_REC2100_HLG, TILE_LUMINANCE, {.75, .75, .75}, {1}, 1e-6},
    {"BT.2100", TILE_REC2100_HLG, TILE_LUMINANCE, {1, 1, 1}, {1 / .26496256042100718}, 1e-6},
    /* Cards that reflect so much: cd/m2 of PQ on a display, shares of the scene's white of HLG, both in percent. */
    {"BT.2408, table 1", TILE_LUMINANCE, TILE_REC2100_PQ, {26 / 203.}, {.38, .38, .38}, .005},
    {"BT.2408, table 1", TILE_LUMINANCE, TILE_REC2100_PQ, {162 / 203.}, {.56, .56, .56}, .005},
    {"BT.2408, table 1", TILE_LUMINANCE, TILE_REC2100_PQ, {179 / 203.}, {.57, .57, .57}, .005},
    {"BT.2408, table 1", TILE_LUMINANCE, TILE_REC2100_HLG, {.18}, {.38, .38, .38}, .005},
    {"BT.2408, table 1", TILE_LUMINANCE, TILE_REC2100_HLG, {.83}, {.71, .71, .71}, .005},
    {"BT.2408, table 1", TILE_LUMINANCE, TILE_REC2100_HLG, {.90}, {.73, .73, .73}, .005},
    /* CSS's red, orange and violet, of ColorAide's tests of these two spaces. */
    {"ColorAide", TILE_SRGB, TILE_REC2100_PQ, {1}, {.53255, .32702, .22007}, 1e-5},
    {"ColorAide", TILE_SRGB, TILE_REC2100_PQ, {1, 165 / 255.}, {.55101, .49099, .30009}, 1e-5},
    {"ColorAide", TILE_SRGB, TILE_REC2100_PQ, {238 / 255., 130 / 255., 238 / 255.}, {.53568, .45048, .55741}, 1e-5},
    {"ColorAide", TILE_SRGB, TILE_REC2100_HLG, {1}, {.65587, .23436, .11415}, 1e-5},
    {"ColorAide", TILE_SRGB, TILE_REC2100_HLG, {1, 165 / 255.}, {.69294, .56608, .19838}, 1e-5},
    {"ColorAide", TILE_SRGB, TILE_REC2100_HLG, {238 / 255., 130 / 255., 238 / 255.}, {.66226, .46674, .70549}, 1e-5},
};

static void check_values(const struct vector *v, const double *got, const char *by, double slack) {
    for (int i = 0; i < tile_space_channels(v->to); i++)
        if (!(fabs(got[i] - v->out[i]) <= v->within + slack))
            fail_msg("%s: %s to %s by the %s: channel %d is %.7f, not %.7f", v->source, tile_space_name(v->from),
                     tile_space_name(v->to), by, i, got[i], v->out[i]);
}

/* One pixel through the converter. */
static void convert_pixel(tile_space from, tile_sample from_sample, const void *in, tile_space to,
                          tile_sample to_sample, void *out) {
    struct tile_error error;
    struct tile_format f = {.space = from, .sample = from_sample}, t = {.space = to, .sample = to_sample};
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, f, t, test_converter_options(), &error));
    struct tile_image source = {.format = f, .width = 1, .height = 1, .plane = {(void *)(uintptr_t)in}, .stride = 16};
    struct tile_image target = {.format = t, .width = 1, .height = 1, .plane = {out}, .stride = 16};
    assert_ok(tile_convert(converter, &source, &target, &error));
    tile_converter_free(converter);
}

static void check(const struct vector *v) {
    double out[4];
    tile_reference_convert(v->from, v->to, v->in, out);
    check_values(v, out, "reference", 0);
    float in32[4] = {(float)v->in[0], (float)v->in[1], (float)v->in[2], (float)v->in[3]}, out32[4] = {0};
    convert_pixel(v->from, TILE_F32, in32, v->to, TILE_F32, out32);
    for (int i = 0; i < 4; i++)
        out[i] = (double)out32[i];
    check_values(v, out, "converter", tile_space_has_sample(v->to, TILE_U8) ? 5e-5 : 1e-6);
}

static void published_values(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        check(&vectors[i]);
}

/* colour-science's are absolute: what it calls 1 is 1 cd/m2. */
static void absolute_values(void **state) {
    (void)state;
    static const double m[3][3] = {{.636958048301291, .144616903586208, .168880975164172},
                                   {.262700212011267, .677998071518871, .059301716469862},
                                   {0, .028072693049087, 1.060985057710791}}; /* BT.2020 to XYZ, D65 */
    static const double rgb[3] = {.45620519, .03081071, .04091952};
    struct vector v = {"colour-science", TILE_XYZ_D65, TILE_ICTCP, {0}, {.0735136, .0047525, .0935159}, 1e-6};
    for (int i = 0; i < 3; i++)
        v.in[i] = (m[i][0] * rgb[0] + m[i][1] * rgb[1] + m[i][2] * rgb[2]) / 203;
    check(&v);
    struct vector jz = {"colour-science",
                        TILE_XYZ_D65,
                        TILE_JZAZBZ,
                        {.20654008 / 203, .12197225 / 203, .05136952 / 203},
                        {.0053504, .0092430, .0052600},
                        1e-6};
    check(&jz);
    struct vector gray = {"BT.2100", TILE_LUMINANCE, TILE_ICTCP, {100 / 203.}, {.508078, 0, 0}, 1e-6};
    check(&gray);
    /* 1000 cd/m2 of a primary of PQ, and all the light of one of HLG, as XYZ. */
    for (int i = 0; i < 3; i++) {
        struct vector pq = {"BT.2100", TILE_REC2100_PQ, TILE_XYZ_D65, {0}, {0}, 1e-4};
        struct vector hlg = {"BT.2100", TILE_REC2100_HLG, TILE_XYZ_D65, {0}, {0}, 1e-6};
        pq.in[i] = .751827;
        hlg.in[i] = 1;
        for (int j = 0; j < 3; j++) {
            pq.out[j] = m[j][i] * 1000 / 203;
            hlg.out[j] = m[j][i] / .26496256042100718;
        }
        check(&pq);
        check(&hlg);
    }
}

/* What lies outside of BT.2100's signals, as tile.h says. */
static void signals_of_no_light_that_is(void **state) {
    (void)state;
    const double a = .17883277, c = .55991072953; /* BT.2100, table 5; c = .5 - a ln 4a */
    const struct {
        tile_space from;
        float signal;
        double light;
    } cases[] = {
        {TILE_REC2100_PQ, 1.5f, 10000 / 203.},
        {TILE_REC2100_PQ, -1.5f, -10000 / 203.},
        {TILE_REC2100_PQ, -.580689f, -1},
        {TILE_REC2100_HLG, -.75f, -1},
        {TILE_REC2100_HLG, -.5f, -1 / 12. / .26496256042100718},
        {TILE_REC2100_HLG, 1.1f, (exp((1.1 - c) / a) + 1 - 4 * a) / 12 / .26496256042100718},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float in[3] = {cases[i].signal, cases[i].signal, cases[i].signal}, light[3], back[3];
        uint16_t code[3];
        convert_pixel(cases[i].from, TILE_F32, in, TILE_SRGB_LINEAR, TILE_F32, light);
        convert_pixel(TILE_SRGB_LINEAR, TILE_F32, light, cases[i].from, TILE_F32, back);
        convert_pixel(TILE_SRGB_LINEAR, TILE_F32, light, cases[i].from, TILE_U16, code);
        bool clamps = cases[i].from == TILE_REC2100_PQ && fabsf(in[0]) > 1;
        for (int j = 0; j < 3; j++) {
            assert_true(fabs((double)light[j] / cases[i].light - 1) <= 1e-5);
            assert_true(fabsf(back[j] - (clamps ? copysignf(1, in[j]) : in[j])) <= 1e-6f);
            assert_int_equal(code[j], in[j] < 0 ? 0 : 65535);
        }
    }
    /* A channel without light stays so, whatever is in the others, where PQ is steepest: its signal is black's. */
    static const float red[3] = {1, 0, 0}, none[3] = {0, 0, 0};
    float red_signal[3], black_signal[3];
    static const tile_space others[] = {TILE_REC2020, TILE_REC2100_HLG};
    for (int i = 0; i < 2; i++) {
        convert_pixel(others[i], TILE_F32, red, TILE_REC2100_PQ, TILE_F32, red_signal);
        convert_pixel(others[i], TILE_F32, none, TILE_REC2100_PQ, TILE_F32, black_signal);
        assert_true(black_signal[1] > 7.2e-7f && black_signal[1] < 7.4e-7f); /* c1^m2 of BT.2100, table 4 */
        assert_true(red_signal[1] == black_signal[1] && red_signal[2] == black_signal[2]);
    }
}

static void published_codes(void **state) {
    (void)state;
    static const struct {
        tile_space to;
        unsigned char red[3];
    } codes[] = {
        {TILE_LAB, {138, 209, 198}},     /* babl */
        {TILE_LAB_D65, {136, 208, 195}}, /* the formulas, as OpenCV documents them */
        {TILE_LUV, {136, 223, 173}},     /* the same */
        {TILE_YCBCR601, {81, 90, 240}},  /* BT.601 */
        {TILE_YCBCR, {76, 85, 255}},     /* JFIF */
        {TILE_YCBCR709, {63, 102, 240}}, /* BT.709 */
        {TILE_HSV, {0, 255, 255}},       /* Smith */
        {TILE_OKLAB, {160, 185, 160}},   /* 255 x .627955, + 128 */
        {TILE_HSV_180, {0, 255, 255}},   /* OpenCV */
        {TILE_HSL, {0, 255, 128}},       /* 127.5 rounds away from zero */
        {TILE_CMYK, {0, 255, 255}},      /* and k 0 */
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        unsigned char red[3] = {255, 0, 0}, out[4] = {0};
        double in[3] = {1, 0, 0}, values[4], unrounded[4];
        convert_pixel(TILE_SRGB, TILE_U8, red, codes[i].to, TILE_U8, out);
        tile_reference_convert(TILE_SRGB, codes[i].to, in, values);
        tile_reference_encode(codes[i].to, TILE_U8, values, unrounded);
        for (int j = 0; j < 3; j++) {
            if (out[j] != codes[i].red[j])
                fail_msg("red in %s: channel %d is %d, not %d", tile_space_name(codes[i].to), j, out[j],
                         codes[i].red[j]);
            assert_int_equal((int)tile_reference_round(codes[i].to, TILE_U8, j, unrounded[j]), codes[i].red[j]);
        }
    }
    /* BT.2020's red in limited range, 10 bits: 294, 387, 960. */
    double red[3] = {1, 0, 0}, values[3], code[3];
    tile_reference_convert(TILE_REC2020, TILE_YCBCR2020, red, values);
    tile_reference_encode(TILE_YCBCR2020, TILE_U16, values, code);
    uint16_t out[3];
    static const float red32[3] = {1, 0, 0};
    static const int ten_bits[3] = {294, 387, 960};
    convert_pixel(TILE_REC2020, TILE_F32, red32, TILE_YCBCR2020, TILE_U16, out);
    for (int j = 0; j < 3; j++) {
        assert_int_equal((int)round(code[j] / 64), ten_bits[j]);
        assert_int_equal((int)round(out[j] / 64.), ten_bits[j]);
    }
}

/* P3's green is -.512, 1.018, -.311 in sRGB: codes are those of 0, 1, 0, floats say where it lies. */
static void codes_of_clipped_rgb(void **state) {
    (void)state;
    static const struct {
        tile_space to;
        unsigned char code[4];
    } greens[] = {
        {TILE_HSL, {85, 255, 128}}, {TILE_HSV, {85, 255, 255}},    {TILE_HSV_180, {60, 255, 255}},
        {TILE_HWB, {85, 0, 0}},     {TILE_CMYK, {255, 0, 255, 0}},
    };
    for (size_t i = 0; i < sizeof greens / sizeof *greens; i++) {
        unsigned char out[4] = {0};
        uint16_t deep[4] = {0};
        convert_pixel(TILE_DISPLAY_P3, TILE_U8, (const unsigned char[]){0, 255, 0}, greens[i].to, TILE_U8, out);
        assert_memory_equal(out, greens[i].code, sizeof out);
        convert_pixel(TILE_SRGB, TILE_F32, (const float[]){-.512f, 1.018f, -.311f}, greens[i].to, TILE_U16, deep);
        for (int j = 0; j < 4; j++) {
            double want = greens[i].to == TILE_HSV_180 && j == 0 ? 65535 / 3. : greens[i].code[j] * 257.;
            want = greens[i].to == TILE_HSL && j == 2 ? 32768 : want;
            assert_int_equal(deep[j], (int)round(want));
        }
    }
    float hwb[3];
    convert_pixel(TILE_SRGB, TILE_F32, (const float[]){-.5f, 1.25f, -.25f}, TILE_HWB, TILE_F32, hwb);
    assert_true(hwb[1] == -.5f && hwb[2] == -.25f);
    /* Premultiplied codes may stand for more than 1: 2, 1, 0 here. */
    struct tile_error error;
    struct tile_format f = {.space = TILE_SRGB, .sample = TILE_U8, .alpha = TILE_ALPHA_PREMULTIPLIED};
    struct tile_format t = {.space = TILE_HSV, .sample = TILE_U8};
    unsigned char in[4] = {200, 100, 0, 100}, out[3];
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, f, t, test_converter_options(), &error));
    struct tile_image source = {.format = f, .width = 1, .height = 1, .plane = {in}, .stride = 16};
    struct tile_image target = {.format = t, .width = 1, .height = 1, .plane = {out}, .stride = 16};
    assert_ok(tile_convert(converter, &source, &target, &error));
    assert_memory_equal(out, ((const unsigned char[]){43, 255, 255}), 3); /* 60 degrees, 42.5 */
    tile_converter_free(converter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values),
        cmocka_unit_test(absolute_values),
        cmocka_unit_test(signals_of_no_light_that_is),
        cmocka_unit_test(published_codes),
        cmocka_unit_test(codes_of_clipped_rgb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
