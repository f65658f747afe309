/* SPDX-License-Identifier: MIT */
/* What OpenCV does on one thread. */
#include "peers.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <cstring>
#include <vector>

namespace {

enum { CONVERT_TYPE = -1, SPLIT = -2, MERGE = -3 };

struct conversion {
    const char *row;
    int code;  /* for cvtColor, or one of the above */
    int depth; /* of CONVERT_TYPE */
    double scale;
};

const conversion conversions[] = {
    {"srgb -> gray", cv::COLOR_RGB2GRAY, 0, 0},
    {"srgb alpha -> gray", cv::COLOR_RGBA2GRAY, 0, 0},
    {"srgb -> ycbcr", cv::COLOR_RGB2YCrCb, 0, 0},
    {"ycbcr -> srgb", cv::COLOR_YCrCb2RGB, 0, 0},
    {"srgb -> lab-d65", cv::COLOR_RGB2Lab, 0, 0},
    {"lab-d65 -> srgb", cv::COLOR_Lab2RGB, 0, 0},
    {"srgb -> luv", cv::COLOR_RGB2Luv, 0, 0},
    {"luv -> srgb", cv::COLOR_Luv2RGB, 0, 0},
    {"srgb -> xyz-d65", cv::COLOR_RGB2XYZ, 0, 0},
    {"xyz-d65 -> srgb", cv::COLOR_XYZ2RGB, 0, 0},
    {"srgb -> hsv-180", cv::COLOR_RGB2HSV, 0, 0},
    {"hsv-180 -> srgb", cv::COLOR_HSV2RGB, 0, 0},
    {"srgb -> hsv", cv::COLOR_RGB2HSV_FULL, 0, 0},
    {"hsv -> srgb", cv::COLOR_HSV2RGB_FULL, 0, 0},
    {"srgb -> hsl", cv::COLOR_RGB2HLS_FULL, 0, 0},
    {"hsl -> srgb", cv::COLOR_HLS2RGB_FULL, 0, 0},
    {"premultiply", cv::COLOR_RGBA2mRGBA, 0, 0},
    {"unpremultiply", cv::COLOR_mRGBA2RGBA, 0, 0},
    {"rgb -> bgr", cv::COLOR_RGB2BGR, 0, 0},
    {"packed -> planar", SPLIT, 0, 0},
    {"planar -> packed", MERGE, 0, 0},
    {"u8 -> u16", CONVERT_TYPE, CV_16U, 257},
    {"u8 -> f32", CONVERT_TYPE, CV_32F, 1 / 255.},
    {"f32 -> u8", CONVERT_TYPE, CV_8U, 255},
    {"u16 -> u8", CONVERT_TYPE, CV_8U, 1 / 257.},
};

struct state {
    const conversion *what;
    std::vector<cv::Mat> in, out;
};

void run(void *context) {
    state *s = static_cast<state *>(context);
    switch (s->what->code) {
    case CONVERT_TYPE: s->in[0].convertTo(s->out[0], s->what->depth, s->what->scale); break;
    case SPLIT: cv::split(s->in[0], s->out); break;
    case MERGE: cv::merge(s->in, s->out[0]); break;
    default: cv::cvtColor(s->in[0], s->out[0], s->what->code);
    }
}

void free_state(void *context) {
    delete static_cast<state *>(context);
}

} // namespace

const char *opencv_version(void) {
    return "OpenCV " CV_VERSION;
}

bool opencv_new(struct peer *out, const char *row, const struct tile_image *source) {
    const conversion *what = nullptr;
    for (const conversion &c : conversions)
        if (std::strcmp(c.row, row) == 0)
            what = &c;
    if (!what)
        return false;
    cv::setNumThreads(1);
    state *s = new state;
    s->what = what;
    s->out.resize(1);
    int depth = source->format.sample == TILE_U8 ? CV_8U : source->format.sample == TILE_U16 ? CV_16U : CV_32F;
    int channels = tile_format_channels(source->format), planes = what->code == MERGE ? channels : 1;
    for (int i = 0; i < planes; i++)
        s->in.emplace_back(static_cast<int>(source->height), static_cast<int>(source->width),
                           CV_MAKETYPE(depth, channels / planes), source->plane[i],
                           static_cast<std::size_t>(source->stride));
    /* Chroma, and saturation and lightness, are the other way around here. */
    if (what->code == cv::COLOR_YCrCb2RGB || what->code == cv::COLOR_HLS2RGB_FULL) {
        cv::Mat swapped(s->in[0].size(), s->in[0].type());
        const int pairs[] = {0, 0, 1, 2, 2, 1};
        cv::mixChannels(&s->in[0], 1, &swapped, 1, pairs, 3);
        s->in[0] = swapped;
    }
    *out = {s, run, free_state};
    return true;
}
