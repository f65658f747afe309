/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <math.h>
#include <string.h>

typedef double matrix[3][3];

static void multiply(double v[3], const matrix m) {
    double r[3];
    for (int i = 0; i < 3; i++)
        r[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
    memcpy(v, r, sizeof r);
}

/* m x = v, by Cramer's rule: where a standard gives one direction only. */
static void solve(double v[3], const matrix m) {
    double d = 0, r[3];
    for (int k = -1; k < 3; k++) {
        matrix a;
        memcpy(a, m, sizeof a);
        for (int i = 0; i < 3 && k >= 0; i++)
            a[i][k] = v[i];
        double determinant = a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) -
                             a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) +
                             a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
        if (k < 0)
            d = determinant;
        else
            r[k] = determinant / d;
    }
    memcpy(v, r, sizeof r);
}

/* ---- RGB: CSS Color 4, "Sample code for Color Conversions" ---- */

static const matrix srgb_to_xyz = {{506752. / 1228815, 87881. / 245763, 12673. / 70218},
                                   {87098. / 409605, 175762. / 245763, 12673. / 175545},
                                   {7918. / 409605, 87881. / 737289, 1001167. / 1053270}};
static const matrix p3_to_xyz = {{608311. / 1250200, 189793. / 714400, 198249. / 1000160},
                                 {35783. / 156275, 247089. / 357200, 198249. / 2500400},
                                 {0, 32229. / 714400, 5220557. / 5000800}};
static const matrix a98_to_xyz = {{573536. / 994567, 263643. / 1420810, 187206. / 994567},
                                  {591459. / 1989134, 6239551. / 9945670, 374412. / 4972835},
                                  {53769. / 1989134, 351524. / 4972835, 4929758. / 4972835}};
static const matrix prophoto_to_xyz_d50 = {{.79776664490064230, .13518129740053308, .03134773412839220},
                                           {.28807482881940130, .71183523424187300, .00008993693872564},
                                           {0, 0, .82510460251046020}};
static const matrix rec2020_to_xyz = {{63426534. / 99577255, 20160776. / 139408157, 47086771. / 278816314},
                                      {26158966. / 99577255, 472592308. / 697040785, 8267143. / 139408157},
                                      {0, 19567812. / 697040785, 295819943. / 278816314}};
static const matrix d65_to_d50 = {{1.0479297925449969, .022946870601609652, -.05019226628920524},
                                  {.02962780877005599, .9904344267538799, -.017073799063418826},
                                  {-.009243040646204504, .015055191490298152, .7518742814281371}};

static double srgb_to_light(double v) {
    double a = fabs(v);
    return a <= .04045 ? v / 12.92 : copysign(pow((a + .055) / 1.055, 2.4), v);
}

static double srgb_from_light(double v) {
    double a = fabs(v);
    return a > .0031308 ? copysign(1.055 * pow(a, 1 / 2.4) - .055, v) : 12.92 * v;
}

static double a98_to_light(double v) {
    return copysign(pow(fabs(v), 563. / 256), v);
}

static double a98_from_light(double v) {
    return copysign(pow(fabs(v), 256. / 563), v);
}

static double prophoto_to_light(double v) {
    return fabs(v) <= 16. / 512 ? v / 16 : copysign(pow(fabs(v), 1.8), v);
}

static double prophoto_from_light(double v) {
    return fabs(v) >= 1. / 512 ? copysign(pow(fabs(v), 1 / 1.8), v) : 16 * v;
}

/* BT.2020's own curve. */
static const double alpha_2020 = 1.09929682680944, beta_2020 = .018053968510807;

static double rec2020_to_light(double v) {
    double a = fabs(v);
    return a < beta_2020 * 4.5 ? v / 4.5 : copysign(pow((a + alpha_2020 - 1) / alpha_2020, 1 / .45), v);
}

static double rec2020_from_light(double v) {
    double a = fabs(v);
    return a > beta_2020 ? copysign(alpha_2020 * pow(a, .45) - (alpha_2020 - 1), v) : 4.5 * v;
}

static void each(double v[3], double (*curve)(double)) {
    for (int i = 0; i < 3; i++)
        v[i] = curve(v[i]);
}

