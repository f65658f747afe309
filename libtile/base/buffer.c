/* SPDX-License-Identifier: MIT */
#include "buffer.h"

#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

tile_status tile_buffer_reserve(struct tile_buffer *buffer, size_t size, struct tile_error *error) {
    if (size <= buffer->capacity)
        return TILE_OK;
    if (buffer->size == 0) /* what is used again for something larger grows no more than that, and is not held twice */
        tile_buffer_free(buffer);
    size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity + buffer->capacity / 2;
    capacity = capacity < size ? size : capacity;
    uint8_t *data = tile_alloc(buffer->allocator, capacity);
    if (!data)
        return tile_no_memory(error, capacity);
    if (buffer->size)
        memcpy(data, buffer->data, buffer->size);
    tile_free(buffer->allocator, buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
    return TILE_OK;
}

static tile_status write_at(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error) {
    struct tile_buffer *buffer = user;
    size_t end;
    if (offset > SIZE_MAX || !tile_add(&end, (size_t)offset, size))
        return tile_no_memory(error, SIZE_MAX);
    tile_status status = tile_buffer_reserve(buffer, end, error);
    if (status != TILE_OK || size == 0)
        return status;
    if (offset > buffer->size)
        memset(buffer->data + buffer->size, 0, (size_t)offset - buffer->size);
    memcpy(buffer->data + offset, data, size);
    if (end > buffer->size)
        buffer->size = end;
    return TILE_OK;
}

struct tile_writer tile_buffer_writer(struct tile_buffer *buffer) {
    return (struct tile_writer){.user = buffer, .write_at = write_at};
}

void tile_buffer_free(struct tile_buffer *buffer) {
    if (!buffer)
        return;
    tile_free(buffer->allocator, buffer->data);
    *buffer = (struct tile_buffer){.allocator = buffer->allocator};
}

tile_status tile_buffer_append(struct tile_buffer *buffer, const void *data, size_t size, struct tile_error *error) {
    return write_at(buffer, buffer->size, data, size, error);
}

tile_status tile_buffer_printf(struct tile_buffer *buffer, struct tile_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    tile_status status = tile_buffer_reserve(buffer, buffer->size + (size_t)length + 1, error);
    if (status != TILE_OK)
        return status;
    va_start(arguments, format);
    vsnprintf((char *)buffer->data + buffer->size, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->size += (size_t)length;
    return TILE_OK;
}

tile_status tile_buffer_number(struct tile_buffer *buffer, double value, struct tile_error *error) {
    char text[40], out[40];
    snprintf(text, sizeof text, "%.9g", value);
    size_t size = 0;
    bool in_point = false; /* a locale's decimal point may be several bytes */
    for (const char *c = text; *c; c++) {
        bool point = !strchr("0123456789+-einfa", *c);
        if (!point || !in_point)
            out[size++] = point ? '.' : *c;
        in_point = point;
    }
    return tile_buffer_append(buffer, out, size, error);
}

/* Bytes of the well-formed UTF-8 sequence at `s`; 0 if there is none (The Unicode Standard, table 3-7). */
static size_t utf8_length(const unsigned char *s) {
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xC2 && s[0] <= 0xDF ? 2 : (s[0] & 0xF0) == 0xE0 ? 3 : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4 : 0;
    unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    for (size_t i = 1; i < length; i++, low = 0x80, high = 0xBF)
        if (s[i] < low || s[i] > high) /* the NUL at the end stops it too */
            return 0;
    return length;
}

tile_status tile_buffer_json_text(struct tile_buffer *buffer, const char *text, struct tile_error *error) {
    tile_status status = tile_buffer_append(buffer, "\"", 1, error);
    for (const unsigned char *s = (const unsigned char *)text; *s && status == TILE_OK;) {
        size_t length = utf8_length(s);
        if (length == 0)
            status = tile_buffer_append(buffer, "\\ufffd", 6, error);
        else if (*s == '"' || *s == '\\')
            status = tile_buffer_printf(buffer, error, "\\%c", *s);
        else if (*s < 0x20)
            status = tile_buffer_printf(buffer, error, "\\u%04x", *s);
        else
            status = tile_buffer_append(buffer, s, length, error);
        s += length ? length : 1;
    }
    return status == TILE_OK ? tile_buffer_append(buffer, "\"", 1, error) : status;
}
