/* SPDX-License-Identifier: MIT */
/* What becomes of the ICC profile that came with a picture: used, only carried along, or left out. */
#include "source.h"

#include "../base/error.h"
#include "../base/memory.h"
#include "../base/profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

tile_status tile_source_drop_profile(tile_source *source, struct tile_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(source->dropped, sizeof source->dropped, format, arguments);
    va_end(arguments);
    source->info.profile_dropped = source->dropped;
    return tile_source_notice(source, TILE_REMEDY_IGNORE_PROFILE, error, "its ICC profile is left out: %s",
                              source->dropped);
}

/* As messages name the models that pictures have. */
static const char *model_name(tile_space model) {
    return model == TILE_GRAY ? "gray" : model == TILE_CMYK ? "CMYK" : "RGB";
}

/* The model of a profile, which may be any: as its signature has it, in ASCII, padded with spaces. */
static void name_model(char name[8], const char *signature) {
    size_t length = 0;
    for (; length < 4 && signature[length] > ' ' && signature[length] <= '~'; length++)
        name[length] = signature[length];
    name[length] = '\0';
}

tile_status tile_source_set_profile(tile_source *source, const void *profile, size_t size, struct tile_error *error) {
    struct tile_info *info = &source->info;
    info->ignored = source->options.ignore_profile;
    if (info->ignored)
        return TILE_OK;
    size_t own = tile_profile_size(profile, size);
    if (own == 0)
        return size == 0 ? tile_source_drop_profile(source, error, "it is empty")
                         : tile_source_drop_profile(source, error, "its %zu bytes are no ICC profile", size);
    const char *others = tile_profile_speaks_of_others(profile);
    if (others)
        return tile_source_drop_profile(source, error, "it %s", others);
    tile_space model = tile_profile_model(profile, own);
    char name[8];
    name_model(name, (const char *)profile + 16); /* ICC.1:2022, 7.2.6 */
    if (model != info->format.space) /* RGB, on a picture that was made gray: it says nothing about these samples */
        return tile_source_drop_profile(source, error, "it describes %s, the samples are %s",
                                        model ? model_name(model) : name, model_name(info->format.space));
    struct tile_complaint why;
    enum tile_profile_use use = tile_profile_judge(profile, own, &why);
    if (use == TILE_PROFILE_NONE)
        return tile_source_drop_profile(source, error, "it cannot be opened: %s", why.text);
    tile_free(source->allocator, source->profile); /* one that could not be used */
    source->profile = tile_alloc(source->allocator, own);
    if (!source->profile)
        return tile_no_memory(error, own);
    memcpy(source->profile, profile, own);
    info->carried_profile = source->profile;
    info->carried_profile_size = own;
    if (use != TILE_PROFILE_CARRIED) {
        source->profile_is_plain = use == TILE_PROFILE_PLAIN;
        info->profile = source->profile;
        info->profile_size = own;
        info->tagged = true;
        return TILE_OK;
    }
    snprintf(source->unusable, sizeof source->unusable, "%s", why.text);
    info->profile_unusable = source->unusable;
    return tile_source_notice(source, TILE_REMEDY_IGNORE_PROFILE, error, "its ICC profile cannot be converted from: %s",
                              source->unusable);
}
