/* SPDX-License-Identifier: MIT */
#include "art.h"

#include "random.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

enum { SIDE = ART_SIDE };

struct color {
    uint8_t c[3];
};

static const struct color white = {{255, 255, 255}}, ink = {{33, 33, 36}}, paper = {{250, 249, 246}};

static struct color random_color(struct random *random) {
    return (struct color){
        {(uint8_t)random_below(random, 256), (uint8_t)random_below(random, 256), (uint8_t)random_below(random, 256)}};
}

/* ---- Drawing ---- */

/* Lays a color on a pixel, covering so much of it. Outside of the picture: nothing. */
static void blend(uint8_t *pixels, int x, int y, struct color color, double cover) {
    if (x < 0 || y < 0 || x >= SIDE || y >= SIDE || cover <= 0)
        return;
    uint8_t *p = pixels + 3 * ((size_t)y * SIDE + (size_t)x);
    for (int i = 0; i < 3; i++)
        p[i] = (uint8_t)lrint(p[i] + (color.c[i] - p[i]) * fmin(cover, 1));
}

static void rectangle(uint8_t *pixels, int x, int y, int width, int height, struct color color) {
    for (int j = 0; j < height; j++)
        for (int i = 0; i < width; i++)
            blend(pixels, x + i, y + j, color, 1);
}

static void clear(uint8_t *pixels, struct color color) {
    rectangle(pixels, 0, 0, SIDE, SIDE, color);
}

/* How far a point is from the segment between (x0, y0) and (x1, y1). */
static double distance(double x, double y, double x0, double y0, double x1, double y1) {
    double dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
    double t = length > 0 ? fmin(fmax(((x - x0) * dx + (y - y0) * dy) / length, 0), 1) : 0;
    return hypot(x - x0 - t * dx, y - y0 - t * dy);
}

/* A stroke with round ends, antialiased. */
static void stroke(uint8_t *pixels, double x0, double y0, double x1, double y1, double width, struct color color) {
    int left = (int)floor(fmin(x0, x1) - width), right = (int)ceil(fmax(x0, x1) + width);
    int top = (int)floor(fmin(y0, y1) - width), bottom = (int)ceil(fmax(y0, y1) + width);
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++)
            blend(pixels, x, y, color, width / 2 + .5 - distance(x + .5, y + .5, x0, y0, x1, y1));
}

static void disk(uint8_t *pixels, double x, double y, double radius, struct color color) {
    stroke(pixels, x, y, x, y, 2 * radius, color);
}

/* A line of single pixels. */
static void thin_line(uint8_t *pixels, int x0, int y0, int x1, int y1, struct color color) {
    int steps = (int)fmax(fmax(abs(x1 - x0), abs(y1 - y0)), 1);
    for (int i = 0; i <= steps; i++)
        blend(pixels, (int)lrint(x0 + (double)(x1 - x0) * i / steps), (int)lrint(y0 + (double)(y1 - y0) * i / steps),
              color, 1);
}

/* ---- Writing, in letters of no alphabet: each is the same few strokes wherever it stands ---- */

enum { LETTERS = 26 };

static double letter(uint8_t *pixels, unsigned which, double x, double y, double size, struct color color) {
    struct random random = {1000 + which};
    double width = size * (.3 + .04 * random_below(&random, 8)), from_x = 0, from_y = random_below(&random, 2);
    unsigned strokes = 2 + random_below(&random, 3);
    for (unsigned i = 0; i < strokes; i++) {
        double to_x = random_below(&random, 3) * .5, to_y = random_below(&random, 4) / 3.;
        stroke(pixels, x + from_x * width, y + from_y * size, x + to_x * width, y + to_y * size, size / 9, color);
        from_x = to_x;
        from_y = to_y;
    }
    return width + size * .22;
}

/* Lines of words in a box, at positions of quarters of a pixel, as text is set. */
static void write_text(uint8_t *pixels, int left, int top, int width, int height, double size, struct color color,
                       struct random *random) {
    for (double y = top + size * .5; y + size * 1.5 < top + height; y += floor(size * 1.7)) {
        double x = left, end = left + width * (random_below(random, 6) ? 1 : .4);
        while (x < end - size * 6) {
            for (unsigned letters = 1 + random_below(random, 9); letters; letters--) {
                unsigned a = random_below(random, LETTERS), b = random_below(random, LETTERS);
                x = floor(4 * (x + letter(pixels, a < b ? a : b, x, y, size, color))) / 4; /* some are rare */
            }
            x += size * .4;
        }
    }
}

