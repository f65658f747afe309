/* SPDX-License-Identifier: MIT */
/* tile-convert as a person or a script meets it: exit status, one line of error, what is written and what is not. */
#include "support.h"

#include <jansson.h>
#include <unistd.h>

static const char *tool;
static char *folder; /* a new one for each test */

/* Runs the tool in `folder` with the fixtures' folder as $F. What it says on its standard error becomes `said`. */
static char said[4096];

static int run(const char *arguments) {
    struct test_bytes output;
    int status = test_run(&output, "cd '%s' && F='%s' && exec 2>&1 >stdout && '%s' %s", folder, test_fixture("."), tool,
                          arguments);
    size_t size = output.size < sizeof said - 1 ? output.size : sizeof said - 1;
    memcpy(said, output.data, size);
    said[size] = '\0';
    free(output.data);
    return status;
}

static bool exists(const char *name) {
    return access(test_path(folder, name), F_OK) == 0;
}

/* One line that names `file` and contains `cause`, the exit status, and nothing left in OUTPUT "out". */
static void check_refusal(int status, const char *arguments, const char *file, const char *cause) {
    int got = run(arguments);
    if (got != status)
        fail_msg("%s: exit status %d instead of %d: %s", arguments, got, status, said);
    char *newline = strchr(said, '\n');
    if (!newline || newline[1] || strncmp(said, "tile-convert: ", 14) != 0 || !strstr(said, file) ||
        !strstr(said, cause))
        fail_msg("%s: said: %s", arguments, said);
    assert_false(exists("out"));
    assert_int_equal(test_run(NULL, "ls -A '%s' | grep -qE '\\.(libtile-)?part'", folder), 1);
}

static void usage_errors_are_status_1(void **state) {
    (void)state;
    check_refusal(1, "", "", "no input");
    check_refusal(1, "$F/photo.jpg", "", "no output");
    check_refusal(1, "$F/photo.jpg -o out --to sRGBB", "sRGBB", "no such color space; is srgb meant?");
    check_refusal(1, "$F/photo.jpg -o out --to oklub", "oklub", "is oklab meant?");
    check_refusal(1, "$F/photo.jpg -o out --assume grya", "grya", "is gray meant?");
    check_refusal(1, "$F/photo.jpg -o out --to quux", "quux", "no such color space (--list-spaces names them)");
    check_refusal(1, "$F/photo.jpg -o out -f pgn", "pgn",
                  test_codecs("is png meant? (jpg, png, tif, npy, bmp, tga or hdr)"));
    check_refusal(1, "$F/photo.jpg -o out -f webp", "webp", test_codecs("no such format (jpg, png, tif"));
    check_refusal(1, "$F/photo.jpg -o out -s 0", "", "--tile 0");
    check_refusal(1, "$F/photo.jpg -o out -s 256x", "", "--tile 256x");
    check_refusal(1, "$F/photo.jpg -o out -s 4294967296", "", "--tile");
    check_refusal(1, "$F/photo.jpg -o out --region 1,2,3", "", "--region");
    check_refusal(1, "$F/photo.jpg -o out --region 600,0,41,10", "photo.jpg", "not within 640 x 427");
    check_refusal(1, "$F/photo.jpg -o out -Q 101", "", "--quality");
    check_refusal(1, "$F/photo.jpg -o out --predictor 2", "", "--predictor 2: none, horizontal or float is wanted");
    check_refusal(1, "$F/photo.jpg -o out --tiff-tile 100", "", "--tiff-tile 100: a multiple of 16 up to 4096");
    check_refusal(1, "$F/photo.jpg -o out --frobnicate", "", "--frobnicate: no such option (see");
    check_refusal(1, "$F/photo.jpg -o out --drop-alhpa", "", "--drop-alhpa: no such option; is --drop-alpha meant?");
    check_refusal(1, "$F/photo.jpg -o out --tiel=64", "", "--tiel: no such option; is --tile meant?");
    check_refusal(1, "$F/photo.jpg -o out --overlap 300 -s 7", "photo.jpg", "an overlap of 300 pixels is larger");
    check_refusal(1, "$F/photo.jpg -o out -j -1", "", "--threads");
    check_refusal(1, "$F/photo.jpg -o out --background '#12'", "", "--background #12: a color such as FFFFFF");
    check_refusal(1, "$F/photo.jpg -o out --background 12345678", "", "--background 12345678");
    check_refusal(1, "$F/photo.jpg -o out -Z", "", "-Z: no such option");
    check_refusal(1, "$F/photo.jpg -o out --quiet -qZ", "", "-Z: no such option");
    check_refusal(1, "$F/photo.jpg -o", "", "-o wants a value");
    check_refusal(1, "$F/photo.jpg -o out.png -f jpg", "out.png", "differ");
    check_refusal(1, "$F/photo.jpg $F/420.jpg -o out.png", "out.png", "one input");
    check_refusal(1, "$F/photo.jpg -o out.png -s 64", "out.png", "no tiles");
    check_refusal(1, "$F/photo.jpg -o out --edge pad=#12345", "", "--edge");
    check_refusal(1, "$F/420.jpg ./420.jpg -o out", "out/420", "-o 'out/{n}-{name}' tells inputs apart by number");
    check_refusal(1, "$F/photo.jpg -o out --quiet=1", "", "--quiet=1: this option takes no value");
    check_refusal(1, "$F/photo.jpg -o out --max-memory x", "", "--max-memory");
    check_refusal(1, "$F/photo.jpg -o out --assume lch-d65 --assume gray", "photo.jpg", "gray cannot be assumed");
}

static void what_is_not_built_is_told(void **state) {
    (void)state;
    struct test_bytes list;
    assert_int_equal(test_run(&list, "'%s' --list-formats && '%s' --help", tool, tool), 0);
    bool told = memmem(list.data, list.size, "tif (not in this build)", 23);
    assert_int_equal(told, !tile_codec_can_write(TILE_TIFF));
    assert_int_equal(memmem(list.data, list.size, "png, tif, npy", 13) == NULL, told);
    free(list.data);
    if (!told)
        return;
    check_refusal(1, "$F/photo.jpg -o out -f tif", "tif", "this build cannot write it, but jpg, png, npy");
    check_refusal(1, "$F/photo.jpg -o out.tif", "out.tif", "this build cannot write .tif, but jpg, png, npy");
    assert_int_equal(run("$F/photo.jpg -o lab -t lab"), 0);
    assert_true(exists("lab/r0_c0.npy"));
}

