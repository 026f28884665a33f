/* SPDX-License-Identifier: MIT */
/* What each key means, every word, and what is said about wrong ones. */
#include <math.h>

#include "project_support.h"

static void nothing_said_means_the_defaults(void **state)
{
    (void)state;
    hy_document document;
    hy_document defaults;
    hy_document_init(&defaults);
    load(&document, "{\"hydra\": 1}");
    assert_same_document(&document, &defaults);
    hy_document_free(&document);

    load(&document, "{\"hydra\": 1, \"images\": [{\"src\": \"a\"}], \"audio\": {\"src\": \"b\"}}");
    hydra_image_options image;
    hydra_audio_options audio;
    hydra_image_options_init(&image);
    hydra_audio_options_init(&audio);
    assert_memory_equal(&document.project.images[0].options, &image, sizeof image);
    assert_false(document.project.images[0].has_transition);
    assert_string_equal(document.project.images[0].source.path, "a");
    assert_memory_equal(&document.project.audio, &audio, sizeof audio);
    hy_document_free(&document);
    hy_document_free(&defaults);
}

static void document_keys(void **state)
{
    (void)state;
    hy_document document;
    load(&document, "{\"hydra\": 1, \"$schema\": \"x\", \"canvas\": {\"preset\": \"4:5\"},"
                    " \"fps\": \"60/2\", \"background\": \"#A1b2C3\", \"duration\": 1.000001,"
                    " \"transition\": {\"type\": \"crossfade\", \"duration\": 0.25,"
                    " \"mode\": \"hold\"}}");
    const hy_project *project = &document.project;
    assert_int_equal(project->width, 1080);
    assert_int_equal(project->height, 1350);
    assert_true(project->rate.num == 30 && project->rate.den == 1);
    assert_int_equal(project->background_rgb, 0xa1b2c3);
    assert_int_equal(project->duration_us, 1000001);
    assert_int_equal(project->transition.kind, HYDRA_TRANSITION_CROSSFADE);
    assert_int_equal(project->transition.duration_us, 250000);
    assert_int_equal(project->transition.mode, HYDRA_HOLD);
    hy_document_free(&document);

    load(&document, "{\"hydra\": 1, \"canvas\": {\"width\": 640, \"height\": 360.0}, \"fps\": 25}");
    assert_int_equal(document.project.width, 640);
    assert_int_equal(document.project.height, 360);
    assert_int_equal(document.project.rate.num, 25);
    hy_document_free(&document);
}

static void image_keys(void **state)
{
    (void)state;
    hy_document document;
    load(&document,
         "{\"hydra\": 1, \"images\": [{\"src\": \"file:///a%20b\", \"duration\": 2.5,"
         " \"fit\": \"fill\", \"position\": {\"x\": 0.125, \"y\": 1}, \"backdrop\": \"#00ff00\","
         " \"motion\": {\"type\": \"rect\", \"amount\": 3, \"easing\": \"ease-out\","
         " \"start\": {\"x\": 0.1, \"y\": 0.2, \"width\": 0.3, \"height\": 0.4},"
         " \"end\": {\"x\": 0.5, \"y\": 0.6, \"width\": 0.7, \"height\": 0.8}},"
         " \"transition\": {\"type\": \"cut\", \"duration\": 7, \"mode\": \"hold\"}},"
         " {\"src\": \"b\", \"backdrop\": \"blur\", \"position\": \"bottom left\"}]}");
    const hy_project_image *image = &document.project.images[0];
    const hydra_image_options *options = &image->options;
    assert_string_equal(image->source.path, "/a b");
    assert_string_equal(image->source.name, "file:///a%20b");
    assert_int_equal(options->duration_us, 2500000);
    assert_int_equal(options->fit, HYDRA_FIT_FILL);
    assert_true(options->focus_x == 0.125 && options->focus_y == 1);
    assert_int_equal(options->backdrop, HYDRA_BACKDROP_COLOR);
    assert_int_equal(options->backdrop_rgb, 0x00ff00);
    assert_int_equal(options->motion, HYDRA_MOTION_RECT);
    assert_true(options->motion_amount == 3);
    assert_int_equal(options->easing, HYDRA_EASING_OUT);
    const hydra_rect start = {0.1, 0.2, 0.3, 0.4};
    const hydra_rect end = {0.5, 0.6, 0.7, 0.8};
    assert_memory_equal(&options->start, &start, sizeof start);
    assert_memory_equal(&options->end, &end, sizeof end);
    assert_true(image->has_transition);
    assert_int_equal(image->transition.kind, HYDRA_TRANSITION_CUT);
    assert_int_equal(image->transition.duration_us, 500000); /* a cut has none */
    assert_int_equal(image->transition.mode, HYDRA_HOLD);
    options = &document.project.images[1].options;
    assert_int_equal(options->backdrop, HYDRA_BACKDROP_BLUR);
    assert_int_equal(options->backdrop_rgb, HYDRA_AUTO);
    assert_true(options->focus_x == 0 && options->focus_y == 1);
    hy_document_free(&document);
}

