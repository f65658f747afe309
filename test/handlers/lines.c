/* SPDX-License-Identifier: MIT */
/* Lines of text against jansson's opinion of what UTF-8 and JSON are. */
#include "base/line.h"

#include "support.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* As UnicodeData.txt has them as Cc, Zl and Zp, and PropList.txt as Bidi_Control. */
static const struct {
    unsigned first, last;
} controls[] = {{0x01, 0x1F},     {0x7F, 0x9F},     {0x61C, 0x61C},  {0x200E, 0x200F},
                {0x2028, 0x2029}, {0x202A, 0x202E}, {0x2066, 0x2069}};

static bool is_control(unsigned point) {
    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++)
        if (point >= controls[i].first && point <= controls[i].last)
            return true;
    return false;
}

static void put(char out[5], unsigned point) {
    static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    out[length] = '\0';
    for (size_t i = length - 1; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)(first[length] | point);
}

static void test_points(void **state) {
    (void)state;
    for (unsigned point = 1; point < 0x110000; point++) {
        bool surrogate = point >= 0xD800 && point < 0xE000; /* which are no UTF-8 */
        char one[5], text[8], expected[8];
        put(one, point);
        snprintf(text, sizeof text, "a%sz", one);
        if (surrogate || is_control(point))
            memset(one, surrogate ? '?' : ' ', strlen(one));
        snprintf(expected, sizeof expected, "a%sz", one);
        line_clean(text);
        assert_string_equal(text, expected);
    }
}

/* As it was where jansson takes it, but for controls; taken by jansson in any case, and the same when read back. */
static void check(const char *text) {
    char clean[64], quoted[2 * sizeof clean + 3];
    json_t *given = json_string(text);
    snprintf(clean, sizeof clean, "%s", text);
    line_clean(clean);
    assert_int_equal(strlen(clean), strlen(text));
    if (given)
        for (size_t i = 0; text[i]; i++)
            assert_true(clean[i] == text[i] || clean[i] == ' ');
    line_quote(quoted, clean);
    json_t *read = json_loads(quoted, JSON_DECODE_ANY, NULL);
    assert_non_null(read);
    assert_string_equal(json_string_value(read), clean);
    json_decref(read);
    json_decref(given);
}

static void test_bytes(void **state) {
    (void)state;
    /* Each first byte with each second one; of the rest, those at the edges of ranges. */
    static const char edges[] = "a\x7F\x80\xBF\xC2";
    for (int first = 1; first < 256; first++)
        for (int second = 1; second < 256; second++)
            for (const char *third = edges; *third; third++)
                for (const char *fourth = edges; *fourth; fourth++)
                    check((char[]){(char)first, (char)second, *third, *fourth, 'e', '\0'});
}

static void test_ends(void **state) {
    (void)state;
    check("");
    check("\"\\\\\"\x01\x1F\n\xFF");
    for (int first = 1; first < 256; first++) {
        check((char[]){(char)first, '\0'});
        check((char[]){'a', (char)first, '\x80', '\0'});
        check((char[]){'a', (char)first, '\x90', '\x80', '\0'});
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_points), cmocka_unit_test(test_bytes),
                                       cmocka_unit_test(test_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
