/* SPDX-License-Identifier: MIT */
/* What people's files have that they should not, or not in that way: each is opened for what it is, and what is lost is
 * said. */
#include "picture.h"

#include "base/buffer.h"
#include "source/source.h"

#include <zlib.h>

static struct tile_error error;

/* ---- Fixtures ---- */

static const struct expectation {
    const char *file;
    tile_space space;
    int orientation;
    bool tagged;
    uint32_t profile;     /* bytes of it, to convert from; 0: none */
    const char *dropped;  /* why; NULL: nothing was */
    const char *unusable; /* it is only carried; a part of why */
    const char *note;     /* a part of the only one */
} expectations[] = {
    {"known-srgb-profile.jpg", TILE_SRGB, 1, true, 3144, NULL, NULL, NULL},
    {"illuminant-profile.jpg", TILE_SRGB, 1, true, 964, NULL, NULL, NULL},
    {"illuminant-profile.png", TILE_SRGB, 1, true, 964, NULL, NULL, NULL},
    {"unaligned-profile.jpg", TILE_SRGB, 1, true, 986, NULL, NULL, NULL},
    {"intent-profile.jpg", TILE_SRGB, 1, true, 964, NULL, NULL, NULL},
    {"padded-profile.jpg", TILE_SRGB, 1, true, 964, NULL, NULL, NULL}, /* and 3 bytes that are not its own */
    {"profile-twice.jpg", TILE_SRGB, 1, true, 964, NULL, NULL, NULL},
    {"profile-in-two.jpg", TILE_SRGB, 1, true, 964, NULL, NULL, NULL},
    {"profile-number-0.jpg", TILE_SRGB, 1, false, 0, "one of its segments has the number 0 of 1", NULL, "left out"},
    {"profile-half.jpg", TILE_SRGB, 1, false, 0, "its segment 1 of 2 is missing", NULL, "left out"},
    {"profile-empty.jpg", TILE_SRGB, 1, false, 0, "it is empty", NULL, "left out"},
    {"device-link-profile.jpg", TILE_SRGB, 1, false, 0, "it is a device link, which goes from one device to another",
     NULL, "left out"},
    {"gray-profile.jpg", TILE_SRGB, 1, false, 0, "it describes gray, the samples are RGB", NULL, "left out"},
    {"no-curves-profile.jpg", TILE_SRGB, 1, false, 0, NULL, "", "cannot be converted from"},
    {"gray-lab-profile.png", TILE_GRAY, 1, true, 904, NULL, NULL, NULL},
    /* PNG, third edition, 4.3: iCCP goes before sRGB, gAMA and cHRM, wherever they stand. */
    {"srgb-before-profile.png", TILE_SRGB, 1, true, 964, NULL, NULL, NULL},
    {"invalid-before-profile.png", TILE_SRGB, 1, true, 964, NULL, NULL, NULL},
    {"gamma-alone.png", TILE_SRGB, 1, true, 0, NULL, NULL, NULL},
    {"unspecified-cicp.png", TILE_SRGB, 1, false, 0, NULL, NULL, NULL},
    {"pq.png", TILE_REC2100_PQ, 1, true, 0, NULL, NULL, NULL},
    {"hlg.png", TILE_REC2100_HLG, 1, true, 0, NULL, NULL, NULL},
    {"old-exif.png", TILE_SRGB, 6, false, 0, NULL, NULL, NULL},
    {"old-and-new-exif.png", TILE_SRGB, 8, false, 0, NULL, NULL, NULL},
    {"orientation-byte.jpg", TILE_SRGB, 6, false, 0, NULL, NULL, NULL},
    {"orientation-long.jpg", TILE_SRGB, 6, false, 0, NULL, NULL, NULL},
    {"orientation-sbyte.jpg", TILE_SRGB, 6, false, 0, NULL, NULL, NULL},
    {"orientation-sshort.jpg", TILE_SRGB, 6, false, 0, NULL, NULL, NULL},
    {"orientation-slong.jpg", TILE_SRGB, 6, false, 0, NULL, NULL, NULL},
    {"orientation-rational.jpg", TILE_SRGB, 6, false, 0, NULL, NULL, NULL},
    {"orientation-five.jpg", TILE_SRGB, 6, false, 0, NULL, NULL, NULL},
    {"dcf-adobe-rgb.jpg", TILE_A98_RGB, 1, true, 0, NULL, NULL, NULL},
    {"gain-map.jpg", TILE_SRGB, 1, false, 0, NULL, NULL, "a gain map (Ultra HDR)"},
    {"further-picture.jpg", TILE_SRGB, 1, false, 0, NULL, NULL, "1 further picture (MPF"}, /* a preview is none */
    {"stray-bytes.jpg", TILE_SRGB, 1, false, 0, NULL, NULL, NULL},
};

