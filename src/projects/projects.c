#include "projects/projects.h"

#include "base/buf.h"
#include "projects/projects_store.h"

#include <string.h>

static int not_found(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "Project not found");
}

static int too_low(enum role has, enum role needs, struct err *e)
{
    return err_set(e, ERR_DENIED, "This takes the role '%s' in the project; yours is '%s'",
                   role_name(needs), role_name(has));
}

/* 1: `ret_id` is the project of that id or slug; 0: there is none. */
static int resolve(struct db *db, struct arena *a, const char *key, const char **ret_id,
                   struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT id FROM projects WHERE id = $1 OR slug = $1 ORDER BY id = $1 DESC",
                 DB_ARGS(db_textz(key)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        *ret_id = query_text(q, a, 0);
    return found;
}

static int role_at(struct request *req, const char *key, const char **ret_id, enum role *ret,
                   struct err *e)
{
    *ret = ROLE_NONE;
    int found = resolve(req->context, req->arena, key, ret_id, e);
    if (found <= 0)
        return found;
    return projects_role(req->context, req->principal->account, *ret_id, ret, e);
}

int projects_admit(struct request *req, enum role at_least, struct err *e)
{
    enum role role;
    const char *id = NULL;
    if (role_at(req, http_param(req, "id"), &id, &role, e) < 0)
        return -1;
    if (role == ROLE_NONE)
        return not_found(e);
    if (role < at_least)
        return too_low(role, at_least, e);
    http_param_set(req, "id", id);
    return 0;
}

int projects_admit_named(struct request *req, const char *loc, const char *project_id,
                         enum role at_least, struct err *e)
{
    enum role role;
    const char *id = NULL;
    if (role_at(req, project_id, &id, &role, e) < 0)
        return -1;
    if (role == ROLE_NONE || strcmp(id, project_id) != 0)
        return http_invalid(req, loc, "value_error", e, "Value error, Project not found");
    return role < at_least ? too_low(role, at_least, e) : 0;
}

static int add_variable(const struct seal *seal, const char *project_id, const char *key,
                        struct str sealed, json_t *out, struct err *e)
{
    auto_buf struct buf context = {0}, clear = {0};
    buf_addf(&context, "%s/%s", project_id, key);
    if (seal_unlock(seal, buf_str(&context), sealed, &clear, e) < 0)
        return err_in(e, "variable '%s' of project %s", key, project_id);
    json_object_set_new(out, key, json_stringn(clear.data ? clear.data : "", clear.len));
    explicit_bzero(clear.data, clear.len);
    return 0;
}

int projects_environment(struct db *db, const struct seal *seal, const char *project_id,
                         json_t **ret, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT key, value FROM project_variables WHERE project_id = $1 ORDER BY key",
                 DB_ARGS(db_textz(project_id)), &q, e) < 0)
        return -1;
    json_t *out = json_object();
    int more;
    while ((more = query_next(q, e)) > 0)
        if (add_variable(seal, project_id, query_text(q, a, 0), query_blob(q, a, 1), out, e) < 0) {
            more = -1;
            break;
        }
    if (more < 0)
        json_decref(out);
    else
        *ret = out;
    return more;
}
