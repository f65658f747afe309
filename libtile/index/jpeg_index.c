/* SPDX-License-Identifier: MIT */
#include "index.h"

static tile_status none(struct tile_error *error) {
    return tile_error_set(error, TILE_UNSUPPORTED, "cannot be indexed");
}
static tile_status build(struct tile_pass *pass, struct tile_index_header *header, struct tile_buffer *payload,
                         struct tile_error *error) {
    (void)pass, (void)header, (void)payload;
    return none(error);
}
static tile_status open(struct tile_access *access, struct tile_error *error) {
    (void)access;
    return none(error);
}
static void close(struct tile_access *access) {
    (void)access;
}
static tile_status cut(const struct tile_access *access, struct tile_rect region, struct tile_piece *piece,
                       struct tile_error *error) {
    (void)access, (void)region, (void)piece;
    return none(error);
}
static tile_status ranges(const struct tile_access *access, struct tile_rect region, struct tile_range_list *list,
                          struct tile_error *error) {
    (void)access, (void)region, (void)list;
    return none(error);
}
static tile_status part(const struct tile_access *access, struct tile_rect region, struct tile_index_header *header,
                        struct tile_buffer *payload, struct tile_error *error) {
    (void)access, (void)region, (void)header, (void)payload;
    return none(error);
}

const struct tile_index_codec tile_jpeg_index = {build, open, close, cut, ranges, part};

tile_status tile_jpeg_extract(const struct tile_access *access, struct tile_rect region, struct tile_buffer *out,
                              struct tile_error *error) {
    (void)access, (void)region, (void)out;
    return none(error);
}
