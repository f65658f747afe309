/* SPDX-License-Identifier: MIT */
/* Many things at once: each is done, once; a failure ends it, and the first one tells why. */
#include "base/parallel.h"

#include "support.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { COUNT = 1000 };

struct work {
    _Atomic int times[COUNT], calls, active, most;
    uint64_t bad; /* from here on, all fail */
};

static bool each(void *user, uint64_t index, struct failure *failure) {
    struct work *work = user;
    int active = ++work->active, most = work->most;
    while (active > most && !atomic_compare_exchange_weak(&work->most, &most, active))
        ;
    work->times[index]++;
    work->calls++;
    usleep(index % 16 == 0 ? 300 : 0);
    work->active--;
    return index < work->bad || failure_set(failure, FAILURE_INCOMPLETE, "%d", (int)index);
}

static void does_each_once(void **state) {
    (void)state;
    static const int threads[] = {-1, 0, 1, 2, 7, 64, 2 * COUNT};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        for (uint64_t count = 0; count <= COUNT; count = count * 10 + 1) {
            struct work work = {.bad = COUNT};
            struct failure failure;
            assert_true(parallel_run(count, threads[i], each, &work, &failure));
            for (uint64_t k = 0; k < COUNT; k++)
                assert_int_equal(work.times[k], k < count);
            assert_true(work.most <= (threads[i] > 1 ? threads[i] : 1));
        }
}

static void ends_with_a_failure(void **state) {
    (void)state;
    for (int threads = 1; threads <= 8; threads++) {
        struct work work = {.bad = 100};
        struct failure failure;
        assert_false(parallel_run(COUNT, threads, each, &work, &failure));
        assert_int_equal(failure.kind, FAILURE_INCOMPLETE);
        assert_in_range(atoi(failure.message), 100, 100 + threads - 1);
        assert_in_range(work.calls, 101, 100 + threads); /* those that were begun, and none after */
        for (uint64_t k = 0; k < 100; k++)
            assert_int_equal(work.times[k], 1);
    }
}

static bool fail_in_order(void *user, uint64_t index, struct failure *failure) {
    (void)user;
    usleep((useconds_t)index * 300000);
    return failure_set(failure, FAILURE_INCOMPLETE, "%d", (int)index);
}

static void the_first_failure_tells_why(void **state) {
    (void)state;
    struct failure failure;
    assert_false(parallel_run(3, 3, fail_in_order, NULL, &failure));
    assert_string_equal(failure.message, "0");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(does_each_once), cmocka_unit_test(ends_with_a_failure),
                                       cmocka_unit_test(the_first_failure_tells_why)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
