/* SPDX-License-Identifier: MIT */
/* Profiles against LittleCMS itself, converting from end to end; and what is no profile. */
#include "support.h"

#include <lcms2.h>
#include <math.h>
#include <pthread.h>

static struct tile_error error;

static struct test_bytes save(cmsHPROFILE profile) {
    struct test_bytes bytes = {0};
    cmsUInt32Number size = 0;
    assert_non_null(profile);
    assert_true(cmsSaveProfileToMem(profile, NULL, &size));
    bytes.data = malloc(size);
    bytes.size = size;
    assert_true(bytes.data && cmsSaveProfileToMem(profile, bytes.data, &size));
    cmsCloseProfile(profile);
    return bytes;
}

static struct test_bytes rgb_profile(const double xy[6], double gamma) {
    cmsToneCurve *curve = cmsBuildGamma(NULL, gamma);
    cmsCIExyY white = {.3127, .3290, 1};
    cmsCIExyYTRIPLE primaries = {{xy[0], xy[1], 1}, {xy[2], xy[3], 1}, {xy[4], xy[5], 1}};
    struct test_bytes bytes = save(cmsCreateRGBProfile(&white, &primaries, (cmsToneCurve *[]){curve, curve, curve}));
    cmsFreeToneCurve(curve);
    return bytes;
}

static struct test_bytes adobe_rgb(void) {
    return rgb_profile((const double[]){.64, .33, .21, .71, .15, .06}, 563 / 256.);
}

static struct test_bytes gray_gamma(void) {
    cmsToneCurve *curve = cmsBuildGamma(NULL, 1.8);
    struct test_bytes bytes = save(cmsCreateGrayProfile(cmsD50_xyY(), curve));
    cmsFreeToneCurve(curve);
    return bytes;
}

/* A press with simple inks: Lab of naive CMYK's sRGB, and back. */
static cmsHTRANSFORM srgb_to_lab, lab_to_srgb;

/* LittleCMS samples tables of 16 bits in codes; Lab as ICC v4 encodes it. */
static cmsInt32Number ink_to_lab(const cmsUInt16Number in[], cmsUInt16Number out[], void *user) {
    double rgb[3], lab[3];
    (void)user;
    for (int i = 0; i < 3; i++)
        rgb[i] = .05 + .9 * (1 - in[i] / 65535.) * (1 - in[3] / 65535.);
    cmsDoTransform(srgb_to_lab, rgb, lab, 1);
    out[0] = (cmsUInt16Number)(lab[0] * 655.35 + .5);
    out[1] = (cmsUInt16Number)((lab[1] + 128) * 257 + .5);
    out[2] = (cmsUInt16Number)((lab[2] + 128) * 257 + .5);
    return TRUE;
}

static cmsInt32Number lab_to_ink(const cmsUInt16Number in[], cmsUInt16Number out[], void *user) {
    double lab[3] = {in[0] / 655.35, in[1] / 257. - 128, in[2] / 257. - 128}, rgb[3];
    (void)user;
    cmsDoTransform(lab_to_srgb, lab, rgb, 1);
    for (int i = 0; i < 3; i++)
        out[i] = (cmsUInt16Number)(fmin(fmax(1 - (rgb[i] - .05) / .9, 0), 1) * 65535 + .5);
    out[3] = 0;
    return TRUE;
}

static void add_table(cmsHPROFILE profile, cmsTagSignature tag, cmsUInt32Number in, cmsUInt32Number out,
                      cmsSAMPLER16 sampler) {
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, in, out);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, in == 4 ? 9 : 17, in, out, NULL);
    assert_true(pipeline && table);
    assert_true(cmsStageSampleCLut16bit(table, sampler, NULL, 0));
    /* The file format wants curves around a table; these change nothing. */
    assert_true(cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(NULL, in, NULL)));
    assert_true(cmsPipelineInsertStage(pipeline, cmsAT_END, table));
    assert_true(cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(NULL, out, NULL)));
    assert_true(cmsWriteTag(profile, tag, pipeline));
    cmsPipelineFree(pipeline);
}

