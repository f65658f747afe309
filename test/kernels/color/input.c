/* SPDX-License-Identifier: MIT */
#include "input.h"

#include "color/encoding.h"

#include <string.h>

int channel_at(struct tile_format format, int position) {
    int colors = tile_space_channels(format.space);
    if (format.alpha && (format.order & TILE_ORDER_ALPHA_FIRST))
        position = position == 0 ? colors : position - 1;
    if (position == colors)
        return -1;
    return format.order & TILE_ORDER_REVERSED ? colors - 1 - position : position;
}

enum style { RANDOM, EQUAL, RAMP, EXTREME, STYLES };

/* Of 16 bits: codes, and floats where they are. */
struct pattern {
    enum style style;
    unsigned start[TILE_MAX_CHANNELS], step;
    double stretch;   /* of floats, beyond what has codes */
    unsigned strange; /* one in so many floats; 0: none */
    bool finite;
};

static unsigned code_of(const struct pattern *p, int position, size_t pixel, struct random *random) {
    static const uint16_t extremes[] = {0, 1, 2, 127, 128, 254, 255, 256, 32767, 32768, 65279, 65280, 65533, 65534};
    switch (p->style) {
    case RANDOM: return random_below(random, 65536);
    case EQUAL: return p->start[position];
    case RAMP: return (p->start[position] + (unsigned)pixel * p->step) & 65535;
    default: return random_below(random, 2) ? 65535 : extremes[random_below(random, sizeof extremes / 2)];
    }
}

static float float_of(const struct pattern *p, struct tile_format format, int channel, unsigned code,
                      struct random *random) {
    if (p->strange && random_below(random, p->strange) == 0)
        return random_strange(random, p->finite);
    if (channel < 0)
        return (float)(code / 65535.);
    struct tile_encoding e = tile_encoding_of(format.space, TILE_U16, channel);
    return (float)(((code - e.offset) * p->stretch) / e.scale);
}

void input_fill(unsigned char *out, struct tile_format format, size_t pixels, bool finite, struct random *random) {
    static const double stretches[] = {1, 1, 1.5, -.3};
    int channels = tile_format_channels(format);
    struct pattern p = {.style = (enum style)random_below(random, STYLES), .step = 1 + random_below(random, 300)};
    for (int i = 0; i < channels; i++)
        p.start[i] = random_below(random, 65536);
    p.stretch = stretches[random_below(random, 4)];
    p.strange = random_below(random, 3) * 10;
    p.finite = finite;
    for (size_t i = 0; i < pixels * (size_t)channels; i++, out += format.sample) {
        int position = (int)(format.layout == TILE_PLANAR ? i / pixels : i % (size_t)channels);
        size_t pixel = format.layout == TILE_PLANAR ? i % pixels : i / (size_t)channels;
        unsigned code = code_of(&p, position, pixel, random);
        uint16_t deep = (uint16_t)code;
        if (format.sample == TILE_U8)
            *out = (unsigned char)code;
        else if (format.sample == TILE_U16)
            memcpy(out, &deep, sizeof deep);
        else {
            float v = float_of(&p, format, channel_at(format, position), code, random);
            memcpy(out, &v, sizeof v);
        }
    }
}

const char *sample_name(tile_sample sample) {
    return sample == TILE_U8 ? "u8" : sample == TILE_U16 ? "u16" : "f32";
}
