#include "deps/wanted.h"

#include "base/id.h"
#include "deps/package.h"
#include "http/form.h"

#include <string.h>

struct texts {
    const char *requirements_txt, *package_json, *package_lock;
    bool refresh;
};

static int refuse(const struct form *f, const char *name, const struct err *why, struct err *e)
{
    return form_invalid(f, name, "value_error", e, "Value error, %s", why->text);
}

static int read_texts(const struct form *f, struct texts *t, struct err *e)
{
    if (form_text(f, "requirements_txt", FORM_OPTIONAL, 0, REQUIREMENTS_BYTES_MAX,
                  &t->requirements_txt, e) < 0 ||
        form_text(f, "package_json", FORM_OPTIONAL, 0, PACKAGE_JSON_MAX, &t->package_json, e) < 0 ||
        form_text(f, "package_lock", FORM_OPTIONAL, 0, PACKAGE_LOCK_MAX, &t->package_lock, e) < 0)
        return -1;
    return form_bool(f, "refresh", FORM_OPTIONAL, &t->refresh, e);
}

/* Names the set. One that is asked for again keeps the salt that it was built with, so that saving
 * it unchanged builds nothing. */
static void name_set(struct arena *a, struct wanted *w, const struct packages *old,
                     enum build_language language, const char *const asked[2], bool refresh)
{
    struct packages *p = &w->packages;
    const char *salt = old->salt[language];
    char digest[DIGEST_TEXT], random[ID_TEXT];
    p->set[language] = p->salt[language] = "";
    if (!*asked[0])
        return;
    if (refresh) {
        id_new(random);
        salt = random;
    }
    const char *runtime = deps_store_runtimes[language];
    requirements_digest(digest, (const char *const[]){runtime, asked[0], asked[1], salt, NULL});
    if (!refresh && *salt && strcmp(digest, old->set[language]) != 0) {
        salt = "";
        requirements_digest(digest, (const char *const[]){runtime, asked[0], asked[1], salt, NULL});
    }
    p->set[language] = arena_strdup(a, digest);
    p->salt[language] = arena_strdup(a, salt);
}

static int read_python(const struct form *f, const struct texts *t, const struct packages *old,
                       struct wanted *w, struct err *e)
{
    struct arena *a = f->req->arena;
    struct requirements r;
    struct err why = {0};
    if (requirements_read(a, str_of(t->requirements_txt), &r, &why) < 0)
        return refuse(f, "requirements_txt", &why, e);
    w->packages.requirements_txt = r.text;
    w->packages.requirements_hash = arena_strdup(a, r.hash);
    name_set(a, w, old, BUILD_PYTHON, (const char *const[]){r.normal, ""}, t->refresh);
    w->order[BUILD_PYTHON] =
        (struct job_order){BUILD_PYTHON, w->packages.set[BUILD_PYTHON], r.normal, "", ""};
    return 0;
}

static int read_node(const struct form *f, const struct texts *t, const struct packages *old,
                     struct wanted *w, struct err *e)
{
    struct arena *a = f->req->arena;
    const char *json = "", *lock = "", *text = t->package_lock;
    struct err why = {0};
    if (package_read_json(a, str_of(t->package_json), &json, &why) < 0)
        return refuse(f, "package_json", &why, e);
    if (!*json && text == old->package_lock)
        text = ""; /* went with what it belonged to */
    if (package_read_lock(a, str_of(text), json, &lock, &why) < 0)
        return refuse(f, "package_lock", &why, e);
    w->packages.package_json = t->package_json;
    w->packages.package_lock = text;
    name_set(a, w, old, BUILD_NODE, (const char *const[]){json, lock}, t->refresh);
    w->order[BUILD_NODE] =
        (struct job_order){BUILD_NODE, w->packages.set[BUILD_NODE], "", json, lock};
    return 0;
}

static bool differ(const struct packages *a, const struct packages *b)
{
    return strcmp(a->requirements_txt, b->requirements_txt) != 0 ||
           strcmp(a->package_json, b->package_json) != 0 ||
           strcmp(a->package_lock, b->package_lock) != 0 || strcmp(a->set[0], b->set[0]) != 0 ||
           strcmp(a->set[1], b->set[1]) != 0;
}

int wanted_read(struct request *req, const struct packages *old, struct wanted *ret, struct err *e)
{
    struct form f;
    struct texts t = {old->requirements_txt, old->package_json, old->package_lock, false};
    *ret = (struct wanted){.packages = *old};
    if (form_open(&f, req, e) < 0 || read_texts(&f, &t, e) < 0 ||
        read_python(&f, &t, old, ret, e) < 0 || read_node(&f, &t, old, ret, e) < 0)
        return -1;
    ret->changed = differ(old, &ret->packages);
    return 0;
}
