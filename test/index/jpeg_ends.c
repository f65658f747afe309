/* SPDX-License-Identifier: MIT */
/* How JPEGs begin and end: what stands before the frame and behind the last MCU, and what a header lacks. */
#include "common.h"

static const struct jpeg_recipe kinds[] = {
    {.width = 97, .height = 71, .space = JCS_YCbCr, .sampling = {{2, 2}}},
    {.width = 97, .height = 71, .space = JCS_YCbCr, .restart = 3},
    {.width = 97, .height = 71, .space = JCS_GRAYSCALE, .restart = 13, .optimized = true},
    {.width = 97, .height = 71, .space = JCS_CMYK, .sampling = {{2, 1}, {1, 1}, {1, 1}, {2, 1}}},
    {.width = 16, .height = 16, .space = JCS_YCbCr, .sampling = {{2, 2}}, .restart = 1}, /* one MCU */
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* `size` bytes put at `at`. */
static struct test_bytes with(struct test_bytes file, size_t at, const void *bytes, size_t size) {
    struct test_bytes out = {malloc(file.size + size), file.size + size};
    assert_non_null(out.data);
    memcpy(out.data, file.data, at);
    memcpy(out.data + at, bytes, size);
    memcpy(out.data + at + size, file.data + at, file.size - at);
    return out;
}

/* `other` is whole, its pixels are those of `file`, and they are read through an index, too. */
static void check_same_picture(struct test_bytes file, struct test_bytes other, const struct jpeg_recipe *recipe,
                               struct test_random *random) {
    size_t step = recipe->space == JCS_GRAYSCALE ? 1 : recipe->space == JCS_CMYK ? 4 : 3;
    assert_true(jpeg_is_whole(other));
    unsigned char *before = jpeg_pixels(file, JCS_UNKNOWN), *after = jpeg_pixels(other, JCS_UNKNOWN);
    assert_true(before && after);
    assert_memory_equal(before, after, recipe->width * recipe->height * step);
    free(before);
    free(after);
    check_jpeg(other, 1, random);
}

static void beginnings_that_decoders_accept(void **state) {
    (void)state;
    struct test_random random = {64};
    static const struct {
        const char *bytes;
        size_t size;
    } beginnings[] = {
        {"\0\1", 2},
        {"\xFF", 1},
        {"\xFF\xFF\xFF", 3},
        {"\xFF\0", 2},
        {"\xFF\0\x12\xFF\xFF\0\xFE", 7},
        {"\xFF\1\xFF\xD3\0", 5}, /* markers without a segment */
        {"\xFF\xFE\0\0", 4},     /* lengths that leave out themselves */
        {"\xFF\xE5\0\1\x12", 5},
        {"\xFF\xEE\0\0", 4},
        {"\xFF\xC4\0\2", 4},       /* no tables */
        {"\xFF\xCC\0\4\0\x10", 6}, /* for arithmetic coding, of which this file has none */
        {"\xFF\xDC\0\4\0\x10", 6},
    };
    for (int k = 0; k < KINDS; k++) {
        struct test_bytes file = jpeg_file(&kinds[k]);
        const size_t places[] = {2, marker_at(file, 0xDB, 0), marker_at(file, 0xDA, 0)};
        for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
            for (int p = 0; p < 3; p++) {
                struct test_bytes other = with(file, places[p], beginnings[i].bytes, beginnings[i].size);
                check_same_picture(file, other, &kinds[k], &random);
                free(other.data);
            }
        free(file.data);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beginnings_that_decoders_accept),
    };
    return cmocka_run_group_tests_name("index-jpeg-ends", tests, NULL, NULL);
}
