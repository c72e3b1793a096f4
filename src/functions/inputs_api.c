/* inputs_api — inputs saved with a function, so that all who work on it can call it by hand with
 * the same ones. They are kept and shown byte for byte and reach no call by themselves, so nothing
 * is noted: memory holds nothing of them. */
#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "functions/changes.h"
#include "functions/functions_store.h"
#include "functions/inputs_store.h"
#include "functions/rules.h"

static void add_input(struct buf *out, const struct input *i)
{
    char time[CLOCK_TEXT];
    buf_addz(out, "{\"name\":");
    json_add_string(out, str_of(i->name));
    buf_addz(out, ",\"input\":");
    buf_add_str(out, i->json);
    buf_addf(out, ",\"updated_at\":\"%s\"}", clock_rfc3339(i->updated_us, time));
}

static void add_row(void *arg, const struct input *i)
{
    struct buf *list = arg;
    buf_add(list, list->len ? "," : "[", 1);
    add_input(list, i);
}

static int list_inputs(struct request *req, struct response *res, struct err *e)
{
    auto_buf struct buf list = {0};
    if (inputs_list(req->context, http_param(req, "id"), add_row, &list, e) < 0)
        return -1;
    buf_addz(&list, list.len ? "]" : "[]");
    return http_reply_text(req, res, 200, "application/json", buf_str(&list));
}

static int read_input(struct request *req, struct input *ret, struct err *e)
{
    ret->name = http_param(req, "name");
    if (!rules_name_ok(str_of(ret->name)))
        return http_invalid(req, "path.name", "value_error", e,
                            "Value error, a name has " NAME_RULE);
    if (http_body_member(req, "input", &ret->json, e) < 0)
        return -1;
    if (!ret->json.p)
        return http_invalid(req, "body.input", "missing", e, "Field required");
    if (ret->json.n > INPUT_BYTES_MAX)
        return http_invalid(req, "body.input", "too_long", e,
                            "An input should have at most %d bytes of JSON, not %zu",
                            INPUT_BYTES_MAX, ret->json.n);
    return 0;
}

/* In the audit log, and done. */
static int finish(struct request *req, struct tx *tx, const char *action, const char *input,
                  struct err *e)
{
    struct function fn;
    if (functions_find_settings(req->context, req->arena, http_param(req, "id"), &fn, e) < 0 ||
        changes_write(req, action, &fn, input, e) < 0)
        return -1;
    return db_commit(tx, e);
}

static int save_input(struct request *req, struct response *res, struct err *e)
{
    auto_buf struct buf json = {0};
    auto_tx struct tx tx = {0};
    struct input i = {.updated_us = clock_wall_us()};
    if (read_input(req, &i, e) < 0 || db_begin(req->context, &tx, e) < 0 ||
        inputs_put(req->context, http_param(req, "id"), &i, e) < 0 ||
        finish(req, &tx, "input.save", i.name, e) < 0)
        return -1;
    add_input(&json, &i);
    return http_reply_text(req, res, 200, "application/json", buf_str(&json));
}

static int remove_input(struct request *req, struct response *res, struct err *e)
{
    auto_tx struct tx tx = {0};
    const char *name = http_param(req, "name");
    if (db_begin(req->context, &tx, e) < 0 ||
        inputs_delete(req->context, http_param(req, "id"), name, e) < 0 ||
        finish(req, &tx, "input.delete", name, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Input removed"));
}

#define INPUTS "/api/functions/:id/inputs"
#define INPUT  INPUTS "/:name"
const struct route inputs_routes[] = {
    {HTTP_GET, INPUTS, PERM_FUNCTION_VIEW, PLANE_CONTROL, list_inputs, NULL},
    {HTTP_PUT, INPUT, PERM_FUNCTION_EDIT, PLANE_CONTROL, save_input, NULL},
    {HTTP_DELETE, INPUT, PERM_FUNCTION_EDIT, PLANE_CONTROL, remove_input, NULL},
    {0},
};
