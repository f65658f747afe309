/* SPDX-License-Identifier: MIT */
/*
 * What a job writes is what reading and converting the whole image and cutting it by hand gives: every orientation,
 * edge, number of threads. The manifest's hashes and figures are computed anew from the files.
 */
#include "folder.h"

#include <lcms2.h>
#include <math.h>
#include <xxhash.h>

static struct tile_error error;

static tile_source *open_fixture(const char *name) {
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture(name), NULL, &error));
    return source;
}

/* The whole image, read and converted in one piece. */
static struct tile_image whole(const char *name, tile_space space) {
    tile_source *source = open_fixture(name);
    const struct tile_info *info = tile_source_info(source);
    struct tile_format read = space ? tile_source_format_for(source, space) : info->format, to = read;
    if (space)
        to.space = space;
    struct tile_image pixels, result;
    assert_ok(tile_image_alloc(&pixels, read, info->width, info->height, NULL, &error));
    assert_ok(tile_image_alloc(&result, to, info->width, info->height, NULL, &error));
    assert_ok(tile_source_read(source, (struct tile_rect){0, 0, info->width, info->height}, &pixels, &error));
    struct tile_converter_options options = TILE_OPTIONS(struct tile_converter_options);
    options.from_profile = info->profile;
    options.from_profile_size = info->profile_size;
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, read, to, &options, &error));
    assert_ok(tile_convert(converter, &pixels, &result, &error));
    tile_converter_free(converter);
    tile_image_free(&pixels, NULL);
    tile_source_close(source);
    return result;
}

static struct tile_job_options npy_job(const char *folder, tile_space space) {
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.folder = folder;
    options.codec = TILE_NPY;
    options.to_space = space;
    return options;
}

/* One tile against the whole image: pixel (x, y) of the tile is the whole's at (x + dx, y + dy) by the edge policy. */
static void check_tile(const struct npy *tile, const struct tile_image *image, int64_t dx, int64_t dy, tile_edge edge,
                       const unsigned char *pad) {
    size_t step = tile_format_step(image->format);
    for (uint32_t y = 0; y < tile->height; y++)
        for (uint32_t x = 0; x < tile->width; x++) {
            int64_t sx = x + dx, sy = y + dy;
            bool inside = sx >= 0 && sy >= 0 && sx < image->width && sy < image->height;
            sx = sx < 0 ? 0 : sx >= image->width ? image->width - 1 : sx;
            sy = sy < 0 ? 0 : sy >= image->height ? image->height - 1 : sy;
            const unsigned char *want = (unsigned char *)image->plane[0] + sy * image->stride + sx * (int64_t)step;
            if (!inside && edge == TILE_EDGE_PAD)
                want = pad;
            assert_memory_equal(tile->data + (y * tile->width + x) * step, want, step);
        }
}

static void check_figures(json_t *tile, const struct npy *npy) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(npy->data, npy->size));
    char hex[33];
    for (int i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", canonical.digest[i]);
    assert_string_equal(json_string_value(json_object_get(tile, "xxh3_pixels")), hex);
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(npy->file.data, npy->file.size));
    for (int i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", canonical.digest[i]);
    assert_string_equal(json_string_value(json_object_get(tile, "xxh3_file")), hex);
    assert_int_equal(json_integer_value(json_object_get(tile, "bytes")), npy->file.size);
    for (uint32_t c = 0; c < npy->channels; c++) {
        double sum = 0, min = 255, max = 0;
        for (size_t i = c; i < npy->size; i += npy->channels) {
            sum += npy->data[i];
            min = fmin(min, npy->data[i]);
            max = fmax(max, npy->data[i]);
        }
        double mean = json_number_value(json_array_get(json_object_get(tile, "mean"), c));
        assert_true(fabs(mean - sum * npy->channels / (double)npy->size) < 1e-6);
        assert_true(json_number_value(json_array_get(json_object_get(tile, "min"), c)) == min);
        assert_true(json_number_value(json_array_get(json_object_get(tile, "max"), c)) == max);
    }
}

