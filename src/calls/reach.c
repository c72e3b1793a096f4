#include "calls/reach.h"

#include "base/buf.h"
#include "functions/functions.h"
#include "projects/projects.h"

const char *reach_sql(const struct reach *r)
{
    static const char *const sql[] = {
        [REACH_FUNCTION] = "= $1",
        [REACH_PROJECT] = "IN (SELECT id FROM functions WHERE project_id = $1)",
        [REACH_ACCOUNT] = "IN (SELECT id FROM functions WHERE owner_id = $1 OR project_id IN"
                          " (SELECT project_id FROM project_members WHERE account_id = $1))",
    };
    return sql[r->kind];
}

const char *reach_condition(const struct reach *r)
{
    static const char *const sql[] = {
        [REACH_FUNCTION] = "f.id = $1",
        [REACH_PROJECT] = "f.project_id = $1",
        [REACH_ACCOUNT] = "(f.owner_id = $1 OR f.project_id IN"
                          " (SELECT project_id FROM project_members WHERE account_id = $1))",
    };
    return sql[r->kind];
}

int reach_holds(struct db *db, const struct reach *r, const char *function, struct err *e)
{
    auto_buf struct buf sql = {0};
    auto_query struct query *q = NULL;
    buf_addf(&sql, "SELECT 1 FROM functions f WHERE f.id = $2 AND %s", reach_condition(r));
    if (db_query(db, sql.data, DB_ARGS(db_textz(r->id), db_textz(function)), &q, e) < 0)
        return -1;
    return query_next(q, e);
}

static bool is_missing(struct err *why, struct err *e)
{
    if (why->code != ERR_NOT_FOUND)
        *e = *why;
    return why->code == ERR_NOT_FOUND;
}

static int open_function(struct request *req, struct reach *ret, struct err *e)
{
    struct function fn;
    struct err why = {0};
    bool member = req->principal && functions_admit(req, ROLE_VIEWER, NULL, &why) == 0;
    if (why.code && !is_missing(&why, e))
        return -1;
    why = (struct err){0};
    int rc = functions_find_id(req->context, req->arena, http_param(req, "id"), &fn, &why);
    if (rc < 0 && !is_missing(&why, e))
        return -1;
    if (rc < 0 || !(member || fn.public_logs))
        return req->principal ? err_set(e, ERR_NOT_FOUND, "Function not found") : auth_missing(e);
    *ret = (struct reach){REACH_FUNCTION, fn.id, member};
    return 0;
}

static int narrow_project(struct request *req, struct reach *r, struct err *e)
{
    const char *project = http_query(req, "project");
    if (!project || r->kind != REACH_ACCOUNT)
        return 0;
    if (projects_admit_named(req, "query.project", project, ROLE_VIEWER, e) < 0)
        return -1;
    *r = (struct reach){REACH_PROJECT, project, true};
    return 0;
}

static int narrow_function(struct request *req, struct reach *r, struct err *e)
{
    const char *function = http_query(req, "function");
    if (!function || r->kind == REACH_FUNCTION)
        return 0;
    int held = reach_holds(req->context, r, function, e);
    if (held == 0)
        return http_invalid(req, "query.function", "value_error", e,
                            "Value error, Function not found");
    if (held > 0)
        *r = (struct reach){REACH_FUNCTION, function, true};
    return held < 0 ? -1 : 0;
}

/* The rows of projects ask for the scope that shows a project; records take one more. */
static int check_scope(const struct request *req, struct err *e)
{
    if (req->principal && !(req->principal->scopes & SCOPE_CALLS_READ))
        return err_set(e, ERR_DENIED, "This key has not the scope 'calls:read'");
    return 0;
}

int reach_open(struct request *req, enum reach_kind kind, struct reach *ret, struct err *e)
{
    if (check_scope(req, e) < 0)
        return -1;
    if (kind == REACH_FUNCTION)
        return open_function(req, ret, e);
    if (!req->principal)
        return auth_missing(e);
    if (kind == REACH_PROJECT && projects_admit(req, ROLE_VIEWER, e) < 0)
        return -1;
    *ret = (struct reach){
        kind, kind == REACH_PROJECT ? http_param(req, "id") : req->principal->account, true};
    if (narrow_project(req, ret, e) < 0)
        return -1;
    return narrow_function(req, ret, e);
}
