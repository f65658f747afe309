/* SPDX-License-Identifier: MIT */
#include "jpeg_header.h"

#include "../base/buffer.h"

#include <string.h>

/* T.81, table B.1. */
enum {
    SOF0 = 0xC0,
    SOF1 = 0xC1,
    SOF15 = 0xCF,
    DHT = 0xC4,
    JPG = 0xC8,
    DAC = 0xCC,
    RST0 = 0xD0,
    SOI = 0xD8,
    EOI = 0xD9,
    SOS = 0xDA,
    DQT = 0xDB,
    DNL = 0xDC,
    DRI = 0xDD,
    APP0 = 0xE0,
    APP2 = 0xE2,
    APP14 = 0xEE,
    APP15 = 0xEF,
    COM = 0xFE,
    TEM = 0x01,
};

struct reading {
    const struct tile_subject *subject;
    uint64_t end;        /* of what may be read */
    uint64_t at;         /* the next byte */
    uint64_t window_end; /* the window holds the bytes up to here */
    size_t window_size;
    unsigned char window[4096];
    unsigned char segment[65536]; /* the content of the last one, length excluded */
    size_t size;
    bool stray; /* bytes that are none of a marker stood before the last one */
};

static tile_status damaged(const struct reading *r, struct tile_error *error, const char *cause) {
    return tile_error_set(error, TILE_BAD_DATA, "has a damaged header at byte %ju: %s", (uintmax_t)r->at, cause);
}

static tile_status read_bytes(struct reading *r, unsigned char *to, size_t size, struct tile_error *error) {
    const struct tile_reader *reader = &r->subject->reader;
    while (size > 0) {
        if (r->at < r->window_end - r->window_size || r->at >= r->window_end) {
            if (r->at >= r->end)
                return damaged(r, error, "it ends early");
            uint64_t left = r->end - r->at;
            r->window_size = left < sizeof r->window ? (size_t)left : sizeof r->window;
            tile_status status = reader->read_at(reader->user, r->at, r->window, r->window_size, error);
            if (status != TILE_OK) {
                r->window_size = 0;
                return status;
            }
            r->window_end = r->at + r->window_size;
        }
        size_t there = (size_t)(r->window_end - r->at), part = size < there ? size : there;
        memcpy(to, r->window + r->window_size - there, part);
        to += part;
        size -= part;
        r->at += part;
    }
    return TILE_OK;
}

/* The next marker; what stands before it that is none is passed over, as decoders do. */
static tile_status read_marker(struct reading *r, uint8_t *marker, struct tile_error *error) {
    bool after_ff = false;
    r->stray = false;
    for (;;) {
        unsigned char byte;
        tile_status status = read_bytes(r, &byte, 1, error);
        if (status != TILE_OK)
            return status;
        if (byte == 0xFF) {
            after_ff = true;
        } else if (after_ff && byte != 0) {
            *marker = byte;
            return TILE_OK;
        } else {
            after_ff = false;
            r->stray = true;
        }
    }
}

/*
 * The length of the segment that begins here; its content is passed over, or read to r->segment. It counts its own two
 * bytes (B.1.1.4); where it says less, decoders take the segment as empty.
 */
static tile_status read_segment(struct reading *r, bool wanted, struct tile_error *error) {
    unsigned char length[2];
    tile_status status = read_bytes(r, length, 2, error);
    if (status != TILE_OK)
        return status;
    r->size = (size_t)length[0] << 8 | length[1];
    r->size = r->size < 2 ? 0 : r->size - 2;
    if (wanted)
        return read_bytes(r, r->segment, r->size, error);
    r->at += r->size;
    return TILE_OK;
}

static tile_status keep(struct reading *r, uint8_t marker, struct tile_buffer *to, struct tile_error *error) {
    const unsigned char head[4] = {0xFF, marker, (unsigned char)((r->size + 2) >> 8), (unsigned char)(r->size + 2)};
    if (to->size > r->subject->limits.metadata)
        return tile_error_set(error, TILE_LIMIT_EXCEEDED, "has more than %ju bytes of metadata, which is the limit",
                              (uintmax_t)r->subject->limits.metadata);
    tile_status status = tile_buffer_append(to, head, sizeof head, error);
    return status == TILE_OK ? tile_buffer_append(to, r->segment, r->size, error) : status;
}

