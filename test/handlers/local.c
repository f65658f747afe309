/* SPDX-License-Identifier: MIT */
/* Local files: what leads out of the root, what is in the way, and what is left when writing fails. */
#include "store.h"

#include "base/parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* folder/root is open, folder/outside is not. */
struct place {
    char *folder;
    char root[512], outside[512];
    struct storage *storage;
};

static struct place place_new(void) {
    struct place place = {.folder = test_folder_new()};
    struct failure failure;
    snprintf(place.root, sizeof place.root, "%s", test_path(place.folder, "root"));
    snprintf(place.outside, sizeof place.outside, "%s", test_path(place.folder, "outside"));
    assert_int_equal(mkdir(place.root, 0777), 0);
    assert_int_equal(mkdir(place.outside, 0777), 0);
    test_write_file(test_path(place.outside, "secret"), "secret", 6);
    assert_works(storage_new(&place.storage, &(struct storage_options){.root = place.root}, &failure));
    return place;
}

static void place_free(struct place place) {
    storage_free(place.storage);
    test_folder_remove(place.folder);
}

static const char *below(const struct place *place, const char *name) {
    return test_path(place->root, name);
}

/* What is in the folder, hidden or not, without folders. */
static size_t count_files(const char *folder) {
    struct test_bytes list;
    assert_int_equal(test_run(&list, "find '%s' ! -type d | wc -l", folder), 0);
    size_t count = (size_t)atoi((const char *)list.data);
    free(list.data);
    return count;
}

static bool put(const struct place *place, const char *url, const char *text, const char *note,
                struct failure *failure) {
    return storage_put(place->storage, url, text, strlen(text), &(struct storage_put_options){.note = note}, failure);
}

static void check_content(const struct place *place, const char *url, const char *text) {
    struct failure failure;
    struct tile_buffer buffer = {0};
    assert_works(storage_get(place->storage, url, 1000, &buffer, NULL, &failure));
    assert_int_equal(buffer.size, strlen(text));
    assert_memory_equal(buffer.data, text, buffer.size);
    tile_buffer_free(&buffer);
}

static void gives_back_what_was_put(void **state) {
    (void)state;
    struct place place = place_new();
    struct failure failure;
    struct storage_facts first, second;
    assert_works(put(&place, "a/b c/d%20.jpg", "first", "{\"n\":  1}", &failure));
    check_content(&place, "a/b c/d%20.jpg", "first");
    struct test_bytes bytes = test_read_file(below(&place, "a/b c/d%20.jpg"));
    assert_int_equal(bytes.size, 5);
    assert_memory_equal(bytes.data, "first", 5);
    free(bytes.data);
    assert_works(storage_stat(place.storage, "a/b c/d%20.jpg", &first, &failure));
    assert_int_equal(first.size, 5);
    assert_string_equal(first.note, "{\"n\":  1}");
    assert_string_equal(first.type, "image/jpeg");
    assert_string_equal(first.sha256, "");
    struct stat status;
    assert_int_equal(stat(below(&place, "a/b c/d%20.jpg"), &status), 0);
    assert_int_equal(first.modified, (uint64_t)status.st_mtim.tv_sec * 1000000000u + (uint64_t)status.st_mtim.tv_nsec);
    assert_works(put(&place, "a/b c/d%20.jpg", "later", NULL, &failure));
    check_content(&place, "a/b c/d%20.jpg", "later");
    assert_works(storage_stat(place.storage, "a/b c/d%20.jpg", &second, &failure));
    assert_string_not_equal(first.etag, second.etag);
    assert_string_equal(second.note, ""); /* the first one's is not true of it */
    assert_int_equal(count_files(place.root), 1);
    assert_works(put(&place, "empty", "", NULL, &failure));
    check_content(&place, "empty", "");
    place_free(place);
}

static void takes_urls_of_files(void **state) {
    (void)state;
    struct place place = place_new();
    struct failure failure;
    char url[1100];
    snprintf(url, sizeof url, "file://%s/a%%20b%%25.txt", place.root);
    assert_works(put(&place, url, "text", NULL, &failure));
    check_content(&place, "a b%.txt", "text");
    check_content(&place, below(&place, "a b%.txt"), "text"); /* the whole path, where it is below the root */
    snprintf(url, sizeof url, "file://localhost%s/a%%20b%%25.txt", place.root);
    check_content(&place, url, "text");
    snprintf(url, sizeof url, "file://%s/a%%20b%%25.txt%%00.jpg", place.root);
    assert_refused(FAILURE_BAD_REQUEST, storage_check_url(place.storage, url, &failure)); /* not what it begins with */
    place_free(place);
}

