/* SPDX-License-Identifier: MIT */
/* What the rooms do with the public tile_buffer: room and text. */
#ifndef TILE_BASE_BUFFER_H
#define TILE_BASE_BUFFER_H

#include "../tile.h"

/* Makes room for `size` bytes in all. */
tile_status tile_buffer_reserve(struct tile_buffer *buffer, size_t size, struct tile_error *error);
/* A NUL stands behind the text, not counted in the size. */
tile_status tile_buffer_printf(struct tile_buffer *buffer, struct tile_error *error, const char *format, ...)
    TILE_PRINTF(3, 4);
/* A number with 9 digits, enough to read the same float back; with a point, whatever the locale. */
tile_status tile_buffer_number(struct tile_buffer *buffer, double value, struct tile_error *error);
/* `text` as a JSON string in quotes. Bytes that are no UTF-8 become U+FFFD. */
tile_status tile_buffer_json_text(struct tile_buffer *buffer, const char *text, struct tile_error *error);

#endif
