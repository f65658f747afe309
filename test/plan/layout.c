/* SPDX-License-Identifier: MIT */
/* Names in formats that layouts may have: what is written is read back, and nothing else is read. */
#include "plan/layout.h"
#include "support.h"

static const char *const formats[] = {
    "r{row}_c{column}", "{level}/{column}/{row}", "{level}/{column}_{row}", "tiles/z{level}/y{row}/x{column}", "{row}",
};

enum { FORMATS = sizeof formats / sizeof *formats };

static uint32_t any_number(struct test_random *random) {
    uint32_t bits = test_random_below(random, 33);
    return bits == 0 ? 0 : (uint32_t)(test_random_next(random) >> (64 - bits));
}

static void what_is_written_is_read(void **state) {
    (void)state;
    struct test_random random = {17};
    for (int i = 0; i < 20000; i++) {
        const char *format = formats[i % FORMATS];
        struct tile_region region = {
            .row = any_number(&random), .column = any_number(&random), .level = any_number(&random)};
        char name[TILE_NAME_SIZE];
        struct tile_region place;
        tile_name_write(format, &region, "jpg", name);
        const char *suffix = tile_name_read(format, name, &place);
        assert_non_null(suffix);
        assert_string_equal(suffix, "jpg");
        assert_int_equal(place.row, region.row);
        assert_int_equal(place.column, strstr(format, "{column}") ? region.column : 0);
        assert_int_equal(place.level, strstr(format, "{level}") ? region.level : 0);
    }
    char name[TILE_NAME_SIZE];
    tile_name_write("{level}/{column}/{row}", &(struct tile_region){.row = 7, .column = 4294967295, .level = 3}, "png",
                    name);
    assert_string_equal(name, "3/4294967295/7.png");
    assert_int_equal(tile_name_depth("{level}/{column}/{row}"), 2);
    assert_int_equal(tile_name_depth("r{row}_c{column}"), 0);
}

static void nothing_else_is_read(void **state) {
    (void)state;
    static const char *const names[] = {
        "",
        "/1/2/3.png",
        "1/2/3.png/",
        "1/2/3.png/4.png",
        "1//3.png",
        "1/2/3",
        "1/2/3.",
        "../2/3.png",
        "1/../3.png",
        "1/2/../3.png",
        "./1/2/3.png",
        "1/./3.png",
        "1/2/3./x",
        "01/2/3.png",
        "1/2/03.png",
        "1/2/+3.png",
        "1/2/-3.png",
        "1/2/ 3.png",
        "1/2/3 .png",
        "1/2/0x3.png",
        "1/2.png",
        "1/2/4294967296.png",
        "1/99999999999999999999/3.png",
        "1\\2\\3.png",
        "1/2/3.p/g",
        "r1_c2.png",
    };
    struct tile_region place;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (tile_name_read("{level}/{column}/{row}", names[i], &place))
            fail_msg("%s is read", names[i]);
    /* What is changed by a byte is none, or another one, whose name is just that. */
    struct test_random random = {23};
    for (int i = 0; i < 20000; i++) {
        char name[TILE_NAME_SIZE] = "12/340/5.png", again[TILE_NAME_SIZE];
        static const char odd[] = "/.._0123456789+- \\\x80";
        name[test_random_below(&random, 12)] = odd[test_random_below(&random, sizeof odd - 1)];
        const char *suffix = tile_name_read("{level}/{column}/{row}", name, &place);
        if (!suffix)
            continue;
        tile_name_write("{level}/{column}/{row}", &place, suffix, again);
        assert_string_equal(again, name);
        assert_null(strstr(name, "../"));
        assert_null(strstr(name, "//"));
    }
}

static void a_name_is_cut_where_it_does_not_fit(void **state) {
    (void)state;
    struct test_guarded guarded = test_guarded_new(TILE_NAME_SIZE, true);
    char suffix[400];
    memset(suffix, 'x', sizeof suffix - 1);
    suffix[sizeof suffix - 1] = '\0';
    tile_name_write("r{row}_c{column}", &(struct tile_region){.row = UINT32_MAX}, suffix, (char *)guarded.data);
    assert_int_equal(strlen((char *)guarded.data), TILE_NAME_SIZE - 1);
    test_guarded_free(guarded);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(nothing_else_is_read),
        cmocka_unit_test(a_name_is_cut_where_it_does_not_fit),
    };
    return cmocka_run_group_tests_name("plan-layout", tests, NULL, NULL);
}