/* A suffix is a format's, or there is a slash: no folder "photo.GIF" is made of a mistake. */
static void suffixes_are_formats(void **state) {
    (void)state;
    static const char *const jpegs[] = {"a.jfif", "a.jif", "a.jpe", "a.JPEG", "a.JPG"};
    for (size_t i = 0; i < sizeof jpegs / sizeof *jpegs; i++) {
        char arguments[64];
        snprintf(arguments, sizeof arguments, "$F/8x8.jpg -o %s", jpegs[i]);
        assert_int_equal(run(arguments), 0);
        assert_int_equal(test_run(NULL, "djpeg '%s/%s' >/dev/null", folder, jpegs[i]), 0);
    }
    static const char *const others[] = {"out.GIF", "out.gif", "out.WEBP", "out.txt",
                                         "out.",    "out.d",   "out.v1.2", "x/out.heic"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char arguments[64];
        snprintf(arguments, sizeof arguments, "$F/8x8.jpg -o %s", others[i]);
        check_refusal(1, arguments, others[i],
                      test_codecs("jpg, png, tif, npy, bmp, tga or hdr; a folder of that name"));
        assert_false(exists(others[i]) || exists("x"));
    }
    check_refusal(1, "$F/8x8.jpg -o out.jpgg", "out.jpgg", "(is .jpg meant?)");
    check_refusal(1, "$F/8x8.jpg -o -", "-:", "nothing is written to standard output");
    assert_false(exists("-"));
    assert_int_equal(run("$F/8x8.jpg -o named.d/"), 0);
    assert_true(exists("named.d/manifest.json"));
    assert_int_equal(run("$F/8x8.jpg -o named.d"), 0); /* as it is there */
    assert_int_equal(run("$F/8x8.jpg -o .hidden"), 0);
    assert_true(exists(".hidden/manifest.json"));
}

/* A refusal ends with the options that help, by their names on the command line; and they do. */
static void refusals_name_the_option_that_helps(void **state) {
    (void)state;
    check_refusal(2, "$F/rgb-alpha8.png -o out.jpg", "rgb-alpha8.png", "--drop-alpha");
    check_refusal(2, "$F/rgb-alpha8.png -o out.jpg", "rgb-alpha8.png", "--background RRGGBB");
    assert_int_equal(run("$F/rgb-alpha8.png -o a.jpg --drop-alpha"), 0);
    assert_int_equal(run("$F/rgb-alpha8.png -o a.jpg --background '#FFFFFF' --overwrite"), 0);
    check_refusal(2, "$F/cmyk.jpg -o out.png", "cmyk.jpg", "-t srgb");
    check_refusal(2, "$F/cmyk.jpg -o out.png", "cmyk.jpg", "--raw-channels");
    assert_int_equal(run("$F/cmyk.jpg -o b.png -t srgb"), 0);
    assert_int_equal(run("$F/cmyk.jpg -o c.png --raw-channels"), 0);
    check_refusal(3, "$F/8x8.jpg -o b.png", "b.png", "--overwrite");
    assert_int_equal(run("$F/8x8.jpg -o tiles"), 0);
    check_refusal(3, "$F/8x8.jpg -o tiles -t lab", "tiles", "--overwrite");
    check_refusal(2, "$F/photo.jpg -o out --max-pixels 1000", "photo.jpg", "--max-pixels");
    check_refusal(2, "$F/photo.jpg -o out --max-side 100", "photo.jpg", "--max-side");
    check_refusal(2, "$F/progressive.jpg -o out --max-memory 2000", "progressive.jpg", "--max-memory");
    check_refusal(2, "$F/adobe-rgb-profile.jpg -o out --max-metadata 100", "adobe-rgb-profile.jpg", "--max-metadata");
    check_refusal(2, "$F/truncated.jpg -o out", "truncated.jpg", "--lenient");
    check_refusal(2, "$F/adobe-rgb-profile.jpg -o out.bmp", "adobe-rgb-profile.jpg", "--no-profile");
    check_refusal(2, "$F/unknown-cicp.png -o out -t lab", "unknown-cicp.png", "--assume SPACE");
    check_refusal(2, "$F/no-curves-profile.jpg -o out -t srgb --strict", "no-curves-profile.jpg", "--ignore-profile");
    assert_int_equal(run("$F/no-curves-profile.jpg -o d.png -t srgb --strict --ignore-profile"), 0);
    assert_string_equal(said, "");

    /* A target profile's space; without -t it is the profile's own. */
    struct tile_error error;
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture("gray-lab-profile.png"), NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    test_write_file(test_path(folder, "gray.icc"), info->profile, info->profile_size);
    tile_source_close(source);
    check_refusal(2, "$F/8x8.jpg -o out.png --to-profile gray.icc -t srgb", "8x8.jpg", "-t gray goes with it");
    assert_int_equal(run("$F/8x8.jpg -o e.png --to-profile gray.icc -t gray"), 0);
    assert_int_equal(run("$F/8x8.jpg -o f.png --to-profile gray.icc"), 0);
    assert_int_equal(test_run(NULL, "cd '%s' && cmp e.png f.png", folder), 0);
}

/* What is lost is said on standard error, in a line each, but for -q. */
static void notes_are_said(void **state) {
    (void)state;
    assert_int_equal(run("$F/device-link-profile.jpg $F/8x8.jpg -o out -t lab"), 0);
    assert_non_null(strstr(said, "tile-convert: note: "));
    assert_non_null(strstr(said, "device-link-profile.jpg: its ICC profile is left out"));
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
    assert_int_equal(run("$F/gain-map.jpg -o map.png -q"), 0);
    assert_string_equal(said, "");
    assert_int_equal(run("$F/no-eoi.jpg -o end.png"), 0);
    assert_non_null(strstr(said, "EOI"));
    assert_int_equal(run("--info $F/profile-half.jpg"), 0);
    json_t *info = json_load_file(test_path(folder, "stdout"), 0, NULL);
    assert_string_equal(json_string_value(json_object_get(info, "profile_dropped")), "its segment 1 of 2 is missing");
    assert_int_equal(json_array_size(json_object_get(info, "notes")), 1);
    json_decref(info);
}

