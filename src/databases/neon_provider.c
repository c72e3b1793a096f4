/* neon_provider — a Neon project per project, through Neon's API (v2).
 *
 * Its name begins `virga-SLUG` and ends with our row's name: whoever was killed between Neon's
 * doing and our remembering it finds it again by that, instead of making a second one. Role and
 * database carry the row's name, so that the pooler can tell the roles of projects apart. */
#include "auth/auth.h"
#include "cluster/cluster.h"
#include "databases/databases_store.h"
#include "databases/neon_http.h"
#include "databases/pg.h"
#include "databases/provider.h"

#include <stdlib.h>
#include <string.h>

enum { MAKE_S = 60, OTHER_S = 30 };

static int call(const struct work *w, const char *method, const char *path, json_t *body,
                json_t **ret, struct err *e)
{
    bool makes = strcmp(method, "POST") == 0;
    return neon_http(&w->d->config,
                     (struct neon_request){method, path, body, makes ? MAKE_S : OTHER_S}, ret, e);
}

static int incomplete(const char *what, struct err *e)
{
    return err_set(e, ERR_UNAVAILABLE, "Neon: the answer has no %s", what);
}

static int prepare(const struct work *w, struct database *row, struct err *e)
{
    char id[ID_TEXT];
    (void)e;
    id_new(id);
    row->name = arena_printf(w->a, "p_%s", id);
    row->password = ""; /* Neon makes one */
    return 0;
}

/* --- which project --- */

/* The key may be of a person (then an organisation must be named) or of an organisation. */
static int first_organisation(const struct work *w, const char **ret, struct err *e)
{
    json_t *answer = NULL;
    struct err none = {0};
    *ret = NULL;
    if (call(w, "GET", "/users/me/organizations", NULL, &answer, &none) < 0) {
        if (none.code == ERR_NOT_FOUND)
            return 0;
        *e = none;
        return -1;
    }
    const json_t *first = json_array_get(json_object_get(answer, "organizations"), 0);
    *ret = arena_strdup(w->a, json_string_value(json_object_get(first, "id")));
    json_decref(answer);
    return 0;
}

static const char *with_organisation(struct arena *a, const char *path, const char *org)
{
    return org ? arena_printf(a, "%s&org_id=%s", path, org) : path;
}

/* "" when there is none. */
static int find_project(const struct work *w, const struct database *row, const char *org,
                        const char **ret, struct err *e)
{
    json_t *answer = NULL;
    size_t i;
    const json_t *one;
    const char *path = arena_printf(w->a, "/projects?limit=10&search=%s", row->name);
    *ret = "";
    if (call(w, "GET", with_organisation(w->a, path, org), NULL, &answer, e) < 0)
        return -1;
    json_array_foreach(json_object_get(answer, "projects"), i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        const char *id = json_string_value(json_object_get(one, "id"));
        if (name && id && str_ends(str_of(name), str_of(row->name)))
            *ret = arena_strdup(w->a, id);
    }
    json_decref(answer);
    return 0;
}

static int make_project(const struct work *w, const struct database *row, const char *label,
                        const char *org, const char **ret, struct err *e)
{
    json_t *answer = NULL;
    json_t *project = json_pack("{s:s, s:{s:s, s:s}}", "name",
                                arena_printf(w->a, "virga-%s-%s", label, row->name), "branch",
                                "role_name", row->name, "database_name", row->name);
    if (org)
        json_object_set_new(project, "org_id", json_string(org));
    if (call(w, "POST", "/projects", json_pack("{s:o}", "project", project), &answer, e) < 0)
        return -1;
    const char *id = json_string_value(json_object_get(json_object_get(answer, "project"), "id"));
    *ret = arena_strdup(w->a, id ? id : "");
    json_decref(answer);
    return id ? 0 : incomplete("project id", e);
}

/* --- where it is --- */

static void wipe(void *text)
{
    explicit_bzero(text, strlen(text));
}

/* Splits a URI into what may be known and what is secret. */
static int take_uri(const struct work *w, struct database *row, const char *uri, struct err *e)
{
    auto_secret struct buf password = {0};
    auto_buf struct buf host = {0}, port = {0}, mode = {0};
    if (pg_conninfo_value(uri, "password", &password, e) < 0 ||
        pg_conninfo_value(uri, "host", &host, e) < 0 ||
        pg_conninfo_value(uri, "port", &port, e) < 0 ||
        pg_conninfo_value(uri, "sslmode", &mode, e) < 0)
        return -1;
    if (!password.len || !host.len)
        return incomplete("host and password in its URI", e);
    if (strpbrk(host.data, "' \\") || (port.len && strspn(port.data, "0123456789") != port.len))
        return incomplete("usable host in its URI", e);
    char *text = arena_strdup(w->a, password.data);
    arena_defer(w->a, wipe, text);
    row->password = text;
    row->remote = arena_printf(
        w->a, "host='%s' port='%s' sslmode='%s'", host.data, port.len ? port.data : "5432",
        mode.len && strspn(mode.data, "abcdefghijklmnopqrstuvwxyz-") == mode.len ? mode.data
                                                                                 : "require");
    return 0;
}

