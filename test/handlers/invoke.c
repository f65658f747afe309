/* SPDX-License-Identifier: MIT */
#include "invoke.h"

#include <unistd.h>

void place_begin(struct place *place) {
    memset(place, 0, sizeof *place);
    place->folder = test_folder_new();
    struct storage_options options = {.root = place->folder};
    assert_true(storage_new(&place->storage, &options, &place->failure));
    metrics_begin(&place->metrics);
    place->call = (struct call){.id = "test",
                                .deadline = INT64_MAX,
                                .memory = (uint64_t)1 << 30,
                                .storage = place->storage,
                                .metrics = &place->metrics};
}

void place_end(struct place *place) {
    storage_free(place->storage);
    test_folder_remove(place->folder);
}

void place_add(const struct place *place, const char *fixture) {
    struct test_bytes bytes = test_read_file(test_fixture(fixture));
    test_write_file(place_path(place, fixture), bytes.data, bytes.size);
    free(bytes.data);
}

const char *place_path(const struct place *place, const char *name) {
    return test_path(place->folder, name);
}

bool place_has(const struct place *place, const char *name) {
    return access(place_path(place, name), F_OK) == 0;
}

struct test_bytes invoke_bytes(struct place *place, handle *handler, json_t *event) {
    struct response response = {0};
    assert_non_null(event);
    place->failure = (struct failure){0};
    bool done = handler(&place->call, event, &response, &place->failure);
    json_decref(event);
    struct test_bytes bytes = {0};
    if (done) {
        bytes.data = malloc(response.body.size + 1);
        bytes.size = response.body.size;
        memcpy(bytes.data, response.body.data, bytes.size);
    } else {
        size_t length = strlen(place->failure.message);
        assert_true(length > 0 && !strchr(place->failure.message, '\n') && place->failure.message[length - 1] != '.');
    }
    place->streamed = done && response.streamed;
    tile_buffer_free(&response.body);
    return bytes;
}

json_t *invoke(struct place *place, handle *handler, json_t *event) {
    struct test_bytes bytes = invoke_bytes(place, handler, event);
    json_t *json = bytes.data ? json_loadb((const char *)bytes.data, bytes.size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    assert_true(json || !bytes.data);
    free(bytes.data);
    return json;
}

json_t *invoke_ok(struct place *place, handle *handler, json_t *event) {
    json_t *response = invoke(place, handler, event);
    if (!response)
        fail_msg("%s: %s", failure_type(place->failure.kind), place->failure.message);
    return response;
}

void invoke_fails(struct place *place, handle *handler, json_t *event, enum failure_kind kind, ...) {
    char *text = json_dumps(event, JSON_ENCODE_ANY);
    json_t *response = invoke(place, handler, event);
    if (response || place->failure.kind != kind)
        fail_msg("%.300s: %s instead of %s: %s", text, response ? "done" : failure_type(place->failure.kind),
                 failure_type(kind), place->failure.message);
    va_list words;
    va_start(words, kind);
    for (const char *word; (word = va_arg(words, const char *));)
        if (!strstr(place->failure.message, word))
            fail_msg("%.300s: no \"%s\" in \"%s\"", text, word, place->failure.message);
    va_end(words);
    free(text);
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_of(const void *data, size_t size) {
    const unsigned char *bytes = data;
    char *text = calloc(size / 3 * 4 + 5, 1), *to = text;
    for (size_t i = 0; i < size; i += 3) {
        unsigned long bits = (unsigned long)bytes[i] << 16;
        if (i + 1 < size)
            bits |= (unsigned long)bytes[i + 1] << 8;
        if (i + 2 < size)
            bits |= bytes[i + 2];
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
        *to++ = i + 2 < size ? digits[bits & 63] : '=';
    }
    return text;
}

struct test_bytes bytes_of_base64(const char *text) {
    size_t length = strlen(text), bits = 0;
    struct test_bytes out = {.data = calloc(length + 1, 1)};
    unsigned long held = 0;
    assert_int_equal(length % 4, 0);
    for (; *text && *text != '='; text++) {
        const char *digit = strchr(digits, *text);
        assert_non_null(digit);
        held = held << 6 | (unsigned long)(digit - digits);
        bits += 6;
        if (bits >= 8)
            out.data[out.size++] = (unsigned char)(held >> (bits -= 8));
    }
    return out;
}
