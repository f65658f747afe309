/* SPDX-License-Identifier: MIT */
/*
 * libtile: split an image into regions, convert each region's color space, encode it.
 *
 * This is the whole public API, in the order in which a program uses it:
 *
 *     status  ->  memory  ->  pixels  ->  source  ->  index  ->  plan  ->  converter  ->  encoder  ->  job
 *
 * Manner:
 *   - A fallible call returns a tile_status and takes a `struct tile_error *` last, which may be NULL.
 *     There are no globals and no thread-local state.
 *   - A constructor takes the pointer for its result first. When it fails, it sets that pointer to NULL and there is
 *     nothing to free. Freeing NULL does nothing.
 *   - The fields of a plain struct may be read; a typedef without `struct` is opaque.
 *   - Option structs, readers and results begin with `struct_size` and are made by TILE_OPTIONS(). Zero means the
 *     default in every field, and NULL for an options pointer means all defaults. These structs only grow at the end,
 *     so that a program works with a later library.
 *   - A struct without `struct_size` never changes as long as the library's soversion is the same, except struct
 *     tile_info: only the library makes it, and it grows at its end.
 *   - Threads: a converter, a plan and an index are immutable once made and may be shared. A source, an encoder
 *     and a file belong to one thread at a time; only a source with tile_info.parts may be read by several.
 */
#ifndef TILE_H
#define TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TILE_API                 __attribute__((visibility("default")))
#define TILE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define TILE_API
#define TILE_PRINTF(text, first)
#endif

#define TILE_VERSION_MAJOR 0
#define TILE_VERSION_MINOR 2
#define TILE_VERSION_PATCH 0

/* Whether this header has the given version or a later one. Works in #if, too. */
#define TILE_VERSION_AT_LEAST(major, minor, patch)                                                                     \
    (TILE_VERSION_MAJOR > (major) ||                                                                                   \
     (TILE_VERSION_MAJOR == (major) &&                                                                                 \
      (TILE_VERSION_MINOR > (minor) || (TILE_VERSION_MINOR == (minor) && TILE_VERSION_PATCH >= (patch)))))

/* The library's version, as "0.2.0". */
TILE_API const char *tile_version(void);

/* A struct that begins with struct_size, every other field 0: `struct tile_job_options o = TILE_OPTIONS(struct
 * tile_job_options);` */
#ifdef __cplusplus
#define TILE_OPTIONS(type)                                                                                             \
    []() {                                                                                                             \
        type tile_options_{};                                                                                          \
        tile_options_.struct_size = sizeof tile_options_;                                                              \
        return tile_options_;                                                                                          \
    }()
#else
#define TILE_OPTIONS(type)                                                                                             \
    { .struct_size = sizeof(type) }
#endif

/* ---- Status ------------------------------------------------------------------------------------------------ */

/* The kinds of failure that a caller can act on; the message of a tile_error has the details. */
typedef enum tile_status {
    TILE_OK = 0,
    TILE_INVALID_ARGUMENT, /* the call itself is wrong: a size of 0, a region outside the image, a missing hook */
    TILE_NO_MEMORY,        /* the allocator returned NULL */
    TILE_READ_FAILED,      /* the source could not be opened or read */
    TILE_WRITE_FAILED,     /* the output could not be written, or exists already */
    TILE_BAD_DATA,         /* the source is damaged or is no image */
    TILE_UNSUPPORTED,      /* well formed, but this library or the format cannot express it */
    TILE_LIMIT_EXCEEDED,   /* larger than a limit of the options (max_memory and the like) allows */
    TILE_SOURCE_CHANGED,   /* the source has changed since it was opened, hashed or indexed */
    TILE_CANCELLED,        /* the progress callback asked to stop */
    TILE_BAD_INDEX,        /* the index file is damaged, or the file is no index: build it anew */
} tile_status;

/* Options that may let a failed call succeed; a bit set. A front end puts its own option names in their place. */
typedef enum tile_remedy {
    TILE_REMEDY_TO = 1 << 0,             /* another tile_job_options.to_space */
    TILE_REMEDY_NO_ALPHA = 1 << 1,       /* tile_job_options.drop_alpha or .flatten */
    TILE_REMEDY_NO_PROFILE = 1 << 2,     /* tile_encode_options.no_profile */
    TILE_REMEDY_RAW_CHANNELS = 1 << 3,   /* tile_encode_options.raw_channels */
    TILE_REMEDY_OVERWRITE = 1 << 4,      /* tile_job_options.overwrite, or the parameter of tile_file_create */
    TILE_REMEDY_IGNORE_PROFILE = 1 << 5, /* this and the next three: tile_source_options */
    TILE_REMEDY_IGNORE_ORIENTATION = 1 << 6,
    TILE_REMEDY_ASSUME = 1 << 7,
    TILE_REMEDY_LENIENT = 1 << 8,
    TILE_REMEDY_NOT_STRICT = 1 << 9, /* tile_source_options.strict is set; leave it unset */
    TILE_REMEDY_PIXELS = 1 << 10,    /* this and the next three: a larger max_pixels, max_memory and so on */
    TILE_REMEDY_MEMORY = 1 << 11,
    TILE_REMEDY_METADATA = 1 << 12,
    TILE_REMEDY_SIDE = 1 << 13,
} tile_remedy;

/* Filled when a call fails; untouched when it succeeds. The message is one line of UTF-8 without a final period. */
struct tile_error {
    tile_status status;
    unsigned remedies; /* a set of tile_remedy; 0: the library knows none */
    char message[500];
};

/* A short name for a status: "bad data". Never NULL. */
TILE_API const char *tile_status_name(tile_status status);

/* ---- Memory, bytes in, bytes out --------------------------------------------------------------------------- */

/*
 * Where memory comes from; NULL in place of an allocator means malloc and free. `alloc` returns NULL or memory with
 * the alignment of malloc, and is never asked for 0 bytes. Both hooks are called from any thread that libtile uses.
 * An object keeps the pointer to its allocator, so the allocator must outlive the object. libjpeg, libtiff, libdeflate,
 * LittleCMS, xxHash, jansson, stdio and stb_image_write take their own working memory from malloc.
 */
struct tile_allocator {
    void *user;
    void *(*alloc)(void *user, size_t size);
    void (*free)(void *user, void *memory);
};

#define TILE_DEFAULT_GAP (UINT64_C(256) << 10)

/*
 * A caller's own place to read from. `read_at` fills exactly `length` bytes from `offset` (never past `size`) or
 * fails; on failure it writes the cause to `error` (never NULL) with tile_error_set and returns the same status. One
 * thread at a time calls `read_at`. `close` (may be NULL) is called once, also when opening fails. It is not called if
 * struct_size is wrong, because the reader was then not made by TILE_OPTIONS.
 */
struct tile_reader {
    size_t struct_size;
    void *user;
    uint64_t size;
    tile_status (*read_at)(void *user, uint64_t offset, void *buffer, size_t length, struct tile_error *error);
    void (*close)(void *user);

    /* All three may be 0. The first two identify this version of the bytes: an object store's ETag (valid as long as
     * the reader), and the time of the last write in nanoseconds since 1970. */
    const char *etag;
    uint64_t modified;
    uint64_t gap; /* reads at most this many bytes apart are merged; 0: TILE_DEFAULT_GAP */
};

/*
 * A caller's own place to write to. `write_at` stores all `size` bytes at `offset` or fails as read_at does.
 * Every format is written from front to back without gaps; only TIFF goes back to its header at the end. A writer that
 * can only append has to refuse TIFF by its codec.
 */
struct tile_writer {
    void *user;
    tile_status (*write_at)(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error);
};

/* Writes a printf-formatted message to `error` (which may be NULL) and returns `status`. For hooks. */
TILE_API tile_status tile_error_set(struct tile_error *error, tile_status status, const char *format, ...)
    TILE_PRINTF(3, 4);

/* Growing memory to write to. Start with `{0}` or with an allocator set; release with tile_buffer_free. */
struct tile_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    const struct tile_allocator *allocator;
};

