/* SPDX-License-Identifier: MIT */
/* What the tests of the tile handler's events share: a task that is right, and its tile, by other decoders. */
#ifndef TEST_HANDLERS_TILE_TASK_H
#define TEST_HANDLERS_TILE_TASK_H

#include "invoke.h"

/* JSON that is right. */
json_t *parse(const char *text);
/* A task that is right, with `members` (may be NULL) added or, where null, taken away. */
json_t *task_with(const char *members);

/* The pixels of that task's tile, out/a.png. */
extern const struct tile_rect usual;
/* The PNG holds these pixels of photo.jpg (width 0: all), as libjpeg decodes it. */
void check_png_of_photo(struct test_bytes png, struct tile_rect rect);
void check_file(const struct place *at, const char *name, struct tile_rect rect);

/* photo.jpg in base64; to be freed. */
char *photo_as_text(void);

/* A place with photo.jpg and rgb8.png, and an environment that tells nothing; for cmocka. */
extern struct place place;
int begin(void **state);
int end(void **state);

#endif