static void inputs_of_one_name_are_kept_apart(void **state) {
    (void)state;
    assert_int_equal(test_run(NULL, "cd '%s' && cp '%s' a.jpg && cp '%s' a.png", folder, test_fixture("420.jpg"),
                              test_fixture("rgb8.png")),
                     0);
    check_refusal(1, "a.jpg a.png -o out", "out/a: both a.jpg and a.png", "-o 'out/{n}-{name}'");
    assert_int_equal(run("a.jpg a.png -o 'apart/{n}-{name}'"), 0);
    assert_true(exists("apart/1-a/manifest.json") && exists("apart/2-a/manifest.json"));
    assert_int_equal(run("a.jpg a.png -o 'apart/{name}.{ext}/'"), 0);
    assert_true(exists("apart/a.jpg/manifest.json") && exists("apart/a.png/manifest.json"));
    assert_int_equal(run("a.jpg a.png -o 'new-{name}.{ext}'"), 0);
    assert_int_equal(
        test_run(NULL, "cd '%s' && djpeg new-a.jpg >/dev/null && head -c 4 new-a.png | grep -q PNG", folder), 0);
    check_refusal(1, "a.jpg a.png -o 'new.png'", "new.png", "-o '{name}.png' makes one of each");
    check_refusal(1, "a.jpg a.png -o '{name}.png'", "a.png: both", "-o '{n}-{name}.png'");
    assert_int_equal(run("a.jpg a.png -o '{n}-{name}.png'"), 0);
    assert_true(exists("1-a.png") && exists("2-a.png"));
    check_refusal(1, "a.jpg -o 'x-{stem}'", "x-{stem}", "{stem} is none of {name}, {ext} and {n}");
    check_refusal(1, "a.jpg -o 'x-{name'", "x-{name", "is none of");
}

/* In a terminal of that many columns no line is longer, and of several inputs it says which. */
static void progress_fits_the_terminal(void **state) {
    (void)state;
    if (test_run(NULL, "script -qec true /dev/null >/dev/null </dev/null") != 0) {
        printf("no terminal by script(1)\n");
        skip();
    }
    static const int widths[] = {20, 40, 80, 200};
    assert_int_equal(test_run(NULL, "cp '%s' '%s/\xC3\xA4\xE6\xB0\xB4-a-rather-long-name-of-a-picture.jpg'",
                              test_fixture("photo.jpg"), folder),
                     0);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct test_bytes output;
        assert_int_equal(test_run(&output,
                                  "cd '%s' && script -qec 'stty cols %d; \"%s\" *picture.jpg \"%s\" -s 32 -o out-%d' "
                                  "/dev/null </dev/null",
                                  folder, widths[i], tool, test_fixture("photo.jpg"), widths[i]),
                         0);
        output.data = realloc(output.data, output.size + 1);
        assert_non_null(output.data);
        output.data[output.size] = '\0';
        assert_non_null(strstr((char *)output.data, "[1/2] "));
        assert_non_null(strstr((char *)output.data, "[2/2] "));
        assert_non_null(strstr((char *)output.data, "100%"));
        int bars = 0;
        for (char *line = strtok((char *)output.data, "\r\n"); line; line = strtok(NULL, "\r\n")) {
            int columns = 0; /* of UTF-8: continued bytes take none, three bytes two; the last escape erases */
            char *escape = strstr(line, "\033[K");
            for (const char *c = line; *c && c != escape; c++)
                columns += ((unsigned char)*c & 0xC0) == 0x80 ? 0 : (unsigned char)*c >= 0xE0 ? 2 : 1;
            if (columns >= widths[i])
                fail_msg("%d columns in a terminal of %d: %s", columns, widths[i], line);
            bars += strchr(line, '#') != NULL;
        }
        assert_true((bars > 0) == (widths[i] >= 40)); /* of the shorter name */
        free(output.data);
    }
}

static void refused_inputs_are_status_2(void **state) {
    (void)state;
    test_write_file(test_path(folder, "empty.jpg"), "", 0);
    test_write_file(test_path(folder, "text.jpg"), "This is no picture.\n", 20);
    test_write_file(test_path(folder, "anim.png"), "GIF89a..........................", 32);
    check_refusal(2, "missing.jpg -o out", "missing.jpg", "No such file");
    check_refusal(2, ". -o out", ".", "is a directory");
    check_refusal(2, "empty.jpg -o out", "empty.jpg", "is empty");
    check_refusal(2, "text.jpg -o out", "text.jpg", "neither a JPEG nor a PNG");
    check_refusal(2, "anim.png -o out", "anim.png", "GIF");
    check_refusal(2, "$F/truncated.jpg -o out", "truncated.jpg", "ends early");
    check_refusal(2, "$F/truncated.jpg -o out.png", "truncated.jpg", "ends early");
    check_refusal(2, "$F/truncated.png -o out", "truncated.png", "");
    check_refusal(2, "$F/photo.jpg -o out --max-pixels 1000", "photo.jpg", "pixels");
    check_refusal(2, "$F/progressive.jpg -o out --max-memory 2000", "progressive.jpg", "memory");
    check_refusal(2, "$F/photo.jpg -o out -f bmp -t lab", "photo.jpg", test_any_suffix());
    check_refusal(2, "$F/rgb-alpha8.png -o out.jpg", "rgb-alpha8.png", "alpha");
    check_refusal(2, "$F/truncated.jpg -o out/of/the/way -s 16", "truncated.jpg", "ends early");
    test_write_file(test_path(folder, "two\nlines.jpg"), "This is no picture.\n", 20);
    check_refusal(2, "two*lines.jpg -o out", "two?lines.jpg", "neither");
    assert_int_equal(test_run(NULL, "cp '%s' '%s/jpg'", test_fixture("gray8.png"), folder), 0);
    check_refusal(2, "jpg -f jpg -t lab -o out", "jpg: jpg cannot", test_codecs("tif or npy can"));
    if (geteuid() != 0) { /* nothing is unreadable to root */
        assert_int_equal(test_run(NULL, "cp '%s' '%s/secret.jpg' && chmod 0 '%s/secret.jpg'", test_fixture("420.jpg"),
                                  folder, folder),
                         0);
        check_refusal(2, "secret.jpg -o out", "secret.jpg", "Permission denied");
    }
}

