/* versions_api — a function's versions, newest first, and rolling back to one (contracts 1.4, rows
 * 14 and 15). */
#include "auth/auth.h"
#include "base/must.h"
#include "functions/save.h"
#include "http/form.h"

static json_t *to_json(const struct version *v)
{
    json_t *json = json_pack("{s:s, s:i, s:s, s:s, s:s, s:o, s:I, s:b, s:o, s:o}", "function_id",
                             v->function_id, "version", (int)v->number, "code",
                             v->entry ? v->entry : "", "runtime", v->runtime, "handler", v->handler,
                             "files", functions_files_json(v->files), "size", (json_int_t)v->size,
                             "active", v->active, "created_at", form_time_json(v->created_us),
                             "updated_at", form_time_json(v->created_us));
    must(json);
    return json;
}

static int read_number(struct request *req, const char *loc, const char *text, uint32_t *ret,
                       struct err *e)
{
    uint64_t value = 0;
    if (!str_to_u64(str_of(text), &value))
        return http_invalid(
            req, loc, "int_parsing", e,
            "Input should be a valid integer, unable to parse string as an integer");
    *ret = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value; /* no version has that number */
    return 0;
}

static int list_versions(struct request *req, struct response *res, struct err *e)
{
    struct versions_page page;
    struct function fn;
    size_t limit;
    uint32_t below = 0;
    const char *before = http_query(req, "before");
    if (form_limit(req, VERSIONS_KEPT + 1, VERSIONS_KEPT + 1, &limit, e) < 0 ||
        (before && read_number(req, "query.before", before, &below, e) < 0) ||
        functions_find_id(req->context, req->arena, http_param(req, "id"), &fn, e) < 0 ||
        versions_list(req->context, req->arena, &fn, below, limit, &page, e) < 0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(list, to_json(&page.versions[i]));
    if (page.more)
        form_link_next(req, res,
                       arena_printf(req->arena, "%u", page.versions[page.count - 1].number));
    return http_reply_json(req, res, 200, list);
}

static int roll_back(struct request *req, struct response *res, struct err *e)
{
    struct function fn;
    uint32_t number = 0;
    if (read_number(req, "path.version", http_param(req, "version"), &number, e) < 0 ||
        save_rollback(req, http_param(req, "id"), number, &fn, e) < 0)
        return -1;
    return functions_reply(req, res, &fn);
}

const struct route versions_routes[] = {
    {HTTP_GET, "/api/functions/:id/versions", PERM_FUNCTION_VIEW, PLANE_CONTROL, list_versions,
     NULL},
    {HTTP_PUT, "/api/functions/:id/versions/:version", PERM_FUNCTION_EDIT, PLANE_CONTROL, roll_back,
     NULL},
    {0},
};
