/* SPDX-License-Identifier: MIT */
#include "output.h"

#include "suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *last_component(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The suffix of a file's name, with its dot; NULL where it has none. A name that begins with its only dot is hidden. */
static const char *suffix_of(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? dot : NULL;
}

/* Bytes of a file's name without its suffix; of a name that would be no folder's (".jpg", "...jpg"), all of it. */
static int stem_length(const char *name) {
    const char *dot = strrchr(name, '.');
    bool nothing = !dot || strspn(name, ".") >= (size_t)(dot - name);
    return (int)(nothing ? strlen(name) : (size_t)(dot - name));
}

/* ---- A folder or an image ---- */

/* A suffix that is no format's is more likely a mistake than a folder's name. */
static bool refuse_suffix(const char *output, const char *suffix) {
    struct suggestion near = {NULL, 0};
    for (int i = TILE_CODEC_UNSET + 1; i < TILE_CODEC_COUNT; i++)
        if (tile_codec_can_write((tile_codec)i))
            suggest(&near, suffix + 1, tile_codec_name((tile_codec)i));
    return usage("%s: no image is written as %s%s%s%s, but as %s; a folder of that name takes a slash at its end",
                 output, suffix, near.name ? " (is ." : "", near.name ? near.name : "", near.name ? " meant?)" : "",
                 tile_codec_names((char[TILE_CODEC_NAMES]){0}, TILE_CODEC_NAMES));
}

/* Whether what is written for `input` is an image, by the suffix; its format is `*codec` then. */
static bool settle_suffix(const struct arguments *a, const char *suffix, const char *input, tile_codec *codec) {
    const char *own = suffix_of(last_component(input));
    *codec = TILE_CODEC_UNSET;
    if (!suffix)
        return true;
    if (strcmp(suffix, ".{ext}") == 0)
        suffix = own ? own : ".";
    else if (strchr(suffix, '{'))
        return true;
    *codec = tile_codec_from_suffix(suffix);
    if (*codec == TILE_CODEC_UNSET)
        return refuse_suffix(a->output, suffix);
    if (!tile_codec_can_write(*codec))
        return usage("%s: this build cannot write %s, but %s", a->output, suffix,
                     tile_codec_names((char[TILE_CODEC_NAMES]){0}, TILE_CODEC_NAMES));
    return a->job.codec == TILE_CODEC_UNSET || a->job.codec == *codec ||
           usage("%s: its suffix and --format %s differ", a->output, tile_codec_name(a->job.codec));
}

static bool settle_kind(struct arguments *a) {
    struct stat facts;
    const char *name = last_component(a->output), *suffix = suffix_of(name);
    bool pattern = strchr(a->output, '{');
    tile_codec codec = TILE_CODEC_UNSET;
    if (strcmp(a->output, "-") == 0)
        return usage("-: nothing is written to standard output: name a folder or an image");
    if (*name == '\0' || (!pattern && stat(a->output, &facts) == 0 && S_ISDIR(facts.st_mode)))
        return true;
    for (int i = 0; i < a->input_count; i++)
        if (!settle_suffix(a, suffix, a->inputs[i], &codec))
            return false;
    a->one_image = codec != TILE_CODEC_UNSET;
    if (!a->one_image)
        return true;
    if (a->input_count > 1 && !pattern)
        return usage("%s: one new image is made of one input, not of %d; -o '{name}%s' makes one of each", a->output,
                     a->input_count, suffix);
    if (a->region_count > 1)
        return usage("%s: one new image is made of one --region, not of %zu", a->output, a->region_count);
    if (a->tile_given || a->grid.overlap || a->grid.edge != TILE_EDGE_CLIP)
        return usage("%s: one new image has no tiles: --tile, --overlap and --edge go with a folder", a->output);
    return true;
}

/* ---- For each input ---- */

/* Copies `pattern` with {name}, {ext} and {n} of input `number` in place; NULL without memory. */
static char *expand(const char *pattern, const char *input, int number) {
    const char *name = last_component(input);
    int stem = stem_length(name);
    const char *ext = name[stem] == '.' ? name + stem + 1 : "";
    size_t size = 1;
    for (const char *c = pattern; *c; c++)
        size += *c == '{' ? strlen(name) + 16 : 1;
    char *out = malloc(size), *end = out;
    for (const char *c = pattern; out && *c;) {
        size_t room = size - (size_t)(end - out);
        if (strncmp(c, "{name}", 6) == 0)
            end += snprintf(end, room, "%.*s", stem, name), c += 6;
        else if (strncmp(c, "{ext}", 5) == 0)
            end += snprintf(end, room, "%s", ext), c += 5;
        else if (strncmp(c, "{n}", 3) == 0)
            end += snprintf(end, room, "%d", number), c += 3;
        else
            *end++ = *c++;
    }
    if (out)
        *end = '\0';
    return out;
}

static bool check_pattern(const char *pattern) {
    for (const char *c = pattern; (c = strchr(c, '{')); c++)
        if (strncmp(c, "{name}", 6) != 0 && strncmp(c, "{ext}", 5) != 0 && strncmp(c, "{n}", 3) != 0)
            return usage("%s: %.*s is none of {name}, {ext} and {n}", pattern, (int)strcspn(c, "}/") + 1, c);
    return true;
}

struct pair {
    const char *output, *input;
};

static int compare(const void *a, const void *b) {
    return strcmp(((const struct pair *)a)->output, ((const struct pair *)b)->output);
}

/* Two inputs must not write over each other's output. */
static bool outputs_differ(const struct arguments *a, const char *pattern) {
    size_t count = (size_t)a->input_count, twice = 0;
    struct pair *sorted = malloc(count * sizeof *sorted);
    if (!sorted)
        return usage("out of memory");
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct pair){a->outputs[i], a->inputs[i]};
    qsort(sorted, count, sizeof *sorted, compare);
    for (size_t i = 1; i < count && !twice; i++)
        twice = strcmp(sorted[i - 1].output, sorted[i].output) == 0 ? i : 0;
    struct pair one = sorted[twice ? twice - 1 : 0], other = sorted[twice];
    free(sorted);
    const char *last = last_component(pattern);
    return !twice || usage("%s: both %s and %s would be written there; -o '%.*s{n}-%s' tells inputs apart by number",
                           one.output, one.input, other.input, (int)(last - pattern), pattern, last);
}

bool output_settle(struct arguments *a) {
    size_t size = strlen(a->output) + sizeof "/{name}";
    bool several = a->input_count > 1 && !strchr(a->output, '{');
    if (!check_pattern(a->output) || !settle_kind(a))
        return false;
    char *pattern = malloc(size);
    a->outputs = calloc((size_t)a->input_count, sizeof *a->outputs);
    bool enough = pattern && a->outputs;
    if (enough)
        snprintf(pattern, size, "%s%s", a->output, several ? "/{name}" : "");
    for (int i = 0; enough && i < a->input_count; i++)
        enough = (a->outputs[i] = expand(pattern, a->inputs[i], i + 1)) != NULL;
    bool settled = enough ? outputs_differ(a, pattern) : usage("out of memory");
    free(pattern);
    return settled;
}
