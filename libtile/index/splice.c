/* SPDX-License-Identifier: MIT */
#include "splice.h"

#include "../base/buffer.h"
#include "../base/bytes.h"

#include <string.h>

/* ---- DC codes ---------------------------------------------------------------------------------------------- */

enum { CATEGORIES = 12 };

/* Longer codes than all others can be added under the prefix that no code has. */
bool tile_jpeg_has_dc_room(const uint8_t counts[17], const uint8_t symbols[256]) {
    uint32_t used = 0, count = 0, missing = 0;
    for (int length = 1; length <= 16; length++) {
        used += (uint32_t)counts[length] << (16 - length);
        count += counts[length];
    }
    for (int category = 0; category < CATEGORIES; category++)
        missing += !memchr(symbols, category, count < 256 ? count : 256);
    /* The code of ones only stays unused; counts are bytes. */
    return missing == 0 || (used + missing < 1u << 16 && count + missing <= 256 && counts[16] + missing <= 255);
}

static void add_category(struct tile_huffman *table, int category) {
    int count = 0;
    for (int length = 1; length <= 16; length++)
        count += table->counts[length];
    table->counts[16]++;
    table->symbols[count] = (uint8_t)category;
}

static void list_codes(struct tile_dc_codes *codes, const struct tile_huffman *table) {
    uint32_t code = 0, at = 0;
    *codes = (struct tile_dc_codes){.code = {0}};
    for (uint32_t length = 1; length <= 16; length++, code <<= 1)
        for (int i = 0; i < table->counts[length]; i++, code++, at++)
            if (table->symbols[at] < 16 && codes->length[table->symbols[at]] == 0) {
                codes->code[table->symbols[at]] = (uint16_t)code;
                codes->length[table->symbols[at]] = (uint8_t)length;
            }
}

tile_status tile_dc_codes_complete(struct tile_jpeg_header *h, struct tile_dc_codes codes[4],
                                   struct tile_error *error) {
    for (int i = 0; i < h->components; i++) {
        int place = h->component[i].dc;
        if (!tile_jpeg_has_dc_room(h->dc[place].counts, h->dc[place].symbols))
            return tile_error_set(error, TILE_UNSUPPORTED, "can have no index: it is %s", TILE_JPEG_NO_DC_ROOM);
        list_codes(&codes[place], &h->dc[place]);
        for (int category = 0; category < CATEGORIES; category++)
            if (codes[place].length[category] == 0)
                add_category(&h->dc[place], category);
        list_codes(&codes[place], &h->dc[place]);
    }
    return TILE_OK;
}

/* ---- Bits -------------------------------------------------------------------------------------------------- */

/* Room for the bytes of `bits` more, and a zero behind each. */
static tile_status make_room(struct tile_splice *s, uint64_t bits, struct tile_error *error) {
    size_t size = s->out->size + 2 * (size_t)(bits / 8) + 32;
    if (size > s->out->capacity && size < s->out->size * 2)
        size = s->out->size * 2;
    return tile_buffer_reserve(s->out, size, error);
}

static inline void put_byte(struct tile_buffer *out, uint32_t byte) {
    out->data[out->size++] = (uint8_t)byte;
    if ((byte & 0xFF) == 0xFF)
        out->data[out->size++] = 0;
}

/* Writes 8 bytes, most often none of which is 0xFF. */
static inline void put_word(struct tile_buffer *out, uint64_t word) {
    uint64_t inverse = ~word;
    if (((inverse - 0x0101010101010101u) & ~inverse & 0x8080808080808080u) == 0) {
        tile_put_be(out->data + out->size, word, 8);
        out->size += 8;
    } else {
        for (int shift = 56; shift >= 0; shift -= 8)
            put_byte(out, (uint32_t)(word >> shift));
    }
}

/* At most 32 bits, which are all that `value` has. Leaves less than a byte pending. */
static inline void put(struct tile_splice *s, uint32_t value, unsigned count) {
    s->pending = s->pending << count | value;
    for (s->count += count; s->count >= 8; s->count -= 8)
        put_byte(s->out, (uint32_t)(s->pending >> (s->count - 8)));
    s->pending &= (1u << s->count) - 1;
}