static struct test_bytes press_of_version(double version) {
    cmsHPROFILE srgb = cmsCreate_sRGBProfile(), lab = cmsCreateLab4Profile(NULL);
    srgb_to_lab = cmsCreateTransform(srgb, TYPE_RGB_DBL, lab, TYPE_Lab_DBL, INTENT_RELATIVE_COLORIMETRIC, 0);
    lab_to_srgb = cmsCreateTransform(lab, TYPE_Lab_DBL, srgb, TYPE_RGB_DBL, INTENT_RELATIVE_COLORIMETRIC, 0);
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    cmsSetProfileVersion(profile, version);
    cmsSetDeviceClass(profile, cmsSigOutputClass);
    cmsSetColorSpace(profile, cmsSigCmykData);
    cmsSetPCS(profile, cmsSigLabData);
    cmsMLU *name = cmsMLUalloc(NULL, 1);
    cmsMLUsetASCII(name, "en", "US", "test press");
    assert_true(cmsWriteTag(profile, cmsSigProfileDescriptionTag, name));
    cmsMLUfree(name);
    add_table(profile, cmsSigAToB0Tag, 4, 3, ink_to_lab);
    add_table(profile, cmsSigBToA0Tag, 3, 4, lab_to_ink);
    cmsDeleteTransform(srgb_to_lab);
    cmsDeleteTransform(lab_to_srgb);
    cmsCloseProfile(srgb);
    cmsCloseProfile(lab);
    return save(profile);
}

static struct test_bytes press(void) {
    return press_of_version(4.3);
}

/* ---- Against LittleCMS ---- */

enum { COUNT = 20000 };

static unsigned char in[COUNT * 4], ours[COUNT * 4], theirs[COUNT * 4];

static struct tile_format u8_of(tile_space space) {
    return (struct tile_format){.space = space, .sample = TILE_U8};
}

/* In doubles: LittleCMS's own 8-bit way keeps light in 16 bits, which is up to two codes off in the dark. */
static cmsUInt32Number type_of(tile_space space) {
    return space == TILE_GRAY ? TYPE_GRAY_DBL : space == TILE_CMYK ? TYPE_CMYK_DBL : TYPE_RGB_DBL;
}

/* LittleCMS's doubles of a code of 255. */
static double full_of(tile_space space) {
    return space == TILE_CMYK ? 100 : 1;
}

/* Of version 2: under the perceptual intent LittleCMS compensates black points where one of version 4 comes last. */
static cmsHPROFILE open(const struct test_bytes *profile) {
    cmsHPROFILE srgb = profile ? NULL : cmsCreate_sRGBProfile();
    if (srgb)
        cmsSetProfileVersion(srgb, 2.1);
    return profile ? cmsOpenProfileFromMem(profile->data, (cmsUInt32Number)profile->size) : srgb;
}

static tile_intent intent = TILE_INTENT_RELATIVE;
static bool compensate_ours = true; /* where that is asked of LittleCMS */

static struct tile_converter_options options_of(const struct test_bytes *from, const struct test_bytes *to) {
    struct tile_converter_options options = *test_converter_options();
    options.from_profile = from ? from->data : NULL;
    options.from_profile_size = from ? from->size : 0;
    options.to_profile = to ? to->data : NULL;
    options.to_profile_size = to ? to->size : 0;
    options.intent = intent;
    return options;
}

static void run(tile_space from, const struct test_bytes *from_profile, tile_space to,
                const struct test_bytes *to_profile, bool compensate) {
    struct tile_converter_options options = options_of(from_profile, to_profile);
    options.black_point_compensation = compensate;
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, u8_of(from), u8_of(to), &options, &error));
    struct tile_image source = {.format = u8_of(from), .width = COUNT, .height = 1, .plane = {in}};
    struct tile_image target = {.format = u8_of(to), .width = COUNT, .height = 1, .plane = {ours}};
    assert_ok(tile_convert(converter, &source, &target, &error));
    tile_converter_free(converter);
}

