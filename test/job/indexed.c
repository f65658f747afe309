/* SPDX-License-Identifier: MIT */
/*
 * Jobs over sources with an index write what they write without one, whoever reads which part when. Lossless tiles hold
 * the source's coefficients, as libjpeg reads them from both.
 */
#include "folder.h"
#include "picture.h"

#include <jpeglib.h>
#include <pthread.h>

static struct tile_error error;

/* A source, and its index where it is to have one. */
struct opened {
    tile_source *source;
    tile_index *index;
};

static struct opened open_path(const char *path, bool indexed, bool ignore_orientation) {
    struct opened o = {0};
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.ignore_orientation = ignore_orientation;
    assert_ok(tile_source_open_file(&o.source, path, &options, &error));
    if (indexed) {
        struct tile_index_options spacing = TILE_OPTIONS(struct tile_index_options);
        spacing.tile_width = spacing.tile_height = 24; /* so that parts begin between checkpoints, too */
        assert_ok(tile_index_build(&o.index, o.source, &spacing, &error));
        assert_ok(tile_source_use_index(o.source, o.index, &error));
    }
    return o;
}

static struct opened open_fixture(const char *name, bool indexed) {
    return open_path(test_fixture(name), indexed, false);
}

static void close_opened(struct opened o) {
    tile_source_close(o.source);
    tile_index_free(o.index);
}

static tile_status run(const char *name, bool indexed, struct tile_job_options options,
                       struct tile_job_result *result) {
    struct opened o = open_fixture(name, indexed);
    tile_status status = tile_job_run(o.source, &options, result, &error);
    close_opened(o);
    return status;
}

/* ---- With an index as without ---- */

static const char *const indexable[] = {"420.jpg",           "photo.jpg",         "orientation-3.jpg",
                                        "orientation-6.jpg", "restart.jpg",       "gray.jpg",
                                        "rgb8.png",          "orientation-6.png", "palette-trns.png"};
static const int thread_counts[] = {1, 2, 5};

static void check_same(struct tile_job_options options) {
    for (size_t i = 0; i < sizeof indexable / sizeof *indexable; i++) {
        char *plain = test_folder_new();
        options.folder = plain;
        assert_ok(run(indexable[i], false, options, NULL));
        for (size_t t = 0; t < 3; t++) {
            char *folder = test_folder_new();
            options.folder = folder;
            options.threads = thread_counts[t];
            assert_ok(run(indexable[i], true, options, NULL));
            assert_true(folders_are_equal(plain, folder));
            test_folder_remove(folder);
        }
        test_folder_remove(plain);
    }
}

static void an_index_changes_no_tile(void **state) {
    (void)state;
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.grid = TEST_GRID(.tile_width = 20, .tile_height = 17);
    options.codec = TILE_NPY;
    check_same(options);
    options.grid = TEST_GRID(.tile_width = 33, .tile_height = 16, .overlap = 3, .edge = TILE_EDGE_REPLICATE);
    options.to_space = TILE_LAB;
    check_same(options);
    /* What a JPEG stores, read as it is. */
    options.to_space = TILE_YCBCR;
    check_same(options);
}

static void an_index_changes_no_rectangle(void **state) {
    (void)state;
    static const struct tile_rect rects[] = {{50, 60, 20, 11}, {0, 0, 71, 71},   {3, 1, 5, 5},
                                             {60, 1, 7, 5},    {50, 60, 20, 11}, {70, 70, 1, 1}};
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    tile_plan *plan;
    assert_ok(tile_plan_new_rects(&plan, rects, sizeof rects / sizeof *rects, NULL, &error));
    options.codec = TILE_NPY;
    options.plan = plan;
    check_same(options);
    tile_plan_free(plan);
}

static struct test_bytes one_image(const char *name, bool indexed, int threads) {
    char *folder = test_folder_new(), *path = strdup(test_path(folder, "one.npy"));
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.image = path;
    options.threads = threads;
    assert_ok(run(name, indexed, options, NULL));
    struct test_bytes bytes = test_read_file(path);
    free(path);
    test_folder_remove(folder);
    return bytes;
}

/* Strips are begun and encoded in order though any thread reads them. */
static void an_index_changes_no_new_image(void **state) {
    (void)state;
    static const char *const names[] = {"photo.jpg",         "orientation-2.jpg", "orientation-3.jpg",
                                        "orientation-5.jpg", "orientation-6.jpg", "orientation-8.jpg",
                                        "orientation-6.png", "rgb8.png"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct test_bytes plain = one_image(names[i], false, 2);
        for (size_t t = 0; t < 3; t++) {
            struct test_bytes bytes = one_image(names[i], true, thread_counts[t]);
            assert_int_equal(bytes.size, plain.size);
            assert_memory_equal(bytes.data, plain.data, plain.size);
            free(bytes.data);
        }
        free(plain.data);
    }
}