static void check(const struct expectation *e) {
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture(e->file), NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    assert_int_equal(info->format.space, e->space);
    assert_int_equal(info->orientation, e->orientation);
    assert_int_equal(info->width < info->height, e->orientation >= 5);
    assert_int_equal(info->tagged, e->tagged);
    assert_int_equal(info->profile_size, e->profile);
    assert_int_equal(info->profile != NULL, e->profile != 0);
    assert_true(e->unusable ? info->carried_profile != NULL : info->carried_profile == info->profile);
    assert_int_equal(info->profile_unusable != NULL, e->unusable != NULL);
    assert_null(info->unknown_color);
    if (e->dropped)
        assert_string_equal(info->profile_dropped, e->dropped);
    else
        assert_null(info->profile_dropped);
    const char *note = tile_source_note(source, 0);
    if (e->note && !(note && strstr(note, e->note) && !tile_source_note(source, 1)))
        fail_msg("note: %s", note);
    if (!e->note)
        assert_null(note);
    tile_source_close(source);

    /* What is a note is refused by a strict source, which says how to go on; what it is not is not. */
    options.strict = true;
    if (e->note) {
        assert_fails(TILE_BAD_DATA, tile_source_open_file(&source, test_fixture(e->file), &options, &error));
        assert_non_null(strstr(error.message, e->note));
        bool profile = e->dropped || e->unusable;
        assert_int_equal(error.remedies, (profile ? TILE_REMEDY_IGNORE_PROFILE : 0) | TILE_REMEDY_NOT_STRICT);
        options.ignore_profile = profile;
        options.strict = profile;
    }
    assert_ok(tile_source_open_file(&source, test_fixture(e->file), &options, &error));
    tile_source_close(source);

    options = (struct tile_source_options)TILE_OPTIONS(struct tile_source_options);
    options.ignore_profile = true;
    assert_ok(tile_source_open_file(&source, test_fixture(e->file), &options, &error));
    info = tile_source_info(source);
    assert_int_equal(info->format.space, e->space == TILE_GRAY ? TILE_GRAY : TILE_SRGB);
    assert_int_equal(info->orientation, e->orientation);
    assert_false(info->tagged || info->profile || info->carried_profile || info->profile_dropped || info->code_points);
    tile_source_close(source);
}

static void each_kind_is_what_it_is(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
        printf("%s\n", expectations[i].file);
        check(&expectations[i]);
    }
}

/* The bytes behind ICC_PROFILE's head in the only such segment. */
static void profiles_are_the_files_bytes(void **state) {
    (void)state;
    static const char *const names[] = {"known-srgb-profile.jpg", "unaligned-profile.jpg", "padded-profile.jpg",
                                        "no-curves-profile.jpg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct test_bytes file = test_read_file(test_fixture(names[i]));
        const unsigned char *at = memmem(file.data, file.size, "ICC_PROFILE\0\1\1", 14);
        assert_non_null(at);
        tile_source *source;
        assert_ok(tile_source_open_file(&source, test_fixture(names[i]), NULL, &error));
        const struct tile_info *info = tile_source_info(source);
        assert_int_equal(info->carried_profile_size, (unsigned)at[16] << 8 | at[17]);
        assert_memory_equal(info->carried_profile, at + 14, info->carried_profile_size);
        tile_source_close(source);
        free(file.data);
    }
}

