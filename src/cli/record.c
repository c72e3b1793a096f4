#include "cli/record.h"

#include "base/mem.h"
#include "base/must.h"
#include "cli/command.h"
#include "cli/when.h"

static enum style status_style(struct str status)
{
    if (str_is(status, "success"))
        return STYLE_GREEN;
    return str_is(status, "throttled") ? STYLE_YELLOW : STYLE_RED;
}

static uint64_t duration_us(const json_t *call)
{
    const json_t *us = json_object_get(call, "duration_us");
    json_int_t n = us ? json_integer_value(us) : cli_integer(call, "duration_ms") * 1000;
    return n > 0 ? (uint64_t)n : 0;
}

static void show_head(struct cli *c, const json_t *call, bool named)
{
    char at[WHEN_TEXT], took[WHEN_TEXT];
    struct str status = cli_text(call, "status"), name = cli_text(call, "function_name");
    term_say(&c->out, STYLE_DIM, "%s  ", when_local(cli_text(call, "created_at").p, at));
    if (named)
        term_say(&c->out, STYLE_BOLD, STR_FMT "  ",
                 STR_ARG(name.n > 0 ? name : cli_text(call, "function_id")));
    term_show(&c->out, status_style(status), status);
    term_say(&c->out, STYLE_PLAIN, "  %s  %s  v%" JSON_INTEGER_FORMAT "  ",
             when_duration(duration_us(call), took),
             json_is_true(json_object_get(call, "cold_start")) ? "cold" : "warm",
             cli_integer(call, "version"));
    if (cli_text(call, "http_method").n > 0)
        term_say(&c->out, STYLE_PLAIN, "%s %s  ", cli_text(call, "http_method").p,
                 cli_text(call, "http_path").p);
    term_show(&c->out, STYLE_DIM, cli_text(call, "id"));
    term_say(&c->out, STYLE_PLAIN, "\n");
}

void record_show(struct cli *c, const json_t *call, bool named)
{
    if (c->json) {
        auto_ptr char *text = json_dumps(call, JSON_COMPACT | JSON_REAL_PRECISION(15));
        term_show(&c->out, STYLE_PLAIN, str_of(text));
        term_say(&c->out, STYLE_PLAIN, "\n");
        return;
    }
    show_head(c, call, named);
    term_show_indented(&c->out, STYLE_PLAIN, "    ", cli_text(call, "stdout"));
    term_show_indented(&c->out, STYLE_DIM, "    ", cli_text(call, "stderr"));
    bool traced = cli_text(call, "traceback").n > 0; /* its last line is the error */
    term_show_indented(&c->out, STYLE_RED, "    ", cli_text(call, traced ? "traceback" : "error"));
}

static void show_text(struct cli *c, const char *name, struct str text)
{
    if (text.n == 0)
        return;
    term_say(&c->out, STYLE_BOLD, "  %s\n", name);
    term_show_indented(&c->out, STYLE_PLAIN, "    ", text);
}

static void show_phases(struct cli *c, const json_t *call)
{
    static const char *const names[] = {"queue", "place", "load", "handler"};
    const json_t *phases = json_object_get(call, "phases");
    auto_buf struct buf text = {0};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char member[16], took[WHEN_TEXT];
        (void)snprintf(member, sizeof member, "%s_us", names[i]);
        json_int_t us = cli_integer(phases, member);
        buf_addf(&text, "%s%s %s", i ? ", " : "", names[i],
                 when_duration(us > 0 ? (uint64_t)us : 0, took));
    }
    cli_field(c, "time", buf_str(&text));
    buf_clear(&text);
    buf_addf(&text, "%.1f MB at most, %.1f ms of the processor",
             (double)cli_integer(call, "peak_memory_bytes") / (1 << 20),
             (double)cli_integer(call, "cpu_us") / 1e3);
    cli_field(c, "used", buf_str(&text));
}

void record_show_whole(struct cli *c, const json_t *call)
{
    size_t i;
    const json_t *cut;
    if (c->json) {
        record_show(c, call, false);
        return;
    }
    show_head(c, call, false);
    show_phases(c, call);
    show_text(c, "input", cli_text(call, "input"));
    show_text(c, "output", cli_text(call, "output"));
    show_text(c, "error", cli_text(call, "error"));
    show_text(c, "traceback", cli_text(call, "traceback"));
    show_text(c, "stdout", cli_text(call, "stdout"));
    show_text(c, "stderr", cli_text(call, "stderr"));
    json_array_foreach(json_object_get(call, "truncated"), i, cut)
    {
        term_say(&c->err, STYLE_YELLOW, "virga: %s was cut: it was too long for a record\n",
                 json_is_string(cut) ? json_string_value(cut) : "");
    }
}
