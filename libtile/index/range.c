/* SPDX-License-Identifier: MIT */
#include "index.h"

#include "../base/memory.h"

#include <string.h>

tile_status tile_range_add(struct tile_range_list *list, uint64_t offset, uint64_t size, uint64_t gap,
                           struct tile_error *error) {
    struct tile_range *last = list->count ? &list->ranges[list->count - 1] : NULL;
    if (size == 0)
        return TILE_OK;
    if (last && offset <= last->offset + last->size + gap) {
        uint64_t end = offset + size, old = last->offset + last->size;
        last->size = (end > old ? end : old) - last->offset;
        return TILE_OK;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 32;
        struct tile_range *grown = tile_alloc(list->allocator, capacity * sizeof *grown);
        if (!grown)
            return tile_no_memory(error, capacity * sizeof *grown);
        if (list->count)
            memcpy(grown, list->ranges, list->count * sizeof *grown);
        tile_free(list->allocator, list->ranges);
        list->ranges = grown;
        list->capacity = capacity;
    }
    list->ranges[list->count++] = (struct tile_range){offset, size};
    return TILE_OK;
}