static void check_tiles(const char *name, tile_space space, struct tile_grid grid, int threads) {
    char *folder = test_folder_new();
    struct tile_image image = whole(name, space);
    tile_source *source = open_fixture(name);
    struct tile_job_options options = npy_job(folder, space);
    options.grid = &grid;
    options.threads = threads;
    for (int i = 0; i < 4; i++)
        grid.pad_color[i] = 1; /* white, the same in every space here */
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    assert_ok(tile_job_run(source, &options, &result, &error));
    assert_int_equal(result.written, result.tiles);
    assert_int_equal(result.kept, 0);

    unsigned char pad[3] = {255, 255, 255};
    if (space == TILE_LAB)
        pad[1] = pad[2] = 128;
    json_t *manifest = manifest_read(folder), *tiles = json_object_get(manifest, "tiles"), *tile;
    uint32_t columns = (image.width + grid.tile_width - 1) / grid.tile_width;
    uint32_t rows = (image.height + grid.tile_height - 1) / grid.tile_height;
    assert_int_equal(json_array_size(tiles), (size_t)columns * rows);
    assert_int_equal(folder_count(folder), (size_t)columns * rows + 1);
    size_t i;
    json_array_foreach(tiles, i, tile) {
        int64_t row = json_integer_value(json_object_get(tile, "row"));
        int64_t column = json_integer_value(json_object_get(tile, "column"));
        assert_int_equal(row * columns + column, i);
        char path[64];
        snprintf(path, sizeof path, "r%d_c%d.npy", (int)row, (int)column);
        assert_string_equal(json_string_value(json_object_get(tile, "file")), path);
        struct npy npy = npy_read(test_path(folder, path));
        int64_t dx = column * grid.tile_width - grid.overlap, dy = row * grid.tile_height - grid.overlap;
        if (grid.edge == TILE_EDGE_CLIP) {
            dx = dx < 0 ? 0 : dx;
            dy = dy < 0 ? 0 : dy;
        }
        check_tile(&npy, &image, dx, dy, grid.edge, pad);
        check_figures(tile, &npy);
        npy_free(npy);
    }
    json_decref(manifest);
    tile_source_close(source);
    tile_image_free(&image, NULL);
    test_folder_remove(folder);
}

static void tiles_are_cut_from_the_whole(void **state) {
    (void)state;
    check_tiles("420.jpg", TILE_SRGB, test_grid(32, 32, 0, TILE_EDGE_CLIP), 1);
    check_tiles("420.jpg", TILE_LAB, test_grid(32, 20, 3, TILE_EDGE_CLIP), 3);
    check_tiles("progressive.jpg", TILE_YCBCR, test_grid(30, 17, 5, TILE_EDGE_REPLICATE), 2);
    check_tiles("rgb8.png", TILE_LAB, test_grid(40, 40, 8, TILE_EDGE_PAD), 4);
    check_tiles("444.jpg", TILE_HSV, test_grid(1000, 1000, 0, TILE_EDGE_CLIP), 2);
    check_tiles("gray.jpg", TILE_SPACE_UNSET, test_grid(7, 1, 0, TILE_EDGE_CLIP), 5);
    check_tiles("adobe-rgb-profile.jpg", TILE_SRGB, test_grid(64, 64, 0, TILE_EDGE_CLIP), 2);
    check_tiles("1x1.jpg", TILE_SRGB, test_grid(256, 256, 2, TILE_EDGE_REPLICATE), 2);
}

static void every_orientation_gives_upright_tiles(void **state) {
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        char name[32];
        snprintf(name, sizeof name, "orientation-%d.jpg", orientation);
        check_tiles(name, TILE_SPACE_UNSET, test_grid(16, 24, 2, TILE_EDGE_CLIP), 1 + orientation % 3);
    }
}

