#include "projects/projects_save.h"

#include "app.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "projects/project_cors.h"
#include "projects/projects_store.h"
#include "projects/slug.h"

#include <string.h>

enum {
    SUFFIXES_TRIED = 100, /* -1 to -100; then one at random */
    ATTEMPTS = 8,         /* of a transaction, while others take the slug it has chosen */
};

/* Requests at the same moment on several servers may each see room for the last one. */
int projects_check_quota(struct request *req, const char *account, struct err *e)
{
    const struct app *app = req->app;
    struct auth_quota quota;
    int64_t owned;
    if (auth_quota(req->context, app->quota, account, &quota, e) < 0 ||
        projects_store_count(req->context, account, &owned, e) < 0)
        return -1;
    if (!quota.projects || owned < quota.projects)
        return 0;
    bool own = strcmp(account, req->principal->account) == 0;
    return err_set(e, ERR_DENIED, "%s quota of %lld projects is reached", own ? "Your" : "Their",
                   (long long)quota.projects);
}

/* The first of NAME, NAME-1, NAME-2, ... that no other project has. */
static int choose_slug(struct request *req, struct project *p, struct err *e)
{
    char base[PROJECT_SLUG_MAX + 1], random[ID_TEXT];
    if (slug_make(p->name, base, e) < 0)
        return -1;
    p->slug = arena_strdup(req->arena, base);
    for (int i = 1; i <= SUFFIXES_TRIED; i++) {
        int taken = projects_store_taken(req->context, p->slug, p->id, e);
        if (taken <= 0)
            return taken;
        p->slug = arena_printf(req->arena, "%s-%d", base, i);
    }
    id_new(random);
    p->slug = arena_printf(req->arena, "%s-%s", base, random);
    return 0;
}

/* Tells others of the change, inside its transaction. */
static int tell(struct request *req, struct tx *tx, const char *action, const struct project *p,
                const char *detail, struct err *e)
{
    db_note(tx, NOTE_PROJECT, p->id);
    return audit_write(req->context, req, action, p->id, detail, e);
}

/* Another server was faster than we between the look and the write: look again. */
static bool taken_meanwhile(int rc, struct err *e)
{
    if (rc == 0 || e->code != ERR_CONFLICT)
        return false;
    (void)err_set(e, ERR_CONFLICT, "The slug of this name was taken meanwhile: try again");
    return true;
}

static int try_new(struct request *req, struct project *p, struct err *e)
{
    struct db *db = req->context;
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0 || projects_check_quota(req, req->principal->account, e) < 0 ||
        choose_slug(req, p, e) < 0 ||
        projects_store_insert(db, p, req->principal->account, e) < 0 ||
        tell(req, &tx, "project.create", p, p->slug, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

int projects_save_new(struct request *req, const char *name, const char *description,
                      struct project *ret, struct err *e)
{
    char id[ID_TEXT];
    id_new(id);
    *ret = (struct project){.id = arena_strdup(req->arena, id),
                            .name = name,
                            .description = description,
                            .active = true,
                            .role = ROLE_OWNER,
                            .requirements_txt = "",
                            .created_us = clock_wall_us()};
    ret->updated_us = ret->created_us;
    project_cors_standard(&ret->cors);
    int rc = try_new(req, ret, e);
    for (int i = 1; taken_meanwhile(rc, e) && i < ATTEMPTS; i++)
        rc = try_new(req, ret, e);
    return rc;
}

static int apply(struct request *req, const struct project_change *c, struct project *p,
                 struct err *e)
{
    bool renamed = c->name && strcmp(c->name, p->name) != 0;
    if (c->name)
        p->name = c->name;
    if (c->description)
        p->description = c->description;
    if (c->active)
        p->active = *c->active;
    if (c->cors && project_cors_change(c->cors, &p->cors, e) < 0)
        return -1;
    p->updated_us = clock_wall_us();
    /* Whoever saves the same name again keeps the URLs of the gateway. */
    return renamed ? choose_slug(req, p, e) : 0;
}

static const char *changed(struct request *req, const struct project_change *c,
                           const struct project *p)
{
    const char *all =
        arena_printf(req->arena, "%s%s%s%s%s", c->name ? " " : "", c->name ? p->slug : "",
                     c->description ? " description" : "",
                     c->active ? *c->active ? " active" : " inactive" : "", c->cors ? " cors" : "");
    return *all ? all + 1 : all;
}

static int try_change(struct request *req, const char *id, const struct project_change *c,
                      struct project *ret, struct err *e)
{
    struct db *db = req->context;
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0 || projects_store_lock(db, id, e) < 0 ||
        projects_store_seen(db, req->arena, id, req->principal->account, ret, e) < 0 ||
        apply(req, c, ret, e) < 0 || projects_store_update(db, ret, e) < 0 ||
        tell(req, &tx, "project.update", ret, changed(req, c, ret), e) < 0)
        return -1;
    return db_commit(&tx, e);
}

int projects_save_change(struct request *req, const char *id, const struct project_change *change,
                         struct project *ret, struct err *e)
{
    int rc = try_change(req, id, change, ret, e);
    for (int i = 1; taken_meanwhile(rc, e) && i < ATTEMPTS; i++)
        rc = try_change(req, id, change, ret, e);
    return rc;
}

/* What belongs to it goes with it: the store cascades. serve/ hears of it and takes its routes and
 * functions out of memory. */
int projects_save_delete(struct request *req, const char *id, struct err *e)
{
    struct db *db = req->context;
    struct project p;
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0 || projects_find_id(db, req->arena, id, &p, e) < 0 ||
        projects_store_delete(db, id, e) < 0 || tell(req, &tx, "project.delete", &p, p.slug, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

int projects_set_requirements(struct tx *tx, const char *id, const char *text, struct err *e)
{
    if (projects_store_set_requirements(tx->db, id, text, e) < 0)
        return -1;
    db_note(tx, NOTE_PROJECT, id);
    return 0;
}