/* Appends `size` bytes, which must not be the buffer's own. Errors: NO_MEMORY, with the buffer unchanged. */
TILE_API tile_status tile_buffer_append(struct tile_buffer *buffer, const void *data, size_t size,
                                        struct tile_error *error);
/* A writer whose offset 0 is the first byte of the buffer: it overwrites the buffer's content. */
TILE_API struct tile_writer tile_buffer_writer(struct tile_buffer *buffer);
TILE_API void tile_buffer_free(struct tile_buffer *buffer);

/*
 * A file that appears under its name only when it is whole. It is written under a temporary name in the same folder;
 * tile_file_commit renames it, tile_file_discard removes it. Both free `file`, also on failure; tile_file_end calls one
 * of them. A path that exists is WRITE_FAILED, at creation or at commit, unless `overwrite` is true and the path is
 * a regular file.
 *
 * A crash of the machine may leave a truncated or empty file under the name, unless tile_file_sync is called after the
 * last write. tile_file_sync waits until the content is on the disk, and tile_file_commit then waits for the name, too.
 * (If that last wait fails, the whole file has its name all the same.)
 */
typedef struct tile_file tile_file;

TILE_API tile_status tile_file_create(tile_file **out, const char *path, bool overwrite,
                                      const struct tile_allocator *allocator, struct tile_error *error);
TILE_API struct tile_writer tile_file_writer(tile_file *file);
TILE_API tile_status tile_file_sync(tile_file *file, struct tile_error *error);
TILE_API tile_status tile_file_commit(tile_file *file, struct tile_error *error);
TILE_API void tile_file_discard(tile_file *file);
/* Commits the file if `status` is TILE_OK, and syncs it first if `sync` is true; else discards the file and returns
 * `status`. */
TILE_API tile_status tile_file_end(tile_file *file, tile_status status, bool sync, struct tile_error *error);

/*
 * Removes the temporary files (".NAME.libtile-part") that killed processes left in a folder, as far as permissions
 * allow. The files of running processes stay. tile_job_run does this for its folder; a program that writes many single
 * files calls it once before them.
 */
TILE_API void tile_folder_clean(const char *folder);

/*
 * The progress of a long call. Option structs have a hook `progress`, called with their `user`; if it returns false,
 * the call stops with TILE_CANCELLED. The hook is called at least every 50 ms or so, also on a slow machine, hence
 * often with the same numbers as before. Only deflating some rows (PNG, TIFF), up to 1 MiB of samples or one row, is
 * never interrupted: a row of a million pixels may take a second. Each hook's comment says what is counted; `total` 0:
 * not known yet.
 */
struct tile_progress {
    uint64_t done;
    uint64_t total;
};

/* ---- Pixels ------------------------------------------------------------------------------------------------ */

/*
 * Color spaces, by their CSS Color 4 names where they have one (tile_space_name returns the name in quotes).
 * v is a channel's value, 0 to 1. "8-bit code" is the value of a u8 sample before rounding; a u16 sample holds
 * 257 times that unless stated otherwise. Rounding is to nearest, ties away from zero, clipped to the codes.
 */
typedef enum tile_space {
    TILE_SPACE_UNSET = 0, /* "as the source" in options; invalid elsewhere */

    /* RGB. 8-bit code 255 v; f32 v, 0..1 (out-of-gamut values are kept). Matrices: CSS Color 4, rational. */
    TILE_SRGB,         /* "srgb": IEC 61966-2-1 */
    TILE_SRGB_LINEAR,  /* "srgb-linear": the same primaries, linear light */
    TILE_DISPLAY_P3,   /* "display-p3" */
    TILE_A98_RGB,      /* "a98-rgb": Adobe RGB (1998), gamma 563/256 */
    TILE_PROPHOTO_RGB, /* "prophoto-rgb": ROMM, D50 */
    TILE_REC2020,      /* "rec2020": BT.2020's own (camera) curve of alpha and beta; newer CSS drafts: gamma 2.4 */

    /*
     * RGB of high dynamic range, by ITU-R BT.2100-2: BT.2020's primaries, D65 white, full range; codes and f32 as
     * above. The white of xyz-d65 (Y = 1) is 203 cd/m2 in PQ and a signal of .75 in HLG (ITU-R BT.2408). Negative light
     * has the negated signal of its absolute value, which codes clip to 0. An ICC profile cannot accompany these
     * spaces.
     */
    TILE_REC2100_PQ, /* "rec2100-pq": table 4, SMPTE ST 2084; signals above 1 clamp at its 10000 cd/m2; black is 7e-7 */
    TILE_REC2100_HLG, /* "rec2100-hlg": table 5's OETF of the scene's light, no OOTF; in f32 it goes on above 1 */

    /* One channel. 8-bit code 255 v; f32 0..1. Luma is computed from unclipped values. */
    TILE_GRAY,      /* "gray": BT.601 luma .299 .587 .114 of the coded sRGB values, as JFIF's Y */
    TILE_GRAY709,   /* "gray709": BT.709 luma .2126 .7152 .0722 of the coded sRGB values */
    TILE_LUMINANCE, /* "luminance": CIE Y, linear; D65 white is 1 */

    /*
     * Luma and color differences (y, cb, cr), non-constant luminance, f32 y 0..1 and c -0.5..0.5.
     * Full range, n bits: (2^n - 1) y, (2^n - 1) c + 2^(n-1); limited: (16 + 219 y) 2^(n-8), (128 + 224 c) 2^(n-8)
     * (ITU-T H.273). 601 and 709 are computed from coded sRGB values, as files hold them, and 2020 from coded rec2020
     * values; the values are not clipped before.
     */
    TILE_YCBCR,          /* "ycbcr": JFIF, BT.601 full range; "ycbcr601-full" is the same */
    TILE_YCBCR601,       /* "ycbcr601": BT.601 limited */
    TILE_YCBCR709,       /* "ycbcr709": BT.709 limited */
    TILE_YCBCR709_FULL,  /* "ycbcr709-full" */
    TILE_YCBCR2020,      /* "ycbcr2020": BT.2020 limited */
    TILE_YCBCR2020_FULL, /* "ycbcr2020-full" */

    /* CIE. A color without chroma has no hue: h is 0 where C <= .0015 (CSS Color 4). */
    TILE_XYZ_D65, /* "xyz-d65": 8-bit code 255 v (above 1 clips); f32 as is, white Y = 1 */
    TILE_XYZ_D50, /* "xyz-d50": the same, adapted by Bradford */
    TILE_LAB,     /* "lab": D50, as ICC and CSS. L 255/100, a + 128, b + 128; f32 L 0..100 */
    TILE_LAB_D65, /* "lab-d65": as in OpenCV. Codes as lab */
    TILE_LCH,     /* "lch": polar lab. L 255/100, C (clips at 255), h 255/360; f32 L 0..100, h 0..360 */
    TILE_LCH_D65, /* "lch-d65": polar lab-d65 */
    TILE_LUV,     /* "luv": CIE 1976, D65. L 255/100, (u + 134) 255/354, (v + 140) 255/262 */

    /* Ottosson's, with the matrices of CSS Color 4; h is 0 where C <= 4e-6. */
    TILE_OKLAB, /* "oklab": 255 L, 255 a + 128, 255 b + 128; f32 L 0..1 */
    TILE_OKLCH, /* "oklch": 255 L, C 255/0.5, h 255/360; f32 L 0..1, h 0..360 */

    /* From coded sRGB values (clipped to 0..1 for codes). h 255/360, the others 255 v; f32 h 0..360, others 0..1. */
    TILE_HSV,     /* "hsv" */
    TILE_HSV_180, /* "hsv-180": u8 h/2, as in OpenCV (180 is 0 again); u16 h 65535/360, as hsv */
    TILE_HSL,     /* "hsl" */
    TILE_HWB,     /* "hwb" */

    /* "cmyk": ink 0..1, 255 v; without profiles CSS's naive device-cmyk from srgb, clipped for codes. 4 channels */
    TILE_CMYK,

    /*
     * High dynamic range, u16 or f32 only; sRGB white is 203 cd/m2 (BT.2408). u16: as full-range YCbCr
     * (ictcp); Jz 65535 z, az and bz 65535 v + 32768.
     */
    TILE_ICTCP,     /* "ictcp": BT.2100 with PQ; signals above 1 clamp at its 10000 cd/m2 */
    TILE_ICTCP_HLG, /* "ictcp-hlg": BT.2100 with HLG; white at 75 % signal */
    TILE_JZAZBZ,    /* "jzazbz": Safdar 2017 */

    /*
     * "ycocg-r": reversible, from 8-bit sRGB codes: Y 0..255, Co and Cg -255..255. u16: Y, Co + 256, Cg + 256;
     * f32: each divided by 255. There is no u8.
     */
    TILE_YCOCG_R,

    TILE_SPACE_COUNT
} tile_space;

