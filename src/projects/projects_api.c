/* projects_api — GET, POST, PUT and DELETE of projects (contracts 1.4, rows 3 to 7). */
#include "base/must.h"
#include "http/form.h"
#include "projects/project_cors.h"
#include "projects/projects_store.h"
#include "projects/projects_save.h"
#include "projects/slug.h"

#include <string.h>

enum { LIST_MAX = 1000 };

static json_t *project_json(struct arena *a, const struct project *p)
{
    json_t *ret = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:b, s:s, s:o, s:s, s:o, s:o}", "id", p->id, "name",
        p->name, "slug", p->slug, "description", p->description, "status",
        p->active ? "active" : "inactive", "function_count", (json_int_t)p->function_count,
        "requirements_txt", p->requirements_txt, "has_database", p->has_database, "role",
        role_name(p->role), "cors", project_cors_json(&p->cors), "gateway_url",
        arena_printf(a, "/api/gateway/%s", slug_in_url(a, p->slug)), "created_at",
        form_time_json(p->created_us), "updated_at", form_time_json(p->updated_us));
    must(ret);
    return ret;
}

static int reply(struct request *req, struct response *res, const struct project *p)
{
    return http_reply_json(req, res, 200, project_json(req->arena, p));
}

/* --- reading --- */

/* Control characters, in ASCII and behind it: they would break lists on a terminal. */
static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0))
            return true;
    }
    return false;
}

static int read_name(const struct form *f, enum form_need need, const char **ret, struct err *e)
{
    const char *sent = NULL;
    if (form_text(f, "name", need, 1, SIZE_MAX, &sent, e) < 0)
        return -1;
    if (!sent)
        return 0;
    struct str name = str_trim(str_of(sent));
    if (!name.n || name.n > PROJECT_NAME_MAX)
        return form_invalid(f, "name", "value_error", e, "Value error, a name has 1 to %d bytes",
                            PROJECT_NAME_MAX);
    if (has_control(name))
        return form_invalid(f, "name", "value_error", e,
                            "Value error, a name has no control characters");
    *ret = arena_dup(f->req->arena, name.p, name.n);
    return 0;
}

static int read_status(const struct form *f, bool *active, const bool **ret, struct err *e)
{
    static const char *const words[] = {"inactive", "active", NULL};
    int index = 0;
    if (form_choice(f, "status", FORM_OPTIONAL, words, &index, e) < 0)
        return -1;
    if (form_has(f, "status")) {
        *active = index == 1;
        *ret = active;
    }
    return 0;
}

/* --- endpoints --- */

static int list_projects(struct request *req, struct response *res, struct err *e)
{
    struct projects_page page;
    const char *before = http_query(req, "before");
    size_t limit;
    if (before && !str_is_utf8(str_of(before))) /* names no project either; the store refuses it */
        before = "";
    if (form_limit(req, LIST_MAX, LIST_MAX, &limit, e) < 0 ||
        projects_store_list(req->context, req->arena, req->principal->account, before, limit, &page,
                            e) < 0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(list, project_json(req->arena, &page.projects[i]));
    if (page.more)
        form_link_next(req, res, page.projects[page.count - 1].id);
    return http_reply_json(req, res, 200, list);
}

static int create_project(struct request *req, struct response *res, struct err *e)
{
    struct form f;
    struct project p;
    const char *name = NULL, *description = "";
    if (form_open(&f, req, e) < 0 || read_name(&f, FORM_REQUIRED, &name, e) < 0 ||
        form_text(&f, "description", FORM_OPTIONAL, 0, PROJECT_DESCRIPTION_MAX, &description, e) <
            0 ||
        projects_save_new(req, name, description, &p, e) < 0)
        return -1;
    return reply(req, res, &p);
}

static int get_project(struct request *req, struct response *res, struct err *e)
{
    struct project p;
    if (projects_store_seen(req->context, req->arena, http_param(req, "id"),
                            req->principal->account, &p, e) < 0)
        return -1;
    return reply(req, res, &p);
}

static int change_project(struct request *req, struct response *res, struct err *e)
{
    struct form f;
    struct project p;
    struct project_change c = {0};
    bool active;
    if (form_open(&f, req, e) < 0 || read_name(&f, FORM_OPTIONAL, &c.name, e) < 0 ||
        form_text(&f, "description", FORM_OPTIONAL, 0, PROJECT_DESCRIPTION_MAX, &c.description, e) <
            0 ||
        read_status(&f, &active, &c.active, e) < 0)
        return -1;
    if (form_has(&f, "cors"))
        c.cors = &f;
    if (!c.name && !c.description && !c.active && !c.cors)
        return get_project(req, res, e);
    if (projects_save_change(req, http_param(req, "id"), &c, &p, e) < 0)
        return -1;
    return reply(req, res, &p);
}

static int delete_project(struct request *req, struct response *res, struct err *e)
{
    if (projects_save_delete(req, http_param(req, "id"), e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Project deleted"));
}

const struct route projects_routes[] = {
    {HTTP_GET, "/api/projects", PERM_PROJECTS_READ, PLANE_CONTROL, list_projects, NULL},
    {HTTP_POST, "/api/projects", PERM_PROJECTS_CREATE, PLANE_CONTROL, create_project, NULL},
    {HTTP_GET, "/api/projects/:id", PERM_PROJECT_VIEW, PLANE_CONTROL, get_project, NULL},
    {HTTP_PUT, "/api/projects/:id", PERM_PROJECT_EDIT, PLANE_CONTROL, change_project, NULL},
    {HTTP_DELETE, "/api/projects/:id", PERM_PROJECT_OWN, PLANE_CONTROL, delete_project, NULL},
    {0},
};
