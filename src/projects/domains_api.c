/* domains_api — host names whose requests go to a project's routes. */
#include "app.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/must.h"
#include "http/form.h"
#include "projects/domains_store.h"
#include "projects/projects_store.h"

#include <string.h>

enum { DOMAIN_MAX = 253, LABEL_MAX = 63 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool label_ok(struct str s)
{
    if (!s.n || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !is_digit(s.p[i]) && s.p[i] != '-')
            return false;
    return true;
}

/* Letters, digits and '-' in at least two labels (RFC 1123). Where the last one begins with a digit
 * browsers see an address, as in 127.1 or 10.0x7f; no top-level domain does. */
static bool name_ok(struct str s)
{
    struct str rest = s, label = {NULL, 0};
    size_t labels = 0;
    for (; rest.p; labels++) {
        label = str_cut(&rest, '.');
        if (!label_ok(label))
            return false;
    }
    return s.n <= DOMAIN_MAX && labels >= 2 && !is_digit(label.p[0]);
}

static const char *lower(struct arena *a, const char *s)
{
    char *ret = arena_strdup(a, s);
    for (char *p = ret; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return ret;
}

static bool is_host(const char *name, struct str with_port)
{
    return str_is(str_cut(&with_port, ':'), name);
}

/* Names that lead to this server itself: whoever had one would be sent other people's keys. The
 * name that the client has used now counts too, because `--public-url` may not be set. */
static bool is_ours(const struct request *req, const char *name)
{
    const char *url = ((const struct app *)req->app)->public_url;
    const char *behind = url ? strstr(url, "://") : NULL;
    return is_host(name, str_of(req->host)) || str_ends(str_of(name), STR(".localhost")) ||
           (behind && is_host(name, str_of(lower(req->arena, behind + 3))));
}

/* A server that was not told its name cannot keep it for itself: what a client calls it is the
 * client's choice. */
static int may_add(const struct request *req, struct err *e)
{
    if (((const struct app *)req->app)->public_url || req->principal->admin)
        return 0;
    return err_set(e, ERR_DENIED,
                   "While this server does not know its own address (--public-url), only an"
                   " administrator may add domains");
}

static json_t *domain_json(const struct domain *d)
{
    json_t *ret =
        json_pack("{s:s, s:o}", "domain", d->name, "created_at", form_time_json(d->created_us));
    must(ret);
    return ret;
}

static int list_domains(struct request *req, struct response *res, struct err *e)
{
    struct domain *domains;
    size_t count;
    if (domains_store_list(req->context, req->arena, http_param(req, "id"), &domains, &count, e) <
        0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, domain_json(&domains[i]));
    return http_reply_json(req, res, 200, list);
}

static int read_domain(struct request *req, const char **ret, struct err *e)
{
    struct form f;
    if (form_open(&f, req, e) < 0 ||
        form_text(&f, "domain", FORM_REQUIRED, 1, DOMAIN_MAX, ret, e) < 0)
        return -1;
    *ret = lower(req->arena, *ret);
    if (!name_ok(str_of(*ret)))
        return form_invalid(&f, "domain", "value_error", e,
                            "Value error, a domain is a host name such as api.example.com, without "
                            "port; no address");
    if (is_ours(req, *ret))
        return form_invalid(&f, "domain", "value_error", e,
                            "Value error, '%s' is this server's own name", *ret);
    return 0;
}

/* 1: the project has it already, since when is in `d`. */
static int already_there(struct request *req, const char *project, struct domain *d, size_t *count,
                         struct err *e)
{
    struct domain *all;
    if (domains_store_list(req->context, req->arena, project, &all, count, e) < 0)
        return -1;
    for (size_t i = 0; i < *count; i++)
        if (strcmp(all[i].name, d->name) == 0) {
            *d = all[i];
            return 1;
        }
    return 0;
}

static int finish(struct request *req, struct tx *tx, const char *action, const char *project,
                  const char *name, struct err *e)
{
    if (audit_write(req->context, req, action, project, name, e) < 0)
        return -1;
    db_note(tx, NOTE_PROJECT, project);
    return db_commit(tx, e);
}

static int add(struct request *req, const char *project, struct domain *d, struct err *e)
{
    struct db *db = req->context;
    size_t count;
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0 || projects_store_lock(db, project, e) < 0)
        return -1;
    int there = already_there(req, project, d, &count, e);
    if (there)
        return there < 0 ? -1 : 0;
    if (count >= PROJECT_DOMAINS_MAX)
        return err_set(e, ERR_CONFLICT, "A project has at most %d domains", PROJECT_DOMAINS_MAX);
    int added = domains_store_add(db, project, d, e);
    if (added <= 0)
        return added < 0
                   ? -1
                   : err_set(e, ERR_CONFLICT, "Domain '%s' belongs to another project", d->name);
    return finish(req, &tx, "domain.add", project, d->name, e);
}

static int add_domain(struct request *req, struct response *res, struct err *e)
{
    struct domain d = {NULL, clock_wall_us()};
    if (may_add(req, e) < 0 || read_domain(req, &d.name, e) < 0 ||
        add(req, http_param(req, "id"), &d, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, domain_json(&d));
}

static int remove_domain(struct request *req, struct response *res, struct err *e)
{
    const char *project = http_param(req, "id");
    const char *name = lower(req->arena, http_param(req, "domain"));
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0)
        return -1;
    int gone = domains_store_remove(req->context, project, name, e);
    if (gone <= 0)
        return gone < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "Domain '%s' not found", name);
    if (finish(req, &tx, "domain.remove", project, name, e) < 0)
        return -1;
    const char *text = arena_printf(req->arena, "Domain '%s' deleted", name);
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", text));
}

#define DOMAINS "/api/projects/:id/domains"
const struct route domains_routes[] = {
    {HTTP_GET, DOMAINS, PERM_PROJECT_VIEW, PLANE_CONTROL, list_domains, NULL},
    {HTTP_POST, DOMAINS, PERM_PROJECT_OWN, PLANE_CONTROL, add_domain, NULL},
    {HTTP_DELETE, DOMAINS "/:domain", PERM_PROJECT_OWN, PLANE_CONTROL, remove_domain, NULL},
    {0},
};
