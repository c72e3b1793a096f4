/* term — text for people: colours, widths, and no escape sequences from strangers.
 *
 * Whatever a function or a server sent may hold terminal escape sequences, which can rewrite what
 * is on the screen, set the title or answer as if typed. On a terminal they are shown instead of
 * obeyed; into a pipe or file bytes go unchanged. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdio.h>

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW };

struct term {
    FILE *file;
    bool tty;
    bool colour;    /* a terminal, NO_COLOR unset or empty, TERM not "dumb" */
    unsigned width; /* columns; 0 when it is no terminal */
};

void term_init(struct term *t, FILE *file);

/* Formatted text, with `style` where colours are on. What it holds of strangers is neutralised. */
void term_say(struct term *t, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for bytes: neutralised on a terminal, as they are elsewhere. */
void term_show(struct term *t, enum style style, struct str text);
/* The same, with a newline at its end if it has none. Nothing for empty text. */
void term_show_line(struct term *t, enum style style, struct str text);
/* The same, each line behind `indent`; ends with a newline. Nothing for empty text. */
void term_show_indented(struct term *t, enum style style, const char *indent, struct str text);

/* Appends `text` with control characters, C1 codes, bidirectional overrides and invalid UTF-8
 * written as \x1b, \u202e. `lines` keeps newlines and tabs. */
void term_clean(struct str text, bool lines, struct buf *out);

/* Columns that well-formed UTF-8 takes on a terminal. */
size_t term_columns(struct str text);
/* Bytes of the longest beginning of `text` that fits into `columns`. */
size_t term_fit(struct str text, size_t columns);
