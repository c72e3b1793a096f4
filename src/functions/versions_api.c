/* versions_api — a function's versions, newest first, with their files, and rolling back to one
 * (contracts 1.4, rows 14 and 15). */
#include "auth/auth.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/must.h"
#include "functions/files.h"
#include "functions/save.h"
#include "http/compress.h"
#include "http/form.h"

#include <string.h>

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
    (void)http_reply_json(req, res, 200, list);
    return http_compress(req, res);
}

static int show_version(struct request *req, struct response *res, struct err *e)
{
    struct function fn;
    struct version version;
    uint32_t number = 0;
    const char *id = http_param(req, "id");
    if (read_number(req, "path.version", http_param(req, "version"), &number, e) < 0 ||
        functions_find_settings(req->context, req->arena, id, &fn, e) < 0 ||
        versions_find(req->context, req->arena, id, number, &version, e) < 0)
        return -1;
    version.active = number == fn.active_version;
    (void)http_reply_json(req, res, 200, to_json(&version));
    return http_compress(req, res);
}

/* --- files --- */

/* Bytes of text in one file, and in one answer. */
enum { TEXT_MAX = 1 << 20, TEXTS_MAX = 4 << 20 };

static void add_base64(struct buf *out, struct str bytes)
{
    buf_addz(out, ",\"base64\":\"");
    base64_add(out, bytes);
    buf_addz(out, "\"");
}

static void add_content(struct buf *out, struct str bytes, bool binary, size_t *left)
{
    bool shown = bytes.n <= TEXT_MAX && bytes.n <= *left && files_is_text(bytes);
    buf_addz(out, ",\"text\":");
    if (shown) {
        json_add_string(out, bytes);
        *left -= bytes.n;
    } else {
        buf_addz(out, "null");
        if (binary)
            add_base64(out, bytes);
    }
    buf_addz(out, "}");
}

static void add_files(struct buf *out, struct str section, bool binary)
{
    struct file f;
    size_t left = TEXTS_MAX;
    const char *before = "";
    for (; files_next(&section, &f); before = ",") {
        buf_addf(out, "%s{\"path\":", before);
        json_add_string(out, f.path);
        buf_addf(out, ",\"size\":%zu,\"mode\":\"%04o\"", f.bytes.n, (unsigned)f.mode);
        add_content(out, f.bytes, binary, &left);
    }
}

static int read_binary(struct request *req, bool *ret, struct err *e)
{
    const char *text = http_query(req, "binary");
    *ret = text && strcmp(text, "true") == 0;
    if (!text || *ret || strcmp(text, "false") == 0)
        return 0;
    return http_invalid(req, "query.binary", "bool_parsing", e, "Input should be true or false");
}

/* With `binary=true` what is not shown as text comes as base64: as much as a version may hold. */
static int show_files(struct request *req, struct response *res, struct err *e)
{
    auto_buf struct buf json = {0};
    struct str section;
    uint32_t number = 0;
    bool binary;
    const char *id = http_param(req, "id");
    if (read_number(req, "path.version", http_param(req, "version"), &number, e) < 0 ||
        read_binary(req, &binary, e) < 0 ||
        versions_section(req->context, req->arena, id, number, &section, e) < 0)
        return -1;
    buf_addz(&json, "{\"function_id\":");
    json_add_string(&json, str_of(id));
    buf_addf(&json, ",\"version\":%u,\"files\":[", number);
    add_files(&json, section, binary);
    buf_addz(&json, "]}");
    (void)http_reply_text(req, res, 200, "application/json", buf_str(&json));
    return http_compress(req, res);
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
    {HTTP_GET, "/api/functions/:id/versions/:version", PERM_FUNCTION_VIEW, PLANE_CONTROL,
     show_version, NULL},
    {HTTP_GET, "/api/functions/:id/versions/:version/files", PERM_FUNCTION_VIEW, PLANE_CONTROL,
     show_files, NULL},
    {HTTP_PUT, "/api/functions/:id/versions/:version", PERM_FUNCTION_EDIT, PLANE_CONTROL, roll_back,
     NULL},
    {0},
};
