#include "calls/row_json.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/must.h"
#include "calls/sieve.h"

#include <inttypes.h>

static void add_text(struct buf *out, const char *name, struct str value)
{
    buf_addf(out, ",\"%s\":", name);
    if (value.p)
        json_add_string(out, value);
    else
        buf_addz(out, "null");
}

static bool in_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Shortens to `max` bytes, at the border of a character, and notes that. */
static void shorten(struct str *s, size_t max, unsigned flag, unsigned *cut)
{
    if (!max || s->n <= max)
        return;
    for (s->n = max; s->n > 0 && in_character(s->p[s->n]);)
        s->n--;
    *cut |= flag;
}

static void add_cut(struct buf *out, unsigned cut)
{
    static const char *const names[] = {"input", "output", "stdout", "stderr"};
    buf_addz(out, ",\"truncated\":[");
    for (unsigned i = 0, first = 1; i < ARRAY_LEN(names); i++) {
        if (cut & 1u << i) {
            buf_addf(out, "%s\"%s\"", first ? "" : ",", names[i]);
            first = 0;
        }
    }
    buf_addz(out, "]");
}

static void add_figures(struct buf *out, const struct call_row *row)
{
    char time[CLOCK_TEXT];
    buf_addf(out,
             ",\"created_at\":\"%s\",\"version\":%u,\"cold_start\":%s,\"duration_ms\":%" PRId64
             ",\"duration_us\":%" PRId64 ",\"phases\":{\"queue_us\":%" PRId64
             ",\"place_us\":%" PRId64 ",\"load_us\":%" PRId64 ",\"handler_us\":%" PRId64
             "},\"peak_memory_bytes\":%" PRId64 ",\"cpu_us\":%" PRId64 ",\"streamed\":%s",
             clock_rfc3339(row->created_us, time), row->version, row->cold ? "true" : "false",
             (row->duration_us + 500) / 1000, row->duration_us, row->queue_us, row->place_us,
             row->load_us, row->handler_us, row->peak_bytes, row->cpu_us,
             row->flags & STREAMED ? "true" : "false");
}

/* Texts that P1 always has are never null. */
static struct str or_text(struct str s, const char *otherwise)
{
    return s.p ? s : str_of(otherwise);
}

void row_json(struct buf *out, const struct call_row *row, const struct row_view *view)
{
    struct call_row r = *row;
    unsigned unnoted = 0;
    if (!sieve_input_shown(row, view->member))
        r.input = (struct str){0};
    shorten(&r.input, view->text_max, CUT_INPUT, &r.flags);
    shorten(&r.output, view->text_max, CUT_OUTPUT, &r.flags);
    shorten(&r.out, view->text_max, CUT_STDOUT, &r.flags);
    shorten(&r.err, view->text_max, CUT_STDERR, &r.flags);
    shorten(&r.error, view->text_max, 0, &unnoted);
    shorten(&r.traceback, view->text_max, 0, &unnoted);
    buf_addf(out, "{\"id\":\"%s\",\"function_id\":\"%s\"", r.id, r.function);
    if (view->name && view->member)
        add_text(out, "function_name", str_of(view->name));
    add_text(out, "input", or_text(r.input, "{}"));
    add_text(out, "output", or_text(r.output, ""));
    add_text(out, "status", str_of(r.status));
    add_text(out, "source", str_of(r.source));
    add_text(out, "http_method", str_of(r.http_method));
    add_text(out, "http_path", str_of(r.http_path));
    add_figures(out, &r);
    add_text(out, "error", r.error);
    if (view->member)
        add_text(out, "traceback", r.traceback);
    add_text(out, "stdout", or_text(r.out, ""));
    add_text(out, "stderr", or_text(r.err, ""));
    add_cut(out, r.flags);
    buf_addz(out, "}");
}
