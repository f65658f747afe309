/* SPDX-License-Identifier: MIT */
/* Huffman codes against Kraft's equation, the optimum that package-merge finds, and their definition in RFC 1951. */
#include "support.h"

#include "deflate/huffman.h"

enum { MOST = TILE_HUFFMAN_SYMBOLS };

static uint64_t bits_of(const uint32_t *counts, const uint8_t *lengths, int symbols) {
    uint64_t bits = 0;
    for (int s = 0; s < symbols; s++)
        bits += (uint64_t)counts[s] * lengths[s];
    return bits;
}

struct package {
    uint64_t weight;
    uint16_t leaves[MOST]; /* how often each symbol is in it */
};

static int by_weight(const void *a, const void *b) {
    const struct package *x = a, *y = b;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

/* Larmore and Hirschberg, 1990, word by word: the least bits that codes of at most `most` bits take. */
static uint64_t least_bits(const uint32_t *counts, int symbols, int most) {
    struct package *list = calloc(2 * MOST, sizeof *list), *pairs = calloc(2 * MOST, sizeof *pairs);
    assert_true(list && pairs);
    int used = 0, made = 0;
    for (int s = 0; s < symbols; s++)
        used += counts[s] != 0;
    for (int level = 0; level < most; level++) {
        int count = made;
        memcpy(list, pairs, (size_t)made * sizeof *list);
        for (int s = 0; s < symbols; s++)
            if (counts[s]) {
                memset(&list[count], 0, sizeof *list);
                list[count].weight = counts[s];
                list[count++].leaves[s] = 1;
            }
        qsort(list, (size_t)count, sizeof *list, by_weight);
        if (level == most - 1)
            break;
        made = count / 2;
        for (int i = 0; i < made; i++) {
            pairs[i].weight = list[2 * i].weight + list[2 * i + 1].weight;
            for (int s = 0; s < symbols; s++)
                pairs[i].leaves[s] = (uint16_t)(list[2 * i].leaves[s] + list[2 * i + 1].leaves[s]);
        }
    }
    uint64_t bits = 0;
    for (int i = 0; i < 2 * used - 2; i++)
        bits += list[i].weight;
    free(list);
    free(pairs);
    return bits;
}

/* Codes of such lengths fill all places, and no more. */
static void assert_complete(const uint8_t *lengths, int symbols, int most) {
    uint64_t taken = 0;
    for (int s = 0; s < symbols; s++) {
        assert_true(lengths[s] <= most);
        taken += lengths[s] ? UINT64_C(1) << (most - lengths[s]) : 0;
    }
    assert_int_equal(taken, UINT64_C(1) << most);
}

/* Of the kinds that make codes long, flat, or of one symbol only. */
static void fill(uint32_t *counts, int symbols, int kind, struct test_random *random) {
    uint32_t a = 1, b = 1;
    for (int s = 0; s < symbols; s++)
        switch (kind) {
        case 0: counts[s] = test_random_below(random, 1000); break;
        case 1: /* Fibonacci's numbers, up to 2^21 */
            counts[s] = a;
            b += a;
            a = b - a < 1 << 21 ? b - a : 1;
            b = a == 1 ? 1 : b;
            break;
        case 2: counts[s] = 1U << test_random_below(random, 22); break;
        case 3: counts[s] = test_random_below(random, 20) ? 0 : 1 + test_random_below(random, 9); break;
        case 4: counts[s] = 7; break;
        default: counts[s] = 100000 / (1 + (uint32_t)s * (uint32_t)s) + (s < symbols / 2); break;
        }
}

static void lengths_are_complete_and_near_the_best(void **state) {
    (void)state;
    struct test_random random = {1};
    static const int alphabets[] = {2, 3, 19, 30, 256, 286, 288}, limits[] = {7, 14, 15};
    for (int kind = 0; kind < 6; kind++)
        for (size_t i = 0; i < sizeof alphabets / sizeof *alphabets; i++)
            for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
                int symbols = alphabets[i], most = limits[k];
                uint32_t counts[MOST] = {0};
                uint8_t lengths[MOST];
                if (symbols > 1 << most)
                    continue;
                fill(counts, symbols, kind, &random);
                counts[0] += !counts[0];
                counts[1] += !counts[1];
                tile_huffman_lengths(lengths, counts, symbols, most);
                assert_complete(lengths, symbols, most);
                for (int s = 0; s < symbols; s++)
                    assert_int_equal(lengths[s] != 0, counts[s] != 0);
                if (most < 11 && kind != 0) /* it takes its time */
                    continue;
                uint64_t bits = bits_of(counts, lengths, symbols), least = least_bits(counts, symbols, most);
                assert_true(bits >= least);
                assert_true(bits <= least + least / 100);
            }
}

static void fewer_than_two_symbols_have_two_codes(void **state) {
    (void)state;
    uint32_t counts[30] = {0};
    uint8_t lengths[30];
    tile_huffman_lengths(lengths, counts, 30, 15);
    assert_complete(lengths, 30, 15);
    for (int s = 0; s < 30; s++) {
        memset(counts, 0, sizeof counts);
        counts[s] = 5;
        tile_huffman_lengths(lengths, counts, 30, 15);
        assert_complete(lengths, 30, 15);
        assert_int_equal(lengths[s], 1);
    }
}

/* The example of RFC 1951, 3.2.2: the first bit of a code is the lowest here. */
static void codes_are_those_of_the_rfc(void **state) {
    (void)state;
    static const uint8_t lengths[8] = {3, 3, 3, 3, 3, 2, 4, 4};
    static const char *const written[8] = {"010", "011", "100", "101", "110", "00", "1110", "1111"};
    uint16_t codes[8];
    tile_huffman_codes(codes, lengths, 8);
    for (int s = 0; s < 8; s++)
        for (int i = 0; i < lengths[s]; i++)
            assert_int_equal(codes[s] >> i & 1, written[s][i] - '0');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_complete_and_near_the_best),
        cmocka_unit_test(fewer_than_two_symbols_have_two_codes),
        cmocka_unit_test(codes_are_those_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
