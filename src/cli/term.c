#include "cli/term.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { WIDTH_UNKNOWN = 80, BAD = 0xFFFFFFFF };

static const char *const sgr[] = {
    [STYLE_PLAIN] = "",       [STYLE_BOLD] = "\033[1m",   [STYLE_DIM] = "\033[2m",
    [STYLE_RED] = "\033[31m", [STYLE_GREEN] = "\033[32m", [STYLE_YELLOW] = "\033[33m",
};

void term_init(struct term *t, FILE *file)
{
    const char *no_color = getenv("NO_COLOR"), *kind = getenv("TERM");
    *t = (struct term){.file = file, .tty = isatty(fileno(file)) == 1};
    t->colour = t->tty && !(no_color && *no_color) && !(kind && strcmp(kind, "dumb") == 0);
    if (!t->tty)
        return;
    struct winsize size = {0};
    t->width =
        ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : WIDTH_UNKNOWN;
}

static void begin(struct term *t, enum style style)
{
    if (t->colour && style != STYLE_PLAIN)
        (void)fputs(sgr[style], t->file);
}

static void end(struct term *t, enum style style)
{
    if (t->colour && style != STYLE_PLAIN)
        (void)fputs("\033[0m", t->file);
}

void term_say(struct term *t, enum style style, const char *fmt, ...)
{
    va_list args;
    auto_buf struct buf text = {0};
    va_start(args, fmt);
    buf_vaddf(&text, fmt, args);
    va_end(args);
    term_show(t, style, buf_str(&text));
}

void term_show(struct term *t, enum style style, struct str text)
{
    auto_buf struct buf clean = {0};
    if (t->tty)
        term_clean(text, true, &clean);
    else
        buf_add_str(&clean, text);
    begin(t, style);
    (void)fwrite(clean.data ? clean.data : "", 1, clean.len, t->file);
    end(t, style);
}

void term_show_line(struct term *t, enum style style, struct str text)
{
    if (text.n == 0)
        return;
    term_show(t, style, text);
    if (text.p[text.n - 1] != '\n')
        term_say(t, STYLE_PLAIN, "\n");
}

void term_show_indented(struct term *t, enum style style, const char *indent, struct str text)
{
    while (text.n > 0) {
        struct str line = str_cut(&text, '\n');
        (void)fputs(indent, t->file);
        term_show(t, style, line);
        (void)fputc('\n', t->file);
    }
}

/* One code point off the front; BAD for a byte that is no UTF-8, which alone is taken then. */
static uint32_t next_point(struct str *text)
{
    const unsigned char *p = (const unsigned char *)text->p;
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    struct str one = {text->p, n <= text->n ? n : 1};
    uint32_t point = BAD;
    if (n <= text->n && str_is_utf8(one)) {
        point = n == 1 ? p[0] : p[0] & (0xFFu >> (n + 1));
        for (size_t i = 1; i < n; i++)
            point = point << 6 | (p[i] & 0x3Fu);
    } else {
        one.n = 1;
    }
    text->p += one.n;
    text->n -= one.n;
    return point;
}

/* Marks that reorder or hide the text behind them ("Trojan Source"). */
static bool is_invisible(uint32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E ||
           c == 0x200F || c == 0x061C || c == 0xFEFF;
}

void term_clean(struct str text, bool lines, struct buf *out)
{
    while (text.n > 0) {
        const char *at = text.p;
        uint32_t c = next_point(&text);
        if (c == BAD || c < 0x20 || c == 0x7F) {
            if (lines && (c == '\n' || c == '\t'))
                buf_add(out, at, 1);
            else
                buf_addf(out, "\\x%02x", (unsigned char)*at);
        } else if ((c >= 0x80 && c < 0xA0) || is_invisible(c) || c == 0x2028 || c == 0x2029) {
            buf_addf(out, "\\u%04x", c);
        } else {
            buf_add(out, at, (size_t)(text.p - at));
        }
    }
}

static size_t point_columns(uint32_t c)
{
    int w = c == BAD ? 1 : wcwidth((wchar_t)c);
    return w < 0 ? 1 : (size_t)w;
}

size_t term_columns(struct str text)
{
    size_t sum = 0;
    while (text.n > 0)
        sum += point_columns(next_point(&text));
    return sum;
}

size_t term_fit(struct str text, size_t columns)
{
    const char *start = text.p;
    size_t fits = 0;
    while (text.n > 0) {
        size_t w = point_columns(next_point(&text));
        if (w > columns)
            break;
        columns -= w;
        fits = (size_t)(text.p - start);
    }
    return fits;
}
