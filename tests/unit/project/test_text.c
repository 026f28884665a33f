/* SPDX-License-Identifier: MIT */
/* The small parts: numbers as text, suggestions, places in a text. */
#include <locale.h>
#include <math.h>

#include "project_support.h"

static void seconds(void **state)
{
    (void)state;
    static const struct {
        int64_t time_us;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "0.000001"},
        {10, "0.00001"},
        {500000, "0.5"},
        {1000000, "1"},
        {10000000, "10"},
        {2500000, "2.5"},
        {INT64_C(36000000000), "36000"},
        {INT64_C(999999999999999), "999999999.999999"},
        {INT64_C(1000000000000000), "1000000000"},
    };
    char text[HY_JSON_NUMBER_BYTES];
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(hy_seconds_text(cases[i].time_us, text), cases[i].text);
    }
}

static void reals(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0.0"},
        {1, "1"},
        {-6, "-6"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {123.456, "123.456"},
        {100, "100"},
        {1e14, "100000000000000"},
        {1e15, "1e15"},
        {0.000001, "0.000001"},
        {0.0000015, "0.0000015"},
        {1e-7, "1e-7"},
        {-1.25e-9, "-1.25e-9"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {-1.7976931348623157e308, "-1.7976931348623157e308"},
    };
    char text[HY_JSON_NUMBER_BYTES];
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(hy_real_text(cases[i].value, text), cases[i].text);
    }
}

static void any_real_reads_back_the_same(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = test_random(&seed);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) {
            continue;
        }
        char text[HY_JSON_NUMBER_BYTES];
        (void)hy_real_text(value, text);
        assert_true(strlen(text) < sizeof text - 1);
        double again = strtod(text, NULL);
        assert_memory_equal(&again, &value, sizeof value);
    }
}

static void suggestions(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *expected;
    } cases[] = {
        {"images", "images"},
        {"image", "images"},
        {"iamges", "images"},
        {"Images", "images"},
        {"imagess", "images"},
        {"mages", "images"},
        {"pan_left", NULL},
        {"fade-in", "fade_in"},
        {"fadeIn", "fade_in"},
        {"fade out", "fade_out"},
        {"xyz", NULL},
        {"", NULL},
        {"f", NULL},
        {"fps", "fps"},
        {"fp", "fps"},
        {"spf", NULL},
        {"fsp", "fps"},
        {"backgroud", "background"},
        {"background-color", NULL},
        {"a-word-that-is-far-too-long-to-be-any-of-ours", NULL},
    };
    static const char *const known[] = {"images", "fade_in", "fade_out", "fps", "background"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_suggestion suggestion = hy_suggest_for(cases[i].given);
        for (size_t k = 0; k < COUNT(known); k++) {
            hy_suggest(&suggestion, known[k]);
        }
        if (!suggestion.best != !cases[i].expected ||
            (suggestion.best && strcmp(suggestion.best, cases[i].expected) != 0)) {
            fail_msg("%s: %s", cases[i].given, suggestion.best ? suggestion.best : "nothing");
        }
    }
}

static void places(void **state)
{
    (void)state;
    static const char json[] = "\n {\"a\" : [1, [2], {\"b\":\"]}\",\"c\":\n{}} ],\n"
                               "\"x/y\":true,\"~\":null,\"\":0,\"\\u0061b\":1, \"n\": 2e5}\n";
    static const struct {
        const char *pointer;
        int32_t line;
        int32_t column;
    } cases[] = {
        {"", 2, 2},        {"/a", 2, 9},       {"/a/0", 2, 10},    {"/a/1", 2, 13},
        {"/a/1/0", 2, 14}, {"/a/2", 2, 18},    {"/a/2/b", 2, 23},  {"/a/2/c", 3, 1},
        {"/x~1y", 4, 7},   {"/~0", 4, 16},     {"/", 4, 24},       {"/n", 4, 44},
        {"/b", 0, 0},      {"/a/3", 0, 0},     {"/a/2/d", 0, 0},   {"/n/0", 0, 0},
        {"/ab", 0, 0},     {"/a/2/b/0", 0, 0}, {"/a/2/c/x", 0, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_text_place place = hy_json_locate(json, sizeof json - 1, cases[i].pointer);
        if (place.line != cases[i].line || place.column != cases[i].column) {
            fail_msg("%s: %d:%d", cases[i].pointer, (int)place.line, (int)place.column);
        }
    }
}

/* The spot of each byte, as the byte that it begins with; ' ' = none. */
static void spots(void **state)
{
    (void)state;
    static const char json[] = "{\"k\": [1, -2e3, {\"l\":true}], \"m\" :\"s\\\"\"}";
    static const char start[] = " KKK   1  ----   KKK tttt    KKK  \"\"\"\"\" ";
    for (size_t i = 0; i < sizeof json - 1; i++) {
        hy_json_spot spot = hy_json_spot_at(json, sizeof json - 1, i);
        char first = spot.start == sizeof json - 1 ? ' ' : spot.is_key ? 'K' : json[spot.start];
        if (first != start[i]) {
            fail_msg("byte %d: '%c'", (int)i, first);
        }
    }
    hy_json_spot spot = hy_json_spot_at(json, sizeof json - 1, 22);
    assert_int_equal(spot.depth, 3);
    assert_int_equal(spot.levels[1].index, 2);
    assert_int_equal(spot.levels[2].key, 17);
}

/* The looks at a text stay inside it, whatever it is (the sanitizers watch). */
static void places_in_noise(void **state)
{
    (void)state;
    static const char alphabet[] = "{}[]\",:\\ a/~0";
    static const char *const pointers[] = {"", "/a", "/0", "/1/a", "/a/0/0", "/~0", "/"};
    uint64_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        size_t size = test_random(&seed) % 24;
        char *json = malloc(size + (size == 0));
        assert_non_null(json);
        for (size_t k = 0; k < size; k++) {
            json[k] = alphabet[test_random(&seed) % (sizeof alphabet - 1)];
        }
        for (size_t k = 0; k < COUNT(pointers); k++) {
            hy_text_place place = hy_json_locate(json, size, pointers[k]);
            assert_true(place.line >= 0 && place.line <= 1 && place.column <= (int)size + 1);
        }
        for (size_t at = 0; at <= size; at++) {
            hy_json_spot spot = hy_json_spot_at(json, size, at);
            assert_true(spot.start <= spot.end && spot.end <= size);
            assert_true(spot.start == size || (spot.start <= at && at < spot.end));
            assert_true(hy_json_member_end(json, size, spot.end) <= size);
        }
        hy_json_extent extent = hy_json_measure(json, size);
        assert_true(extent.values >= 1 && extent.values <= (int64_t)size + 1);
        assert_int_equal(extent.too_deep_at, size);
        free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds),
        cmocka_unit_test(reals),
        cmocka_unit_test(any_real_reads_back_the_same),
        cmocka_unit_test(suggestions),
        cmocka_unit_test(places),
        cmocka_unit_test(spots),
        cmocka_unit_test(places_in_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