/* The type of a sample; the enumerator is its size in bytes. u16 and f32 are native-endian in memory. */
typedef enum tile_sample { TILE_SAMPLE_UNSET = 0, TILE_U8 = 1, TILE_U16 = 2, TILE_F32 = 4 } tile_sample;

/*
 * Alpha is linear coverage: u8 255 v, u16 65535 v, f32 0..1. Premultiplied means that each channel's value, except a
 * hue, was multiplied by alpha before it became a code (CSS Color 4, 12.3).
 */
typedef enum tile_alpha { TILE_ALPHA_NONE = 0, TILE_ALPHA_STRAIGHT, TILE_ALPHA_PREMULTIPLIED } tile_alpha;

/* The order of channels in memory; a bit set. REVERSED turns RGB into BGR, ALPHA_FIRST turns RGBA into ARGB. */
typedef enum tile_order {
    TILE_ORDER_NATURAL = 0,  /* as the space's name says, alpha last */
    TILE_ORDER_REVERSED = 1, /* color channels back to front */
    TILE_ORDER_ALPHA_FIRST = 2,
    TILE_ORDER_REVERSED_ALPHA_FIRST = 3
} tile_order;

typedef enum tile_layout { TILE_INTERLEAVED = 0, TILE_PLANAR } tile_layout;

/* The meaning and order of an image's samples. Passed by value, so its size never changes. */
struct tile_format {
    tile_space space;
    tile_sample sample;
    tile_alpha alpha;
    tile_order order;
    tile_layout layout;
    uint32_t reserved[3]; /* 0, else INVALID_ARGUMENT */
};

#define TILE_MAX_CHANNELS 5

/*
 * A description of pixels in memory; it owns them only if tile_image_alloc made it.
 * Interleaved: plane[0] is the first sample of the top left pixel. Planar: plane[i] is the first sample of channel i,
 * counted in the format's `order`. `stride` is the number of bytes from one row to the next in every plane; it may be
 * negative, and must be a multiple of the sample's size.
 */
struct tile_image {
    struct tile_format format;
    uint32_t width;
    uint32_t height;
    void *plane[TILE_MAX_CHANNELS];
    ptrdiff_t stride;
};

/* x, y: the top left pixel, from 0. */
struct tile_rect {
    uint32_t x, y, width, height;
};

/* "lab" or "Lab" -> TILE_LAB; TILE_SPACE_UNSET for an unknown name. Also takes "ycbcr601-full" and "grey". */
TILE_API tile_space tile_space_from_name(const char *name);
/* TILE_LAB -> "lab"; NULL outside the enumeration. */
TILE_API const char *tile_space_name(tile_space space);
/* Color channels: 1, 3 or 4; 0 outside the enumeration. */
TILE_API int tile_space_channels(tile_space space);
/* One line about the space, for people; NULL outside the enumeration. */
TILE_API const char *tile_space_description(tile_space space);
/* Whether the space has codes for the sample type (ictcp, jzazbz and ycocg-r have none in u8). */
TILE_API bool tile_space_has_sample(tile_space space, tile_sample sample);

/*
 * "#FF8000" or "#FF800080" (CSS Color 4, 5.2, two digits a channel), with or without the #, -> srgb and alpha, 0..1.
 * Any other text: returns false and leaves `color` untouched.
 */
TILE_API bool tile_color_from_text(const char *text, float color[4]);

/* Number of channels, alpha included; 0 if the format is invalid. */
TILE_API int tile_format_channels(struct tile_format format);
/* Bytes from one pixel to the next within a plane: all channels if interleaved, one sample if planar. */
TILE_API size_t tile_format_step(struct tile_format format);

/*
 * Allocates pixels (not cleared), rows packed, and describes them in `out`. tile_image_free takes the same allocator.
 * LIMIT_EXCEEDED if the size does not fit size_t.
 */
TILE_API tile_status tile_image_alloc(struct tile_image *out, struct tile_format format, uint32_t width,
                                      uint32_t height, const struct tile_allocator *allocator,
                                      struct tile_error *error);
TILE_API void tile_image_free(struct tile_image *image, const struct tile_allocator *allocator);
/*
 * Describes the caller's own interleaved pixels; `stride` 0: rows packed. Nothing is copied, and nothing is checked
 * before a call that takes the image. `pixels` may be constant if the image is only read (converted from, encoded).
 */
TILE_API struct tile_image tile_image_of(struct tile_format format, uint32_t width, uint32_t height, const void *pixels,
                                         ptrdiff_t stride);
/* The part `rect` of `image`, in the same memory. `rect` must lie within the image. */
TILE_API struct tile_image tile_image_view(const struct tile_image *image, struct tile_rect rect);

/* ---- Source ------------------------------------------------------------------------------------------------ */

typedef struct tile_source tile_source;

typedef enum tile_codec {
    TILE_CODEC_UNSET = 0,
    TILE_JPEG, /* "jpg" */
    TILE_PNG,  /* "png" */
    TILE_TIFF, /* "tif" */
    TILE_NPY,  /* "npy" */
    TILE_BMP,  /* "bmp" */
    TILE_TGA,  /* "tga" */
    TILE_HDR,  /* "hdr": Radiance RGBE */
    TILE_CODEC_COUNT
} tile_codec;

struct tile_source_options {
    size_t struct_size;
    const struct tile_allocator *allocator;
    /* Limits on the cost of hostile input; 0: the default, which is named last. */
    uint64_t max_pixels;     /* width x height; 2^32 */
    uint64_t max_memory;     /* bytes that the source may hold at a time; 1 GiB */
    uint64_t max_metadata;   /* bytes of headers, profiles and the like; 64 MiB */
    uint64_t max_side;       /* width, and height; 2^20 */
    const char *name;        /* for messages; default: the path, or "(memory)" */
    bool ignore_orientation; /* read pixels as they are stored */
    bool ignore_profile;     /* read samples as sRGB or gray, whatever profile, gamma or chromaticities say; a job's
                              * files then have no color label */
    bool lenient;            /* keep the pixels that a damaged file still gives; see tile_source_damage */
    tile_space assume;       /* the space of a file that names none; must have the file's number of channels */
    bool strict;             /* fail with BAD_DATA where tile_source_note would have a note */
    /*
     * Called by all calls that read the file. It counts bytes of the file while a hash is computed (also by
     * tile_source_use_index), else rows of the rectangle that is read. While a decoder skips rows above the rectangle
     * or decodes the whole image, it counts rows of the image, anew in each pass. It runs on the calling thread, so on
     * several at once for a source with parts. A job calls its own hook instead.
     */
    bool (*progress)(void *user, const struct tile_progress *progress);
    void *user;
};

/*
 * The facts about a source. Its color is taken from the first usable of these: in a PNG, the cICP, iCCP and sRGB
 * chunks, then gAMA and cHRM (third edition, 4.3), in any position; in a JPEG, the ICC profile, then the Adobe RGB mark
 * of DCF in EXIF. A gAMA of .45455, to 1 %, without a cHRM means sRGB rather than a power of 2.2: PNG asks writers of
 * sRGB to add it to their chunk (11.3.2.5), and before that chunk existed it stood for sRGB alone.
 */
