/* SPDX-License-Identifier: MIT */
/*
 * zlib inflates what the fast coder makes of any bytes with any hints, in memory that ends where its bound says; pieces
 * join; and the kernels of every instruction set give the same.
 */
#include "fuzz.h"

#include "deflate/deflate.h"

#include <zlib.h>

enum { HEAD = 8 };

static tile_deflate *coders[TILE_CPU_COUNT];

static void make_coders(void) {
    for (int cpu = TILE_CPU_SCALAR; cpu < TILE_CPU_COUNT; cpu++)
        if (tile_cpu_available((tile_cpu)cpu))
            require(tile_deflate_new(&coders[cpu], (tile_cpu)cpu, NULL, NULL) == TILE_OK);
}

/* Appends the piece as every instruction set codes it. */
static void deflate_piece(struct tile_buffer *stream, const struct tile_deflate_piece *piece) {
    size_t bound = tile_deflate_bound(piece->size), first = 0;
    uint8_t *out = NULL;
    for (int cpu = TILE_CPU_SCALAR; cpu < TILE_CPU_COUNT; cpu++) {
        if (!coders[cpu])
            continue;
        /* Of their very sizes, so that the sanitizer sees what is read or written behind their ends. */
        uint8_t *mine = malloc(bound), *copy = malloc(piece->size ? piece->size : 1);
        require(mine && copy);
        if (piece->size > 0)
            memcpy(copy, piece->data, piece->size);
        struct tile_deflate_piece same = *piece;
        same.data = copy;
        size_t size = tile_deflate_run(coders[cpu], mine, &same);
        free(copy);
        require(size <= bound);
        if (!out) {
            out = mine;
            first = size;
            continue;
        }
        require(size == first && memcmp(mine, out, size) == 0);
        free(mine);
    }
    require(tile_buffer_append(stream, out, first, NULL) == TILE_OK);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!coders[TILE_CPU_SCALAR])
        make_coders();
    if (size < HEAD)
        return 0;
    size_t row = data[0] + (size_t)256 * data[1], step = data[2] % 10, times = 1 + data[3] % 12, cut = data[4];
    bool two = data[5] & 1;
    data += HEAD;
    size -= HEAD;
    /* The input several times, each of them a little different: longer than itself, and with matches. */
    size_t all = size * times;
    uint8_t *bytes = malloc(all ? all : 1), *back = malloc(all + 1);
    require(bytes && back);
    for (size_t i = 0; i < times && size > 0; i++) {
        memcpy(bytes + i * size, data, size);
        bytes[i * size + i * 31 % size] ^= (uint8_t)i;
    }
    size_t middle = two ? all * cut / 256 : 0;
    struct tile_buffer stream = {0};
    if (two)
        deflate_piece(&stream, &(struct tile_deflate_piece){.data = bytes, .size = middle, .row = row, .step = step});
    deflate_piece(&stream, &(struct tile_deflate_piece){
                               .data = bytes + middle, .size = all - middle, .row = row, .step = step, .last = true});
    z_stream zlib = {
        .next_in = stream.data, .avail_in = (uInt)stream.size, .next_out = back, .avail_out = (uInt)all + 1};
    require(inflateInit2(&zlib, -15) == Z_OK);
    require(inflate(&zlib, Z_FINISH) == Z_STREAM_END);
    require(zlib.avail_in == 0 && zlib.total_out == all && memcmp(back, bytes, all) == 0);
    inflateEnd(&zlib);
    tile_buffer_free(&stream);
    free(bytes);
    free(back);
    return 0;
}
