/* SPDX-License-Identifier: MIT */
/* Grid arithmetic against a brute-force picture of the same thing: every pixel of every tile looked up one by one. */
#include "support.h"

static struct tile_error error;
static const struct tile_format rgb = {.space = TILE_SRGB, .sample = TILE_U8};

/* A picture in which each pixel tells where it is. */
static void paint(struct tile_image *image) {
    for (uint32_t y = 0; y < image->height; y++)
        for (uint32_t x = 0; x < image->width; x++) {
            unsigned char *p = (unsigned char *)image->plane[0] + (ptrdiff_t)y * image->stride + x * 3;
            p[0] = (unsigned char)x;
            p[1] = (unsigned char)y;
            p[2] = 7;
        }
}

/* What a tile must show at (x, y) of an area, told by the policy's definition alone. */
static void expected_pixel(int64_t x, int64_t y, struct tile_rect area, tile_edge edge, unsigned char *out) {
    bool inside = x >= 0 && y >= 0 && x < area.width && y < area.height;
    if (!inside && edge == TILE_EDGE_PAD) {
        out[0] = 201, out[1] = 202, out[2] = 203;
        return;
    }
    x = x < 0 ? 0 : x >= area.width ? area.width - 1 : x;
    y = y < 0 ? 0 : y >= area.height ? area.height - 1 : y;
    out[0] = (unsigned char)(area.x + x), out[1] = (unsigned char)(area.y + y), out[2] = 7;
}

static void check_grid(const struct tile_image *picture, struct tile_rect area, struct tile_grid grid) {
    static const unsigned char pad[3] = {201, 202, 203};
    tile_plan *plan;
    assert_ok(tile_plan_new_grid(&plan, area, &grid, NULL, &error));
    struct tile_grid full = *tile_plan_grid(plan);
    uint32_t covered = 0;
    uint64_t count = tile_plan_count(plan);
    for (uint64_t i = 0; i < count; i++) {
        struct tile_region r = tile_plan_region(plan, i);
        int64_t x0 = (int64_t)r.column * full.tile_width, y0 = (int64_t)r.row * full.tile_height;
        assert_true(x0 < area.width && y0 < area.height);
        if (grid.edge != TILE_EDGE_CLIP) {
            assert_int_equal(r.width, full.tile_width + 2 * grid.overlap);
            assert_int_equal(r.height, full.tile_height + 2 * grid.overlap);
        }
        /* How many pixels of the area are this tile's own, without the overlap. */
        for (int64_t y = y0; y < y0 + full.tile_height && y < area.height; y++)
            for (int64_t x = x0; x < x0 + full.tile_width && x < area.width; x++)
                covered++;

        struct tile_image tile;
        assert_ok(tile_image_alloc(&tile, rgb, r.width, r.height, NULL, &error));
        memset(tile.plane[0], 99, (size_t)tile.stride * tile.height);
        struct tile_image from = tile_image_view(picture, r.source);
        struct tile_image inner =
            tile_image_view(&tile, (struct tile_rect){r.left, r.top, r.source.width, r.source.height});
        for (uint32_t y = 0; y < from.height; y++)
            memcpy((char *)inner.plane[0] + y * inner.stride, (char *)from.plane[0] + y * from.stride, from.width * 3);
        tile_region_fill_edge(&r, grid.edge, pad, &tile);

        int64_t left = x0 - grid.overlap, top = y0 - grid.overlap;
        if (grid.edge == TILE_EDGE_CLIP) {
            left = left < 0 ? 0 : left;
            top = top < 0 ? 0 : top;
            int64_t right = x0 + full.tile_width + grid.overlap, bottom = y0 + full.tile_height + grid.overlap;
            assert_int_equal(r.width, (right < area.width ? right : area.width) - left);
            assert_int_equal(r.height, (bottom < area.height ? bottom : area.height) - top);
        }
        for (uint32_t y = 0; y < r.height; y++)
            for (uint32_t x = 0; x < r.width; x++) {
                unsigned char want[3];
                expected_pixel(left + x, top + y, area, grid.edge, want);
                assert_memory_equal((unsigned char *)tile.plane[0] + y * tile.stride + x * 3, want, 3);
            }
        tile_image_free(&tile, NULL);
    }
    assert_int_equal(covered, area.width * area.height);
    tile_plan_free(plan);
}

static void every_pixel_of_a_grid_is_where_it_belongs(void **state) {
    (void)state;
    struct tile_image picture;
    assert_ok(tile_image_alloc(&picture, rgb, 61, 47, NULL, &error));
    paint(&picture);
    struct test_random random = {3};
    for (int round = 0; round < 400; round++) {
        struct tile_rect area;
        area.x = test_random_below(&random, 61);
        area.y = test_random_below(&random, 47);
        area.width = 1 + test_random_below(&random, 61 - area.x);
        area.height = 1 + test_random_below(&random, 47 - area.y);
        struct tile_grid grid = {.struct_size = sizeof grid,
                                 .tile_width = 1 + test_random_below(&random, 70),
                                 .tile_height = test_random_below(&random, 30),
                                 .overlap = test_random_below(&random, 3) * test_random_below(&random, 9),
                                 .edge = (tile_edge)test_random_below(&random, 3)};
        uint32_t height = grid.tile_height ? grid.tile_height : grid.tile_width;
        if (grid.overlap > grid.tile_width || grid.overlap > height) { /* pixels would be made over and over */
            tile_plan *plan;
            assert_fails(TILE_INVALID_ARGUMENT, tile_plan_new_grid(&plan, area, &grid, NULL, &error));
            assert_non_null(strstr(error.message, "overlap"));
            continue;
        }
        check_grid(&picture, area, grid);
    }
    tile_image_free(&picture, NULL);
}