/* The strips of a new image share a PNG's checkpoint, which is inflated once. */
static void strips_are_read_together(void **state) {
    (void)state;
    static const int heights[] = {71, 250};
    for (int i = 0; i < 2; i++) {
        char *folder = test_folder_new(), *out = strdup(test_path(folder, "out.npy"));
        struct opened o = open_fixture("rgb8.png", false);
        struct tile_rect rect = {0, 0, 97, 71};
        struct tile_image image, tall;
        struct tile_format format = tile_source_info(o.source)->format;
        assert_ok(tile_image_alloc(&image, format, 97, 71, NULL, &error));
        assert_ok(tile_image_alloc(&tall, format, 97, (uint32_t)heights[i], NULL, &error));
        assert_ok(tile_source_read(o.source, rect, &image, &error));
        for (int y = 0; y < heights[i]; y++)
            memcpy((unsigned char *)tall.plane[0] + y * tall.stride,
                   (unsigned char *)image.plane[0] + (y * 5 % 71) * image.stride, 97 * 3);
        close_opened(o);
        struct tile_buffer png = {0};
        struct tile_writer writer = tile_buffer_writer(&png);
        assert_ok(tile_encode(&tall, TILE_PNG, NULL, &writer, &error));

        struct test_reader counting = {.file = {png.data, png.size}, .etag = "1"};
        struct tile_reader reader = test_reader_of(&counting);
        assert_ok(tile_source_open_reader(&o.source, &reader, NULL, &error));
        assert_ok(tile_index_build(&o.index, o.source, NULL, &error));
        assert_ok(tile_source_use_index(o.source, o.index, &error));
        counting.bytes = 0;
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        options.image = out;
        options.threads = 2;
        assert_ok(tile_job_run(o.source, &options, NULL, &error));
        assert_true(counting.bytes > 0 && counting.bytes <= counting.file.size);
        close_opened(o);
        tile_buffer_free(&png);
        tile_image_free(&image, NULL);
        tile_image_free(&tall, NULL);
        free(out);
        test_folder_remove(folder);
    }
}

static bool stop_at(void *user, const struct tile_progress *progress) {
    return progress->done < *(uint64_t *)user;
}

static const struct tile_encode_options optimized = {.struct_size = sizeof optimized, .optimize = true};

static struct tile_job_options photo_job(const char *folder, bool lossless) {
    static const struct tile_grid grid = {.struct_size = sizeof grid, .tile_width = 32};
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.folder = folder;
    options.codec = TILE_JPEG;
    options.grid = &grid;
    options.threads = 3;
    options.lossless = lossless;
    return options;
}

static void a_stopped_run_goes_on(void **state) {
    (void)state;
    for (int lossless = 0; lossless < 2; lossless++)
        for (uint64_t stop = 0; stop <= 160; stop += 80) {
            char *whole = test_folder_new(), *stopped = test_folder_new();
            struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
            assert_ok(run("photo.jpg", true, photo_job(whole, lossless), &result));
            struct tile_job_options options = photo_job(stopped, lossless);
            options.progress = stop_at;
            options.user = &stop;
            /* Only the calling thread is asked: others may be done with all before it gets its turn. */
            options.threads = stop == 160 ? 1 : 3;
            tile_status status = run("photo.jpg", true, options, &result);
            uint64_t kept = result.written;
            assert_true(kept >= stop && kept <= result.tiles);
            if (kept < result.tiles || options.threads == 1)
                assert_int_equal(status, TILE_CANCELLED);
            assert_true(stop > 0 || kept == 0); /* it asks before anything is done */
            assert_ok(run("photo.jpg", lossless, photo_job(stopped, lossless), &result)); /* with or without an index */
            assert_int_equal(result.kept, kept);
            assert_int_equal(result.written, result.tiles - kept);
            assert_true(folders_are_equal(whole, stopped));
            test_folder_remove(whole);
            test_folder_remove(stopped);
        }
}

/* ---- Memory ---- */

/* What the library holds at a time; libjpeg's and libpng's own memory is not in it. */
struct counted {
    struct tile_allocator allocator;
    pthread_mutex_t lock;
    size_t held, most;
};

static void *count_alloc(void *user, size_t size) {
    struct counted *c = user;
    size_t *block = malloc(size + 16);
    if (!block)
        return NULL;
    *block = size;
    pthread_mutex_lock(&c->lock);
    c->held += size;
    c->most = c->held > c->most ? c->held : c->most;
    pthread_mutex_unlock(&c->lock);
    return (char *)block + 16;
}

static void count_free(void *user, void *memory) {
    struct counted *c = user;
    size_t *block = (size_t *)(void *)((char *)memory - 16);
    pthread_mutex_lock(&c->lock);
    c->held -= *block;
    pthread_mutex_unlock(&c->lock);
    free(block);
}

static void memory_stays_below_its_limit(void **state) {
    (void)state;
    static const char *const names[] = {"photo.jpg", "orientation-6.jpg", "rgb8.png"};
    for (size_t i = 0; i < 3; i++) {
        int refused = 0, done = 0;
        for (uint64_t limit = 250000; limit < 8000000; limit += limit / 3) {
            char *folder = test_folder_new();
            struct opened o = open_fixture(names[i], true);
            struct counted counted = {.lock = PTHREAD_MUTEX_INITIALIZER};
            counted.allocator = (struct tile_allocator){&counted, count_alloc, count_free};
            struct tile_source_options source_options = TILE_OPTIONS(struct tile_source_options);
            source_options.allocator = &counted.allocator;
            tile_source *source;
            assert_ok(tile_source_open_file(&source, test_fixture(names[i]), &source_options, &error));
            assert_ok(tile_source_use_index(source, o.index, &error));
            struct tile_job_options options = photo_job(folder, false);
            options.allocator = &counted.allocator;
            options.max_memory = limit;
            options.grid = TEST_GRID(.tile_width = 64);
            options.threads = 8;
            tile_status status = tile_job_run(source, &options, NULL, &error);
            if (status == TILE_OK)
                done++;
            else
                refused++;
            assert_int_equal(status, done ? TILE_OK : TILE_LIMIT_EXCEEDED);
            assert_true(counted.most <= limit);
            tile_source_close(source);
            assert_int_equal(counted.held, 0);
            close_opened(o);
            test_folder_remove(folder);
        }
        assert_true(refused > 0 && done > 4);
    }
}

