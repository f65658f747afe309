/* SPDX-License-Identifier: MIT */
#include "step.h"

const struct step deflate_step = {deflate_check_table, deflate_digest, deflate_bench};