/* Numbers that stand for no space here go along with what they are. */
static void unknown_color_is_described(void **state) {
    (void)state;
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture("unknown-cicp.png"), NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    assert_memory_equal(info->code_points, ((const unsigned char[]){12, 16, 0, 1}), 4);
    assert_non_null(strstr(info->unknown_color, "12-16-0-1"));
    assert_false(info->tagged);
    struct tile_buffer text = {0};
    assert_ok(tile_source_describe(source, &text, &error));
    assert_non_null(memmem(text.data, text.size, "\"space\":\"unknown\"", 17));
    assert_non_null(memmem(text.data, text.size, "\"code_points\":[12,16,0,1]", 25));
    tile_buffer_free(&text);
    tile_source_close(source);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.assume = TILE_REC2020;
    assert_ok(tile_source_open_file(&source, test_fixture("unknown-cicp.png"), &options, &error));
    info = tile_source_info(source);
    assert_int_equal(info->format.space, TILE_REC2020);
    assert_true(!info->unknown_color && !info->code_points);
    tile_source_close(source);
}

/* What libjpeg makes of them, bit for bit. */
static void odd_ends_have_libjpegs_pixels(void **state) {
    (void)state;
    static const char *const names[] = {"no-eoi.jpg", "stray-bytes.jpg"};
    for (int i = 0; i < 2; i++) {
        struct test_bytes file = test_read_file(test_fixture(names[i]));
        unsigned char *pixels = jpeg_pixels(file, JCS_RGB);
        assert_non_null(pixels);
        tile_source *source;
        struct test_random random = {4};
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        check_regions(source, tile_source_info(source)->format, (struct stored){pixels, 64, 48, 3}, 1, 20, &random);
        assert_null(tile_source_damage(source));
        if (i == 0)
            assert_non_null(strstr(tile_source_note(source, 0), "EOI"));
        assert_null(tile_source_note(source, i == 0));
        tile_source_close(source);

        struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
        struct tile_image image;
        options.strict = true;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 64, 48, NULL, &error));
        tile_status status = tile_source_read(source, (struct tile_rect){0, 0, 64, 48}, &image, &error);
        assert_int_equal(status, i == 0 ? TILE_BAD_DATA : TILE_OK);
        tile_image_free(&image, NULL);
        tile_source_close(source);
        free(pixels);
        free(file.data);
    }
}

/* ---- EXIF ---- */

static void put_number(unsigned char *at, uint32_t value, size_t size, bool big) {
    for (size_t i = 0; i < size; i++)
        at[i] = (unsigned char)((uint64_t)value >> 8 * (big ? size - 1 - i : i));
}

/*
 * An entry of each type and of several counts, whose first value is 6, against what exiftool 12.57, ImageMagick 6.9.11
 * and libvips 8.14 take all three: the integers and fractions, whatever their count, and a digit that stands alone. (Of
 * UNDEFINED, exiftool and ImageMagick take a single byte.)
 */