static void one_image_is_the_whole_or_a_rectangle_of_it(void **state) {
    (void)state;
    static const char *const names[] = {"photo.jpg",         "rgb-interlaced.png", "orientation-2.jpg",
                                        "orientation-3.jpg", "orientation-4.jpg",  "orientation-5.jpg",
                                        "orientation-6.jpg", "orientation-7.jpg",  "orientation-8.jpg",
                                        "200x1.jpg",         "1x200.jpg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int part = 0; part < 2; part++) {
            char *folder = test_folder_new(), *path = strdup(test_path(folder, "one.npy"));
            struct tile_image image = whole(names[i], TILE_OKLAB);
            tile_source *source = open_fixture(names[i]);
            struct tile_job_options options = npy_job(NULL, TILE_OKLAB);
            options.codec = TILE_CODEC_UNSET; /* its suffix tells */
            options.image = path;
            options.threads = 1 + (int)i % 4;
            tile_plan *plan = NULL;
            struct tile_rect rect = {image.width / 3, image.height / 4, image.width - image.width / 3,
                                     (image.height + 1) / 2};
            if (part) {
                assert_ok(tile_plan_new_rects(&plan, &rect, 1, NULL, &error));
                options.plan = plan;
            }
            struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
            assert_ok(tile_job_run(source, &options, &result, &error));
            struct npy npy = npy_read(path);
            assert_int_equal(result.bytes, npy.file.size);
            assert_int_equal(npy.width, part ? rect.width : image.width);
            assert_int_equal(npy.height, part ? rect.height : image.height);
            check_tile(&npy, &image, part ? rect.x : 0, part ? rect.y : 0, TILE_EDGE_CLIP, NULL);
            npy_free(npy);
            /* It exists now: refused, unless it may be replaced. */
            assert_fails(TILE_WRITE_FAILED, tile_job_run(source, &options, NULL, &error));
            options.overwrite = true;
            assert_ok(tile_job_run(source, &options, NULL, &error));
            assert_int_equal(folder_count(folder), 1);
            tile_plan_free(plan);
            tile_source_close(source);
            tile_image_free(&image, NULL);
            free(path);
            test_folder_remove(folder);
        }
}

/* Rectangles in no order, overlapping, one twice. */
static void rectangles_become_a_file_each(void **state) {
    (void)state;
    static const struct tile_rect rects[] = {
        {50, 60, 20, 11}, {0, 0, 97, 71}, {3, 1, 5, 5}, {90, 1, 7, 5}, {50, 60, 20, 11}};
    char *folder = test_folder_new();
    struct tile_image image = whole("420.jpg", TILE_GRAY);
    tile_source *source = open_fixture("420.jpg");
    struct tile_job_options options = npy_job(folder, TILE_GRAY);
    tile_plan *plan;
    assert_ok(tile_plan_new_rects(&plan, rects, 5, NULL, &error));
    options.plan = plan;
    assert_ok(tile_job_run(source, &options, NULL, &error));
    for (int i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "r%d_c0.npy", i);
        struct npy npy = npy_read(test_path(folder, name));
        assert_int_equal(npy.channels, 1);
        assert_int_equal(npy.width, rects[i].width);
        check_tile(&npy, &image, rects[i].x, rects[i].y, TILE_EDGE_CLIP, NULL);
        npy_free(npy);
    }
    tile_plan_free(plan);

    struct tile_rect outside = {90, 0, 8, 1};
    assert_ok(tile_plan_new_rects(&plan, &outside, 1, NULL, &error));
    options.plan = plan;
    options.overwrite = true;
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_run(source, &options, NULL, &error));
    tile_plan_free(plan);
    tile_image_free(&image, NULL);
    tile_source_close(source);
    test_folder_remove(folder);
}