/* ---- CIE 15:2018 with CSS Color 4's rationals and whites ---- */

static const double d50[3] = {.3457 / .3585, 1, (1 - .3457 - .3585) / .3585};
static const double d65[3] = {.3127 / .3290, 1, (1 - .3127 - .3290) / .3290};
static const double kappa = 24389. / 27, epsilon = 216. / 24389;

static void xyz_to_lab(double v[3], const double white[3]) {
    double f[3];
    for (int i = 0; i < 3; i++) {
        double t = v[i] / white[i];
        f[i] = t > epsilon ? cbrt(t) : (kappa * t + 16) / 116;
    }
    v[0] = 116 * f[1] - 16;
    v[1] = 500 * (f[0] - f[1]);
    v[2] = 200 * (f[1] - f[2]);
}

static void lab_to_xyz(double v[3], const double white[3]) {
    double f1 = (v[0] + 16) / 116, f[3] = {v[1] / 500 + f1, f1, f1 - v[2] / 200};
    for (int i = 0; i < 3; i++) {
        double t = f[i] * f[i] * f[i];
        v[i] = white[i] * (t > epsilon ? t : (116 * f[i] - 16) / kappa);
    }
}

static void xyz_to_luv(double v[3]) {
    double un = 4 * d65[0] / (d65[0] + 15 * d65[1] + 3 * d65[2]), vn = 9 * d65[1] / (d65[0] + 15 * d65[1] + 3 * d65[2]);
    double x = v[0], y = v[1], z = v[2], sum = x + 15 * y + 3 * z;
    double l = y > epsilon ? 116 * cbrt(y) - 16 : kappa * y;
    v[0] = l;
    v[1] = sum == 0 ? 0 : 13 * l * (4 * x / sum - un);
    v[2] = sum == 0 ? 0 : 13 * l * (9 * y / sum - vn);
}

static void luv_to_xyz(double v[3]) {
    double un = 4 * d65[0] / (d65[0] + 15 * d65[1] + 3 * d65[2]), vn = 9 * d65[1] / (d65[0] + 15 * d65[1] + 3 * d65[2]);
    double l = v[0], y = l > 8 ? pow((l + 16) / 116, 3) : l / kappa;
    double u = v[1] / (13 * l) + un, w = v[2] / (13 * l) + vn;
    v[0] = l == 0 ? 0 : y * 9 * u / (4 * w);
    v[1] = l == 0 ? 0 : y;
    v[2] = l == 0 ? 0 : y * (12 - 3 * u - 20 * w) / (4 * w);
}

/* CSS Color 4: no hue below `gray`; here that is a hue of 0. */
static void to_polar(double v[3], double gray) {
    double chroma = sqrt(v[1] * v[1] + v[2] * v[2]), hue = atan2(v[2], v[1]) * 180 / M_PI;
    v[2] = chroma <= gray ? 0 : hue < 0 ? hue + 360 : hue;
    v[1] = chroma;
}

static void from_polar(double v[3]) {
    double chroma = v[1], hue = v[2] * M_PI / 180;
    v[1] = chroma * cos(hue);
    v[2] = chroma * sin(hue);
}

/* ---- Oklab: CSS Color 4's matrices (recalculated from Ottosson's for its white) ---- */

static const matrix xyz_to_oklms = {{.8190224379967030, .3619062600528904, -.1288737815209879},
                                    {.0329836539323885, .9292868615863434, .0361446663506424},
                                    {.0481771893596242, .2642395317527308, .6335478284694309}};
static const matrix oklms_to_oklab = {{.2104542683093140, .7936177747023054, -.0040720430116193},
                                      {1.9779985324311684, -2.4285922420485799, .4505937096174110},
                                      {.0259040424655478, .7827717124575296, -.8086757549230774}};
static const matrix oklms_to_xyz = {{1.2268798758459243, -.5578149944602171, .2813910456659647},
                                    {-.0405757452148008, 1.1122868032803170, -.0717110580655164},
                                    {-.0763729366746601, -.4214933324022432, 1.5869240198367816}};
