/* logs — the records of a function's calls, oldest first. With -f the server is asked again and
 * again for what came after the newest record seen. */
#include "base/mem.h"
#include "base/must.h"
#include "cli/command.h"
#include "cli/pretty.h"
#include "cli/when.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SHOWN = 20, COUNT_MAX = 1000, PAGE = 100, PAGES_MAX = 20, INTERVAL_MS = 500, ID_SHOWN = 12 };

const struct option_spec logs_options[] = {
    {'f', "follow", NULL, "goes on with new calls until Ctrl-C"},
    {'n', "lines", "COUNT", "how many calls (default 20)"},
    {0, "status", "WORDS", "only these, such as error,timeout"},
    {0, "since", "WHEN", "not before: 30m, 2h, 3d ago, or a time like 2030-01-31T12:00:00Z"},
    {0, "until", "WHEN", "not after"},
    {0, "source", "WORD", "direct or gateway"},
    {0, "cold", NULL, "only cold starts"},
    {0, "text", "TEXT", "only with this text in input, output or log"},
    {0},
};

struct logs {
    struct cli *cli;
    const json_t *function;
    char *newest;      /* id of the newest record shown, or NULL */
    struct buf filter; /* "&status=error", ... */
};

static enum style status_style(struct str status)
{
    if (str_is(status, "success"))
        return STYLE_GREEN;
    return str_is(status, "throttled") ? STYLE_YELLOW : STYLE_RED;
}

static uint64_t duration_us(const json_t *call)
{
    const json_t *us = json_object_get(call, "duration_us");
    json_int_t n = us ? json_integer_value(us)
                      : json_integer_value(json_object_get(call, "duration_ms")) * 1000;
    return n > 0 ? (uint64_t)n : 0;
}

static void show_head(struct cli *c, const json_t *call)
{
    char at[WHEN_TEXT], took[WHEN_TEXT];
    struct str status = cli_text(call, "status");
    term_say(&c->out, STYLE_DIM, "%s  ", when_local(cli_text(call, "created_at").p, at));
    term_show(&c->out, status_style(status), status);
    term_say(&c->out, STYLE_PLAIN, "  %s  %s", when_duration(duration_us(call), took),
             json_is_true(json_object_get(call, "cold_start")) ? "cold" : "warm");
    json_int_t version = json_integer_value(json_object_get(call, "version"));
    term_say(&c->out, STYLE_PLAIN, "  v%" JSON_INTEGER_FORMAT "  ", version);
    term_show(&c->out, STYLE_DIM, cli_text(call, "id"));
    term_say(&c->out, STYLE_PLAIN, "\n");
}

static void show_call(struct cli *c, const json_t *call)
{
    if (c->json) {
        auto_ptr char *text = json_dumps(call, JSON_COMPACT | JSON_REAL_PRECISION(15));
        term_show(&c->out, STYLE_PLAIN, str_of(text));
        term_say(&c->out, STYLE_PLAIN, "\n");
        return;
    }
    show_head(c, call);
    term_show_indented(&c->out, STYLE_PLAIN, "    ", cli_text(call, "stdout"));
    term_show_indented(&c->out, STYLE_DIM, "    ", cli_text(call, "stderr"));
    bool traced = cli_text(call, "traceback").n > 0; /* its last line is the error */
    term_show_indented(&c->out, STYLE_RED, "    ", cli_text(call, traced ? "traceback" : "error"));
}

/* `cursor` is "before" or "after"; without an id there is none. */
static int fetch(struct logs *l, size_t limit, const char *cursor, const char *id, json_t **ret,
                 struct err *e)
{
    auto_buf struct buf path = {0};
    char query[48];
    (void)snprintf(query, sizeof query, "/invocations?limit=%zu", limit);
    if (cli_function_path(l->function, query, &path, e) < 0)
        return -1;
    buf_add_str(&path, buf_str(&l->filter));
    if (id && *id) {
        buf_addf(&path, "&%s=", cursor);
        client_escape(&path, id);
    }
    return cli_get(l->cli, path.data, ret, NULL, e);
}

/* `calls` come newest first. */
static void show_calls(struct logs *l, const json_t *calls)
{
    for (size_t i = json_array_size(calls); i-- > 0;)
        show_call(l->cli, json_array_get(calls, i));
    if (cli_text(json_array_get(calls, 0), "id").n > 0) {
        free(l->newest);
        l->newest = mem_strdup(cli_text(json_array_get(calls, 0), "id").p);
    }
    (void)fflush(l->cli->out.file);
}

