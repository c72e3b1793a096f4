#include "cli/logs.h"

#include "base/mem.h"
#include "base/must.h"
#include "cli/command.h"
#include "cli/record.h"
#include "cli/when.h"

#include <string.h>
#include <time.h>

enum { SHOWN = 20, COUNT_MAX = 1000, PAGE = 100 };

const struct option_spec logs_options[] = {
    {'f', "follow", NULL, "goes on with new calls until Ctrl-C"},
    {'n', "lines", "COUNT", "how many calls to begin with (20)"},
    {0, "status", "WORDS", "only these, such as error,timeout"},
    {0, "since", "TIME", "not before: 30m, 2h, 3d ago, or a time like 2030-01-31T12:00:00Z"},
    {0, "until", "TIME", "not after"},
    {0, "source", "WORD", "only calls that came this way: direct, gateway"},
    {0, "cold", NULL, "only cold starts"},
    {0, "text", "TEXT", "only with this text in input, output, error or log"},
    {0, "call", "ID", "this one alone, with its input and output"},
    {0, "export", "FILE", "writes all records to a file (-: standard output), as JSON lines"},
    {0},
};

void logs_shown(struct logs *l, const char *id)
{
    free(l->newest);
    l->newest = mem_strdup(id);
}

/* `calls` come newest first. */
static void show(struct logs *l, const json_t *calls)
{
    for (size_t i = json_array_size(calls); i-- > 0;)
        record_show(l->cli, json_array_get(calls, i), l->several);
    if (cli_text(json_array_get(calls, 0), "id").n > 0)
        logs_shown(l, cli_text(json_array_get(calls, 0), "id").p);
    (void)fflush(l->cli->out.file);
}

/* A page may be short, even empty, where a filter takes little: the link says whether it goes on.
 */
int logs_newest(struct logs *l, struct err *e)
{
    auto_json json_t *calls = json_array();
    auto_buf struct buf path = {0}, next = {0};
    buf_addf(&path, "%s?limit=%zu&%s", l->base.data, l->count < PAGE ? l->count : PAGE,
             l->filter.data);
    for (;;) {
        auto_json json_t *page = NULL;
        if (cli_get(l->cli, path.data, &page, NULL, e) < 0)
            return -1;
        if (json_array_extend(calls, page) < 0 || json_array_size(calls) >= l->count ||
            !client_link(l->cli->client, "next", &next))
            break;
        buf_clear(&path);
        buf_addf(&path, "%s%s", l->base.data, next.data);
    }
    while (json_array_size(calls) > l->count)
        (void)json_array_remove(calls, json_array_size(calls) - 1);
    show(l, calls);
    json_decref(l->first);
    l->first = json_incref(calls);
    return 0;
}

/* --- what is asked for --- */

static int parse_count(struct logs *l, struct err *e)
{
    const char *text = options_value(&l->cli->options, "lines");
    uint64_t n = SHOWN;
    if (text && (!str_to_u64(str_of(text), &n) || n == 0 || n > COUNT_MAX))
        return err_set(e, ERR_INVALID, "--lines takes a number from 1 to %d, not '%s'", COUNT_MAX,
                       text);
    l->count = (size_t)n;
    return 0;
}

static void add_filter(struct logs *l, const char *name, const char *value)
{
    buf_addf(&l->filter, "%s%s=", l->filter.len > 0 ? "&" : "", name);
    client_escape(&l->filter, value);
}

/* "2h" is a time in the past. */
static int add_time(struct logs *l, const char *name, struct err *e)
{
    int64_t seconds;
    char at[WHEN_TEXT];
    const char *value = options_value(&l->cli->options, name);
    if (!value)
        return 0;
    if (when_span(value, &seconds))
        value = when_rfc3339(time(NULL) - seconds, at);
    else if (!when_parse(value, &seconds))
        return err_set(e, ERR_INVALID,
                       "--%s takes a span such as 2h or a time like 2030-01-31T12:00:00Z, not '%s'",
                       name, value);
    add_filter(l, name, value);
    return 0;
}

static int add_filters(struct logs *l, struct err *e)
{
    static const struct {
        const char *option, *parameter;
    } filters[] = {{"status", "status"}, {"source", "source"}, {"text", "q"}};
    const struct options *o = &l->cli->options;
    buf_addz(&l->filter, "");
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        if (options_value(o, filters[i].option))
            add_filter(l, filters[i].parameter, options_value(o, filters[i].option));
    if (options_has(o, "cold"))
        add_filter(l, "cold", "true");
    return add_time(l, "since", e) < 0 ? -1 : add_time(l, "until", e);
}

/* Without a name: of the project in use, else of everything. */
static int find_base(struct logs *l, struct err *e)
{
    struct cli *c = l->cli;
    const struct target *t;
    auto_json json_t *fn = NULL;
    if (cli_target(c, &t, e) < 0)
        return -1;
    if (cli_arg(c, 0))
        return cli_function(c, cli_arg(c, 0), &fn, e) < 0
                   ? -1
                   : cli_function_path(fn, "/invocations", &l->base, e);
    l->several = true;
    if (t->project)
        return cli_project_path(c, "/invocations", &l->base, e);
    buf_addz(&l->base, "/api/invocations");
    return 0;
}

/* One record, whole. */
static int show_call(struct logs *l, const char *id, struct err *e)
{
    struct cli *c = l->cli;
    auto_json json_t *call = NULL;
    auto_buf struct buf path = {0};
    if (!cli_arg(c, 0))
        return err_set(e, ERR_INVALID, "--call goes with the function's name: virga logs NAME");
    if (find_base(l, e) < 0)
        return -1;
    buf_addf(&path, "%s/", l->base.data);
    client_escape(&path, id);
    if (cli_get(c, path.data, &call, NULL, e) < 0)
        return -1;
    record_show_whole(c, call);
    return 0;
}

static int run(struct logs *l, struct err *e)
{
    const struct options *o = &l->cli->options;
    const char *call = options_value(o, "call");
    const char *file = options_value(o, "export");
    bool following = options_has(o, "follow");
    if (file && (following || options_has(o, "lines")))
        return err_set(e, ERR_INVALID, "--export takes all records: it goes without --%s",
                       following ? "follow" : "lines");
    if (call)
        return show_call(l, call, e);
    if (parse_count(l, e) < 0 || add_filters(l, e) < 0 || find_base(l, e) < 0)
        return -1;
    if (file)
        return logs_export(l, file, e);
    return following ? logs_follow(l, e) : logs_newest(l, e);
}

int logs_run(struct cli *c, struct err *e)
{
    struct logs l = {.cli = c};
    int rc = run(&l, e);
    json_decref(l.first);
    free(l.newest);
    buf_done(&l.base);
    buf_done(&l.filter);
    return rc < 0 ? -1 : CLI_OK;
}
