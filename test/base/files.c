/* SPDX-License-Identifier: MIT */
/* Files that are written aside: what may stand in the way there, and what is never touched. */
#include "support.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tile_error error;
static char *folder; /* a new one for each test */

static bool exists(const char *name) {
    struct stat facts;
    return lstat(test_path(folder, name), &facts) == 0;
}

static void assert_content(const char *name, const char *text) {
    struct test_bytes bytes = test_read_file(test_path(folder, name));
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.size);
    free(bytes.data);
}

static void write_file(const char *name, const char *text) {
    tile_file *file;
    assert_ok(tile_file_create(&file, test_path(folder, name), true, NULL, &error));
    struct tile_writer writer = tile_file_writer(file);
    assert_ok(writer.write_at(writer.user, 0, text, strlen(text), &error));
    assert_ok(tile_file_sync(file, &error));
    assert_ok(tile_file_commit(file, &error));
    assert_content(name, text);
}

static int count_entries(void) {
    int count = 0;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; (entry = readdir(entries));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(entries);
    return count;
}

#define ASIDE ".a.bin.libtile-part"

/* What a killed process left is used no more and goes, as long as it is. */
static void a_leftover_gives_way(void **state) {
    (void)state;
    test_write_file(test_path(folder, ASIDE), "longer than what comes", 22);
    write_file("a.bin", "new");
    assert_false(exists(ASIDE));
}

/* Nothing is written through what anybody else may have put there, and it stays. */
static void what_is_planted_is_left_alone(void **state) {
    (void)state;
    test_write_file(test_path(folder, "precious"), "gold", 4);
    assert_int_equal(link(test_path(folder, "precious"), test_path(folder, ASIDE)), 0);
    write_file("a.bin", "new");
    assert_true(exists(ASIDE));
    assert_content("precious", "gold");
    unlink(test_path(folder, ASIDE));

    assert_int_equal(symlink("precious", test_path(folder, ASIDE)), 0);
    write_file("a.bin", "again");
    assert_true(exists(ASIDE));
    assert_content("precious", "gold");
    unlink(test_path(folder, ASIDE));

    alarm(10); /* where it would wait for somebody to read */
    assert_int_equal(mkfifo(test_path(folder, ASIDE), 0600), 0);
    write_file("a.bin", "a third time");
    assert_true(exists(ASIDE));
    unlink(test_path(folder, ASIDE));
    alarm(0);

    assert_int_equal(mkdir(test_path(folder, ASIDE), 0700), 0);
    write_file("a.bin", "and a fourth");
    assert_true(exists(ASIDE));
    assert_int_equal(count_entries(), 3);
}

/* Another user's file, in a folder that is not his. */
static void another_users_file_is_left_alone(void **state) {
    (void)state;
    test_write_file(test_path(folder, ASIDE), "his", 3);
    if (geteuid() != 0 || chown(test_path(folder, ASIDE), 65534, 65534) != 0) {
        print_message("only root gives files away\n");
        skip();
    }
    write_file("a.bin", "new");
    assert_content(ASIDE, "his");
    tile_folder_clean(folder);
    assert_content(ASIDE, "his");
}

static void a_living_writer_is_not_disturbed(void **state) {
    (void)state;
    tile_file *first, *second;
    assert_ok(tile_file_create(&first, test_path(folder, "a.bin"), false, NULL, &error));
    assert_fails(TILE_WRITE_FAILED, tile_file_create(&second, test_path(folder, "a.bin"), false, NULL, &error));
    assert_non_null(strstr(error.message, "is being written by another process"));
    tile_folder_clean(folder);
    assert_true(exists(ASIDE));
    assert_ok(tile_file_commit(first, &error));
    assert_int_equal(count_entries(), 1);
}

static void cleaning_takes_what_is_ours(void **state) {
    (void)state;
    static const char *const ours[] = {".r0_c0.png.libtile-part", ".x.0123456789abcdef.libtile-part"};
    static const char *const others[] = {".x.part", "x.libtile-part", ".libtile-part", "manifest.part", "a"};
    for (size_t i = 0; i < 2; i++)
        test_write_file(test_path(folder, ours[i]), "x", 1);
    for (size_t i = 0; i < 5; i++)
        test_write_file(test_path(folder, others[i]), "x", 1);
    assert_int_equal(link(test_path(folder, "a"), test_path(folder, ".a.libtile-part")), 0);
    tile_folder_clean(folder);
    for (size_t i = 0; i < 2; i++)
        assert_false(exists(ours[i]));
    for (size_t i = 0; i < 5; i++)
        assert_true(exists(others[i]));
    assert_true(exists(".a.libtile-part"));
    tile_folder_clean(test_path(folder, "missing"));
}

