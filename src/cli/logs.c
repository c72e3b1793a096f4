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
#include <unistd.h>

enum { SHOWN = 20, COUNT_MAX = 1000, PAGE = 100, PAGES_MAX = 20, INTERVAL_MS = 500, ID_SHOWN = 12 };

const struct option_spec logs_options[] = {
    {'f', "follow", NULL, "goes on with new calls until Ctrl-C"},
    {'n', "lines", "COUNT", "how many calls (default 20)"},
    {0},
};

struct logs {
    struct cli *cli;
    const json_t *function;
    char *newest; /* id of the newest record shown, or NULL */
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

static int fetch(struct logs *l, size_t limit, const char *before, json_t **ret, struct err *e)
{
    auto_buf struct buf path = {0};
    char query[48];
    (void)snprintf(query, sizeof query, "/invocations?limit=%zu", limit);
    if (cli_function_path(l->function, query, &path, e) < 0)
        return -1;
    if (l->newest) {
        buf_addz(&path, "&after=");
        client_escape(&path, l->newest);
    }
    if (before) {
        buf_addz(&path, "&before=");
        client_escape(&path, before);
    }
    return cli_get(l->cli, path.data, ret, NULL, e);
}

/* At most `count` records after the newest one shown, page by page; newest first, as they come. */
static int fetch_pages(struct logs *l, size_t count, json_t *calls, struct err *e)
{
    for (unsigned page = 0; page < PAGES_MAX && json_array_size(calls) < count; page++) {
        auto_json json_t *more = NULL;
        size_t have = json_array_size(calls);
        size_t limit = count - have < PAGE ? count - have : PAGE;
        struct str before = cli_text(have ? json_array_get(calls, have - 1) : NULL, "id");
        if (fetch(l, limit, before.n ? before.p : NULL, &more, e) < 0)
            return -1;
        (void)json_array_extend(calls, more);
        if (json_array_size(more) < limit || (have && before.n == 0))
            return 0;
    }
    return 0;
}

static int show_new(struct logs *l, size_t count, struct err *e)
{
    auto_json json_t *calls = json_array();
    if (fetch_pages(l, count, calls, e) < 0)
        return -1;
    size_t n = json_array_size(calls) < count ? json_array_size(calls) : count;
    for (size_t i = n; i-- > 0;)
        show_call(l->cli, json_array_get(calls, i));
    if (n > 0) {
        free(l->newest);
        l->newest = mem_strdup(cli_text(json_array_get(calls, 0), "id").p);
    }
    (void)fflush(l->cli->out.file);
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
        bool reached = show_new(l, PAGES_MAX * PAGE, e) == 0;
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
    int done = show_new(&l, count, e);
    if (done == 0 && following)
        done = follow(&l, e);
    free(l.newest);
    return done < 0 ? -1 : CLI_OK;
}
