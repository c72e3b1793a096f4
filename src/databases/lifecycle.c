#include "databases/lifecycle.h"
#include "databases/claim.h"

#include "app.h"
#include "base/clock.h"
#include "base/log.h"
#include "databases/backups.h"
#include "databases/databases_store.h"
#include "databases/pool.h"
#include "databases/provider.h"
#include "projects/projects.h"

#include <string.h>

static int no_database(struct err *e)
{
    return err_set(e, ERR_MALFORMED, "Project does not have a database");
}

int lifecycle_ready(const struct work *w, const char *project, struct database *ret, struct err *e)
{
    int found = databases_store_find(w, project, ret, e);
    if (found <= 0)
        return found < 0 ? -1 : no_database(e);
    if (ret->state == STATE_DELETING)
        return no_database(e);
    if (ret->state == STATE_PROVISIONING)
        return err_set(e, ERR_CONFLICT, "The database is being made: try again in a moment");
    return databases_check_here(w->d, ret, e);
}

/* --- steps: each is done when the store says so --- */

/* In one transaction with what else says that a project has a database, or has none. */
static int save(const struct work *w, struct request *req, const char *action,
                const struct database *row, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(w->db, &tx, e) < 0)
        return -1;
    int rows = databases_store_update(w, row, e);
    if (rows < 0)
        return -1;
    if (!rows)
        return err_set(e, ERR_CONFLICT, "The database is gone meanwhile");
    bool has = row->state != STATE_DELETING;
    if (projects_set_database(&tx, row->project, has, e) < 0 ||
        (action && audit_write(w->db, req, action, row->project, row->name, e) < 0))
        return -1;
    db_note(&tx, NOTE_DATABASE, row->project);
    return db_commit(&tx, e);
}

/* As above, but nobody has anything to do with it yet. */
static int save_quietly(const struct work *w, struct request *req, const char *action,
                        const struct database *row, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(w->db, &tx, e) < 0 || databases_store_update(w, row, e) < 0 ||
        (action && audit_write(w->db, req, action, row->project, row->name, e) < 0))
        return -1;
    return db_commit(&tx, e);
}

static int finish_provision(const struct work *w, struct database *row, const char *label,
                            struct err *e)
{
    if (provider_of(row)->provision(w, row, label, e) < 0 || pool_tell(w, e) < 0)
        return -1;
    row->state = STATE_READY;
    if (save(w, NULL, NULL, row, e) < 0)
        return -1;
    log_info("databases", "database made project=%s name=%s", row->project, row->name);
    return 0;
}

static int finish_delete(const struct work *w, const struct database *row, struct err *e)
{
    if (pool_tell(w, e) < 0 || provider_of(row)->drop(w, row, e) < 0 ||
        databases_store_delete(w, row->project, e) < 0)
        return -1;
    if (row->orphan)
        backups_forget(w->d, row->project);
    log_info("databases", "database dropped project=%s name=%s", row->project, row->name);
    return 0;
}

static int finish_rotation(const struct work *w, struct database *row, struct err *e)
{
    if (row->rotation == ROTATION_ANNOUNCED) {
        if (provider_of(row)->rotate(w, row, e) < 0)
            return -1;
        row->password = row->next;
        row->verifier = row->next_verifier;
        row->next = row->next_verifier = NULL;
        row->rotation = ROTATION_SET;
        if (save_quietly(w, NULL, NULL, row, e) < 0)
            return -1;
    }
    /* The pooler before the functions: who gets the new password must be let in with it. */
    if (pool_tell(w, e) < 0)
        return -1;
    row->rotation = ROTATION_NONE;
    return save(w, NULL, NULL, row, e);
}

/* What is left is said in the row, where it is read, and once in the log. */
static int left(const struct work *w, const struct database *row, struct err *e)
{
    struct err ignored = {0};
    log_warn("databases", "left for later project=%s name=%s: %s", row->project, row->name,
             e->text);
    (void)databases_store_problem(w, row->project, e->text, &ignored);
    return -1;
}

/* Only then may the thread look at what was left. */
static int drop_claim(const struct work *w, const char *project, int rc)
{
    claim_drop(w->d, project);
    if (rc < 0)
        databases_wake(w->d, true, false);
    return rc;
}

/* --- for requests --- */

