#include "cli/near.h"

#include <stdbool.h>
#include <string.h>

enum { WORD_MAX = 32, NEAR = 3, BEGINNING_MIN = 3 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

unsigned near_distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    unsigned d[WORD_MAX + 1][WORD_MAX + 1];
    if (rows > WORD_MAX || columns > WORD_MAX)
        return WORD_MAX; /* nobody mistypes that much */
    for (size_t i = 0; i <= rows; i++)
        d[i][0] = (unsigned)i;
    for (size_t j = 0; j <= columns; j++)
        d[0][j] = (unsigned)j;
    for (size_t i = 1; i <= rows; i++)
        for (size_t j = 1; j <= columns; j++) {
            d[i][j] =
                least(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1, WORD_MAX);
        }
    return d[rows][columns];
}

struct near near_to(const char *word)
{
    /* A word of two letters is two edits from most words of three. */
    unsigned len = strlen(word) < NEAR ? (unsigned)strlen(word) : NEAR;
    return (struct near){.word = word, .distance = len};
}

void near_offer(struct near *n, const char *known)
{
    size_t len = strlen(n->word);
    bool begins = len >= BEGINNING_MIN && strncmp(known, n->word, len) == 0;
    unsigned distance = begins ? 1 : near_distance(n->word, known);
    if (distance < n->distance) {
        n->best = known;
        n->distance = distance;
    }
}