static const matrix oklab_to_oklms = {{1, .3963377773761749, .2158037573099136},
                                      {1, -.1055613458156586, -.0638541728258133},
                                      {1, -.0894841775298119, -1.2914855480194092}};

static double cubed(double x) {
    return x * x * x;
}

/* ---- HSV, HSL, HWB: CSS Color 4, "RGB to HSL", "HWB"; HSV as Smith 1978 ---- */

/* Channels that differ by no more have no hue: CSS Color 4 for HWB. */
static const double achromatic = .00001;

static double hue_of(const double v[3]) {
    double r = v[0], g = v[1], b = v[2], high = fmax(fmax(r, g), b), d = high - fmin(fmin(r, g), b);
    if (d <= achromatic)
        return 0;
    double h = high == r ? (g - b) / d + (g < b ? 6 : 0) : high == g ? (b - r) / d + 2 : (r - g) / d + 4;
    return 60 * h;
}

static double modulo(double x, double n) {
    return x - n * floor(x / n);
}

static void rgb_to_hsv(double v[3]) {
    double high = fmax(fmax(v[0], v[1]), v[2]), d = high - fmin(fmin(v[0], v[1]), v[2]);
    v[0] = hue_of(v);
    v[1] = d <= achromatic || high <= 0 ? 0 : d / high;
    v[2] = high;
}

static void hsv_to_rgb(double v[3]) {
    double h = v[0], s = v[1], value = v[2];
    const double n[3] = {5, 3, 1};
    for (int i = 0; i < 3; i++) {
        double k = modulo(n[i] + h / 60, 6);
        v[i] = value - value * s * fmax(0, fmin(fmin(k, 4 - k), 1));
    }
}

static void rgb_to_hsl(double v[3]) {
    double high = fmax(fmax(v[0], v[1]), v[2]), low = fmin(fmin(v[0], v[1]), v[2]);
    double l = (high + low) / 2, h = hue_of(v);
    double s = high - low <= achromatic || l == 0 || l == 1 ? 0 : (high - l) / fmin(l, 1 - l);
    if (s < 0) {
        h = modulo(h + 180, 360);
        s = -s;
    }
    v[0] = h;
    v[1] = s;
    v[2] = l;
}

static void hsl_to_rgb(double v[3]) {
    double h = v[0], l = v[2], a = v[1] * fmin(l, 1 - l);
    const double n[3] = {0, 8, 4};
    for (int i = 0; i < 3; i++) {
        double k = modulo(n[i] + h / 30, 12);
        v[i] = l - a * fmax(-1, fmin(fmin(k - 3, 9 - k), 1));
    }
}

static void rgb_to_hwb(double v[3]) {
    double white = fmin(fmin(v[0], v[1]), v[2]), black = 1 - fmax(fmax(v[0], v[1]), v[2]);
    v[0] = hue_of(v);
    v[1] = white;
    v[2] = black;
}

static void hwb_to_rgb(double v[3]) {
    double white = v[1], black = v[2];
    if (white + black >= 1) {
        v[0] = v[1] = v[2] = white / (white + black);
        return;
    }
    double rgb[3] = {v[0], 1, .5};
    hsl_to_rgb(rgb);
    for (int i = 0; i < 3; i++)
        v[i] = rgb[i] * (1 - white - black) + white;
}

/* ---- CMYK: CSS Color 5, naive ---- */

static void rgb_to_cmyk(double v[4]) {
    double high = fmax(fmax(v[0], v[1]), v[2]);
    for (int i = 0; i < 3; i++)
        v[i] = high <= 0 ? 0 : (high - v[i]) / high;
    v[3] = 1 - high;
}

static void cmyk_to_rgb(double v[4]) {
    for (int i = 0; i < 3; i++)
        v[i] = 1 - (v[i] * (1 - v[3]) + v[3]);
}

/* ---- YCbCr: H.273, equations 38 to 40 ---- */

static void rgb_to_ycbcr(double v[3], double kr, double kb) {
    double y = kr * v[0] + (1 - kr - kb) * v[1] + kb * v[2], r = v[0], b = v[2];
    v[0] = y;
    v[1] = (b - y) / (2 * (1 - kb));
    v[2] = (r - y) / (2 * (1 - kr));
}

