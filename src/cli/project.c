/* project — projects: making, choosing and deleting them. */
#include "base/mem.h"
#include "base/must.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/table.h"

#include <string.h>

const struct option_spec project_options[] = {
    {0, "description", "TEXT", "what the project is for"},
    {0, "status", "WORD", "active, or inactive: its routes answer 503"},
    {0, "names", NULL, "prints slugs only, one per line"},
    {'y', "yes", NULL, "does not ask"},
    {0},
};

static void add_path(const char *slug, struct buf *ret)
{
    buf_addz(ret, "/api/projects/");
    client_escape(ret, slug);
}

static void print_slugs(struct cli *c, const json_t *projects)
{
    size_t i;
    const json_t *p;
    json_array_foreach(projects, i, p)
    {
        term_say(&c->out, STYLE_PLAIN, "%s\n", cli_text(p, "slug").p);
    }
}

static void print_projects(struct cli *c, const json_t *projects)
{
    size_t i;
    const json_t *p;
    auto_table struct table t;
    table_init(&t, 6,
               (const char *const[]){"NAME", "SLUG", "IN USE", "FUNCTIONS", "ROLE", "UPDATED"});
    json_array_foreach(projects, i, p)
    {
        const char *used = cli_project(c);
        bool current =
            used && (str_is(cli_text(p, "slug"), used) || str_is(cli_text(p, "id"), used));
        table_add(&t, STYLE_BOLD, cli_text(p, "name"));
        table_add(&t, STYLE_PLAIN, cli_text(p, "slug"));
        table_add(&t, STYLE_GREEN, current ? STR("yes") : STR("-"));
        table_add_number(&t, STYLE_PLAIN, cli_integer(p, "function_count"));
        table_add(&t, STYLE_PLAIN, cli_text(p, "role"));
        table_add_ago(&t, cli_text(p, "updated_at"));
    }
    table_print(&t, &c->out);
}

