/* SPDX-License-Identifier: MIT */
/* tile-convert writes the same files with the kernels of every instruction set: all spaces, all sample types. */
#include "support.h"

static const char *tool;
static char *folder;

/* Tiles and manifests of two pictures, the second with a profile, in out/CPU of `folder`. */
static void convert(const char *space, const char *depth, tile_cpu cpu) {
    int status = test_run(NULL, "cd '%s' && TILE_CPU=%s '%s' '%s' '%s' -o out/%s -f npy -t %s --depth %s -s 64 -j 1",
                          folder, tile_cpu_name(cpu), tool, test_fixture("420.jpg"),
                          test_fixture("adobe-rgb-profile.jpg"), tile_cpu_name(cpu), space, depth);
    if (status != 0)
        fail_msg("to %s %s with %s: exit status %d", space, depth, tile_cpu_name(cpu), status);
}

static void check_target(const char *space, const char *depth) {
    assert_int_equal(test_run(NULL, "rm -rf '%s/out'", folder), 0);
    convert(space, depth, TILE_CPU_SCALAR);
    assert_int_equal(
        test_run(NULL, "cd '%s/out/scalar' && [ -s 420/r0_c0.npy ] && [ -s adobe-rgb-profile/r1_c1.npy ]", folder), 0);
    for (int cpu = TILE_CPU_SCALAR + 1; cpu < TILE_CPU_COUNT; cpu++) {
        if (!tile_cpu_available((tile_cpu)cpu))
            continue;
        const char *name = tile_cpu_name((tile_cpu)cpu);
        convert(space, depth, (tile_cpu)cpu);
        if (test_run(NULL, "diff -r '%s/out/scalar' '%s/out/%s'", folder, folder, name) != 0)
            fail_msg("to %s %s: %s writes other bytes than scalar", space, depth, name);
    }
}

static void all_cpus_write_the_same_bytes(void **state) {
    (void)state;
    static const tile_sample samples[] = {TILE_U8, TILE_U16, TILE_F32};
    static const char *const depths[] = {"u8", "u16", "f32"};
    struct test_bytes list;
    assert_int_equal(test_run(&list, "'%s' --list-spaces | cut -d' ' -f1; printf '\\0'", tool), 0);
    int spaces = 0;
    for (char *space = strtok((char *)list.data, "\n"); space; space = strtok(NULL, "\n")) {
        spaces++;
        for (int i = 0; i < 3; i++)
            if (tile_space_has_sample(tile_space_from_name(space), samples[i]))
                check_target(space, depths[i]);
    }
    free(list.data);
    assert_int_equal(spaces, TILE_SPACE_COUNT - 1);
}

int main(void) {
    tool = getenv("TILE_CONVERT");
    if (!tool) {
        fprintf(stderr, "TILE_CONVERT names the program to test\n");
        return 1;
    }
    folder = test_folder_new();
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_cpus_write_the_same_bytes)};
    int failed = cmocka_run_group_tests_name("tile-convert", tests, NULL, NULL);
    test_folder_remove(folder);
    return failed;
}