static void audio_and_output_keys(void **state)
{
    (void)state;
    hy_document document;
    load(&document,
         "{\"hydra\": 1, \"audio\": {\"src\": \"m\", \"start\": 1, \"duration\": 2,"
         " \"gain_db\": -3.5, \"fade_in\": 4, \"fade_out\": 5, \"when_short\": \"loop\"},"
         " \"output\": {\"encoder\": \"raw\", \"codec\": \"hevc\", \"profile\": \"best\", "
         "\"bitrate_kbps\": 4000,"
         " \"preset\": \"slow\", \"audio_bitrate_kbps\": 96, \"threads\": 3, \"deadline\": 0.5,"
         " \"when_busy\": \"fail\", \"in_order\": \"buffered\", \"when_exists\": \"fail\"}}");
    const hydra_audio_options *audio = &document.project.audio;
    assert_true(document.project.has_audio);
    assert_string_equal(document.project.audio_source.path, "m");
    assert_int_equal(audio->start_us, 1000000);
    assert_int_equal(audio->duration_us, 2000000);
    assert_true(audio->gain_db == -3.5);
    assert_int_equal(audio->fade_in_us, 4000000);
    assert_int_equal(audio->fade_out_us, 5000000);
    assert_int_equal(audio->when_short, HYDRA_AUDIO_LOOP);
    const hydra_render_options *output = &document.output;
    assert_int_equal(output->encoder, HYDRA_ENCODER_RAW);
    assert_int_equal(output->codec, HYDRA_CODEC_HEVC);
    assert_int_equal(output->profile, HYDRA_PROFILE_BEST);
    assert_int_equal(output->video_bitrate_kbps, 4000);
    assert_true(output->crf == HYDRA_AUTO);
    assert_string_equal(output->preset, "slow");
    assert_ptr_equal(output->preset, document.preset);
    assert_int_equal(output->audio_bitrate_kbps, 96);
    assert_int_equal(output->threads, 3);
    assert_int_equal(output->deadline_us, 500000);
    assert_int_equal(output->when_busy, HYDRA_BUSY_FAIL);
    assert_int_equal(output->in_order, HYDRA_IN_ORDER_BUFFERED);
    assert_int_equal(output->when_exists, HYDRA_EXISTS_FAIL);
    hy_document_free(&document);
}

/* ---- Words ---- */

typedef struct word_case {
    const char *json; /* with %s where the word goes */
    size_t offset;    /* of an int32_t in the first image, or in the document */
    bool in_image;
    const char *words[9]; /* in the order of their numbers, from 0 */
} word_case;

#define IMAGE_JSON(body)    "{\"hydra\": 1, \"images\": [{\"src\": \"a\", " body "}]}"
#define IN_IMAGE(member)    offsetof(hy_project_image, member), true
#define IN_DOCUMENT(member) offsetof(hy_document, member), false

