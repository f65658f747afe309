/* SPDX-License-Identifier: MIT */
/* Reading and writing a JPEG's segments before its entropy-coded data (ITU-T T.81, annex B). */
#ifndef TILE_INDEX_JPEG_HEADER_H
#define TILE_INDEX_JPEG_HEADER_H

#include "index.h"

/* T.81, B.2.3: no MCU of several components has more blocks. */
#define TILE_MCU_BLOCKS 10

/* A table as in DHT: the number of codes of each length, and their symbols. */
struct tile_huffman {
    bool defined;
    uint8_t counts[17]; /* [1] to [16] */
    uint8_t symbols[256];
};

struct tile_jpeg_component {
    uint8_t id, h, v;
    uint8_t dc, ac; /* tables */
};

struct tile_jpeg_header {
    uint32_t width, height;
    int components;
    struct tile_jpeg_component component[4]; /* in the frame's order */
    struct tile_huffman dc[4], ac[4];
    uint32_t restart; /* MCUs from a restart marker to the next; 0: there are none */
    uint64_t data_begin;

    uint32_t mcu_width, mcu_height; /* pixels */
    uint32_t mcus, mcu_rows;        /* across; down */
    int blocks;                     /* in an MCU */
    uint8_t block_component[TILE_MCU_BLOCKS];
    bool subsampled; /* a decoder may use the samples of a neighboring MCU */

    struct tile_buffer kept;    /* segments that affect the pixels: JFIF, Adobe, quantization */
    struct tile_buffer profile; /* segments of the ICC profile */
    uint8_t frame_code;         /* SOF0 or SOF1 */
    uint8_t frame[8 + 3 * 4];   /* the bytes behind that marker, length included */
    uint8_t scan[6 + 2 * 4];    /* the bytes behind SOS, length included */
};

/*
 * Reads up to the entropy-coded data, never beyond `end`. UNSUPPORTED if the coding can have no index; BAD_DATA, with
 * the byte, if the header is damaged. tile_jpeg_header_free is due, also after a failure.
 */
tile_status tile_jpeg_header_read(struct tile_jpeg_header *header, const struct tile_subject *subject, uint64_t end,
                                  struct tile_error *error);
void tile_jpeg_header_free(struct tile_jpeg_header *header);

/*
 * Checks the bytes behind the last MCU, which ends before byte `begin`. BAD_DATA unless they are stray bytes and
 * segments that decoders skip, up to EOI or the end of the file.
 */
tile_status tile_jpeg_check_trailer(const struct tile_subject *subject, uint64_t begin, struct tile_error *error);

/* Appends the header of a JPEG with the same coding and another size, without restart markers. */
tile_status tile_jpeg_header_write(const struct tile_jpeg_header *header, uint32_t width, uint32_t height,
                                   bool with_profile, struct tile_buffer *out, struct tile_error *error);

#endif
