/* SPDX-License-Identifier: MIT */
/* Tasks: the tiles and records of a whole run, however the tasks come; and tasks that cannot be. */
#include "invoke.h"

#include <unistd.h>

static struct tile_error error;
static struct place place;

static int begin(void **state) {
    (void)state;
    place_begin(&place);
    return 0;
}

static int end(void **state) {
    (void)state;
    place_end(&place);
    return 0;
}

/* ---- A plan, made here by the library ---- */

struct recipe {
    const char *source;
    const char *options; /* JSON object: what every task has */
    struct tile_grid grid;
    bool indexed, whole_index;
};

struct made {
    json_t *tasks;
    char *run; /* the folder of a whole run */
};

static void add_index(json_t *task, const struct recipe *recipe, tile_source *source, struct tile_rect rect) {
    if (recipe->whole_index) {
        json_object_set_new(task, "index", json_string("whole.tix"));
        return;
    }
    tile_index *part;
    struct tile_buffer bytes = {0};
    struct tile_writer writer = tile_buffer_writer(&bytes);
    assert_ok(tile_index_part(&part, source, rect, NULL, &error));
    assert_ok(tile_index_save(part, &writer, &error));
    char *text = base64_of(bytes.data, bytes.size);
    json_object_set_new(task, "index", json_string(text));
    free(text);
    tile_index_free(part);
    tile_buffer_free(&bytes);
}

/* Opened as a task's is, so that the index knows the same version. */
static tile_source *open_source(const struct recipe *recipe, struct object **object) {
    tile_source *source;
    assert_true(storage_open(object, place.storage, recipe->source, NULL, &place.failure));
    struct tile_reader reader = storage_reader(*object);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.name = recipe->source;
    assert_ok(tile_source_open_reader(&source, &reader, &options, &error));
    return source;
}

/* The tasks of a recipe, and what tile_job_run makes of it. */
static struct made make(const struct recipe *recipe, struct tile_job_options job) {
    struct made made = {.tasks = json_array(), .run = test_folder_new()};
    struct object *object;
    tile_index *index = NULL;
    tile_plan *plan;
    place_add(&place, recipe->source);
    tile_source *source = open_source(recipe, &object);
    const struct tile_info *info = tile_source_info(source);
    if (recipe->indexed) {
        struct tile_index_options spacing = TILE_OPTIONS(struct tile_index_options);
        spacing.tile_width = spacing.tile_height = 64;
        assert_ok(tile_index_build(&index, source, &spacing, &error));
        assert_ok(tile_source_use_index(source, index, &error));
    }
    if (recipe->whole_index) {
        struct tile_buffer bytes = {0};
        struct tile_writer writer = tile_buffer_writer(&bytes);
        assert_ok(tile_index_save(index, &writer, &error));
        test_write_file(place_path(&place, "whole.tix"), bytes.data, bytes.size);
        tile_buffer_free(&bytes);
    }
    struct tile_rect all = {0, 0, info->width, info->height};
    assert_ok(tile_plan_new_grid(&plan, all, &recipe->grid, NULL, &error));
    const char *suffix = tile_codec_name(job.codec);
    for (uint64_t i = 0; i < tile_plan_count(plan); i++) {
        struct tile_region r = tile_plan_region(plan, i);
        char output[100];
        snprintf(output, sizeof output, "out/r%u_c%u.%s", r.row, r.column, suffix);
        json_t *task = json_loads(recipe->options, 0, NULL);
        const struct storage_facts *facts = storage_object_facts(object);
        json_object_set_new(task, "source", json_string(recipe->source));
        json_object_set_new(task, "etag", json_string(facts->etag));
        json_object_set_new(task, "size", json_integer((json_int_t)facts->size));
        json_object_set_new(
            task, "region",
            json_pack("[iiii]", (int)r.source.x, (int)r.source.y, (int)r.source.width, (int)r.source.height));
        json_object_set_new(task, "row", json_integer(r.row));
        json_object_set_new(task, "column", json_integer(r.column));
        if (r.width != r.source.width || r.height != r.source.height)
            json_object_set_new(task, "place",
                                json_pack("[iiii]", (int)r.left, (int)r.top, (int)r.width, (int)r.height));
        json_object_set_new(task, "output", json_string(output));
        if (recipe->indexed)
            add_index(task, recipe, source, r.source);
        json_array_append_new(made.tasks, task);
    }
    job.folder = made.run;
    job.grid = &recipe->grid;
    assert_ok(tile_job_run(source, &job, NULL, &error));
    tile_plan_free(plan);
    tile_source_close(source);
    tile_index_free(index);
    storage_close(object);
    return made;
}

/* ---- What was stored ---- */

/* Every tile of the run's manifest is there with its bytes, its record as its note. */
static void check_outputs(const struct made *made) {
    struct test_bytes manifest = test_read_file(test_path(made->run, "manifest.json"));
    char *text = strndup((char *)manifest.data, manifest.size), *at = text;
    size_t count = 0;
    for (char *line; (line = strsep(&at, "\n"));) {
        size_t length = strlen(line);
        if (strncmp(line, "{\"row\"", 6) != 0)
            continue;
        if (line[length - 1] == ',')
            line[length - 1] = '\0';
        json_t *record = json_loads(line, 0, NULL);
        const char *name = json_string_value(json_object_get(record, "file"));
        char output[100];
        snprintf(output, sizeof output, "out/%s", name);
        struct storage_facts facts;
        assert_true(storage_stat(place.storage, output, &facts, &place.failure));
        assert_string_equal(facts.note, line);
        struct test_bytes expected = test_read_file(test_path(made->run, name));
        struct test_bytes got = test_read_file(place_path(&place, output));
        assert_int_equal(got.size, expected.size);
        assert_memory_equal(got.data, expected.data, got.size);
        free(expected.data);
        free(got.data);
        json_decref(record);
        count++;
    }
    assert_int_equal(count, json_array_size(made->tasks));
    free(text);
    free(manifest.data);
}

