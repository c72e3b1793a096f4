/* member — who may work on a project. */
#include "cli/command.h"
#include "cli/near.h"
#include "cli/table.h"

#include <string.h>

static void print_members(struct cli *c, const json_t *members)
{
    size_t i;
    const json_t *m;
    auto_table struct table t;
    table_init(&t, 4, (const char *const[]){"NAME", "ROLE", "E-MAIL", "SINCE"});
    json_array_foreach(members, i, m)
    {
        struct str email = cli_text(m, "email");
        table_add(&t, STYLE_BOLD, cli_text(m, "name"));
        table_add(&t, STYLE_PLAIN, cli_text(m, "role"));
        table_add(&t, STYLE_PLAIN, email.n > 0 ? email : STR("-"));
        table_add_ago(&t, cli_text(m, "created_at"));
    }
    table_print(&t, &c->out);
}

static int member_list(struct cli *c, struct err *e)
{
    auto_json json_t *members = NULL;
    auto_buf struct buf raw = {0}, path = {0};
    if (cli_project_path(c, "/members", &path, e) < 0 ||
        cli_get_all(c, path.data, &members, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        print_members(c, members);
    return CLI_OK;
}

static int member_path(struct cli *c, struct buf *ret, struct err *e)
{
    if (cli_project_path(c, "/members/", ret, e) < 0)
        return -1;
    client_escape(ret, cli_arg(c, 0));
    return 0;
}

static int check_role(const char *role, struct err *e)
{
    static const char *const roles[] = {"viewer", "editor", "owner", NULL};
    struct near near = near_to(role);
    for (const char *const *known = roles; *known; known++) {
        if (strcmp(*known, role) == 0)
            return 0;
        near_offer(&near, *known);
    }
    if (near.best)
        return err_set(e, ERR_INVALID, "'%s' is no role; did you mean '%s'?", role, near.best);
    return err_set(e, ERR_INVALID, "'%s' is no role; there are viewer, editor and owner", role);
}

static int member_add(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    const char *role = cli_arg(c, 1) ? cli_arg(c, 1) : "editor";
    if (check_role(role, e) < 0 || member_path(c, &path, e) < 0)
        return -1;
    if (cli_send(c, "PUT", path.data, json_pack("{s:s}", "role", role), NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "%s is %s of %s", cli_arg(c, 0), role, cli_project(c));
}

static int member_remove(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    if (member_path(c, &path, e) < 0 || cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "removed %s from %s", cli_arg(c, 0), cli_project(c));
}

const struct verb member_verbs[] = {
    {"list", "", "members of the project", 0, 0, member_list, NULL},
    {"add", "WHO [ROLE]", "add an account (as editor), or change its role", 1, 2, member_add, NULL},
    {"remove", "WHO", "take an account out; anybody may leave", 1, 1, member_remove, NULL},
    {0},
};
