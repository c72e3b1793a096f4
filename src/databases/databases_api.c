/* databases_api — a project's database: state, making, ending, passwords (contracts 1.4, rows 28 to
 * 30). All wait for other servers: PLANE_LONG. */
#include "app.h"
#include "base/must.h"
#include "cluster/cluster.h"
#include "databases/database_api.h"
#include "databases/databases_store.h"
#include "databases/lifecycle.h"
#include "databases/provider.h"
#include "http/form.h"

#include <string.h>

int database_api_open(struct request *req, struct work *ret, struct project *ret_project,
                      struct err *e)
{
    const struct app *app = req->app;
    *ret = (struct work){app->databases, req->context, req->arena};
    return ret_project
               ? projects_find_id(req->context, req->arena, http_param(req, "id"), ret_project, e)
               : 0;
}

int database_api_check_name(struct request *req, const struct project *p, struct err *e)
{
    const char *name = http_query(req, "name");
    if (!name)
        return http_invalid(req, "query.name", "missing", e,
                            "Field required: the name of the project, to show that it is meant");
    if (strcmp(name, p->name) != 0)
        return http_invalid(req, "query.name", "value_error", e,
                            "Value error, this is not the name of the project");
    return 0;
}

/* --- the answer --- */

static json_t *null_or(json_t *value, bool known)
{
    if (known)
        return value;
    json_decref(value);
    return json_null();
}

static const char *masked_url(struct arena *a, const struct database *row)
{
    return arena_printf(a, DATABASE_URL_FORMAT, row->name, "***", row->name);
}

static const char *state_word(const struct database *row, bool reached)
{
    if (row->state == STATE_PROVISIONING)
        return "provisioning";
    if (row->state == STATE_DELETING || !reached)
        return "unavailable";
    return row->fence == FENCE_CLOSED      ? "blocked"
           : row->fence == FENCE_READ_ONLY ? "full"
                                           : "ready";
}