/* As long as the file system's names may be; two that differ at their ends do not meet aside. */
static void long_names_have_room_aside(void **state) {
    (void)state;
    char name[NAME_MAX + 2], other[NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    name[NAME_MAX] = name[NAME_MAX + 1] = '\0';
    memcpy(other, name, sizeof other);
    other[NAME_MAX - 1] = 'o';
    tile_file *first;
    assert_ok(tile_file_create(&first, test_path(folder, name), false, NULL, &error));
    write_file(other, "other");
    assert_ok(tile_file_commit(first, &error));
    assert_true(exists(name));
    assert_int_equal(count_entries(), 2);
    name[NAME_MAX] = 'n';
    assert_fails(TILE_WRITE_FAILED, tile_file_create(&first, test_path(folder, name), false, NULL, &error));
    assert_non_null(strstr(error.message, strerror(ENAMETOOLONG)));
}

/* FIFOs and devices are refused, whether files may be replaced or not, and without a wait. */
static void only_files_are_replaced(void **state) {
    (void)state;
    tile_file *file;
    alarm(10);
    assert_int_equal(mkfifo(test_path(folder, "fifo"), 0600), 0);
    for (int overwrite = 0; overwrite < 2; overwrite++) {
        assert_fails(TILE_WRITE_FAILED, tile_file_create(&file, test_path(folder, "fifo"), overwrite, NULL, &error));
        assert_non_null(strstr(error.message, "is not a regular file"));
        assert_fails(TILE_WRITE_FAILED, tile_file_create(&file, "/dev/null", overwrite, NULL, &error));
    }
    alarm(0);
    assert_int_equal(count_entries(), 1);
}

/* The file that is found under a fixed name, a journal's. */
static void only_our_own_is_gone_on_with(void **state) {
    (void)state;
    const char *path = test_path(folder, "journal"), *why;
    alarm(10);
    int first = tile_open_locked(path, &why);
    assert_true(first >= 0);
    assert_int_equal(tile_open_locked(path, &why), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    close(first);
    int again = tile_open_locked(path, &why);
    assert_true(again >= 0);
    close(again);

    assert_int_equal(link(path, test_path(folder, "second name")), 0);
    assert_int_equal(tile_open_locked(path, &why), -1);
    assert_string_equal(why, "is a hard link");
    unlink(path);
    assert_int_equal(symlink("second name", path), 0);
    assert_int_equal(tile_open_locked(path, &why), -1);
    assert_string_equal(why, "is a symbolic link");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(tile_open_locked(path, &why), -1);
    assert_string_equal(why, "is not a regular file");
    alarm(0);
}

/* A write that does not fit is short first, and then fails with its own reason. */
static void a_failed_write_says_why(void **state) {
    (void)state;
    struct rlimit before, small = {1000, 1000};
    char piece[600] = {0};
    tile_file *file;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_ok(tile_file_create(&file, test_path(folder, "a.bin"), false, NULL, &error));
    struct tile_writer writer = tile_file_writer(file);
    assert_ok(writer.write_at(writer.user, 0, piece, sizeof piece, &error));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_fails(TILE_WRITE_FAILED, writer.write_at(writer.user, 600, piece, sizeof piece, &error));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(error.message, strerror(EFBIG)));
    tile_file_discard(file);
    assert_int_equal(count_entries(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(a_leftover_gives_way),
        test_in_folder(what_is_planted_is_left_alone),
        test_in_folder(another_users_file_is_left_alone),
        test_in_folder(a_living_writer_is_not_disturbed),
        test_in_folder(cleaning_takes_what_is_ours),
        test_in_folder(long_names_have_room_aside),
        test_in_folder(only_files_are_replaced),
        test_in_folder(only_our_own_is_gone_on_with),
        test_in_folder(a_failed_write_says_why),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
