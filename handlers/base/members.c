/* SPDX-License-Identifier: MIT */
#include "members.h"

#include <inttypes.h>
#include <string.h>

bool members_check(const json_t *object, const char *what, const char *const names[], struct failure *failure) {
    if (!json_is_object(object))
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: must be a JSON object", what);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value) {
        size_t i = 0;
        while (names[i] && strcmp(names[i], name) != 0)
            i++;
        if (!names[i])
            return failure_set(failure, FAILURE_BAD_REQUEST, "%.100s: is no member of %s", name, what);
    }
    return true;
}

bool member_text(const json_t *object, const char *name, const char **out, struct failure *failure) {
    const json_t *value = json_object_get(object, name);
    if (!value)
        return true;
    const char *text = json_string_value(value);
    if (!text || !*text || strlen(text) != json_string_length(value))
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: must be a text that is not empty, without NUL", name);
    *out = text;
    return true;
}

bool member_number(const json_t *object, const char *name, uint64_t least, uint64_t most, uint64_t *out,
                   struct failure *failure) {
    const json_t *value = json_object_get(object, name);
    if (!value)
        return true;
    json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    if (number < 0 || (uint64_t)number < least || (uint64_t)number > most)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: must be an integer from %" PRIu64 " to %" PRIu64, name,
                           least, most);
    *out = (uint64_t)number;
    return true;
}

bool member_flag(const json_t *object, const char *name, bool *out, struct failure *failure) {
    const json_t *value = json_object_get(object, name);
    if (value && !json_is_boolean(value))
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: must be true or false", name);
    *out = value ? json_is_true(value) : *out;
    return true;
}

bool member_range(const json_t *value, const char *name, struct tile_range *out, struct failure *failure) {
    const json_t *offset = json_array_get(value, 0), *size = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_integer(offset) || !json_is_integer(size) ||
        json_integer_value(offset) < 0 || json_integer_value(size) < 0)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: must be [offset, size], in bytes", name);
    *out = (struct tile_range){(uint64_t)json_integer_value(offset), (uint64_t)json_integer_value(size)};
    return true;
}