static const char *problem_of(struct arena *a, const struct database *row, const struct err *away,
                              int64_t size_max)
{
    if (row->state == STATE_DELETING)
        return arena_printf(a, "The database is being removed%s%s", *row->problem ? ": " : "",
                            row->problem);
    if (away->code)
        return arena_strdup(a, away->text);
    if (!row->password)
        return "Its password does not open: the secret.key of the data directory is another. "
               "Rotate the password";
    if (row->fence == FENCE_CLOSED)
        return arena_printf(a,
                            "More than a fifth over its size of %lld bytes: functions cannot "
                            "connect. Make room in the console: DROP, TRUNCATE or VACUUM FULL",
                            (long long)size_max);
    if (row->fence == FENCE_READ_ONLY)
        return arena_printf(a,
                            "Over its size of %lld bytes: writing is refused. Make room in the "
                            "console: DROP, TRUNCATE or VACUUM FULL",
                            (long long)size_max);
    return *row->problem ? row->problem : NULL;
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *number(int64_t n, bool known)
{
    return known ? json_integer(n) : json_null();
}

static void look(const struct work *w, const struct database *row, struct provider_usage *usage,
                 struct pool_usage *pool, bool *pool_known, struct err *away)
{
    struct err silent = {0};
    if (databases_check_here(w->d, row, away) < 0 || row->state != STATE_READY ||
        provider_of(row)->usage(w, row, usage, away) < 0)
        return;
    *pool_known = cluster_pool_usage(w->d->config.cluster, row->name, pool, &silent) == 0;
}

static json_t *no_database_json(void)
{
    return json_pack("{s:b, s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n}",
                     "has_database", 0, "database_url", "", "neon_project_id", "", "provider",
                     "state", "problem", "version", "bytes", "bytes_max", "connections",
                     "server_connections", "connections_max", "statement_timeout_ms", "created_at");
}

static json_t *database_json(const struct work *w, const struct database *row)
{
    const struct databases_config *c = &w->d->config;
    struct provider_usage usage = {0};
    struct pool_usage pool = {0};
    struct err away = {0};
    bool pooled = false;
    look(w, row, &usage, &pool, &pooled, &away);
    bool reached = !away.code, sized = provider_of(row)->fence != NULL, there = usage.version;
    return json_pack("{s:b, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "has_database", row->state != STATE_DELETING, "database_url",
                     masked_url(w->a, row), "neon_project_id", row->remote_id, "provider",
                     database_provider_words[row->provider], "state", state_word(row, reached),
                     "problem", text_or_null(problem_of(w->a, row, &away, (int64_t)c->size_max)),
                     "version", text_or_null(usage.version), "bytes", number(usage.bytes, there),
                     "bytes_max", number((int64_t)c->size_max, sized), "connections",
                     number(pool.clients, pooled), "server_connections",
                     number(pool.servers, pooled), "connections_max",
                     json_integer(c->connections_max), "statement_timeout_ms",
                     null_or(json_integer(c->statement_timeout_ms), sized), "created_at",
                     form_time_json(row->created_us));
}

int database_api_reply(struct request *req, struct response *res, const struct work *w,
                       const struct database *row)
{
    json_t *answer = row ? database_json(w, row) : no_database_json();
    must(answer);
    return http_reply_json(req, res, 200, answer);
}

static int reply(struct request *req, struct response *res, const struct work *w, struct err *e)
{
    struct database row;
    int found = databases_store_find(w, http_param(req, "id"), &row, e);
    return found < 0 ? -1 : database_api_reply(req, res, w, found ? &row : NULL);
}

/* --- endpoints --- */

static int get_database(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    return database_api_open(req, &w, NULL, e) < 0 ? -1 : reply(req, res, &w, e);
}

/* One that this server does not offer is a value it cannot take, like one that nobody offers. */
static int choose_provider(struct request *req, const struct work *w, int *kind, struct err *e)
{
    struct form f;
    struct err why = {0};
    *kind = (int)w->d->config.provider;
    if (req->body.n &&
        (form_open(&f, req, e) < 0 ||
         form_choice(&f, "provider", FORM_OPTIONAL, database_provider_words, kind, e) < 0))
        return -1;
    if (provider_check(w->d, (enum database_provider_kind) * kind, &why) < 0)
        return http_invalid(req, "body.provider", "value_error", e, "Value error, %s", why.text);
    return 0;
}

static int provision(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    struct project p;
    int kind;
    if (database_api_open(req, &w, &p, e) < 0 || choose_provider(req, &w, &kind, e) < 0)
        return -1;
    if (lifecycle_provision(&w, req, &p, (enum database_provider_kind)kind, e) < 0)
        return -1;
    return reply(req, res, &w, e);
}

static int deprovision(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    struct project p;
    if (database_api_open(req, &w, &p, e) < 0 || database_api_check_name(req, &p, e) < 0 ||
        lifecycle_deprovision(&w, req, &p, e) < 0)
        return -1;
    return reply(req, res, &w, e);
}

static int rotate(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    struct project p;
    if (database_api_open(req, &w, &p, e) < 0 || lifecycle_rotate(&w, req, &p, e) < 0)
        return -1;
    return reply(req, res, &w, e);
}

static int reveal(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    struct project p;
    struct database row;
    auto_secret struct buf url = {0};
    if (database_api_open(req, &w, &p, e) < 0 || lifecycle_ready(&w, p.id, &row, e) < 0)
        return -1;
    if (!row.password)
        return err_set(e, ERR_SYSTEM, "the password of database %s does not open", row.name);
    if (audit_write(req->context, req, "database.reveal", p.id, row.name, e) < 0)
        return -1;
    buf_addf(&url, DATABASE_URL_FORMAT, row.name, row.password, row.name);
    return http_reply_json(req, res, 200, json_pack("{s:s}", "database_url", url.data));
}

#define DATABASE "/api/projects/:id/database"
const struct route databases_routes[] = {
    {HTTP_GET, DATABASE, PERM_PROJECT_VIEW, PLANE_LONG, get_database, NULL},
    {HTTP_POST, DATABASE "/provision", PERM_PROJECT_EDIT, PLANE_LONG, provision, NULL},
    {HTTP_DELETE, DATABASE "/deprovision", PERM_PROJECT_OWN, PLANE_LONG, deprovision, NULL},
    {HTTP_POST, DATABASE "/rotate", PERM_PROJECT_OWN, PLANE_LONG, rotate, NULL},
    {HTTP_POST, DATABASE "/reveal", PERM_PROJECT_REVEAL, PLANE_LONG, reveal, NULL},
    {0},
};