/* What a run of `threads` holds at most, if it may hold `limit`; 0: it refuses. */
static size_t most_held(const char *name, tile_codec codec, int level, int threads, uint64_t limit) {
    char *folder = test_folder_new();
    struct counted counted = {.lock = PTHREAD_MUTEX_INITIALIZER};
    counted.allocator = (struct tile_allocator){&counted, count_alloc, count_free};
    struct tile_source_options source_options = TILE_OPTIONS(struct tile_source_options);
    source_options.allocator = &counted.allocator;
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture(name), &source_options, &error));
    struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
    encode.compression = level;
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.folder = folder;
    options.codec = codec;
    options.encode = &encode;
    options.threads = threads;
    options.grid = TEST_GRID(.tile_width = 24);
    options.allocator = &counted.allocator;
    options.max_memory = limit;
    tile_status status = tile_job_run(source, &options, NULL, &error);
    assert_true(status == TILE_OK || status == TILE_LIMIT_EXCEEDED);
    tile_source_close(source);
    assert_int_equal(counted.held, 0);
    test_folder_remove(folder);
    return status == TILE_OK ? counted.most : 0;
}

/* Each thread keeps its encoder from tile to tile. */
static void encoders_stay_below_the_limit(void **state) {
    (void)state;
    static const tile_codec codecs[] = {TILE_JPEG, TILE_PNG, TILE_TIFF};
    for (size_t i = 0; i < 3 * 2 * 4; i++) {
        tile_codec codec = codecs[i / 8];
        int level = i / 4 % 2 ? 9 : 1, threads = 1 << i % 4, done = 0;
        if (!tile_codec_can_write(codec))
            continue;
        for (uint64_t limit = 100000; limit < 200000000; limit *= 2) {
            size_t most = most_held("rgb8.png", codec, level, threads, limit);
            done += most != 0;
            if (most > limit)
                fail_msg("%s, level %d, %d threads: %zu bytes of %ju", tile_codec_name(codec), level, threads, most,
                         (uintmax_t)limit);
        }
        assert_true(done > 3);
    }
}

/* ---- Lossless ---- */

/* A JPEG's coefficients as libjpeg reads them; any error ends the test. */
struct coefficients {
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    jvirt_barray_ptr *arrays;
    struct test_bytes file;
};

static void read_coefficients(struct coefficients *c, const char *path) {
    c->file = test_read_file(path);
    c->d.err = jpeg_std_error(&c->errors);
    jpeg_create_decompress(&c->d);
    jpeg_mem_src(&c->d, c->file.data, c->file.size);
    for (int i = 0; i < 3; i++)
        jpeg_save_markers(&c->d, JPEG_APP0 + (int[]){0, 2, 14}[i], 0xFFFF);
    jpeg_read_header(&c->d, TRUE);
    c->arrays = jpeg_read_coefficients(&c->d);
    assert_int_equal(c->errors.num_warnings, 0);
}

static void free_coefficients(struct coefficients *c) {
    jpeg_destroy_decompress(&c->d);
    free(c->file.data);
}

static JBLOCKROW blocks(struct coefficients *c, int component, JDIMENSION row) {
    return *c->d.mem->access_virt_barray((j_common_ptr)&c->d, c->arrays[component], row, 1, FALSE);
}

/* Every block of the tile is the source's, and all that says what they mean. */
static void check_coefficients(struct coefficients *source, struct coefficients *tile, struct tile_rect rect) {
    struct jpeg_decompress_struct *s = &source->d, *t = &tile->d;
    assert_int_equal(t->image_width, rect.width);
    assert_int_equal(t->image_height, rect.height);
    assert_int_equal(t->num_components, s->num_components);
    assert_int_equal(t->jpeg_color_space, s->jpeg_color_space);
    assert_int_equal(t->saw_Adobe_marker, s->saw_Adobe_marker);
    assert_int_equal(t->saw_JFIF_marker, s->saw_JFIF_marker);
    bool one = s->num_components == 1;
    for (int i = 0; i < s->num_components; i++) {
        const jpeg_component_info *from = &s->comp_info[i], *to = &t->comp_info[i];
        JDIMENSION h = (JDIMENSION)(one ? 1 : from->h_samp_factor), v = (JDIMENSION)(one ? 1 : from->v_samp_factor);
        JDIMENSION mcu_width = (JDIMENSION)(one ? 8 : 8 * s->max_h_samp_factor);
        JDIMENSION mcu_height = (JDIMENSION)(one ? 8 : 8 * s->max_v_samp_factor);
        assert_int_equal(to->component_id, from->component_id);
        if (!one) {
            assert_int_equal(to->h_samp_factor, from->h_samp_factor);
            assert_int_equal(to->v_samp_factor, from->v_samp_factor);
        }
        assert_memory_equal(to->quant_table->quantval, from->quant_table->quantval, sizeof to->quant_table->quantval);
        JDIMENSION left = rect.x / mcu_width * h, top = rect.y / mcu_height * v;
        for (JDIMENSION y = 0; y < to->height_in_blocks; y++)
            assert_memory_equal(blocks(tile, i, y), blocks(source, i, top + y) + left,
                                to->width_in_blocks * sizeof(JBLOCK));
    }
    /* The segments of JFIF, of the profile and of Adobe. */
    const struct jpeg_marker_struct *from = s->marker_list, *to = t->marker_list;
    for (; from && to; from = from->next, to = to->next) {
        assert_int_equal(to->marker, from->marker);
        assert_int_equal(to->data_length, from->data_length);
        assert_memory_equal(to->data, from->data, from->data_length);
    }
    assert_true(!from && !to);
}

/* A tile is upright as it is, whatever the source says of itself and was ignored. */
static void check_orientation(const char *path) {
    struct opened o = open_path(path, false, false);
    assert_int_equal(tile_source_info(o.source)->orientation, 1);
    close_opened(o);
}

static struct tile_image read_rect(const char *path, struct tile_rect rect) {
    struct opened o = open_path(path, false, true);
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(o.source)->format, rect.width, rect.height, NULL, &error));
    assert_ok(tile_source_read(o.source, rect, &image, &error));
    close_opened(o);
    return image;
}