/* The 64 bits from `bit` on. */
static inline uint64_t load(const unsigned char *data, uint64_t bit) {
    const unsigned char *from = data + (bit >> 3);
    return tile_get_be(from, 8) << (bit & 7) | from[8] >> (8 - (bit & 7));
}

static tile_status copy(struct tile_splice *s, const unsigned char *data, uint64_t from, uint64_t to,
                        struct tile_error *error) {
    tile_status status = make_room(s, to - from, error);
    if (status != TILE_OK)
        return status;
    unsigned count = s->count;
    uint64_t pending = s->pending, mask = (1u << count) - 1;
    for (; to - from >= 64; from += 64) {
        uint64_t next = load(data, from);
        put_word(s->out, pending << 1 << (63 - count) | next >> count);
        pending = next & mask;
    }
    s->pending = pending;
    for (unsigned part; from < to; from += part) {
        part = to - from < 32 ? (unsigned)(to - from) : 32;
        put(s, (uint32_t)(load(data, from) >> (64 - part)), part);
    }
    return TILE_OK;
}

/* T.81, F.1.2.1: the category is the number of bits of the magnitude; a negative number is given less one. */
static tile_status put_dc(struct tile_splice *s, int component, int difference, struct tile_error *error) {
    const struct tile_dc_codes *codes = &s->codes[s->scanner->header->component[component].dc];
    unsigned magnitude = (unsigned)(difference < 0 ? -difference : difference), category = 0;
    while (magnitude >> category)
        category++;
    if (category > 15 || codes->length[category] == 0)
        return tile_error_set(error, TILE_UNSUPPORTED, "has a DC difference of %d, which it has no code for",
                              difference);
    uint32_t bits = (uint32_t)(difference < 0 ? difference - 1 : difference) & ((1u << category) - 1);
    put(s, codes->code[category], codes->length[category]);
    if (category)
        put(s, bits, category);
    return TILE_OK;
}

/* ---- MCUs -------------------------------------------------------------------------------------------------- */

/* The MCUs up to `until`, before which no restart marker stands. */
static tile_status copy_run(struct tile_splice *s, struct tile_walk *walk, uint64_t until, struct tile_error *error) {
    const struct tile_jpeg_header *h = s->scanner->header;
    const unsigned char *data = walk->entropy->data;
    struct tile_scan_dc_place dc[4];
    uint64_t copied = walk->place.bit;
    tile_status status = tile_walk_first(walk, dc, error);
    bool done[4] = {false};
    for (int i = 0; i < h->blocks && status == TILE_OK; i++) {
        int c = h->block_component[i];
        if (done[c])
            continue;
        done[c] = true;
        status = copy(s, data, copied, dc[c].begin, error);
        if (status == TILE_OK)
            status = put_dc(s, c, dc[c].value - s->dc[c], error);
        copied = dc[c].end;
    }
    if (status == TILE_OK)
        status = tile_walk_to(walk, until, error);
    memcpy(s->dc, walk->place.dc, sizeof s->dc);
    return status == TILE_OK ? copy(s, data, copied, walk->place.bit, error) : status;
}

tile_status tile_splice_copy(struct tile_splice *s, struct tile_walk *walk, uint64_t mcu, struct tile_error *error) {
    tile_status status = TILE_OK;
    while (walk->mcu < mcu && status == TILE_OK) {
        status = tile_walk_restart(walk, error);
        uint64_t until = tile_walk_next_restart(walk);
        if (status == TILE_OK)
            status = copy_run(s, walk, until < mcu ? until : mcu, error);
    }
    return status;
}

tile_status tile_splice_end(struct tile_splice *s, struct tile_error *error) {
    tile_status status = make_room(s, 64, error);
    if (status != TILE_OK)
        return status;
    if (s->count) /* T.81, F.1.2.3: the last byte is filled with ones */
        put(s, (1u << (8 - s->count)) - 1, 8 - s->count);
    static const unsigned char end[2] = {0xFF, 0xD9};
    return tile_buffer_append(s->out, end, sizeof end, error);
}