/* The newest `count` calls. A page may hold fewer than asked for (the server bounds its bytes too):
 * only an empty one is the end. */
static int show_newest(struct logs *l, size_t count, struct err *e)
{
    auto_json json_t *calls = json_array();
    while (json_array_size(calls) < count) {
        auto_json json_t *page = NULL;
        size_t have = json_array_size(calls);
        size_t limit = count - have < PAGE ? count - have : PAGE;
        struct str last = cli_text(json_array_get(calls, have - 1), "id");
        if (have > 0 && last.n == 0)
            break;
        if (fetch(l, limit, "before", last.p, &page, e) < 0)
            return -1;
        if (json_array_size(page) == 0 || json_array_extend(calls, page) < 0)
            break;
    }
    show_calls(l, calls);
    return 0;
}

/* All that came after the newest one shown, the oldest page first. */
static int show_later(struct logs *l, struct err *e)
{
    for (unsigned i = 0; i < PAGES_MAX; i++) {
        auto_json json_t *page = NULL;
        if (fetch(l, PAGE, "after", l->newest, &page, e) < 0)
            return -1;
        if (json_array_size(page) == 0)
            break;
        show_calls(l, page);
    }
    return 0;
}

/* Nothing is left to tidy up, and every batch of lines has been flushed. */
static void on_interrupt(int signal_number)
{
    (void)signal_number;
    _exit(CLI_OK);
}

/* A server that restarts is waited for; what it refuses ends the following. */
static int follow(struct logs *l, struct err *e)
{
    bool lost = false;
    for (;;) {
        (void)poll(NULL, 0, INTERVAL_MS);
        bool reached = show_later(l, e) == 0;
        if (!reached && e->code != ERR_UNAVAILABLE)
            return -1;
        if (lost == reached)
            term_say(&l->cli->err, STYLE_YELLOW, "virga: %s\n",
                     reached ? "connected again" : "the server is gone; waiting for it");
        lost = !reached;
    }
}

static int parse_count(const struct cli *c, size_t *ret, struct err *e)
{
    const char *text = options_value(&c->options, "lines");
    uint64_t n = SHOWN;
    if (text && (!str_to_u64(str_of(text), &n) || n == 0 || n > COUNT_MAX))
        return err_set(e, ERR_INVALID, "--lines takes a number from 1 to %d, not '%s'", COUNT_MAX,
                       text);
    *ret = (size_t)n;
    return 0;
}

static void add_filter(struct logs *l, const char *name, const char *value)
{
    buf_addf(&l->filter, "&%s=", name);
    client_escape(&l->filter, value);
}

/* "2h" is a time in the past; anything else is for the server to judge. */
static void add_time(struct logs *l, const char *name, const char *value)
{
    static const struct {
        char letter;
        time_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    uint64_t count;
    char at[32];
    size_t len = strlen(value);
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (len > 1 && value[len - 1] == units[i].letter &&
            str_to_u64((struct str){value, len - 1}, &count) && count < 1000000) {
            time_t when = time(NULL) - (time_t)count * units[i].seconds;
            (void)strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime(&when));
            add_filter(l, name, at);
            return;
        }
    add_filter(l, name, value);
}

static void add_filters(struct logs *l)
{
    static const struct {
        const char *option, *parameter;
        void (*add)(struct logs *l, const char *name, const char *value);
    } filters[] = {{"status", "status", add_filter},
                   {"since", "since", add_time},
                   {"until", "until", add_time},
                   {"source", "source", add_filter},
                   {"text", "q", add_filter}};
    const struct options *o = &l->cli->options;
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        if (options_value(o, filters[i].option))
            filters[i].add(l, filters[i].parameter, options_value(o, filters[i].option));
    if (options_has(o, "cold"))
        add_filter(l, "cold", "true");
}

int logs_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL;
    size_t count = 0;
    if (parse_count(c, &count, e) < 0 || cli_function(c, cli_arg(c, 0), &fn, e) < 0)
        return -1;
    bool following = options_has(&c->options, "follow");
    if (following &&
        (signal(SIGINT, on_interrupt) == SIG_ERR || signal(SIGTERM, on_interrupt) == SIG_ERR))
        return err_sys(e, "handle Ctrl-C");
    struct logs l = {.cli = c, .function = fn};
    add_filters(&l);
    int done = show_newest(&l, count, e);
    if (done == 0 && following)
        done = follow(&l, e);
    free(l.newest);
    buf_done(&l.filter);
    return done < 0 ? -1 : CLI_OK;
}
