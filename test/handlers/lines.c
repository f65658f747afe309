/* SPDX-License-Identifier: MIT */
/* Lines of text against jansson's opinion of what UTF-8 and JSON are. */
#include "line.h"

#include "support.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* As it was where jansson takes it, taken by jansson in any case, and the same when it is read back. */
static void check(const char *text) {
    char clean[64], quoted[2 * sizeof clean + 3];
    json_t *given = json_string(text);
    snprintf(clean, sizeof clean, "%s", text);
    line_clean(clean);
    assert_int_equal(strlen(clean), strlen(text));
    if (given)
        for (size_t i = 0; text[i]; i++)
            assert_int_equal(clean[i], (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i]);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes), cmocka_unit_test(test_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