struct tile_info {
    tile_codec codec;          /* TILE_JPEG or TILE_PNG */
    uint32_t width, height;    /* upright */
    int orientation;           /* EXIF, 1 to 8; 1 where absent or ignored */
    int bits;                  /* per sample, in the file */
    struct tile_format format; /* the pixels that tile_source_read gives unless asked for another space */
    const void *profile;       /* ICC profile of these pixels; NULL: format.space says all. Owned by the source */
    size_t profile_size;
    bool tagged;     /* the file says what its samples mean, and libtile understands it */
    bool streams;    /* rows are decoded as they are needed; false: the whole image is held (progressive, interlaced) */
    uint64_t memory; /* bytes that decoding holds at a time, apart from the rows that are read */
    bool lenient;    /* tile_source_options.lenient was set */
    const char *name;     /* for messages. Owned by the source */
    uint64_t bytes;       /* size of the file */
    const char *coding;   /* for people: "baseline YCbCr 4:2:0", "palette, interlaced". Owned by the source */
    const char *no_index; /* why the file can have no index: "progressive", "interlaced"; NULL if it can. Static */
    bool indexed; /* tile_source_use_index set an index; it knows the file's hash and has parts for tile_index_part */

    /*
     * The profile to embed where the color is kept: `profile`, or an ICC profile that belongs to these pixels but that
     * LittleCMS cannot convert from. NULL: none. Owned by the source, like all pointers below.
     */
    const void *carried_profile;
    size_t carried_profile_size;
    const char *profile_unusable; /* why carried_profile cannot be converted from; NULL if it can, or is NULL */
    /* Why the file's ICC profile does not apply to these pixels: damaged, a device link, of another model. NULL: the
     * file has none, or it is carried_profile. */
    const char *profile_dropped;
    /* The four numbers of a PNG's cICP chunk (ITU-T H.273: primaries, transfer, matrix, full range); NULL: none. */
    const unsigned char *code_points;
    bool ignored; /* the file describes its color, but ignore_profile was set */
    /* Why the color of these RGB or gray samples is unknown: they can be kept, with code_points, but not converted, and
     * format.space only names their model. NULL: format and profile describe the color. */
    const char *unknown_color;

    /* Any rectangle can be read at its own cost, and by several threads at once: an index is in use, or the file itself
     * says where its parts are. */
    bool parts;
    /* Size of the blocks of stored pixels that are decoded together, counted from the top left corner: a JPEG's MCU; in
     * a PNG the rows between two checkpoints of the index in use, 1 without. (If not `streams`: the whole image.) */
    uint32_t part_width, part_height;
    bool splices;    /* tile_source_splice can cut files out of it, once it has an index (see no_index) */
    uint32_t pages;  /* images in the file; the first is read. Always 1 so far */
    uint32_t levels; /* sizes of that image in the file; the largest is read. Always 1 so far */

    /* The colors of a PNG with a palette: `palette_size` pixels of `format`, one of which each pixel is, but for those
     * that `lenient` fills in; `bits` is then the size of a color's number in the file. NULL: no palette. Where the
     * palette has fewer colors than there are numbers, black is among them: numbers beyond its end are read so. */
    const unsigned char *palette;
    size_t palette_size;
};

/*
 * Opens a JPEG or PNG and reads its header. `path` and `data` must stay valid and unchanged until the source is
 * closed (`path` is copied). Errors: READ_FAILED (missing, unreadable, a directory), BAD_DATA (empty, not an image,
 * damaged header), UNSUPPORTED (12-bit JPEG and the like), LIMIT_EXCEEDED, INVALID_ARGUMENT, NO_MEMORY.
 */
TILE_API tile_status tile_source_open_file(tile_source **out, const char *path,
                                           const struct tile_source_options *options, struct tile_error *error);
TILE_API tile_status tile_source_open_memory(tile_source **out, const void *data, size_t size,
                                             const struct tile_source_options *options, struct tile_error *error);
TILE_API tile_status tile_source_open_reader(tile_source **out, const struct tile_reader *reader,
                                             const struct tile_source_options *options, struct tile_error *error);
TILE_API void tile_source_close(tile_source *source);

/* Valid until the source is closed. */
TILE_API const struct tile_info *tile_source_info(const tile_source *source);

/* Appends the content of tile_source_info as one JSON object, for people and programs. */
TILE_API tile_status tile_source_describe(const tile_source *source, struct tile_buffer *out, struct tile_error *error);

/*
 * The format to read in if the pixels are wanted in the space `wanted`. A JFIF file whose color is sRGB (no profile, or
 * a profile of sRGB) gives `ycbcr` and `gray` without a detour over RGB; info.profile does not apply to these pixels.
 * In all other cases info.format. Interleaved, natural order.
 */
TILE_API struct tile_format tile_source_format_for(const tile_source *source, tile_space wanted);

/*
 * Reads the pixels of `rect` (upright, within the image) to `image`, which has the size of `rect` and the format
 * info.format or the result of tile_source_format_for. The pixels are those of libjpeg-turbo's and libpng's default
 * decoders for every rectangle: reading a part equals cutting it from the whole.
 *
 * Without tile_info.parts, files are decoded from the top. The source keeps the decoded rows from the
 * latest read's top edge on (as far as max_memory allows; for reads as wide as the image, the last 64 MiB; it may keep
 * none of a whole image that is larger than that). Reads in the order of tile_source_stored_rect().y thus decode
 * nothing twice; a read further up begins again at the top. With parts, a read costs only its own part of the file,
 * nothing is kept between reads, and several threads may read at once.
 *
 * Errors: BAD_DATA (with the row; see `lenient`), READ_FAILED, LIMIT_EXCEEDED, NO_MEMORY, INVALID_ARGUMENT,
 * SOURCE_CHANGED (the file does not match its index), BAD_INDEX (a part of the index is damaged). After an error the
 * content of `image` is unspecified.
 */
TILE_API tile_status tile_source_read(tile_source *source, struct tile_rect rect, struct tile_image *image,
                                      struct tile_error *error);
/*
 * Reads all pixels to a new image of info.format; free it by tile_image_free with the same allocator. LIMIT_EXCEEDED if
 * the image has more bytes than the source's max_memory.
 */
TILE_API tile_status tile_source_read_all(tile_source *source, struct tile_image *out,
                                          const struct tile_allocator *allocator, struct tile_error *error);

/* The place of `rect` (upright) in the stored image, which is the image before its EXIF orientation is applied. */
TILE_API struct tile_rect tile_source_stored_rect(const tile_source *source, struct tile_rect rect);

/* XXH3-128 of the file, in its canonical 16 bytes. Reads the whole file, unless an index in use knows the hash. */
TILE_API tile_status tile_source_hash(tile_source *source, unsigned char hash[16], struct tile_error *error);

/*
 * Notes for people about a file whose pixels can be read, one line each: an ICC profile that is left out or cannot be
 * used, a gain map or further pictures that are not read, a missing end marker. NULL if `index` is past the last note.
 * Most notes are there after opening, some come with reading. Owned by the source.
 */
TILE_API const char *tile_source_note(const tile_source *source, size_t index);

/* The damage in the data read so far that `lenient` let pass; NULL: none. Owned by the source. */
TILE_API const char *tile_source_damage(const tile_source *source);

/* ---- Index ------------------------------------------------------------------------------------------------- */

/*
 * Checkpoints from which decoding can begin in the middle of a file. For a JPEG: the positions of MCUs in the
 * entropy-coded data and their DC predictions. For a PNG: the inflater's state at some rows. Building an index takes
 * one pass over the file; the index has about 2 % of the file's size. With it, a read costs only its own pixels.
 *
 * A JPEG must be sequential, Huffman-coded, in one scan, and have its own tables; a PNG must not be interlaced. For
 * other files tile_info.no_index has the reason.
 *
 * Immutable and thread-safe; it must outlive the sources that use it. One thread at a time calls the index's own
 * reader, and only for the parts that a read needs.
 */
