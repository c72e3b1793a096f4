#include "projects/projects.h"

#include "projects/projects_store.h"
#include "projects/variables_store.h"

#include <string.h>

static int not_found(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "Project not found");
}

int projects_too_low(enum role has, enum role needs, struct err *e)
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
        return projects_too_low(role, at_least, e);
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
    return role < at_least ? projects_too_low(role, at_least, e) : 0;
}

int projects_set_database(struct tx *tx, const char *id, bool has, struct err *e)
{
    return db_exec(tx->db, "UPDATE projects SET has_database = $2 WHERE id = $1",
                   DB_ARGS(db_textz(id), db_int(has)), e) < 0
               ? -1
               : 0;
}

static int add_variable(const struct seal *seal, const char *project_id, const struct variable *v,
                        json_t *out, struct err *e)
{
    auto_clear struct buf clear = {0};
    if (variable_open(seal, project_id, v->key, v->sealed, &clear, e) < 0)
        return -1;
    json_object_set_new(out, v->key, json_stringn(clear.data ? clear.data : "", clear.len));
    return 0;
}

int projects_environment(struct db *db, const struct seal *seal, const char *project_id,
                         json_t **ret, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    struct variables found;
    if (variables_store_list(db, a, project_id, &found, e) < 0)
        return -1;
    json_t *out = json_object();
    for (size_t i = 0; i < found.count; i++)
        if (add_variable(seal, project_id, &found.all[i], out, e) < 0) {
            json_decref(out);
            return -1;
        }
    *ret = out;
    return 0;
}
