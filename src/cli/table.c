#include "cli/table.h"

#include "base/mem.h"
#include "base/must.h"
#include "cli/when.h"

#include <stdio.h>
#include <time.h>

enum { GAP = 2, LEAST = 10 /* "59 min ago" */ };

static const char ELLIPSIS[] = "\xE2\x80\xA6";

void table_init(struct table *t, size_t columns, const char *const *headings)
{
    must(columns > 0 && columns <= TABLE_COLUMNS_MAX);
    *t = (struct table){.columns = columns};
    for (size_t i = 0; i < columns; i++)
        table_add(t, STYLE_DIM, str_of(headings[i]));
}

void table_done(struct table *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->cells[i].text);
    free(t->cells);
    *t = (struct table){0};
}

void table_add(struct table *t, enum style style, struct str text)
{
    struct buf clean = {0};
    term_clean(text, false, &clean);
    t->cells = mem_realloc(t->cells, (t->count + 1) * sizeof *t->cells);
    t->cells[t->count++] = (struct table_cell){buf_take(&clean), style};
}

void table_add_number(struct table *t, enum style style, long long n)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", n);
    table_add(t, style, str_of(text));
}

void table_add_ago(struct table *t, struct str rfc3339)
{
    char text[WHEN_TEXT];
    table_add(t, STYLE_PLAIN, str_of(when_ago(rfc3339.p, time(NULL), text)));
}

/* Ids and times are dim: half of one is of no use to anybody. */
static bool is_dim(const struct table *t, size_t column)
{
    size_t below_heading = t->columns + column;
    return below_heading < t->count && t->cells[below_heading].style == STYLE_DIM;
}

/* Takes `excess` off the widest columns, as long as they are wider than LEAST. Returns the rest. */
static size_t narrow(const struct table *t, bool dim_too, size_t excess,
                     size_t width[TABLE_COLUMNS_MAX])
{
    for (; excess > 0; excess--) {
        size_t widest = t->columns;
        for (size_t c = 0; c < t->columns; c++)
            if ((dim_too || !is_dim(t, c)) && width[c] > LEAST &&
                (widest == t->columns || width[c] > width[widest]))
                widest = c;
        if (widest == t->columns)
            break;
        width[widest]--;
    }
    return excess;
}

static void measure(const struct table *t, unsigned limit, size_t width[TABLE_COLUMNS_MAX])
{
    size_t total = GAP * (t->columns - 1);
    for (size_t c = 0; c < t->columns; c++) {
        width[c] = 0;
        for (size_t i = c; i < t->count; i += t->columns) {
            size_t w = term_columns(str_of(t->cells[i].text));
            width[c] = w > width[c] ? w : width[c];
        }
        total += width[c];
    }
    if (limit && total > limit)
        (void)narrow(t, true, narrow(t, false, total - limit, width), width);
}

static void print_cell(struct term *out, const struct table_cell *cell, size_t width, bool last)
{
    struct str text = str_of(cell->text);
    size_t columns = term_columns(text);
    if (columns > width) {
        text.n = term_fit(text, width - 1);
        columns = term_columns(text) + 1;
        term_say(out, cell->style, STR_FMT "%s", STR_ARG(text), ELLIPSIS);
    } else {
        term_say(out, cell->style, STR_FMT, STR_ARG(text));
    }
    if (!last)
        term_say(out, STYLE_PLAIN, "%*s", (int)(width - columns + GAP), "");
}

void table_print(const struct table *t, struct term *out)
{
    size_t width[TABLE_COLUMNS_MAX];
    must(t->count % t->columns == 0);
    measure(t, out->width, width);
    for (size_t i = 0; i < t->count; i++) {
        bool last = i % t->columns == t->columns - 1;
        print_cell(out, &t->cells[i], width[i % t->columns], last);
        if (last)
            (void)fputc('\n', out->file);
    }
}