static void ycbcr_to_rgb(double v[3], double kr, double kb) {
    double y = v[0], r = y + 2 * (1 - kr) * v[2], b = y + 2 * (1 - kb) * v[1];
    v[1] = (y - kr * r - kb * b) / (1 - kr - kb);
    v[0] = r;
    v[2] = b;
}

/* ---- BT.2100 ---- */

static const matrix rec2020_to_lms = {{1688 / 4096., 2146 / 4096., 262 / 4096.},
                                      {683 / 4096., 2951 / 4096., 462 / 4096.},
                                      {99 / 4096., 309 / 4096., 3688 / 4096.}};
static const matrix lms_to_ictcp_pq = {
    {.5, .5, 0}, {6610 / 4096., -13613 / 4096., 7003 / 4096.}, {17933 / 4096., -17390 / 4096., -543 / 4096.}};
static const matrix lms_to_ictcp_hlg = {
    {.5, .5, 0}, {3625 / 4096., -7465 / 4096., 3840 / 4096.}, {9500 / 4096., -9212 / 4096., -288 / 4096.}};

/* Of light relative to sRGB's white, which BT.2408 puts at 203 cd/m2 in PQ and at 75 % signal in HLG. */
static double pq_from_light(double v, double outer) {
    double y = pow(fabs(v) * 203 / 10000, 2610. / 16384);
    return copysign(pow((3424. / 4096 + 2413. / 128 * y) / (1 + 2392. / 128 * y), outer), v);
}

static double pq_to_light(double v, double outer) {
    double e = pow(fmin(fabs(v), 1), 1 / outer);
    return copysign(pow(fmax(e - 3424. / 4096, 0) / (2413. / 128 - 2392. / 128 * e), 16384. / 2610), v) * 10000 / 203;
}

static const double hlg_a = .17883277, hlg_white = .26496256042100718;

static double hlg_from_light(double v) {
    double b = 1 - 4 * hlg_a, c = .5 - hlg_a * log(4 * hlg_a), e = fabs(v) * hlg_white;
    return copysign(e <= 1. / 12 ? sqrt(3 * e) : hlg_a * log(12 * e - b) + c, v);
}

static double hlg_to_light(double v) {
    double b = 1 - 4 * hlg_a, c = .5 - hlg_a * log(4 * hlg_a), e = fabs(v);
    return copysign((e <= .5 ? e * e / 3 : (exp((e - c) / hlg_a) + b) / 12) / hlg_white, v);
}

static double pq_signal(double v) {
    return pq_from_light(v, 2523. / 4096 * 128);
}

static double pq_light(double v) {
    return pq_to_light(v, 2523. / 4096 * 128);
}

/* ---- Jzazbz: Safdar, Cui, Kim, Luo 2017, equations 8 to 12 ---- */

static const matrix jz_cones = {
    {.41478972, .579999, .0146480}, {-.2015100, 1.120649, .0531008}, {-.0166008, .264800, .6684799}};
static const matrix jz_opponents = {{.5, .5, 0}, {3.524000, -4.066708, .542708}, {.199076, 1.096799, -1.295875}};
static const double jz_b = 1.15, jz_g = .66, jz_d = -.56, jz_d0 = 1.6295499532821566e-11;

static double jz_signal(double v) {
    return pq_from_light(v, 1.7 * 2523 / 32);
}

static double jz_light(double v) {
    return pq_to_light(v, 1.7 * 2523 / 32);
}

static void xyz_to_jz(double v[3]) {
    double x = v[0];
    v[0] = jz_b * x - (jz_b - 1) * v[2];
    v[1] = jz_g * v[1] - (jz_g - 1) * x;
    multiply(v, jz_cones);
    each(v, jz_signal);
    multiply(v, jz_opponents);
    v[0] = (1 + jz_d) * v[0] / (1 + jz_d * v[0]) - jz_d0;
}

static void jz_to_xyz(double v[3]) {
    v[0] = (v[0] + jz_d0) / (1 + jz_d - jz_d * (v[0] + jz_d0));
    solve(v, jz_opponents);
    each(v, jz_light);
    solve(v, jz_cones);
    v[0] = (v[0] + (jz_b - 1) * v[2]) / jz_b;
    v[1] = (v[1] + (jz_g - 1) * v[0]) / jz_g;
}