static void failed_outputs_are_status_3(void **state) {
    (void)state;
    test_write_file(test_path(folder, "file"), "mine", 4);
    test_write_file(test_path(folder, "one.png"), "mine", 4);
    check_refusal(3, "$F/photo.jpg -o file/out", "file:", "exists and is no folder");
    check_refusal(3, "$F/photo.jpg -o file", "file", "no folder");
    check_refusal(3, "$F/photo.jpg -o one.png", "one.png", "exists already");
    check_refusal(3, "$F/photo.jpg -o nowhere/one.png", "nowhere/one.png", "No such file");
    struct test_bytes bytes = test_read_file(test_path(folder, "one.png"));
    assert_int_equal(bytes.size, 4);
    free(bytes.data);
    /* A limit on the size of files stands for a full disk. */
    assert_int_equal(test_run(NULL, "cd '%s' && trap '' XFSZ && ulimit -f 4 && '%s' '%s' -o %s 2>/dev/null", folder,
                              tool, test_fixture("photo.jpg"), test_any_name("big")),
                     3);
    assert_false(exists(test_any_name("big")));
    assert_int_equal(run("$F/photo.jpg -o one.png --overwrite"), 0);
    assert_string_equal(said, "");
}

/* Checks one refusal as check_refusal does, of an output that is there already and stays as it is. */
static void check_in_the_way(int status, const char *arguments, const char *cause) {
    int got = run(arguments);
    char *newline = strchr(said, '\n');
    if (got != status || !newline || newline[1] || !strstr(said, cause))
        fail_msg("%s: exit status %d: %s", arguments, got, said);
}

/* A FIFO that nobody writes to, or reads from, in place of every file: nobody waits for it. */
static void fifos_are_refused_at_once(void **state) {
    (void)state;
    alarm(60);
    assert_int_equal(test_run(NULL,
                              "cd '%s' && mkfifo fifo fifo.png && mkdir out tiles begun && mkfifo out/manifest.json "
                              "tiles/r0_c1.png begun/manifest.part",
                              folder),
                     0);
    check_in_the_way(2, "fifo -o new.png", "fifo: is not a regular file");
    check_in_the_way(1, "$F/rgb8.png --to-profile fifo -o new.png", "fifo: cannot be read");
    check_in_the_way(2, "$F/rgb8.png --index fifo -o new.png", "fifo: is not a regular file");
    for (int overwrite = 0; overwrite < 2; overwrite++) {
        const char *how = overwrite ? "--overwrite" : "";
        char arguments[100];
        snprintf(arguments, sizeof arguments, "$F/rgb8.png -o fifo.png %s", how);
        check_in_the_way(3, arguments, "fifo.png: is not a regular file");
        snprintf(arguments, sizeof arguments, "$F/rgb8.png --build-index fifo %s", how);
        check_in_the_way(3, arguments, "fifo: is not a regular file");
        snprintf(arguments, sizeof arguments, "$F/rgb8.png -o out %s", how);
        check_in_the_way(3, arguments, "out/manifest.json: is not a regular file");
        snprintf(arguments, sizeof arguments, "$F/photo.jpg -f png -s 400 -o tiles %s", how);
        check_in_the_way(3, arguments, "tiles/r0_c1.png: is not a regular file");
        snprintf(arguments, sizeof arguments, "$F/rgb8.png -o begun %s", how);
        check_in_the_way(3, arguments, "begun/manifest.part: is not a regular file");
    }
    alarm(0);
    assert_int_equal(test_run(NULL, "cd '%s' && [ \"$(ls -A out tiles begun | wc -l)\" = 8 ]", folder), 0);
}

/* Also with --overwrite, and by another name for the same file. */
static void what_is_read_is_never_replaced(void **state) {
    (void)state;
    assert_int_equal(test_run(NULL,
                              "cd '%s' && cp '%s' a.jpg && cp '%s' b.png && mkdir t s && ln a.jpg t/r0_c0.jpg && "
                              "cp b.png t/r0_c1.png && cp b.png s/r0_c0.tif && ln -s a.jpg link.jpg && ln -s t link && "
                              "md5sum a.jpg b.png t/* s/* >sums",
                              folder, test_fixture("photo.jpg"), test_fixture("rgb8.png")),
                     0);
    check_in_the_way(1, "a.jpg -o a.jpg --overwrite",
                     "a.jpg is read, and would be replaced by what is written to a.jpg");
    check_in_the_way(1, "a.jpg -o ./link.jpg --overwrite", "a.jpg is read, and would be replaced");
    check_in_the_way(1, "link.jpg -o t/../a.jpg --overwrite", "link.jpg is read, and would be replaced");
    check_in_the_way(1, "b.png a.jpg -o './{name}.png' --overwrite", "b.png is read, and would be replaced");
    check_in_the_way(1, "a.jpg --build-index a.jpg --overwrite", "a.jpg is read, and would be replaced");
    check_in_the_way(1, "a.jpg --index b.png -o b.png --overwrite", "b.png is read, and would be replaced");
    check_in_the_way(1, "a.jpg --to-profile b.png -o b.png --overwrite", "b.png is read, and would be replaced");
    /* Of tiles: by the names that may come, and, of the job's own source, by those that do. */
    check_in_the_way(1, "link.jpg t/r0_c1.png -f png -o . --overwrite", "t/r0_c1.png is read, and would");
    check_in_the_way(1, "t/r0_c0.jpg -f jpg -o t --overwrite", "t/r0_c0.jpg is read, and would be replaced");
    check_in_the_way(1, "a.jpg -f jpg -o t --overwrite", "a.jpg: is the file t/r0_c0.jpg that is to be written");
    assert_int_equal(test_run(NULL, "cd '%s' && md5sum --quiet -c sums", folder), 0);
    /* No tile of this name is made. */
    assert_int_equal(run("s/r0_c0.tif -f png -o s --overwrite"), 0);
    assert_int_equal(test_run(NULL, "cd '%s' && md5sum --quiet -c sums", folder), 0);
}

/* One look at each folder: what killed runs left beside new files goes, what is not ours stays. */
static void leftovers_go(void **state) {
    (void)state;
    assert_int_equal(
        test_run(NULL, "cd '%s' && mkdir a b && touch a/.x.png.libtile-part b/.y.libtile-part a/.z.part", folder), 0);
    assert_int_equal(run("$F/rgb8.png -o a/new.png"), 0);
    assert_false(exists("a/.x.png.libtile-part"));
    assert_true(exists("a/.z.part") && exists("b/.y.libtile-part"));
    assert_int_equal(run("$F/rgb8.png --build-index b/new.tix"), 0);
    assert_false(exists("b/.y.libtile-part"));
}