static int read_uri(const struct work *w, struct database *row, struct err *e)
{
    json_t *answer = NULL;
    const char *path =
        arena_printf(w->a, "/projects/%s/connection_uri?database_name=%s&role_name=%s",
                     row->remote_id, row->name, row->name);
    if (call(w, "GET", path, NULL, &answer, e) < 0)
        return -1;
    const char *uri = json_string_value(json_object_get(answer, "uri"));
    int rc = uri ? take_uri(w, row, uri, e) : incomplete("uri", e);
    json_decref(answer);
    return rc;
}

static int provision(const struct work *w, struct database *row, const char *label, struct err *e)
{
    const char *org = NULL;
    if (!*row->remote_id) {
        if (first_organisation(w, &org, e) < 0 ||
            find_project(w, row, org, &row->remote_id, e) < 0 ||
            (!*row->remote_id && make_project(w, row, label, org, &row->remote_id, e) < 0) ||
            databases_store_update(w, row, e) < 0)
            return -1;
    }
    return read_uri(w, row, e) < 0 || databases_store_update(w, row, e) < 0 ? -1 : 0;
}

/* --- the rest --- */

/* Neon chooses it; asking twice is only one more. */
static int renew(const struct work *w, struct database *row, struct err *e)
{
    (void)w, (void)e;
    row->next = row->next_verifier = "";
    return 0;
}

static int branch_of(const struct work *w, const struct database *row, const char **ret,
                     struct err *e)
{
    json_t *answer = NULL;
    size_t i;
    const json_t *one;
    *ret = NULL;
    if (call(w, "GET", arena_printf(w->a, "/projects/%s/branches", row->remote_id), NULL, &answer,
             e) < 0)
        return -1;
    json_array_foreach(json_object_get(answer, "branches"), i, one)
    {
        if (json_is_true(json_object_get(one, "default")) || !*ret)
            *ret = arena_strdup(w->a, json_string_value(json_object_get(one, "id")));
    }
    json_decref(answer);
    return *ret ? 0 : incomplete("branch", e);
}

static int rotate(const struct work *w, struct database *row, struct err *e)
{
    json_t *answer = NULL;
    const char *branch;
    if (branch_of(w, row, &branch, e) < 0 ||
        call(w, "POST",
             arena_printf(w->a, "/projects/%s/branches/%s/roles/%s/reset_password", row->remote_id,
                          branch, row->name),
             NULL, &answer, e) < 0)
        return -1;
    const char *password =
        json_string_value(json_object_get(json_object_get(answer, "role"), "password"));
    if (password) {
        char *text = arena_strdup(w->a, password);
        arena_defer(w->a, wipe, text);
        row->next = text;
    }
    json_decref(answer);
    return password ? 0 : incomplete("password", e);
}

static int drop(const struct work *w, const struct database *row, struct err *e)
{
    const char *id = row->remote_id, *org = NULL;
    struct err why = {0};
    if (provider_check(w->d, DATABASE_NEON, e) < 0)
        return -1;
    if (!*id && (first_organisation(w, &org, e) < 0 || find_project(w, row, org, &id, e) < 0))
        return -1;
    if (!*id || call(w, "DELETE", arena_printf(w->a, "/projects/%s", id), NULL, NULL, &why) == 0 ||
        why.code == ERR_NOT_FOUND)
        return 0;
    *e = why;
    return -1;
}

static int conninfo(const struct work *w, const struct database *row, struct buf *ret,
                    struct err *e)
{
    (void)w;
    if (!row->password)
        return err_set(e, ERR_SYSTEM, "the password of database %s does not open", row->name);
    return pg_conninfo(row->remote, (struct pg_instead){row->name, row->password, row->name}, ret,
                       e);
}

static int usage(const struct work *w, const struct database *row, struct provider_usage *ret,
                 struct err *e)
{
    auto_secret struct buf info = {0};
    auto_pg struct pg pg = {0};
    if (conninfo(w, row, &info, e) < 0 || pg_open(info.data, &pg, e) < 0 ||
        pg_number(&pg, "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())",
                  &ret->bytes, e) < 0)
        return -1;
    const char *version = PQparameterStatus(pg.conn, "server_version");
    ret->version = arena_dup(w->a, version, strspn(version, "0123456789."));
    return 0;
}

static int entry(const struct work *w, const struct database *row, struct pool_entry *ret,
                 struct err *e)
{
    auto_buf struct buf host = {0}, port = {0}, mode = {0};
    if (pg_conninfo_value(row->remote, "host", &host, e) < 0 ||
        pg_conninfo_value(row->remote, "port", &port, e) < 0 ||
        pg_conninfo_value(row->remote, "sslmode", &mode, e) < 0)
        return -1;
    ret->host = arena_strdup(w->a, host.data);
    ret->port = (unsigned)strtoul(port.data, NULL, 10);
    ret->sslmode = arena_strdup(w->a, mode.data);
    ret->dbname = row->name;
    ret->secret = row->password;
    return 0;
}

const struct provider neon_provider = {
    .prepare = prepare,
    .provision = provision,
    .renew = renew,
    .rotate = rotate,
    .drop = drop,
    .usage = usage,
    .conninfo = conninfo,
    .entry = entry,
};
