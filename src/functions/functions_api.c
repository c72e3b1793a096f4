/* functions_api — GET, POST, PUT and DELETE of functions (contracts 1.4, rows 8 to 13). */
#include "app.h"
#include "auth/auth.h"
#include "functions/files_input.h"
#include "functions/pages.h"
#include "functions/save.h"
#include "http/compress.h"
#include "http/form.h"

#include <stdio.h>

enum { LIST_MAX = 1000 };

/* A list on its way into a buffer. */
struct list_text {
    const struct functions *functions;
    struct buf json;
    char last[PAGE_CURSOR_TEXT]; /* id of the last function in it */
};

static void add_row(void *arg, const struct function *fn)
{
    struct list_text *list = arg;
    buf_add(&list->json, list->json.len ? "," : "[", 1);
    functions_add_json(&list->json, list->functions, fn);
    snprintf(list->last, sizeof list->last, "%s", fn->id);
}

static int read_filter(struct request *req, struct functions_filter *ret, struct err *e)
{
    const char *key = http_query(req, "project");
    ret->name = http_query(req, "name");
    ret->part = http_query(req, "q");
    ret->before = http_query(req, "before");
    if (form_limit(req, LIST_MAX, LIST_MAX, &ret->limit, e) < 0)
        return -1;
    if (ret->project || !key) /* the path has named one */
        return 0;
    ret->no_project = !key[0];
    if (ret->no_project)
        return 0;
    int found = functions_project(req->context, req->arena, ret->account, key, &ret->project, e);
    if (found == 0)
        return http_invalid(req, "query.project", "value_error", e,
                            "Value error, Project not found");
    return found < 0 ? -1 : 0;
}

static int read_page(struct request *req, const char *project, struct str key,
                     const struct page **ret, struct err *e)
{
    struct functions *f = rules_functions(req);
    struct functions_filter filter = {.account = req->principal->account, .project = project};
    struct list_text list = {.functions = f};
    uint64_t generation = pages_generation(f->pages); /* before the first look at the store */
    bool more;
    if (read_filter(req, &filter, e) < 0)
        return -1;
    if (functions_list(req->context, &filter, add_row, &list, &more, e) < 0) {
        buf_done(&list.json);
        return -1;
    }
    buf_addz(&list.json, list.json.len ? "]" : "[]");
    *ret = pages_keep(f->pages, generation, key, &list.json, more ? list.last : "");
    return 0;
}

static void give_back(void *page)
{
    pages_give_back(page);
}

static int reply_page(struct request *req, struct response *res, const struct page *page)
{
    arena_defer(req->arena, give_back, (void *)(uintptr_t)page);
    if (page->next[0])
        form_link_next(req, res, page->next);
    res->content_type = "application/json";
    res->body = page->body;
    return http_compress(req, res);
}

/* The same question of the same account is answered by the same bytes until something changes.
 * `project` may be NULL. */
static int list(struct request *req, struct response *res, const char *project, struct err *e)
{
    struct str key = str_of(arena_printf(req->arena, "%s\n%s\n%s", req->principal->account,
                                         project ? project : "", req->query));
    bool known = store_is_heard(((const struct app *)req->app)->store);
    const struct page *page = known ? pages_find(rules_functions(req)->pages, key) : NULL;
    if (!page && read_page(req, project, key, &page, e) < 0)
        return -1;
    return reply_page(req, res, page);
}

static int list_functions(struct request *req, struct response *res, struct err *e)
{
    return list(req, res, NULL, e);
}

/* The row asks for the scope that shows a project; its functions, with their code, take one more.
 */
static int list_of_project(struct request *req, struct response *res, struct err *e)
{
    if (!(req->principal->scopes & SCOPE_FUNCTIONS_READ))
        return err_set(e, ERR_DENIED, "This key lacks the scope 'functions:read'");
    return list(req, res, http_param(req, "id"), e);
}

static int read_body(struct request *req, struct function_change *c, struct err *e)
{
    struct form form;
    rules_change_init(c);
    if (form_open(&form, req, e) < 0 || functions_read_change(&form, c, e) < 0)
        return -1;
    return files_input_read(&form, c, e);
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
    if (!c.code.p && !c.tree)
        return missing(req, "body.code", e);
    if (save_new(req, &c, &fn, e) < 0)
        return -1;
    return functions_reply(req, res, &fn);
}

static int get_function(struct request *req, struct response *res, struct err *e)
{
    struct function fn;
    if (functions_find_id(req->context, req->arena, http_param(req, "id"), &fn, e) < 0)
        return -1;
    return functions_reply(req, res, &fn);
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
    return functions_reply(req, res, &fn);
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
    {HTTP_GET, "/api/projects/:id/functions", PERM_PROJECT_VIEW, PLANE_CONTROL, list_of_project,
     NULL},
    {HTTP_GET, "/api/functions/:id", PERM_FUNCTION_VIEW, PLANE_CONTROL, get_function, NULL},
    {HTTP_PUT, "/api/functions/:id", PERM_FUNCTION_EDIT, PLANE_CONTROL, change_function, NULL},
    {HTTP_DELETE, "/api/functions/:id", PERM_FUNCTION_EDIT, PLANE_CONTROL, delete_function, NULL},
    {0},
};