static void lenient_keeps_what_decodes_and_says_so(void **state) {
    (void)state;
    assert_int_equal(run("$F/truncated.jpg -o out --lenient -f npy"), 0);
    assert_non_null(strstr(said, "warning: "));
    assert_non_null(strstr(said, "truncated.jpg: ends early"));
    assert_non_null(strstr(said, "ends early"));
    assert_true(exists("out/manifest.json"));
}

static void several_inputs_get_a_folder_each(void **state) {
    (void)state;
    assert_int_equal(run("$F/420.jpg $F/truncated.jpg $F/rgb8.png -o out"), 2); /* the worst; the others are done */
    assert_true(exists("out/420/manifest.json"));
    assert_true(exists("out/rgb8/manifest.json"));
    assert_false(exists("out/truncated"));
    /* A name that is nothing but a suffix leads nowhere else. */
    assert_int_equal(test_run(NULL, "cp '%s' '%s/...jpg'", test_fixture("420.jpg"), folder), 0);
    assert_int_equal(run("...jpg $F/rgb8.png -o deep/in"), 0);
    assert_true(exists("deep/in/...jpg/manifest.json"));
    assert_int_equal(test_run(NULL, "[ \"$(ls -A '%s/deep')\" = in ]", folder), 0);
}

/* A signal that falls between two inputs is not lost. */
static void an_interruption_between_inputs_is_told(void **state) {
    (void)state;
    int status = test_run(NULL,
                          "cd '%s' && mkdir in && for i in $(seq 400); do cp '%s' in/$i.jpg; done;"
                          "'%s' in/*.jpg -o out 2>err & pid=$!;"
                          "until [ -e out/100/manifest.json ]; do :; done; kill -INT $pid; wait $pid",
                          folder, test_fixture("1x1.jpg"), tool);
    assert_int_equal(status, 130);
    assert_int_equal(test_run(NULL, "grep -q interrupted '%s/err'", folder), 0);
}

static void info_is_json(void **state) {
    (void)state;
    static const struct {
        const char *fixture, *key, *value;
    } cases[] = {{"420.jpg", "coding", "baseline YCbCr 4:2:0"},
                 {"progressive-gray.jpg", "space", "gray"},
                 {"cmyk.jpg", "space", "cmyk"},
                 {"rgb-alpha16.png", "alpha", "straight"},
                 {"rgb16.png", "sample", "u16"},
                 {"p3-cicp.png", "space", "display-p3"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char arguments[128];
        snprintf(arguments, sizeof arguments, "--info $F/%s", cases[i].fixture);
        assert_int_equal(run(arguments), 0);
        json_t *info = json_load_file(test_path(folder, "stdout"), 0, NULL);
        assert_non_null(info);
        assert_string_equal(json_string_value(json_object_get(info, cases[i].key)), cases[i].value);
        json_decref(info);
    }
    assert_int_equal(run("--info $F/adobe-rgb-profile.jpg"), 0);
    json_t *info = json_load_file(test_path(folder, "stdout"), 0, NULL);
    assert_true(json_integer_value(json_object_get(json_object_get(info, "profile"), "bytes")) > 128);
    json_decref(info);
    assert_int_equal(run("--info $F/orientation-6.jpg"), 0);
    info = json_load_file(test_path(folder, "stdout"), 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(info, "orientation")), 6);
    json_decref(info);
}

static void lists_name_every_space_and_format(void **state) {
    (void)state;
    struct test_bytes list;
    assert_int_equal(test_run(&list, "'%s' --list-spaces | cut -d' ' -f1 | tr '\\n' ' '", tool), 0);
    for (int i = TILE_SPACE_UNSET + 1; i < TILE_SPACE_COUNT; i++)
        assert_non_null(
            memmem(list.data, list.size, tile_space_name((tile_space)i), strlen(tile_space_name((tile_space)i))));
    free(list.data);
    assert_int_equal(test_run(NULL, "'%s' --list-formats | grep -q '^jpg .*ycbcr:u8'", tool), 0);
    assert_int_equal(test_run(NULL, "'%s' --version | grep -qx 'tile-convert %s'", tool, tile_version()), 0);
    assert_int_equal(test_run(NULL, "'%s' --help | grep -q 'Exit status'", tool), 0);
    assert_int_equal(test_run(NULL, "'%s' --help >/dev/full 2>/dev/null", tool), 3);
}

/* Of the kernels that TILE_CPU names, or of the best; all published vectors hold. */
static void selftest_checks_the_kernels_in_use(void **state) {
    (void)state;
    tile_cpu cpu = test_converter_options()->cpu;
    char line[64];
    snprintf(line, sizeof line, "kernels: %s;", tile_cpu_name(cpu == TILE_CPU_BEST ? tile_cpu_best() : cpu));
    struct test_bytes output;
    assert_int_equal(test_run(&output, "'%s' --selftest", tool), 0);
    assert_non_null(memmem(output.data, output.size, line, strlen(line)));
    assert_non_null(memmem(output.data, output.size, "26 of 26 published vectors hold", 31));
    assert_null(memmem(output.data, output.size, "FAIL", 4));
    free(output.data);
    assert_int_equal(test_run(NULL, "'%s' --selftest | grep -q 'lab  *->  *srgb  *[0-9]* MPix/s'", tool), 0);
    assert_int_equal(test_run(NULL, "TILE_CPU=scalar '%s' --selftest | grep -q 'kernels: scalar;'", tool), 0);
    assert_int_equal(test_run(NULL, "'%s' --selftest >/dev/full 2>/dev/null", tool), 3);
    check_refusal(1, "--selftest $F/photo.jpg", "", "takes no input");
    assert_int_equal(test_run(NULL, "TILE_CPU=abacus '%s' --selftest 2>/dev/null", tool), 1);
}

/* Every space writes tiles in a format that carries it, without a word. */
static void every_space_can_be_written(void **state) {
    (void)state;
    for (int i = TILE_SPACE_UNSET + 1; i < TILE_SPACE_COUNT; i++) {
        char arguments[128];
        snprintf(arguments, sizeof arguments, "$F/420.jpg -o 'out-%d' -t %s", i, tile_space_name((tile_space)i));
        int status = run(arguments);
        if (status != 0 || said[0])
            fail_msg("%s: status %d: %s", arguments, status, said);
    }
}