/* Samples as in the source, as far as the space and the format have them. */
static void what_is_left_open_is_settled_by_what_is_possible(void **state) {
    (void)state;
    static const struct {
        const char *fixture;
        tile_space to;
        tile_codec codec;
        const char *file, *sample; /* NULL: what carries all spaces */
    } cases[] = {
        {"rgb16.png", TILE_SPACE_UNSET, TILE_CODEC_UNSET, "r0_c0.png", "u16"},
        {"rgb16.png", TILE_SPACE_UNSET, TILE_JPEG, "r0_c0.jpg", "u8"},
        {"rgb8.png", TILE_LAB, TILE_CODEC_UNSET, NULL, "u8"},
        {"rgb8.png", TILE_ICTCP, TILE_CODEC_UNSET, NULL, "u16"},
        {"rgb8.png", TILE_REC2100_PQ, TILE_CODEC_UNSET, "r0_c0.png", "u8"},
        {"rgb16.png", TILE_REC2100_HLG, TILE_TIFF, "r0_c0.tif", "u16"},
        {"adobe-rgb-profile.jpg", TILE_REC2100_PQ, TILE_TIFF, "r0_c0.tif", "u8"},
        {"420.jpg", TILE_SRGB_LINEAR, TILE_HDR, "r0_c0.hdr", "f32"},
        {"cmyk.jpg", TILE_SPACE_UNSET, TILE_CODEC_UNSET, NULL, "u8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].codec && !tile_codec_can_write(cases[i].codec))
            continue;
        char *folder = test_folder_new();
        tile_source *source = open_fixture(cases[i].fixture);
        struct tile_job_options options = npy_job(folder, cases[i].to);
        options.codec = cases[i].codec;
        assert_ok(tile_job_run(source, &options, NULL, &error));
        const char *file = cases[i].file ? cases[i].file : test_any_name("r0_c0");
        assert_true(file_exists(test_path(folder, file)));
        json_t *manifest = manifest_read(folder);
        assert_string_equal(json_string_value(json_object_get(json_object_get(manifest, "color"), "sample")),
                            cases[i].sample);
        json_decref(manifest);
        tile_source_close(source);
        test_folder_remove(folder);
    }
}

/* Color that is kept takes its profile along; a format that has no place for it is refused. */
static void a_profile_goes_with_its_pixels(void **state) {
    (void)state;
    char *folder = test_folder_new(), *path = strdup(test_path(folder, "one.jpg"));
    tile_source *source = open_fixture("adobe-rgb-profile.jpg");
    const struct tile_info *info = tile_source_info(source);
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    options.image = path;
    assert_ok(tile_job_run(source, &options, NULL, &error));
    struct test_bytes bytes = test_read_file(path);
    assert_non_null(memmem(bytes.data, bytes.size, info->profile, info->profile_size));
    free(bytes.data);
    options.overwrite = true;
    options.to_space = TILE_SRGB;
    assert_ok(tile_job_run(source, &options, NULL, &error));
    bytes = test_read_file(path);
    assert_null(memmem(bytes.data, bytes.size, "ICC_PROFILE", 11));
    free(bytes.data);
    options.to_space = TILE_SPACE_UNSET;
    options.image = test_path(folder, "one.bmp");
    assert_fails(TILE_UNSUPPORTED, tile_job_run(source, &options, NULL, &error));
    assert_int_equal(folder_count(folder), 1);
    tile_source_close(source);
    free(path);
    test_folder_remove(folder);
}

/* A place that can append, and go back to TIFF's header (8 bytes, of large files 16) once all strips are there. */
struct place {
    struct tile_buffer bytes;
    uint64_t fails_at; /* 0: nowhere */
};

enum { HEADER_MOST = 16 };

static tile_status write_place(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *why) {
    struct place *place = user;
    struct tile_writer writer = tile_buffer_writer(&place->bytes);
    if (place->fails_at && offset + size > place->fails_at)
        return tile_error_set(why, TILE_WRITE_FAILED, "nowhere: is full");
    if (offset != place->bytes.size && offset + size > HEADER_MOST)
        fail_msg("%ju bytes at byte %ju, when %zu are there", (uintmax_t)size, (uintmax_t)offset, place->bytes.size);
    return writer.write_at(writer.user, offset, data, size, why);
}

/* What goes to a writer is what the file would hold. */
static void an_image_may_go_to_a_writer(void **state) {
    (void)state;
    static const char *const names[] = {"one.jpg", "one.png", "one.tif", "one.npy", "one.bmp", "one.tga"};
    char *folder = test_folder_new();
    tile_source *source = open_fixture("photo.jpg");
    const struct tile_rect rect = {3, 5, 600, 400};
    tile_plan *plan;
    assert_ok(tile_plan_new_rects(&plan, &rect, 1, NULL, &error));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!tile_codec_can_write(tile_codec_of_path(names[i])))
            continue;
        struct place place = {.bytes = {0}};
        const struct tile_writer writer = {.user = &place, .write_at = write_place};
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        struct tile_job_result to_file = TILE_OPTIONS(struct tile_job_result), to_writer = to_file;
        options.plan = plan;
        options.threads = 3;
        options.image = test_path(folder, names[i]);
        assert_ok(tile_job_run(source, &options, &to_file, &error));
        struct test_bytes file = test_read_file(options.image);
        options.codec = tile_codec_from_suffix(strrchr(names[i], '.'));
        options.image = NULL;
        options.writer = &writer;
        assert_ok(tile_job_run(source, &options, &to_writer, &error));
        assert_int_equal(place.bytes.size, file.size);
        assert_memory_equal(place.bytes.data, file.data, file.size);
        assert_int_equal(to_writer.bytes, file.size);
        assert_int_equal(to_file.bytes, file.size);
        place.fails_at = file.size / 2;
        place.bytes.size = 0;
        assert_fails(TILE_WRITE_FAILED, tile_job_run(source, &options, &to_writer, &error));
        assert_non_null(strstr(error.message, "is full"));
        free(file.data);
        tile_buffer_free(&place.bytes);
    }
    /* It has no suffix, and is one of three. */
    const struct tile_writer nowhere = {.write_at = write_place};
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    tile_job *job;
    options.writer = &nowhere;
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_run(source, &options, NULL, &error));
    assert_non_null(strstr(error.message, "codec"));
    options.codec = TILE_PNG;
    options.folder = folder;
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_run(source, &options, NULL, &error));
    options.folder = NULL;
    options.image = test_path(folder, "another.png");
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_run(source, &options, NULL, &error));
    options.image = NULL;
    assert_fails(TILE_INVALID_ARGUMENT, tile_job_new(&job, source, &options, &error));
    tile_plan_free(plan);
    tile_source_close(source);
    test_folder_remove(folder);
}

