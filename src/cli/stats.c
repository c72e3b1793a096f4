/* stats — how functions do: calls, errors, durations and cold starts, of the last day or longer. */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/table.h"
#include "cli/when.h"

#include <time.h>

enum { FUNCTIONS_MAX = 100 /* asked for one by one */, DAY_S = 86400 };

const struct option_spec stats_options[] = {
    {0, "since", "TIME", "how far back: 1h, 24h, 7d, 30d (24h)"},
    {0},
};

/* "?from=..." of --since. */
static int add_range(struct cli *c, struct buf *ret, struct err *e)
{
    const char *since = options_value(&c->options, "since");
    int64_t seconds = DAY_S;
    char at[WHEN_TEXT];
    if (since && (!when_span(since, &seconds) || seconds == 0))
        return err_set(e, ERR_INVALID, "--since takes a time such as 1h or 7d, not '%s'", since);
    buf_addf(ret, "?from=%s", when_rfc3339(time(NULL) - seconds, at));
    return 0;
}

static int get(struct cli *c, const char *path, json_t **ret, struct buf *raw, struct err *e)
{
    auto_buf struct buf whole = {0};
    buf_addz(&whole, path);
    return add_range(c, &whole, e) < 0 ? -1 : cli_get(c, whole.data, ret, raw, e);
}

/* Points without calls have no durations: null. */
static void add_ms(struct table *t, const json_t *total, const char *member)
{
    const json_t *ms = json_object_get(total, member);
    char text[WHEN_TEXT];
    double us = json_number_value(ms) * 1000;
    bool known = json_is_number(ms) && us >= 0 && us < 1e15;
    table_add(t, STYLE_PLAIN, known ? str_of(when_duration((uint64_t)us, text)) : STR("-"));
}

static void add_row(struct table *t, struct str name, enum style style, const json_t *total)
{
    char cold[16] = "-";
    const json_t *share = json_object_get(total, "cold_share");
    json_int_t errors = cli_integer(total, "errors");
    if (json_is_number(share))
        (void)snprintf(cold, sizeof cold, "%.1f %%", 100 * json_number_value(share));
    table_add(t, style, name);
    table_add_number(t, STYLE_PLAIN, cli_integer(total, "calls"));
    table_add_number(t, errors ? STYLE_RED : STYLE_PLAIN, errors);
    add_ms(t, total, "p50_ms");
    add_ms(t, total, "p95_ms");
    add_ms(t, total, "p99_ms");
    table_add(t, STYLE_PLAIN, str_of(cold));
}

static void begin(struct table *t)
{
    table_init(t, 7,
               (const char *const[]){"FUNCTION", "CALLS", "ERRORS", "P50", "P95", "P99", "COLD"});
}

static int show_one(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL, *stats = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 ||
        cli_function_path(fn, "/stats", &path, e) < 0 || get(c, path.data, &stats, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    auto_table struct table t;
    begin(&t);
    add_row(&t, cli_text(fn, "name"), STYLE_BOLD, json_object_get(stats, "total"));
    table_print(&t, &c->out);
    return CLI_OK;
}

/* --- all functions --- */

static int get_all(struct cli *c, json_t **ret, struct buf *raw, struct err *e)
{
    auto_buf struct buf path = {0};
    if (!cli_project(c))
        return get(c, "/api/stats/series", ret, raw, e);
    if (cli_project_path(c, "/stats", &path, e) < 0)
        return -1;
    return get(c, path.data, ret, raw, e);
}

static int get_functions(struct cli *c, json_t **ret, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    buf_addz(&path, "/api/functions");
    if (cli_project(c)) {
        buf_addz(&path, "?project=");
        client_escape(&path, cli_project(c));
    }
    return cli_get_all(c, path.data, ret, &raw, e);
}

/* Those that were not called are left out. */
static int add_functions(struct cli *c, struct table *t, const json_t *functions, struct err *e)
{
    size_t i;
    const json_t *fn;
    json_array_foreach(functions, i, fn)
    {
        auto_json json_t *stats = NULL;
        auto_buf struct buf path = {0};
        if (i == FUNCTIONS_MAX)
            break;
        if (cli_function_path(fn, "/stats", &path, e) < 0 || get(c, path.data, &stats, NULL, e) < 0)
            return -1;
        const json_t *total = json_object_get(stats, "total");
        if (cli_integer(total, "calls") > 0)
            add_row(t, cli_text(fn, "name"), STYLE_BOLD, total);
    }
    return 0;
}

static int show_all(struct cli *c, struct err *e)
{
    const struct target *target;
    auto_json json_t *all = NULL, *functions = NULL;
    auto_buf struct buf raw = {0};
    if (cli_target(c, &target, e) < 0 || get_all(c, &all, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    auto_table struct table t;
    begin(&t);
    if (get_functions(c, &functions, e) < 0 || add_functions(c, &t, functions, e) < 0)
        return -1;
    add_row(&t, STR("all"), STYLE_DIM, json_object_get(all, "total"));
    table_print(&t, &c->out);
    if (json_array_size(functions) > FUNCTIONS_MAX)
        term_say(&c->err, STYLE_PLAIN,
                 "the first %d of %zu functions; 'virga stats NAME' for one\n", FUNCTIONS_MAX,
                 json_array_size(functions));
    return CLI_OK;
}

int stats_run(struct cli *c, struct err *e)
{
    return cli_arg(c, 0) ? show_one(c, e) : show_all(c, e);
}