static void progress_is_for_terminals(void **state) {
    (void)state;
    assert_int_equal(run("$F/photo.jpg -o quiet -s 64"), 0);
    assert_string_equal(said, "");
    assert_int_equal(run("$F/photo.jpg -o loud -s 64 --progress always"), 0);
    assert_non_null(strstr(said, "photo.jpg ["));
    assert_non_null(strstr(said, "100%  70/70"));
    assert_int_equal(run("$F/photo.jpg -o verbose -s 64 -v"), 0);
    assert_non_null(strstr(said, "70 tiles written"));
}

static void regions_and_edges_do_what_they_say(void **state) {
    (void)state;
    assert_int_equal(run("$F/photo.jpg -o one.png --region 10,20,300,40"), 0);
    assert_int_equal(run("--info one.png"), 0);
    assert_int_equal(test_run(NULL, "grep -q '\"width\":300,\"height\":40' '%s/stdout'", folder), 0);
    assert_int_equal(run("$F/photo.jpg -o grid -f png --region 10,20,300,40 -s 128"), 0);
    assert_true(exists("grid/r0_c2.png") && !exists("grid/r1_c0.png"));
    assert_int_equal(run("$F/photo.jpg -o each -f png --region 10,20,300,40 --region 0,0,5,5"), 0);
    assert_true(exists("each/r0_c0.png") && exists("each/r1_c0.png") && !exists("each/r2_c0.png"));
    assert_int_equal(run("$F/photo.jpg -o pad -f png -s 512 --edge pad=#FF8000"), 0);
    assert_int_equal(run("--info pad/r0_c1.png"), 0);
    assert_int_equal(test_run(NULL, "grep -q '\"width\":512,\"height\":512' '%s/stdout'", folder), 0);
}

/* SIGINT in mid-run, as soon as the first tiles are there; then again without it. */
static void an_interrupted_run_goes_on(void **state) {
    (void)state;
    assert_int_equal(run("$F/photo.jpg -o whole -f png -s 4 -j 2"), 0);
    int status = test_run(NULL,
                          "cd '%s' && '%s' '%s' -o out -f png -s 4 -j 2 2>err & pid=$!;"
                          "until [ -e '%s/out/r1_c0.png' ]; do :; done; kill -INT $pid; wait $pid",
                          folder, tool, test_fixture("photo.jpg"), folder);
    assert_int_equal(status, 130);
    assert_int_equal(test_run(NULL, "grep -q 'interrupted; the same command goes on' '%s/err'", folder), 0);
    assert_true(exists("out/manifest.part") && !exists("out/manifest.json"));
    assert_int_equal(run("$F/photo.jpg -o out -f png -s 4 -v"), 0);
    unsigned long long written, bytes, kept;
    assert_int_equal(
        sscanf(strstr(said, ": ") + 2, "%llu tiles written (%llu bytes), %llu kept", &written, &bytes, &kept), 3);
    assert_true(kept > 0 && written > 0 && kept + written == 160 * 107);
    assert_int_equal(test_run(NULL, "diff -rq '%s/whole' '%s/out'", folder, folder), 0);
}

/* The value of a key that --info tells. */
static void check_info(const char *arguments, const char *key, const char *value) {
    assert_int_equal(run(arguments), 0);
    json_t *info = json_load_file(test_path(folder, "stdout"), 0, NULL);
    assert_non_null(info);
    assert_string_equal(json_string_value(json_object_get(info, key)), value);
    json_decref(info);
}

/* Files that were made here say their space by their profile. */
static void our_own_profiles_are_known(void **state) {
    (void)state;
    static const char *const spaces[] = {"srgb-linear",  "display-p3", "a98-rgb",
                                         "prophoto-rgb", "rec2020",    "luminance"};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        char arguments[64];
        snprintf(arguments, sizeof arguments, "$F/8x8.jpg -o own.jpg --overwrite -t %s", spaces[i]);
        assert_int_equal(run(arguments), 0);
        check_info("--info own.jpg", "space", spaces[i]);
    }
    check_info("--info $F/adobe-rgb-profile.jpg", "space", "a98-rgb");
    check_info("--info $F/dcf-adobe-rgb.jpg", "space", "a98-rgb");
    check_info("--info --ignore-profile $F/dcf-adobe-rgb.jpg", "space", "srgb");
}

static void an_index_is_built_and_used(void **state) {
    (void)state;
    assert_int_equal(run("--build-index photo.tix $F/photo.jpg -s 64"), 0);
    assert_string_equal(said, "");
    check_info("--info $F/photo.jpg", "index", "possible");
    check_info("--info --index photo.tix $F/photo.jpg", "index", "used");
    check_info("--info $F/progressive.jpg", "index", "none: progressive");
    check_refusal(3, "--build-index photo.tix $F/photo.jpg", "photo.tix", "exists already");
    check_refusal(3, "--build-index nowhere/photo.tix $F/photo.jpg", "nowhere/photo.tix", "No such file");
    assert_int_equal(run("--build-index photo.tix $F/photo.jpg --overwrite -v --progress always"), 0);
    assert_non_null(strstr(said, "photo.jpg ["));
    assert_non_null(strstr(said, "100%"));
    assert_non_null(strstr(said, "photo.jpg: indexed in "));

    /* A file's index gives what the file gives, and so does a process for each row of tiles. */
    assert_int_equal(run("$F/photo.jpg -o whole -s 64 -f png"), 0);
    assert_int_equal(run("$F/photo.jpg -o indexed -s 64 -f png -j 3 --index photo.tix"), 0);
    assert_int_equal(test_run(NULL, "cd '%s' && diff -r whole indexed", folder), 0);
    for (int row = 0; row < 7; row++) {
        char arguments[256];
        snprintf(arguments, sizeof arguments,
                 "$F/photo.jpg -o row -s 64 -f png --overwrite --index photo.tix --region 0,%d,640,%d", row * 64,
                 row < 6 ? 64 : 427 - 6 * 64);
        assert_int_equal(run(arguments), 0);
        for (int column = 0; column < 10; column++)
            assert_int_equal(
                test_run(NULL, "cd '%s' && cmp row/r0_c%d.png whole/r%d_c%d.png", folder, column, row, column), 0);
    }

    assert_int_equal(run("--build-index rgb.tix $F/rgb8.png -s 16"), 0);
    assert_int_equal(run("$F/rgb8.png -o png -s 20 -t lab"), 0);
    assert_int_equal(run("$F/rgb8.png -o png-indexed -s 20 -t lab --index rgb.tix"), 0);
    assert_int_equal(test_run(NULL, "cd '%s' && diff -r png png-indexed", folder), 0);
}

