/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/buffer.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t test_random_next(struct test_random *random) {
    uint64_t x = random->state ? random->state : UINT64_C(0x9E3779B97F4A7C15);
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

uint32_t test_random_below(struct test_random *random, uint32_t bound) {
    return (uint32_t)((test_random_next(random) >> 32) * bound >> 32);
}

struct tile_grid test_grid(uint32_t tile_width, uint32_t tile_height, uint32_t overlap, tile_edge edge) {
    return (struct tile_grid){.struct_size = sizeof(struct tile_grid),
                              .tile_width = tile_width,
                              .tile_height = tile_height,
                              .overlap = overlap,
                              .edge = edge};
}

struct test_guarded test_guarded_new(size_t size, bool at_end) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t inner = (size + page - 1) / page * page;
    size_t mapped = inner + 2 * page;
    unsigned char *mapping = mmap(NULL, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(mapping != MAP_FAILED);
    if (inner)
        assert_int_equal(mprotect(mapping + page, inner, PROT_READ | PROT_WRITE), 0);
    return (struct test_guarded){
        .data = mapping + page + (at_end ? inner - size : 0), .mapping = mapping, .mapped = mapped};
}

void test_guarded_free(struct test_guarded guarded) {
    munmap(guarded.mapping, guarded.mapped);
}

static pthread_mutex_t memory_lock = PTHREAD_MUTEX_INITIALIZER;

static void *memory_alloc(void *user, size_t size) {
    struct test_memory *memory = user;
    pthread_mutex_lock(&memory_lock);
    bool fails = memory->requests++ == memory->fail_at;
    memory->live += !fails;
    pthread_mutex_unlock(&memory_lock);
    return fails ? NULL : malloc(size);
}

static void memory_free(void *user, void *block) {
    struct test_memory *memory = user;
    pthread_mutex_lock(&memory_lock);
    memory->live--;
    pthread_mutex_unlock(&memory_lock);
    free(block);
}

void test_memory_init(struct test_memory *memory, size_t fail_at) {
    *memory = (struct test_memory){.allocator = {memory, memory_alloc, memory_free}, .fail_at = fail_at};
}

bool test_hook_ask(void *user, const struct tile_progress *progress) {
    struct test_hook *hook = user;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    double now = (double)time.tv_sec + (double)time.tv_nsec / 1e9;
    assert_true(progress->done <= progress->total || progress->total == 0);
    if (hook->calls++ > 0 && now - hook->last > hook->longest)
        hook->longest = now - hook->last;
    hook->last = now;
    hook->late += hook->stop_at && hook->calls > hook->stop_at;
    return hook->stop_at == 0 || hook->calls < hook->stop_at;
}

const char *test_path(const char *folder, const char *name) {
    static char paths[8][4096];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *test_fixture(const char *name) {
    return test_path(TEST_ROOT "/fixtures", name);
}

const char *test_shared_image(const char *name) {
    const char *path = test_path(TEST_ROOT "/../shared/images", name);
    if (access(path, R_OK) == 0)
        return path;
    printf("no shared/images/%s beside the checkout\n", name);
    return NULL;
}

/*
 * Memory, if there is enough: the tests make and remove thousands of small files, after which ext4 takes ten times as
 * long for each.
 */
static const char *temporary_folder(void) {
    struct statvfs room;
    const char *tmp = getenv("TMPDIR");
    if (tmp)
        return tmp;
    bool enough = access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &room) == 0 &&
                  (uint64_t)room.f_bavail * room.f_frsize >= (uint64_t)1 << 30;
    return enough ? "/dev/shm" : "/tmp";
}

char *test_folder_new(void) {
    const char *tmp = temporary_folder();
    size_t size = strlen(tmp) + sizeof "/libtile-XXXXXX";
    char *folder = malloc(size);
    assert_non_null(folder);
    snprintf(folder, size, "%s/libtile-XXXXXX", tmp);
    assert_non_null(mkdtemp(folder));
    return folder;
}

void test_folder_remove(char *folder) {
    assert_int_equal(test_run(NULL, "rm -rf '%s'", folder), 0);
    free(folder);
}

int test_folder_set_up(void **folder) {
    *(char **)*folder = test_folder_new();
    return 0;
}

int test_folder_tear_down(void **folder) {
    test_folder_remove(*(char **)*folder);
    return 0;
}

static struct test_bytes read_stream(FILE *file) {
    struct test_bytes bytes = {malloc(1), 0};
    size_t capacity = 1;
    for (;;) {
        assert_non_null(bytes.data);
        bytes.size += fread(bytes.data + bytes.size, 1, capacity - bytes.size, file);
        if (bytes.size < capacity)
            return bytes;
        capacity = capacity < 65536 ? 65536 : capacity * 2;
        bytes.data = realloc(bytes.data, capacity);
    }
}

struct test_bytes test_read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    struct test_bytes bytes = read_stream(file);
    fclose(file);
    return bytes;
}

void test_append(struct tile_buffer *buffer, const void *data, size_t size) {
    assert_int_equal(tile_buffer_append(buffer, data, size, NULL), TILE_OK);
}

void test_write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        fail_msg("cannot write %s", path);
}

int test_run(struct test_bytes *output, const char *format, ...) {
    char command[8192];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    assert_true(length > 0 && (size_t)length < sizeof command);
    fflush(NULL);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    struct test_bytes bytes = read_stream(pipe);
    int status = pclose(pipe);
    if (output)
        *output = bytes;
    else
        free(bytes.data);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const struct tile_converter_options *test_converter_options(void) {
    static struct tile_converter_options options = TILE_OPTIONS(struct tile_converter_options);
    const char *name = getenv("TILE_CPU");
    options.cpu = name ? tile_cpu_from_name(name) : TILE_CPU_BEST;
    if (!tile_cpu_name(options.cpu)) {
        fprintf(stderr, "TILE_CPU=%s: unknown\n", name);
        exit(1);
    }
    if (!tile_cpu_available(options.cpu)) {
        printf("no %s here\n", tile_cpu_name(options.cpu));
        exit(77); /* meson: skipped */
    }
    return &options;
}

tile_codec test_any_codec(void) {
    return tile_codec_can_write(TILE_TIFF) ? TILE_TIFF : TILE_NPY;
}

const char *test_any_suffix(void) {
    return tile_codec_name(test_any_codec());
}

const char *test_any_name(const char *stem) {
    static char names[4][64];
    static int next;
    char *name = names[next++ % 4];
    snprintf(name, sizeof names[0], "%s.%s", stem, test_any_suffix());
    return name;
}

const char *test_codecs(const char *list) {
    static const char *const parts[] = {", tif", "tif or ", "tif, "};
    static char text[256];
    snprintf(text, sizeof text, "%s", list);
    for (size_t i = 0; i < 3 && !tile_codec_can_write(TILE_TIFF); i++) {
        char *at = strstr(text, parts[i]);
        if (at) {
            memmove(at, at + strlen(parts[i]), strlen(at + strlen(parts[i])) + 1);
            break;
        }
    }
    return text;
}
