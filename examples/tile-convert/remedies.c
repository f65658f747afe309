/* SPDX-License-Identifier: MIT */
#include "remedies.h"

#include <stdio.h>
#include <string.h>

static const struct {
    tile_remedy remedy;
    const char *text;
} texts[] = {
    {TILE_REMEDY_NO_ALPHA, "--drop-alpha leaves it out, --background RRGGBB lays the pixels on that color"},
    {TILE_REMEDY_NO_PROFILE, "--no-profile leaves it out"},
    {TILE_REMEDY_RAW_CHANNELS, "--raw-channels writes the samples without their meaning"},
    {TILE_REMEDY_OVERWRITE, "--overwrite replaces what is there"},
    {TILE_REMEDY_ASSUME, "--assume SPACE says what the samples are"},
    {TILE_REMEDY_IGNORE_PROFILE, "--ignore-profile takes them as srgb or gray"},
    {TILE_REMEDY_IGNORE_ORIENTATION, "--ignore-orientation leaves the pixels as they are stored"},
    {TILE_REMEDY_LENIENT, "--lenient keeps what decodes"},
    {TILE_REMEDY_NOT_STRICT, "without --strict it is a note"},
    {TILE_REMEDY_PIXELS, "--max-pixels N allows more"},
    {TILE_REMEDY_MEMORY, "--max-memory BYTES allows more"},
    {TILE_REMEDY_METADATA, "--max-metadata BYTES allows more"},
    {TILE_REMEDY_SIDE, "--max-side N allows more"},
};

/* The space that goes with the profile of --to-profile, or the one that every format can carry. */
static const char *space_wanted(const struct arguments *a) {
    const char *model = a->job.to_profile_size >= 20 ? (const char *)a->job.to_profile + 16 : "";
    return strncmp(model, "CMYK", 4) == 0 ? "cmyk" : strncmp(model, "GRAY", 4) == 0 ? "gray" : "srgb";
}

void remedies_print(const struct arguments *a, unsigned remedies) {
    const char *before = " (", *space = space_wanted(a);
    /* What a target profile is of is converted to already. */
    bool other = !a->job.to_profile || (a->job.to_space && a->job.to_space != tile_space_from_name(space));
    if ((remedies & TILE_REMEDY_TO) && other) {
        fprintf(stderr, "%s-t %s %s", before, space, a->job.to_profile ? "goes with it" : "converts them");
        before = "; ";
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (remedies & texts[i].remedy) {
            fprintf(stderr, "%s%s", before, texts[i].text);
            before = "; ";
        }
    if (before[0] == ';')
        fputc(')', stderr);
}
