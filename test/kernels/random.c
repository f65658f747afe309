/* SPDX-License-Identifier: MIT */
#include "random.h"

#include <float.h>
#include <math.h>

uint64_t random_next(struct random *random) {
    uint64_t x = random->state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

uint32_t random_below(struct random *random, uint32_t bound) {
    return (uint32_t)((random_next(random) >> 32) * bound >> 32);
}

double random_unit(struct random *random) {
    return (double)(random_next(random) >> 11) * 0x1p-53;
}

float random_strange(struct random *random, bool finite) {
    static const float strange[] = {0,        -0.f,     FLT_TRUE_MIN, -FLT_TRUE_MIN, FLT_MIN, -FLT_MIN, 1e-40f, FLT_MAX,
                                    -FLT_MAX, 1e10f,    -1e10f,       1e-10f,        -1e-10f, .5f,      1,      -1,
                                    255,      65535,    0x1p31f,      -0x1p31f,      360,     -360,     2,      100,
                                    16777216, INFINITY, -INFINITY,    NAN,           -NAN};
    enum { COUNT = sizeof strange / sizeof *strange };
    return strange[random_below(random, finite ? COUNT - 4 : COUNT)];
}
