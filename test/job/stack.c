/* SPDX-License-Identifier: MIT */
/* All of the library runs on a thread whose stack has 128 KiB, as musl's threads have by default. */
#include "folder.h"

#include "base/profile.h"

#include <pthread.h>
#include <sys/mman.h>

static struct tile_error error;

static void read_and_convert(tile_source *source, const void *profile, size_t profile_size) {
    const struct tile_info *info = tile_source_info(source);
    struct tile_image from, to;
    struct tile_format lab = {.space = TILE_LAB, .sample = TILE_F32}, cmyk = {.space = TILE_SRGB, .sample = TILE_U16};
    assert_ok(tile_image_alloc(&from, info->format, info->width, info->height, NULL, &error));
    assert_ok(tile_source_read(source, (struct tile_rect){0, 0, info->width, info->height}, &from, &error));
    for (int i = 0; i < 2; i++) {
        struct tile_converter_options options = TILE_OPTIONS(struct tile_converter_options);
        tile_converter *converter;
        options.from_profile = info->profile;
        options.from_profile_size = info->profile_size;
        options.to_profile = i ? profile : NULL;
        options.to_profile_size = i ? profile_size : 0;
        assert_ok(tile_image_alloc(&to, i ? cmyk : lab, info->width, info->height, NULL, &error));
        assert_ok(tile_converter_new(&converter, info->format, to.format, &options, &error));
        assert_ok(tile_convert(converter, &from, &to, &error));
        tile_converter_free(converter);
        tile_image_free(&to, NULL);
    }
    tile_image_free(&from, NULL);
}

static void encode_all(void) {
    static const struct {
        tile_codec codec;
        tile_space space;
        tile_sample sample;
    } kinds[] = {{TILE_JPEG, TILE_DISPLAY_P3, TILE_U8}, {TILE_PNG, TILE_DISPLAY_P3, TILE_U16},
                 {TILE_TIFF, TILE_LAB, TILE_F32},       {TILE_NPY, TILE_SRGB, TILE_F32},
                 {TILE_BMP, TILE_SRGB, TILE_U8},        {TILE_TGA, TILE_SRGB, TILE_U8},
                 {TILE_HDR, TILE_SRGB_LINEAR, TILE_F32}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int optimize = 0; optimize <= (kinds[i].codec == TILE_JPEG); optimize++) {
            if (!tile_codec_can_write(kinds[i].codec))
                continue;
            struct tile_format format = {.space = kinds[i].space, .sample = kinds[i].sample};
            struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
            struct tile_buffer out = {0};
            struct tile_writer writer = tile_buffer_writer(&out);
            struct tile_image image;
            options.optimize = optimize;
            assert_ok(tile_image_alloc(&image, format, 300, 200, NULL, &error));
            memset(image.plane[0], 0, (size_t)image.stride * image.height);
            assert_ok(tile_encode(&image, kinds[i].codec, &options, &writer, &error));
            tile_buffer_free(&out);
            tile_image_free(&image, NULL);
        }
}

static void run_jobs(tile_source *source, bool lossless) {
    for (int one = 0; one < (lossless ? 1 : 2); one++) {
        char *folder = test_folder_new();
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        options.grid = TEST_GRID(.tile_width = 64, .tile_height = 64);
        options.lossless = lossless;
        options.to_space = lossless ? TILE_SPACE_UNSET : TILE_LAB;
        options.threads = 1;
        options.folder = one ? NULL : folder;
        options.image = one ? test_path(folder, test_any_name("one")) : NULL;
        for (int again = 0; again < (one ? 1 : 2); again++)
            assert_ok(tile_job_run(source, &options, NULL, &error));
        test_folder_remove(folder);
    }
}

static void *run_all(void *user) {
    static const char *const names[] = {"photo.jpg",         "progressive.jpg",    "arithmetic.jpg",
                                        "gray-profile.jpg",  "rgb-interlaced.png", "p3-profile.png",
                                        "orientation-6.png", "rgb-alpha16.png",    "adobe-rgb-profile.jpg"};
    const struct tile_buffer *profile = user;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tile_source *source;
        tile_index *index = NULL;
        struct tile_buffer text = {0};
        unsigned char hash[16];
        assert_ok(tile_source_open_file(&source, test_fixture(names[i]), NULL, &error));
        assert_ok(tile_source_describe(source, &text, &error));
        assert_ok(tile_source_hash(source, hash, &error));
        read_and_convert(source, profile->data, profile->size);
        run_jobs(source, false);
        if (!tile_source_info(source)->no_index) {
            assert_ok(tile_index_build(&index, source, NULL, &error));
            assert_ok(tile_source_use_index(source, index, &error));
            read_and_convert(source, profile->data, profile->size);
            run_jobs(source, false);
            if (i == 0)
                run_jobs(source, true);
        }
        tile_source_close(source);
        tile_index_free(index);
        tile_buffer_free(&text);
    }
    encode_all();
    return NULL;
}

static void a_small_stack_is_enough(void **state) {
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    puts("skipped: sanitizers make frames larger");
    skip();
#endif
    enum { SIZE = 1 << 20, ENOUGH = 128 << 10, UNUSED = 0xA5 };
    struct tile_buffer profile = {0};
    pthread_attr_t attributes;
    pthread_t thread;
    assert_ok(tile_profile_of_space(&profile, TILE_PROPHOTO_RGB, &error));
    unsigned char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    assert_true(stack != MAP_FAILED);
    memset(stack, UNUSED, SIZE);
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, SIZE), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run_all, &profile), 0);
    pthread_join(thread, NULL);
    size_t left = 0; /* it grows downward */
    while (left < SIZE && stack[left] == UNUSED)
        left++;
    printf("%zu bytes of stack\n", SIZE - left);
    assert_true(SIZE - left < ENOUGH);
    pthread_attr_destroy(&attributes);
    munmap(stack, SIZE);
    tile_buffer_free(&profile);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_small_stack_is_enough)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
