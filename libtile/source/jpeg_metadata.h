/* SPDX-License-Identifier: MIT */
/* What a JPEG's application segments say. */
#ifndef TILE_SOURCE_JPEG_METADATA_H
#define TILE_SOURCE_JPEG_METADATA_H

#include "source.h"

#include <stdio.h>

#include <jpeglib.h>

/* Of the first EXIF segment among `markers`. */
struct tile_exif tile_jpeg_exif(jpeg_saved_marker_ptr markers);
/* Joins the segments of the ICC profile, and sets or drops it. */
tile_status tile_jpeg_profile(tile_source *source, jpeg_saved_marker_ptr markers, struct tile_error *error);
/* Notes what the file holds beside its picture: a gain map, further pictures. */
tile_status tile_jpeg_note_others(tile_source *source, jpeg_saved_marker_ptr markers, struct tile_error *error);

#endif