/* ---- YCoCg-R: Malvar, Sullivan 2003, JVT-I014r3 ---- */

static int integer(double v, int low) {
    return (int)round(fmin(fmax(255 * v, low), 255));
}

static int halved(int x) {
    return (int)floor(x / 2.);
}

static void rgb_to_ycocg(double v[3]) {
    int r = integer(v[0], 0), g = integer(v[1], 0), b = integer(v[2], 0);
    int co = r - b, t = b + halved(co), cg = g - t, y = t + halved(cg);
    v[0] = y / 255.;
    v[1] = co / 255.;
    v[2] = cg / 255.;
}

static void ycocg_to_rgb(double v[3]) {
    int y = integer(v[0], 0), co = integer(v[1], -255), cg = integer(v[2], -255);
    int t = y - halved(cg), g = cg + t, b = t - halved(co), r = b + co;
    v[0] = r / 255.;
    v[1] = g / 255.;
    v[2] = b / 255.;
}

/* ---- The tree ---- */

static tile_space parent_of(tile_space space) {
    switch (space) {
    case TILE_XYZ_D65: return TILE_SPACE_UNSET;
    case TILE_SRGB:
    case TILE_LUMINANCE: return TILE_SRGB_LINEAR;
    case TILE_GRAY:
    case TILE_GRAY709:
    case TILE_YCBCR:
    case TILE_YCBCR601:
    case TILE_YCBCR709:
    case TILE_YCBCR709_FULL:
    case TILE_HSV:
    case TILE_HSL:
    case TILE_HWB:
    case TILE_CMYK:
    case TILE_YCOCG_R: return TILE_SRGB;
    case TILE_HSV_180: return TILE_HSV;
    case TILE_YCBCR2020:
    case TILE_YCBCR2020_FULL: return TILE_REC2020;
    case TILE_PROPHOTO_RGB:
    case TILE_LAB: return TILE_XYZ_D50;
    case TILE_LCH: return TILE_LAB;
    case TILE_LCH_D65: return TILE_LAB_D65;
    case TILE_OKLCH: return TILE_OKLAB;
    default: return TILE_XYZ_D65;
    }
}

static void to_parent(tile_space space, double v[4]) {
    switch (space) {
    case TILE_SRGB: each(v, srgb_to_light); break;
    case TILE_SRGB_LINEAR: multiply(v, srgb_to_xyz); break;
    case TILE_DISPLAY_P3: each(v, srgb_to_light), multiply(v, p3_to_xyz); break;
    case TILE_A98_RGB: each(v, a98_to_light), multiply(v, a98_to_xyz); break;
    case TILE_PROPHOTO_RGB: each(v, prophoto_to_light), multiply(v, prophoto_to_xyz_d50); break;
    case TILE_REC2020: each(v, rec2020_to_light), multiply(v, rec2020_to_xyz); break;
    case TILE_REC2100_PQ: each(v, pq_light), multiply(v, rec2020_to_xyz); break;
    case TILE_REC2100_HLG: each(v, hlg_to_light), multiply(v, rec2020_to_xyz); break;
    case TILE_GRAY:
    case TILE_GRAY709:
    case TILE_LUMINANCE: v[1] = v[2] = v[0]; break;
    case TILE_YCBCR:
    case TILE_YCBCR601: ycbcr_to_rgb(v, .299, .114); break;
    case TILE_YCBCR709:
    case TILE_YCBCR709_FULL: ycbcr_to_rgb(v, .2126, .0722); break;
    case TILE_YCBCR2020:
    case TILE_YCBCR2020_FULL: ycbcr_to_rgb(v, .2627, .0593); break;
    case TILE_XYZ_D50: solve(v, d65_to_d50); break;
    case TILE_LAB: lab_to_xyz(v, d50); break;
    case TILE_LAB_D65: lab_to_xyz(v, d65); break;
    case TILE_LCH:
    case TILE_LCH_D65:
    case TILE_OKLCH: from_polar(v); break;
    case TILE_LUV: luv_to_xyz(v); break;
    case TILE_OKLAB: multiply(v, oklab_to_oklms), each(v, cubed), multiply(v, oklms_to_xyz); break;
    case TILE_HSV: hsv_to_rgb(v); break;
    case TILE_HSL: hsl_to_rgb(v); break;
    case TILE_HWB: hwb_to_rgb(v); break;
    case TILE_CMYK: cmyk_to_rgb(v); break;
    case TILE_ICTCP:
        solve(v, lms_to_ictcp_pq), each(v, pq_light), solve(v, rec2020_to_lms), multiply(v, rec2020_to_xyz);
        break;
    case TILE_ICTCP_HLG:
        solve(v, lms_to_ictcp_hlg), each(v, hlg_to_light), solve(v, rec2020_to_lms), multiply(v, rec2020_to_xyz);
        break;
    case TILE_JZAZBZ: jz_to_xyz(v); break;
    case TILE_YCOCG_R: ycocg_to_rgb(v); break;
    default: break;
    }
}

