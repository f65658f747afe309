/* SPDX-License-Identifier: MIT */
/* A plan's text, and the plans that texts make: the same ones, and none of what is no plan. */
#include "support.h"

static struct tile_error error;

static void expect_text(const tile_plan *plan, const char *expected) {
    struct tile_buffer text = {0};
    assert_ok(tile_plan_describe(plan, &text, &error));
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
    tile_buffer_free(&text);
}

static tile_plan *read_text(const char *text) {
    tile_plan *plan;
    assert_ok(tile_plan_from_json(&plan, text, strlen(text), NULL, &error));
    return plan;
}

/* What a plan writes makes a plan of the same regions that writes the same. */
static void check_round_trip(const tile_plan *plan) {
    struct tile_buffer text = {0}, again = {0};
    tile_plan *other;
    assert_ok(tile_plan_describe(plan, &text, &error));
    assert_ok(tile_plan_from_json(&other, (const char *)text.data, text.size, NULL, &error));
    assert_ok(tile_plan_describe(other, &again, &error));
    assert_int_equal(text.size, again.size);
    assert_memory_equal(text.data, again.data, text.size);
    assert_true(tile_plan_count(plan) == tile_plan_count(other));
    for (uint64_t i = 0; i < tile_plan_count(plan); i++) {
        struct tile_region a = tile_plan_region(plan, i), b = tile_plan_region(other, i);
        assert_memory_equal(&a, &b, sizeof a);
    }
    if (tile_plan_grid(plan))
        assert_memory_equal(tile_plan_grid(plan)->pad_color, tile_plan_grid(other)->pad_color, 4 * sizeof(float));
    tile_buffer_free(&text);
    tile_buffer_free(&again);
    tile_plan_free(other);
}

static void the_text_says_what_the_plan_is(void **state) {
    (void)state;
    struct tile_grid grid = test_grid(64, 0, 3, TILE_EDGE_PAD);
    memcpy(grid.pad_color, (float[4]){1, .5F, 0, .25F}, sizeof grid.pad_color);
    tile_plan *plan;
    assert_ok(tile_plan_new_grid(&plan, (struct tile_rect){1, 2, 300, 400}, &grid, NULL, &error));
    expect_text(plan, "{\"grid\":{\"area\":[1,2,300,400],\"tile\":[64,64],\"overlap\":3,\"edge\":\"pad\","
                      "\"pad\":[1,0.5,0,0.25]}}");
    tile_plan_free(plan);
    assert_ok(tile_plan_new_grid(&plan, (struct tile_rect){0, 0, UINT32_MAX, 1}, NULL, NULL, &error));
    expect_text(plan, "{\"grid\":{\"area\":[0,0,4294967295,1],\"tile\":[256,256],\"overlap\":0,\"edge\":\"clip\"}}");
    tile_plan_free(plan);
    const struct tile_rect rects[2] = {{5, 6, 7, 8}, {0, 0, 1, UINT32_MAX}};
    assert_ok(tile_plan_new_rects(&plan, rects, 2, NULL, &error));
    expect_text(plan, "{\"rectangles\":[[5,6,7,8],[0,0,1,4294967295]]}");
    tile_plan_free(plan);
    plan = read_text(" {\"grid\" : {\"edge\":\"replicate\", \"overlap\":1, \"tile\":[9,8],\n\"area\":[0,0,7,6]}} ");
    assert_int_equal(tile_plan_grid(plan)->tile_height, 8);
    assert_int_equal(tile_plan_grid(plan)->edge, TILE_EDGE_REPLICATE);
    assert_int_equal(tile_plan_area(plan).width, 7);
    tile_plan_free(plan);
    plan = read_text("{\"rectangles\":[[1,2,3,4]]}");
    assert_null(tile_plan_grid(plan));
    assert_int_equal(tile_plan_region(plan, 0).source.height, 4);
    tile_plan_free(plan);
}

