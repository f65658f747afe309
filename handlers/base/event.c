/* SPDX-License-Identifier: MIT */
#include "event.h"

#include "line.h"

#include <stdio.h>

/* jansson's own texts quote what they stopped at. */
static const char *cause(enum json_error_code code) {
    switch (code) {
    case json_error_stack_overflow: return "nested too deeply";
    case json_error_premature_end_of_input: return "it ends too early";
    case json_error_end_of_input_expected: return "something follows its end";
    case json_error_invalid_utf8: return "not UTF-8";
    case json_error_duplicate_key: return "a member is there twice";
    case json_error_numeric_overflow: return "a number is out of range";
    case json_error_null_character:
    case json_error_null_byte_in_key: return "a text contains a NUL";
    case json_error_out_of_memory: return "out of memory";
    default: return "not JSON";
    }
}

/*
 * Commas, colons and opening brackets outside of strings: one fewer than there are values and names, or more. What is
 * nested too deeply for jansson ends its work, and ours.
 */
static size_t count_marks(const char *text, size_t size) {
    size_t count = 0, depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < size && depth <= JSON_PARSER_MAX_DEPTH; i++) {
        bool opens = text[i] == '[' || text[i] == '{', closes = text[i] == ']' || text[i] == '}';
        if (text[i] == '"') {
            quoted = !quoted;
        } else if (quoted) {
            i += text[i] == '\\';
        } else {
            depth += opens;
            depth -= closes && depth > 0;
            count += opens || text[i] == ',' || text[i] == ':';
        }
    }
    return count;
}

json_t *event_parse(const void *text, size_t size, struct failure *failure) {
    if (size > EVENT_MOST) {
        failure_set(failure, FAILURE_LIMIT_EXCEEDED, "event: %zu bytes are more than the %d that are taken", size,
                    EVENT_MOST);
        return NULL;
    }
    size_t marks = count_marks(text, size);
    if (marks > EVENT_MARKS_MOST) {
        failure_set(
            failure, FAILURE_LIMIT_EXCEEDED,
            "event: %zu commas, colons and opening brackets are more than the %d that are taken: make smaller batches",
            marks, EVENT_MARKS_MOST);
        return NULL;
    }
    json_error_t error;
    json_t *event = json_loadb(size ? text : "", size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!event) {
        enum json_error_code code = json_error_code(&error);
        failure_set(failure, code == json_error_out_of_memory ? FAILURE_OUT_OF_MEMORY : FAILURE_BAD_REQUEST,
                    "event: line %d, column %d: %s", error.line, error.column, cause(code));
    }
    return event;
}

void failure_text(char out[FAILURE_TEXT_MOST], const char *type, const char *message) {
    char quoted[2 * sizeof(((struct failure *)0)->message) + 3];
    line_quote(quoted, message);
    snprintf(out, FAILURE_TEXT_MOST, "{\"errorMessage\":%s,\"errorType\":\"%s\",\"stackTrace\":[]}", quoted, type);
}
