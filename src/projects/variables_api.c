/* variables_api — the environment that a project gives its functions (contracts 1.4, rows 19 to
 * 21). Secrets are masked in every answer but that of reveal. */
#include "app.h"
#include "base/must.h"
#include "http/form.h"
#include "projects/variables.h"

#include <string.h>

/* Null when it cannot be opened (its key is lost): the others must still be seen. */
static json_t *value_json(struct request *req, const struct variable *v)
{
    auto_clear struct buf clear = {0};
    struct err unreadable = {0};
    const struct app *app = req->app;
    if (v->secret)
        return json_string(VARIABLE_MASK);
    if (variable_open(app->seal, http_param(req, "id"), v->key, v->sealed, &clear, &unreadable) < 0)
        return json_null();
    return json_stringn(clear.data ? clear.data : "", clear.len);
}

static json_t *variable_json(struct request *req, const struct variable *v)
{
    json_t *ret =
        json_pack("{s:s, s:s, s:o, s:b, s:o, s:o}", "id", v->id, "key", v->key, "value",
                  value_json(req, v), "is_secret", v->secret, "created_at",
                  form_time_json(v->created_us), "updated_at", form_time_json(v->updated_us));
    must(ret);
    return ret;
}

static int list_variables(struct request *req, struct response *res, struct err *e)
{
    struct variables found;
    if (variables_store_list(req->context, req->arena, http_param(req, "id"), &found, e) < 0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < found.count; i++)
        json_array_append_new(list, variable_json(req, &found.all[i]));
    return http_reply_json(req, res, 200, list);
}

static int read_wanted(const struct form *f, struct wanted *ret, struct err *e)
{
    *ret = (struct wanted){.loc = f->place, .secret = true};
    if (form_text(f, "key", FORM_REQUIRED, 1, VARIABLE_KEY_MAX, &ret->key, e) < 0 ||
        form_secret(f, "value", FORM_REQUIRED, 0, VARIABLE_VALUE_MAX, &ret->value, e) < 0 ||
        form_bool(f, "is_secret", FORM_OPTIONAL, &ret->secret, e) < 0)
        return -1;
    if (!variable_key_ok(str_of(ret->key)))
        return form_invalid(f, "key", "value_error", e,
                            "Value error, a key has " VARIABLE_KEY_RULE);
    if (variable_key_reserved(ret->key))
        return form_invalid(f, "key", "value_error", e,
                            "Value error, '%s' is reserved for the platform", ret->key);
    return 0;
}

static int set_variable(struct request *req, struct response *res, struct err *e)
{
    struct form f;
    struct wanted wanted;
    struct variable v = {0};
    const char *project = http_param(req, "id");
    if (form_open(&f, req, e) < 0 || read_wanted(&f, &wanted, e) < 0 ||
        variables_set(req, project, &wanted, 1, false, e) < 0)
        return -1;
    int found = variables_store_find(req->context, req->arena, project, wanted.key, &v, e);
    if (found <= 0)
        return found < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "Project not found");
    return http_reply_json(req, res, 200, variable_json(req, &v));
}

static int check_new_key(const struct form *f, const struct wanted *wanted, size_t i, struct err *e)
{
    for (size_t before = 0; before < i; before++)
        if (strcmp(wanted[before].key, wanted[i].key) == 0)
            return form_invalid(f, "key", "value_error", e, "Value error, '%s' stands there twice",
                                wanted[i].key);
    return 0;
}

static int read_all(const struct form *f, struct wanted **ret, size_t *ret_count, struct err *e)
{
    const json_t *list = NULL, *item;
    size_t i;
    if (form_array(f, "variables", FORM_REQUIRED, PROJECT_VARIABLES_MAX, &list, e) < 0)
        return -1;
    struct wanted *wanted =
        arena_alloc(f->req->arena, (json_array_size(list) + 1) * sizeof *wanted);
    json_array_foreach(list, i, item)
    {
        struct form one = {f->req, arena_printf(f->req->arena, "%s.variables.%zu", f->place, i),
                           item};
        if (!json_is_object(item)) {
            (void)form_invalid(&one, NULL, "dict_type", e, "Input should be a valid dictionary");
            return http_invalid_hide(f->req);
        }
        if (read_wanted(&one, &wanted[i], e) < 0 || check_new_key(&one, wanted, i, e) < 0)
            return -1;
    }
    *ret = wanted;
    *ret_count = json_array_size(list);
    return 0;
}

static int replace_variables(struct request *req, struct response *res, struct err *e)
{
    struct form f;
    struct wanted *wanted = NULL;
    size_t count = 0;
    if (form_open(&f, req, e) < 0 || read_all(&f, &wanted, &count, e) < 0 ||
        variables_set(req, http_param(req, "id"), wanted, count, true, e) < 0)
        return -1;
    return list_variables(req, res, e);
}

static int delete_variable(struct request *req, struct response *res, struct err *e)
{
    const char *key = http_param(req, "key");
    if (variables_remove(req, http_param(req, "id"), key, e) < 0)
        return -1;
    const char *text = arena_printf(req->arena, "Env var '%s' deleted", key);
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", text));
}

static int reveal_variable(struct request *req, struct response *res, struct err *e)
{
    auto_clear struct buf clear = {0};
    const char *key = http_param(req, "key");
    if (variables_reveal(req, http_param(req, "id"), key, &clear, e) < 0)
        return -1;
    return http_reply_json(
        req, res, 200,
        json_pack("{s:s, s:s%}", "key", key, "value", clear.data ? clear.data : "", clear.len));
}

#define VARIABLES "/api/projects/:id/env"
#define VARIABLE  VARIABLES "/:key"
const struct route variables_routes[] = {
    {HTTP_GET, VARIABLES, PERM_PROJECT_VIEW, PLANE_CONTROL, list_variables, NULL},
    {HTTP_POST, VARIABLES, PERM_PROJECT_EDIT, PLANE_CONTROL, set_variable, NULL},
    {HTTP_PUT, VARIABLES, PERM_PROJECT_EDIT, PLANE_CONTROL, replace_variables, NULL},
    {HTTP_DELETE, VARIABLE, PERM_PROJECT_EDIT, PLANE_CONTROL, delete_variable, NULL},
    {HTTP_POST, VARIABLE "/reveal", PERM_PROJECT_REVEAL, PLANE_CONTROL, reveal_variable, NULL},
    {0},
};
