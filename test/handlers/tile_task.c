/* SPDX-License-Identifier: MIT */
#include "picture.h"
#include "tile_task.h"

const struct tile_rect usual = {8, 16, 50, 40};

struct place place;

static void forget_environment(void) {
    static const char *const names[] = {"TILE_TASK", "TILE_RESPONSE_MODE", "TILE_MAX_PIXELS", "TILE_MAX_MEMORY",
                                        "TILE_MAX_METADATA"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

int begin(void **state) {
    (void)state;
    place_begin(&place);
    place_add(&place, "photo.jpg");
    place_add(&place, "rgb8.png");
    forget_environment();
    return 0;
}

int end(void **state) {
    (void)state;
    place_end(&place);
    forget_environment();
    return 0;
}

json_t *parse(const char *text) {
    json_error_t why;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &why);
    if (!json)
        fail_msg("%s: %s", text, why.text);
    return json;
}

json_t *task_with(const char *members) {
    json_t *task =
        parse("{\"source\":\"photo.jpg\",\"region\":[8,16,50,40],\"format\":\"png\",\"output\":\"out/a.png\"}");
    json_t *changes = members ? parse(members) : json_object();
    const char *name;
    json_t *value;
    json_object_foreach(changes, name, value) {
        if (json_is_null(value))
            json_object_del(task, name);
        else
            json_object_set(task, name, value);
    }
    json_decref(changes);
    return task;
}

void check_png_of_photo(struct test_bytes png, struct tile_rect rect) {
    struct test_bytes photo = test_read_file(test_fixture("photo.jpg"));
    unsigned char *expected = jpeg_pixels(photo, JCS_UNKNOWN);
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    d.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, photo.data, photo.size);
    jpeg_read_header(&d, TRUE);
    uint32_t across = d.image_width;
    if (rect.width == 0)
        rect = (struct tile_rect){0, 0, d.image_width, d.image_height};
    jpeg_destroy_decompress(&d);
    struct stored stored;
    unsigned char *got = png_pixels(&(struct tile_buffer){.data = png.data, .size = png.size}, &stored);
    assert_non_null(got);
    assert_int_equal(stored.width, rect.width);
    assert_int_equal(stored.height, rect.height);
    assert_int_equal(stored.step, 3);
    size_t row = (size_t)rect.width * 3;
    for (uint32_t y = 0; y < rect.height; y++)
        assert_memory_equal(got + y * row, expected + ((size_t)(rect.y + y) * across + rect.x) * 3, row);
    free(got);
    free(expected);
    free(photo.data);
}

void check_file(const struct place *at, const char *name, struct tile_rect rect) {
    struct test_bytes png = test_read_file(place_path(at, name));
    check_png_of_photo(png, rect);
    free(png.data);
}

char *photo_as_text(void) {
    struct test_bytes photo = test_read_file(test_fixture("photo.jpg"));
    char *text = base64_of(photo.data, photo.size);
    free(photo.data);
    return text;
}