typedef struct tile_index tile_index;

struct tile_index_options {
    size_t struct_size;
    const struct tile_allocator *allocator;
    uint32_t tile_width;  /* JPEG: stored pixels between checkpoints, along each row of MCUs; 0: 256 */
    uint32_t tile_height; /* PNG: stored rows between checkpoints; 0: 256 */
    bool (*progress)(void *user, const struct tile_progress *progress); /* bytes read so far, of tile_info.bytes */
    void *user;
};

/*
 * Reads the whole file once, in bounded memory. Errors: UNSUPPORTED (tile_info.no_index, or a source that has parts
 * without an index), BAD_DATA (a damaged or truncated file; the message names the byte), READ_FAILED, LIMIT_EXCEEDED,
 * NO_MEMORY, CANCELLED.
 */
TILE_API tile_status tile_index_build(tile_index **out, tile_source *source, const struct tile_index_options *options,
                                      struct tile_error *error);
/* Writes the index file: little-endian, versioned, with a checksum for each part. */
TILE_API tile_status tile_index_save(const tile_index *index, const struct tile_writer *writer,
                                     struct tile_error *error);
/* Saves to a path, by tile_file_create and tile_file_end with sync. */
TILE_API tile_status tile_index_save_file(const tile_index *index, const char *path, bool overwrite,
                                          struct tile_error *error);
/*
 * Reads the header of an index file. The rest is read when it is needed; a call that finds it damaged then fails with
 * BAD_INDEX. The reader is closed with the index, or when loading fails. Errors: BAD_INDEX (not an index file,
 * truncated, damaged), UNSUPPORTED (a later version), READ_FAILED, NO_MEMORY.
 */
TILE_API tile_status tile_index_load(tile_index **out, const struct tile_reader *reader,
                                     const struct tile_allocator *allocator, struct tile_error *error);
TILE_API tile_status tile_index_load_file(tile_index **out, const char *path, const struct tile_allocator *allocator,
                                          struct tile_error *error);
/* Loads from `data`, which must stay valid and unchanged until the index is freed. */
TILE_API tile_status tile_index_load_memory(tile_index **out, const void *data, size_t size,
                                            const struct tile_allocator *allocator, struct tile_error *error);
TILE_API void tile_index_free(tile_index *index);

/*
 * Lets `source` read through `index` from now on; NULL: without an index. Must not be called while the source is read.
 * SOURCE_CHANGED unless the index was built from the same bytes: same size and ETag, or same size and time of writing.
 * If the source's reader or the index lacks these, or the time differs, XXH3-128 decides, which reads the whole file.
 * INVALID_ARGUMENT for a source that has parts without an index.
 */
TILE_API tile_status tile_source_use_index(tile_source *source, const tile_index *index, struct tile_error *error);

/*
 * Extracts the part of the source's index that reads within `rect` (upright) need. The result is an index itself, some
 * hundred bytes for a tile of a JPEG, which can be sent along with a tile's task. Reads outside `rect` through it are
 * INVALID_ARGUMENT. A source that uses no index is INVALID_ARGUMENT, even if it has parts.
 */
TILE_API tile_status tile_index_part(tile_index **out, const tile_source *source, struct tile_rect rect,
                                     const struct tile_allocator *allocator, struct tile_error *error);

/* A range of bytes in a file. */
struct tile_range {
    uint64_t offset, size;
};

/*
 * The ranges of the file that a source with parts requests from its reader to read `rect` (upright), the file's header
 * included, ascending and more than the reader's `gap` apart. A remote reader can thus fetch them all at once
 * beforehand. Sets `*count` to their number and fills in the first `capacity`; `ranges` may be NULL if `capacity` is 0.
 * INVALID_ARGUMENT without parts.
 */
TILE_API tile_status tile_source_ranges(const tile_source *source, struct tile_rect rect, struct tile_range *ranges,
                                        size_t capacity, size_t *count, struct tile_error *error);

/*
 * Appends a complete JPEG of `rect` from an indexed JPEG, with the same coefficients, quantization and color; no pixel
 * is decoded or encoded. The edges of `rect` must be multiples of tile_info.part_width and part_height, or the image's
 * right and bottom edge, and the source must have no orientation to apply (INVALID_ARGUMENT; UNSUPPORTED unless
 * tile_info.splices). Where chroma is subsampled, decoders that smooth it ("fancy upsampling") show the outermost
 * pixels at a cut slightly different, because they do not see the neighbors beyond.
 */
TILE_API tile_status tile_source_splice(const tile_source *source, struct tile_rect rect, struct tile_buffer *out,
                                        struct tile_error *error);

/* ---- Plan -------------------------------------------------------------------------------------------------- */

/* The content of a tile beyond the edge of the area. */
typedef enum tile_edge {
    TILE_EDGE_CLIP = 0,  /* the tile is smaller */
    TILE_EDGE_PAD,       /* a color */
    TILE_EDGE_REPLICATE, /* the nearest pixel */
} tile_edge;

/* How a region's row, column and level form the name of its file. */
typedef enum tile_plan_layout {
    TILE_LAYOUT_GRID = 0, /* "grid": r{row}_c{column} */
} tile_plan_layout;

struct tile_grid {
    size_t struct_size;
    uint32_t tile_width;  /* pixels, without the overlap; 0: 256 */
    uint32_t tile_height; /* 0: tile_width */
    uint32_t overlap;     /* pixels that are added on each side of a tile and shared with its neighbors */
    tile_edge edge;
    float pad_color[4]; /* the color of TILE_EDGE_PAD: srgb and alpha, 0..1 */
    tile_plan_layout layout;
    uint32_t reserved; /* 0 */
};

/*
 * One tile of a plan: the pixels of `source` (within the area) go to (left, top) of a tile of width x height pixels;
 * the rest of the tile is edge. Passed by value, so its size never changes.
 */
struct tile_region {
    uint32_t row, column;
    uint32_t level; /* 0: the source's own pixels */
    struct tile_rect source;
    uint32_t width, height;
    uint32_t left, top;
    uint32_t reserved[5]; /* 0, else INVALID_ARGUMENT */
};

typedef struct tile_plan tile_plan;

/*
 * Cuts `area` into a grid, row by row; `grid` is copied, NULL means all defaults. Any 32-bit sizes; nothing is
 * allocated per tile. INVALID_ARGUMENT if the area is empty; if its end, or a tile with its overlap, does not fit 32
 * bits; if the overlap is larger than the tile; or if the edge, the pad color or the layout is invalid.
 */
TILE_API tile_status tile_plan_new_grid(tile_plan **out, struct tile_rect area, const struct tile_grid *grid,
                                        const struct tile_allocator *allocator, struct tile_error *error);
/* One region for each rectangle, in the given order: row i, column 0. `rects` is copied; none may be empty. */
TILE_API tile_status tile_plan_new_rects(tile_plan **out, const struct tile_rect *rects, size_t count,
                                         const struct tile_allocator *allocator, struct tile_error *error);
/*
 * The regions that a user names: if `grid` has a tile_width, cuts the one rectangle as tile_plan_new_grid does; if it
 * has none, or is NULL, makes one region for each rectangle as tile_plan_new_rects does. Errors: theirs, and
 * INVALID_ARGUMENT if several rectangles are to be cut.
 */
TILE_API tile_status tile_plan_new_regions(tile_plan **out, const struct tile_rect *rects, size_t count,
                                           const struct tile_grid *grid, const struct tile_allocator *allocator,
                                           struct tile_error *error);
TILE_API void tile_plan_free(tile_plan *plan);

