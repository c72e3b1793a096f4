/* deploy_api — POST /api/deploy: a tar becomes a function's new version, creating the function when
 * its name is new. Settings come from virga.json inside, query parameters win over it. */
#include "auth/auth.h"
#include "base/must.h"
#include "functions/archive.h"
#include "functions/save.h"
#include "http/form.h"

#include <string.h>
#include <strings.h>

#define SETTINGS_LOC "body.virga_json"

static int check_type(struct request *req, struct err *e)
{
    const char *type = http_header(req, "Content-Type");
    if (!type || strncasecmp(type, "application/x-tar", 17) != 0 || (type[17] && type[17] != ';'))
        return http_invalid(req, "header.content-type", "value_error", e,
                            "Value error, send the archive as application/x-tar");
    return 0;
}

static const struct file *find(const struct archive *archive, const char *path)
{
    for (size_t i = 0; i < archive->count; i++)
        if (str_is(archive->files[i].path, path))
            return &archive->files[i];
    return NULL;
}

static void free_json(void *json)
{
    json_decref(json);
}

/* Where the function is looked for, and made when it is not there. */
static void enter_project(struct function_change *c, const char *key, const char *loc)
{
    c->move = true;
    c->project = key;
    c->project_loc = loc;
}

/* Beside what the API takes there is "project": by id or slug. */
static int read_members(const struct form *form, json_t *object, struct function_change *c,
                        struct err *e)
{
    const char *project = NULL;
    if (form_text(form, "project", FORM_OPTIONAL, 1, SIZE_MAX, &project, e) < 0)
        return -1;
    (void)json_object_del(object, "project");
    /* The API ignores what it does not know; here a slip of the pen would go unseen for ever. */
    if (functions_refuse_unknown(form, e) < 0 || functions_read_change(form, c, e) < 0)
        return -1;
    if (project)
        enter_project(c, project, SETTINGS_LOC ".project");
    return 0;
}

static int read_settings(struct request *req, const struct archive *archive,
                         struct function_change *c, struct err *e)
{
    const struct file *file = find(archive, FILES_SETTINGS);
    struct form form = {.req = req, .place = SETTINGS_LOC};
    json_error_t why;
    if (!file)
        return 0;
    json_t *json = json_loadb(file->bytes.p, file->bytes.n, JSON_REJECT_DUPLICATES, &why);
    if (!json)
        return http_invalid(req, SETTINGS_LOC, "json_invalid", e, "JSON decode error, line %d: %s",
                            why.line, why.text);
    arena_defer(req->arena, free_json, json);
    form.object = json;
    if (!json_is_object(json))
        return form_invalid(&form, NULL, "dict_type", e, "Input should be a valid dictionary");
    return read_members(&form, json, c, e);
}

static int read_query(struct request *req, struct function_change *c, struct err *e)
{
    static const char *const names[] = {"name", "runtime", "handler"};
    const char *project = http_query(req, "project");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (functions_read_member(req, "query", names[i], http_query(req, names[i]), c, e) < 0)
            return -1;
    if (project)
        enter_project(c, project, "query.project");
    if (!c->name)
        return http_invalid(req, "query.name", "missing", e, "Field required");
    return 0;
}

static int guess_runtime(struct request *req, const struct archive *archive,
                         struct function_change *c, struct err *e)
{
    static const struct {
        const char *file, *runtime;
    } signs[] = {
        {"main.py", "python"},   {"index.js", "nodejs"},    {"index.mjs", "nodejs"},
        {"index.cjs", "nodejs"}, {"bootstrap", "provided"},
    };
    for (size_t i = 0; i < ARRAY_LEN(signs); i++)
        if (!c->runtime && find(archive, signs[i].file))
            return functions_read_member(req, "query", "runtime", signs[i].runtime, c, e);
    return 0; /* without a sign, a function that exists keeps its runtime */
}

static int take_files(struct request *req, const struct archive *archive, struct function_change *c,
                      struct err *e)
{
    auto_buf struct buf section = {0};
    for (size_t i = 0; i < archive->count; i++)
        if (!str_is(archive->files[i].path, FILES_SETTINGS))
            files_add(&section, &archive->files[i]);
    if (!section.len)
        return http_invalid(req, "body", "value_error", e, "Value error, the archive has no files");
    c->files = arena_str(req->arena, buf_str(&section));
    c->any = true;
    return 0;
}

static int deploy(struct request *req, struct response *res, struct err *e)
{
    struct archive archive = {0};
    struct function_change c;
    struct function fn;
    struct err why = {0};
    rules_change_init(&c);
    if (check_type(req, e) < 0)
        return -1;
    if (archive_read(req->arena, req->body, &archive, &why) < 0)
        return http_invalid(req, "body", "value_error", e, "Value error, %s", why.text);
    if (read_settings(req, &archive, &c, e) < 0 || read_query(req, &c, e) < 0 ||
        guess_runtime(req, &archive, &c, e) < 0 || take_files(req, &archive, &c, e) < 0)
        return -1;
    c.code = (struct str){NULL, 0}; /* a "code" in the settings has no meaning beside files */
    if (save_by_name(req, &c, &fn, e) < 0)
        return -1;
    return functions_reply(req, res, &fn);
}

const struct route deploy_routes[] = {
    {HTTP_POST, "/api/deploy", PERM_FUNCTIONS_CREATE, PLANE_CONTROL, deploy, NULL},
    {0},
};