static void from_parent(tile_space space, double v[4]) {
    switch (space) {
    case TILE_SRGB: each(v, srgb_from_light); break;
    case TILE_SRGB_LINEAR: solve(v, srgb_to_xyz); break;
    case TILE_DISPLAY_P3: solve(v, p3_to_xyz), each(v, srgb_from_light); break;
    case TILE_A98_RGB: solve(v, a98_to_xyz), each(v, a98_from_light); break;
    case TILE_PROPHOTO_RGB: solve(v, prophoto_to_xyz_d50), each(v, prophoto_from_light); break;
    case TILE_REC2020: solve(v, rec2020_to_xyz), each(v, rec2020_from_light); break;
    case TILE_REC2100_PQ: solve(v, rec2020_to_xyz), each(v, pq_signal); break;
    case TILE_REC2100_HLG: solve(v, rec2020_to_xyz), each(v, hlg_from_light); break;
    case TILE_GRAY: v[0] = .299 * v[0] + .587 * v[1] + .114 * v[2]; break;
    case TILE_GRAY709: v[0] = .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; break;
    case TILE_LUMINANCE: multiply(v, srgb_to_xyz), v[0] = v[1]; break;
    case TILE_YCBCR:
    case TILE_YCBCR601: rgb_to_ycbcr(v, .299, .114); break;
    case TILE_YCBCR709:
    case TILE_YCBCR709_FULL: rgb_to_ycbcr(v, .2126, .0722); break;
    case TILE_YCBCR2020:
    case TILE_YCBCR2020_FULL: rgb_to_ycbcr(v, .2627, .0593); break;
    case TILE_XYZ_D50: multiply(v, d65_to_d50); break;
    case TILE_LAB: xyz_to_lab(v, d50); break;
    case TILE_LAB_D65: xyz_to_lab(v, d65); break;
    case TILE_LCH:
    case TILE_LCH_D65: to_polar(v, .0015); break;
    case TILE_OKLCH: to_polar(v, .000004); break;
    case TILE_LUV: xyz_to_luv(v); break;
    case TILE_OKLAB: multiply(v, xyz_to_oklms), each(v, cbrt), multiply(v, oklms_to_oklab); break;
    case TILE_HSV: rgb_to_hsv(v); break;
    case TILE_HSL: rgb_to_hsl(v); break;
    case TILE_HWB: rgb_to_hwb(v); break;
    case TILE_CMYK: rgb_to_cmyk(v); break;
    case TILE_ICTCP:
        solve(v, rec2020_to_xyz), multiply(v, rec2020_to_lms), each(v, pq_signal), multiply(v, lms_to_ictcp_pq);
        break;
    case TILE_ICTCP_HLG:
        solve(v, rec2020_to_xyz), multiply(v, rec2020_to_lms), each(v, hlg_from_light), multiply(v, lms_to_ictcp_hlg);
        break;
    case TILE_JZAZBZ: xyz_to_jz(v); break;
    case TILE_YCOCG_R: rgb_to_ycocg(v); break;
    default: break;
    }
}

