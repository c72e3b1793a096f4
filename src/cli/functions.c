/* list, versions, rollback, delete */
#include "base/mem.h"
#include "base/must.h"
#include "cli/command.h"
#include "cli/table.h"
#include "cli/when.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LIST_PAGE = 1000 /* the most that the server gives at once */, LIST_PAGES_MAX = 100 };

const struct option_spec list_options[] = {
    {0, "names", NULL, "prints names only, one per line"},
    {0},
};
const struct option_spec delete_options[] = {
    {'y', "yes", NULL, "does not ask"},
    {0},
};

static json_int_t integer(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

static void add_number(struct table *t, enum style style, json_int_t n)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, n);
    table_add(t, style, str_of(text));
}

static void add_ago(struct table *t, const json_t *object, const char *member)
{
    char text[WHEN_TEXT];
    const char *at = json_string_value(json_object_get(object, member));
    table_add(t, STYLE_PLAIN, str_of(when_ago(at, time(NULL), text)));
}

static void print_names(struct cli *c, const json_t *functions)
{
    size_t i;
    const json_t *fn;
    json_array_foreach(functions, i, fn)
    {
        auto_buf struct buf line = {0};
        term_clean(cli_text(fn, "name"), false, &line); /* a name with a newline is one name */
        buf_addz(&line, "\n");
        (void)fwrite(line.data, 1, line.len, c->out.file);
    }
}

static void print_functions(struct cli *c, const json_t *functions)
{
    size_t i;
    const json_t *fn;
    auto_table struct table t;
    table_init(&t, 6,
               (const char *const[]){"NAME", "RUNTIME", "VERSION", "STATUS", "UPDATED", "ID"});
    json_array_foreach(functions, i, fn)
    {
        bool active = str_is(cli_text(fn, "status"), "active");
        table_add(&t, STYLE_BOLD, cli_text(fn, "name"));
        table_add(&t, STYLE_PLAIN, cli_text(fn, "runtime"));
        add_number(&t, STYLE_PLAIN, integer(fn, "active_version"));
        table_add(&t, active ? STYLE_GREEN : STYLE_YELLOW, cli_text(fn, "status"));
        add_ago(&t, fn, "updated_at");
        table_add(&t, STYLE_DIM, cli_text(fn, "id"));
    }
    table_print(&t, &c->out);
}

/* The server lists a page at a time. `raw` is what it sent, or all pages as one array. */
static int get_functions(struct cli *c, json_t **ret, struct buf *raw, struct err *e)
{
    auto_json json_t *all = NULL;
    if (cli_get(c, "/api/functions", &all, raw, e) < 0)
        return -1;
    size_t page_size = json_array_size(all);
    for (int i = 1; i < LIST_PAGES_MAX && page_size >= LIST_PAGE; i++) {
        auto_json json_t *page = NULL;
        auto_buf struct buf path = {0};
        buf_addf(&path, "/api/functions?limit=%d&before=", LIST_PAGE);
        client_escape(&path, cli_text(json_array_get(all, json_array_size(all) - 1), "id").p);
        if (cli_get(c, path.data, &page, NULL, e) < 0)
            return -1;
        page_size = json_array_size(page);
        (void)json_array_extend(all, page);
    }
    if (json_array_size(all) > LIST_PAGE) {
        auto_ptr char *text = json_dumps(all, JSON_COMPACT);
        buf_clear(raw);
        buf_addz(raw, text);
    }
    *ret = take_ptr(all);
    return 0;
}

