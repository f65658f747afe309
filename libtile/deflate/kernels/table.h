/* SPDX-License-Identifier: MIT */
/*
 * All kernels of one ISA, in one table: the only name that its object gives away. The file that includes this, in
 * libtile/kernels/, defines TILE_TABLE and includes the ISA's vector header.
 */
#include "kernels.h"

#include "count.h"
#include "filter.h"
#include "match.h"
#include "pack.h"
#include "predict.h"
#include "unfilter.h"

const struct tile_deflate_kernels TILE_TABLE(deflate) = {
    .count = count,
    .filter_costs = filter_costs,
    .filter = filter,
    .swap = swap,
    .match = match,
    .pack = pack,
    .differ_8 = differ_8,
    .differ_16 = differ_16,
    .differ_planes = differ_planes,
    .unfilter = unfilter,
    .unfilter_paeths = unfilter_paeths,
};
