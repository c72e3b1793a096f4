/* table — rows of cells, aligned by what a terminal shows (UTF-8, wide and combining characters).
 * Cells are cleaned of control characters, so that a row is always one line. */
#pragma once

#include "cli/term.h"

#include <stddef.h>

enum { TABLE_COLUMNS_MAX = 8 };

struct table_cell {
    char *text;
    enum style style;
};

struct table {
    size_t columns;
    struct table_cell *cells; /* row by row; the first row is the heading */
    size_t count;
};

#define auto_table __attribute__((cleanup(table_done)))

/* `headings` holds `columns` names. */
void table_init(struct table *t, size_t columns, const char *const *headings);
void table_done(struct table *t);
void table_add(struct table *t, enum style style, struct str text); /* the next cell */
void table_add_number(struct table *t, enum style style, long long n);
void table_add_ago(struct table *t, struct str rfc3339); /* "5 min ago", see when_ago */

/* On a terminal too narrow for it the widest cells are cut, and marked with an ellipsis; dim ones
 * last. */
void table_print(const struct table *t, struct term *out);