static void refuses_what_names_nothing_here(void **state) {
    (void)state;
    struct place place = place_new();
    struct failure failure;
    struct storage_facts facts;
    struct object *object;
    static const char *const urls[] = {
        "",
        "http://host/x",
        "https://host/x",
        "ftp://x/y",
        "S3://tile/x",
        "s3:tile/x",
        "s3://",
        "s3://tile",
        "s3://tile/",
        "s3:///x",
        "s3://a/x",
        "s3://Tile/x",
        "s3://a@b/x",
        "s3://tile:80/x",
        "s3://a..b/x",
        "s3://-abc/x",
        "s3://abc-/x",
        "s3://ab%2f/x",
        "s3://a?b/x",
        "s3://a\nb/x",
        "file://host/x",
        "file://",
        "file:x",
        "file:///%",
        "file:///%zz",
        "file:///%00",
        "file:///etc/passwd",
        "/etc/passwd",
        "..",
        "../outside/secret",
        "a/../../x",
        "./../x",
        "a/./../../x",
        "a//../../x",
        "../root/../x",
        "/",
        ".//..",
        "file:///../../x",
        "\x01\x02/../../x",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        if (strcmp(urls[i], "s3:tile/x") != 0) /* a path like any other */
            assert_refused(FAILURE_BAD_REQUEST, storage_check_url(place.storage, urls[i], &failure));
        else
            continue;
        assert_refused(FAILURE_BAD_REQUEST, put(&place, urls[i], "x", NULL, &failure));
        assert_refused(FAILURE_BAD_REQUEST, storage_stat(place.storage, urls[i], &facts, &failure));
        assert_refused(FAILURE_BAD_REQUEST, storage_open(&object, place.storage, urls[i], NULL, &failure));
        assert_null(object);
    }
    char large[STORAGE_URL_MOST + 10];
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_refused(FAILURE_BAD_REQUEST, storage_check_url(place.storage, large, &failure));
    memcpy(large, "s3://tile/", 10);
    large[10 + 1025] = '\0';
    assert_refused(FAILURE_BAD_REQUEST, storage_check_url(place.storage, large, &failure));
    large[10 + 1024] = '\0';
    assert_works(storage_check_url(place.storage, large, &failure));
    assert_int_equal(count_files(place.folder), 1);
    place_free(place);
}

static void is_closed_without_a_root(void **state) {
    (void)state;
    struct storage *storage;
    struct failure failure;
    struct storage_facts facts;
    assert_works(storage_new(&storage, &(struct storage_options){0}, &failure));
    assert_refused(FAILURE_BAD_REQUEST, storage_stat(storage, "/etc/passwd", &facts, &failure));
    assert_non_null(strstr(failure.message, "TILE_LOCAL_ROOT"));
    assert_refused(FAILURE_BAD_REQUEST, storage_check_url(storage, "file:///etc/passwd", &failure));
    assert_works(storage_check_url(storage, "s3://tile/x", &failure));
    storage_free(storage);
    assert_refused(FAILURE_BAD_REQUEST,
                   storage_new(&storage, &(struct storage_options){.root = "/nowhere/at/all"}, &failure));
    assert_null(storage);
    assert_works(storage_new(&storage, &(struct storage_options){.local = true}, &failure));
    assert_works(storage_stat(storage, "/etc/passwd", &facts, &failure));
    storage_free(storage);
}