TILE_API uint64_t tile_plan_count(const tile_plan *plan);
/* The region at `index`, which must be below tile_plan_count. Row-major for a grid. */
TILE_API struct tile_region tile_plan_region(const tile_plan *plan, uint64_t index);
/* The plan's grid with its defaults filled in; valid as long as the plan. NULL for rectangles. */
TILE_API const struct tile_grid *tile_plan_grid(const tile_plan *plan);
/* The smallest rectangle that contains the `source` of every region; for a grid, its area. */
TILE_API struct tile_rect tile_plan_area(const tile_plan *plan);

/* Size of a tile's name, its NUL included. */
#define TILE_NAME_SIZE 256

/*
 * The name of a region's file: "r0_c0.png" for the suffix "png" (see tile_codec_name). The region need not be one of
 * the plan's. A layout's names may contain folders: "0/3/2.png".
 */
TILE_API void tile_plan_name(const tile_plan *plan, const struct tile_region *region, const char *suffix,
                             char name[TILE_NAME_SIZE]);
/*
 * The reverse of tile_plan_name: finds the index of the region whose file is called `name`; false if there is none.
 * `name` may be untrusted: a name that is found is a path within the folder, without "..", empty parts or a slash at
 * its beginning.
 */
TILE_API bool tile_plan_find(const tile_plan *plan, const char *name, const char *suffix, uint64_t *index);

/*
 * Appends the plan as a JSON object of ASCII on one line, {"grid":{"area":[0,0,640,480],"tile":[256,256],"overlap":0,
 * "edge":"clip"}} or {"rectangles":[[x,y,width,height],...]}; a grid of TILE_EDGE_PAD also has "pad", its color, and
 * one of another layout than TILE_LAYOUT_GRID "layout", its name. The manifest of a job has its members.
 */
TILE_API tile_status tile_plan_describe(const tile_plan *plan, struct tile_buffer *text, struct tile_error *error);
/*
 * Makes a plan from the text of tile_plan_describe; the new plan has the same text. BAD_DATA if the text is not JSON,
 * or a member is missing, unknown or of the wrong type; INVALID_ARGUMENT as from tile_plan_new_grid and
 * tile_plan_new_rects. The message names the member.
 */
TILE_API tile_status tile_plan_from_json(tile_plan **out, const char *text, size_t size,
                                         const struct tile_allocator *allocator, struct tile_error *error);

/*
 * Fills the edge of a tile, the pixels of `image` (region->width x region->height, interleaved) outside region->source.
 * `pixel`: the color for TILE_EDGE_PAD, one pixel in the image's format.
 */
TILE_API void tile_region_fill_edge(const struct tile_region *region, tile_edge edge, const void *pixel,
                                    struct tile_image *image);

/* ---- CPU --------------------------------------------------------------------------------------------------- */

/*
 * The instruction sets that the color kernels are compiled for. All give the same bits, so choosing one only serves
 * tests and measurements.
 */
typedef enum tile_cpu {
    TILE_CPU_BEST = 0, /* the last one below that this machine has */
    TILE_CPU_SCALAR,   /* portable C */
    TILE_CPU_NEON,     /* AArch64 */
    TILE_CPU_SSSE3,    /* Core 2 and later */
    TILE_CPU_AVX2,     /* with FMA and BMI2: Haswell, Zen */
    TILE_CPU_AVX512,   /* with BW, DQ, VL, VBMI and VNNI: Ice Lake, Zen 4 */
} tile_cpu;

#define TILE_CPU_COUNT 6

/* "avx2" -> TILE_CPU_AVX2, "best" -> TILE_CPU_BEST; TILE_CPU_COUNT for an unknown name. */
TILE_API tile_cpu tile_cpu_from_name(const char *name);
/* TILE_CPU_AVX2 -> "avx2"; NULL outside the enumeration. */
TILE_API const char *tile_cpu_name(tile_cpu cpu);
/* Whether this build has the kernels, and this machine and its system can run them. */
TILE_API bool tile_cpu_available(tile_cpu cpu);
/* The instruction set that TILE_CPU_BEST selects on this machine. */
TILE_API tile_cpu tile_cpu_best(void);

/* ---- Converter --------------------------------------------------------------------------------------------- */

typedef struct tile_converter tile_converter;

/* ICC.1:2022, 7.2.15. */
typedef enum tile_intent {
    TILE_INTENT_PERCEPTUAL = 0,
    TILE_INTENT_RELATIVE = 1,
    TILE_INTENT_SATURATION = 2,
    TILE_INTENT_ABSOLUTE = 3
} tile_intent;

/*
 * A profile defines the color of its side's samples. The format's space then only names the model (`srgb` for an RGB
 * profile, `gray`, `cmyk`, `lab`), which must be the profile's model.
 */
struct tile_converter_options {
    size_t struct_size;
    const struct tile_allocator *allocator;
    const void *from_profile; /* ICC; copied */
    size_t from_profile_size;
    const void *to_profile;
    size_t to_profile_size;
    /*
     * The intent applies to profiles with tables. Profiles of matrix and curves are colorimetric only: perceptual and
     * saturation mean relative for them. Black points are compensated if the option is set, and always for perceptual
     * and saturation tables of ICC version 4, whose black is the black of a reference medium. This holds for every
     * sample type and in both directions.
     */
    tile_intent intent;
    bool black_point_compensation;
    tile_cpu cpu; /* the kernels to use; UNSUPPORTED if this machine cannot run them */
    /*
     * The color under the pixels if the source has alpha and the target has none: one f32 for each of the source's
     * color channels, not premultiplied. The result is color + (1 - alpha) (background - color). NULL: alpha is
     * dropped. Copied.
     */
    const float *background;
};

/*
 * Prepares the conversion of one format to another, once per job. Errors: INVALID_ARGUMENT (an invalid format),
 * BAD_DATA (a damaged profile), UNSUPPORTED (a profile of another model or class; u8 in a space without u8),
 * NO_MEMORY.
 */
TILE_API tile_status tile_converter_new(tile_converter **out, struct tile_format from, struct tile_format to,
                                        const struct tile_converter_options *options, struct tile_error *error);
TILE_API void tile_converter_free(tile_converter *converter);

/*
 * Converts `source` to `target`, which have the same size and the converter's formats. Works in place if pixels have
 * equal size and layout; otherwise the two must not overlap. Thread-safe. Fails only with INVALID_ARGUMENT.
 *
 * 8-bit results are within one code of the definitions above. These conversions are exactly rounded:
 *   - between 8- or 16-bit codes that are not premultiplied: srgb to gray and ycbcr*, rec2020 to ycbcr2020*, and these
 *     ycbcr* back to RGB (limited-range 16-bit codes: to 1e-9 of a code);
 *   - between 8-bit codes also srgb to hsv*, hsl, hwb and cmyk, and back.
 * f32 results from srgb, and srgb results from f32, are within 2e-6 of the channel's range for colors that a display
 * can show.
 *
 * Alpha: straight is copied; premultiplied is divided out and multiplied in again; without alpha pixels are opaque; a
 * target without alpha drops it.
 */
TILE_API tile_status tile_convert(const tile_converter *converter, const struct tile_image *source,
                                  const struct tile_image *target, struct tile_error *error);

/* ---- Encoder ----------------------------------------------------------------------------------------------- */

typedef enum tile_subsampling { TILE_420 = 0, TILE_422, TILE_444 } tile_subsampling;

/* What TIFF makes of samples before they are deflated, numbered as its tag Predictor has it. */
typedef enum tile_predictor {
    TILE_PREDICTOR_UNSET = 0,
    TILE_PREDICTOR_NONE,       /* f32 samples that come from 8-bit ones are smaller so, by a third or more */
    TILE_PREDICTOR_HORIZONTAL, /* u8 and u16: differences to the pixel on the left */
    TILE_PREDICTOR_FLOAT       /* f32: bytes of equal weight together, and their differences */
} tile_predictor;

#define TILE_DEFAULT_QUALITY     75 /* as libjpeg's */
#define TILE_DEFAULT_COMPRESSION 1

