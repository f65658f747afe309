/* SPDX-License-Identifier: MIT */
/* The metadata in a JPEG's application segments. */
#ifndef TILE_SOURCE_JPEG_METADATA_H
#define TILE_SOURCE_JPEG_METADATA_H

#include "source.h"

#include <stdio.h>

#include <jpeglib.h>

/* Reads the first EXIF segment among `markers`. */
struct tile_exif tile_jpeg_exif(jpeg_saved_marker_ptr markers);
/* Joins the segments of the ICC profile, and sets or drops it. */
tile_status tile_jpeg_profile(tile_source *source, jpeg_saved_marker_ptr markers, struct tile_error *error);
/* Adds notes about a gain map and further pictures in the file. */
tile_status tile_jpeg_note_others(tile_source *source, jpeg_saved_marker_ptr markers, struct tile_error *error);

#endif