static void check_links(void) {
    struct place place = place_new();
    struct failure failure;
    struct storage_facts facts;
    struct object *object;
    assert_works(put(&place, "inside/file", "inside", NULL, &failure));
    assert_int_equal(symlink("inside", below(&place, "within")), 0);
    assert_int_equal(symlink("../outside", below(&place, "folder")), 0);
    assert_int_equal(symlink("../outside/secret", below(&place, "file")), 0);
    assert_int_equal(symlink("/etc", below(&place, "etc")), 0);
    assert_int_equal(symlink("loop", below(&place, "loop")), 0);
    check_content(&place, "within/file", "inside");
    assert_works(put(&place, "within/other", "other", "{}", &failure));
    check_content(&place, "inside/other", "other");
    static const char *const urls[] = {"folder/secret", "file", "etc/passwd", "inside/../folder/secret", "loop"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        assert_refused(FAILURE_BAD_REQUEST, storage_stat(place.storage, urls[i], &facts, &failure));
        assert_refused(FAILURE_BAD_REQUEST, storage_open(&object, place.storage, urls[i], NULL, &failure));
    }
    assert_refused(FAILURE_BAD_REQUEST, put(&place, "folder/new", "x", "{}", &failure));
    assert_refused(FAILURE_BAD_REQUEST, put(&place, "folder/a/b/new", "x", NULL, &failure));
    assert_refused(FAILURE_BAD_REQUEST, put(&place, "folder/secret", "x", NULL, &failure));
    /* A note goes nowhere else, either. */
    assert_int_equal(mkdir(below(&place, "sub"), 0777), 0);
    assert_int_equal(symlink("../../outside", below(&place, "sub/.tile")), 0);
    assert_refused(FAILURE_BAD_REQUEST, put(&place, "sub/x", "x", "{}", &failure));
    /* A link by the file's own name is replaced, not written through. */
    assert_works(put(&place, "file", "mine", NULL, &failure));
    check_content(&place, "file", "mine");
    struct test_bytes secret = test_read_file(test_path(place.outside, "secret"));
    assert_int_equal(secret.size, 6);
    assert_memory_equal(secret.data, "secret", 6);
    free(secret.data);
    assert_int_equal(count_files(place.outside), 1);
    place_free(place);
}

static void follows_no_link_out(void **state) {
    (void)state;
    check_links();
}

