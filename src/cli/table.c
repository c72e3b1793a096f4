#include "cli/table.h"

#include "base/mem.h"
#include "base/must.h"
#include "cli/when.h"

#include <stdio.h>
#include <time.h>

enum { GAP = 2, FIRST_MIN = 8 };

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
    if (limit == 0 || total <= limit)
        return;
    size_t excess = total - limit;
    size_t least = width[0] < FIRST_MIN ? width[0] : FIRST_MIN;
    width[0] = width[0] > least + excess ? width[0] - excess : least;
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