static bool contains(tile_space above, tile_space space) {
    while (space != above && space != TILE_SPACE_UNSET)
        space = parent_of(space);
    return space == above;
}

static void descend(tile_space from, tile_space to, double v[4]) {
    if (from == to)
        return;
    descend(from, parent_of(to), v);
    from_parent(to, v);
}

void tile_reference_convert(tile_space from, tile_space to, const double *in, double *out) {
    double v[4] = {0};
    memcpy(v, in, (size_t)tile_space_channels(from) * sizeof *in);
    for (; !contains(from, to); from = parent_of(from))
        to_parent(from, v);
    descend(from, to, v);
    memcpy(out, v, (size_t)tile_space_channels(to) * sizeof *out);
}

/* ---- Codes: the formulas of tile.h; H.273, equations 20 to 37 for YCbCr ---- */

/* Code of the value `v` in channel `i`: `top` is the largest code, 255 or 65535. */
static double encode(tile_space space, double top, int i, double v) {
    double byte = top == 255 ? 1 : 256, deep = top == 255 ? 1 : 257, middle = top == 255 ? 128 : 32768;
    switch (space) {
    case TILE_YCBCR601:
    case TILE_YCBCR709:
    case TILE_YCBCR2020: return i == 0 ? (16 + 219 * v) * byte : (128 + 224 * v) * byte;
    case TILE_YCBCR:
    case TILE_YCBCR709_FULL:
    case TILE_YCBCR2020_FULL:
    case TILE_ICTCP:
    case TILE_ICTCP_HLG:
    case TILE_JZAZBZ: return i == 0 ? top * v : top * v + middle;
    case TILE_LAB:
    case TILE_LAB_D65: return i == 0 ? deep * (v * 255 / 100) : deep * (v + 128);
    case TILE_LCH:
    case TILE_LCH_D65: return i == 0 ? deep * (v * 255 / 100) : i == 1 ? deep * v : deep * (v * 255 / 360);
    case TILE_LUV:
        return i == 0   ? deep * (v * 255 / 100)
               : i == 1 ? deep * ((v + 134) * 255 / 354)
                        : deep * ((v + 140) * 255 / 262);
    case TILE_OKLAB: return i == 0 ? deep * (255 * v) : deep * (255 * v + 128);
    case TILE_OKLCH: return i == 0 ? deep * (255 * v) : i == 1 ? deep * (v * 255 / .5) : deep * (v * 255 / 360);
    case TILE_HSV_180:
        if (i == 0 && top == 255)
            return v / 2;
        return i == 0 ? deep * (v * 255 / 360) : deep * (255 * v);
    case TILE_HSV:
    case TILE_HSL:
    case TILE_HWB: return i == 0 ? deep * (v * 255 / 360) : deep * (255 * v);
    case TILE_YCOCG_R: return i == 0 ? 255 * v : 255 * v + 256;
    default: return deep * (255 * v);
    }
}

void tile_reference_encode(tile_space space, tile_sample sample, const double *values, double *codes) {
    for (int i = 0; i < tile_space_channels(space); i++)
        codes[i] = sample == TILE_F32 ? values[i] : encode(space, sample == TILE_U8 ? 255 : 65535, i, values[i]);
}

void tile_reference_decode(tile_space space, tile_sample sample, const double *codes, double *values) {
    double top = sample == TILE_U8 ? 255 : 65535;
    for (int i = 0; i < tile_space_channels(space); i++) {
        /* Every encoding is a line. */
        double zero = encode(space, top, i, 0), one = encode(space, top, i, 1);
        values[i] = sample == TILE_F32 ? codes[i] : (codes[i] - zero) / (one - zero);
    }
}

double tile_reference_round(tile_space space, tile_sample sample, int channel, double code) {
    /* Double precision cannot tell what is that close to a tie from one; luma of 8-bit codes often is one. */
    double tie = round(2 * code) / 2;
    if (fabs(code - tie) < 1e-9)
        code = tie;
    double rounded = fmin(fmax(round(code), 0), sample == TILE_U8 ? 255 : 65535);
    return space == TILE_HSV_180 && sample == TILE_U8 && channel == 0 && rounded == 180 ? 0 : rounded;
}