/* The whole test again in a process for which openat2 does not exist, with this error. */
static void check_links_without_openat2(int error) {
    int child = fork(), status;
    assert_true(child >= 0);
    if (child == 0) {
        struct sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {.len = 4, .filter = filter};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            _exit(77);
        const struct CMUnitTest tests[] = {cmocka_unit_test(follows_no_link_out)};
        _exit(cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void follows_no_link_out_on_old_kernels(void **state) {
    (void)state;
    check_links_without_openat2(ENOSYS);
    check_links_without_openat2(EPERM);
}

static void tells_what_is_no_file(void **state) {
    (void)state;
    struct place place = place_new();
    struct failure failure;
    struct storage_facts facts;
    assert_works(put(&place, "folder/file", "x", NULL, &failure));
    assert_int_equal(mkfifo(below(&place, "fifo"), 0666), 0);
    assert_refused(FAILURE_BAD_REQUEST, storage_stat(place.storage, "folder", &facts, &failure));
    struct tile_buffer buffer = {0};
    assert_refused(FAILURE_BAD_REQUEST, storage_get(place.storage, "fifo", 10, &buffer, NULL, &failure));
    assert_refused(FAILURE_SOURCE_NOT_FOUND, storage_stat(place.storage, "nothing", &facts, &failure));
    assert_refused(FAILURE_SOURCE_NOT_FOUND, storage_stat(place.storage, "folder/file/x", &facts, &failure));
    assert_refused(FAILURE_OUTPUT_DENIED, put(&place, "folder", "x", NULL, &failure));
    assert_refused(FAILURE_OUTPUT_DENIED, put(&place, "folder/file/x", "x", NULL, &failure));
    assert_refused(FAILURE_BAD_REQUEST, put(&place, "folder/", "x", NULL, &failure));
    char name[300];
    memset(name, 'n', sizeof name);
    name[280] = '\0';
    assert_refused(FAILURE_BAD_REQUEST, put(&place, name, "x", "{}", &failure));
    name[240] = '\0';
    assert_works(put(&place, name, "x", "{}", &failure));
    place_free(place);
}

static void keeps_what_is_there(void **state) {
    (void)state;
    struct place place = place_new();
    struct failure failure;
    struct storage_put_options keep = {.keep = true, .note = "{\"second\":1}"};
    struct storage_facts facts;
    assert_works(put(&place, "x", "first", "{\"first\":1}", &failure));
    assert_refused(FAILURE_OUTPUT_DENIED, storage_put(place.storage, "x", "second", 6, &keep, &failure));
    check_content(&place, "x", "first");
    assert_works(storage_stat(place.storage, "x", &facts, &failure));
    assert_string_equal(facts.note, "{\"first\":1}");
    assert_works(storage_put(place.storage, "y", "second", 6, &keep, &failure));
    assert_int_equal(count_files(place.root), 4);
    place_free(place);
}

static void refuses_notes_that_cannot_be(void **state) {
    (void)state;
    struct place place = place_new();
    struct failure failure;
    char note[STORAGE_NOTE_MOST + 1];
    memset(note, 'n', sizeof note);
    note[STORAGE_NOTE_MOST] = '\0';
    static const char *const notes[] = {"a\nb", "a\r\nX-Evil: 1", "\xc3\xa4", " a", "a ", "\x7f"};
    assert_refused(FAILURE_BAD_REQUEST, put(&place, "x", "x", note, &failure));
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        assert_refused(FAILURE_BAD_REQUEST, put(&place, "x", "x", notes[i], &failure));
    struct storage_put_options type = {.type = "image/png\r\nX-Evil: 1"};
    assert_refused(FAILURE_BAD_REQUEST, storage_put(place.storage, "x", "x", 1, &type, &failure));
    assert_int_equal(count_files(place.root), 0);
    note[STORAGE_NOTE_MOST - 1] = '\0';
    struct storage_facts facts;
    assert_works(put(&place, "x", "x", note, &failure));
    assert_works(storage_stat(place.storage, "x", &facts, &failure));
    assert_string_equal(facts.note, note);
    place_free(place);
}

enum { PART = 1000 };

/* Small parts, so that little is held in memory; a file may be gone back in anywhere. */
static void writes_drafts(void **state) {
    (void)state;
    struct place place = place_new();
    struct storage *storage;
    struct failure failure;
    struct tile_error error;
    struct draft *draft;
    struct storage_facts facts;
    const struct storage_put_options options = {.note = "{\"a\":1}"};
    assert_works(storage_new(&storage, &(struct storage_options){.root = place.root, .part = PART}, &failure));
    for (size_t size = PART - 1; size <= 9 * PART; size += PART + 1) {
        unsigned char *data = pattern(size, size);
        assert_works(storage_create(&draft, storage, "deep/draft", &options, &failure));
        struct tile_writer writer = storage_writer(draft);
        assert_works(storage_write(draft, "0123456789", 10, &failure));
        for (size_t at = 10; at < size; at += 333)
            assert_works(storage_write(draft, data + at, size - at < 333 ? size - at : 333, &failure));
        assert_int_equal(writer.write_at(writer.user, size / 2, data + size / 2, size - size / 2, &error), TILE_OK);
        assert_int_equal(writer.write_at(writer.user, 0, data, 10, &error), TILE_OK);
        assert_int_equal(storage_written(draft), size);
        assert_works(storage_commit(draft, &failure));
        struct test_bytes bytes = test_read_file(below(&place, "deep/draft"));
        assert_int_equal(bytes.size, size);
        assert_memory_equal(bytes.data, data, size);
        free(bytes.data);
        assert_works(storage_stat(storage, "deep/draft", &facts, &failure));
        assert_string_equal(facts.note, "{\"a\":1}");
        free(data);
    }
    assert_int_equal(count_files(place.root), 2);
    /* What is given up, and what fails, leaves what was there. */
    unsigned char *data = pattern(5 * PART, 1);
    for (int fails = 0; fails < 2; fails++) {
        assert_works(storage_create(&draft, storage, "deep/draft", NULL, &failure));
        assert_works(storage_write(draft, data, 5 * PART, &failure));
        struct tile_writer writer = storage_writer(draft);
        if (fails) {
            assert_int_not_equal(writer.write_at(writer.user, 5 * PART + 1, data, 1, &error), TILE_OK);
            assert_refused(FAILURE_UNSUPPORTED, storage_commit(draft, &failure));
        } else {
            storage_discard(draft);
        }
        assert_works(storage_stat(storage, "deep/draft", &facts, &failure));
        assert_string_equal(facts.note, "{\"a\":1}");
        assert_int_equal(count_files(place.root), 2);
    }
    assert_works(storage_create(&draft, storage, "deep/draft", &(struct storage_put_options){.keep = true}, &failure));
    assert_refused(FAILURE_OUTPUT_DENIED, storage_write(draft, data, 5 * PART, &failure));
    storage_discard(draft);
    storage_set_deadline(storage, 1);
    assert_works(storage_create(&draft, storage, "late", NULL, &failure));
    assert_refused(FAILURE_OUT_OF_TIME, storage_write(draft, data, 5 * PART, &failure));
    assert_refused(FAILURE_OUT_OF_TIME, storage_commit(draft, &failure));
    assert_int_equal(count_files(place.root), 2);
    free(data);
    storage_free(storage);
    place_free(place);
}

/* RLIMIT_FSIZE is a disk that is full after some bytes. */
static void leaves_nothing_on_a_full_disk(void **state) {
    (void)state;
    struct place place = place_new();
    struct failure failure;
    struct storage_facts facts;
    size_t size = 3 << 20;
    char *data = (char *)pattern(size, 1);
    assert_works(put(&place, "old", "old", "{\"old\":1}", &failure));
    struct rlimit before, limit = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    struct storage_put_options note = {.note = "{\"new\":1}"};
    bool whole = storage_put(place.storage, "new", data, size, &note, &failure);
    assert_false(whole);
    assert_int_equal(failure.kind, FAILURE_OUTPUT_UNWRITABLE);
    assert_refused(FAILURE_OUTPUT_UNWRITABLE, storage_put(place.storage, "old", data, size, &note, &failure));
    struct draft *draft;
    struct storage *parts;
    assert_works(storage_new(&parts, &(struct storage_options){.root = place.root, .part = PART}, &failure));
    assert_works(storage_create(&draft, parts, "new", &note, &failure));
    assert_refused(FAILURE_OUTPUT_UNWRITABLE, storage_write(draft, data, size, &failure));
    assert_refused(FAILURE_OUTPUT_UNWRITABLE, storage_commit(draft, &failure));
    storage_free(parts);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    check_content(&place, "old", "old");
    assert_works(storage_stat(place.storage, "old", &facts, &failure));
    assert_string_equal(facts.note, "{\"old\":1}");
    assert_int_equal(count_files(place.root), 2);
    assert_works(storage_put(place.storage, "new", data, size, NULL, &failure));
    struct test_bytes bytes = test_read_file(below(&place, "new"));
    assert_int_equal(bytes.size, size);
    assert_memory_equal(bytes.data, data, size);
    free(bytes.data);
    free(data);
    place_free(place);
}

/* As one who may not: root may everything. */
static int try_as_nobody(const struct place *place) {
    struct failure failure;
    struct storage_facts facts;
    if (geteuid() == 0 && (setegid(65534) != 0 || seteuid(65534) != 0))
        return 77;
    if (put(place, "closed/new", "x", NULL, &failure) || failure.kind != FAILURE_OUTPUT_DENIED)
        return 1;
    if (put(place, "closed/sub/new", "x", NULL, &failure) || failure.kind != FAILURE_OUTPUT_DENIED)
        return 2;
    struct tile_buffer buffer = {0};
    if (storage_get(place->storage, "closed/file", 10, &buffer, NULL, &failure) ||
        failure.kind != FAILURE_SOURCE_DENIED)
        return 3;
    if (!storage_stat(place->storage, "closed/file", &facts, &failure) || facts.size != 1)
        return 4;
    return 0;
}

static void tells_what_may_not_be(void **state) {
    (void)state;
    struct place place = place_new();
    struct failure failure;
    assert_works(put(&place, "closed/file", "x", NULL, &failure));
    assert_int_equal(chmod(place.folder, 0755), 0);
    assert_int_equal(chmod(place.root, 0755), 0);
    assert_int_equal(chmod(below(&place, "closed/file"), 0), 0);
    assert_int_equal(chmod(below(&place, "closed"), 0555), 0);
    int child = fork(), status;
    assert_true(child >= 0);
    if (child == 0)
        _exit(try_as_nobody(&place));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(below(&place, "closed"), 0755), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(count_files(place.root), 1);
    place_free(place);
}

static void sees_what_changes(void **state) {
    (void)state;
    struct place place = place_new();
    struct failure failure;
    struct object *object, *other;
    char data[8] = "";
    assert_works(put(&place, "x", "content", NULL, &failure));
    assert_works(storage_open(&object, place.storage, "x", NULL, &failure));
    const struct storage_facts *facts = storage_object_facts(object);
    assert_works(storage_read(object, 3, data, 4, &failure));
    assert_string_equal(data, "tent");
    assert_refused(FAILURE_BAD_REQUEST, storage_read(object, 3, data, 5, &failure));
    assert_refused(FAILURE_BAD_REQUEST, storage_read(object, UINT64_MAX, data, 2, &failure));
    assert_refused(FAILURE_BAD_REQUEST, storage_fetch(object, &(struct tile_range){UINT64_MAX, 2}, 1, &failure));
    assert_works(storage_open(&other, place.storage, "x",
                              &(struct storage_want){.etag = facts->etag, .size = facts->size}, &failure));
    storage_close(other);
    assert_refused(FAILURE_SOURCE_CHANGED, storage_open(&other, place.storage, "x",
                                                        &(struct storage_want){.etag = "other", .size = 7}, &failure));
    assert_refused(
        FAILURE_SOURCE_CHANGED,
        storage_open(&other, place.storage, "x", &(struct storage_want){.etag = facts->etag, .size = 8}, &failure));
    assert_refused(FAILURE_BAD_REQUEST,
                   storage_open(&other, place.storage, "x", &(struct storage_want){.version = "1"}, &failure));
    test_write_file(below(&place, "x"), "conten", 6);
    assert_refused(FAILURE_SOURCE_CHANGED, storage_read(object, 0, data, 7, &failure));
    assert_refused(FAILURE_SOURCE_CHANGED, storage_read(object, 0, data, 1, &failure));
    struct tile_reader reader = storage_reader(object);
    struct tile_error error;
    assert_false(storage_reader_failed(object, &failure));
    assert_int_equal(reader.read_at(reader.user, 0, data, 1, &error), TILE_SOURCE_CHANGED);
    assert_true(storage_reader_failed(object, &failure));
    assert_int_equal(failure.kind, FAILURE_SOURCE_CHANGED);
    storage_close(object);
    place_free(place);
}

struct crowd {
    const struct place *place;
    unsigned char *data[8];
};

static bool write_whole(void *user, uint64_t index, struct failure *failure) {
    const struct crowd *crowd = user;
    return storage_put(crowd->place->storage, "deep/er/same", crowd->data[index], 1 << 20, NULL, failure) ||
           failure->kind == FAILURE_OUTPUT_UNWRITABLE; /* another one is at it */
}

static void writes_one_or_the_other(void **state) {
    (void)state;
    struct place place = place_new();
    struct failure failure;
    struct crowd crowd = {.place = &place};
    for (uint64_t i = 0; i < 8; i++)
        crowd.data[i] = pattern(1 << 20, i);
    for (int round = 0; round < 10; round++) {
        assert_works(parallel_run(8, 8, write_whole, &crowd, &failure));
        struct test_bytes bytes = test_read_file(below(&place, "deep/er/same"));
        assert_int_equal(bytes.size, 1 << 20);
        bool is_one = false;
        for (int i = 0; i < 8; i++)
            is_one = is_one || memcmp(bytes.data, crowd.data[i], 1 << 20) == 0;
        assert_true(is_one);
        free(bytes.data);
        assert_int_equal(count_files(place.root), 1);
    }
    for (int i = 0; i < 8; i++)
        free(crowd.data[i]);
    place_free(place);
}

static void joins(void **state) {
    (void)state;
    char url[STORAGE_URL_MOST], large[STORAGE_URL_MOST];
    struct failure failure;
    assert_works(storage_join(url, "s3://b/p/", "n", &failure));
    assert_string_equal(url, "s3://b/p/n");
    assert_works(storage_join(url, "s3://b", "n", &failure));
    assert_string_equal(url, "s3://b/n");
    assert_refused(FAILURE_BAD_REQUEST, storage_join(url, "", "n", &failure));
    memset(large, 'p', sizeof large);
    large[STORAGE_URL_MOST - 3] = '\0';
    assert_works(storage_join(url, large, "n", &failure));
    assert_int_equal(strlen(url), STORAGE_URL_MOST - 1);
    assert_refused(FAILURE_BAD_REQUEST, storage_join(url, large, "nn", &failure));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_put),
        cmocka_unit_test(takes_urls_of_files),
        cmocka_unit_test(refuses_what_names_nothing_here),
        cmocka_unit_test(is_closed_without_a_root),
        cmocka_unit_test(follows_no_link_out),
        cmocka_unit_test(follows_no_link_out_on_old_kernels),
        cmocka_unit_test(tells_what_is_no_file),
        cmocka_unit_test(keeps_what_is_there),
        cmocka_unit_test(refuses_notes_that_cannot_be),
        cmocka_unit_test(writes_drafts),
        cmocka_unit_test(leaves_nothing_on_a_full_disk),
        cmocka_unit_test(tells_what_may_not_be),
        cmocka_unit_test(sees_what_changes),
        cmocka_unit_test(writes_one_or_the_other),
        cmocka_unit_test(joins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
