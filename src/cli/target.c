#include "cli/target.h"

#include "base/mem.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>

const char *cli_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

struct profiles *cli_profiles(struct cli *c, struct err *e)
{
    if (c->profiles)
        return c->profiles;
    struct profiles *p = mem_alloc(sizeof *p);
    if (profiles_load(p, e) < 0) {
        profiles_done(p);
        free(p);
        return NULL;
    }
    return c->profiles = p;
}

static int no_profile(const char *name, struct err *e)
{
    return err_set(e, ERR_INVALID,
                   "there is no profile '%s': 'virga profile' lists them, 'virga login --profile "
                   "%s' makes it",
                   name, name);
}

/* One that is named with the server or for it must exist; else the one of the server in use. */
static int find_profile(struct cli *c, const struct profiles *p, struct target *t, struct err *e)
{
    const char *option = options_value(&c->options, "profile");
    const char *named = option ? option : cli_environment("VIRGA_PROFILE");
    const json_t *profile = profiles_find(p, named);
    if (named && !profile)
        return no_profile(named, e);
    if (!t->server || (profile && profiles_same_server(profiles_server(profile), t->server)))
        t->profile = profile ? named ? named : profiles_current(p) : NULL;
    else if (option)
        return err_set(e, ERR_INVALID, "profile '%s' is of %s: give either --server or --profile",
                       option, profiles_server(profile));
    else
        t->profile = profiles_of_server(p, t->server);
    return 0;
}

static void find_key(struct cli *c, const json_t *profile, struct target *t)
{
    const char *own = json_string_value(json_object_get(profile, "key"));
    const char *environment = cli_environment("VIRGA_KEY");
    bool wanted = own && options_has(&c->options, "profile");
    if ((t->key = options_value(&c->options, "key"))) {
        (void)snprintf(t->key_from, sizeof t->key_from, "--key");
    } else if (environment && !wanted) {
        t->key = environment;
        (void)snprintf(t->key_from, sizeof t->key_from, "VIRGA_KEY");
    } else if (own) {
        t->key = own;
        (void)snprintf(t->key_from, sizeof t->key_from,
                       "profile '%.200s'; sign in again: virga login --profile %.200s", t->profile,
                       t->profile);
    }
}

/* An empty --project is none, whatever else is set. */
static void find_project(struct cli *c, const json_t *profile, struct target *t)
{
    t->project = options_value(&c->options, "project");
    if (!t->project)
        t->project = cli_environment("VIRGA_PROJECT");
    if (!t->project)
        t->project = json_string_value(json_object_get(profile, "project"));
    if (t->project && !*t->project)
        t->project = NULL;
}

int cli_target(struct cli *c, const struct target **ret, struct err *e)
{
    struct target *t = &c->target;
    *ret = t;
    if (t->server)
        return 0;
    const struct profiles *p = cli_profiles(c, e);
    if (!p)
        return -1;
    struct target found = {.server = options_value(&c->options, "server")};
    if (!found.server && !options_has(&c->options, "profile"))
        found.server = cli_environment("VIRGA_SERVER");
    if (find_profile(c, p, &found, e) < 0)
        return -1;
    const json_t *profile = found.profile ? profiles_find(p, found.profile) : NULL;
    if (!found.server)
        found.server = profiles_server(profile);
    find_key(c, profile, &found);
    find_project(c, profile, &found);
    *t = found;
    return 0;
}

const char *cli_project(const struct cli *c)
{
    return c->target.project;
}

int cli_client(struct cli *c, struct client **ret, struct err *e)
{
    const struct target *t;
    if (!c->client) {
        if (cli_target(c, &t, e) < 0)
            return -1;
        struct client_config config = {.server = t->server, .key = t->key, .key_from = t->key_from};
        if (client_open(&config, &c->client, e) < 0)
            return -1;
    }
    *ret = c->client;
    return 0;
}

int cli_project_path(struct cli *c, const char *rest, struct buf *ret, struct err *e)
{
    const struct target *t;
    if (cli_target(c, &t, e) < 0)
        return -1;
    if (!t->project)
        return err_set(e, ERR_INVALID,
                       "which project? give --project SLUG, or choose one: virga project use SLUG");
    buf_addz(ret, "/api/projects/");
    client_escape(ret, t->project);
    buf_addz(ret, rest);
    return 0;
}
