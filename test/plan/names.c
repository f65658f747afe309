/* SPDX-License-Identifier: MIT */
/* What tiles are called, and which names are found: only those that the plan gives, each at its own index. */
#include "support.h"

static struct tile_error error;

static tile_plan *grid_of(struct tile_rect area, uint32_t width, uint32_t height) {
    struct tile_grid grid = test_grid(width, height, 0, TILE_EDGE_CLIP);
    tile_plan *plan;
    assert_ok(tile_plan_new_grid(&plan, area, &grid, NULL, &error));
    return plan;
}

static void check_every_name(const tile_plan *plan, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; i++) {
        struct tile_region region = tile_plan_region(plan, i);
        char name[TILE_NAME_SIZE], expected[80];
        uint64_t found = UINT64_MAX;
        tile_plan_name(plan, &region, "png", name);
        snprintf(expected, sizeof expected, "r%u_c%u.png", region.row, region.column);
        assert_string_equal(name, expected);
        assert_true(tile_plan_find(plan, name, "png", &found));
        assert_true(found == i);
        assert_false(tile_plan_find(plan, name, "tif", &found));
    }
}

static void names_are_found_where_they_came_from(void **state) {
    (void)state;
    struct test_random random = {11};
    for (int round = 0; round < 200; round++) {
        struct tile_rect area = {test_random_below(&random, 50), test_random_below(&random, 50),
                                 1 + test_random_below(&random, 99), 1 + test_random_below(&random, 99)};
        tile_plan *plan = grid_of(area, 1 + test_random_below(&random, 40), test_random_below(&random, 40));
        check_every_name(plan, 0, tile_plan_count(plan));
        tile_plan_free(plan);
    }
    tile_plan *plan = grid_of((struct tile_rect){0, 0, UINT32_MAX, UINT32_MAX}, 1, 1);
    uint64_t count = tile_plan_count(plan);
    check_every_name(plan, 0, 3);
    check_every_name(plan, UINT32_MAX - 2, UINT32_MAX + UINT64_C(3));
    check_every_name(plan, count - 3, count);
    tile_plan_free(plan);
    struct tile_rect rects[23];
    for (uint32_t i = 0; i < 23; i++)
        rects[i] = (struct tile_rect){i % 5, i % 3, 1 + i, 2};
    assert_ok(tile_plan_new_rects(&plan, rects, 23, NULL, &error));
    check_every_name(plan, 0, 23);
    tile_plan_free(plan);
}

static void other_names_are_not_found(void **state) {
    (void)state;
    static const char *const names[] = {
        "",
        "r",
        "r1",
        "r1_c1",
        "r1_c1.",
        "r1_c1png",
        "r1_c1.png ",
        "r1_c1.PNG",
        "r1_c1.png/",
        "r1_c1.png.png",
        "r01_c1.png",
        "r1_c01.png",
        "r00_c0.png",
        "r+1_c1.png",
        "r-1_c1.png",
        "r 1_c1.png",
        "r1_c 1.png",
        "r1_c1.tif",
        "r1c1.png",
        "R1_c1.png",
        " r1_c1.png",
        "/r1_c1.png",
        "../r1_c1.png",
        "./r1_c1.png",
        "a/r1_c1.png",
        "r1/_c1.png",
        "r_c.png",
        "r1_c.png",
        "r2_c0.png",
        "r0_c3.png",
        "r4294967296_c0.png",
        "r0_c4294967297.png",
        "r18446744073709551616_c0.png",
        "r1_c1.png\n",
        "manifest.json",
        "..",
        "r1_c1.pn",
        "r{row}_c{column}.png",
        "r1_c1\xC0\x80.png",
    };
    tile_plan *plan = grid_of((struct tile_rect){0, 0, 25, 15}, 10, 10); /* 2 rows of 3 */
    uint64_t index;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (tile_plan_find(plan, names[i], "png", &index))
            fail_msg("%s is found", names[i]);
    assert_true(tile_plan_find(plan, "r1_c2.png", "png", &index));
    assert_true(index == 5);
    tile_plan_free(plan);
    const struct tile_rect rects[2] = {{0, 0, 1, 1}, {0, 0, 1, 1}};
    assert_ok(tile_plan_new_rects(&plan, rects, 2, NULL, &error));
    assert_false(tile_plan_find(plan, "r0_c1.png", "png", &index));
    assert_false(tile_plan_find(plan, "r2_c0.png", "png", &index));
    tile_plan_free(plan);
}

static void the_area_holds_all_regions(void **state) {
    (void)state;
    const struct tile_rect rects[3] = {{7, 30, 5, 6}, {2, 40, 1, 1}, {4, 33, 9, 2}};
    tile_plan *plan;
    assert_ok(tile_plan_new_rects(&plan, rects, 3, NULL, &error));
    struct tile_rect all = tile_plan_area(plan), expected = {2, 30, 11, 11};
    assert_memory_equal(&all, &expected, sizeof all);
    tile_plan_free(plan);
    plan = grid_of(expected, 4, 3);
    all = tile_plan_area(plan);
    assert_memory_equal(&all, &expected, sizeof all);
    tile_plan_free(plan);
}

static void there_is_no_such_layout(void **state) {
    (void)state;
    tile_plan *plan;
    struct tile_grid grid = test_grid(10, 10, 0, TILE_EDGE_CLIP);
    for (int layout = -1; layout < 1000; layout += 1000) {
        grid.layout = (tile_plan_layout)layout;
        assert_fails(TILE_INVALID_ARGUMENT,
                     tile_plan_new_grid(&plan, (struct tile_rect){0, 0, 9, 9}, &grid, NULL, &error));
        assert_null(plan);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_where_they_came_from),
        cmocka_unit_test(other_names_are_not_found),
        cmocka_unit_test(the_area_holds_all_regions),
        cmocka_unit_test(there_is_no_such_layout),
    };
    return cmocka_run_group_tests_name("plan-names", tests, NULL, NULL);
}