/* No profile stands for sRGB. The largest difference in codes. */
static int difference(tile_space from, const struct test_bytes *from_profile, tile_space to,
                      const struct test_bytes *to_profile, bool compensate) {
    struct test_random random = {3};
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (unsigned char)test_random_below(&random, 256);
    run(from, from_profile, to, to_profile, compensate && compensate_ours);
    cmsHPROFILE a = open(from_profile), b = open(to_profile);
    cmsUInt32Number flags = cmsFLAGS_NOOPTIMIZE | (compensate ? cmsFLAGS_BLACKPOINTCOMPENSATION : 0);
    cmsHTRANSFORM direct = cmsCreateTransform(a, type_of(from), b, type_of(to), (cmsUInt32Number)intent, flags);
    assert_non_null(direct);
    static double before[COUNT * 4], after[COUNT * 4];
    for (int i = 0; i < COUNT * tile_space_channels(from); i++)
        before[i] = in[i] / 255. * full_of(from);
    cmsDoTransform(direct, before, after, COUNT);
    cmsDeleteTransform(direct);
    cmsCloseProfile(a);
    cmsCloseProfile(b);
    int worst = 0;
    for (int i = 0; i < COUNT * tile_space_channels(to); i++) {
        int theirs_rounded = (int)round(fmin(fmax(after[i] / full_of(to), 0), 1) * 255);
        worst = abs(ours[i] - theirs_rounded) > worst ? abs(ours[i] - theirs_rounded) : worst;
    }
    return worst;
}

static void as_littlecms(void **state) {
    (void)state;
    struct test_bytes adobe = adobe_rgb(), gray = gray_gamma(), cmyk = press();
    assert_in_range(difference(TILE_SRGB, &adobe, TILE_SRGB, NULL, false), 0, 1);
    assert_in_range(difference(TILE_SRGB, NULL, TILE_SRGB, &adobe, false), 0, 1);
    assert_in_range(difference(TILE_GRAY, &gray, TILE_SRGB, NULL, false), 0, 1);
    assert_in_range(difference(TILE_SRGB, NULL, TILE_GRAY, &gray, false), 0, 1);
    assert_in_range(difference(TILE_CMYK, &cmyk, TILE_SRGB, NULL, false), 0, 1);
    assert_in_range(difference(TILE_SRGB, NULL, TILE_CMYK, &cmyk, false), 0, 1);
    assert_in_range(difference(TILE_CMYK, &cmyk, TILE_SRGB, NULL, true), 0, 1);
    assert_in_range(difference(TILE_CMYK, &cmyk, TILE_SRGB, &adobe, false), 0, 1);
    assert_in_range(difference(TILE_SRGB, &adobe, TILE_CMYK, &cmyk, true), 0, 1);
    assert_in_range(difference(TILE_SRGB, &adobe, TILE_CMYK, &cmyk, false), 0, 1);
    assert_in_range(difference(TILE_GRAY, &gray, TILE_CMYK, &cmyk, false), 0, 1);
    free(adobe.data);
    free(gray.data);
    free(cmyk.data);
}

/*
 * Tables of version 2 are not compensated unasked, in either direction; those of version 4 lead to the black of the
 * perceptual reference medium, and are.
 */
