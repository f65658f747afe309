/* SPDX-License-Identifier: MIT */
/*
 * tile-convert writes the same files by any number of threads and with the kernels of every instruction set, and one
 * new image is what tile_encode makes of the whole picture. It is large enough to be deflated in several pieces.
 */
#include "contents.h"
#include "support.h"

static const char *tool;
static char *folder;
static struct tile_error error;

enum { WIDTH = 1000, HEIGHT = 760 };

static struct tile_image make_picture(tile_space space) {
    struct tile_format format = {.space = space, .sample = TILE_U8};
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, format, WIDTH, HEIGHT, NULL, &error));
    content_fill(&image, CONTENT_MIXED, 5);
    return image;
}

/* Runs the tool in a folder of its own below `folder`. */
static void convert(const char *name, const char *cpu, int threads, const char *options) {
    int status = test_run(NULL, "mkdir '%s/%s' && cd '%s/%s' && TILE_CPU=%s '%s' -q --no-sync -j %d ../in.png %s",
                          folder, name, folder, name, cpu, tool, threads, options);
    if (status != 0)
        fail_msg("%s, %d threads, %s: exit status %d", cpu, threads, options, status);
}

/* Runs it so, and holds what it writes against the first run's. */
static void check(const char *cpu, int threads, const char *options) {
    convert("other", cpu, threads, options);
    if (test_run(NULL, "diff -r '%s/first' '%s/other' && rm -r '%s/other'", folder, folder, folder) != 0)
        fail_msg("%s, %d threads: other bytes than one thread's: %s", cpu, threads, options);
}

static void threads_and_cpus_write_the_same_bytes(void **state) {
    (void)state;
    static const char *const all[] = {
        "-o out.png",
        "-o out.png -t gray --depth u16",
        "-o out.png --compression 5 --region 100,100,700,600",
        "-o out.png --compression 9 --region 100,100,200,300",
        "-o tiles -s 300",
        "-o out.tif -t lab",
        "-o tiles -t oklab --depth f32 -s 300 --compression 2",
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!tile_codec_can_write(TILE_TIFF) && (strstr(all[i], "tif") || strstr(all[i], "lab")))
            continue;
        convert("first", "best", 1, all[i]);
        for (int threads = 3; threads <= 5; threads += 2)
            check("best", threads, all[i]);
        for (int cpu = TILE_CPU_SCALAR; cpu < TILE_CPU_COUNT; cpu++)
            if (tile_cpu_available((tile_cpu)cpu))
                check(tile_cpu_name((tile_cpu)cpu), 2, all[i]);
        assert_int_equal(test_run(NULL, "rm -r '%s/first'", folder), 0);
    }
}

static void one_image_is_what_encoding_the_whole_gives(void **state) {
    (void)state;
    static const char *const names[] = {"out.png", "out.tif"};
    struct tile_image image = make_picture(TILE_SRGB);
    for (int i = 0; i < 2; i++)
        for (int level = 1; level <= 4; level += 3) {
            char options[64];
            struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
            struct tile_buffer whole = {0};
            struct tile_writer writer = tile_buffer_writer(&whole);
            if (!tile_codec_can_write(tile_codec_of_path(names[i])))
                continue;
            encode.compression = level;
            assert_ok(tile_encode(&image, tile_codec_of_path(names[i]), &encode, &writer, &error));
            snprintf(options, sizeof options, "-o %s --compression %d", names[i], level);
            convert("one", "best", 3, options);
            char path[32];
            snprintf(path, sizeof path, "one/%s", names[i]);
            struct test_bytes file = test_read_file(test_path(folder, path));
            assert_int_equal(file.size, whole.size);
            assert_memory_equal(file.data, whole.data, whole.size);
            free(file.data);
            tile_buffer_free(&whole);
            assert_int_equal(test_run(NULL, "rm -r '%s/one'", folder), 0);
        }
    tile_image_free(&image, NULL);
}

int main(void) {
    tool = getenv("TILE_CONVERT");
    if (!tool) {
        fprintf(stderr, "TILE_CONVERT names the program to test\n");
        return 1;
    }
    folder = test_folder_new();
    struct tile_image image = make_picture(TILE_SRGB);
    struct tile_encode_options fast = TILE_OPTIONS(struct tile_encode_options);
    fast.compression = 1;
    if (tile_encode_file(&image, test_path(folder, "in.png"), TILE_PNG, &fast, false, &error) != TILE_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    tile_image_free(&image, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_cpus_write_the_same_bytes),
        cmocka_unit_test(one_image_is_what_encoding_the_whole_gives),
    };
    int failed = cmocka_run_group_tests_name("tile-convert", tests, NULL, NULL);
    test_folder_remove(folder);
    return failed;
}