static void what_is_written_is_read_back(void **state) {
    (void)state;
    struct test_random random = {5};
    for (int round = 0; round < 200; round++) {
        struct tile_rect area = {test_random_below(&random, 1000), test_random_below(&random, 1000),
                                 1 + test_random_below(&random, 300), 1 + test_random_below(&random, 300)};
        struct tile_grid grid = test_grid(20 + test_random_below(&random, 99), 20 + test_random_below(&random, 99),
                                          test_random_below(&random, 20), (tile_edge)test_random_below(&random, 3));
        for (int i = 0; i < 4; i++) /* any float, exactly */
            grid.pad_color[i] = (float)test_random_next(&random) * 5.4e-20F;
        tile_plan *plan;
        assert_ok(tile_plan_new_grid(&plan, area, &grid, NULL, &error));
        check_round_trip(plan);
        tile_plan_free(plan);
    }
    enum { MANY = 100000 };
    struct tile_rect *rects = malloc(MANY * sizeof *rects);
    assert_non_null(rects);
    for (uint32_t i = 0; i < MANY; i++)
        rects[i] = (struct tile_rect){(uint32_t)test_random_next(&random) / 2, i, 1 + i, 1 + i % 7};
    tile_plan *plan;
    assert_ok(tile_plan_new_rects(&plan, rects, MANY, NULL, &error));
    check_round_trip(plan);
    tile_plan_free(plan);
    free(rects);
}

#define GRID(members) "{\"grid\":{" members "}}"
#define AREA          "\"area\":[0,0,9,9]"
#define TILE          "\"tile\":[4,4]"
#define REST          "\"overlap\":0,\"edge\":\"clip\""

static void what_is_no_plan_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *named;
        tile_status status;
    } cases[] = {
        {"", "line", TILE_BAD_DATA},
        {"{", "line", TILE_BAD_DATA},
        {"null", "line", TILE_BAD_DATA},
        {"[]", "member", TILE_BAD_DATA},
        {"{}", "member", TILE_BAD_DATA},
        {"{\"grids\":{}}", "member", TILE_BAD_DATA},
        {"{\"grid\":{},\"rectangles\":[]}", "member", TILE_BAD_DATA},
        {"{\"grid\":{},\"grid\":{}}", "duplicate", TILE_BAD_DATA},
        {GRID(AREA "," TILE "," REST) "x", "line", TILE_BAD_DATA},
        {"{\"grid\":7}", "grid: an object", TILE_BAD_DATA},
        {"{\"grid\":null}", "grid: an object", TILE_BAD_DATA},
        {"{\"grid\":[]}", "grid: an object", TILE_BAD_DATA},
        {GRID(TILE "," REST), "area", TILE_BAD_DATA},
        {GRID("\"area\":9," TILE "," REST), "area", TILE_BAD_DATA},
        {GRID("\"area\":[0,0,9]," TILE "," REST), "area", TILE_BAD_DATA},
        {GRID("\"area\":[0,0,9,9,9]," TILE "," REST), "area", TILE_BAD_DATA},
        {GRID("\"area\":[0,0,9,\"9\"]," TILE "," REST), "area", TILE_BAD_DATA},
        {GRID("\"area\":[0,0,9,9.0]," TILE "," REST), "area", TILE_BAD_DATA},
        {GRID("\"area\":[-1,0,9,9]," TILE "," REST), "area", TILE_BAD_DATA},
        {GRID("\"area\":[0,0,4294967296,9]," TILE "," REST), "area", TILE_BAD_DATA},
        {GRID("\"area\":[0,0,99999999999999999999,9]," TILE "," REST), "line", TILE_BAD_DATA},
        {GRID("\"area\":[0,0,9,0]," TILE "," REST), "area", TILE_INVALID_ARGUMENT},
        {GRID("\"area\":[1,0,4294967295,9]," TILE "," REST), "area", TILE_INVALID_ARGUMENT},
        {GRID(AREA "," REST), "tile", TILE_BAD_DATA},
        {GRID(AREA ",\"tile\":[0,4]," REST), "tile", TILE_BAD_DATA},
        {GRID(AREA ",\"tile\":[4]," REST), "tile", TILE_BAD_DATA},
        {GRID(AREA ",\"tile\":{}," REST), "tile", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"edge\":\"clip\""), "overlap", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":true,\"edge\":\"clip\""), "overlap", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":-1,\"edge\":\"clip\""), "overlap", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":4294967296,\"edge\":\"clip\""), "overlap", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":5,\"edge\":\"clip\""), "overlap", TILE_INVALID_ARGUMENT},
        {GRID(AREA ",\"tile\":[4294967295,9],\"overlap\":1,\"edge\":\"clip\""), "overlap", TILE_INVALID_ARGUMENT},
        {GRID(AREA "," TILE ",\"overlap\":0"), "edge", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":0,\"edge\":0"), "edge", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":0,\"edge\":\"CLIP\""), "edge", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":0,\"edge\":\"pad\""), "pad", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":0,\"edge\":\"pad\",\"pad\":[0,0,0]"), "pad", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":0,\"edge\":\"pad\",\"pad\":[0,0,0,0,0]"), "pad", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":0,\"edge\":\"pad\",\"pad\":[0,0,0,null]"), "pad", TILE_BAD_DATA},
        {GRID(AREA "," TILE ",\"overlap\":0,\"edge\":\"pad\",\"pad\":[0,0,0,1e99]"), "color", TILE_INVALID_ARGUMENT},
        {GRID(AREA "," TILE "," REST ",\"pad\":[0,0,0,0]"), "pad", TILE_BAD_DATA},
        {GRID(AREA "," TILE "," REST ",\"layout\":\"\""), "layout", TILE_BAD_DATA},
        {GRID(AREA "," TILE "," REST ",\"layout\":0"), "layout", TILE_BAD_DATA},
        {GRID(AREA "," TILE "," REST ",\"levels\":3"), "levels", TILE_BAD_DATA},
        {GRID(AREA "," TILE "," REST ",\"\":3"), "no member", TILE_BAD_DATA},
        {"{\"rectangles\":{}}", "rectangles: an array", TILE_BAD_DATA},
        {"{\"rectangles\":7}", "rectangles: an array", TILE_BAD_DATA},
        {"{\"rectangles\":[]}", "rectangles", TILE_INVALID_ARGUMENT},
        {"{\"rectangles\":[7]}", "rectangle 0", TILE_BAD_DATA},
        {"{\"rectangles\":[[0,0,1,1],[0,0,1]]}", "rectangle 1", TILE_BAD_DATA},
        {"{\"rectangles\":[[0,0,1,1],[0,0,1,-1]]}", "rectangle 1", TILE_BAD_DATA},
        {"{\"rectangles\":[[0,0,1,1],[0,0,1,0]]}", "rectangle 1", TILE_INVALID_ARGUMENT},
        {"{\"rectangles\":[[4294967295,0,1,1]]}", "rectangle 0", TILE_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tile_plan *plan;
        assert_fails(cases[i].status, tile_plan_from_json(&plan, cases[i].text, strlen(cases[i].text), NULL, &error));
        assert_null(plan);
        if (!strstr(error.message, cases[i].named))
            fail_msg("%s: %s", cases[i].text, error.message);
    }
}