struct tile_encode_options {
    size_t struct_size;
    const struct tile_allocator *allocator;
    int quality;                  /* JPEG, 1 to 100; 0: TILE_DEFAULT_QUALITY */
    tile_subsampling subsampling; /* JPEG of YCbCr */
    /*
     * PNG and TIFF deflate, 1 (the fastest) to 9 (the smallest); 0: TILE_DEFAULT_COMPRESSION. The bytes of level 1 are
     * libtile's alone: they are the same on every machine and with every version of the libraries that it uses. Those
     * of the levels above are libdeflate's, which may change with its version. Pixels are the same at every level.
     */
    int compression;
    /* ICC profile of the pixels, embedded if the format can, up to the size in its header; must stay valid. */
    const void *profile;
    size_t profile_size;
    bool raw_channels; /* let a format carry samples whose color space it cannot name */
    /* Bytes that an encoder may hold (BMP, TGA and HDR hold the whole image, `optimize` its coefficients); 0: 1 GiB */
    uint64_t max_memory;
    bool optimize; /* JPEG: optimized Huffman tables, files some percent smaller, somewhat slower */
    /* Embed neither `profile` nor the space's own profile: readers of the file must know the color themselves. */
    bool no_profile;
    bool untagged; /* write nothing at all about color, for pixels whose color is unknown */
    /* PNG: the four numbers for a cICP chunk (ITU-T H.273: primaries, transfer, matrix, full range); NULL: those of the
     * space, if it has any. Must stay valid. */
    const unsigned char *code_points;
    bool (*progress)(void *user, const struct tile_progress *progress); /* rows of the image */
    void *user;
    tile_cpu cpu;             /* PNG and TIFF: the kernels to use, as in tile_converter_options */
    tile_predictor predictor; /* TIFF; unset: TILE_PREDICTOR_FLOAT for f32 samples, else TILE_PREDICTOR_HORIZONTAL */
    /* TIFF: tiles of so many pixels on each side, 16 to 4096 and a multiple of 16, for readers that want any part of
     * the image; smaller where the image is. 0: strips of whole rows. */
    uint32_t tiff_tile;
    /* PNG: 1, 2, 4 or 8 bits for the number of a palette's color, or for a sample of 8-bit gray without alpha, which
     * must then be one of the 2^bits codes from 0 to 255 at equal distances (INVALID_ARGUMENT as above). 0: the fewest
     * that the palette takes, or all of the sample's. */
    int bits;
    /*
     * PNG of RGB in 8-bit samples, with or without alpha: `palette_size` (1 to 256) colors, each a pixel of that
     * format. Files have the palette and numbers of its colors; of equal colors the first counts. NULL: no palette.
     * Must stay valid. Writing a pixel that is not among them is INVALID_ARGUMENT; the message names it.
     */
    const unsigned char *palette;
    size_t palette_size;
};

/* "jpg", ".JPEG" or "jfif" -> TILE_JPEG; TILE_CODEC_UNSET if unknown. This and the next three functions know all
 * codecs, also those that this build does not have. */
TILE_API tile_codec tile_codec_from_suffix(const char *suffix);
/* The codec by the suffix of the last component of a path or URL: "a.b/photo.jpg" -> TILE_JPEG. */
TILE_API tile_codec tile_codec_of_path(const char *path);
/* TILE_JPEG -> "jpg", which is also the suffix of its files; NULL outside the enumeration. */
TILE_API const char *tile_codec_name(tile_codec codec);
/* TILE_JPEG -> "image/jpeg"; "application/octet-stream" if the format has no type; NULL outside the enumeration. */
TILE_API const char *tile_codec_media_type(tile_codec codec);

/* Whether this build of libtile decodes or encodes files of this codec. All calls below fail with UNSUPPORTED for a
 * codec that it cannot write; the message names those that it can. */
TILE_API bool tile_codec_can_read(tile_codec codec);
TILE_API bool tile_codec_can_write(tile_codec codec);
#define TILE_CODEC_NAMES (8 * TILE_CODEC_COUNT)
/* "jpg, png, tif, npy, bmp, tga or hdr": puts the names of the codecs that this build writes into `text`, for messages,
 * and returns `text`. A list longer than `size` bytes is cut off; TILE_CODEC_NAMES bytes are enough. */
TILE_API char *tile_codec_names(char *text, size_t size);
/* The default codec for tiles: PNG if it can carry `format`, else TIFF, or NPY in a build without TIFF.
 * TILE_CODEC_UNSET for an invalid format. */
TILE_API tile_codec tile_codec_for(struct tile_format format);
/*
 * TILE_OK if files of `codec` can state the color of samples of `format` (interleaved, natural order); else
 * TILE_UNSUPPORTED, with a message that names the codecs that can.
 */
TILE_API tile_status tile_codec_can_carry(tile_codec codec, struct tile_format format, struct tile_error *error);

/* Encodes a whole image, interleaved and in natural order. Errors: UNSUPPORTED, LIMIT_EXCEEDED, WRITE_FAILED,
 * NO_MEMORY, INVALID_ARGUMENT. */
TILE_API tile_status tile_encode(const struct tile_image *image, tile_codec codec,
                                 const struct tile_encode_options *options, const struct tile_writer *writer,
                                 struct tile_error *error);
/*
 * Encodes to a file, whole or not at all; `codec` TILE_CODEC_UNSET: by the suffix of `path`. As with a job's `image`,
 * the content is on the disk before the file gets its name. `overwrite`: see tile_file_create.
 */
TILE_API tile_status tile_encode_file(const struct tile_image *image, const char *path, tile_codec codec,
                                      const struct tile_encode_options *options, bool overwrite,
                                      struct tile_error *error);

/* Encodes an image strip by strip, from top to bottom: any number of rows a call, `height` in all, interleaved, natural
 * order. */
typedef struct tile_encoder tile_encoder;

TILE_API tile_status tile_encoder_new(tile_encoder **out, tile_codec codec, struct tile_format format, uint32_t width,
                                      uint32_t height, const struct tile_encode_options *options,
                                      const struct tile_writer *writer, struct tile_error *error);
TILE_API tile_status tile_encoder_write(tile_encoder *encoder, const struct tile_image *rows, struct tile_error *error);
/* Writes the end of the file. The output is whole only after this call has succeeded. */
TILE_API tile_status tile_encoder_finish(tile_encoder *encoder, struct tile_error *error);
TILE_API void tile_encoder_free(tile_encoder *encoder);

/* ---- Job --------------------------------------------------------------------------------------------------- */

struct tile_job_options {
    size_t struct_size;
    const struct tile_allocator *allocator;
    uint64_t max_memory; /* bytes that the job may hold at a time; 0: 1 GiB */

    /* The regions: a plan within the source's upright image; NULL: `grid` over all of it. For one image: a plan of one
     * rectangle, or NULL for the whole image. */
    const tile_plan *plan;
    const struct tile_grid *grid; /* NULL: all defaults */

    /* The target's format: 0 keeps the source's. */
    tile_space to_space;
    tile_sample to_sample;
    tile_alpha to_alpha;
    bool drop_alpha;
    const void *to_profile; /* see tile_converter_options; if to_space is 0, the profile also names the model */
    size_t to_profile_size;
    tile_intent intent;
    bool black_point_compensation;
    tile_codec codec; /* 0: tile_codec_for the target's format; for one image: by its suffix */
    /* NULL: all defaults. The job sets its own allocator and hook, and derives profile and code points from the source
     * and to_profile. It also derives palette and bits: PNGs of a source with a palette, or of gray with less than 8
     * bits, have the same where the pixels are the source's own, to_sample is 0, a pad color is among them, and the
     * source is not lenient with a palette. */
    const struct tile_encode_options *encode;

    /* The target: exactly one of `folder`, `image` and `writer`. */
    const char *folder; /* one file a tile, r{row}_c{column}.{suffix}, and manifest.json */
    const char *image;  /* one new image */
    bool overwrite;     /* replace the files of another job instead of refusing; an interrupted run of this job is
                           resumed either way. The source itself is never replaced: INVALID_ARGUMENT */

    int threads; /* 0: one for each processor; below 0: INVALID_ARGUMENT */