static void perceptual_black(void **state) {
    (void)state;
    struct test_bytes old = press_of_version(2.4), new = press(), adobe = adobe_rgb();
    for (int i = 0; i < 2; i++) {
        intent = i ? TILE_INTENT_SATURATION : TILE_INTENT_PERCEPTUAL;
        assert_in_range(difference(TILE_CMYK, &old, TILE_SRGB, NULL, false), 0, 1);
        assert_in_range(difference(TILE_SRGB, NULL, TILE_CMYK, &old, false), 0, 1);
        assert_in_range(difference(TILE_CMYK, &old, TILE_SRGB, NULL, true), 0, 1);
        assert_true(difference(TILE_CMYK, &new, TILE_SRGB, NULL, false) > 2);
        compensate_ours = false;
        assert_in_range(difference(TILE_CMYK, &new, TILE_SRGB, NULL, true), 0, 1);
        assert_in_range(difference(TILE_SRGB, NULL, TILE_CMYK, &new, true), 0, 1);
        assert_in_range(difference(TILE_SRGB, &adobe, TILE_CMYK, &new, true), 0, 1);
        compensate_ours = true;
    }
    intent = TILE_INTENT_RELATIVE;
    free(adobe.data);
    free(new.data);
    free(old.data);
}

/* A profile that is sRGB changes nothing, nor do two that are the same. */
static void plain_profiles(void **state) {
    (void)state;
    struct test_bytes srgb = save(cmsCreate_sRGBProfile()), adobe = adobe_rgb();
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (unsigned char)(i * 31);
    run(TILE_SRGB, &srgb, TILE_SRGB, NULL, false);
    assert_memory_equal(in, ours, COUNT * 3);
    run(TILE_SRGB, NULL, TILE_SRGB, &srgb, false);
    assert_memory_equal(in, ours, COUNT * 3);
    run(TILE_SRGB, &adobe, TILE_SRGB, &adobe, false);
    assert_memory_equal(in, ours, COUNT * 3);
    run(TILE_SRGB, NULL, TILE_LAB, NULL, false);
    memcpy(theirs, ours, sizeof theirs);
    run(TILE_SRGB, &srgb, TILE_LAB, NULL, false);
    assert_memory_equal(theirs, ours, COUNT * 3);

    /* sRGB's curve on gray is `gray`. */
    cmsToneCurve *curve =
        cmsBuildParametricToneCurve(NULL, 4, (const double[]){2.4, 1 / 1.055, .055 / 1.055, 1 / 12.92, .04045});
    struct test_bytes gray = save(cmsCreateGrayProfile(cmsD50_xyY(), curve));
    cmsFreeToneCurve(curve);
    run(TILE_GRAY, &gray, TILE_SRGB, NULL, false);
    for (int i = 0; i < COUNT; i++)
        assert_true(ours[3 * i] == in[i] && ours[3 * i + 1] == in[i] && ours[3 * i + 2] == in[i]);
    free(gray.data);
    free(srgb.data);
    free(adobe.data);
}

/* White is white, whatever the ICC's digits of D50. */
static void white_stays(void **state) {
    (void)state;
    struct test_bytes adobe = adobe_rgb();
    struct tile_converter_options options = options_of(&adobe, NULL);
    struct tile_format f = {.space = TILE_SRGB, .sample = TILE_F32}, t = {.space = TILE_LAB, .sample = TILE_F32};
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, f, t, &options, &error));
    float white[3] = {1, 1, 1}, lab[3];
    struct tile_image source = {.format = f, .width = 1, .height = 1, .plane = {white}};
    struct tile_image target = {.format = t, .width = 1, .height = 1, .plane = {lab}};
    assert_ok(tile_convert(converter, &source, &target, &error));
    assert_true(fabsf(lab[0] - 100) < .01f && fabsf(lab[1]) < .02f && fabsf(lab[2]) < .02f);
    tile_converter_free(converter);
    free(adobe.data);
}

