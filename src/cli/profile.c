/* profile — the servers that login has stored: listing and choosing them. */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/table.h"

#include <string.h>

const struct option_spec profile_options[] = {
    {0, "names", NULL, "prints names only, one per line"},
    {0},
};

/* Without keys: lists end up in terminals, logs and bug reports. */
static void print_json(struct cli *c, const struct profiles *p)
{
    const char *name;
    const json_t *profile;
    auto_json json_t *list = json_array();
    json_object_foreach(json_object_get(p->tree, "profiles"), name, profile)
    {
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:b, s:s, s:O?, s:O?}", "name", name,
                                              "current", strcmp(name, profiles_current(p)) == 0,
                                              "server", profiles_server(profile), "account",
                                              json_object_get(profile, "account"), "project",
                                              json_object_get(profile, "project")));
    }
    auto_ptr char *text = json_dumps(list, JSON_COMPACT);
    cli_print_json(c, str_of(text));
}

static struct str or_dash(struct str s)
{
    return s.n > 0 ? s : STR("-");
}

static void print_table(struct cli *c, const struct profiles *p)
{
    const char *name;
    const json_t *profile;
    auto_table struct table t;
    table_init(&t, 5, (const char *const[]){"PROFILE", "IN USE", "SERVER", "ACCOUNT", "PROJECT"});
    json_object_foreach(json_object_get(p->tree, "profiles"), name, profile)
    {
        bool current = strcmp(name, profiles_current(p)) == 0;
        table_add(&t, STYLE_BOLD, str_of(name));
        table_add(&t, STYLE_GREEN, current ? STR("yes") : STR("-"));
        table_add(&t, STYLE_PLAIN, str_of(profiles_server(profile)));
        table_add(&t, STYLE_PLAIN, or_dash(cli_text(profile, "account")));
        table_add(&t, STYLE_PLAIN, or_dash(cli_text(profile, "project")));
    }
    table_print(&t, &c->out);
}

static void print_names(struct cli *c, const struct profiles *p)
{
    const char *name;
    const json_t *profile;
    json_object_foreach(json_object_get(p->tree, "profiles"), name, profile)
    {
        term_say(&c->out, STYLE_PLAIN, "%s\n", name);
    }
}

static int profile_list(struct cli *c, struct err *e)
{
    const struct profiles *p = cli_profiles(c, e);
    if (!p)
        return -1;
    if (c->json)
        print_json(c, p);
    else if (options_has(&c->options, "names"))
        print_names(c, p);
    else if (profiles_is_empty(p))
        term_say(&c->err, STYLE_PLAIN, "no profiles yet; make one with: virga login URL\n");
    else
        print_table(c, p);
    return CLI_OK;
}

static int change(struct cli *c, void (*how)(struct profiles *, const char *), struct err *e)
{
    struct profiles *p = cli_profiles(c, e);
    const char *name = cli_arg(c, 0);
    if (!p)
        return -1;
    if (!profiles_find(p, name))
        return err_set(e, ERR_INVALID, "there is no profile '%s'; 'virga profile' lists them",
                       name);
    how(p, name);
    return profiles_save(p, e);
}

static int profile_use(struct cli *c, struct err *e)
{
    if (change(c, profiles_use, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "using %s (profile %s)\n",
             profiles_server(profiles_find(c->profiles, NULL)), cli_arg(c, 0));
    return CLI_OK;
}

static int profile_remove(struct cli *c, struct err *e)
{
    if (change(c, profiles_remove, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "removed profile %s\n", cli_arg(c, 0));
    return CLI_OK;
}

const struct verb profile_verbs[] = {
    {"list", "", "servers that login has stored", 0, 0, profile_list, "names"},
    {"use", "NAME", "choose the one in use", 1, 1, profile_use, NULL},
    {"remove", "NAME", "forget one; its key stays valid ('logout' revokes it)", 1, 1,
     profile_remove, NULL},
    {0},
};
