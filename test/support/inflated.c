/* SPDX-License-Identifier: MIT */
#include "inflated.h"

#include "deflate/inflate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum ending { MORE_INPUT, MORE_ROOM, ENDED, DAMAGED };

struct outcome {
    enum ending ending;
    uint8_t *data;
    size_t size, used; /* bytes that came out, and that were taken */
    char why[64];
};

static uint32_t below(uint64_t *seed, uint32_t bound) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*seed >> 32) * bound >> 32);
}

static void *allocate(size_t size) {
    void *memory = malloc(size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

static struct outcome by_zlib(const uint8_t *stream, size_t size, bool is_zlib, size_t most) {
    struct outcome out = {.data = allocate(most)};
    z_stream zlib = {0};
    if (inflateInit2(&zlib, is_zlib ? 15 : -15) != Z_OK)
        abort();
    zlib.next_in = (Bytef *)stream;
    zlib.avail_in = (uInt)size;
    zlib.next_out = out.data;
    zlib.avail_out = (uInt)most;
    int result = inflate(&zlib, Z_NO_FLUSH);
    out.size = zlib.total_out;
    out.used = zlib.total_in;
    out.ending = result == Z_STREAM_END                            ? ENDED
                 : result == Z_DATA_ERROR || result == Z_NEED_DICT ? DAMAGED
                 : zlib.avail_in == 0                              ? MORE_INPUT
                                                                   : MORE_ROOM;
    if (out.ending == DAMAGED)
        snprintf(out.why, sizeof out.why, "%s", result == Z_NEED_DICT ? "need dictionary" : zlib.msg);
    inflateEnd(&zlib);
    return out;
}

/* Small pieces and large ones, now and then an empty one. */
static size_t piece_of(uint64_t *seed, size_t left) {
    static const uint32_t sizes[] = {2, 20, 400, 9000, 1 << 20};
    size_t size = below(seed, sizes[below(seed, 5)]);
    return size < left ? size : left;
}

static struct outcome by_ours(const uint8_t *stream, size_t size, bool is_zlib, size_t most, uint64_t seed) {
    struct outcome out = {.data = allocate(most)};
    struct tile_inflate *inflate = allocate(sizeof *inflate);
    memset(inflate, 0, sizeof *inflate);
    inflate->stop_at_blocks = below(&seed, 4) == 0;
    if (is_zlib)
        tile_inflate_begin_zlib(inflate);
    else
        tile_inflate_begin_raw(inflate, 0, 0);
    size_t history = 0; /* kept by the caller */
    uint8_t *piece = NULL, *room = NULL;
    for (;;) {
        size_t input = piece_of(&seed, size - out.used), output = piece_of(&seed, most - out.size);
        bool all = input == size - out.used && output == most - out.size;
        piece = allocate(input);
        memcpy(piece, stream + out.used, input);
        room = allocate(history + output);
        memcpy(room, out.data + out.size - history, history);
        inflate->next = piece;
        inflate->ready = input;
        inflate->history = room;
        inflate->to = room + history;
        inflate->room = output;
        enum tile_inflate_stop stop = tile_inflate_run(inflate);
        memcpy(out.data + out.size, room + history, output - inflate->room);
        out.size += output - inflate->room;
        out.used += input - inflate->ready;
        history = out.size < TILE_INFLATE_WINDOW ? out.size : TILE_INFLATE_WINDOW;
        if ((stop == TILE_INFLATE_INPUT && inflate->ready > 0) || (stop == TILE_INFLATE_ROOM && inflate->room > 0))
            abort();
        out.ending = stop == TILE_INFLATE_END    ? ENDED
                     : stop == TILE_INFLATE_BAD  ? DAMAGED
                     : stop == TILE_INFLATE_ROOM ? MORE_ROOM
                                                 : MORE_INPUT;
        free(piece);
        free(room);
        if (out.ending == ENDED || out.ending == DAMAGED || (all && stop != TILE_INFLATE_BLOCK))
            break;
    }
    if (out.ending == DAMAGED)
        snprintf(out.why, sizeof out.why, "%s", inflate->why);
    free(inflate);
    return out;
}

const char *inflated_differs(const uint8_t *stream, size_t size, bool is_zlib, size_t most, uint64_t seed) {
    struct outcome theirs = by_zlib(stream, size, is_zlib, most), ours = by_ours(stream, size, is_zlib, most, seed);
    bool other_words = ours.ending == DAMAGED &&
                       (strcmp(ours.why, "need dictionary") == 0 || strcmp(ours.why, "invalid code lengths set") == 0);
    const char *what = NULL;
    if (theirs.size != ours.size || memcmp(theirs.data, ours.data, ours.size) != 0)
        what = "bytes";
    else if (!other_words && theirs.ending != ours.ending &&
             !(theirs.size == most && theirs.ending <= MORE_ROOM && ours.ending <= MORE_ROOM))
        what = "the end";
    else if (other_words && theirs.ending == ENDED)
        what = "the end";
    else if (ours.ending == ENDED && theirs.used != ours.used)
        what = "what was taken";
    else if (!other_words && strcmp(theirs.why, ours.why) != 0)
        what = "why";
    free(theirs.data);
    free(ours.data);
    return what;
}