/* B.2.4.2; a later table of the same place replaces an earlier one. */
static tile_status read_tables(struct tile_jpeg_header *h, struct reading *r, struct tile_error *error) {
    for (size_t at = 0; at < r->size;) {
        if (r->size - at < 17)
            return damaged(r, error, "a Huffman table is cut off");
        unsigned place = r->segment[at];
        size_t count = 0;
        for (int i = 1; i <= 16; i++)
            count += r->segment[at + (size_t)i];
        if (place > 0x1F || (place & 15) > 3 || count > 256 || r->size - at - 17 < count)
            return damaged(r, error, "a Huffman table cannot be");
        struct tile_huffman *table = place & 0x10 ? &h->ac[place & 15] : &h->dc[place & 15];
        *table = (struct tile_huffman){.defined = true};
        memcpy(table->counts + 1, r->segment + at + 1, 16);
        memcpy(table->symbols, r->segment + at + 17, count);
        at += 17 + count;
    }
    return TILE_OK;
}

/* B.2.2 */
static tile_status read_frame(struct tile_jpeg_header *h, struct reading *r, uint8_t marker, struct tile_error *error) {
    const unsigned char *s = r->segment;
    if (h->components)
        return damaged(r, error, "a second frame");
    if (r->size < 6 || s[5] < 1 || s[5] > 4 || r->size != 6 + 3 * (size_t)s[5])
        return damaged(r, error, "a frame that cannot be");
    h->height = (uint32_t)s[1] << 8 | s[2];
    h->width = (uint32_t)s[3] << 8 | s[4];
    if (s[0] != 8)
        return tile_error_set(error, TILE_UNSUPPORTED, "has %d-bit samples, of which no index can be made", s[0]);
    if (h->width == 0 || h->height == 0)
        return damaged(r, error, "a frame without size");
    h->components = s[5];
    for (int i = 0; i < h->components; i++) {
        const unsigned char *c = s + 6 + 3 * i;
        h->component[i] = (struct tile_jpeg_component){.id = c[0], .h = c[1] >> 4, .v = c[1] & 15};
        if (h->component[i].h < 1 || h->component[i].h > 4 || h->component[i].v < 1 || h->component[i].v > 4)
            return damaged(r, error, "a sampling factor that cannot be");
    }
    h->frame_code = marker;
    h->frame[0] = 0;
    h->frame[1] = (uint8_t)(r->size + 2);
    memcpy(h->frame + 2, s, r->size);
    return TILE_OK;
}

/* B.2.3, A.2: what an MCU is made of. */
static tile_status read_scan(struct tile_jpeg_header *h, struct reading *r, struct tile_error *error) {
    const unsigned char *s = r->segment;
    if (h->components == 0 || r->size < 1 || r->size != 4 + 2 * (size_t)s[0])
        return damaged(r, error, "a scan that cannot be");
    if (s[0] != h->components)
        return tile_error_set(error, TILE_UNSUPPORTED, "is coded in several scans, of which no index can be made");
    uint32_t most_h = 1, most_v = 1;
    for (int i = 0; i < h->components; i++) {
        most_h = h->component[i].h > most_h ? h->component[i].h : most_h;
        most_v = h->component[i].v > most_v ? h->component[i].v : most_v;
    }
    bool single = h->components == 1, taken[4] = {false};
    for (int i = 0; i < h->components; i++) {
        int found = 0;
        while (found < h->components && (taken[found] || h->component[found].id != s[1 + 2 * i]))
            found++;
        if (found == h->components)
            return damaged(r, error, "a scan of a component that the frame does not have");
        struct tile_jpeg_component *c = &h->component[found];
        taken[found] = true;
        c->dc = s[2 + 2 * i] >> 4;
        c->ac = s[2 + 2 * i] & 15;
        if (c->dc > 3 || c->ac > 3)
            return damaged(r, error, "a Huffman table's number that cannot be");
        if (!h->dc[c->dc].defined || !h->ac[c->ac].defined)
            return tile_error_set(error, TILE_UNSUPPORTED, "can have no index: it is %s", TILE_JPEG_NO_TABLES);
        h->subsampled |= c->h != most_h || c->v != most_v;
        int blocks = single ? 1 : c->h * c->v;
        if (h->blocks + blocks > TILE_MCU_BLOCKS)
            return damaged(r, error, "an MCU of too many blocks");
        for (int b = 0; b < blocks; b++)
            h->block_component[h->blocks++] = (uint8_t)found;
    }
    h->mcu_width = 8 * (single ? 1 : most_h);
    h->mcu_height = 8 * (single ? 1 : most_v);
    h->mcus = (h->width + h->mcu_width - 1) / h->mcu_width;
    h->mcu_rows = (h->height + h->mcu_height - 1) / h->mcu_height;
    h->scan[0] = 0;
    h->scan[1] = (uint8_t)(r->size + 2);
    memcpy(h->scan + 2, s, r->size);
    return TILE_OK;
}