/* The tile's pixels are the source's, up to the outermost ones beside a cut, which see over it when chroma is smoothed.
 */
static void check_pixels(const char *source_path, const char *tile_path, struct tile_rect rect, uint32_t width,
                         uint32_t height, uint32_t margin) {
    uint32_t left = rect.x ? margin : 0, right = rect.x + rect.width < width ? margin : 0;
    uint32_t top = rect.y ? margin : 0, bottom = rect.y + rect.height < height ? margin : 0;
    struct tile_rect inner = {left, top, rect.width - left - right, rect.height - top - bottom};
    if (inner.width == 0 || inner.height == 0)
        return;
    struct tile_image tile = read_rect(tile_path, inner);
    inner.x += rect.x;
    inner.y += rect.y;
    struct tile_image source = read_rect(source_path, inner);
    assert_memory_equal(tile.plane[0], source.plane[0], (size_t)source.stride * inner.height);
    tile_image_free(&tile, NULL);
    tile_image_free(&source, NULL);
}

/* The tiles' bytes. */
static uint64_t check_lossless(const char *name, struct tile_grid grid, uint32_t margin, bool optimize) {
    char *folder = test_folder_new(), *path = strdup(test_fixture(name));
    struct opened o = open_path(path, true, true);
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    options.folder = folder;
    options.grid = &grid;
    options.threads = 2;
    options.lossless = true;
    if (optimize)
        options.encode = &optimized;
    assert_ok(tile_job_run(o.source, &options, &result, &error));
    const struct tile_info *info = tile_source_info(o.source);
    struct coefficients source = {0};
    read_coefficients(&source, path);

    json_t *manifest = manifest_read(folder), *tiles = json_object_get(manifest, "tiles"), *tile;
    assert_true(json_is_true(json_object_get(json_object_get(manifest, "format"), "lossless")));
    assert_int_equal(json_is_true(json_object_get(json_object_get(manifest, "format"), "optimize")), optimize);
    assert_int_equal(json_array_size(tiles), result.tiles);
    size_t i;
    json_array_foreach(tiles, i, tile) {
        static const char *const unknown[] = {"xxh3_pixels", "mean", "min", "max"};
        for (size_t k = 0; k < 4; k++)
            assert_null(json_object_get(tile, unknown[k]));
        json_t *r = json_object_get(tile, "rect");
        struct tile_rect rect = {
            (uint32_t)json_integer_value(json_array_get(r, 0)), (uint32_t)json_integer_value(json_array_get(r, 1)),
            (uint32_t)json_integer_value(json_array_get(r, 2)), (uint32_t)json_integer_value(json_array_get(r, 3))};
        const char *tile_path = test_path(folder, json_string_value(json_object_get(tile, "file")));
        struct coefficients cut = {0};
        read_coefficients(&cut, tile_path);
        assert_int_equal(json_integer_value(json_object_get(tile, "bytes")), cut.file.size);
        assert_memory_equal(cut.file.data + cut.file.size - 2, "\xFF\xD9", 2);
        check_coefficients(&source, &cut, rect);
        free_coefficients(&cut);
        check_orientation(tile_path);
        check_pixels(path, tile_path, rect, info->width, info->height, margin);
    }
    json_decref(manifest);
    free_coefficients(&source);
    close_opened(o);
    free(path);
    test_folder_remove(folder);
    return result.bytes;
}

static void lossless_tiles_hold_the_sources_coefficients(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t width, height;
        uint32_t margin; /* chroma is smoothed over this many pixels */
    } cases[] = {{"420.jpg", 32, 32, 1},
                 {"420.jpg", 16, 16, 1},
                 {"422.jpg", 32, 8, 1},
                 {"440.jpg", 8, 32, 1},
                 {"411.jpg", 32, 16, 0},
                 {"410.jpg", 32, 16, 0},
                 {"444.jpg", 24, 8, 0},
                 {"gray.jpg", 8, 40, 0},
                 {"cmyk.jpg", 32, 32, 0},
                 {"ycck.jpg", 32, 32, 1},
                 {"cmyk-no-adobe.jpg", 40, 24, 0},
                 {"rgb.jpg", 16, 64, 0},
                 {"optimized.jpg", 32, 16, 1},
                 {"restart.jpg", 16, 32, 1},
                 {"adobe-rgb-profile.jpg", 48, 48, 1},
                 {"orientation-6.jpg", 32, 32, 1},
                 {"photo.jpg", 64, 128, 1},
                 {"1x1.jpg", 256, 256, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tile_grid grid = test_grid(cases[i].width, cases[i].height, 0, TILE_EDGE_CLIP);
        uint64_t plain = check_lossless(cases[i].name, grid, cases[i].margin, false);
        assert_true(check_lossless(cases[i].name, grid, cases[i].margin, true) < plain);
    }
}

/* Y of every block of the rectangle, and nothing else. */
static void check_luma(struct coefficients *source, struct coefficients *tile, struct tile_rect rect) {
    struct jpeg_decompress_struct *s = &source->d, *t = &tile->d;
    assert_int_equal(t->image_width, rect.width);
    assert_int_equal(t->image_height, rect.height);
    assert_int_equal(t->jpeg_color_space, JCS_GRAYSCALE);
    assert_true(t->saw_JFIF_marker);
    const jpeg_component_info *to = &t->comp_info[0];
    assert_int_equal(to->h_samp_factor * to->v_samp_factor, 1);
    assert_memory_equal(to->quant_table->quantval, s->comp_info[0].quant_table->quantval,
                        sizeof to->quant_table->quantval);
    assert_int_equal(to->width_in_blocks, (rect.width + 7) / 8);
    assert_int_equal(to->height_in_blocks, (rect.height + 7) / 8);
    for (JDIMENSION y = 0; y < to->height_in_blocks; y++)
        assert_memory_equal(blocks(tile, 0, y), blocks(source, 0, rect.y / 8 + y) + rect.x / 8,
                            to->width_in_blocks * sizeof(JBLOCK));
    for (jpeg_saved_marker_ptr m = t->marker_list; m; m = m->next)
        assert_int_equal(m->marker, JPEG_APP0); /* no profile of RGB, no mark of Adobe's */
}