/* A byte changed, or an end cut off, makes another plan or none; nothing is read past the end. */
static void damage_makes_no_harm(void **state) {
    (void)state;
    static const char text[] = "{\"grid\":{\"area\":[1,2,300,400],\"tile\":[64,32],\"overlap\":3,\"edge\":\"pad\","
                               "\"pad\":[1,0.5,0,0.25],\"layout\":\"grid\"}}";
    static const char odd[] = "\"[]{}:,0-e\\\x80";
    enum { SIZE = sizeof text - 1 };
    tile_plan_free(read_text(text));
    for (size_t size = 0; size < SIZE; size++) {
        struct test_guarded part = test_guarded_new(size ? size : 1, true);
        tile_plan *plan;
        memcpy(part.data, text, size);
        assert_fails(TILE_BAD_DATA, tile_plan_from_json(&plan, (char *)part.data, size, NULL, &error));
        test_guarded_free(part);
    }
    for (size_t at = 0; at < SIZE; at++)
        for (size_t c = 0; c < sizeof odd; c++) {
            char other[SIZE];
            tile_plan *plan;
            memcpy(other, text, SIZE);
            other[at] = odd[c];
            if (tile_plan_from_json(&plan, other, SIZE, NULL, &error) == TILE_OK)
                check_round_trip(plan);
            tile_plan_free(plan);
        }
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    static const char text[] = "{\"rectangles\":[[1,2,3,4],[5,6,7,8]]}";
    for (size_t fail_at = 0; fail_at < 2; fail_at++) {
        struct test_memory memory;
        tile_plan *plan;
        test_memory_init(&memory, fail_at);
        assert_fails(TILE_NO_MEMORY, tile_plan_from_json(&plan, text, sizeof text - 1, &memory.allocator, &error));
        assert_null(plan);
        assert_int_equal(memory.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_says_what_the_plan_is), cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(what_is_no_plan_is_refused),     cmocka_unit_test(damage_makes_no_harm),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("plan-text", tests, NULL, NULL);
}