int list_run(struct cli *c, struct err *e)
{
    auto_json json_t *functions = NULL;
    auto_buf struct buf raw = {0};
    if (get_functions(c, &functions, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else if (options_has(&c->options, "names"))
        print_names(c, functions);
    else if (json_array_size(functions) == 0)
        term_say(&c->err, STYLE_PLAIN, "no functions yet; make one with: virga deploy FILE\n");
    else
        print_functions(c, functions);
    return CLI_OK;
}

static int get_versions(struct cli *c, const json_t *fn, json_t **ret, struct buf *raw,
                        struct err *e)
{
    auto_buf struct buf path = {0};
    if (cli_function_path(fn, "/versions", &path, e) < 0)
        return -1;
    return cli_get(c, path.data, ret, raw, e);
}

static void print_versions(struct cli *c, const json_t *versions, json_int_t active)
{
    size_t i;
    const json_t *v;
    auto_table struct table t;
    table_init(&t, 3, (const char *const[]){"VERSION", "STATE", "CREATED"});
    json_array_foreach(versions, i, v)
    {
        bool is_active = integer(v, "version") == active;
        add_number(&t, STYLE_BOLD, integer(v, "version"));
        table_add(&t, STYLE_GREEN, is_active ? STR("active") : STR("-"));
        add_ago(&t, v, "created_at");
    }
    table_print(&t, &c->out);
}

int versions_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL, *versions = NULL;
    auto_buf struct buf raw = {0};
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 || get_versions(c, fn, &versions, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        print_versions(c, versions, integer(fn, "active_version"));
    return CLI_OK;
}

/* The newest version older than the active one. */
static int previous(struct cli *c, const json_t *fn, json_int_t *ret, struct err *e)
{
    auto_json json_t *versions = NULL;
    json_int_t active = integer(fn, "active_version"), best = 0;
    size_t i;
    const json_t *v;
    if (get_versions(c, fn, &versions, NULL, e) < 0)
        return -1;
    json_array_foreach(versions, i, v)
    {
        json_int_t n = integer(v, "version");
        best = n < active && n > best ? n : best;
    }
    if (best == 0)
        return err_set(e, ERR_INVALID,
                       "version %" JSON_INTEGER_FORMAT " is the oldest one there is", active);
    *ret = best;
    return 0;
}

static int target_version(struct cli *c, const json_t *fn, json_int_t *ret, struct err *e)
{
    uint64_t n;
    const char *given = cli_arg(c, 1);
    if (!given)
        return previous(c, fn, ret, e);
    if (!str_to_u64(str_of(given), &n) || n == 0 || n > INT32_MAX)
        return err_set(e, ERR_INVALID, "'%s' is no version number", given);
    *ret = (json_int_t)n;
    return 0;
}

static int activate(struct cli *c, const json_t *fn, json_int_t version, struct buf *ret,
                    struct err *e)
{
    char rest[48];
    auto_buf struct buf path = {0};
    (void)snprintf(rest, sizeof rest, "/versions/%" JSON_INTEGER_FORMAT, version);
    if (cli_function_path(fn, rest, &path, e) < 0)
        return -1;
    struct client_request req = {.method = "PUT", .path = path.data};
    return client_call(c->client, &req, ret, e);
}

int rollback_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL;
    auto_buf struct buf answer = {0};
    json_int_t version = 0;
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 || target_version(c, fn, &version, e) < 0)
        return -1;
    if (activate(c, fn, version, &answer, e) < 0)
        return -1;
    json_int_t before = integer(fn, "active_version");
    if (c->json) {
        cli_print_json(c, buf_str(&answer));
        return CLI_OK;
    }
    term_show(&c->out, STYLE_BOLD, cli_text(fn, "name"));
    if (before == version)
        term_say(&c->out, STYLE_PLAIN,
                 ": version %" JSON_INTEGER_FORMAT " was active already, nothing changed\n",
                 version);
    else
        term_say(&c->out, STYLE_PLAIN,
                 ": version %" JSON_INTEGER_FORMAT " is active now, %" JSON_INTEGER_FORMAT
                 " was before\n",
                 version, before);
    return CLI_OK;
}

static int confirm(struct cli *c, const json_t *fn, struct err *e)
{
    char answer[16] = "";
    if (options_has(&c->options, "yes"))
        return 0;
    if (isatty(STDIN_FILENO) != 1)
        return err_set(e, ERR_INVALID, "nobody to ask whether to delete: give --yes");
    term_say(&c->err, STYLE_PLAIN, "Delete '");
    term_show(&c->err, STYLE_BOLD, cli_text(fn, "name"));
    term_say(&c->err, STYLE_PLAIN, "' with all its versions and call records? [y/N] ");
    (void)fflush(c->err.file);
    if (!fgets(answer, sizeof answer, stdin) || (answer[0] != 'y' && answer[0] != 'Y'))
        return err_set(e, ERR_INVALID, "nothing deleted");
    return 0;
}

int delete_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL;
    auto_buf struct buf path = {0}, answer = {0};
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 || confirm(c, fn, e) < 0)
        return -1;
    if (cli_function_path(fn, "", &path, e) < 0)
        return -1;
    struct client_request req = {.method = "DELETE", .path = path.data};
    if (client_call(c->client, &req, &answer, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&answer));
        return CLI_OK;
    }
    term_say(&c->out, STYLE_PLAIN, "deleted ");
    term_show(&c->out, STYLE_BOLD, cli_text(fn, "name"));
    term_say(&c->out, STYLE_PLAIN, "\n");
    return CLI_OK;
}