/* The tiles' bytes. Their pixels are those of a job that decodes. */
static uint64_t check_lossless_gray(struct opened o, struct coefficients *source, struct tile_grid grid,
                                    bool optimize) {
    char *folder = test_folder_new(), *lossless = strdup(test_path(folder, "lossless"));
    char *decoded = strdup(test_path(folder, "decoded"));
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    options.grid = &grid;
    options.to_space = TILE_GRAY;
    options.folder = decoded;
    options.codec = TILE_PNG;
    assert_ok(tile_job_run(o.source, &options, NULL, &error));
    options.folder = lossless;
    options.codec = TILE_JPEG;
    options.lossless = true;
    options.encode = optimize ? &optimized : NULL;
    assert_ok(tile_job_run(o.source, &options, &result, &error));

    json_t *manifest = manifest_read(lossless), *tiles = json_object_get(manifest, "tiles"), *tile;
    const char *to = json_string_value(json_object_get(json_object_get(manifest, "color"), "to"));
    assert_string_equal(to, "gray");
    size_t i;
    json_array_foreach(tiles, i, tile) {
        json_t *r = json_object_get(tile, "rect");
        struct tile_rect rect = {
            (uint32_t)json_integer_value(json_array_get(r, 0)), (uint32_t)json_integer_value(json_array_get(r, 1)),
            (uint32_t)json_integer_value(json_array_get(r, 2)), (uint32_t)json_integer_value(json_array_get(r, 3))};
        char *name = strdup(json_string_value(json_object_get(tile, "file")));
        struct tile_rect all = {0, 0, rect.width, rect.height};
        struct coefficients cut = {0};
        read_coefficients(&cut, test_path(lossless, name));
        check_luma(source, &cut, rect);
        free_coefficients(&cut);
        struct tile_image got = read_rect(test_path(lossless, name), all);
        memcpy(strrchr(name, '.'), ".png", 4);
        struct tile_image expected = read_rect(test_path(decoded, name), all);
        assert_int_equal(got.format.space, TILE_GRAY);
        assert_int_equal(got.stride, expected.stride);
        assert_memory_equal(got.plane[0], expected.plane[0], (size_t)got.stride * got.height);
        tile_image_free(&got, NULL);
        tile_image_free(&expected, NULL);
        free(name);
    }
    json_decref(manifest);
    free(decoded);
    free(lossless);
    test_folder_remove(folder);
    return result.bytes;
}

static void lossless_gray_tiles_hold_the_sources_luma(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t width, height;
    } cases[] = {{"420.jpg", 32, 32},     {"422.jpg", 32, 8},        {"440.jpg", 8, 32},
                 {"411.jpg", 32, 16},     {"410.jpg", 32, 16},       {"444.jpg", 24, 8},
                 {"restart.jpg", 16, 32}, {"optimized.jpg", 32, 16}, {"orientation-6.jpg", 32, 32},
                 {"photo.jpg", 64, 128},  {"1x1.jpg", 256, 256},     {"known-srgb-profile.jpg", 32, 32},
                 {"gray.jpg", 8, 40}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tile_grid grid = test_grid(cases[i].width, cases[i].height, 0, TILE_EDGE_CLIP);
        char *path = strdup(test_fixture(cases[i].name));
        struct opened o = open_path(path, true, true);
        struct coefficients source = {0};
        read_coefficients(&source, path);
        uint64_t plain = check_lossless_gray(o, &source, grid, false);
        assert_true(check_lossless_gray(o, &source, grid, true) < plain);
        free_coefficients(&source);
        close_opened(o);
        free(path);
    }
}

/* Tables in slots 2 and 3, of 16 bits, and no JFIF marker: a gray JPEG has one, so that readers need not guess. */
static void odd_headers_make_ordinary_gray(void **state) {
    (void)state;
    static const struct jpeg_recipe recipes[] = {
        {.space = JCS_YCbCr, .sampling = {{2, 2}}, .high_slots = true},
        {.space = JCS_YCbCr, .sampling = {{2, 1}}, .wide_quantization = true},
        {.space = JCS_YCbCr, .sampling = {{2, 2}}, .without_jfif = true},
        {.space = JCS_YCbCr, .sampling = {{1, 2}}, .restart = 3},
    };
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        struct jpeg_recipe recipe = recipes[i];
        recipe.width = 75;
        recipe.height = 53;
        struct test_bytes file = jpeg_file(&recipe);
        char *folder = test_folder_new(), *path = strdup(test_path(folder, "odd.jpg"));
        FILE *out = fopen(path, "wb");
        assert_int_equal(fwrite(file.data, 1, file.size, out), file.size);
        assert_int_equal(fclose(out), 0);
        struct opened o = open_path(path, true, false);
        struct coefficients source = {0};
        read_coefficients(&source, path);
        check_lossless_gray(o, &source, test_grid(32, 32, 0, TILE_EDGE_CLIP), i % 2);
        free_coefficients(&source);
        close_opened(o);
        free(path);
        free(file.data);
        test_folder_remove(folder);
    }
}

