/* SPDX-License-Identifier: MIT */
/*
 * What reader and writer share: tables that describe each JSON object once. A field says which key
 * stands for which member of which struct, in which range; reader and writer each have one function
 * per kind of field. docs/project.schema.json says the same for others, and a test compares.
 */
#ifndef HY_PROJECT_PRIVATE_H
#define HY_PROJECT_PRIVATE_H

#include "project.h"

/* ---- words.c ---- */

typedef struct hy_word {
    const char *text;
    int32_t value;
} hy_word;

/* Each ends with a NULL text. The first word of a value is the one that is written. */
extern const hy_word hy_words_canvas[];
extern const hy_word hy_words_fit[];
extern const hy_word hy_words_position[]; /* 3 * row + column, of thirds 0, 1, 2 */
extern const hy_word hy_words_motion[];
extern const hy_word hy_words_easing[];
extern const hy_word hy_words_transition[];
extern const hy_word hy_words_mode[];
extern const hy_word hy_words_when_short[];
extern const hy_word hy_words_encoder[];
extern const hy_word hy_words_codec[];
extern const hy_word hy_words_profile[];
extern const hy_word hy_words_when_busy[];
extern const hy_word hy_words_in_order[];
extern const hy_word hy_words_when_exists[];

/* NULL when there is none. */
const hy_word *hy_word_find(const hy_word *words, const char *text);
const hy_word *hy_word_of(const hy_word *words, int32_t value);

/* Pixels of a HYDRA_CANVAS_*. */
void hy_preset_size(int32_t preset, int32_t *width, int32_t *height);

/* ---- fields.c ---- */

typedef enum hy_field_kind {
    HY_FIELD_VERSION,        /* 1 */
    HY_FIELD_IGNORED,        /* any string */
    HY_FIELD_WORD,           /* int32_t, from `words` */
    HY_FIELD_INTEGER,        /* int32_t, `low`..`high`, a multiple of `step` */
    HY_FIELD_NUMBER,         /* double, `low`..`high` */
    HY_FIELD_SECONDS,        /* int64_t of microseconds, `low`..`high` seconds */
    HY_FIELD_TEXT,           /* char *, owned */
    HY_FIELD_SOURCE,         /* hy_source */
    HY_FIELD_COLOR,          /* uint32_t 0xRRGGBB */
    HY_FIELD_RATE,           /* hy_rate */
    HY_FIELD_PRESET,         /* width and height of a hy_project */
    HY_FIELD_POSITION,       /* focus of a hydra_image_options: words or `shape` */
    HY_FIELD_BACKDROP,       /* backdrop and its colour, of a hydra_image_options */
    HY_FIELD_OBJECT,         /* `shape` */
    HY_FIELD_WORD_OR_OBJECT, /* `shape`, or the word of its first field alone */
    HY_FIELD_IMAGES,         /* array of hy_shape_image, into a hy_project */
    HY_FIELD_KINDS
} hy_field_kind;

typedef struct hy_shape hy_shape;

typedef struct hy_field {
    const char *key;
    hy_field_kind kind;
    size_t offset; /* of the member in the struct of the shape */
    double low;
    double high;
    int32_t step;       /* 0 = 1 */
    bool has_automatic; /* the word "auto" stands for `automatic`, */
    int32_t automatic;  /* which is the default */
    size_t present;     /* offset of a bool that tells whether the key is there; 0 = none */
    const hy_word *words;
    const hy_shape *shape;
    const char *expected; /* "a number 0..1"; NULL: the words tell */
} hy_field;

struct hy_shape {
    const hy_field *fields; /* the last one has no key */
    const char *required;   /* key that must be there, or NULL */
    const char *name;       /* "an image" */
};

extern const hy_shape hy_shape_document; /* of a hy_document */
extern const hy_shape hy_shape_canvas;   /* of a hy_document */
extern const hy_shape hy_shape_output;   /* of a hy_document */
extern const hy_shape hy_shape_image;    /* of a hy_project_image */

/* A hy_project_image with the defaults of each field. */
void hy_project_image_init(hy_project_image *image);

/* ---- number.c: numbers as JSON, the same in every locale ---- */

#define HY_JSON_NUMBER_BYTES 32

/* 2500000 as "2.5". Not negative. Returns `out`. */
const char *hy_seconds_text(int64_t time_us, char out[HY_JSON_NUMBER_BYTES]);
/* The shortest text that reads back as exactly this finite number. Returns `out`. */
const char *hy_real_text(double value, char out[HY_JSON_NUMBER_BYTES]);

/* ---- suggest.c: did you mean ---- */

typedef struct hy_suggestion {
    const char *given;
    const char *best; /* NULL = nothing is close */
    int32_t distance; /* of the best */
} hy_suggestion;

hy_suggestion hy_suggest_for(const char *given);
/* Keep the candidate if it is the closest so far. Its text is borrowed. */
void hy_suggest(hy_suggestion *suggestion, const char *candidate);

/* ---- pointer.c: JSON pointers ---- */

#define HY_POINTER_BYTES 512

/* Whether a key can stand in a pointer as it is: short, without control characters. */
bool hy_pointer_takes(const char *key);
/* Append a segment at `used`, as far as there is room; returns the new length. */
size_t hy_pointer_put_key(char pointer[HY_POINTER_BYTES], size_t used, const char *key);
size_t hy_pointer_put_index(char pointer[HY_POINTER_BYTES], size_t used, size_t index);

/* ---- locate.c: places in JSON text ---- */

typedef struct hy_text_place {
    int32_t line;   /* from 1; 0 = not found */
    int32_t column; /* bytes, from 1 */
} hy_text_place;

/* Line and column of a byte. */
hy_text_place hy_text_place_at(const char *json, size_t size, size_t offset);
/* Where the value of a JSON pointer stands. The text must be valid JSON. */
hy_text_place hy_json_locate(const char *json, size_t size, const char *pointer);

/* A key or value in a text, and what it is inside of. */
typedef struct hy_json_spot {
    size_t start; /* of the key or value; `size` = there is none */
    size_t end;
    bool is_key;
    int32_t depth; /* levels that are used */
    struct hy_json_level {
        bool is_object;
        bool in_value; /* behind the key of a member */
        size_t key;    /* where the key begins, in quotes */
        size_t key_end;
        size_t index; /* of the item in an array */
    } levels[HY_JSON_MAX_DEPTH];
} hy_json_spot;

/* What stands at a byte. The text must be valid JSON up to there; behind that it may be anything.
 */
hy_json_spot hy_json_spot_at(const char *json, size_t size, size_t offset);
/* The end of the value that begins behind the colon of the key that ends at `key_end`. */
size_t hy_json_member_end(const char *json, size_t size, size_t key_end);

/* What a text would cost to parse. The counts are right up to the first syntax error. */
typedef struct hy_json_extent {
    int64_t values;     /* at most so many */
    size_t too_deep_at; /* offset of the bracket that is beyond HY_JSON_MAX_DEPTH; or `size` */
} hy_json_extent;
hy_json_extent hy_json_measure(const char *json, size_t size);

#endif
