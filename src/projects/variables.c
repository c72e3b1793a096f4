#include "projects/variables.h"

#include "app.h"
#include "base/clock.h"
#include "base/id.h"
#include "projects/projects_store.h"

#include <string.h>

/* One change under way. */
struct setting {
    struct request *req;
    const char *project;
    struct variables old;
    int64_t now_us;
    size_t set, removed;
    const char *names; /* ", +SET", ", -REMOVED"; as many as a line of the audit log shows */
};

static void name_one(struct setting *s, char sign, const char *key)
{
    if (strlen(s->names) <= AUDIT_DETAIL_MAX)
        s->names = arena_printf(s->req->arena, "%s, %c%s", s->names, sign, key);
}

static const struct seal *seal_of(const struct request *req)
{
    return ((const struct app *)req->app)->seal;
}

static int not_found(const char *key, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "Env var '%s' not found", key);
}

static const struct variable *find(const struct variables *v, const char *key)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->all[i].key, key) == 0)
            return &v->all[i];
    return NULL;
}

/* The mask is what we showed in place of a secret. To take it for the secret's new value would
 * destroy it; to make it plain would reveal it to whoever may write but not reveal. */
static int check_mask(const struct setting *s, const struct wanted *w, const struct variable *old,
                      struct err *e)
{
    const char *loc = arena_printf(s->req->arena, "%s.value", w->loc);
    if (!old || !old->secret)
        return http_invalid(s->req, loc, "value_error", e,
                            "Value error, '%s' is masked but has no stored secret", w->key);
    if (!w->secret)
        return http_invalid(s->req, loc, "value_error", e,
                            "Value error, '%s' is a secret: it becomes plain with a new value only",
                            w->key);
    return 0;
}

/* Whether nothing would change. One that does not open is set anew. */
static bool is_same(const struct setting *s, const struct wanted *w, const struct variable *old)
{
    auto_clear struct buf clear = {0};
    struct err unreadable = {0};
    return old && old->secret == w->secret &&
           variable_open(seal_of(s->req), s->project, old->key, old->sealed, &clear, &unreadable) ==
               0 &&
           str_eq(buf_str(&clear), str_of(w->value));
}

static bool is_masked(const struct wanted *w, const struct variable *old)
{
    return strcmp(w->value, VARIABLE_MASK) == 0 && (w->secret || (old && old->secret));
}

static int set_one(struct setting *s, const struct wanted *w, struct err *e)
{
    const struct variable *old = find(&s->old, w->key);
    char id[ID_TEXT];
    if (is_masked(w, old))
        return check_mask(s, w, old, e);
    if (is_same(s, w, old))
        return 0;
    id_new(id);
    struct variable v = {id, w->key, {0}, w->secret, s->now_us, s->now_us};
    v.sealed = variable_seal(seal_of(s->req), s->req->arena, s->project, w->key, str_of(w->value));
    s->set++;
    name_one(s, '+', w->key);
    return variables_store_put(s->req->context, s->project, &v, e);
}

static int remove_others(struct setting *s, const struct wanted *wanted, size_t count,
                         struct err *e)
{
    for (size_t i = 0; i < s->old.count; i++) {
        const char *key = s->old.all[i].key;
        size_t at = 0;
        while (at < count && strcmp(wanted[at].key, key) != 0)
            at++;
        if (at < count)
            continue;
        if (variables_store_delete(s->req->context, s->project, key, e) < 0)
            return -1;
        s->removed++;
        name_one(s, '-', key);
    }
    return 0;
}

/* Sealed values are a little longer than what they hold: the bound is theirs. */
static int check_size(struct setting *s, struct err *e)
{
    int64_t count, bytes;
    if (variables_store_size(s->req->context, s->project, &count, &bytes, e) < 0)
        return -1;
    if (count > PROJECT_VARIABLES_MAX)
        return http_invalid(s->req, "body", "too_long", e, "A project has at most %d variables",
                            PROJECT_VARIABLES_MAX);
    if (bytes > PROJECT_VARIABLES_BYTES)
        return http_invalid(s->req, "body", "too_long", e,
                            "A project's variables have at most %d KB together",
                            PROJECT_VARIABLES_BYTES / 1024);
    return 0;
}

static int finish(struct setting *s, struct tx *tx, const char *action, const char *detail,
                  struct err *e)
{
    if (audit_write(s->req->context, s->req, action, s->project, detail, e) < 0)
        return -1;
    db_note(tx, NOTE_VARIABLES, s->project);
    return db_commit(tx, e);
}

int variables_set(struct request *req, const char *project, const struct wanted *wanted,
                  size_t count, bool replace, struct err *e)
{
    struct db *db = req->context;
    struct setting s = {.req = req, .project = project, .now_us = clock_wall_us(), .names = ""};
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0 || projects_store_lock(db, project, e) < 0 ||
        variables_store_list(db, req->arena, project, &s.old, e) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (set_one(&s, &wanted[i], e) < 0)
            return -1;
    if ((replace && remove_others(&s, wanted, count, e) < 0) || check_size(&s, e) < 0)
        return -1;
    if (!s.set && !s.removed)
        return 0;
    const char *detail = replace ? arena_printf(req->arena, "%zu set, %zu removed: %s", s.set,
                                                s.removed, s.names + 2)
                                 : wanted[0].key;
    return finish(&s, &tx, replace ? "variables.replace" : "variable.set", detail, e);
}

int variables_remove(struct request *req, const char *project, const char *key, struct err *e)
{
    struct db *db = req->context;
    struct setting s = {.req = req, .project = project};
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0)
        return -1;
    int gone = variables_store_delete(db, project, key, e);
    if (gone <= 0)
        return gone < 0 ? -1 : not_found(key, e);
    return finish(&s, &tx, "variable.delete", key, e);
}

int variables_reveal(struct request *req, const char *project, const char *key, struct buf *ret,
                     struct err *e)
{
    struct db *db = req->context;
    struct variable v;
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0)
        return -1;
    int found = variables_store_find(db, req->arena, project, key, &v, e);
    if (found <= 0)
        return found < 0 ? -1 : not_found(key, e);
    if (variable_open(seal_of(req), project, key, v.sealed, ret, e) < 0 ||
        audit_write(db, req, "variable.reveal", project, key, e) < 0)
        return -1;
    return db_commit(&tx, e);
}