static void every_word(void **state)
{
    (void)state;
    static const word_case cases[] = {
        {IMAGE_JSON("\"fit\": \"%s\""), IN_IMAGE(options.fit), {"cover", "contain", "fill"}},
        {IMAGE_JSON("\"motion\": \"%s\""),
         IN_IMAGE(options.motion),
         {"none", "zoom-in", "zoom-out", "pan-left", "pan-right", "pan-up", "pan-down", "rect"}},
        {IMAGE_JSON("\"motion\": {\"type\": \"none\", \"easing\": \"%s\"}"),
         IN_IMAGE(options.easing),
         {"linear", "smoothstep", "ease-in", "ease-out", "ease-in-out"}},
        {IMAGE_JSON("\"transition\": \"%s\""), IN_IMAGE(transition.kind), {"cut", "crossfade"}},
        {"{\"hydra\": 1, \"transition\": \"%s\"}",
         IN_DOCUMENT(project.transition.kind),
         {"cut", "crossfade"}},
        {"{\"hydra\": 1, \"transition\": {\"type\": \"cut\", \"mode\": \"%s\"}}",
         IN_DOCUMENT(project.transition.mode),
         {"overlap", "hold"}},
        {"{\"hydra\": 1, \"audio\": {\"src\": \"a\", \"when_short\": \"%s\"}}",
         IN_DOCUMENT(project.audio.when_short),
         {"silence", "loop"}},
        {"{\"hydra\": 1, \"output\": {\"encoder\": \"%s\"}}",
         IN_DOCUMENT(output.encoder),
         {"auto", "x264", "raw", "nvenc", "x265"}},
        {"{\"hydra\": 1, \"output\": {\"codec\": \"%s\"}}",
         IN_DOCUMENT(output.codec),
         {"h264", "hevc"}},
        {"{\"hydra\": 1, \"output\": {\"profile\": \"%s\"}}",
         IN_DOCUMENT(output.profile),
         {"draft", "default", "quality", "best"}},
        {"{\"hydra\": 1, \"output\": {\"when_busy\": \"%s\"}}",
         IN_DOCUMENT(output.when_busy),
         {"wait", "fail"}},
        {"{\"hydra\": 1, \"output\": {\"in_order\": \"%s\"}}",
         IN_DOCUMENT(output.in_order),
         {"fragmented", "buffered"}},
        {"{\"hydra\": 1, \"output\": {\"when_exists\": \"%s\"}}",
         IN_DOCUMENT(output.when_exists),
         {"replace", "fail"}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int32_t value = 0; cases[i].words[value]; value++) {
            const char *insert = strstr(cases[i].json, "%s");
            char json[256];
            (void)snprintf(json, sizeof json, "%.*s%s%s", (int)(insert - cases[i].json),
                           cases[i].json, cases[i].words[value], insert + 2);
            hy_document document;
            load(&document, json);
            const unsigned char *base = cases[i].in_image
                                            ? (unsigned char *)&document.project.images[0]
                                            : (unsigned char *)&document;
            int32_t got;
            memcpy(&got, base + cases[i].offset, sizeof got);
            assert_int_equal(got, value);
            hy_document_free(&document);
        }
    }
}

static void every_position(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        double x;
        double y;
    } cases[] = {
        {"left", 0, 0.5},          {"right", 1, 0.5},      {"top", 0.5, 0},
        {"bottom", 0.5, 1},        {"center", 0.5, 0.5},   {"center center", 0.5, 0.5},
        {"left top", 0, 0},        {"top left", 0, 0},     {"left center", 0, 0.5},
        {"center left", 0, 0.5},   {"left bottom", 0, 1},  {"bottom left", 0, 1},
        {"right top", 1, 0},       {"top right", 1, 0},    {"right center", 1, 0.5},
        {"center right", 1, 0.5},  {"right bottom", 1, 1}, {"bottom right", 1, 1},
        {"center top", 0.5, 0},    {"top center", 0.5, 0}, {"center bottom", 0.5, 1},
        {"bottom center", 0.5, 1},
    };
    size_t known = 0;
    for (const hy_word *word = hy_words_position; word->text; word++) {
        known++;
    }
    assert_int_equal(known, COUNT(cases));
    for (size_t i = 0; i < COUNT(cases); i++) {
        char json[128];
        (void)snprintf(json, sizeof json, IMAGE_JSON("\"position\": \"%s\""), cases[i].word);
        hy_document document;
        load(&document, json);
        const hydra_image_options *options = &document.project.images[0].options;
        assert_true(options->focus_x == cases[i].x && options->focus_y == cases[i].y);
        hy_document_free(&document);
    }
}