static void an_index_that_cannot_be_is_refused(void **state) {
    (void)state;
    check_refusal(1, "--build-index out", "", "no input");
    check_refusal(1, "--build-index out $F/420.jpg $F/422.jpg", "out", "of one input, not of 2");
    check_refusal(1, "--build-index out $F/420.jpg -o out", "", "-o does not go with it");
    check_refusal(1, "--build-index out $F/420.jpg --index x.tix", "", "--index does not go with it");
    check_refusal(1, "--build-index out $F/420.jpg --info", "", "--info does not go with it");
    check_refusal(1, "--build-index out $F/420.jpg --lossless", "", "--lossless does not go with it");
    check_refusal(1, "--index x.tix $F/420.jpg $F/422.jpg -o out", "x.tix", "of one input, not of 2");
    check_refusal(2, "--build-index out $F/progressive.jpg", "progressive.jpg", "it is progressive");
    check_refusal(2, "--build-index out $F/rgb-interlaced.png", "rgb-interlaced.png", "it is interlaced");
    check_refusal(2, "--build-index out $F/arithmetic.jpg", "arithmetic.jpg", "it is arithmetic coded");
    check_refusal(2, "--build-index out $F/truncated.jpg", "truncated.jpg", "byte");
    check_refusal(2, "--build-index out $F/truncated.png", "truncated.png", "byte");

    assert_int_equal(test_run(NULL, "cp '%s' '%s/mine.jpg'", test_fixture("420.jpg"), folder), 0);
    assert_int_equal(run("--build-index mine.tix mine.jpg"), 0);
    check_refusal(2, "mine.jpg --index nowhere.tix -o out", "nowhere.tix", "No such file");
    check_refusal(2, "mine.jpg --index mine.jpg -o out", "mine.jpg", "is not an index file");
    check_refusal(2, "$F/444.jpg --index mine.tix -o out", "444.jpg", "its index is of a file of");
    check_refusal(2, "--info $F/444.jpg --index mine.tix", "444.jpg", "its index is of a file of");
    struct test_bytes bytes = test_read_file(test_path(folder, "mine.jpg"));
    bytes.data[bytes.size - 100] ^= 1;
    test_write_file(test_path(folder, "mine.jpg"), bytes.data, bytes.size);
    free(bytes.data);
    check_refusal(2, "mine.jpg --index mine.tix -o out", "mine.jpg", "changed");
    assert_int_equal(test_run(NULL, "cd '%s' && head -c 250 mine.tix > cut.tix", folder), 0);
    check_refusal(2, "mine.jpg --index cut.tix -o out", "cut.tix", "damaged index file");
    assert_int_equal(run("--build-index mine.tix --overwrite mine.jpg"), 0);
    bytes = test_read_file(test_path(folder, "mine.tix"));
    bytes.data[bytes.size - 1] ^= 1;
    test_write_file(test_path(folder, "mine.tix"), bytes.data, bytes.size);
    free(bytes.data);
    check_refusal(2, "mine.jpg --index mine.tix -o out", "mine.jpg", "damaged index");
    check_refusal(2, "mine.jpg --index mine.tix -o out", "mine.jpg", "(--build-index writes mine.tix anew)");
}

static void a_failed_index_leaves_nothing(void **state) {
    (void)state;
    assert_int_equal(test_run(NULL, "cd '%s' && trap '' XFSZ && ulimit -f 0 && '%s' --build-index out '%s' 2>/dev/null",
                              folder, tool, test_fixture("photo.jpg")),
                     3);
    assert_int_equal(test_run(NULL, "[ -z \"$(ls -A '%s')\" ]", folder), 0);

    /* Noise is slow to go through; SIGINT comes as soon as the pass may have begun. */
    struct tile_error error;
    struct tile_image noise;
    struct tile_format gray = {.space = TILE_GRAY, .sample = TILE_U8};
    struct test_random random = {7};
    assert_ok(tile_image_alloc(&noise, gray, 6000, 6000, NULL, &error));
    for (size_t i = 0; i < 6000 * 6000 / 8; i++)
        ((uint64_t *)noise.plane[0])[i] = test_random_next(&random);
    struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
    struct tile_buffer jpeg = {0};
    struct tile_writer writer = tile_buffer_writer(&jpeg);
    encode.quality = 95;
    assert_ok(tile_encode(&noise, TILE_JPEG, &encode, &writer, &error));
    test_write_file(test_path(folder, "noise.jpg"), jpeg.data, jpeg.size);
    tile_buffer_free(&jpeg);
    tile_image_free(&noise, NULL);
    int status =
        test_run(NULL,
                 "cd '%s' && '%s' noise.jpg --build-index noise.tix 2>err & pid=$!;"
                 "until [ -e '%s/.noise.tix.libtile-part' ] || ! kill -0 $pid; do :; done; kill -INT $pid; wait $pid",
                 folder, tool, folder);
    assert_int_equal(status, 130);
    assert_int_equal(test_run(NULL, "grep -q 'noise.jpg: interrupted' '%s/err'", folder), 0);
    assert_int_equal(test_run(NULL, "ls -A '%s' | grep -q tix", folder), 1);
}

/* What jpegtran cuts out has the same coefficients, and so decodes to the same pixels. */
static void lossless_tiles_are_those_of_jpegtran(void **state) {
    (void)state;
    assert_int_equal(run("$F/photo.jpg --lossless -o out -s 128x64 -v"), 0);
    assert_non_null(strstr(said, "indexed in "));
    assert_non_null(strstr(said, "35 tiles written"));
    assert_int_equal(run("--build-index photo.tix $F/photo.jpg"), 0);
    assert_int_equal(run("$F/photo.jpg --lossless -o indexed -s 128x64 -j 3 --index photo.tix -v"), 0);
    assert_null(strstr(said, "indexed in "));
    assert_int_equal(test_run(NULL, "cd '%s' && diff -r out indexed", folder), 0);
    for (int row = 0; row < 7; row++)
        for (int column = 0; column < 5; column++)
            assert_int_equal(
                test_run(NULL,
                         "cd '%s' && jpegtran -crop 128x%d+%d+%d '%s' | djpeg >want && djpeg out/r%d_c%d.jpg "
                         ">got && cmp want got",
                         folder, row < 6 ? 64 : 427 - 6 * 64, column * 128, row * 64, test_fixture("photo.jpg"), row,
                         column),
                0);
    assert_int_equal(run("$F/photo.jpg --lossless --optimize -o optimized -s 128x64"), 0);
    assert_int_equal(test_run(NULL,
                              "cd '%s/out' && for tile in *.jpg; do jpegtran -copy all -optimize $tile | "
                              "cmp - ../optimized/$tile || exit 1; done",
                              folder),
                     0);
    assert_int_equal(run("$F/photo.jpg --lossless -t gray --optimize -o gray -s 128x64"), 0);
    assert_int_equal(
        test_run(NULL, "cd '%s' && jpegtran -grayscale -optimize -crop 128x64+256+192 '%s' | cmp - gray/r3_c2.jpg",
                 folder, test_fixture("photo.jpg")),
        0);
    assert_int_equal(run("$F/orientation-6.jpg --lossless -o stored --ignore-orientation -s 32"), 0);
    assert_int_equal(run("$F/420.jpg --lossless -o listed --region 16,16,32,16 --region 0,0,97,71"), 0);
    assert_true(exists("listed/r1_c0.jpg"));
}