    /*
     * Counts stored tiles, those of an earlier run included, or strips of one image. The total is 0 while a pass over
     * the source computes an index or the hash, until the job knows which tiles it can resume. Called on the thread of
     * tile_job_run, whatever the other threads do; if it returns false, they stop, too. In tile_job_tile it is called
     * with 0 of 1, on the thread of each call.
     */
    bool (*progress)(void *user, const struct tile_progress *progress);
    void *user;

    tile_cpu cpu; /* see tile_converter_options */

    bool lossless; /* JPEG tiles with the source's own coefficients: no pixel is decoded or encoded */

    /* Write no alpha: lay the pixels on `background`, in the source's own coded values, as browsers do. */
    bool flatten;
    float background[3]; /* srgb, 0..1 */

    /* Do not wait until the disk has the files: a crash of the machine may then lose or truncate them. */
    bool no_sync;
    /* In place of `image`: one new image is written there, from front to back except for TIFF (see tile_writer).
     * `codec` is then required. After a failure the caller removes what was written. */
    const struct tile_writer *writer;
};

/* If struct_size is smaller than the library's, only the caller's fields are filled in. */
struct tile_job_result {
    size_t struct_size;
    uint64_t tiles;   /* tiles in the plan, or strips of one image */
    uint64_t written; /* tiles that this run wrote */
    uint64_t kept;    /* tiles that an earlier run wrote */
    uint64_t bytes;   /* bytes that this run wrote */
};

/*
 * Runs the whole pipeline over threads: source -> plan -> read -> convert -> encode -> store -> manifest. Two rows of
 * tiles are held at a time. If the source has tile_info.parts, all threads read, each a row of tiles or a part of a
 * row; one more than the number of threads is held if max_memory allows. The files are the same either way. The job
 * builds an index first if a large JPEG's upper half is not needed, or if one new image is turned and does not fit in
 * memory.
 *
 * The folder's manifest.json describes the source, the plan, the color and each tile: rectangle, file, bytes, XXH3-128
 * of the pixels and of the file, and each channel's mean, minimum and maximum. Each line ends with its own check. Until
 * all tiles are there, the manifest is a journal, manifest.part, in the same folder. A run that finds the journal of
 * the same job keeps the tiles whose size and hash are right and makes the others. Thus a job resumes after a cancelled
 * run, a full disk, a killed process or a crash of the machine. When this returns TILE_OK, the disk has everything (see
 * no_sync).
 *
 * Without `overwrite` a job only replaces its own files. If the folder has tiles of the same names that no journal or
 * manifest lists, the job does not begin. If the source turns out to be damaged or changes, the tiles of this run are
 * removed, never those of an earlier run. With `overwrite` each file stays until its replacement is whole, and nothing
 * is removed before all tiles are there: if the source turns out to be damaged, the new tiles stay beside the old ones,
 * with a journal, but without a manifest.
 *
 * A `lossless` job makes its tiles by tile_source_splice. It needs a JPEG with an index in use, a folder, tiles that
 * begin and end on MCUs (tile_info.part_width, part_height) or the image's edge, and no option that would change a
 * coefficient: overlap, another edge than TILE_EDGE_CLIP, another color, format or depth, drop_alpha, quality,
 * subsampling, an orientation that is not ignored; else INVALID_ARGUMENT or UNSUPPORTED. `optimize` codes the same
 * coefficients anew. One other color there is: TILE_GRAY from a YCbCr JPEG in sRGB (with no profile, or one of sRGB)
 * keeps the coefficients of Y and leaves out the others; decoded, the tiles have the pixels that the job has without
 * `lossless`. Other tiles carry the file's own color description. The manifest has no statistics or hash of their
 * pixels.
 *
 * `result` may be NULL; it is also filled on failure. No other call may use the source meanwhile.
 *
 * A source file that is written to meanwhile is SOURCE_CHANGED at the end, by its size and times: the bytes hashed may
 * differ from the bytes decoded. (A file that was renamed or linked is hashed again; one new image has no hash.) Memory
 * and a caller's reader cannot be checked: a reader has to fail if its bytes have changed (its ETag, for example).
 */
TILE_API tile_status tile_job_run(tile_source *source, const struct tile_job_options *options,
                                  struct tile_job_result *result, struct tile_error *error);

/*
 * Fails where tile_job_run would fail before it reads a pixel, and does nothing else. It does not look at
 * the disk behind `folder` or `image`; the suffix of `image` may still name the format.
 */
TILE_API tile_status tile_job_check(tile_source *source, const struct tile_job_options *options,
                                    struct tile_error *error);

/*
 * A job whose tiles are made one by one, so that they can be spread over machines. Each machine makes some tiles with
 * tile_job_tile; the one that has all records writes the manifest. Tiles, names and manifest are those of tile_job_run,
 * byte for byte.
 *
 * Immutable once made; `source` and everything that the options point to must outlive it. If the source has
 * tile_info.parts, several threads may make tiles at once; else each tile is decoded from the top, or on from the tile
 * before.
 */
typedef struct tile_job tile_job;

/*
 * Fills in the defaults of the options and refuses what cannot be done, before a pixel is read. Without a `plan`, tiles
 * may have any regions, which are checked by tile_job_tile, and only edge, pad color and layout of `grid` are used.
 * `folder`, `overwrite` and `threads` are not used; `image` and `writer` must be NULL.
 */
TILE_API tile_status tile_job_new(tile_job **out, tile_source *source, const struct tile_job_options *options,
                                  struct tile_error *error);
TILE_API void tile_job_free(tile_job *job);

/* The plan of the job's options; NULL: none. */
TILE_API const tile_plan *tile_job_plan(const tile_job *job);
/* The codec of the job's tiles, also if the options left it open. */
TILE_API tile_codec tile_job_codec(const tile_job *job);
/* Bytes of memory that one thread takes to make the tile of `region` (within the source), the source's own memory
 * included. NULL: for the plan's largest region, or without a plan for a tile of the whole source. */
TILE_API uint64_t tile_job_memory(const tile_job *job, const struct tile_region *region);

/* The name of a region's file: "r0_c0.png". */
TILE_API void tile_job_name(const tile_job *job, const struct tile_region *region, char name[TILE_NAME_SIZE]);
/*
 * Makes the tile of `region` (of the job's plan, or any other within the source). Appends the file's bytes to `bytes`,
 * and the tile's line of the manifest to `record`: a JSON object of ASCII, without a newline, below 1500 bytes. After a
 * failure the appended bytes are unspecified. A tile larger than region->source is filled by the edge of the plan's
 * grid, or of options.grid if there is no plan or a plan of rectangles. Errors: also LIMIT_EXCEEDED, if the tile takes
 * more than max_memory.
 */
TILE_API tile_status tile_job_tile(const tile_job *job, const struct tile_region *region, struct tile_buffer *bytes,
                                   struct tile_buffer *record, struct tile_error *error);
/* Whether a record of `size` bytes is as tile_job_tile made it: its last member is a hash of the bytes before. */
TILE_API bool tile_record_holds(const char *record, size_t size);

/*
 * Appends the head of the manifest, which describes the job: one line of JSON, not closed, with a NUL behind it that is
 * not counted. Reads the whole source for its hash, unless an index in use knows it. INVALID_ARGUMENT without a plan.
 */
TILE_API tile_status tile_job_head(const tile_job *job, struct tile_buffer *head, struct tile_error *error);
/*
 * Writes a manifest: a head, then the record of each tile in the plan's order. `record` appends the record of tile
 * `index` to `out` or fails. `damage`: the damage that a lenient source let pass (tile_source_damage); NULL: none.
 */
TILE_API tile_status tile_manifest_write(const struct tile_writer *writer, const char *head, uint64_t count,
                                         tile_status (*record)(void *user, uint64_t index, struct tile_buffer *out,
                                                               struct tile_error *error),
                                         void *user, const char *damage, struct tile_error *error);

#ifdef __cplusplus
}
#endif

#endif
