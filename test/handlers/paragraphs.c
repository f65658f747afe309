/* SPDX-License-Identifier: MIT */
/*
 * Paragraphs and their figures against a slow reading of the same rules, wherever pieces and ranges are cut; UTF-8
 * against The Unicode Standard's examples.
 */
#include "storage/storage.h"
#include "text/scan.h"
#include "text/split.h"

#include "support.h"

#include <xxhash.h>

static struct failure failure;

#define assert_done(call)                                                                                              \
    do {                                                                                                               \
        if (!(call))                                                                                                   \
            fail_msg("%s: %s", #call, failure.message);                                                                \
    } while (0)

/* ---- The rules once more, on a whole text in memory ---- */

enum { MOST = 4096 };

struct list {
    size_t count;
    struct paragraph paragraphs[MOST];
};

/* Table 3-7 of The Unicode Standard: the first byte, the second, and how many there are; those after are 80..BF. */
static const struct {
    uint8_t first[2], second[2], length;
} well_formed[] = {
    {{0x00, 0x7F}, {0, 0}, 1},       {{0xC2, 0xDF}, {0x80, 0xBF}, 2}, {{0xE0, 0xE0}, {0xA0, 0xBF}, 3},
    {{0xE1, 0xEC}, {0x80, 0xBF}, 3}, {{0xED, 0xED}, {0x80, 0x9F}, 3}, {{0xEE, 0xEF}, {0x80, 0xBF}, 3},
    {{0xF0, 0xF0}, {0x90, 0xBF}, 4}, {{0xF1, 0xF3}, {0x80, 0xBF}, 4}, {{0xF4, 0xF4}, {0x80, 0x8F}, 4},
};

/* The next code point, 0xFFFD with *valid false for a maximal subpart; its bytes. */
static size_t slow_decode(const uint8_t *p, size_t size, uint32_t *code_point, bool *valid) {
    static const uint8_t bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    for (size_t row = 0; row < sizeof well_formed / sizeof *well_formed; row++) {
        if (*p < well_formed[row].first[0] || *p > well_formed[row].first[1])
            continue;
        size_t n = 1, length = well_formed[row].length;
        *code_point = *p & bits[length];
        while (n < length && n < size && p[n] >= (n == 1 ? well_formed[row].second[0] : 0x80) &&
               p[n] <= (n == 1 ? well_formed[row].second[1] : 0xBF))
            *code_point = *code_point << 6 | (p[n++] & 0x3F);
        *valid = n == length;
        *code_point = *valid ? *code_point : 0xFFFD;
        return n;
    }
    *valid = false;
    *code_point = 0xFFFD;
    return 1;
}

static bool is_among(uint32_t code_point, const uint32_t *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (list[i] == code_point)
            return true;
    return false;
}

static bool is_white(uint32_t c) {
    static const uint32_t list[] = {9,      10,     11,     12,     13,     32,     0x85,   0xA0,   0x1680,
                                    0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
                                    0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
    return is_among(c, list, sizeof list / sizeof *list);
}

static bool ends_at_once(uint32_t c) {
    return c == 0x3002 || c == 0xFF01 || c == 0xFF1F;
}

static bool ends(uint32_t c) {
    return c == '.' || c == '!' || c == '?' || c == 0x2026 || ends_at_once(c);
}

static bool closes(uint32_t c) {
    static const uint32_t list[] = {'"', '\'', ')', ']', '}', 0xBB, 0x2019, 0x201D, 0x300D, 0x300F, 0xFF09};
    return is_among(c, list, sizeof list / sizeof *list);
}

static uint64_t slow_sentences(const uint32_t *c, size_t count) {
    uint64_t sentences = 0;
    bool open = false;
    for (size_t i = 0; i < count;) {
        if (!ends(c[i])) {
            open = open || !is_white(c[i]);
            i++;
            continue;
        }
        bool at_once = false;
        for (; i < count && (ends(c[i]) || closes(c[i])); i++)
            at_once = at_once || ends_at_once(c[i]);
        if (open && (at_once || i == count || is_white(c[i]))) {
            sentences++;
            open = false;
        }
    }
    return sentences + open;
}

static void slow_paragraph(struct list *list, const uint8_t *text, size_t begin, size_t end) {
    struct paragraph *p = &list->paragraphs[list->count++];
    uint32_t *c = malloc((end - begin) * sizeof *c);
    assert_true(list->count <= MOST);
    *p = (struct paragraph){.offset = begin, .bytes = end - begin};
    for (size_t at = begin; at < end;) {
        bool valid;
        size_t n = slow_decode(text + at, end - at, &c[p->counts.code_points], &valid);
        if (!valid && p->counts.invalid++ == 0)
            p->counts.first_invalid = at;
        p->counts.code_points++;
        at += n;
    }
    for (size_t i = 0; i < p->counts.code_points; i++)
        p->counts.words += !is_white(c[i]) && (i == 0 || is_white(c[i - 1]));
    p->counts.sentences = slow_sentences(c, (size_t)p->counts.code_points);
    XXH128_hash_t hash = XXH3_128bits(text + begin, end - begin);
    snprintf(p->xxh3, sizeof p->xxh3, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    free(c);
}

/* `may_begin`: where, besides 0, a range may (each paragraph after a blank line); size + 1 flags, or NULL. */
static void slow_scan(struct list *list, const uint8_t *text, size_t size, bool *may_begin) {
    size_t at = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, begin = SIZE_MAX, end = 0;
    bool after_blank = false;
    list->count = 0;
    while (at < size) {
        size_t next = at, i = at;
        while (next < size && text[next] != '\n')
            next++;
        size_t last = next < size && next > at && text[next - 1] == '\r' ? next - 1 : next;
        while (i < last && (text[i] == ' ' || text[i] == '\t'))
            i++;
        if (i < last && begin == SIZE_MAX) {
            begin = at;
            if (may_begin)
                may_begin[at] = after_blank;
        }
        if (i < last)
            end = last;
        if (i == last && begin != SIZE_MAX) {
            slow_paragraph(list, text, begin, end);
            begin = SIZE_MAX;
        }
        after_blank = i == last;
        at = next + 1;
    }
    if (begin != SIZE_MAX)
        slow_paragraph(list, text, begin, end);
}

/* ---- The scanner, cut ---- */

static bool append(void *user, const struct paragraph *paragraph, struct failure *why) {
    struct list *list = user;
    (void)why;
    assert_true(list->count < MOST);
    list->paragraphs[list->count++] = *paragraph;
    return true;
}

/* From `begin` to `end`, in pieces of what `size_of` says; each piece lies at the end of its own memory. */
static void scan_pieces(struct list *list, const uint8_t *text, size_t begin, size_t end, size_t first, size_t others) {
    struct scan *scan;
    assert_done(scan_new(&scan, begin, append, list, &failure));
    for (size_t at = begin, n = first; at < end; at += n, n = others) {
        n = n > end - at ? end - at : n;
        uint8_t *piece = malloc(n);
        assert_non_null(piece);
        memcpy(piece, text + at, n);
        assert_done(scan_add(scan, piece, n, &failure));
        free(piece);
    }
    assert_done(scan_end(scan, &failure));
    scan_free(scan);
}

static size_t bom_of(const uint8_t *text, size_t size) {
    return size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static void assert_same(const struct list *a, const struct list *b, const char *text, size_t n) {
    if (a->count != b->count)
        fail_msg("%zu paragraphs instead of %zu, cut at %zu: %s", a->count, b->count, n, text);
    for (size_t i = 0; i < a->count; i++) {
        const struct paragraph *p = &a->paragraphs[i], *q = &b->paragraphs[i];
        if (p->offset != q->offset || p->bytes != q->bytes || memcmp(&p->counts, &q->counts, sizeof p->counts) != 0 ||
            strcmp(p->xxh3, q->xxh3) != 0)
            fail_msg("paragraph %zu, cut at %zu: at %ju %ju bytes, %ju code points, %ju words, %ju sentences, %ju "
                     "invalid from %ju instead of at %ju %ju, %ju, %ju, %ju, %ju from %ju: %s",
                     i, n, (uintmax_t)p->offset, (uintmax_t)p->bytes, (uintmax_t)p->counts.code_points,
                     (uintmax_t)p->counts.words, (uintmax_t)p->counts.sentences, (uintmax_t)p->counts.invalid,
                     (uintmax_t)p->counts.first_invalid, (uintmax_t)q->offset, (uintmax_t)q->bytes,
                     (uintmax_t)q->counts.code_points, (uintmax_t)q->counts.words, (uintmax_t)q->counts.sentences,
                     (uintmax_t)q->counts.invalid, (uintmax_t)q->counts.first_invalid, text);
    }
}

#define NASTY(text)                                                                                                    \
    { text, sizeof text - 1 }

static const struct {
    const char *text;
    size_t size;
} nasty[] = {
    NASTY(""),
    NASTY("\n"),
    NASTY(" \t \r\n\r\n\n"),
    NASTY("   "),
    NASTY("\r"),
    NASTY("one"),
    NASTY("one\n"),
    NASTY("one\r\n"),
    NASTY("one\r"),
    NASTY("one\n\ntwo"),
    NASTY("one\r\n\r\ntwo\r\n\r\n"),
    NASTY("one\n \t\n\t\r\n  two\nthree  \n\n\n\n"),
    NASTY("one\n \t"),
    NASTY("one\n \t\r"),
    NASTY("one\n\n \r\r\ntwo\r\r\n\r\rthree\r"),
    NASTY("\r\n\rone\n\r\r\n\n\rtwo"),
    NASTY("a\n\nb\n\nc\n\nd\n\ne\n\nf\n\ng"),
    NASTY("a\r\n \r\n\tb\r\n\t\t\r\n  c\n\r\nd\r\n\ne"),
    NASTY("\xEF\xBB\xBFone\n\ntwo"),
    NASTY("\xEF\xBB\xBF\n\none"),
    NASTY("\xEF\xBB\xBF \t\none"),
    NASTY("\xEF\xBB\xBF"),
    NASTY("\xEF\xBBone\n\n\xEF\xBB\xBFtwo"),
    NASTY("\n\n\xEF\xBB\xBFone"),
    NASTY("a\0b\n\0\n\n\0\n\n\0 \0."),
    NASTY("caf\xC3\xA9 "
          "na\xC3\xAFve.\n\n\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE3\x80\x82\xE7\xB5\x82\n\n\xF0\x9F\x98\x80 ok"),
    NASTY("\xE2\x80\xA6 a\xE2\x80\xA6\xE3\x80\x80\x62\xC2\xA0\x63\xC2\x85\x64\n\n\xE2\x80\xA8"),
    NASTY("\xFF\n\n\xC3\n\n\xE2\x82\n\nx\xF0\x9F\x98\r\n\r\n\x80\xBF\xC3"),
    NASTY("a\xC3\n\xA9.\n\n\xE2\r\n\x82\xAC\n \n\xED\xA0\x80 \xF4\x90\x80\x80 \xC0\xAF"),
    NASTY("\"Go.\" He went. (So?!) Then... "
          "what\n\n\xE3\x80\x8C\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82\xE3\x80\x8D\xE5\x86\x8D\xE8\xA7\x81\xEF\xBC\x81\xEF"
          "\xBC\x9F"),
};

static void every_cut_gives_the_same_paragraphs(void **state) {
    (void)state;
    static struct list wanted, got;
    for (size_t i = 0; i < sizeof nasty / sizeof *nasty; i++) {
        const uint8_t *text = (const uint8_t *)nasty[i].text;
        size_t size = nasty[i].size, begin = bom_of(text, size);
        slow_scan(&wanted, text, size, NULL);
        for (size_t first = 1; first <= size + 1; first++)
            for (size_t others = 1; others <= size + 1; others++) {
                got.count = 0;
                scan_pieces(&got, text, begin, size, first, others);
                assert_same(&got, &wanted, nasty[i].text, first);
            }
    }
}

/* Texts of what breaks scanners, put together at random. */
static size_t random_text(struct test_random *random, uint8_t *text, size_t room) {
    static const char *const tokens[] = {"\n",
                                         "\n",
                                         "\n\n",
                                         "\r\n",
                                         "\r",
                                         "\r\n\r\n",
                                         " ",
                                         "\t",
                                         "a",
                                         "bc",
                                         ".",
                                         "!",
                                         "\"",
                                         "?)",
                                         "\xE3\x80\x82",
                                         "\xE2\x80\xA6",
                                         "\xC3\xA9",
                                         "\xE2\x80\x9D",
                                         "\xC3",
                                         "\xE2\x82",
                                         "\xF0\x9F\x98",
                                         "\x80",
                                         "\xED",
                                         "\xF4",
                                         "\xC2",
                                         "\xE3\x80\x80",
                                         "\xC2\xA0",
                                         "\xEF\xBB\xBF",
                                         "\x85",
                                         "\xF0"};
    size_t size = 0, count = test_random_below(random, 60);
    for (size_t i = 0; i < count && size + 4 < room; i++) {
        const char *token = tokens[test_random_below(random, sizeof tokens / sizeof *tokens)];
        memcpy(text + size, token, strlen(token));
        size += strlen(token);
    }
    return size;
}

static void random_texts_are_scanned_as_the_rules_say(void **state) {
    (void)state;
    static struct list wanted, got;
    struct test_random random = {5};
    for (int i = 0; i < 20000; i++) {
        uint8_t text[256];
        size_t size = random_text(&random, text, sizeof text);
        slow_scan(&wanted, text, size, NULL);
        for (int cut = 0; cut < 3; cut++) {
            got.count = 0;
            size_t first = cut ? 1 + test_random_below(&random, 40) : 256;
            scan_pieces(&got, text, bom_of(text, size), size, first, 1 + test_random_below(&random, 8));
            text[size] = '\0';
            assert_same(&got, &wanted, (const char *)text, (size_t)i);
        }
    }
}

/* ---- Against what others say ---- */

static struct paragraph scan_one(const char *text, size_t size) {
    static struct list list;
    list.count = 0;
    scan_pieces(&list, (const uint8_t *)text, 0, size, size + 1, 1);
    assert_int_equal(list.count, 1);
    return list.paragraphs[0];
}

/* The Unicode Standard 15, 3.9: the examples of tables 3-8 to 3-11, and of its text on maximal subparts. */
static void ill_formed_sequences_are_those_of_unicode(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        uint64_t code_points, invalid, first;
    } cases[] = {
        {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", 9, 8, 0},
        {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", 9, 8, 0},
        {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", 9, 7, 0},
        {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 5, 4, 0},
        {"\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", 10, 6, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct paragraph p = scan_one(cases[i].bytes, strlen(cases[i].bytes));
        assert_int_equal(p.counts.code_points, cases[i].code_points);
        assert_int_equal(p.counts.invalid, cases[i].invalid);
        assert_int_equal(p.counts.first_invalid, cases[i].first);
    }
}

static size_t encode(uint32_t c, char *out) {
    static const uint8_t first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 0; c >>= 6)
        out[i] = (char)(i ? 0x80 | (c & 0x3F) : first[length] | c);
    return length;
}

/* The ranges of White_Space in PropList-15.0.0.txt. */
static void words_are_apart_by_white_space_of_unicode(void **state) {
    (void)state;
    static const uint32_t ranges[][2] = {{0x9, 0xD},       {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},
                                         {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2028}, {0x2029, 0x2029},
                                         {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};
    for (uint32_t c = 0; c <= 0x10FFFF; c += c == 0xD7FF ? 0x801 : 1) {
        bool white = false;
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
            white = white || (c >= ranges[i][0] && c <= ranges[i][1]);
        char text[8] = "a";
        size_t size = 1 + encode(c, text + 1);
        text[size++] = 'b';
        struct text_counter counter;
        text_counter_begin(&counter, 0);
        text_counter_add(&counter, text, size);
        struct text_counts counts = text_counter_end(&counter);
        if (counts.code_points != 3 || counts.words != 1U + white || counts.invalid)
            fail_msg("U+%04X: %ju words", c, (uintmax_t)counts.words);
    }
}

static void sentences_are_counted_as_people_would(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t words, sentences;
    } cases[] = {
        {"A title", 2, 1},
        {"One. Two! Three? Four\xE2\x80\xA6", 4, 4},
        {"It costs 3.14 or so. Really", 6, 2},
        {"Wait... what?! No.", 3, 3},
        {"...", 1, 0},
        {". . .", 3, 0},
        {"... and so on.", 4, 1},
        {"He said \"Go.\" She went.", 5, 2},
        {"(He left.) [She stayed.]", 4, 2},
        {"A line\nends. Another\nline", 5, 2},
        {"\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82\xE5\x86\x8D\xE8\xA7\x81\xE3\x80\x82", 1, 2},
        {"\xE3\x80\x8C\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82\xE3\x80\x8D\xE4\xBB\x96\xE8\xAF\xB4\xE3\x80\x82", 1, 2},
        {"\xE4\xBB\x80\xE4\xB9\x88\xEF\xBC\x9F\xEF\xBC\x81", 1, 1},
        {"end.\xE3\x80\x80Next.", 2, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct paragraph p = scan_one(cases[i].text, strlen(cases[i].text));
        if (p.counts.words != cases[i].words || p.counts.sentences != cases[i].sentences)
            fail_msg("%s: %ju words, %ju sentences", cases[i].text, (uintmax_t)p.counts.words,
                     (uintmax_t)p.counts.sentences);
    }
}

/* ---- Ranges ---- */

struct fixture {
    char *folder;
    struct storage *storage;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->folder = test_folder_new();
    assert_done(storage_new(&f->storage, &(struct storage_options){.root = f->folder}, &failure));
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    storage_free(f->storage);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

static struct object *open_text(struct fixture *f, const void *text, size_t size) {
    struct object *object;
    test_write_file(test_path(f->folder, "text.txt"), text, size);
    assert_done(storage_open(&object, f->storage, "text.txt", NULL, &failure));
    return object;
}

/*
 * Ranges cover the text, and what is found in each alone is what is in the whole. None goes on over a place where it
 * may begin (`may_begin` says where that is, or is NULL) that is farther from its own beginning than is wanted.
 */
static size_t check_ranges(struct object *object, const uint8_t *text, size_t size, uint64_t wanted,
                           const struct list *list, const bool *may_begin) {
    static struct list got;
    struct tile_range *ranges;
    size_t count;
    uint64_t at = 0;
    assert_done(split_text(&ranges, &count, object, wanted, &failure));
    assert_true(count >= 1);
    got.count = 0;
    for (size_t i = 0; i < count; i++) {
        bool may;
        assert_int_equal(ranges[i].offset, at);
        assert_true(ranges[i].size > 0 || size == 0);
        assert_done(split_may_begin(object, at, &may, &failure));
        assert_true(may);
        at += ranges[i].size;
        assert_true(at <= size);
        size_t begin = (size_t)ranges[i].offset;
        for (uint64_t inner = begin + wanted; may_begin && inner < at; inner++)
            if (may_begin[inner])
                fail_msg("no range begins at %ju, though the one before is %zu, by %ju: %s", (uintmax_t)inner, begin,
                         (uintmax_t)wanted, (const char *)text);
        scan_pieces(&got, text, begin ? begin : bom_of(text, size), (size_t)at, 7, 5);
    }
    assert_int_equal(at, size);
    assert_same(&got, list, (const char *)text, (size_t)wanted);
    free(ranges);
    return count;
}

static void every_size_of_range_gives_the_same_paragraphs(void **state) {
    struct fixture *f = *state;
    static struct list list;
    for (size_t i = 0; i < sizeof nasty / sizeof *nasty; i++) {
        const uint8_t *text = (const uint8_t *)nasty[i].text;
        size_t size = nasty[i].size, places = 1;
        bool may[512] = {false};
        slow_scan(&list, text, size, may);
        struct object *object = open_text(f, text, size);
        for (size_t at = 0; at < size; at++) {
            bool got;
            assert_done(split_may_begin(object, at, &got, &failure));
            if (got != (at == 0 || may[at]))
                fail_msg("text %zu: a range may%s begin at %zu", i, got ? "" : " not", at);
            places += at > 0 && may[at];
        }
        for (uint64_t wanted = 1; wanted <= size + 1; wanted++) {
            size_t count = check_ranges(object, text, size, wanted, &list, may);
            if (wanted == 1)
                assert_int_equal(count, places);
            if (wanted >= size)
                assert_int_equal(count, 1);
        }
        storage_close(object);
    }
}

static void random_texts_are_split_where_paragraphs_begin(void **state) {
    struct fixture *f = *state;
    static struct list list;
    struct test_random random = {6};
    for (int i = 0; i < 300; i++) {
        uint8_t text[256];
        size_t size = random_text(&random, text, sizeof text);
        text[size] = '\0';
        slow_scan(&list, text, size, NULL);
        struct object *object = open_text(f, text, size);
        check_ranges(object, text, size, 1 + test_random_below(&random, 100), &list, NULL);
        storage_close(object);
    }
}

/* Blank lines and indents around the longest that a cut is made at, across windows. */
static void long_blanks_are_cut_at_or_left_alone(void **state) {
    struct fixture *f = *state;
    static struct list list;
    static const int lengths[] = {SPLIT_NEAR - 2, SPLIT_NEAR - 1, SPLIT_NEAR, SPLIT_NEAR + 1, 5 * SPLIT_NEAR, 30000};
    enum { SIZE = 70000 };
    char *text = malloc(SIZE);
    for (size_t i = 0; i < 36; i++) {
        int blank = lengths[i / 6], indent = lengths[i % 6];
        int size = snprintf(text, SIZE, "one%s\n%*s\n%*stwo\n\nthree", i % 2 ? "\r" : "", blank, "", indent, "");
        slow_scan(&list, (uint8_t *)text, (size_t)size, NULL);
        assert_int_equal(list.count, 3);
        struct object *object = open_text(f, text, (size_t)size);
        for (uint64_t wanted = (uint64_t)size / 12 + 1; wanted <= (uint64_t)size; wanted += wanted / 3 + 1)
            check_ranges(object, (uint8_t *)text, (size_t)size, wanted, &list, NULL);
        storage_close(object);
    }
    free(text);
}

/* Prose of 16 MiB: ranges of about one size, for some KB of reading each. */
static void a_plan_reads_little(void **state) {
    struct fixture *f = *state;
    enum { SIZE = 16 << 20, RANGE = 256 << 10 };
    char *text = malloc(SIZE);
    struct test_random random = {7};
    for (size_t at = 0, left = 500; at < SIZE; at++, left--) {
        text[at] = left == 1 || left == 0 ? '\n' : left % 7 ? 'x' : ' ';
        left = left ? left : 300 + test_random_below(&random, 1000);
    }
    struct object *object = open_text(f, text, SIZE);
    uint64_t before = storage_count(f->storage).bytes_read;
    struct tile_range *ranges;
    size_t count;
    assert_done(split_text(&ranges, &count, object, RANGE, &failure));
    assert_int_equal(count, SIZE / RANGE);
    for (size_t i = 0; i < count; i++)
        assert_in_range(ranges[i].size, RANGE - 2000, RANGE + 2000);
    uint64_t read = storage_count(f->storage).bytes_read - before;
    assert_true(read > 0 && read <= count * (16 << 10));
    free(ranges);
    storage_close(object);
    free(text);
}

/* One paragraph over many ranges: one range, and no byte is read twice, but around cuts. */
static void a_huge_paragraph_is_one_range(void **state) {
    struct fixture *f = *state;
    enum { SIZE = 8 << 20, RANGE = 64 << 10 };
    char *text = malloc(SIZE);
    memset(text, 'x', SIZE);
    for (size_t at = 99; at < SIZE; at += 100)
        text[at] = '\n';
    memcpy(text + (5 << 20), "y\n\n", 3);
    text[(5 << 20) + 3] = 'z';
    struct object *object = open_text(f, text, SIZE);
    uint64_t before = storage_count(f->storage).bytes_read;
    struct tile_range *ranges;
    size_t count;
    assert_done(split_text(&ranges, &count, object, RANGE, &failure));
    assert_int_equal(count, 2);
    assert_int_equal(ranges[1].offset, (5 << 20) + 3);
    assert_true(storage_count(f->storage).bytes_read - before <= SIZE + SIZE / RANGE * (2 * SPLIT_NEAR + 2));
    free(ranges);
    assert_false(split_text(&ranges, &count, object, 1, &failure));
    assert_int_equal(failure.kind, FAILURE_LIMIT_EXCEEDED);
    storage_close(object);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_gives_the_same_paragraphs),
        cmocka_unit_test(random_texts_are_scanned_as_the_rules_say),
        cmocka_unit_test(ill_formed_sequences_are_those_of_unicode),
        cmocka_unit_test(words_are_apart_by_white_space_of_unicode),
        cmocka_unit_test(sentences_are_counted_as_people_would),
        cmocka_unit_test_setup_teardown(every_size_of_range_gives_the_same_paragraphs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_texts_are_split_where_paragraphs_begin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_blanks_are_cut_at_or_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_plan_reads_little, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_huge_paragraph_is_one_range, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