static void what_lossless_cannot_do_is_refused(void **state) {
    (void)state;
    check_refusal(1, "$F/420.jpg --lossless -o out --subsampling 420", "", "--subsampling does not go with it");
    check_refusal(1, "$F/420.jpg --lossless -o out --ignore-profile", "", "--ignore-profile does not go with it");
    check_refusal(1, "$F/420.jpg --lossless -o out --assume display-p3", "", "--assume does not go with it");
    check_refusal(1, "$F/420.jpg --lossless -o out -Q 75", "420.jpg", "another quality");
    check_refusal(1, "$F/420.jpg --lossless -o out -t srgb", "420.jpg", "another color");
    check_refusal(1, "$F/rgb.jpg --lossless -o out -t gray", "rgb.jpg", "gray of anything but YCbCr in sRGB");
    check_refusal(1, "$F/420.jpg --lossless -o out --depth u8", "420.jpg", "another depth");
    check_refusal(1, "$F/420.jpg --lossless -o out -f png", "420.jpg", "another format");
    check_refusal(1, "$F/420.jpg --lossless -o out.jpg", "420.jpg", "one new image");
    check_refusal(1, "$F/420.jpg --lossless -o out -s 40", "420.jpg", "multiples of 16 x 16");
    check_refusal(1, "$F/420.jpg --lossless -o out --overlap 16", "420.jpg", "overlap");
    check_refusal(1, "$F/orientation-6.jpg --lossless -o out", "orientation-6.jpg", "orientation 6");
    check_refusal(1, "$F/orientation-6.jpg --lossless -o out", "orientation-6.jpg", "--ignore-orientation");
    check_refusal(1, "$F/420.jpg --lossless -o out --no-profile", "420.jpg", "a file without its profile");
    check_refusal(1, "$F/420.jpg --lossless -o out --background FFFFFF", "420.jpg", "another alpha");
    check_refusal(2, "$F/progressive.jpg --lossless -o out", "progressive.jpg", "is progressive");
    check_refusal(2, "$F/rgb8.png --lossless -o out", "rgb8.png", "is no JPEG");
    check_refusal(2, "$F/truncated.jpg --lossless -o out", "truncated.jpg", "byte");
}

/* As --quality is. */
static void optimize_is_of_jpeg_alone(void **state) {
    (void)state;
    assert_int_equal(run("$F/420.jpg --optimize -o own.jpg"), 0);
    assert_int_equal(run("$F/420.jpg -o plain.jpg"), 0);
    assert_int_equal(
        test_run(NULL,
                 "cd '%s' && [ $(stat -c %%s own.jpg) -lt $(stat -c %%s plain.jpg) ] && djpeg own.jpg >own "
                 "&& djpeg plain.jpg >plain && cmp own plain",
                 folder),
        0);
    check_refusal(2, "$F/420.jpg --optimize -o small.jpg --max-memory 26879", "420.jpg", "without optimize");
    check_refusal(2, "$F/420.jpg --optimize -f npy -s 4294967295 --edge pad -o out", "420.jpg", "a row of tiles takes");
    assert_int_equal(run("$F/420.jpg -f png -s 64 -o out"), 0);
    assert_int_equal(run("$F/420.jpg -f png -s 64 -o out --optimize -Q 30 -v"), 0);
    assert_non_null(strstr(said, "0 tiles written"));
}

int main(void) {
    tool = getenv("TILE_CONVERT");
    if (!tool) {
        fprintf(stderr, "TILE_CONVERT names the program to test\n");
        return 1;
    }
    const struct CMUnitTest tests[] = {
        test_in_folder(usage_errors_are_status_1),
        test_in_folder(what_is_not_built_is_told),
        test_in_folder(suffixes_are_formats),
        test_in_folder(refusals_name_the_option_that_helps),
        test_in_folder(notes_are_said),
        test_in_folder(inputs_of_one_name_are_kept_apart),
        test_in_folder(progress_fits_the_terminal),
        test_in_folder(refused_inputs_are_status_2),
        test_in_folder(failed_outputs_are_status_3),
        test_in_folder(fifos_are_refused_at_once),
        test_in_folder(what_is_read_is_never_replaced),
        test_in_folder(leftovers_go),
        test_in_folder(lenient_keeps_what_decodes_and_says_so),
        test_in_folder(several_inputs_get_a_folder_each),
        test_in_folder(an_interruption_between_inputs_is_told),
        test_in_folder(info_is_json),
        test_in_folder(lists_name_every_space_and_format),
        test_in_folder(selftest_checks_the_kernels_in_use),
        test_in_folder(every_space_can_be_written),
        test_in_folder(progress_is_for_terminals),
        test_in_folder(regions_and_edges_do_what_they_say),
        test_in_folder(an_interrupted_run_goes_on),
        test_in_folder(our_own_profiles_are_known),
        test_in_folder(an_index_is_built_and_used),
        test_in_folder(an_index_that_cannot_be_is_refused),
        test_in_folder(a_failed_index_leaves_nothing),
        test_in_folder(lossless_tiles_are_those_of_jpegtran),
        test_in_folder(what_lossless_cannot_do_is_refused),
        test_in_folder(optimize_is_of_jpeg_alone),
    };
    return cmocka_run_group_tests_name("tile-convert", tests, NULL, NULL);
}
