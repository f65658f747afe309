/* SPDX-License-Identifier: MIT */
/* Options of an event: what each says to the library, in every form that it may come in, and how each is refused. */
#include "storage/storage.h"
#include "task/options.h"

#include "support.h"

static struct failure failure;
static struct call call;
static char *folder;

static int set_up(void **state) {
    (void)state;
    folder = test_folder_new();
    return storage_new(&call.storage, &(struct storage_options){.root = folder}, &failure) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    profile_forget(&call);
    storage_free(call.storage);
    test_folder_remove(folder);
    return 0;
}

static const char *const others[] = {"source", "output", NULL};

static bool read_text(struct task_options *out, const char *text) {
    json_t *event = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!event)
        fail_msg("no JSON: %s", text);
    bool done = task_options_read(out, &call, event, others, &failure);
    json_decref(event);
    return done;
}

static struct task_options read_options(const char *text) {
    struct task_options out;
    if (!read_text(&out, text))
        fail_msg("%s: %s", text, failure.message);
    assert_ptr_equal(out.job.to_profile, out.to_profile ? out.to_profile->bytes.data : NULL);
    return out;
}

#define TAKES(text, condition)                                                                                         \
    do {                                                                                                               \
        struct task_options o = read_options(text);                                                                    \
        o.job.encode = &o.encode;                                                                                      \
        if (!(condition))                                                                                              \
            fail_msg("%s: not %s", text, #condition);                                                                  \
        task_options_free(&o);                                                                                         \
    } while (0)

/* A message has the member's name and each of the other texts. */
static void refuses(const char *text, const char *name, const char *wanted) {
    struct task_options out;
    if (read_text(&out, text))
        fail_msg("%s: is taken", text);
    assert_int_equal(failure.kind, FAILURE_BAD_REQUEST);
    if (!strstr(failure.message, name) || !strstr(failure.message, wanted) || strchr(failure.message, '\n'))
        fail_msg("%s: %s", text, failure.message);
    assert_null(out.to_profile); /* there is nothing to free */
}

/* ---- Values ---- */

static void defaults_are_the_librarys(void **state) {
    (void)state;
    TAKES("{}", o.grid.tile_width == 0 && !o.has_region && !o.keep && !o.job.overwrite && !o.job.plan &&
                    o.job.codec == TILE_CODEC_UNSET && o.job.to_space == TILE_SPACE_UNSET && o.encode.quality == 0 &&
                    !o.source.lenient && o.job.struct_size == sizeof o.job && o.encode.struct_size == sizeof o.encode &&
                    o.source.struct_size == sizeof o.source && o.grid.pad_color[3] == 1);
    TAKES("{\"source\":1,\"output\":{}}", o.grid.tile_width == 0); /* the caller's */
}

static void each_option_is_taken(void **state) {
    (void)state;
    TAKES("{\"to\":\"lab\"}", o.job.to_space == TILE_LAB);
    TAKES("{\"to\":\"ycbcr601-full\"}", o.job.to_space == TILE_YCBCR);
    TAKES("{\"assume\":\"display-p3\"}", o.source.assume == TILE_DISPLAY_P3);
    TAKES("{\"depth\":\"u8\"}", o.job.to_sample == TILE_U8);
    TAKES("{\"depth\":\"u16\"}", o.job.to_sample == TILE_U16);
    TAKES("{\"depth\":\"f32\"}", o.job.to_sample == TILE_F32);
    TAKES("{\"intent\":\"perceptual\"}", o.job.intent == TILE_INTENT_PERCEPTUAL);
    TAKES("{\"intent\":\"relative\"}", o.job.intent == TILE_INTENT_RELATIVE);
    TAKES("{\"intent\":\"saturation\"}", o.job.intent == TILE_INTENT_SATURATION);
    TAKES("{\"intent\":\"absolute\"}", o.job.intent == TILE_INTENT_ABSOLUTE);
    TAKES("{\"black-point\":true}", o.job.black_point_compensation);
    TAKES("{\"ignore-profile\":true}", o.source.ignore_profile);
    TAKES("{\"drop-alpha\":true}", o.job.drop_alpha);
    TAKES("{\"background\":\"#FF0080\"}",
          o.job.flatten && o.job.background[0] == 1 && o.job.background[1] == 0 && o.job.background[2] == 128 / 255.0f);
    TAKES("{\"background\":\"00FF00\"}", o.job.flatten && o.job.background[1] == 1);
    TAKES("{\"no-profile\":true}", o.encode.no_profile);
    TAKES("{\"strict\":true}", o.source.strict);
    TAKES("{\"format\":\"jpg\"}", o.job.codec == TILE_JPEG);
    if (tile_codec_can_write(TILE_TIFF))
        TAKES("{\"format\":\"tif\"}", o.job.codec == TILE_TIFF);
    TAKES("{\"format\":\"hdr\"}", o.job.codec == TILE_HDR);
    TAKES("{\"quality\":1}", o.job.encode->quality == 1);
    TAKES("{\"quality\":100}", o.job.encode->quality == 100);
    TAKES("{\"subsampling\":\"420\"}", o.encode.subsampling == TILE_420);
    TAKES("{\"subsampling\":422}", o.encode.subsampling == TILE_422);
    TAKES("{\"subsampling\":\"444\"}", o.encode.subsampling == TILE_444);
    TAKES("{\"compression\":9}", o.encode.compression == 9);
    TAKES("{\"predictor\":\"none\"}", o.encode.predictor == TILE_PREDICTOR_NONE);
    TAKES("{\"predictor\":\"float\"}", o.encode.predictor == TILE_PREDICTOR_FLOAT);
    TAKES("{\"tiff-tile\":16}", o.encode.tiff_tile == 16);
    TAKES("{\"tiff-tile\":4096}", o.encode.tiff_tile == 4096);
    TAKES("{\"optimize\":true}", o.encode.optimize);
    TAKES("{\"raw-channels\":true}", o.encode.raw_channels);
    TAKES("{\"lossless\":true}", o.job.lossless);
    TAKES("{\"ignore-orientation\":true}", o.source.ignore_orientation);
    TAKES("{\"lenient\":true}", o.source.lenient);
    TAKES("{\"max-pixels\":1000}", o.source.max_pixels == 1000);
    TAKES("{\"max-side\":1000}", o.source.max_side == 1000);
    TAKES("{\"max-memory\":\"3G\"}",
          o.source.max_memory == (uint64_t)3 << 30 && o.job.max_memory == o.source.max_memory);
    TAKES("{\"max-metadata\":\"64K\"}", o.source.max_metadata == 65536);
    TAKES("{\"max-pixels\":\"16777215T\"}", o.source.max_pixels == (uint64_t)16777215 << 40);
    TAKES("{\"overlap\":0}", o.grid.overlap == 0);
    TAKES("{\"overlap\":2147483647}", o.grid.overlap == 2147483647);
}

static void tiles_and_regions_come_in_several_forms(void **state) {
    (void)state;
    TAKES("{\"tile\":512}", o.grid.tile_width == 512 && o.grid.tile_height == 512);
    TAKES("{\"tile\":\"512\"}", o.grid.tile_width == 512 && o.grid.tile_height == 512);
    TAKES("{\"tile\":[512,64]}", o.grid.tile_width == 512 && o.grid.tile_height == 64);
    TAKES("{\"tile\":\"4294967295x1\"}", o.grid.tile_width == UINT32_MAX && o.grid.tile_height == 1);
    TAKES("{\"tile\":[512]}", o.grid.tile_width == 512 && o.grid.tile_height == 512);
    TAKES("{\"region\":[1,2,3,4]}",
          o.has_region && o.region.x == 1 && o.region.y == 2 && o.region.width == 3 && o.region.height == 4);
    TAKES("{\"region\":\"0,0,4294967295,1\"}", o.has_region && o.region.width == UINT32_MAX && o.region.height == 1);
}

static void edges(void **state) {
    (void)state;
    TAKES("{\"edge\":\"clip\"}", o.grid.edge == TILE_EDGE_CLIP);
    TAKES("{\"edge\":\"replicate\"}", o.grid.edge == TILE_EDGE_REPLICATE);
    /* The background is the edge's color, where that names none, in any order. */
    TAKES("{\"background\":\"#FF0000\",\"edge\":\"pad\"}", o.grid.pad_color[0] == 1 && o.grid.pad_color[3] == 1);
    TAKES("{\"edge\":\"pad\",\"background\":\"#FF0000\"}", o.grid.pad_color[0] == 1 && o.grid.pad_color[3] == 1);
    TAKES("{\"background\":\"#FF0000\",\"edge\":\"pad=#00FF00\"}",
          o.grid.pad_color[0] == 0 && o.grid.pad_color[1] == 1 && o.job.background[0] == 1);
    TAKES("{\"edge\":\"pad=00FF00\"}", o.grid.edge == TILE_EDGE_PAD && o.grid.pad_color[1] == 1);
    TAKES("{\"edge\":\"pad\"}", o.grid.edge == TILE_EDGE_PAD && o.grid.pad_color[0] == 0 && o.grid.pad_color[3] == 1);
    TAKES("{\"edge\":\"pad=#fF0080\"}", o.grid.edge == TILE_EDGE_PAD && o.grid.pad_color[0] == 1 &&
                                            o.grid.pad_color[1] == 0 && o.grid.pad_color[2] == 128 / 255.0f &&
                                            o.grid.pad_color[3] == 1);
    TAKES("{\"edge\":\"pad=#00000000\"}", o.grid.edge == TILE_EDGE_PAD && o.grid.pad_color[3] == 0);
}

static void queries_of_urls_give_texts(void **state) {
    (void)state;
    TAKES("{\"quality\":\"80\"}", o.encode.quality == 80);
    TAKES("{\"lenient\":\"\"}", o.source.lenient);
    TAKES("{\"lenient\":\"true\"}", o.source.lenient);
    TAKES("{\"lenient\":\"false\"}", !o.source.lenient);
    TAKES("{\"lenient\":false}", !o.source.lenient);
    TAKES("{\"max-pixels\":\"1000\"}", o.source.max_pixels == 1000);
}

static void what_is_there_is_kept_where_asked(void **state) {
    (void)state;
    TAKES("{\"overwrite\":true}", o.job.overwrite && !o.keep);
    TAKES("{\"overwrite\":false}", !o.job.overwrite && o.keep);
}

/* ---- What is refused ---- */

static void wrong_values(void **state) {
    (void)state;
    /* Of every option, something of each type, and values just past its bounds. */
    static const struct {
        const char *name, *wanted, *values;
    } wrong[] = {
        {"tile", "WxH",
         "0 -1 1.5 true null {} [] [1,2,3] [0,1] [1,0] [\"1\",2] [[1],2] \"1x\" \"x1\" \"1x2x3\" \"1X2\" \"\" "
         "\"0x1\" \"4294967296\" 4294967296 \"1x2\\u0020\" \"+1\" \"0x10x4\""},
        {"overlap", "2147483647",
         "-1 2147483648 99999999999999999 1.0 true \"\" \"a\" [] [1] {} null \"-1\" \"1\\u0020\""},
        {"edge", "replicate",
         "1 true null [] {} \"\" \"Pad\" \"pad=\" \"pad=#12345\" \"pad=#1234567\" \"pad=#123456789\" "
         "\"pad=#00gg00\" \"pad=##000000\" \"clip\\u0020pad\" \"pad=#-1-1-1\""},
        {"background", "#RRGGBB", "1 true null [] {} \"\" \"#\" \"#12345\" \"#12345678\" \"#00gg00\" \"white\""},
        {"region", "X,Y,W,H",
         "1 true null {} [] [1,2,3] [1,2,3,4,5] [1,2,0,4] [1,2,3,0] [-1,2,3,4] [1.0,2,3,4] \"\" \"1,2,3\" "
         "\"1,2,3,4,5\" \"1,2,3,4,\" \"1,2,,4\" [0,0,4294967296,1] [0,0,99999999999999999999,1]"},
        {"to", "color space", "1 true null [] {} \"\" \"Labb\" \"lab\\u0020\" \"cielab\""},
        {"assume", "color space", "1 true null [] {} \"\" \"rgb\""},
        {"to-profile", "URL", "1 true null [] {} \"\""},
        {"depth", "f32", "8 true null [] {} \"\" \"u32\" \"u8\\u0020u16\""},
        {"intent", "saturation", "0 true null [] {} \"\" \"relativ\""},
        {"format", "npy", "1 true null [] {} \"\" \"gif\" \"webp\""},
        {"quality", "1 to 100", "0 101 -1 75.0 true null [] {} \"\" \"0\" \"101\" \"80%\" \"0x50\""},
        {"subsampling", "444", "411 4 true null [] {} \"\" \"4:2:0\""},
        {"compression", "1 to 9", "0 10 true null [] {} \"\""},
        {"predictor", "horizontal", "2 true null [] {} \"\" \"Float\""},
        {"tiff-tile", "multiple of 16", "0 15 17 4112 true null [] {} \"\""},
        {"max-pixels", "number",
         "0 -1 1.5 true null [] {} \"\" \"1X\" \"K\" \"1KK\" \"1k\" \"16777216T\" \"18446744073709551616\""},
        {"max-side", "number", "0 -1 true null [] {} \"\" \"1X\""},
        {"max-memory", "number", "0 true null [] {} \"\" \"1GB\""},
        {"max-metadata", "number", "0 true null [] {} \"\" \"-1M\""},
        {"black-point", "true or false", "1 0 null [] {} \"yes\" \"True\""},
        {"ignore-profile", "true or false", "1 null [] {} \"1\""},
        {"drop-alpha", "true or false", "1 null [] {} \"on\""},
        {"optimize", "true or false", "1 null [] {} \"x\""},
        {"raw-channels", "true or false", "1 null [] {} \"x\""},
        {"lossless", "true or false", "1 null [] {} \"x\""},
        {"ignore-orientation", "true or false", "1 null [] {} \"x\""},
        {"lenient", "true or false", "1 null [] {} \"x\""},
        {"overwrite", "true or false", "1 null [] {} \"x\""},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (const char *value = wrong[i].values; *value; count++) {
            char text[200];
            size_t length = strcspn(value, " ");
            snprintf(text, sizeof text, "{\"%s\":%.*s}", wrong[i].name, (int)length, value);
            char member[40];
            snprintf(member, sizeof member, "%s: ", wrong[i].name);
            json_t *parsed = json_loads(text, 0, NULL);
            if (parsed) /* jansson itself refuses integers past 64 bits */
                refuses(text, member, wrong[i].wanted);
            json_decref(parsed);
            value += length + (value[length] == ' ');
        }
    assert_true(count > 200);
}

static void unknown_members(void **state) {
    (void)state;
    refuses("{\"qualty\":80}", "\"qualty\"", " quality ");
    refuses("{\"Tile\":80}", "\"Tile\"", " source ");
    refuses("{\"\":80}", "\"\"", " overwrite");
    refuses("{\"a\\n\\\"b\":80}", "\"a\\n\\\"b\"", " to ");
    refuses("{\"index\":\"x\"}", "\"index\"", " known are ");
    refuses("[]", "options", "object");
    refuses("1", "options", "object");
}

/* However long a value is, the message is a line of UTF-8 that is not cut within a character. */
static void long_values_are_cut(void **state) {
    (void)state;
    char *text = malloc(100000);
    for (size_t shift = 0; shift < 8; shift++) {
        char *end = text + sprintf(text, "{\"to\":\"%.*s", (int)shift, "xxxxxxxx");
        for (int i = 0; i < 10000; i++)
            end += sprintf(end, "\xf0\x9f\x8e\xa8");
        sprintf(end, "\"}");
        refuses(text, "to: ", "...");
        json_t *message = json_string(failure.message); /* NULL: no UTF-8 */
        assert_non_null(message);
        json_decref(message);
        memcpy(text + 2, "xx", 2); /* the member's name as well as its value */
        refuses(text, "\"xx\"", "known are");
    }
    free(text);
}

static void an_unknown_space_is_told_of_all(void **state) {
    (void)state;
    for (tile_space space = 1; space < TILE_SPACE_COUNT; space++) {
        char name[64];
        snprintf(name, sizeof name, " %s%s", tile_space_name(space), space + 1 < TILE_SPACE_COUNT ? "," : "");
        refuses("{\"to\":\"labb\"}", "to: ", name);
        refuses("{\"assume\":\"labb\"}", "\"labb\"", name);
    }
    struct task_options out;
    assert_false(read_text(&out, "{\"intent\":\"labb\"}"));
    assert_null(strstr(failure.message, "srgb"));
}

static void lossless_goes_with_little(void **state) {
    (void)state;
    refuses("{\"lossless\":true,\"subsampling\":420}", "lossless: ", "subsampling");
    refuses("{\"lossless\":true,\"assume\":\"srgb\"}", "lossless: ", "assume");
    refuses("{\"ignore-profile\":true,\"lossless\":\"\"}", "lossless: ", "ignore-profile");
    TAKES("{\"lossless\":false,\"subsampling\":420}", !o.job.lossless);
    TAKES("{\"lossless\":true,\"optimize\":true}", o.job.lossless && o.encode.optimize);
}

/* ---- Profiles ---- */

static void profiles_are_read(void **state) {
    (void)state;
    assert_true(storage_put(call.storage, "p.icc", "profile", 7, NULL, &failure));
    assert_true(storage_put(call.storage, "empty.icc", "", 0, NULL, &failure));
    TAKES("{\"to-profile\":\"p.icc\"}", o.job.to_profile_size == 7 && memcmp(o.job.to_profile, "profile", 7) == 0 &&
                                            o.job.to_space == TILE_SPACE_UNSET);
    TAKES("{\"to\":\"cmyk\",\"to-profile\":\"p.icc\"}", o.job.to_profile_size == 7 && o.job.to_space == TILE_CMYK);
    refuses("{\"to-profile\":\"empty.icc\"}", "to-profile: ", "empty");
    refuses("{\"to-profile\":\"../p.icc\"}", "to-profile: ", "below");
    refuses("{\"to-profile\":\"ftp://host/p.icc\"}", "to-profile: ", "scheme");
    struct task_options out;
    assert_false(read_text(&out, "{\"to-profile\":\"none.icc\"}"));
    assert_int_equal(failure.kind, FAILURE_SOURCE_NOT_FOUND);
    assert_non_null(strstr(failure.message, "to-profile: none.icc"));
}

static void large_profiles_are_refused(void **state) {
    (void)state;
    FILE *file = fopen(test_path(folder, "large.icc"), "wb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 1L << 26, SEEK_SET), 0); /* one byte too many, none of them on the disk */
    fputc(0, file);
    fclose(file);
    struct task_options out;
    assert_false(read_text(&out, "{\"to-profile\":\"large.icc\"}"));
    assert_int_equal(failure.kind, FAILURE_LIMIT_EXCEEDED);
}

/* ---- Handing on ---- */

static void options_are_handed_on_as_they_are(void **state) {
    (void)state;
    json_t *event =
        json_loads("{\"source\":\"a\",\"quality\":\"80\",\"region\":[1,2,3,4],\"lenient\":\"\",\"tile\":3,\"edge\":"
                   "\"pad\",\"overlap\":2,\"other\":5}",
                   0, NULL);
    json_t *expected = json_loads("{\"quality\":\"80\",\"lenient\":\"\",\"edge\":\"pad\",\"overlap\":2}", 0, NULL);
    json_t *options = task_options_json(event);
    assert_true(json_equal(options, expected));
    json_decref(options);
    json_decref(event);
    json_decref(expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_librarys),
        cmocka_unit_test(each_option_is_taken),
        cmocka_unit_test(tiles_and_regions_come_in_several_forms),
        cmocka_unit_test(edges),
        cmocka_unit_test(queries_of_urls_give_texts),
        cmocka_unit_test(what_is_there_is_kept_where_asked),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(unknown_members),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(an_unknown_space_is_told_of_all),
        cmocka_unit_test(lossless_goes_with_little),
        cmocka_unit_test(profiles_are_read),
        cmocka_unit_test(large_profiles_are_refused),
        cmocka_unit_test(options_are_handed_on_as_they_are),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