static void the_largest_sizes_do_not_overflow(void **state) {
    (void)state;
    tile_plan *plan;
    struct tile_rect all = {0, 0, UINT32_MAX, UINT32_MAX};
    assert_ok(tile_plan_new_grid(&plan, all, TEST_GRID(.tile_width = 1), NULL, &error));
    assert_true(tile_plan_count(plan) == (uint64_t)UINT32_MAX * UINT32_MAX);
    struct tile_region last = tile_plan_region(plan, tile_plan_count(plan) - 1);
    assert_int_equal(last.source.x, UINT32_MAX - 1);
    assert_int_equal(last.source.y, UINT32_MAX - 1);
    assert_int_equal(last.source.width, 1);
    tile_plan_free(plan);

    struct tile_grid wide = test_grid(UINT32_MAX - 2, 0, 1, TILE_EDGE_REPLICATE);
    assert_ok(tile_plan_new_grid(&plan, all, &wide, NULL, &error));
    assert_int_equal(tile_plan_count(plan), 4);
    struct tile_region corner = tile_plan_region(plan, 3);
    assert_int_equal(corner.source.x, UINT32_MAX - 3);
    assert_int_equal(corner.source.width, 3);
    assert_int_equal(corner.width, UINT32_MAX);
    tile_plan_free(plan);

    wide.overlap = 2;
    assert_fails(TILE_INVALID_ARGUMENT, tile_plan_new_grid(&plan, all, &wide, NULL, &error));
    assert_null(plan);
    assert_fails(TILE_INVALID_ARGUMENT,
                 tile_plan_new_grid(&plan, (struct tile_rect){1, 0, UINT32_MAX, 1}, NULL, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_plan_new_grid(&plan, (struct tile_rect){0, 0, 0, 1}, NULL, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_plan_new_grid(&plan, all, TEST_GRID(.edge = (tile_edge)9), NULL, &error));
}

static void rectangles_come_back_in_order(void **state) {
    (void)state;
    tile_plan *plan;
    struct tile_rect rects[] = {{5, 6, 7, 8}, {0, 0, 1, 1}, {5, 6, 7, 8}};
    assert_ok(tile_plan_new_rects(&plan, rects, 3, NULL, &error));
    assert_int_equal(tile_plan_count(plan), 3);
    for (uint32_t i = 0; i < 3; i++) {
        struct tile_region region = tile_plan_region(plan, i);
        assert_memory_equal(&region.source, &rects[i], sizeof rects[i]);
        assert_int_equal(region.row, i);
        assert_int_equal(region.column, 0);
    }
    tile_plan_free(plan);
    rects[1].width = 0;
    assert_fails(TILE_INVALID_ARGUMENT, tile_plan_new_rects(&plan, rects, 3, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_plan_new_rects(&plan, rects, 0, NULL, &error));
    tile_plan_free(NULL);
}

/* What a user names: a tile a rectangle, or one rectangle in tiles. */
static void regions_are_cut_where_tiles_have_a_size(void **state) {
    (void)state;
    const struct tile_rect rects[2] = {{5, 6, 70, 30}, {1, 2, 3, 4}};
    struct tile_grid grid = TILE_OPTIONS(struct tile_grid);
    const struct tile_grid *whole[] = {NULL, &grid};
    tile_plan *plan;
    grid.overlap = 1;
    for (size_t i = 0; i < 2; i++) {
        assert_ok(tile_plan_new_regions(&plan, rects, 2, whole[i], NULL, &error));
        assert_null(tile_plan_grid(plan));
        assert_int_equal(tile_plan_count(plan), 2);
        struct tile_rect second = tile_plan_region(plan, 1).source;
        assert_memory_equal(&second, &rects[1], sizeof second);
        tile_plan_free(plan);
    }
    grid.tile_width = 40;
    assert_ok(tile_plan_new_regions(&plan, rects, 1, &grid, NULL, &error));
    assert_int_equal(tile_plan_count(plan), 2);
    assert_int_equal(tile_plan_grid(plan)->overlap, 1);
    tile_plan_free(plan);
    assert_fails(TILE_INVALID_ARGUMENT, tile_plan_new_regions(&plan, rects, 2, &grid, NULL, &error));
    assert_null(plan);
    assert_fails(TILE_INVALID_ARGUMENT, tile_plan_new_regions(&plan, rects, 0, NULL, NULL, &error));
}

static void no_memory_is_an_error(void **state) {
    (void)state;
    struct test_memory memory;
    tile_plan *plan;
    struct tile_rect rect = {0, 0, 1, 1};
    test_memory_init(&memory, 0);
    assert_fails(TILE_NO_MEMORY, tile_plan_new_grid(&plan, rect, NULL, &memory.allocator, &error));
    test_memory_init(&memory, 0);
    assert_fails(TILE_NO_MEMORY, tile_plan_new_rects(&plan, &rect, 1, &memory.allocator, &error));
    assert_int_equal(memory.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pixel_of_a_grid_is_where_it_belongs),
        cmocka_unit_test(the_largest_sizes_do_not_overflow),
        cmocka_unit_test(rectangles_come_back_in_order),
        cmocka_unit_test(regions_are_cut_where_tiles_have_a_size),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
