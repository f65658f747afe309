/* SPDX-License-Identifier: MIT */
/* What is made of a measurement: seconds of a tile and tiles of a batch, by hand. */
#include "base/needs.h"
#include "support.h"

#include <math.h>

/* Of seconds of a processor, without waiting. */
static struct measured indexed(double mean, double slowest) {
    return (struct measured){.tile = {mean, 0}, .slowest = {slowest, 0}, .parts = true};
}

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9 * fabs(b))

static void seconds_are_those_of_the_functions_processor(void **state) {
    (void)state;
    struct measured m = indexed(0.1, 0.2);
    /* 1,769 MB are one processor; a tile has no use for more than one. Half as much again is kept in reserve. */
    NEAR(needs_seconds(&m, &(struct needs){1769, 120}), 0.3);
    NEAR(needs_seconds(&m, &(struct needs){10240, 900}), 0.3);
    NEAR(needs_seconds(&m, &(struct needs){128, 120}), 0.3 * 1769 / 128);
    /* Waiting is no shorter with more processors, and is for reading as for storing. */
    m.slowest.wait = 0.05;
    NEAR(needs_seconds(&m, &(struct needs){1769, 120}), 0.4);
    NEAR(needs_seconds(&m, &(struct needs){3538, 120}), 0.4);
    /* Without an index it is decoded first. */
    m.parts = false;
    m.once = (struct spent){10, 2};
    NEAR(needs_seconds(&m, &(struct needs){1769, 120}), 0.4 + 15 + 2);
}

static void batches_last_half_a_minute(void **state) {
    (void)state;
    struct needs one = {1769, 120}, two = {3538, 120};
    struct measured m = indexed(0.09, 0.09);
    assert_int_equal(needs_batch(&m, &one), 222); /* 30 / 0.135 */
    assert_int_equal(needs_batch(&m, &(struct needs){3538, 900}), 444);
    assert_int_equal(needs_batch(&m, &two), 437); /* half of its 120 s, less the start, of one tile after another */
    m = indexed(0.09, 1);
    assert_int_equal(needs_batch(&m, &one), 39); /* 59 / 1.5: were all like the slowest */
    m = indexed(0.0002, 0.0003);
    assert_int_equal(needs_batch(&m, &one), 10000); /* what a call takes */
    m = indexed(40, 40);
    assert_int_equal(needs_batch(&m, &one), 1);
    m = indexed(0.09, 0.09);
    m.tile.wait = m.slowest.wait = 0.2;
    assert_int_equal(needs_batch(&m, &(struct needs){1769, 900}), 162); /* eight wait at once: 0.135 + 0.4 / 8 */
    assert_int_equal(needs_batch(&m, &one), 110);                       /* 59 / 0.535 */
}

static void what_has_no_index_is_decoded_once_a_batch(void **state) {
    (void)state;
    struct measured m = {.tile = {0.09, 0}, .slowest = {0.09, 0}, .once = {10, 0}};
    assert_int_equal(needs_batch(&m, &(struct needs){1769, 900}), 111); /* (30 - 15) / 0.135 */
    /* One tile after the other: a second processor does nothing. */
    assert_int_equal(needs_batch(&m, &(struct needs){3538, 900}), 111);
    m.once.processor = 100;
    assert_int_equal(needs_batch(&m, &(struct needs){1769, 900}), 1);
}

static void memory_is_counted_in_mb(void **state) {
    (void)state;
    assert_int_equal(needs_memory(1, 0), 128);
    assert_int_equal(needs_memory((uint64_t)100 << 20, (uint64_t)60 << 20), 64 + 200);
    assert_int_equal(needs_memory(((uint64_t)100 << 20) + 1, (uint64_t)60 << 20), 64 + 201);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    struct needs function = {1769, 120};
    struct failure failure;
    assert_true(needs_fit(1769, 119, &function, &failure)); /* and a second to start */
    assert_false(needs_fit(1770, 1, &function, &failure));
    assert_int_equal(failure.kind, FAILURE_LIMIT_EXCEEDED);
    assert_non_null(strstr(failure.message, "1770 MB and 2 s"));
    assert_false(needs_fit(128, 119.5, &function, &failure));
    assert_non_null(strstr(failure.message, "1769 MB and 120 s"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_are_those_of_the_functions_processor),
        cmocka_unit_test(batches_last_half_a_minute),
        cmocka_unit_test(what_has_no_index_is_decoded_once_a_batch),
        cmocka_unit_test(memory_is_counted_in_mb),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