/* Y with fewer samples than pixels is not gray's JPEG, though it can be decoded. */
static void luma_for_every_second_pixel_is_decoded(void **state) {
    (void)state;
    const struct jpeg_recipe recipe = {
        .width = 64, .height = 64, .space = JCS_YCbCr, .sampling = {{1, 1}, {2, 2}, {2, 2}}, .quality = 90};
    struct test_bytes file = jpeg_file(&recipe);
    tile_source *source;
    tile_index *index;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    assert_ok(tile_index_build(&index, source, NULL, &error));
    assert_ok(tile_source_use_index(source, index, &error));
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.folder = "none";
    options.to_space = TILE_GRAY;
    assert_ok(tile_job_check(source, &options, &error));
    options.lossless = true;
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_check(source, &options, &error));
    assert_non_null(strstr(error.message, "gray of anything but"));
    tile_source_close(source);
    tile_index_free(index);
    free(file.data);
}

/* Refused with `cause`, and before anything is written. */
static void check_refused(const char *name, bool indexed, tile_status status, struct tile_job_options options,
                          const char *cause) {
    char *folder = test_folder_new();
    char *inner = strdup(test_path(folder, "out.jpg"));
    *(options.image ? &options.image : &options.folder) = inner;
    options.lossless = true;
    assert_fails(status, run(name, indexed, options, NULL));
    if (!strstr(error.message, cause) || !strstr(error.message, name))
        fail_msg("%s: %s instead of %s", name, error.message, cause);
    assert_int_equal(folder_count(folder), 0);
    free(inner);
    test_folder_remove(folder);
}

static void what_lossless_cannot_do_is_refused(void **state) {
    (void)state;
    const struct tile_job_options usual = TILE_OPTIONS(struct tile_job_options);
    struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
    struct tile_job_options o = usual;
    check_refused("420.jpg", false, TILE_INVALID_ARGUMENT, o, "no index in use");
    check_refused("progressive.jpg", false, TILE_UNSUPPORTED, o, "is progressive");
    check_refused("rgb8.png", true, TILE_UNSUPPORTED, o, "is no JPEG");
    check_refused("orientation-6.jpg", true, TILE_INVALID_ARGUMENT, o, "orientation 6");
    o.image = "";
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "one new image");
    o = usual;
    o.codec = TILE_PNG;
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "another format");
    o = usual;
    o.to_space = TILE_SRGB;
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "another color");
    o.to_space = TILE_GRAY709;
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "another color");
    o.to_space = TILE_GRAY;
    check_refused("420.jpg", false, TILE_INVALID_ARGUMENT, o, "no index in use");
    static const char *const not_srgb[] = {"adobe-rgb-profile.jpg", "dcf-adobe-rgb.jpg", "rgb.jpg", "cmyk.jpg",
                                           "ycck.jpg"};
    for (size_t i = 0; i < sizeof not_srgb / sizeof *not_srgb; i++)
        check_refused(not_srgb[i], true, TILE_INVALID_ARGUMENT, o, "gray of anything but YCbCr in sRGB");
    o = usual;
    o.to_profile = "";
    o.to_profile_size = 1;
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "another color");
    o = usual;
    o.to_sample = TILE_U8;
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "another depth");
    o = usual;
    o.drop_alpha = true;
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "another alpha");
    o = usual;
    o.encode = &encode;
    encode.quality = 75;
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "another quality");
    encode.quality = 0;
    encode.subsampling = TILE_444;
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "another quality");
    o = usual;
    o.grid = TEST_GRID(.tile_width = 32, .tile_height = 32, .overlap = 16);
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "overlap");
    o.grid = TEST_GRID(.tile_width = 32, .tile_height = 32, .edge = TILE_EDGE_PAD);
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "another edge");
    o.grid = TEST_GRID(.tile_width = 32, .tile_height = 24);
    check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "multiples of 16 x 16");
    o.grid = TEST_GRID(.tile_width = 24, .tile_height = 24);
    check_refused("422.jpg", true, TILE_INVALID_ARGUMENT, o, "multiples of 16 x 8");
    /* Rectangles: each edge counts. */
    static const struct tile_rect uneven[] = {{8, 0, 16, 16}, {0, 8, 16, 16}, {0, 0, 24, 16}, {0, 0, 16, 24}};
    for (size_t i = 0; i < 4; i++) {
        const struct tile_rect rects[] = {{16, 16, 81, 55}, uneven[i]};
        tile_plan *plan;
        assert_ok(tile_plan_new_rects(&plan, rects, 2, NULL, &error));
        o = usual;
        o.plan = plan;
        check_refused("420.jpg", true, TILE_INVALID_ARGUMENT, o, "multiples of 16 x 16");
        tile_plan_free(plan);
    }
}

/* The same tiles made otherwise are another job's. */
static void tiles_of_other_jobs_do_not_mix(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        char *folder = test_folder_new();
        struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
        for (int k = 0; k < 5; k++) {
            int job = k ? k - 1 : i;
            struct tile_job_options options = photo_job(folder, job & 1);
            options.encode = job & 2 ? &optimized : NULL;
            if (job != i) {
                assert_fails(TILE_WRITE_FAILED, run("photo.jpg", true, options, &result));
                continue;
            }
            assert_ok(run("photo.jpg", true, options, &result));
            assert_int_equal(result.written, k ? 0 : result.tiles);
        }
        test_folder_remove(folder);
    }
}