/* Where a channel is next to nothing, a power without a toe shows every digit of the whites on the way. */
static void dark_channels(void **state) {
    (void)state;
    struct test_bytes adobe = adobe_rgb();
    /* LittleCMS has 218.941, 0, 250.173 and 170.581, 0, 150.651. */
    static const unsigned char colors[2][3] = {{255, 0, 255}, {200, 0, 155}};
    static const unsigned char wanted[2][3] = {{219, 0, 250}, {171, 0, 151}};
    memcpy(in, colors, sizeof colors);
    run(TILE_SRGB, NULL, TILE_SRGB, &adobe, false);
    assert_memory_equal(ours, wanted, sizeof wanted);
    /* 3.099 */
    memcpy(in, (const unsigned char[]){107, 189, 231}, 3);
    struct tile_converter_options options = options_of(&adobe, NULL);
    struct tile_format wide = {.space = TILE_SRGB, .sample = TILE_U16};
    for (int k = 0; k < 2; k++) { /* by our own matrices, and by LittleCMS */
        struct tile_format from = k == 0 ? u8_of(TILE_SRGB) : wide;
        uint16_t deep[3] = {107 * 257, 189 * 257, 231 * 257}, out[3];
        tile_converter *converter;
        assert_ok(tile_converter_new(&converter, from, wide, &options, &error));
        struct tile_image source = {.format = from, .width = 1, .height = 1, .plane = {k == 0 ? (void *)in : deep}};
        struct tile_image target = {.format = wide, .width = 1, .height = 1, .plane = {out}};
        assert_ok(tile_convert(converter, &source, &target, &error));
        assert_true(fabs(out[0] / 257. - 3.099) < .02);
        tile_converter_free(converter);
    }
    free(adobe.data);
}

static void damaged_profiles(void **state) {
    (void)state;
    struct test_bytes profiles[2] = {adobe_rgb(), press()};
    static const tile_space spaces[2] = {TILE_SRGB, TILE_CMYK};
    for (int k = 0; k < 2; k++) {
        size_t step = k == 0 ? 16 : 16 * 97; /* the tables of a press are long */
        for (size_t size = 0; size < profiles[k].size; size += step) {
            /* Ends at an unreadable page. */
            struct test_guarded cut = test_guarded_new(size + 1, true);
            unsigned char *data = cut.data + 1;
            memcpy(data, profiles[k].data, size);
            struct test_bytes bytes = {size ? data : cut.data, size};
            struct tile_converter_options options = options_of(&bytes, NULL);
            tile_converter *converter;
            tile_status status = tile_converter_new(&converter, u8_of(spaces[k]), u8_of(TILE_SRGB), &options, &error);
            if (status == TILE_OK)
                tile_converter_free(converter);
            else {
                assert_int_equal(status, TILE_BAD_DATA);
                assert_null(converter);
            }
            test_guarded_free(cut);
        }
        /* And with some bytes of the tags overwritten. */
        struct test_random random = {9};
        for (int i = 0; i < 200; i++) {
            size_t at = 128 + test_random_below(&random, 400);
            unsigned char was = profiles[k].data[at];
            profiles[k].data[at] = (unsigned char)test_random_next(&random);
            struct tile_converter_options options = options_of(&profiles[k], NULL);
            tile_converter *converter;
            if (tile_converter_new(&converter, u8_of(spaces[k]), u8_of(TILE_SRGB), &options, &error) == TILE_OK) {
                struct tile_image source = {.format = u8_of(spaces[k]), .width = 100, .height = 1, .plane = {in}};
                struct tile_image target = {.format = u8_of(TILE_SRGB), .width = 100, .height = 1, .plane = {ours}};
                assert_ok(tile_convert(converter, &source, &target, &error));
                tile_converter_free(converter);
            }
            profiles[k].data[at] = was;
        }
        free(profiles[k].data);
    }
}