static int project_list(struct cli *c, struct err *e)
{
    auto_json json_t *projects = NULL;
    auto_buf struct buf raw = {0};
    if (cli_get_all(c, "/api/projects", &projects, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else if (options_has(&c->options, "names"))
        print_slugs(c, projects);
    else if (json_array_size(projects) == 0)
        term_say(&c->err, STYLE_PLAIN,
                 "no projects yet; make one with: virga project create NAME\n");
    else
        print_projects(c, projects);
    return CLI_OK;
}

static int show(struct cli *c, const json_t *project, struct str raw)
{
    if (c->json) {
        cli_print_json(c, raw);
        return CLI_OK;
    }
    term_show(&c->out, STYLE_BOLD, cli_text(project, "name"));
    term_say(&c->out, STYLE_PLAIN, "\n");
    const struct {
        const char *name, *member;
    } fields[] = {{"about", "description"}, {"slug", "slug"}, {"id", "id"}, {"role", "role"}};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (cli_text(project, fields[i].member).n > 0)
            cli_field(c, fields[i].name, cli_text(project, fields[i].member));
    if (str_is(cli_text(project, "status"), "inactive"))
        cli_field(c, "status", STR("inactive: its routes answer 503"));
    auto_buf struct buf url = {0};
    buf_addf(&url, "%s/api/gateway/" STR_FMT "/", client_server(c->client),
             STR_ARG(cli_text(project, "slug")));
    cli_field(c, "gateway", buf_str(&url));
    return CLI_OK;
}

static json_t *project_body(const struct cli *c, const char *name)
{
    static const char *const members[] = {"description", "status"};
    json_t *body = json_object();
    if (name)
        json_object_set_new(body, "name", json_string(name));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const char *value = options_value(&c->options, members[i]);
        if (value)
            json_object_set_new(body, members[i], json_string(value));
    }
    return body;
}

static int project_create(struct cli *c, struct err *e)
{
    auto_json json_t *project = NULL;
    auto_buf struct buf raw = {0};
    json_t *body = project_body(c, cli_arg(c, 0));
    if (cli_send(c, "POST", "/api/projects", body, &project, &raw, e) < 0)
        return -1;
    return show(c, project, buf_str(&raw));
}

static int project_show(struct cli *c, struct err *e)
{
    auto_json json_t *project = NULL;
    auto_buf struct buf raw = {0}, path = {0};
    if (cli_arg(c, 0))
        add_path(cli_arg(c, 0), &path);
    else if (cli_project_path(c, "", &path, e) < 0)
        return -1;
    if (cli_get(c, path.data, &project, &raw, e) < 0)
        return -1;
    return show(c, project, buf_str(&raw));
}

/* A profile that remembers the project goes on with its new slug. */
static int follow_slug(struct cli *c, const char *slug, struct err *e)
{
    json_t *profile = c->target.profile ? profiles_find(c->profiles, c->target.profile) : NULL;
    if (!profile || !str_is(cli_text(profile, "project"), cli_arg(c, 0)) ||
        strcmp(slug, cli_arg(c, 0)) == 0)
        return 0;
    (void)json_object_set_new(profile, "project", json_string(slug));
    return profiles_save(c->profiles, e);
}

static int project_rename(struct cli *c, struct err *e)
{
    auto_json json_t *project = NULL;
    auto_buf struct buf raw = {0}, path = {0};
    add_path(cli_arg(c, 0), &path);
    json_t *body = project_body(c, cli_arg(c, 1));
    if (cli_send(c, "PUT", path.data, body, &project, &raw, e) < 0 ||
        follow_slug(c, cli_text(project, "slug").p, e) < 0)
        return -1;
    return show(c, project, buf_str(&raw));
}

/* Of the project in use, unless one is named. */
static int project_set(struct cli *c, struct err *e)
{
    auto_json json_t *project = NULL, *body = project_body(c, NULL);
    auto_buf struct buf raw = {0}, path = {0};
    if (json_object_size(body) == 0)
        return err_set(e, ERR_INVALID, "nothing to change: give --description or --status");
    if (cli_arg(c, 0))
        add_path(cli_arg(c, 0), &path);
    else if (cli_project_path(c, "", &path, e) < 0)
        return -1;
    if (cli_send(c, "PUT", path.data, json_incref(body), &project, &raw, e) < 0)
        return -1;
    return show(c, project, buf_str(&raw));
}

/* Asks for what the server calls it: an id says nothing to whoever has to type it. */
static int project_delete(struct cli *c, struct err *e)
{
    auto_json json_t *project = NULL;
    auto_buf struct buf path = {0}, raw = {0}, warning = {0};
    add_path(cli_arg(c, 0), &path);
    if (cli_get(c, path.data, &project, NULL, e) < 0)
        return -1;
    buf_addf(&warning,
             "This deletes '%s' with its %lld functions, their records, its routes and variables.",
             cli_text(project, "name").p, (long long)cli_integer(project, "function_count"));
    if (ask_typed(c, warning.data, cli_text(project, "slug").p, "nothing deleted", e) < 0 ||
        cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "deleted %s", cli_text(project, "slug").p);
}

/* The profile of the server in use; one is made for the first server. */
static int own_profile(struct cli *c, json_t **ret, struct err *e)
{
    const struct target *t;
    if (cli_target(c, &t, e) < 0)
        return -1;
    if (!t->profile && !profiles_is_empty(c->profiles))
        return err_set(e, ERR_INVALID,
                       "%s has no profile to remember this in: virga login, or set VIRGA_PROJECT",
                       t->server);
    const char *name = t->profile ? t->profile : profiles_current(c->profiles);
    *ret = profiles_make(c->profiles, name);
    if (!t->profile)
        (void)json_object_set_new(*ret, "server", json_string(t->server));
    return 0;
}

/* Asks the server first: a slip of the pen would only show at the next command. */
static int project_use(struct cli *c, struct err *e)
{
    json_t *profile = NULL;
    auto_json json_t *project = NULL;
    auto_buf struct buf path = {0};
    if (own_profile(c, &profile, e) < 0)
        return -1;
    if (!cli_arg(c, 0)) {
        (void)json_object_del(profile, "project");
        if (profiles_save(c->profiles, e) < 0)
            return -1;
        term_say(&c->out, STYLE_PLAIN, "using no project\n");
        return CLI_OK;
    }
    add_path(cli_arg(c, 0), &path);
    if (cli_get(c, path.data, &project, NULL, e) < 0)
        return -1;
    const char *slug = cli_text(project, "slug").p;
    (void)json_object_set_new(profile, "project", json_string(slug));
    if (profiles_save(c->profiles, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "using project %s\n", slug);
    return CLI_OK;
}

const struct verb project_verbs[] = {
    {"list", "", "projects that you are a member of", 0, 0, project_list, "names"},
    {"create", "NAME", "make one", 1, 1, project_create, "description"},
    {"show", "[SLUG]", "show one, or the one in use", 0, 1, project_show, NULL},
    {"rename", "SLUG NAME", "change its name, and its slug with it", 2, 2, project_rename,
     "description"},
    {"set", "[SLUG]", "change what is said of it, or switch it off and on", 0, 1, project_set,
     "description status"},
    {"delete", "SLUG", "delete it with all that is in it", 1, 1, project_delete, "yes"},
    {"use", "[SLUG]", "choose the one for the other commands; none without SLUG", 0, 1, project_use,
     NULL},
    {0},
};