static void orientation_of_any_type(void **state) {
    (void)state;
    static const unsigned char sizes[] = {1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 1};
    static const uint32_t counts[] = {0, 1, 2, 3, 5, 100000};
    for (unsigned type = 0; type < sizeof sizes; type++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            for (int big = 0; big < 2; big++) {
                uint32_t count = counts[c];
                uint64_t bytes = (uint64_t)count * sizes[type];
                size_t size = 26 + (bytes > 4 && bytes <= 64 ? (size_t)bytes : 0);
                struct test_guarded guarded = test_guarded_new(size, true);
                unsigned char *tiff = guarded.data, *values = bytes > 4 && bytes <= 64 ? tiff + 26 : tiff + 18;
                memcpy(tiff, big ? "MM\0*" : "II*", 4);
                put_number(tiff + 4, 8, 4, big);
                put_number(tiff + 8, 1, 2, big);
                put_number(tiff + 10, 0x0112, 2, big);
                put_number(tiff + 12, type, 2, big);
                put_number(tiff + 14, count, 4, big);
                put_number(tiff + 18, 26, 4, big);
                if (bytes <= 64) {
                    bool fraction = type == 5 || type == 10;
                    memset(values, 0, bytes > 4 ? (size_t)bytes : 4);
                    for (uint32_t i = 0; i < (count ? count : 1) && bytes; i++)
                        put_number(values + i * sizes[type], type == 2 ? '6' : 6, fraction ? 4 : sizes[type], big);
                    if (fraction)
                        put_number(values + 4, 1, 4, big);
                }
                bool integer = type == 1 || type == 3 || type == 4 || type == 6 || type == 8 || type == 9;
                bool single = (type == 2 || type == 7) && count == 1;
                bool taken = (integer || type == 5 || type == 10 || single) && count > 0 && bytes <= 64;
                int got = tile_exif_read(tiff, size).orientation;
                if (got != (taken ? 6 : 1))
                    fail_msg("type %u, count %u, %s: %d", type, count, big ? "big" : "little", got);
                test_guarded_free(guarded);
            }
}

static void adobe_rgb_takes_all_of_its_marks(void **state) {
    (void)state;
    struct test_bytes file = test_read_file(test_fixture("dcf-adobe-rgb.jpg"));
    const unsigned char *exif = memmem(file.data, file.size, "Exif\0", 6);
    enum { SIZE = 6 + 8 + 3 * 30 };
    unsigned char block[SIZE];
    memcpy(block, exif, SIZE);
    assert_true(tile_exif_read(block, SIZE).adobe_rgb);
    assert_true(tile_exif_read(block + 6, SIZE - 6).adobe_rgb); /* as a PNG has it */
    unsigned char *r03 = memmem(block, SIZE, "R03", 3);
    r03[2] = '8'; /* R98 is sRGB */
    r03[1] = '9';
    assert_false(tile_exif_read(block, SIZE).adobe_rgb);
    memcpy(r03, "R03", 3);
    unsigned char *space = memmem(block, SIZE, "\xFF\xFF", 2);
    space[1] = 0;
    assert_false(tile_exif_read(block, SIZE).adobe_rgb);
    space[1] = 0xFF;
    /* Every byte of it changed, and every length: never read beyond. */
    for (size_t size = 0; size <= SIZE; size++) {
        struct test_guarded guarded = test_guarded_new(size, true);
        if (size)
            memcpy(guarded.data, block, size);
        assert_true(!tile_exif_read(guarded.data, size).adobe_rgb || size >= SIZE - 30 + 14);
        for (size_t at = 0; at < size; at++)
            for (int k = 0; k < 3; k++) {
                guarded.data[at] = k == 0 ? 0 : k == 1 ? 0xFF : 0x7F;
                tile_exif_read(guarded.data, size);
                if (size >= 6)
                    tile_exif_pictures(guarded.data + 6, size - 6);
                guarded.data[at] = block[at];
            }
        test_guarded_free(guarded);
    }
    free(file.data);
}

/* ---- Chunks of a PNG ---- */

static void append_chunk(struct tile_buffer *file, const char *name, const void *data, size_t size, bool damaged) {
    png_append_chunk(file, name, data, size);
    file->data[file->size - 1] ^= damaged;
}

/* One pixel of RGB, and a chunk before or behind it. */
static struct tile_buffer png_around(const char *name, const void *data, size_t size, bool damaged, bool behind) {
    struct tile_buffer file = {0};
    unsigned char idat[64];
    uLongf count = sizeof idat;
    assert_int_equal(compress2(idat, &count, (const Bytef *)"\0\1\2\3", 4, 9), Z_OK);
    test_append(&file, "\x89PNG\r\n\x1A\n", 8);
    append_chunk(&file, "IHDR", "\0\0\0\1\0\0\0\1\10\2\0\0", 13, false);
    if (!behind)
        append_chunk(&file, name, data, size, damaged);
    append_chunk(&file, "IDAT", idat, count, false);
    if (behind)
        append_chunk(&file, name, data, size, damaged);
    append_chunk(&file, "IEND", NULL, 0, false);
    return file;
}

static struct tile_buffer png_with(const char *name, const void *data, size_t size, bool damaged) {
    return png_around(name, data, size, damaged, false);
}

/* The profile of a fixture, deflated behind `head`. */
static size_t make_iccp(unsigned char *chunk, size_t room, const char *head, size_t head_size, size_t most) {
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture("illuminant-profile.png"), NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    memcpy(chunk, head, head_size);
    uLongf count = room - head_size;
    size_t size = info->profile_size < most ? info->profile_size : most;
    assert_int_equal(compress2(chunk + head_size, &count, info->profile, size, 6), Z_OK);
    tile_source_close(source);
    return head_size + count;
}

/* The profile's size, or 0 and why there is none. */
static void check_iccp(const void *chunk, size_t size, bool damaged, uint64_t limit, size_t expected, const char *why) {
    struct tile_buffer file = png_with("iCCP", chunk, size, damaged);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.max_metadata = limit;
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    const struct tile_info *info = tile_source_info(source);
    assert_int_equal(info->profile_size, expected);
    if (why && !(info->profile_dropped && strstr(info->profile_dropped, why)))
        fail_msg("dropped because %s, not %s", info->profile_dropped, why);
    if (!why)
        assert_null(info->profile_dropped);
    tile_source_close(source);
    tile_buffer_free(&file);
}

static void iccp_is_read_by_the_profiles_own_size(void **state) {
    (void)state;
    unsigned char chunk[4096];
    size_t size = make_iccp(chunk, sizeof chunk, "x\0", 3, SIZE_MAX);
    check_iccp(chunk, size, false, 0, 964, NULL);
    check_iccp(chunk, size - 4, false, 0, 964, NULL); /* without Adler-32, which stands behind it */
    check_iccp(chunk, size, true, 0, 0, "checksum of its chunk");
    check_iccp(chunk, size / 2, false, 0, 0, "compressed data are damaged");
    check_iccp(chunk, 3, false, 0, 0, "compressed data are damaged");
    check_iccp(chunk, 2, false, 0, 0, "iCCP chunk is damaged"); /* no method */
    check_iccp(chunk, 0, false, 0, 0, "iCCP chunk is damaged");
    check_iccp("\0\0", 2, false, 0, 0, "iCCP chunk is damaged");     /* no name */
    check_iccp("x\0\1abc", 6, false, 0, 0, "iCCP chunk is damaged"); /* no such method */
    char name[81];
    memset(name, 'n', sizeof name);
    name[79] = name[80] = 0;
    size = make_iccp(chunk, sizeof chunk, name, 81, SIZE_MAX);
    check_iccp(chunk, size, false, 0, 964, NULL);
    name[79] = 'n';
    size = make_iccp(chunk, sizeof chunk, name, 81, SIZE_MAX);
    check_iccp(chunk, size, false, 0, 0, "iCCP chunk is damaged");

    /* 60 MB of zeros: stops at the limit of metadata. */
    size_t zeros = (size_t)60 << 20;
    unsigned char *bomb = calloc(1, zeros), *deflated = malloc(1 << 17);
    assert_true(bomb && deflated);
    memcpy(deflated, "x\0", 3);
    put_number(bomb, UINT32_MAX, 4, true);
    uLongf count = (1 << 17) - 3;
    assert_int_equal(compress2(deflated + 3, &count, bomb, zeros, 9), Z_OK);
    check_iccp(deflated, count + 3, false, 1 << 20, 0, "the limit of metadata");
    free(deflated);
    free(bomb);
}

/* Hexadecimal EXIF in a text, whole and in every part; the text may be anything else. */
static void texts_are_only_looked_into_for_exif(void **state) {
    (void)state;
    static const char head[] = "Raw profile type APP1";
    char text[200] = "";
    unsigned char exif[26];
    memcpy(text, head, sizeof head);
    exif_block(exif, 3, true);
    int length = (int)sizeof head + sprintf(text + sizeof head, "\nAPP1\n      32\n457869660000");
    for (int i = 0; i < 26; i++)
        length += sprintf(text + length, "%02X%s", exif[i], i == 9 ? "\n" : "");
    for (int cut = length; cut >= 0; cut--) {
        struct tile_buffer file = png_with("tEXt", text, (size_t)cut, false);
        tile_source *source;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        /* The value is the second byte of SHORT; with its rest the entry is there. */
        int orientation = tile_source_info(source)->orientation;
        assert_true(cut == length ? orientation == 3 : orientation == 3 || orientation == 1);
        tile_source_close(source);
        tile_buffer_free(&file);
    }
    struct tile_buffer file = png_with("zTXt", "Raw profile type exif\0\0no zlib stream", 36, false);
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    tile_source_close(source);
    tile_buffer_free(&file);
}

/* The third edition has eXIf before the pixels, and it turns them only there: ImageMagick 6 writes it behind them. */
static void exif_behind_the_pixels_turns_nothing(void **state) {
    (void)state;
    unsigned char exif[26];
    exif_block(exif, 6, true);
    for (int behind = 0; behind < 2; behind++) {
        struct tile_buffer file = png_around("eXIf", exif, sizeof exif, false, behind);
        tile_source *source;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        assert_int_equal(tile_source_info(source)->orientation, behind ? 1 : 6);
        tile_source_close(source);
        tile_buffer_free(&file);
    }
}

/* A critical chunk that nobody knows is the end; an ancillary one is not, and an animation is said. */
static void other_chunks(void **state) {
    (void)state;
    tile_source *source;
    struct tile_buffer file = png_with("LIFE", "?", 1, false);
    assert_fails(TILE_BAD_DATA, tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    tile_buffer_free(&file);
    file = png_with("liFe", "?", 1, false);
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    assert_null(tile_source_note(source, 0));
    tile_source_close(source);
    tile_buffer_free(&file);
    file = png_with("acTL", "\0\0\0\3\0\0\0", 8, false);
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    assert_non_null(strstr(tile_source_note(source, 0), "an animation of 3 frames"));
    tile_source_close(source);
    tile_buffer_free(&file);
}

/* Whatever request finds no memory, it is said and nothing is kept. */
static void failing_memory(void **state) {
    (void)state;
    static const char *const names[] = {"profile-in-two.jpg", "illuminant-profile.png", "old-exif.png",
                                        "gamma-chromaticities.png"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t fail_at = 0;; fail_at++) {
            struct test_memory memory;
            test_memory_init(&memory, fail_at);
            struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
            options.allocator = &memory.allocator;
            tile_source *source;
            tile_status status = tile_source_open_file(&source, test_fixture(names[i]), &options, &error);
            if (status == TILE_OK)
                assert_true(tile_source_info(source)->profile_size || tile_source_info(source)->orientation == 6);
            tile_source_close(source);
            assert_int_equal(memory.live, 0);
            if (status == TILE_OK)
                break;
            assert_int_equal(status, TILE_NO_MEMORY);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_what_it_is),
        cmocka_unit_test(profiles_are_the_files_bytes),
        cmocka_unit_test(unknown_color_is_described),
        cmocka_unit_test(odd_ends_have_libjpegs_pixels),
        cmocka_unit_test(orientation_of_any_type),
        cmocka_unit_test(adobe_rgb_takes_all_of_its_marks),
        cmocka_unit_test(iccp_is_read_by_the_profiles_own_size),
        cmocka_unit_test(texts_are_only_looked_into_for_exif),
        cmocka_unit_test(exif_behind_the_pixels_turns_nothing),
        cmocka_unit_test(other_chunks),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests_name("source-cases", tests, NULL, NULL);
}
