/* SPDX-License-Identifier: MIT */
/* Capacity and text of the public tile_buffer. */
#ifndef TILE_BASE_BUFFER_H
#define TILE_BASE_BUFFER_H

#include "../tile.h"

/* Grows the capacity to at least `size` bytes. */
tile_status tile_buffer_reserve(struct tile_buffer *buffer, size_t size, struct tile_error *error);
/* Appends text. A NUL stands behind the text and is not counted in the size. */
tile_status tile_buffer_printf(struct tile_buffer *buffer, struct tile_error *error, const char *format, ...)
    TILE_PRINTF(3, 4);
/* Appends a number with 9 digits, enough to read the same float back; with a point in every locale. */
tile_status tile_buffer_number(struct tile_buffer *buffer, double value, struct tile_error *error);
/* Appends `text` as a JSON string in quotes. Bytes that are not UTF-8 become U+FFFD. */
tile_status tile_buffer_json_text(struct tile_buffer *buffer, const char *text, struct tile_error *error);

#endif