static int insert(const struct work *w, struct request *req, const struct project *p,
                  const struct database *row, struct err *e)
{
    auto_tx struct tx tx = {0};
    struct project still;
    if (db_begin(w->db, &tx, e) < 0 || projects_find_id(w->db, w->a, p->id, &still, e) < 0 ||
        databases_store_insert(w, row, e) < 0 || projects_set_database(&tx, p->id, true, e) < 0 ||
        audit_write(w->db, req, "database.provision", p->id, row->name, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

static int has_one(const struct work *w, const char *project, struct err *e)
{
    struct database row;
    int found = databases_store_find(w, project, &row, e);
    if (found <= 0)
        return found;
    if (row.state == STATE_DELETING)
        return err_set(e, ERR_CONFLICT, "The project's old database is still being removed%s%s",
                       *row.problem ? ": " : "", row.problem);
    return err_set(e, ERR_CONFLICT, "Project already has a database");
}

static int undo(const struct work *w, struct database *row, struct err *e)
{
    struct err why = {0};
    row->state = STATE_DELETING;
    if (save(w, NULL, NULL, row, &why) < 0 || finish_delete(w, row, &why) < 0)
        (void)left(w, row, &why);
    return err_in(e, "Failed to provision database");
}

static int provision_claimed(const struct work *w, struct request *req, const struct project *p,
                             enum database_provider_kind kind, struct err *e)
{
    struct database row = {.project = p->id,
                           .provider = kind,
                           .state = STATE_PROVISIONING,
                           .instance = w->d->instance,
                           .remote_id = "",
                           .remote = "",
                           .verifier = "",
                           .created_us = clock_wall_us()};
    if (has_one(w, p->id, e) < 0)
        return -1;
    if (provider_of(&row)->prepare(w, &row, e) < 0)
        return err_in(e, "Failed to provision database");
    if (insert(w, req, p, &row, e) < 0)
        return e->code == ERR_CONFLICT ? err_set(e, ERR_CONFLICT, "Project already has a database")
                                       : -1;
    return finish_provision(w, &row, p->slug, e) < 0 ? undo(w, &row, e) : 0;
}

int lifecycle_provision(const struct work *w, struct request *req, const struct project *p,
                        enum database_provider_kind kind, struct err *e)
{
    if (claim_take(w->d, p->id, e) < 0)
        return -1;
    return drop_claim(w, p->id, provision_claimed(w, req, p, kind, e));
}

static int deprovision_claimed(const struct work *w, struct request *req, const struct project *p,
                               struct err *e)
{
    struct database row;
    int found = databases_store_find(w, p->id, &row, e);
    if (found <= 0)
        return found < 0 ? -1 : no_database(e);
    if (databases_check_here(w->d, &row, e) < 0)
        return -1;
    row.state = STATE_DELETING;
    row.instance = w->d->instance;
    if (save(w, req, "database.deprovision", &row, e) < 0)
        return -1;
    if (finish_delete(w, &row, e) == 0)
        return 0;
    (void)left(w, &row, e);
    return err_in(e, "Failed to deprovision database, which is tried again");
}

int lifecycle_deprovision(const struct work *w, struct request *req, const struct project *p,
                          struct err *e)
{
    if (claim_take(w->d, p->id, e) < 0)
        return -1;
    return drop_claim(w, p->id, deprovision_claimed(w, req, p, e));
}

static int rotate_claimed(const struct work *w, struct request *req, const struct project *p,
                          struct err *e)
{
    struct database row;
    if (lifecycle_ready(w, p->id, &row, e) < 0)
        return -1;
    if (row.rotation == ROTATION_NONE) { /* else one is under way: that one is finished */
        row.rotation = ROTATION_ANNOUNCED;
        row.instance = w->d->instance;
        if (provider_of(&row)->renew(w, &row, e) < 0 ||
            save_quietly(w, req, "database.rotate", &row, e) < 0)
            return -1;
    }
    return finish_rotation(w, &row, e) < 0 ? left(w, &row, e) : 0;
}

int lifecycle_rotate(const struct work *w, struct request *req, const struct project *p,
                     struct err *e)
{
    if (claim_take(w->d, p->id, e) < 0)
        return -1;
    return drop_claim(w, p->id, rotate_claimed(w, req, p, e));
}

/* --- after a crash --- */

/* Ours to finish: begun here, or by a server that has not been heard of for long. The cluster of
 * another server is that one's alone. */
static bool is_ours(const struct databases *d, const struct database *row)
{
    if (strcmp(row->instance, d->instance) == 0)
        return true;
    return row->provider != DATABASE_LOCAL && row->updated_us + LEASE_US < clock_wall_us();
}

static bool is_settled(const struct database *row)
{
    return !row->orphan && row->state == STATE_READY && row->rotation == ROTATION_NONE;
}

static int settle_claimed(const struct work *w, const char *project, struct err *e)
{
    struct database row;
    struct project p = {.slug = ""};
    int found = databases_store_find(w, project, &row, e);
    if (found <= 0 || is_settled(&row))
        return found < 0 ? -1 : 0;
    row.instance = w->d->instance;
    if (row.orphan && row.state != STATE_DELETING) {
        row.state = STATE_DELETING;
        if (save(w, NULL, NULL, &row, e) < 0)
            return -1;
    }
    if (row.state == STATE_DELETING)
        return finish_delete(w, &row, e);
    if (row.state == STATE_READY)
        return finish_rotation(w, &row, e);
    if (projects_find_id(w->db, w->a, project, &p, e) < 0)
        return -1;
    return finish_provision(w, &row, p.slug, e);
}

static int settle_one(const struct work *w, const struct database *row, struct err *e)
{
    if (is_settled(row) || !is_ours(w->d, row) || !claim_try(w->d, row->project))
        return 0;
    int rc = settle_claimed(w, row->project, e);
    if (rc < 0 && strcmp(row->problem, e->text) != 0) {
        struct err ignored = {0};
        log_warn("databases", "left for later project=%s name=%s: %s", row->project, row->name,
                 e->text);
        (void)databases_store_problem(w, row->project, e->text, &ignored);
    }
    claim_drop(w->d, row->project);
    return rc;
}

int lifecycle_settle(const struct work *w, struct err *e)
{
    struct database *rows;
    size_t count;
    int rc = 0;
    if (databases_store_list(w, &rows, &count, e) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (settle_one(w, &rows[i], e) < 0)
            rc = -1;
    return rc;
}
