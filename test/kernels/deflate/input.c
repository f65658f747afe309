/* SPDX-License-Identifier: MIT */
#include "input.h"

#include "random.h"

void deflate_input_fill(uint8_t *data, size_t size) {
    struct random random = {1};
    for (size_t i = 0; i < size; i++) {
        int difference = (int)random_below(&random, 8) * ((int)random_below(&random, 5) - 2);
        data[i] = i >= 3 && random_below(&random, 4) == 0 ? data[i - 3] : (uint8_t)difference;
    }
}
