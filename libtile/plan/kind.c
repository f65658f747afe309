/* SPDX-License-Identifier: MIT */
#include "kind.h"

bool tile_plan_takes(struct tile_rect r) {
    return r.width != 0 && r.height != 0 && r.width <= UINT32_MAX - r.x && r.height <= UINT32_MAX - r.y;
}

bool tile_plan_read_numbers(const json_t *array, uint32_t *out, size_t count, uint32_t least) {
    if (json_array_size(array) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(array, i);
        json_int_t number = json_integer_value(value);
        if (!json_is_integer(value) || number < (json_int_t)least || number > UINT32_MAX)
            return false;
        out[i] = (uint32_t)number;
    }
    return true;
}