/* Of one tile of 640 x 427 pixels in 4:2:0: 40 x 27 MCUs of 6 blocks of 128 bytes. JPEGMEM allows 1000 bytes. */
static void coefficients_are_counted(void **state) {
    (void)state;
    setenv("JPEGMEM", "1", 1);
    for (int fits = 0; fits < 2; fits++) {
        char *folder = test_folder_new();
        struct tile_job_options options = photo_job(folder, true);
        options.grid = TEST_GRID(.tile_width = 640);
        options.encode = &optimized;
        options.max_memory = 40 * 27 * 6 * 128 - 1 + (uint64_t)fits;
        if (fits)
            assert_ok(run("photo.jpg", true, options, NULL));
        else {
            assert_fails(TILE_LIMIT_EXCEEDED, run("photo.jpg", true, options, NULL));
            assert_non_null(strstr(error.message, "photo.jpg: "));
            assert_non_null(strstr(error.message, "without optimize"));
        }
        options.encode = NULL;
        options.to_space = TILE_GRAY;
        options.folder = test_path(folder, "gray");
        if (fits)
            assert_ok(run("photo.jpg", true, options, NULL));
        else {
            assert_fails(TILE_LIMIT_EXCEEDED, run("photo.jpg", true, options, NULL));
            assert_non_null(strstr(error.message, "Gray without decoding wants"));
            assert_non_null(strstr(error.message, "smaller tiles"));
        }
        test_folder_remove(folder);
    }
    unsetenv("JPEGMEM");
}

