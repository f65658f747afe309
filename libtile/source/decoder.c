/* SPDX-License-Identifier: MIT */
/* What a decoder asks of its source: the next bytes of the file, and to remember what is wrong with it. */
#include "source.h"

#include "../base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

tile_status tile_input_fill(struct tile_input *input, size_t *size, struct tile_error *error) {
    uint64_t left = input->reader.size - input->offset;
    *size = left < sizeof input->buffer ? (size_t)left : sizeof input->buffer;
    if (*size == 0)
        return TILE_OK;
    tile_status status = input->reader.read_at(input->reader.user, input->offset, input->buffer, *size, error);
    input->offset += *size;
    return status;
}

tile_status tile_source_damaged(tile_source *source, const char *remedy, struct tile_error *error, const char *format,
                                ...) {
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!source->options.lenient)
        return tile_error_advise(error, TILE_REMEDY_LENIENT, TILE_BAD_DATA, "%s", text);
    if (!source->damage[0]) /* what follows is most often of the same cause */
        snprintf(source->damage, sizeof source->damage, "%s%s", text, remedy);
    return TILE_OK;
}

tile_status tile_source_notice(tile_source *source, unsigned remedies, struct tile_error *error, const char *format,
                               ...) {
    char text[sizeof source->notes[0]];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (source->options.strict)
        return tile_error_advise(error, remedies | TILE_REMEDY_NOT_STRICT, TILE_BAD_DATA, "%s", text);
    for (int i = 0; i < source->note_count; i++) /* going back reads the file again */
        if (strcmp(source->notes[i], text) == 0)
            return TILE_OK;
    if (source->note_count < TILE_SOURCE_NOTES)
        snprintf(source->notes[source->note_count++], sizeof text, "%s", text);
    return TILE_OK;
}