static bool is_frame(uint8_t marker) {
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

static bool has_no_segment(uint8_t marker) {
    return (marker >= RST0 && marker < SOI) || marker == TEM;
}

static bool begins(const struct reading *r, const char *with, size_t size) {
    return r->size >= size && memcmp(r->segment, with, size) == 0;
}

static tile_status read_all(struct tile_jpeg_header *h, struct reading *r, struct tile_error *error) {
    uint8_t marker;
    tile_status status = read_marker(r, &marker, error);
    if (status == TILE_OK && (marker != SOI || r->at != 2))
        return damaged(r, error, "it does not begin as a JPEG");
    while (status == TILE_OK && (status = read_marker(r, &marker, error)) == TILE_OK) {
        if (has_no_segment(marker))
            continue;
        if (marker == SOI || marker == EOI)
            return damaged(r, error, "a marker that cannot be here");
        bool frame = is_frame(marker);
        if (frame && marker != SOF0 && marker != SOF1)
            return tile_error_set(error, TILE_UNSUPPORTED,
                                  "is progressive, arithmetic coded or the like, of which no index can be made");
        bool wanted = frame || marker == DHT || marker == DQT || marker == DRI || marker == SOS || marker == APP0 ||
                      marker == APP2 || marker == APP14;
        status = read_segment(r, wanted, error);
        if (status != TILE_OK || !wanted)
            continue;
        if (frame)
            status = read_frame(h, r, marker, error);
        else if (marker == DHT)
            status = read_tables(h, r, error);
        else if (marker == DRI && r->size != 2)
            status = damaged(r, error, "a restart interval that cannot be");
        else if (marker == DRI)
            h->restart = (uint32_t)r->segment[0] << 8 | r->segment[1];
        else if (marker == DQT || (marker == APP0 && begins(r, "JFIF", 5)) ||
                 (marker == APP14 && begins(r, "Adobe", 5)))
            status = keep(r, marker, &h->kept, error);
        else if (marker == APP2 && begins(r, "ICC_PROFILE", 12))
            status = keep(r, marker, &h->profile, error);
        else if (marker == SOS) {
            h->data_begin = r->at;
            return read_scan(h, r, error);
        }
    }
    return status;
}

tile_status tile_jpeg_header_read(struct tile_jpeg_header *header, const struct tile_subject *subject, uint64_t end,
                                  struct tile_error *error) {
    struct reading reading = {.subject = subject, .end = end};
    *header = (struct tile_jpeg_header){.kept.allocator = subject->allocator, .profile.allocator = subject->allocator};
    tile_status status = read_all(header, &reading, error);
    if (status == TILE_OK && (header->width != subject->width || header->height != subject->height))
        status = tile_error_set(error, TILE_SOURCE_CHANGED, "changed while it was read: its header is another");
    return status;
}

/* Tables and the like: behind the scan, nothing is left that they could be for. libjpeg ignores DNL. */
static bool is_passed_over(uint8_t marker) {
    return marker == DHT || marker == DAC || marker == DQT || marker == DNL || marker == DRI ||
           (marker >= APP0 && marker <= APP15) || marker == COM;
}

tile_status tile_jpeg_check_trailer(const struct tile_subject *subject, uint64_t begin, struct tile_error *error) {
    struct reading r = {.subject = subject, .end = subject->reader.size, .at = begin};
    struct tile_error why = {0};
    tile_status status = TILE_OK;
    while (status == TILE_OK) {
        uint8_t marker = EOI;
        status = read_marker(&r, &marker, &why);
        const char *cause = NULL;
        if (marker == EOI)
            break;
        if (is_passed_over(marker))
            status = read_segment(&r, false, &why);
        else if (is_frame(marker))
            cause = "a second frame";
        else if (marker == SOS)
            cause = "a second scan";
        else if (!has_no_segment(marker))
            cause = "a marker that cannot be";
        else if (marker != TEM && r.stray) /* the rest of MCUs that went wrong */
            cause = "data and a restart marker";
        if (cause)
            return tile_error_set(error, TILE_BAD_DATA, "is damaged at byte %ju: %s behind its last row",
                                  (uintmax_t)r.at - 2, cause);
    }
    if (status == TILE_OK || r.at >= r.end) /* the file's end stands for EOI */
        return TILE_OK;
    return tile_error_set(error, status, "%s", why.message);
}

void tile_jpeg_header_free(struct tile_jpeg_header *header) {
    tile_buffer_free(&header->kept);
    tile_buffer_free(&header->profile);
}

/* ---- Writing ----------------------------------------------------------------------------------------------- */

static tile_status put_marker(struct tile_buffer *out, uint8_t marker, struct tile_error *error) {
    const unsigned char bytes[2] = {0xFF, marker};
    return tile_buffer_append(out, bytes, 2, error);
}

static tile_status put_table(struct tile_buffer *out, const struct tile_huffman *table, unsigned place,
                             struct tile_error *error) {
    if (!table->defined)
        return TILE_OK;
    size_t count = 0;
    for (int i = 1; i <= 16; i++)
        count += table->counts[i];
    size_t size = 2 + 1 + 16 + count;
    const unsigned char head[3] = {(unsigned char)(size >> 8), (unsigned char)size, (unsigned char)place};
    tile_status status = put_marker(out, DHT, error);
    if (status == TILE_OK)
        status = tile_buffer_append(out, head, sizeof head, error);
    if (status == TILE_OK)
        status = tile_buffer_append(out, table->counts + 1, 16, error);
    return status == TILE_OK ? tile_buffer_append(out, table->symbols, count, error) : status;
}

tile_status tile_jpeg_header_write(const struct tile_jpeg_header *h, uint32_t width, uint32_t height, bool with_profile,
                                   struct tile_buffer *out, struct tile_error *error) {
    unsigned char frame[sizeof h->frame];
    memcpy(frame, h->frame, sizeof frame);
    frame[3] = (unsigned char)(height >> 8);
    frame[4] = (unsigned char)height;
    frame[5] = (unsigned char)(width >> 8);
    frame[6] = (unsigned char)width;
    tile_status status = put_marker(out, SOI, error);
    if (status == TILE_OK)
        status = tile_buffer_append(out, h->kept.data, h->kept.size, error);
    if (status == TILE_OK && with_profile)
        status = tile_buffer_append(out, h->profile.data, h->profile.size, error);
    if (status == TILE_OK)
        status = put_marker(out, h->frame_code, error);
    if (status == TILE_OK)
        status = tile_buffer_append(out, frame, frame[1], error);
    for (unsigned i = 0; i < 4 && status == TILE_OK; i++)
        status = put_table(out, &h->dc[i], i, error);
    for (unsigned i = 0; i < 4 && status == TILE_OK; i++)
        status = put_table(out, &h->ac[i], 0x10 | i, error);
    if (status == TILE_OK)
        status = put_marker(out, SOS, error);
    return status == TILE_OK ? tile_buffer_append(out, h->scan, h->scan[1], error) : status;
}
