/* SPDX-License-Identifier: MIT */
/* An encoder's output, and the first failure, which it notes. */
#include "encoder.h"

#include "../base/error.h"
#include "../base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tile_encoder_fail(tile_encoder *encoder, tile_status status, const char *format, ...) {
    if (tile_encoder_failed(encoder))
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(encoder->failure.message, sizeof encoder->failure.message, format, arguments);
    va_end(arguments);
    encoder->failure.status = status;
}

void *tile_encoder_alloc(tile_encoder *encoder, size_t size) {
    void *memory = tile_alloc(encoder->allocator, size);
    if (!memory && !tile_encoder_failed(encoder))
        tile_no_memory(&encoder->failure, size);
    return memory;
}

bool tile_encoder_go_on(tile_encoder *encoder, uint64_t bytes) {
    struct tile_error error;
    if (!tile_encoder_failed(encoder) && tile_watch_pass(&encoder->watch, bytes, &error) != TILE_OK)
        tile_encoder_fail(encoder, error.status, "%s", error.message);
    return !tile_encoder_failed(encoder);
}

bool tile_encoder_put_at(tile_encoder *encoder, uint64_t offset, const void *data, size_t size) {
    if (tile_encoder_failed(encoder))
        return false;
    struct tile_error error = {.status = TILE_OK};
    tile_status status = encoder->writer.write_at(encoder->writer.user, offset, data, size, &error);
    if (status != TILE_OK)
        tile_encoder_fail(encoder, status, "%s", error.message[0] ? error.message : "the writer failed");
    return status == TILE_OK;
}

static bool append(tile_encoder *encoder, const void *data, size_t size) {
    if (!tile_encoder_put_at(encoder, encoder->offset, data, size))
        return false;
    encoder->offset += size;
    return tile_encoder_go_on(encoder, size);
}

bool tile_encoder_flush(tile_encoder *encoder) {
    size_t size = encoder->buffered;
    encoder->buffered = 0;
    return size == 0 ? !tile_encoder_failed(encoder) : append(encoder, encoder->buffer, size);
}

bool tile_encoder_put(tile_encoder *encoder, const void *data, size_t size) {
    if (size > TILE_ENCODER_BUFFER - encoder->buffered && !tile_encoder_flush(encoder))
        return false;
    if (size > TILE_ENCODER_BUFFER)
        return append(encoder, data, size);
    memcpy(encoder->buffer + encoder->buffered, data, size);
    encoder->buffered += size;
    return !tile_encoder_failed(encoder);
}

tile_status tile_encoder_failure(const tile_encoder *encoder, struct tile_error *error) {
    if (error)
        *error = encoder->failure;
    return encoder->failure.status;
}