/* The manifest of a file that can have no index says so; of others, it does not tell whether there was one. */
static void the_manifest_says_why_there_is_no_index(void **state) {
    (void)state;
    static const struct {
        const char *name, *reason;
    } cases[] = {{"progressive.jpg", "none: progressive"},
                 {"arithmetic.jpg", "none: arithmetic coded"},
                 {"separate-scans.jpg", "none: coded in several scans"},
                 {"rgb-interlaced.png", "none: interlaced"},
                 {"420.jpg", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *folder = test_folder_new();
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        options.folder = folder;
        assert_ok(run(cases[i].name, false, options, NULL));
        json_t *manifest = manifest_read(folder);
        const char *told = json_string_value(json_object_get(json_object_get(manifest, "source"), "index"));
        assert_true(!told == !cases[i].reason);
        if (told)
            assert_string_equal(told, cases[i].reason);
        json_decref(manifest);
        test_folder_remove(folder);
    }
}

/* Every allocation fails once: a clean error each time, nothing leaked. */
static void each_allocation_may_fail(void **state) {
    (void)state;
    static const struct tile_rect rects[] = {{0, 0, 16, 16}, {32, 16, 16, 16}};
    tile_plan *plan;
    assert_ok(tile_plan_new_rects(&plan, rects, 2, NULL, &error));
    for (int variant = 0; variant < 5; variant++) /* encoded, lossless, that optimized, rectangles, lossless gray */
        for (size_t fail_at = 0;; fail_at++) {
            char *folder = test_folder_new(), *inner = strdup(test_path(folder, "tiles"));
            struct test_memory memory;
            test_memory_init(&memory, fail_at);
            struct tile_source_options source_options = TILE_OPTIONS(struct tile_source_options);
            source_options.allocator = &memory.allocator;
            struct tile_index_options index_options = TILE_OPTIONS(struct tile_index_options);
            index_options.allocator = &memory.allocator;
            tile_source *source;
            tile_index *index = NULL;
            error = (struct tile_error){0};
            tile_status status = tile_source_open_file(&source, test_fixture("420.jpg"), &source_options, &error);
            if (status == TILE_OK)
                status = tile_index_build(&index, source, &index_options, &error);
            if (status == TILE_OK)
                status = tile_source_use_index(source, index, &error);
            if (status == TILE_OK) {
                struct tile_job_options options = photo_job(inner, variant == 1 || variant == 2 || variant == 4);
                options.to_space = variant == 4 ? TILE_GRAY : options.to_space;
                options.encode = variant == 2 ? &optimized : NULL;
                options.plan = variant == 3 ? plan : NULL;
                options.allocator = &memory.allocator;
                options.threads = 1 + (int)(fail_at % 2);
                status = tile_job_run(source, &options, NULL, &error);
            }
            tile_source_close(source);
            tile_index_free(index);
            assert_int_equal(memory.live, 0);
            bool done = memory.requests <= fail_at;
            assert_int_equal(status, done ? TILE_OK : TILE_NO_MEMORY);
            assert_int_equal(file_exists(test_path(inner, "manifest.json")), done);
            free(inner);
            test_folder_remove(folder);
            if (done)
                break;
        }
    tile_plan_free(plan);
}

/* ---- An index of the job's own ---- */

enum { SIDE = 2400 };

static bool count_calls(void *user, const struct tile_progress *progress) {
    int *before_the_first = user;
    *before_the_first += progress->done == 0;
    return true;
}

/* A JPEG whose orientation turns it by 90 degrees: upright (x, y) is stored (y, SIDE - 1 - x). */
static void an_index_is_made_where_it_pays(void **state) {
    (void)state;
    const struct jpeg_recipe recipe = {
        .width = SIDE, .height = SIDE, .space = JCS_YCbCr, .sampling = {{2, 2}}, .quality = 95, .orientation = 6};
    struct test_bytes file = jpeg_file(&recipe);
    unsigned char *pixels = jpeg_pixels(file, JCS_UNKNOWN);
    const size_t all = (size_t)SIDE * SIDE * 3;
    char *folder = test_folder_new();
    for (int turned = 0; turned < 2; turned++) {
        struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
        options.ignore_orientation = !turned;
        tile_source *source;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        struct tile_job_options job = TILE_OPTIONS(struct tile_job_options);
        struct tile_rect rect = {SIDE - 100, SIDE - 70, 100, 70}; /* far down */
        tile_plan *plan = NULL;
        int calls = 0;
        const char *image = test_path(folder, turned ? "turned.npy" : "rect.npy");
        job.image = image;
        job.progress = count_calls;
        job.user = &calls;
        if (turned) {
            rect = (struct tile_rect){0, 0, SIDE, SIDE};
            job.max_memory = all + all / 2; /* less than a band of all of it takes with what goes beside it */
        } else {
            assert_ok(tile_plan_new_rects(&plan, &rect, 1, NULL, &error));
            job.plan = plan;
        }
        assert_ok(tile_job_run(source, &job, NULL, &error));
        assert_true(calls > 3); /* before anything is stored: the pass over the file */
        assert_false(tile_source_info(source)->indexed);
        struct test_bytes npy = test_read_file(image);
        size_t size = (size_t)rect.width * rect.height * 3;
        assert_true(npy.size > size);
        const unsigned char *got = npy.data + (npy.size - size);
        for (uint32_t y = 0; y < rect.height; y++)
            for (uint32_t x = 0; x < rect.width; x++, got += 3) {
                uint32_t row = turned ? SIDE - 1 - x : rect.y + y, column = turned ? y : rect.x + x;
                assert_memory_equal(got, pixels + ((size_t)row * SIDE + column) * 3, 3);
            }
        free(npy.data);
        tile_plan_free(plan);
        tile_source_close(source);
    }
    test_folder_remove(folder);
    free(pixels);
    free(file.data);
}

/* Damage in the codes above is no reason to refuse what decoding lets pass. */
static void damage_keeps_a_job_from_no_index(void **state) {
    (void)state;
    const struct jpeg_recipe recipe = {.width = SIDE, .height = SIDE, .space = JCS_YCbCr, .quality = 90};
    struct test_bytes file = jpeg_file(&recipe);
    memset(file.data + file.size / 4, 0xFF, 2);
    file.data[file.size / 4 + 2] = 0xD3; /* a restart marker where there are none */
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.lenient = true;
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    struct tile_rect rect = {0, SIDE - 8, 8, 8};
    tile_plan *plan;
    assert_ok(tile_plan_new_rects(&plan, &rect, 1, NULL, &error));
    char *folder = test_folder_new();
    struct tile_job_options job = TILE_OPTIONS(struct tile_job_options);
    job.image = test_path(folder, "rect.npy");
    job.plan = plan;
    assert_ok(tile_job_run(source, &job, NULL, &error));
    assert_non_null(tile_source_damage(source));
    tile_plan_free(plan);
    tile_source_close(source);
    test_folder_remove(folder);
    free(file.data);
}

/* Nor is an index that a source's memory has no room for, where decoding needs less. */
static void a_limit_keeps_a_job_from_no_index(void **state) {
    (void)state;
    const struct jpeg_recipe recipe = {.width = 264, .height = 65500, .space = JCS_GRAYSCALE}; /* 8188 rows of MCUs */
    struct test_bytes file = jpeg_file(&recipe);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.max_memory = 300000;
    tile_source *source;
    tile_index *index;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    assert_fails(TILE_LIMIT_EXCEEDED, tile_index_build(&index, source, NULL, &error));
    struct tile_rect rect = {0, 65492, 8, 8};
    tile_plan *plan;
    assert_ok(tile_plan_new_rects(&plan, &rect, 1, NULL, &error));
    char *folder = test_folder_new();
    struct tile_job_options job = TILE_OPTIONS(struct tile_job_options);
    job.image = test_path(folder, "rect.npy");
    job.plan = plan;
    assert_ok(tile_job_run(source, &job, NULL, &error));
    tile_plan_free(plan);
    tile_source_close(source);
    test_folder_remove(folder);
    free(file.data);
}

/* A tile of more pixels than a band should have is a band of its own. */
static void large_tiles_are_read_one_by_one(void **state) {
    (void)state;
    const struct jpeg_recipe recipe = {.width = 1700, .height = 900, .space = JCS_YCbCr, .sampling = {{2, 2}}};
    struct test_bytes file = jpeg_file(&recipe);
    char *folders[2];
    for (int indexed = 0; indexed < 2; indexed++) {
        tile_source *source;
        tile_index *index = NULL;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        if (indexed) {
            assert_ok(tile_index_build(&index, source, NULL, &error));
            assert_ok(tile_source_use_index(source, index, &error));
        }
        struct tile_job_options job = TILE_OPTIONS(struct tile_job_options);
        job.folder = folders[indexed] = test_folder_new();
        job.grid = TEST_GRID(.tile_width = 800, .tile_height = 700);
        job.codec = TILE_NPY;
        assert_ok(tile_job_run(source, &job, NULL, &error));
        tile_source_close(source);
        tile_index_free(index);
    }
    assert_true(folders_are_equal(folders[0], folders[1]));
    for (int i = 0; i < 2; i++)
        test_folder_remove(folders[i]);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_is_made_where_it_pays),
        cmocka_unit_test(damage_keeps_a_job_from_no_index),
        cmocka_unit_test(a_limit_keeps_a_job_from_no_index),
        cmocka_unit_test(large_tiles_are_read_one_by_one),
        cmocka_unit_test(an_index_changes_no_tile),
        cmocka_unit_test(an_index_changes_no_rectangle),
        cmocka_unit_test(an_index_changes_no_new_image),
        cmocka_unit_test(strips_are_read_together),
        cmocka_unit_test(a_stopped_run_goes_on),
        cmocka_unit_test(memory_stays_below_its_limit),
        cmocka_unit_test(encoders_stay_below_the_limit),
        cmocka_unit_test(lossless_tiles_hold_the_sources_coefficients),
        cmocka_unit_test(lossless_gray_tiles_hold_the_sources_luma),
        cmocka_unit_test(odd_headers_make_ordinary_gray),
        cmocka_unit_test(luma_for_every_second_pixel_is_decoded),
        cmocka_unit_test(what_lossless_cannot_do_is_refused),
        cmocka_unit_test(tiles_of_other_jobs_do_not_mix),
        cmocka_unit_test(coefficients_are_counted),
        cmocka_unit_test(the_manifest_says_why_there_is_no_index),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("job-indexed", tests, NULL, NULL);
}
