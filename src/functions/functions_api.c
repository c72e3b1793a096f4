/* functions_api — GET, POST, PUT and DELETE of functions (contracts 1.4, rows 9 to 13). */
#include "auth/auth.h"
#include "base/must.h"
#include "functions/save.h"
#include "http/form.h"

enum { LIST_MAX = 1000 };

static int reply(struct request *req, struct response *res, const struct function *fn)
{
    return http_reply_json(req, res, 200, functions_to_json(save_functions(req), fn));
}

static int list_functions(struct request *req, struct response *res, struct err *e)
{
    struct functions_page page;
    size_t limit;
    if (form_limit(req, LIST_MAX, LIST_MAX, &limit, e) < 0 ||
        functions_list(req->context, req->arena, http_query(req, "before"), limit, &page, e) < 0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(list, functions_to_json(save_functions(req), &page.functions[i]));
    if (page.more)
        form_link_next(req, res, page.functions[page.count - 1].id);
    return http_reply_json(req, res, 200, list);
}

static int read_body(struct request *req, struct function_change *c, struct err *e)
{
    json_t *body = NULL;
    rules_change_init(c);
    if (http_body_json(req, &body, e) < 0)
        return -1;
    return functions_read_change(req, "body", body, c, e);
}

static int missing(struct request *req, const char *loc, struct err *e)
{
    return http_invalid(req, loc, "missing", e, "Field required");
}

static int create_function(struct request *req, struct response *res, struct err *e)
{
    struct function_change c;
    struct function fn;
    if (read_body(req, &c, e) < 0)
        return -1;
    if (!c.name)
        return missing(req, "body.name", e);
    if (!c.code.p)
        return missing(req, "body.code", e);
    if (save_new(req, &c, &fn, e) < 0)
        return -1;
    return reply(req, res, &fn);
}

static int get_function(struct request *req, struct response *res, struct err *e)
{
    struct function fn;
    if (functions_find_id(req->context, req->arena, http_param(req, "id"), &fn, e) < 0)
        return -1;
    return reply(req, res, &fn);
}

static int change_function(struct request *req, struct response *res, struct err *e)
{
    struct function_change c;
    struct function fn;
    if (read_body(req, &c, e) < 0)
        return -1;
    if (!c.any)
        return get_function(req, res, e);
    if (save_change(req, http_param(req, "id"), &c, &fn, e) < 0)
        return -1;
    return reply(req, res, &fn);
}

static int delete_function(struct request *req, struct response *res, struct err *e)
{
    if (save_delete(req, http_param(req, "id"), e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Function deleted"));
}

const struct route functions_routes[] = {
    {HTTP_GET, "/api/functions", PERM_FUNCTIONS_READ, PLANE_CONTROL, list_functions, NULL},
    {HTTP_POST, "/api/functions", PERM_FUNCTIONS_CREATE, PLANE_CONTROL, create_function, NULL},
    {HTTP_GET, "/api/functions/:id", PERM_FUNCTION_VIEW, PLANE_CONTROL, get_function, NULL},
    {HTTP_PUT, "/api/functions/:id", PERM_FUNCTION_EDIT, PLANE_CONTROL, change_function, NULL},
    {HTTP_DELETE, "/api/functions/:id", PERM_FUNCTION_EDIT, PLANE_CONTROL, delete_function, NULL},
    {0},
};
