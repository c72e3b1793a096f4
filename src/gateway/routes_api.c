/* routes_api — the routes of a project (contracts 1.4, rows 22 to 25), and which of them a request
 * would take. */
#include "auth/auth.h"
#include "app.h"
#include "base/clock.h"
#include "base/id.h"
#include "gateway/pattern.h"
#include "gateway/percent.h"
#include "gateway/routes.h"
#include "gateway/trie.h"
#include "http/form.h"

#include <string.h>

enum { METHOD_MAX = 32, MATCH_PATH_MAX = 8192 };

static json_t *route_json(const struct gateway_route *r)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "id", r->id, "project_id",
                     r->project, "function_id", r->function, "method", r->method, "path", r->path,
                     "description", r->description, "created_at", form_time_json(r->created_us),
                     "updated_at", form_time_json(r->updated_us));
}

static int list_routes(struct request *req, struct response *res, struct err *e)
{
    struct gateway_route *routes;
    size_t count;
    if (routes_list(req->context, req->arena, http_param(req, "id"), &routes, &count, e) < 0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, route_json(&routes[i]));
    return http_reply_json(req, res, 200, list);
}

/* --- creating and changing --- */

/* What a body says, over what is there already. */
static int read_form(struct request *req, enum form_need need, struct gateway_route *r,
                     struct form *form, struct err *e)
{
    if (form_open(form, req, e) < 0 ||
        form_text(form, "function_id", need, 0, ID_TEXT * 4, &r->function, e) < 0 ||
        form_text(form, "method", need, 0, METHOD_MAX, &r->method, e) < 0 ||
        form_text(form, "path", need, 0, ROUTE_PATH_MAX, &r->path, e) < 0)
        return -1;
    return form_text(form, "description", FORM_OPTIONAL, 0, ROUTE_DESCRIPTION_MAX, &r->description,
                     e);
}

