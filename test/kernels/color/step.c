/* SPDX-License-Identifier: MIT */
#include "color.h"

static void check(const struct options *options, struct tallies *tallies) {
    color_check_table(options, tallies);
    color_check_conversions(options, tallies);
}

const struct step color_step = {check, color_digest, color_bench};
