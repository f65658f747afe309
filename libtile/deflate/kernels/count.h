/* SPDX-License-Identifier: MIT */
/* Counting bytes. */
#include "kernels.h"

#include <string.h>

/*
 * Four tables, so that equal neighbors, which filtered pixels have many of, do not wait for each other's sums. They are
 * on the stack: 4 KiB.
 */
static void count(uint32_t counts[256], const uint8_t *data, size_t size) {
    uint32_t table[4][256];
    memset(table, 0, sizeof table);
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t eight;
        memcpy(&eight, data + i, sizeof eight);
        table[0][eight & 255]++;
        table[1][eight >> 8 & 255]++;
        table[2][eight >> 16 & 255]++;
        table[3][eight >> 24 & 255]++;
        table[0][eight >> 32 & 255]++;
        table[1][eight >> 40 & 255]++;
        table[2][eight >> 48 & 255]++;
        table[3][eight >> 56]++;
    }
    for (; i < size; i++)
        table[0][data[i]]++;
    for (int b = 0; b < 256; b++)
        counts[b] += table[0][b] + table[1][b] + table[2][b] + table[3][b];
}