/* An embedded profile that is sRGB's (here LittleCMS's) is no reason to go over RGB: gray is djpeg's own Y. */
static void gray_of_an_srgb_profile_is_the_files_own(void **state) {
    (void)state;
    char *folder = test_folder_new(), *jpeg = strdup(test_path(folder, "tagged.jpg"));
    cmsHPROFILE srgb = cmsCreate_sRGBProfile();
    unsigned char profile[8192];
    cmsUInt32Number size = sizeof profile;
    assert_true(cmsSaveProfileToMem(srgb, profile, &size));
    cmsCloseProfile(srgb);

    struct tile_image image = whole("photo.jpg", TILE_SPACE_UNSET);
    struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
    encode.profile = profile;
    encode.profile_size = size;
    tile_file *file;
    assert_ok(tile_file_create(&file, jpeg, false, NULL, &error));
    struct tile_writer writer = tile_file_writer(file);
    assert_ok(tile_encode(&image, TILE_JPEG, &encode, &writer, &error));
    assert_ok(tile_file_commit(file, &error));
    tile_image_free(&image, NULL);

    char *gray = strdup(test_path(folder, "gray.npy"));
    tile_source *source;
    assert_ok(tile_source_open_file(&source, jpeg, NULL, &error));
    /* LittleCMS leaves `size` what it was; the profile is as long as it says in its first four bytes. */
    assert_int_equal(tile_source_info(source)->profile_size, (unsigned)profile[2] << 8 | profile[3]);
    struct tile_job_options options = npy_job(NULL, TILE_GRAY);
    options.image = gray;
    assert_ok(tile_job_run(source, &options, NULL, &error));
    tile_source_close(source);
    struct npy npy = npy_read(gray);
    struct test_bytes djpeg;
    assert_int_equal(test_run(&djpeg, "djpeg -grayscale '%s'", jpeg), 0);
    assert_int_equal(npy.size, 640 * 427);
    assert_true(djpeg.size > npy.size);
    assert_memory_equal(npy.data, djpeg.data + djpeg.size - npy.size, npy.size);
    free(djpeg.data);
    npy_free(npy);
    free(gray);
    free(jpeg);
    test_folder_remove(folder);
}

static bool must_grow(void *user, const struct tile_progress *progress) {
    struct tile_progress *last = user;
    assert_true(last->total != 0 || progress->done == 0); /* the first call comes before anything is done */
    assert_true(progress->done >= last->done && progress->done <= progress->total);
    *last = *progress;
    return true;
}

static void progress_goes_up_to_the_total(void **state) {
    (void)state;
    char *folder = test_folder_new();
    tile_source *source = open_fixture("photo.jpg");
    struct tile_job_options options = npy_job(folder, TILE_GRAY);
    struct tile_progress last = {0};
    options.grid = TEST_GRID(.tile_width = 20);
    options.progress = must_grow;
    options.user = &last;
    assert_ok(tile_job_run(source, &options, NULL, &error));
    assert_int_equal(last.total, 32 * 22);
    assert_int_equal(last.done, last.total);
    tile_source_close(source);
    test_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_are_cut_from_the_whole),
        cmocka_unit_test(every_orientation_gives_upright_tiles),
        cmocka_unit_test(one_image_is_the_whole_or_a_rectangle_of_it),
        cmocka_unit_test(rectangles_become_a_file_each),
        cmocka_unit_test(what_is_left_open_is_settled_by_what_is_possible),
        cmocka_unit_test(a_profile_goes_with_its_pixels),
        cmocka_unit_test(an_image_may_go_to_a_writer),
        cmocka_unit_test(gray_of_an_srgb_profile_is_the_files_own),
        cmocka_unit_test(progress_goes_up_to_the_total),
    };
    return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