static void draw_text(uint8_t *pixels) {
    struct random random = {1};
    clear(pixels, white);
    write_text(pixels, 40, 30, SIDE - 80, SIDE - 60, 9, ink, &random);
}

/* ---- The others ---- */

/* Slow slopes, of which what is less than a code is left to chance. */
static void draw_gradient(uint8_t *pixels) {
    struct random random = {2};
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            for (int i = 0; i < 3; i++)
                *pixels++ = (uint8_t)(20 + 30 * i + x * .05 + y * (.11 - .03 * i) + random_unit(&random));
}

static void icon(uint8_t *pixels, unsigned which, int x, int y, int size) {
    struct random random = {2000 + which};
    struct color top = random_color(&random), front = random_color(&random);
    double radius = size * .2;
    for (int j = 0; j < size; j++)
        for (int i = 0; i < size; i++) { /* a tile with round corners that gets darker downwards */
            double dx = fmax(fabs(i + .5 - size / 2.) - (size / 2. - radius), 0);
            double dy = fmax(fabs(j + .5 - size / 2.) - (size / 2. - radius), 0);
            struct color shade = top;
            for (int k = 0; k < 3; k++)
                shade.c[k] = (uint8_t)(top.c[k] * (1 - .35 * j / size));
            blend(pixels, x + i, y + j, shade, radius + .5 - hypot(dx, dy));
        }
    if (which % 3)
        disk(pixels, x + size * .5, y + size * .5, size * .22, front);
    for (unsigned strokes = which % 4; strokes; strokes--)
        stroke(pixels, x + size * (.25 + .1 * random_below(&random, 6)),
               y + size * (.25 + .1 * random_below(&random, 6)), x + size * (.25 + .1 * random_below(&random, 6)),
               y + size * (.25 + .1 * random_below(&random, 6)), size * .08, front);
}

static void draw_icons(uint8_t *pixels) {
    struct random random = {3};
    clear(pixels, paper);
    for (int y = 12; y + 48 < SIDE; y += 64)
        for (int x = 12; x + 48 < SIDE; x += 64)
            icon(pixels, random_below(&random, 40), x, y, 48);
}

static void draw_lines(uint8_t *pixels) {
    struct random random = {4};
    clear(pixels, white);
    for (int i = 0; i < 400; i++) {
        int x = (int)random_below(&random, SIDE), y = (int)random_below(&random, SIDE);
        int side = 20 + (int)random_below(&random, 300);
        thin_line(pixels, x, y, x + (int)random_below(&random, 2 * 300) - 300, y + (i % 3 ? side : 0),
                  i % 5 ? ink : random_color(&random));
    }
}

static void draw_screenshot(uint8_t *pixels) {
    struct random random = {5};
    clear(pixels, (struct color){{240, 240, 240}});
    for (int y = 0; y < 40; y++) /* a bar at the top */
        rectangle(pixels, 0, y, SIDE, 1, (struct color){{(uint8_t)(60 + y), (uint8_t)(90 + y), (uint8_t)(140 + y)}});
    write_text(pixels, 12, 8, 400, 30, 12, white, &random);
    for (int i = 0; i < 14; i++) { /* a list beside */
        icon(pixels, random_below(&random, 9), 12, 60 + 40 * i, 24);
        write_text(pixels, 48, 58 + 40 * i, 170, 34, 9, ink, &random);
    }
    rectangle(pixels, 240, 56, SIDE - 260, SIDE - 80, white);
    for (int y = 56; y < SIDE - 24; y += 24) /* a table with every other row shaded, and a frame */
        if (y / 24 % 2)
            rectangle(pixels, 240, y, SIDE - 260, 24, (struct color){{246, 248, 252}});
    for (int i = 0; i < 5; i++) {
        write_text(pixels, 250 + 150 * i, 56, 130, SIDE - 80, 8, ink, &random);
        rectangle(pixels, 240 + 150 * i, 56, 1, SIDE - 80, (struct color){{210, 214, 220}});
    }
}

static void draw_flat(uint8_t *pixels) {
    struct random random = {6};
    clear(pixels, random_color(&random));
    for (int i = 0; i < 60; i++)
        disk(pixels, random_below(&random, SIDE), random_below(&random, SIDE), 10 + random_below(&random, 130),
             random_color(&random));
}

const struct art arts[ARTS] = {
    {"antialiased text", draw_text}, {"dithered gradient", draw_gradient}, {"icons", draw_icons},
    {"1-pixel lines", draw_lines},   {"screenshot", draw_screenshot},      {"flat", draw_flat},
};