/* ---- Complaints ---- */

typedef struct issue_case {
    const char *json;
    hydra_status status;
    const char *pointer;
    int32_t line;
    int32_t column;
    const char *text;
} issue_case;

static void expect_issue(const hy_issue *issue, const issue_case *c)
{
    if (issue->status != c->status || strcmp(issue->pointer, c->pointer) != 0 ||
        issue->line != c->line || issue->column != c->column || !strstr(issue->text, c->text)) {
        fail_msg("%s: %s \"%s\" %d:%d \"%s\"", c->json, hydra_status_name(issue->status),
                 issue->pointer, (int)issue->line, (int)issue->column, issue->text);
    }
}

static void every_complaint_has_its_place(void **state)
{
    (void)state;
#define BAD HYDRA_ERR_ARGUMENT
    static const issue_case cases[] = {
        {"[1]", BAD, "", 1, 1, "is an array, it must be an object"},
        {"{}", BAD, "", 1, 1, "a project needs the key \"hydra\""},
        {"{\"hydra\": 2}", BAD, "/hydra", 1, 11, "is 2, it must be 1, the version"},
        {"{\"hydra\": \"1\"}", BAD, "/hydra", 1, 11, "is \"1\", it must be 1"},
        {"{\"hydra\": 1,\n  \"imges\": []}", BAD, "/imges", 2, 12,
         "a project has no key \"imges\"; did you mean \"images\"?"},
        {"{\"hydra\": 1, \"a/b~c\": 0}", BAD, "/a~1b~0c", 1, 23, "no key \"a/b~c\""},
        {"{\"hydra\": 1, \"zzzzzz\": 0}", BAD, "/zzzzzz", 1, 24, "no key \"zzzzzz\""},
        {"{\"hydra\": 1, \"a\\nb\": 0}", BAD, "", 1, 1, "no key \"a?b\""},
        {"{\"hydra\": 1, \"\\u0066ps\": 0}", BAD, "/fps", 0, 0, "is 0, it must be a whole number"},
        {"{\"hydra\": 1, \"$schema\": 1}", BAD, "/$schema", 1, 25, "it must be a string"},
        {"{\"hydra\": 1, \"canvas\": null}", BAD, "/canvas", 1, 24,
         "is null, it must be an object"},
        {"{\"hydra\": 1, \"canvas\": {\"preset\": \"9:15\"}}", BAD, "/canvas/preset", 1, 35,
         "is \"9:15\", it must be \"9:16\", \"16:9\", \"1:1\" or \"4:5\"; did you mean \"9:16\"?"},
        {"{\"hydra\": 1, \"canvas\": {\"width\": 65, \"height\": 64}}", BAD, "/canvas/width", 1, 34,
         "is 65, it must be an even number 64..4096"},
        {"{\"hydra\": 1, \"canvas\": {\"width\": 64}}", BAD, "/canvas", 1, 24,
         "width and height belong together"},
        {"{\"hydra\": 1, \"canvas\": {\"preset\": \"1:1\", \"width\": 64, \"height\": 64}}", BAD,
         "/canvas", 1, 24, "preset excludes width and height"},
        {"{\"hydra\": 1, \"fps\": 29.97}", BAD, "/fps", 1, 21,
         "is 29.97, it must be a whole number 1..120 or a fraction like \"30000/1001\""},
        {"{\"hydra\": 1, \"fps\": 121}", BAD, "/fps", 1, 21, "is 121"},
        {"{\"hydra\": 1, \"fps\": \"30/0\"}", BAD, "/fps", 1, 21, "is \"30/0\""},
        {"{\"hydra\": 1, \"background\": \"red\"}", BAD, "/background", 1, 28,
         "it must be a colour like"},
        {"{\"hydra\": 1, \"duration\": \"Auto\"}", BAD, "/duration", 1, 26,
         "seconds, 0.000001..36000, or \"auto\"; did you mean \"auto\"?"},
        {"{\"hydra\": 1, \"duration\": true}", BAD, "/duration", 1, 26, "is true, it must be"},
        {"{\"hydra\": 1, \"duration\": false}", BAD, "/duration", 1, 26, "is false, it must be"},
        {"{\"hydra\": 1, \"images\": {}}", BAD, "/images", 1, 24,
         "is an object, it must be an array"},
        {"{\"hydra\": 1, \"images\": [ {\"src\": \"a\"}, 7]}", BAD, "/images/1", 1, 40,
         "is 7, it must be an object that describes an image"},
        {"{\"hydra\": 1, \"images\": [{}]}", BAD, "/images/0", 1, 25,
         "an image needs the key \"src\""},
        {"{\"hydra\": 1, \"images\": [{\"src\": 5}]}", BAD, "/images/0/src", 1, 33,
         "it must be a path or URI"},
        {"{\"hydra\": 1, \"images\": [{\"src\": \"\"}]}", BAD, "/images/0/src", 1, 33,
         "source: the path is empty"},
        {"{\"hydra\": 1, \"images\": [{\"src\": \"ftp://a/b\"}]}", HYDRA_ERR_UNSUPPORTED,
         "/images/0/src", 1, 33, "ftp://a/b: a URI of this scheme"},
        {IMAGE_JSON("\"fit\": \"covr\""), BAD, "/images/0/fit", 1, 45,
         "is \"covr\", it must be \"cover\", \"contain\" or \"fill\"; did you mean \"cover\"?"},
        {IMAGE_JSON("\"fit\": 1"), BAD, "/images/0/fit", 1, 45, "is 1, it must be \"cover\""},
        {IMAGE_JSON("\"position\": \"lef\""), BAD, "/images/0/position", 1, 50,
         "words like \"center\" or \"top left\", or an object with x and y; did you mean "
         "\"left\"?"},
        {IMAGE_JSON("\"position\": {\"x\": 1.5}"), BAD, "/images/0/position/x", 1, 56,
         "is 1.5, it must be a number 0..1"},
        {IMAGE_JSON("\"backdrop\": \"blurr\""), BAD, "/images/0/backdrop", 1, 50,
         "did you mean \"blur\"?"},
        {IMAGE_JSON("\"motion\": \"pan_left\""), BAD, "/images/0/motion", 1, 48,
         "did you mean \"pan-left\"?"},
        {IMAGE_JSON("\"motion\": 1"), BAD, "/images/0/motion", 1, 48,
         "is 1, it must be a word or an object"},
        {IMAGE_JSON("\"motion\": {}"), BAD, "/images/0/motion", 1, 48,
         "a motion needs the key \"type\""},
        {IMAGE_JSON("\"motion\": {\"type\": \"rect\", \"start\": {\"width\": 0}}"), BAD,
         "/images/0/motion/start/width", 1, 84, "is 0, it must be a number above 0, up to 1"},
        {"{\"hydra\": 1, \"audio\": {\"src\": \"a\", \"gain_db\": 1e300}}", BAD, "/audio/gain_db",
         1, 47, "is 1e300, it must be a number -60..24"},
        {"{\"hydra\": 1, \"output\": {\"crf\": 20, \"bitrate_kbps\": 100}}", BAD, "/output", 1, 24,
         "crf and bitrate_kbps exclude each other"},
        {"{\"hydra\": 1, \"output\": {\"preset\": []}}", BAD, "/output/preset", 1, 35,
         "is an array, it must be a string"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_issues issues = issues_of(cases[i].json);
        if (issues.count != 1) {
            fail_msg("%s: %d issues", cases[i].json, (int)issues.count);
        }
        expect_issue(&issues.items[0], &cases[i]);
        hy_issues_free(&issues);
    }
}

static void all_are_told_at_once(void **state)
{
    (void)state;
    static const char *const json = "{\n"
                                    "  \"fps\": 0,\n"
                                    "  \"images\": [\n"
                                    "    {\"src\": \"a\", \"fit\": \"covr\", \"durration\": 1},\n"
                                    "    {\"src\": \"b\"},\n"
                                    "    {\"motion\": {\"type\": \"spin\"}}\n"
                                    "  ],\n"
                                    "  \"audio\": 1\n"
                                    "}\n";
    static const issue_case cases[] = {
        {"", BAD, "/fps", 2, 10, "is 0"},
        {"", BAD, "/images/0/fit", 4, 25, "did you mean \"cover\"?"},
        {"", BAD, "/images/0/durration", 4, 46, "did you mean \"duration\"?"},
        {"", BAD, "/images/2/motion/type", 6, 25, "is \"spin\""},
        {"", BAD, "/images/2", 6, 5, "needs the key \"src\""},
        {"", BAD, "/audio", 8, 12, "it must be an object"},
        {"", BAD, "", 1, 1, "needs the key \"hydra\""},
    };
    hy_issues issues = issues_of(json);
    assert_int_equal(issues.count, COUNT(cases));
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect_issue(&issues.items[i], &cases[i]);
    }
    hy_diag diag = {0};
    assert_failed(hy_issues_first(&issues, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "line 2, column 10: /fps: is 0");
    hy_issues_free(&issues);
}

static void broken_text_has_line_and_column(void **state)
{
    (void)state;
    static const issue_case cases[] = {
        {"", HYDRA_ERR_FORMAT, "", 1, 1, "near end of file"},
        {"x", HYDRA_ERR_FORMAT, "", 1, 1, "'[' or '{' expected near 'x'"},
        {"{\n  \"hydra\": 1,\n}", HYDRA_ERR_FORMAT, "", 3, 1, "string or '}' expected"},
        {"{\"hydra\": 1}\n\n  {", HYDRA_ERR_FORMAT, "", 3, 3, "end of file expected"},
        {"{\"hydra\": tru}", HYDRA_ERR_FORMAT, "", 1, 13, "invalid token near 'tru'"},
        {"{\n\"\xc3\xa9\": \xff", HYDRA_ERR_FORMAT, "", 2, 7, "unable to decode byte 0xff"},
        {"{\"a\": [{}, \"b\\u0000c\"]}", BAD, "/a/1", 1, 12, "holds the character \\u0000"},
        {"{\"b\": {\"a\\u0000\": 1}}", BAD, "/b", 1, 8, "holds the character \\u0000"},
        {"{\"a\": \"\\ud800\"}", HYDRA_ERR_FORMAT, "", 1, 14, "invalid Unicode"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_issues issues = issues_of(cases[i].json);
        assert_int_equal(issues.count, 1);
        expect_issue(&issues.items[0], &cases[i]);
        hy_issues_free(&issues);
    }
}

/* Text that the parser stops at, but that is JSON: it hides nothing else. */
static void what_stops_the_parser_hides_nothing(void **state)
{
    (void)state;
    const char *json =
        "{\"hydra\": 1, \"fps\": 99999999999999999999,\n"
        "  \"images\": [{\"src\": \"a\", \"duration\": 1e400, \"fit\": \"fill\",\n"
        "    \"\\u0066it\"\n: {\"fit\": [1, \"}\"], \"x\": -7e999}},\n"
        "    {\"src\": -1E+309, \"fit\": \"covr\"}],\n"
        "  \"fps\" :25 , \"output\": {\"crf\": -2e308, \"x\": 1e999, \"x\":1, \"x\":2},\n"
        "  \"fsp\": 1 }";
    static const issue_case cases[] = {
        {"", BAD, "/images/0/fit", 3, 5, "the key \"fit\" is there already"},
        {"", BAD, "/fps", 6, 3, "the key \"fps\" is there already"},
        {"", BAD, "/output/x", 6, 53, "the key \"x\" is there already"},
        {"", BAD, "/output/x", 6, 60, "the key \"x\" is there already"},
        {"", BAD, "/fps", 1, 21, "is 1e20, it must be"},
        {"", BAD, "/images/0/duration", 2, 39, "is 1e308 or more, it must be seconds"},
        {"", BAD, "/images/1/src", 5, 13, "is -1e308 or less, it must be a path"},
        {"", BAD, "/images/1/fit", 5, 29, "is \"covr\""},
        {"", BAD, "/output/crf", 6, 33, "is -1e308 or less, it must be a number 0..51"},
        {"", BAD, "/output/x", 6, 46, "has no key \"x\""},
        {"", BAD, "/fsp", 7, 10, "did you mean \"fps\"?"},
    };
    hy_issues issues = issues_of(json);
    for (size_t i = 0; i < COUNT(cases) && i < (size_t)issues.count; i++) {
        expect_issue(&issues.items[i], &cases[i]);
    }
    assert_int_equal(issues.count, COUNT(cases));
    hy_issues_free(&issues);
}

/* Numbers as long as one likes, and more of them than are passed over. */
static void numbers_without_end(void **state)
{
    (void)state;
    char digits[401] = "";
    char items[1201] = "";
    char json[2048];
    memset(digits, '9', sizeof digits - 1);
    for (size_t i = 0; i < 150; i++) {
        memcpy(items + i * 8, ", 1e9999", 9);
    }
    (void)snprintf(json, sizeof json, "{\"hydra\": 1, \"duration\": -%s}", digits);
    hy_issues issues = issues_of(json);
    assert_int_equal(issues.count, 1);
    expect_issue(&issues.items[0],
                 &(issue_case){"", BAD, "/duration", 1, 26, "is -1e308 or less, it must be"});
    hy_issues_free(&issues);
    (void)snprintf(json, sizeof json, "{\"images\": [0%s]}", items);
    issues = issues_of(json);
    assert_int_equal(issues.count, 1);
    expect_issue(&issues.items[0],
                 &(issue_case){"", BAD, "/images/101", 1, 816, "number overflow near '1e9999'"});
    hy_issues_free(&issues);
}

/* Half of each file is no file: every cut is noticed, none is read beyond. */
static void every_cut_is_noticed(void **state)
{
    (void)state;
    static const char whole[] = "{\"hydra\": 1, \"images\": [{\"src\": \"\\u00e9\", \"duration\": "
                                "1.5e0, \"motion\": {\"type\": \"none\"}}], \"fps\": \"25/1\"}";
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        /* On the heap, of that size, for the memory checkers. */
        char *json = malloc(size + (size == 0));
        assert_non_null(json);
        memcpy(json, whole, size);
        hy_issues issues = issues_of_bytes(json, size);
        assert_int_equal(issues.items[0].status, HYDRA_ERR_FORMAT);
        hy_issues_free(&issues);
        free(json);
    }
    hy_document document;
    load(&document, whole);
    hy_document_free(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_means_the_defaults),
        cmocka_unit_test(document_keys),
        cmocka_unit_test(image_keys),
        cmocka_unit_test(audio_and_output_keys),
        cmocka_unit_test(every_word),
        cmocka_unit_test(every_position),
        cmocka_unit_test(every_complaint_has_its_place),
        cmocka_unit_test(all_are_told_at_once),
        cmocka_unit_test(broken_text_has_line_and_column),
        cmocka_unit_test(what_stops_the_parser_hides_nothing),
        cmocka_unit_test(numbers_without_end),
        cmocka_unit_test(every_cut_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
