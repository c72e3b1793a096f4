/* project — projects and their members. */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/table.h"

#include <string.h>
#include <unistd.h>

const struct option_spec project_options[] = {
    {0, "description", "TEXT", "what the project is for (create, rename)"},
    {'y', "yes", NULL, "does not ask (delete)"},
    {0},
};

static int project_path(const char *slug, const char *rest, struct buf *ret)
{
    buf_addz(ret, "/api/projects/");
    client_escape(ret, slug);
    buf_addz(ret, rest);
    return 0;
}

static int project_list(struct cli *c, struct err *e)
{
    size_t i;
    const json_t *p;
    auto_json json_t *projects = NULL;
    auto_buf struct buf raw = {0};
    if (cli_get(c, "/api/projects", &projects, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    auto_table struct table t;
    table_init(&t, 5, (const char *const[]){"NAME", "SLUG", "FUNCTIONS", "ROLE", "UPDATED"});
    json_array_foreach(projects, i, p)
    {
        table_add(&t, STYLE_BOLD, cli_text(p, "name"));
        table_add(&t, STYLE_PLAIN, cli_text(p, "slug"));
        table_add_number(&t, STYLE_PLAIN, cli_integer(p, "function_count"));
        table_add(&t, STYLE_PLAIN, cli_text(p, "role"));
        table_add_ago(&t, cli_text(p, "updated_at"));
    }
    if (json_array_size(projects) == 0)
        term_say(&c->err, STYLE_PLAIN,
                 "no projects yet; make one with: virga project create NAME\n");
    else
        table_print(&t, &c->out);
    return CLI_OK;
}

static void say_field(struct cli *c, const char *name, struct str value)
{
    term_say(&c->out, STYLE_DIM, "  %-9s ", name);
    term_show(&c->out, STYLE_PLAIN, value);
    term_say(&c->out, STYLE_PLAIN, "\n");
}

static int show(struct cli *c, const json_t *project, struct str raw)
{
    if (c->json) {
        cli_print_json(c, raw);
        return CLI_OK;
    }
    term_show(&c->out, STYLE_BOLD, cli_text(project, "name"));
    term_say(&c->out, STYLE_PLAIN, "\n");
    say_field(c, "slug", cli_text(project, "slug"));
    say_field(c, "id", cli_text(project, "id"));
    say_field(c, "role", cli_text(project, "role"));
    auto_buf struct buf url = {0};
    buf_addf(&url, "%s/api/gateway/" STR_FMT "/", client_server(c->client),
             STR_ARG(cli_text(project, "slug")));
    say_field(c, "gateway", buf_str(&url));
    return CLI_OK;
}

static json_t *project_body(const struct cli *c, const char *name)
{
    const char *description = options_value(&c->options, "description");
    json_t *body = json_object();
    if (name)
        json_object_set_new(body, "name", json_string(name));
    if (description)
        json_object_set_new(body, "description", json_string(description));
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
    int rc =
        cli_arg(c, 0) ? project_path(cli_arg(c, 0), "", &path) : cli_project_path(c, "", &path, e);
    if (rc < 0 || cli_get(c, path.data, &project, &raw, e) < 0)
        return -1;
    return show(c, project, buf_str(&raw));
}

static int project_rename(struct cli *c, struct err *e)
{
    auto_json json_t *project = NULL;
    auto_buf struct buf raw = {0}, path = {0};
    (void)project_path(cli_arg(c, 0), "", &path);
    json_t *body = project_body(c, cli_arg(c, 1));
    if (cli_send(c, "PUT", path.data, body, &project, &raw, e) < 0)
        return -1;
    return show(c, project, buf_str(&raw));
}

static int confirm(struct cli *c, const char *slug, struct err *e)
{
    char answer[128] = "";
    if (options_has(&c->options, "yes"))
        return 0;
    if (isatty(STDIN_FILENO) != 1)
        return err_set(e, ERR_INVALID, "nobody to ask whether to delete: give --yes");
    term_say(&c->err, STYLE_PLAIN,
             "This deletes the project with all its functions, routes and variables.\n"
             "Type '%s' to go on: ",
             slug);
    (void)fflush(c->err.file);
    if (!fgets(answer, sizeof answer, stdin))
        answer[0] = 0;
    answer[strcspn(answer, "\n")] = 0;
    return strcmp(answer, slug) == 0 ? 0 : err_set(e, ERR_INVALID, "nothing deleted");
}

static int project_delete(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0};
    (void)project_path(cli_arg(c, 0), "", &path);
    if (confirm(c, cli_arg(c, 0), e) < 0 ||
        cli_send(c, "DELETE", path.data, NULL, NULL, NULL, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "deleted %s\n", cli_arg(c, 0));
    return CLI_OK;
}

/* Asks the server first: a slip of the pen would only show at the next command. */
static int project_use(struct cli *c, struct err *e)
{
    auto_json json_t *project = NULL;
    auto_buf struct buf path = {0};
    const char *slug = cli_arg(c, 0), *named = options_value(&c->options, "profile");
    struct profiles *p = cli_profiles(c, e);
    (void)project_path(slug, "", &path);
    if (!p || cli_get(c, path.data, &project, NULL, e) < 0)
        return -1;
    auto_ptr char *name = mem_strdup(named ? named : profiles_current(p));
    json_object_set_new(profiles_make(p, name), "project",
                        json_string(cli_text(project, "slug").p));
    if (profiles_save(p, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "using project %s\n", cli_text(project, "slug").p);
    return CLI_OK;
}

const struct verb project_verbs[] = {
    {"list", "", "projects that you are a member of", 0, 0, project_list},
    {"create", "NAME", "make one", 1, 1, project_create},
    {"show", "[SLUG]", "show one", 0, 1, project_show},
    {"rename", "SLUG NAME", "change name and slug", 2, 2, project_rename},
    {"delete", "SLUG", "delete it with all that is in it", 1, 1, project_delete},
    {"use", "SLUG", "remember it for the other commands", 1, 1, project_use},
    {0},
};

static int member_list(struct cli *c, struct err *e)
{
    size_t i;
    const json_t *m;
    auto_json json_t *members = NULL;
    auto_buf struct buf raw = {0}, path = {0};
    if (cli_project_path(c, "/members", &path, e) < 0 ||
        cli_get(c, path.data, &members, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    auto_table struct table t;
    table_init(&t, 4, (const char *const[]){"NAME", "ROLE", "E-MAIL", "SINCE"});
    json_array_foreach(members, i, m)
    {
        table_add(&t, STYLE_BOLD, cli_text(m, "name"));
        table_add(&t, STYLE_PLAIN, cli_text(m, "role"));
        table_add(&t, STYLE_PLAIN, cli_text(m, "email"));
        table_add_ago(&t, cli_text(m, "created_at"));
    }
    table_print(&t, &c->out);
    return CLI_OK;
}

static int member_path(struct cli *c, struct buf *ret, struct err *e)
{
    if (cli_project_path(c, "/members/", ret, e) < 0)
        return -1;
    client_escape(ret, cli_arg(c, 0));
    return 0;
}

static int member_add(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0};
    const char *role = cli_arg(c, 1) ? cli_arg(c, 1) : "editor";
    if (member_path(c, &path, e) < 0 ||
        cli_send(c, "PUT", path.data, json_pack("{s:s}", "role", role), NULL, NULL, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "%s is %s of %s\n", cli_arg(c, 0), role, cli_project(c));
    return CLI_OK;
}

static int member_remove(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0};
    if (member_path(c, &path, e) < 0 || cli_send(c, "DELETE", path.data, NULL, NULL, NULL, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "removed %s from %s\n", cli_arg(c, 0), cli_project(c));
    return CLI_OK;
}

const struct verb member_verbs[] = {
    {"list", "", "members of the project", 0, 0, member_list},
    {"add", "WHO [viewer|editor|owner]", "add an account, or change its role", 1, 2, member_add},
    {"remove", "WHO", "take an account out of the project", 1, 1, member_remove},
    {0},
};
