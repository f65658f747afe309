/* SPDX-License-Identifier: MIT */
/*
 * A Huffman code is made in three steps. The symbols are sorted by how often they occur. The two rarest nodes are
 * joined until one is left, where new nodes come out in order, so that two queues do (Moffat and Katajainen, "In-place
 * calculation of minimum-redundancy codes", 1995): that gives how many symbols have each length. Lengths over the limit
 * are cut off, which takes more room than there is, and room is made by lengthening the longest of the others. That is
 * not the best code of bounded length, but it is within a hundredth of it for the limits that deflate has.
 */
#include "huffman.h"

#include <stdbool.h>
#include <string.h>

enum { SYMBOL_BITS = 9, DIGIT_BITS = 8, MOST_LENGTH = 15 };

/* A symbol and its count in one number, by which they are sorted; equal counts by the symbol. */
static int gather(uint32_t *sorted, const uint32_t *counts, int symbols) {
    int used = 0;
    for (int s = 0; s < symbols; s++)
        if (counts[s])
            sorted[used++] = counts[s] << SYMBOL_BITS | (uint32_t)s;
    for (int s = 0; used < 2; s++)
        if (!counts[s])
            sorted[used++] = 1 << SYMBOL_BITS | (uint32_t)s;
    return used;
}

/* By the counts, a digit at a time from the lowest, up to the highest that any has. What is equal stays in order. */
static void sort(uint32_t *keys, int count) {
    uint32_t other[TILE_HUFFMAN_SYMBOLS], all = 0;
    for (int i = 0; i < count; i++)
        all |= keys[i];
    for (int shift = SYMBOL_BITS; shift < 32 && all >> shift; shift += DIGIT_BITS) {
        uint16_t place[(1 << DIGIT_BITS) + 1] = {0};
        for (int i = 0; i < count; i++)
            place[(keys[i] >> shift & ((1 << DIGIT_BITS) - 1)) + 1]++;
        for (int d = 0; d < 1 << DIGIT_BITS; d++)
            place[d + 1] = (uint16_t)(place[d + 1] + place[d]);
        for (int i = 0; i < count; i++)
            other[place[keys[i] >> shift & ((1 << DIGIT_BITS) - 1)]++] = keys[i];
        memcpy(keys, other, (size_t)count * sizeof *keys);
    }
}

/*
 * How many symbols have each length, cut off at `most`. Nodes are leaves first, then those that were made; parents come
 * behind their children.
 */
static void count_lengths(int *having, const uint32_t *sorted, int count, int most) {
    uint32_t weight[TILE_HUFFMAN_SYMBOLS];
    uint16_t parent_of_leaf[TILE_HUFFMAN_SYMBOLS], parent[TILE_HUFFMAN_SYMBOLS];
    int leaf = 0, node = 0;
    for (int made = 0; made < count - 1; made++) {
        weight[made] = 0;
        for (int child = 0; child < 2; child++)
            if (leaf < count && (node >= made || sorted[leaf] >> SYMBOL_BITS <= weight[node])) {
                weight[made] += sorted[leaf] >> SYMBOL_BITS;
                parent_of_leaf[leaf++] = (uint16_t)made;
            } else {
                weight[made] += weight[node];
                parent[node++] = (uint16_t)made;
            }
    }
    uint16_t depth[TILE_HUFFMAN_SYMBOLS];
    depth[count - 2] = 0;
    for (int i = count - 3; i >= 0; i--)
        depth[i] = (uint16_t)(depth[parent[i]] + 1);
    for (int i = 0; i < count; i++) {
        int length = depth[parent_of_leaf[i]] + 1;
        having[length < most ? length : most]++;
    }
}

/* A code of length n takes 2^(most - n) of 2^most places. */
static void make_complete(int *having, int most) {
    int64_t taken = 0;
    for (int n = 1; n <= most; n++)
        taken += (int64_t)having[n] << (most - n);
    while (taken > (int64_t)1 << most) {
        int n = most - 1;
        while (!having[n])
            n--;
        having[n]--;
        having[n + 1]++;
        taken -= (int64_t)1 << (most - n - 1);
    }
    /* The last step may have made too much room: it goes to the longest whose shorter code fits. */
    for (int n = most; n > 1; n--)
        while (having[n] && taken + ((int64_t)1 << (most - n)) <= (int64_t)1 << most) {
            having[n]--;
            having[n - 1]++;
            taken += (int64_t)1 << (most - n);
        }
}

void tile_huffman_lengths(uint8_t *lengths, const uint32_t *counts, int symbols, int most) {
    uint32_t sorted[TILE_HUFFMAN_SYMBOLS];
    int having[MOST_LENGTH + 1] = {0};
    int count = gather(sorted, counts, symbols);
    sort(sorted, count);
    count_lengths(having, sorted, count, most);
    make_complete(having, most);
    memset(lengths, 0, (size_t)symbols);
    for (int n = most, i = 0; n > 0; n--)
        for (int left = having[n]; left > 0; left--)
            lengths[sorted[i++] & ((1 << SYMBOL_BITS) - 1)] = (uint8_t)n;
}

static uint16_t reversed(unsigned code, int length) {
    unsigned result = 0;
    for (int i = 0; i < length; i++)
        result |= (code >> i & 1) << (length - 1 - i);
    return (uint16_t)result;
}

/* RFC 1951, 3.2.2. */
void tile_huffman_codes(uint16_t *codes, const uint8_t *lengths, int symbols) {
    unsigned having[MOST_LENGTH + 1] = {0}, next[MOST_LENGTH + 1] = {0};
    for (int s = 0; s < symbols; s++)
        having[lengths[s]]++;
    having[0] = 0;
    for (int n = 1; n <= MOST_LENGTH; n++)
        next[n] = (next[n - 1] + having[n - 1]) << 1;
    for (int s = 0; s < symbols; s++)
        codes[s] = lengths[s] ? reversed(next[lengths[s]]++, lengths[s]) : 0;
}
