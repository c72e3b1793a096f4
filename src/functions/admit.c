/* admit — which function a path names, and what whoever asks may do with it. */
#include "base/must.h"
#include "functions/functions_store.h"
#include "http/http.h"
#include "projects/projects.h"

#include <string.h>

static int not_found(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "Function not found");
}

int functions_role(struct db *db, const char *account, const struct function *fn, enum role *ret,
                   struct err *e)
{
    if (fn->project)
        return projects_role(db, account, fn->project, ret, e);
    *ret = strcmp(fn->account, account) == 0 ? ROLE_OWNER : ROLE_NONE;
    return 0;
}

/* By name, among what the account may see. */
static int resolve_name(struct request *req, const char *name, struct function *ret, struct err *e)
{
    struct functions_named found;
    int count = functions_named(req->context, req->arena, req->principal->account, name, &found, e);
    if (count < 0)
        return -1;
    if (count == 0)
        return not_found(e);
    if (count > 1)
        return err_set(e, ERR_CONFLICT,
                       "Several functions are named '%s', in %s and %s: name one by its id", name,
                       found.slug[0] ? found.slug[0] : "no project",
                       found.slug[1] ? found.slug[1] : "no project");
    return functions_find_settings(req->context, req->arena, found.id[0], ret, e);
}

int functions_admit(struct request *req, enum role at_least, enum role *ret_role, struct err *e)
{
    struct function fn;
    struct err why = {0};
    enum role role = ROLE_NONE;
    const char *key = http_param(req, "id");
    if (functions_find_settings(req->context, req->arena, key, &fn, &why) < 0) {
        if (why.code != ERR_NOT_FOUND) {
            *e = why;
            return -1;
        }
        if (resolve_name(req, key, &fn, e) < 0)
            return -1;
    }
    if (functions_role(req->context, req->principal->account, &fn, &role, e) < 0)
        return -1;
    if (role == ROLE_NONE)
        return not_found(e);
    if (role < at_least)
        return err_set(e, ERR_DENIED, "This takes the role '%s' in the project; yours is '%s'",
                       role_name(at_least), role_name(role));
    http_param_set(req, "id", fn.id);
    if (ret_role)
        *ret_role = role;
    return 0;
}