static void wrong_models(void **state) {
    (void)state;
    struct test_bytes adobe = adobe_rgb(), gray = gray_gamma(), lab = save(cmsCreateLab4Profile(NULL));
    tile_converter *converter;
    struct tile_converter_options options = options_of(&adobe, NULL);
    assert_fails(TILE_UNSUPPORTED, tile_converter_new(&converter, u8_of(TILE_GRAY), u8_of(TILE_LAB), &options, &error));
    assert_true(strstr(error.message, "RGB") && strstr(error.message, "gray"));
    assert_fails(TILE_UNSUPPORTED, tile_converter_new(&converter, u8_of(TILE_LAB), u8_of(TILE_SRGB), &options, &error));
    /* A profile's pixels are those of `srgb`, whatever its curves are. */
    static const tile_space rec2100[] = {TILE_REC2100_PQ, TILE_REC2100_HLG};
    for (int i = 0; i < 2; i++) {
        assert_fails(TILE_UNSUPPORTED,
                     tile_converter_new(&converter, u8_of(rec2100[i]), u8_of(TILE_SRGB), &options, &error));
        assert_non_null(strstr(error.message, tile_space_name(rec2100[i])));
    }
    options = options_of(NULL, &gray);
    assert_fails(TILE_UNSUPPORTED, tile_converter_new(&converter, u8_of(TILE_LAB), u8_of(TILE_SRGB), &options, &error));
    assert_null(converter);
    options = options_of(&lab, NULL);
    assert_fails(TILE_UNSUPPORTED, tile_converter_new(&converter, u8_of(TILE_LAB), u8_of(TILE_SRGB), &options, &error));
    free(adobe.data);
    free(gray.data);
    free(lab.data);
}

/* One converter that runs LittleCMS, many threads. */
struct work {
    const tile_converter *converter;
    unsigned char out[COUNT * 4];
    pthread_t thread;
};

static void *convert_all(void *user) {
    struct work *work = user;
    struct tile_image source = {.format = u8_of(TILE_CMYK), .width = COUNT, .height = 1, .plane = {in}};
    struct tile_image target = {.format = u8_of(TILE_SRGB), .width = COUNT, .height = 1, .plane = {work->out}};
    return tile_convert(work->converter, &source, &target, NULL) == TILE_OK ? work : NULL;
}

static void threads_share_a_converter(void **state) {
    (void)state;
    static struct work work[4];
    struct test_bytes cmyk = press();
    struct tile_converter_options options = options_of(&cmyk, NULL);
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, u8_of(TILE_CMYK), u8_of(TILE_SRGB), &options, &error));
    run(TILE_CMYK, &cmyk, TILE_SRGB, NULL, false);
    for (int i = 0; i < 4; i++) {
        work[i].converter = converter;
        assert_int_equal(pthread_create(&work[i].thread, NULL, convert_all, &work[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *done = NULL;
        assert_int_equal(pthread_join(work[i].thread, &done), 0);
        assert_ptr_equal(done, &work[i]);
        assert_memory_equal(work[i].out, ours, COUNT * 3);
    }
    tile_converter_free(converter);
    free(cmyk.data);
}

static void failing_memory(void **state) {
    (void)state;
    struct test_bytes adobe = adobe_rgb();
    for (size_t i = 0;; i++) {
        struct test_memory memory;
        test_memory_init(&memory, i);
        struct tile_converter_options options = options_of(&adobe, NULL);
        options.allocator = &memory.allocator;
        tile_converter *converter;
        tile_status status = tile_converter_new(&converter, u8_of(TILE_SRGB), u8_of(TILE_LAB), &options, &error);
        tile_converter_free(converter);
        assert_int_equal(memory.live, 0);
        if (status == TILE_OK)
            break;
        assert_int_equal(status, TILE_NO_MEMORY);
    }
    free(adobe.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_littlecms),     cmocka_unit_test(plain_profiles),
        cmocka_unit_test(white_stays),      cmocka_unit_test(dark_channels),
        cmocka_unit_test(damaged_profiles), cmocka_unit_test(wrong_models),
        cmocka_unit_test(failing_memory),   cmocka_unit_test(threads_share_a_converter),
        cmocka_unit_test(perceptual_black),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
