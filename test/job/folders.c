/* SPDX-License-Identifier: MIT */
/* Folders in the names of tiles: made on the way, looked into, cleaned, and removed once they are empty. */
#include "folder.h"
#include "job/folder.h"

#include <sys/stat.h>
#include <unistd.h>

static struct tile_error error;

static struct tile_folder begin(char **path) {
    struct tile_folder folder;
    *path = test_folder_new();
    assert_ok(tile_folder_make(&folder, test_path(*path, "new/out"), NULL, &error));
    return folder;
}

static void put(const struct tile_folder *folder, const char *name) {
    assert_ok(tile_folder_make_within(folder->path, name, NULL, &error));
    test_write_file(test_path(folder->path, name), "x", 1);
}

static bool is_there(const struct tile_folder *folder, const char *name) {
    struct stat facts;
    return lstat(test_path(folder->path, name), &facts) == 0;
}

static void folders_come_and_go_with_their_files(void **state) {
    (void)state;
    char *path;
    struct tile_folder folder = begin(&path);
    put(&folder, "3/5/1.png");
    put(&folder, "3/6/1.png");
    put(&folder, "0.png");
    assert_true(tile_folder_remove(&folder, "3/5/1.png"));
    assert_true(tile_folder_remove(&folder, "3/5/1.png")); /* it is not there */
    assert_true(tile_folder_remove(&folder, "9/9/1.png"));
    assert_true(tile_folder_remove(&folder, "0.png/1/1.png"));
    tile_folder_prune(&folder, "3/5/1.png");
    assert_true(!is_there(&folder, "3/5") && is_there(&folder, "3/6/1.png"));
    tile_folder_prune(&folder, "3/6/1.png");
    assert_true(is_there(&folder, "3/6/1.png"));
    assert_true(tile_folder_remove(&folder, "3/6/1.png"));
    tile_folder_prune(&folder, "3/6/1.png");
    assert_true(!is_there(&folder, "3") && is_there(&folder, "0.png"));
    tile_folder_prune(&folder, "0.png"); /* the folder itself stays */
    tile_folder_free(&folder, 2);
    assert_true(file_exists(test_path(path, "new/out/0.png")));
    test_folder_remove(path);
}

static void what_was_made_and_stayed_empty_goes(void **state) {
    (void)state;
    char *path;
    struct tile_folder folder = begin(&path);
    assert_ok(tile_folder_make_within(folder.path, "3/5/1.png", NULL, &error));
    assert_ok(tile_folder_make_within(folder.path, "4/5/1.png", NULL, &error));
    tile_folder_free(&folder, 2);
    assert_int_equal(folder_count(path), 0);
    /* In a folder that was there before, empty folders may be somebody's. */
    mkdir(test_path(path, "mine"), 0777);
    mkdir(test_path(path, "mine/empty"), 0777);
    assert_ok(tile_folder_make(&folder, test_path(path, "mine"), NULL, &error));
    tile_folder_free(&folder, 2);
    assert_true(file_exists(test_path(path, "mine/empty")));
    test_folder_remove(path);
}

static void what_is_in_the_way_is_told(void **state) {
    (void)state;
    char *path;
    struct tile_folder folder = begin(&path);
    put(&folder, "3/5");
    assert_fails(TILE_WRITE_FAILED, tile_folder_make_within(folder.path, "3/5/1.png", NULL, &error));
    assert_non_null(strstr(error.message, "out/3/5: exists and is no folder"));
    assert_int_equal(symlink("/nowhere/at/all", test_path(folder.path, "4")), 0);
    assert_fails(TILE_WRITE_FAILED, tile_folder_make_within(folder.path, "4/5/1.png", NULL, &error));
    tile_folder_free(&folder, 2);
    test_folder_remove(path);
}

static bool is_wanted(void *user, const char *name) {
    return strcmp(user, name) == 0;
}

static void files_are_found_as_deep_as_names_go(void **state) {
    (void)state;
    char *path, name[TILE_NAME_SIZE], wanted[] = "3/5/1.png";
    struct tile_folder folder = begin(&path);
    put(&folder, "3/5/1.png");
    put(&folder, "3/5/.2.png.libtile-part");
    put(&folder, "7/.2.png.libtile-part");
    put(&folder, ".2.png.libtile-part");
    tile_folder_find(&folder, 1, is_wanted, wanted, name);
    assert_string_equal(name, "");
    tile_folder_find(&folder, 2, is_wanted, wanted, name);
    assert_string_equal(name, wanted);
    assert_int_equal(symlink(folder.path, test_path(folder.path, "loop")), 0);
    tile_folder_find(&folder, 5, is_wanted, "none", name);
    assert_string_equal(name, "");
    tile_folder_clean_within(folder.path, 1);
    assert_true(!is_there(&folder, ".2.png.libtile-part") && !is_there(&folder, "7/.2.png.libtile-part"));
    assert_true(is_there(&folder, "3/5/.2.png.libtile-part"));
    tile_folder_clean_within(folder.path, 2);
    assert_true(!is_there(&folder, "3/5/.2.png.libtile-part") && is_there(&folder, "3/5/1.png"));
    tile_folder_free(&folder, 2);
    test_folder_remove(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_come_and_go_with_their_files),
        cmocka_unit_test(what_was_made_and_stayed_empty_goes),
        cmocka_unit_test(what_is_in_the_way_is_told),
        cmocka_unit_test(files_are_found_as_deep_as_names_go),
    };
    return cmocka_run_group_tests_name("job-folders", tests, NULL, NULL);
}