static void remove_outputs(void) {
    assert_int_equal(test_run(NULL, "rm -rf '%s'", place_path(&place, "out")), 0);
}

static void check_sum(json_t *response, size_t tiles) {
    assert_int_equal(json_integer_value(json_object_get(response, "tiles")), tiles);
    assert_true(json_integer_value(json_object_get(response, "bytes")) > 0);
    json_decref(response);
}

/* One by one, as one batch, as a batch whose tasks have in common what they can, and all of that again. */
static void check_tasks(const struct recipe *recipe, struct tile_job_options job) {
    static const char *const shared[] = {"source", "etag", "size", NULL};
    struct made made = make(recipe, job);
    size_t count = json_array_size(made.tasks);
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < count; i++)
            check_sum(invoke_ok(&place, handle_tile, json_deep_copy(json_array_get(made.tasks, i))), 1);
        check_outputs(&made);
    }
    for (int common = 0; common < 2; common++) {
        remove_outputs();
        json_t *items = json_deep_copy(made.tasks), *input = json_object();
        for (size_t i = 0; i < count && common; i++) {
            json_t *item = json_array_get(items, i);
            for (size_t j = 0; shared[j]; j++) {
                json_object_set(input, shared[j], json_object_get(item, shared[j]));
                json_object_del(item, shared[j]);
            }
            json_t *options = json_loads(recipe->options, 0, NULL);
            json_object_update(input, options);
            const char *name;
            json_t *value;
            json_object_foreach(options, name, value) json_object_del(item, name);
            json_decref(options);
        }
        check_sum(invoke_ok(&place, handle_tile, json_pack("{so so}", "BatchInput", input, "Items", items)), count);
        check_outputs(&made);
    }
    remove_outputs();
    json_decref(made.tasks);
    test_folder_remove(made.run);
}

static void tasks_make_the_tiles_of_a_whole_run(void **state) {
    (void)state;
    struct tile_job_options job = TILE_OPTIONS(struct tile_job_options);
    char event[64];
    snprintf(event, sizeof event, "{\"to\":\"lab\",\"format\":\"%s\"}", test_any_suffix());
    struct recipe recipe = {"photo.jpg", event, test_grid(60, 0, 0, TILE_EDGE_CLIP), true, false};
    job.to_space = TILE_LAB;
    job.codec = test_any_codec();
    check_tasks(&recipe, job);
    recipe.grid = test_grid(64, 64, 0, TILE_EDGE_CLIP); /* more than are worked on at a time */
    check_tasks(&recipe, job);
    recipe.whole_index = true;
    recipe.source = "rgb8.png";
    recipe.grid = test_grid(20, 17, 0, TILE_EDGE_CLIP);
    check_tasks(&recipe, job);
}

static void without_an_index_tasks_make_the_same(void **state) {
    (void)state;
    static const char *const sources[] = {"photo.jpg", "progressive.jpg", "rgb-interlaced.png", "orientation-6.jpg"};
    struct tile_job_options job = TILE_OPTIONS(struct tile_job_options);
    job.codec = TILE_PNG;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct recipe recipe = {
            .source = sources[i], .options = "{\"format\":\"png\"}", .grid = test_grid(48, 0, 0, TILE_EDGE_CLIP)};
        check_tasks(&recipe, job);
    }
}

static void padded_and_lossless_tasks_make_the_same(void **state) {
    (void)state;
    struct tile_job_options job = TILE_OPTIONS(struct tile_job_options);
    struct recipe recipe = {"photo.jpg",
                            "{\"edge\":\"pad=#ff8000\",\"overlap\":7,\"format\":\"png\",\"to\":\"display-p3\"}",
                            test_grid(100, 90, 7, TILE_EDGE_PAD), true, false};
    memcpy(recipe.grid.pad_color, (float[4]){1, 128 / 255.F, 0, 1}, sizeof recipe.grid.pad_color);
    job.codec = TILE_PNG;
    job.to_space = TILE_DISPLAY_P3;
    check_tasks(&recipe, job);
    recipe.options = "{\"edge\":\"replicate\",\"format\":\"png\"}";
    recipe.grid = test_grid(100, 90, 0, TILE_EDGE_REPLICATE);
    job.to_space = TILE_SPACE_UNSET;
    check_tasks(&recipe, job);
    recipe.options = "{\"lossless\":true,\"format\":\"jpg\",\"optimize\":true}";
    recipe.grid = test_grid(64, 0, 0, TILE_EDGE_CLIP);
    struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
    encode.optimize = true;
    job = (struct tile_job_options)TILE_OPTIONS(struct tile_job_options);
    job.codec = TILE_JPEG;
    job.lossless = true;
    job.encode = &encode;
    check_tasks(&recipe, job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tasks_make_the_tiles_of_a_whole_run, begin, end),
        cmocka_unit_test_setup_teardown(without_an_index_tasks_make_the_same, begin, end),
        cmocka_unit_test_setup_teardown(padded_and_lossless_tasks_make_the_same, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
