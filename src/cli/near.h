/* near — which known word somebody may have meant. */
#pragma once

struct near {
    const char *word; /* as it was typed */
    const char *best; /* NULL: nothing known is near it */
    unsigned distance;
};

struct near near_to(const char *word);
void near_offer(struct near *n, const char *known);

/* How many edits (insert, delete, replace, swap of neighbours) lead from one word to the other. */
unsigned near_distance(const char *a, const char *b);