static int check_method(struct request *req, struct gateway_route *r, struct err *e)
{
    char *upper = arena_strdup(req->arena, r->method);
    for (char *p = upper; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    r->method = upper;
    if (strcmp(upper, "ANY") == 0 || http_method_parse(str_of(upper)))
        return 0;
    return err_set(e, ERR_MALFORMED,
                   "Invalid method '%s'. Must be one of: ANY, DELETE, GET, HEAD, OPTIONS, PATCH, "
                   "POST, PUT",
                   upper);
}

static int check_path(const struct form *form, struct gateway_route *r, const char **ret_shape,
                      struct err *e)
{
    struct err why = {0};
    if (pattern_normalise(form->req->arena, r->path, &r->path, &why) < 0)
        return form_invalid(form, "path", "value_error", e, "Value error, %s", why.text);
    *ret_shape = pattern_shape(form->req->arena, r->path);
    return 0;
}

static int check_function(struct request *req, const struct gateway_route *r, struct err *e)
{
    struct function fn;
    struct err why = {0};
    if (functions_find_id(req->context, req->arena, r->function, &fn, &why) == 0) {
        if (fn.project && strcmp(fn.project, r->project) == 0)
            return 0;
    } else if (why.code != ERR_NOT_FOUND) {
        *e = why;
        return -1;
    }
    return err_set(e, ERR_MALFORMED, "Function not found in this project");
}

/* In the contract's order. */
static int check_route(const struct form *form, struct gateway_route *r, const char **ret_shape,
                       struct err *e)
{
    if (check_method(form->req, r, e) < 0 || check_path(form, r, ret_shape, e) < 0)
        return -1;
    return check_function(form->req, r, e);
}

static int check_room(struct db *db, const char *project, struct err *e)
{
    int64_t count;
    if (routes_count(db, project, &count, e) < 0)
        return -1;
    return count < ROUTES_PER_PROJECT_MAX
               ? 0
               : err_set(e, ERR_CONFLICT, "A project has at most %d routes",
                         ROUTES_PER_PROJECT_MAX);
}

static int taken(const struct gateway_route *r, int stored, struct err *e)
{
    if (stored < 0 && e->code == ERR_CONFLICT)
        return err_set(e, ERR_CONFLICT, "Route %s %.180s already exists in this project", r->method,
                       r->path);
    return stored;
}

/* In the audit log and in memory, with the change. */
static int finish(struct request *req, struct tx *tx, const char *action,
                  const struct gateway_route *r, const char *more, struct err *e)
{
    const char *detail = arena_printf(req->arena, "%s %s%s", r->method, r->path, more);
    if (audit_write(req->context, req, action, r->project, detail, e) < 0)
        return -1;
    db_note(tx, NOTE_PROJECT, r->project);
    return db_commit(tx, e);
}

static int create_route(struct request *req, struct response *res, struct err *e)
{
    struct gateway_route r = {.project = http_param(req, "id"), .description = ""};
    struct form form;
    const char *shape;
    char id[ID_TEXT];
    auto_tx struct tx tx = {0};
    if (read_form(req, FORM_REQUIRED, &r, &form, e) < 0 || db_begin(req->context, &tx, e) < 0 ||
        check_route(&form, &r, &shape, e) < 0 || check_room(req->context, r.project, e) < 0)
        return -1;
    id_new(id);
    r.id = id;
    r.created_us = r.updated_us = clock_wall_us();
    if (taken(&r, routes_insert(req->context, &r, shape, e), e) < 0 ||
        finish(req, &tx, "route.create", &r, "", e) < 0)
        return -1;
    return http_reply_json(req, res, 200, route_json(&r));
}

static int find_route(struct request *req, struct gateway_route *ret, struct err *e)
{
    int found = routes_find(req->context, req->arena, http_param(req, "id"),
                            http_param(req, "route"), ret, e);
    return found ? found : err_set(e, ERR_NOT_FOUND, "Route not found");
}

/* What was changed, behind the route as it is now. */
static const char *changed(struct arena *a, const struct gateway_route *old,
                           const struct gateway_route *r)
{
    bool moved = strcmp(old->method, r->method) != 0 || strcmp(old->path, r->path) != 0;
    bool other = strcmp(old->function, r->function) != 0;
    bool text = strcmp(old->description, r->description) != 0;
    return arena_printf(a, "%s%s%s%s%s%s", moved ? ", was " : "", moved ? old->method : "",
                        moved ? " " : "", moved ? old->path : "", other ? ", function" : "",
                        text ? ", description" : "");
}

static int change_route(struct request *req, struct response *res, struct err *e)
{
    struct gateway_route r, old, asked = {0};
    struct form form;
    const char *shape;
    auto_tx struct tx tx = {0};
    if (read_form(req, FORM_OPTIONAL, &asked, &form, e) < 0 || db_begin(req->context, &tx, e) < 0 ||
        find_route(req, &r, e) < 0)
        return -1;
    old = r;
    r.function = asked.function ? asked.function : r.function;
    r.method = asked.method ? asked.method : r.method;
    r.path = asked.path ? asked.path : r.path;
    r.description = asked.description ? asked.description : r.description;
    if (check_route(&form, &r, &shape, e) < 0)
        return -1;
    r.updated_us = clock_wall_us();
    if (taken(&r, routes_update(req->context, &r, shape, e), e) < 0 ||
        finish(req, &tx, "route.change", &r, changed(req->arena, &old, &r), e) < 0)
        return -1;
    return http_reply_json(req, res, 200, route_json(&r));
}

static int delete_route(struct request *req, struct response *res, struct err *e)
{
    struct gateway_route r;
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0 || find_route(req, &r, e) < 0 ||
        routes_delete(req->context, r.id, e) < 0 || finish(req, &tx, "route.delete", &r, "", e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Route deleted"));
}

/* --- which one would it be? --- */

static struct trie *trie_of(const struct gateway_route *routes, size_t count)
{
    struct trie *t = trie_new();
    for (size_t i = 0; i < count; i++) {
        unsigned method = http_method_parse(str_of(routes[i].method));
        (void)trie_add(t, method ? method : TRIE_ANY, routes[i].path, &routes[i]);
    }
    return t;
}

static json_t *match_json(const struct trie_match *match)
{
    json_t *params = json_object();
    for (size_t i = 0; i < match->count; i++) {
        auto_buf struct buf name = {0};
        buf_add_str(&name, match->params[i].name);
        json_object_set_new(params, name.data,
                            json_stringn(match->params[i].value.p, match->params[i].value.n));
    }
    return json_pack("{s:o, s:o}", "route", route_json(match->value), "params", params);
}

static int read_question(struct request *req, unsigned *ret_method, struct str *ret_path,
                         struct err *e)
{
    const char *method = http_query(req, "method"), *path = http_query(req, "path");
    *ret_method = method ? http_method_parse(str_of(method)) : HTTP_GET;
    if (!*ret_method)
        return http_invalid(req, "query.method", "value_error", e,
                            "Value error, this is no method");
    if (!path)
        return http_invalid(req, "query.path", "missing", e, "Field required");
    *ret_path = str_of(*path == '/' ? path : arena_printf(req->arena, "/%s", path));
    ret_path->n = strcspn(ret_path->p, "?");
    if (ret_path->n > MATCH_PATH_MAX || !percent_is_well_formed(*ret_path) ||
        !str_is_utf8(percent_decode(req->arena, *ret_path, false)))
        return http_invalid(req, "query.path", "value_error", e,
                            "Value error, a path has at most %d bytes and is percent-encoded UTF-8",
                            MATCH_PATH_MAX);
    return 0;
}

static int match_route(struct request *req, struct response *res, struct err *e)
{
    struct gateway_route *routes;
    size_t count;
    unsigned method;
    struct str path;
    struct trie_match match;
    if (read_question(req, &method, &path, e) < 0 ||
        gateway_routes(req->context, req->arena, http_param(req, "id"), &routes, &count, e) < 0)
        return -1;
    struct trie *t = trie_of(routes, count);
    json_t *answer = trie_find(t, method, path, req->arena, &match)
                         ? match_json(&match)
                         : json_pack("{s:n, s:{}}", "route", "params");
    trie_free(t);
    return http_reply_json(req, res, 200, answer);
}

const struct route routes_routes[] = {
    {HTTP_GET, "/api/projects/:id/routes", PERM_PROJECT_VIEW, PLANE_CONTROL, list_routes, NULL},
    {HTTP_POST, "/api/projects/:id/routes", PERM_PROJECT_EDIT, PLANE_CONTROL, create_route, NULL},
    {HTTP_GET, "/api/projects/:id/routes/match", PERM_PROJECT_VIEW, PLANE_CONTROL, match_route,
     NULL},
    {HTTP_PUT, "/api/projects/:id/routes/:route", PERM_PROJECT_EDIT, PLANE_CONTROL, change_route,
     NULL},
    {HTTP_DELETE, "/api/projects/:id/routes/:route", PERM_PROJECT_EDIT, PLANE_CONTROL, delete_route,
     NULL},
    {0},
};
