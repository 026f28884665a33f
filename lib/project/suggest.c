/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean": the known word that takes the fewest changes of one character. Upper case and
 * the other ways to join two words count as no change: pan_left, panLeft.
 */
#include "project_private.h"

#include <string.h>

/* Longer words than this are no misspelling of ours. */
#define MAX_LENGTH 32

/* Lower case without what joins words. False: too long. */
static bool normalize(const char *text, char out[MAX_LENGTH + 1])
{
    size_t length = 0;
    for (; *text; text++) {
        if (strchr("-_ ", *text)) {
            continue;
        }
        if (length == MAX_LENGTH) {
            return false;
        }
        out[length++] = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
    }
    out[length] = '\0';
    return true;
}

static int32_t least(int32_t a, int32_t b, int32_t c)
{
    int32_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Characters inserted, left out, replaced, or two neighbours exchanged (optimal string
 * alignment). */
static int32_t distance(const char *a, const char *b)
{
    int32_t rows[3][MAX_LENGTH + 1];
    int32_t *before = rows[0];
    int32_t *last = rows[1];
    int32_t *now = rows[2];
    int32_t width = (int32_t)strlen(b);
    for (int32_t j = 0; j <= width; j++) {
        before[j] = 0;
        last[j] = j;
    }
    for (int32_t i = 1; a[i - 1]; i++) {
        now[0] = i;
        for (int32_t j = 1; j <= width; j++) {
            int32_t changed = last[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = least(last[j] + 1, now[j - 1] + 1, changed);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = least(now[j], before[j - 2] + 1, now[j]);
            }
        }
        int32_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[width];
}

hy_suggestion hy_suggest_for(const char *given)
{
    return (hy_suggestion){.given = given};
}

void hy_suggest(hy_suggestion *suggestion, const char *candidate)
{
    char given[MAX_LENGTH + 1];
    char known[MAX_LENGTH + 1];
    if (!normalize(suggestion->given, given) || !normalize(candidate, known)) {
        return;
    }
    int32_t changes = distance(given, known);
    /* More than one change in three characters is another word. */
    int32_t allowed = (int32_t)(strlen(known) + 2) / 3;
    if (changes <= allowed && (!suggestion->best || changes < suggestion->distance)) {
        suggestion->best = candidate;
        suggestion->distance = changes;
    }
}
