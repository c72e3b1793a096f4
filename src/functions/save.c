#include "functions/save.h"

#include "app.h"
#include "base/clock.h"
#include "base/must.h"
#include "functions/changes.h"
#include "functions/files_input.h"
#include "functions/functions_store.h"
#include "http/http.h"
#include "projects/projects.h"
#include "runtimes/runtimes.h"

#include <string.h>

/* One save under way. */
struct save {
    struct request *req;
    struct functions *functions;
    struct db *db;
    struct function before; /* of one that is not new */
    struct function fn;     /* as it will be */
    struct version version; /* number 0: the active one stays */
    bool is_new;
};

/* A value of "****" is what we showed the client in place of the one it does not know: keep it. An
 * old environment whose key is lost has nothing to keep, and a new one takes its place. */
static int merge_environment(struct save *s, json_t *wanted, struct err *e)
{
    json_t *old = NULL, *merged = json_copy(wanted), *value;
    const char *key, *missing = NULL;
    struct err unreadable = {0};
    int rc = 0;
    (void)rules_environment_open(s->functions, &s->fn, &old, &unreadable);
    json_object_foreach(wanted, key, value)
    {
        if (strcmp(json_string_value(value), MASKED) != 0)
            continue;
        json_t *kept = json_object_get(old, key);
        if (kept)
            json_object_set(merged, key, kept);
        else
            missing = key;
    }
    if (missing)
        rc = http_invalid(s->req, "body.environment", "value_error", e,
                          "Value error, '%s' is masked but has no stored value", missing);
    if (rc == 0 && !json_equal(old, merged))
        rules_environment_set(s->functions, s->req->arena, &s->fn, merged);
    json_decref(old);
    json_decref(merged);
    return rc;
}

static void apply_settings(struct function *fn, const struct function_change *c)
{
    if (c->name)
        fn->name = c->name;
    if (c->move)
        fn->project = c->project;
    if (c->access != KEEP)
        fn->access = (enum access)c->access;
    if (c->rate_limit != LIMIT_KEEP)
        fn->rate_limit = c->rate_limit;
    if (c->client_rate_limit != LIMIT_KEEP)
        fn->client_rate_limit = c->client_rate_limit;
    if (c->description)
        fn->description = c->description;
    if (c->active != KEEP)
        fn->active = c->active;
    if (c->network_enabled != KEEP)
        fn->network_enabled = c->network_enabled;
    if (c->public_logs != KEEP)
        fn->public_logs = c->public_logs;
    if (c->reuse != KEEP)
        fn->reuse = (enum reuse)c->reuse;
    if (c->snapstart != KEEP)
        fn->snapstart = c->snapstart;
    if (c->concurrency != LIMIT_KEEP)
        fn->concurrency = c->concurrency;
    if (c->queue != LIMIT_KEEP)
        fn->queue = c->queue;
    for (int i = 0; i < LIMITS; i++)
        if (c->limits[i] != LIMIT_KEEP)
            fn->limits[i] = c->limits[i];
}

/* One that has it from a time when the server gave it may be changed in everything else. */
static int check_network(const struct save *s, const struct function_change *c, struct err *e)
{
    const char *no_egress = s->functions->config.no_egress;
    if (c->network_enabled == KEEP || !c->network_enabled || !no_egress)
        return 0;
    return http_invalid(s->req, "body.network_enabled", "value_error", e,
                        "Value error, this server gives functions no network: %s", no_egress);
}

/* What only the whole can tell. */
static int check_together(const struct save *s, struct err *e)
{
    const struct function *fn = &s->fn;
    if (strcmp(fn->runtime, "nodejs") == 0 && fn->limits[LIMIT_MEMORY_MB] < 64)
        return http_invalid(s->req, "body.limits.memory_mb", "range_error", e,
                            "nodejs needs at least 64 MB");
    if (fn->snapstart && strcmp(fn->runtime, "python") != 0)
        return http_invalid(s->req, "body.snapstart", "value_error", e,
                            "Value error, snapstart is there for Python only");
    return 0;
}

/* The files with the entry file's text replaced, or added where there is none. */
static struct str with_entry(struct arena *a, struct str old, const struct runtime *runtime,
                             const char *handler, struct str code)
{
    auto_buf struct buf out = {0};
    struct file entry = files_entry(old, runtime->entry_file, handler), f;
    struct file fresh = {str_of(runtime->entry_file), entry.path.p ? entry.mode : 0644, code};
    if (strcmp(runtime->entry_file, "bootstrap") == 0)
        fresh.mode = 0755; /* the one entry file that is executed itself */
    if (entry.path.p)
        fresh.path = entry.path;
    files_add(&out, &fresh);
    while (files_next(&old, &f))
        if (!str_eq(f.path, fresh.path))
            files_add(&out, &f);
    return arena_str(a, buf_str(&out));
}

/* The files of the new version: uploaded, named, or the old ones with new code. A new runtime
 * cannot do anything with the files of another one, unless told to. */
static int choose_files(struct save *s, const struct function_change *c,
                        const struct runtime *runtime, struct err *e)
{
    struct str old = {NULL, 0};
    bool same_runtime = !s->is_new && strcmp(s->fn.runtime, runtime->name) == 0;
    if (c->files.p) {
        s->version.section = c->files;
        return 0;
    }
    if ((same_runtime || !c->code.p) && !s->is_new &&
        versions_section(s->db, s->req->arena, s->fn.id, s->fn.active_version, &old, e) < 0)
        return -1;
    if (c->tree)
        return files_input_merge(s->req, c, old, &s->version.section, e);
    s->version.section =
        c->code.p ? with_entry(s->req->arena, old, runtime, s->version.handler, c->code) : old;
    return 0;
}

static void describe_files(struct save *s, const struct runtime *runtime)
{
    struct version *v = &s->version;
    struct file entry = files_entry(v->section, runtime->entry_file, v->handler), f;
    struct str rest = v->section;
    json_t *list = json_array();
    while (files_next(&rest, &f)) {
        v->size += f.bytes.n;
        json_array_append_new(list,
                              json_pack("{s:s%, s:i, s:s}", "path", f.path.p, f.path.n, "size",
                                        (int)f.bytes.n, "mode", f.mode == 0755 ? "0755" : "0644"));
    }
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    must(text);
    v->files = arena_strdup(s->req->arena, text);
    free(text);
    if (entry.path.p && files_is_text(entry.bytes))
        v->entry = arena_dup(s->req->arena, entry.bytes.p, entry.bytes.n);
    s->fn.files = v->files;
    s->fn.code = v->entry ? v->entry : "";
}

static bool differs(const char *wanted, const char *now)
{
    return wanted && (!now || strcmp(wanted, now) != 0);
}

/* Makes a version when what runs changes. Runtime and handler belong to it: a rollback brings back
 * those it ran with. */
static int apply_version(struct save *s, const struct function_change *c, struct err *e)
{
    struct function *fn = &s->fn;
    struct version *v = &s->version;
    const struct runtime *runtime = NULL;
    bool other_runtime = s->is_new || differs(c->runtime, fn->runtime);
    if (!c->code.p && !c->files.p && !c->tree && !other_runtime &&
        !differs(c->handler, fn->handler))
        return 0;
    v->runtime = c->runtime ? c->runtime : fn->runtime;
    if (runtimes_find(v->runtime, &runtime, e) < 0)
        return -1;
    v->handler = c->handler ? c->handler : other_runtime ? runtime->handler : fn->handler;
    v->function_id = fn->id;
    v->created_us = fn->updated_us;
    if (versions_next_number(s->db, fn->id, &v->number, e) < 0 ||
        choose_files(s, c, runtime, e) < 0)
        return -1;
    fn->runtime = v->runtime;
    fn->handler = v->handler;
    fn->active_version = v->number;
    describe_files(s, runtime);
    return 0;
}

/* --- projects --- */

/* Whoever works in a project may put functions there; what others see of it does not exist. */
static int check_entry(const struct save *s, const struct function_change *c, struct err *e)
{
    if (!c->move || !c->project)
        return 0;
    return projects_admit_named(s->req, c->project_loc, c->project, ROLE_EDITOR, e);
}

/* A route leads to functions of its own project only. */
static int check_routes(const struct save *s, struct err *e)
{
    int64_t routes = 0;
    if (functions_routes_to(s->db, &s->fn, &routes, e) < 0)
        return -1;
    if (routes)
        return err_set(e, ERR_CONFLICT,
                       "%lld route%s of its project lead%s to '%s': remove them before it moves",
                       (long long)routes, routes == 1 ? "" : "s", routes == 1 ? "s" : "",
                       s->fn.name);
    return 0;
}

/* Out of a project a function can only go back to whoever made it: anybody else would take it away
 * from the others. */
static int check_exit(const struct save *s, const struct function_change *c, struct err *e)
{
    if (!s->fn.project)
        return 0;
    if (!c->project && strcmp(s->req->principal->account, s->fn.account) != 0)
        return err_set(e, ERR_DENIED,
                       "Only the account that made '%s' can take it out of its project",
                       s->fn.name);
    return check_routes(s, e);
}

static bool moves(const struct save *s, const struct function_change *c)
{
    const char *from = s->fn.project;
    if (!c->move || (!from && !c->project))
        return false;
    return !from || !c->project || strcmp(from, c->project) != 0;
}

static int check_move(const struct save *s, const struct function_change *c, struct err *e)
{
    if (!moves(s, c))
        return 0;
    return check_entry(s, c, e) < 0 || check_exit(s, c, e) < 0 ? -1 : 0;
}

/* serve/ has looked at the role before; by now the function may be in another project, or whoever
 * asks no longer a member. */
static int check_role(const struct save *s, struct err *e)
{
    enum role role = ROLE_NONE;
    if (functions_role(s->db, s->req->principal->account, &s->fn, &role, e) < 0)
        return -1;
    if (role == ROLE_NONE)
        return err_set(e, ERR_NOT_FOUND, "Function not found");
    if (role < ROLE_EDITOR)
        return err_set(e, ERR_DENIED, "This takes the role '%s' in the project; yours is '%s'",
                       role_name(ROLE_EDITOR), role_name(role));
    return 0;
}

/* Whoever edits must not undo what somebody else has saved meanwhile. */
static int check_base(const struct save *s, const struct function_change *c, struct err *e)
{
    if (!c->base_version || c->base_version == s->fn.active_version)
        return 0;
    return err_set(e, ERR_CONFLICT,
                   "Version %u is active by now; this change is based on version %u",
                   s->fn.active_version, c->base_version);
}

static int check_quota(const struct save *s, struct err *e)
{
    const struct app *app = s->req->app;
    struct auth_quota quota;
    int64_t count = 0;
    if (auth_quota(s->db, app->quota, s->fn.account, &quota, e) < 0)
        return -1;
    if (quota.functions == 0)
        return 0;
    if (functions_count(s->db, s->fn.account, quota.functions, &count, e) < 0)
        return -1;
    if (count >= quota.functions)
        return err_set(e, ERR_DENIED,
                       "Your account may have %lld function%s and has as many: delete one, or ask "
                       "an administrator of this server for more",
                       (long long)quota.functions, quota.functions == 1 ? "" : "s");
    return 0;
}

/* --- one save --- */

static int apply(struct save *s, struct function_change *c, struct err *e)
{
    s->fn.updated_us = clock_wall_us();
    apply_settings(&s->fn, c);
    if (apply_version(s, c, e) < 0 || check_network(s, c, e) < 0 || check_together(s, e) < 0)
        return -1;
    return c->environment ? merge_environment(s, c->environment, e) : 0;
}

static int commit(struct tx *tx, const char *id, struct err *e)
{
    db_note(tx, NOTE_FUNCTION, id);
    return db_commit(tx, e);
}

/* In the audit log, with the change. */
static int tell(const struct save *s, struct err *e)
{
    if (s->is_new)
        return changes_write(s->req, "function.create", &s->fn, NULL, e);
    return changes_saved(s->req, &s->before, &s->fn, s->version.number, e);
}

static int store(struct save *s, struct tx *tx, struct function *ret, struct err *e)
{
    int rc = s->is_new ? functions_insert(s->db, &s->fn, e) : functions_update(s->db, &s->fn, e);
    if (rc < 0 || (s->version.number && versions_insert(s->db, &s->version, e) < 0) ||
        tell(s, e) < 0 || commit(tx, s->fn.id, e) < 0)
        return -1;
    *ret = s->fn;
    return 0;
}

static int create(struct save *s, struct tx *tx, struct function_change *c, struct function *ret,
                  struct err *e)
{
    char id[ID_TEXT];
    id_new(id);
    rules_standard(&s->fn);
    s->is_new = true;
    s->fn.id = arena_strdup(s->req->arena, id);
    s->fn.account = s->req->principal->account;
    if (check_entry(s, c, e) < 0 || check_quota(s, e) < 0 || apply(s, c, e) < 0)
        return -1;
    s->fn.created_us = s->fn.updated_us;
    return store(s, tx, ret, e);
}

static int change(struct save *s, struct tx *tx, struct function_change *c, struct function *ret,
                  struct err *e)
{
    s->before = s->fn;
    if (check_role(s, e) < 0 || check_base(s, c, e) < 0 || check_move(s, c, e) < 0 ||
        apply(s, c, e) < 0)
        return -1;
    return store(s, tx, ret, e);
}

static struct save save_of(struct request *req)
{
    return (struct save){.req = req, .functions = rules_functions(req), .db = req->context};
}

/* Begins a transaction in which the function is ours alone. */
static int begin(struct save *s, const char *id, struct tx *tx, struct err *e)
{
    if (db_begin(s->db, tx, e) < 0 || functions_lock(s->db, id, e) < 0)
        return -1;
    return functions_find_id(s->db, s->req->arena, id, &s->fn, e);
}

int save_new(struct request *req, struct function_change *c, struct function *ret, struct err *e)
{
    auto_tx struct tx tx = {0};
    struct save s = save_of(req);
    if (db_begin(s.db, &tx, e) < 0)
        return -1;
    return create(&s, &tx, c, ret, e);
}

int save_change(struct request *req, const char *id, struct function_change *c,
                struct function *ret, struct err *e)
{
    auto_tx struct tx tx = {0};
    struct save s = save_of(req);
    if (begin(&s, id, &tx, e) < 0)
        return -1;
    return change(&s, &tx, c, ret, e);
}

/* A project named by its slug, or a 422 of projects/ for one that is not there. */
static int resolve_project(struct request *req, struct function_change *c, struct err *e)
{
    const char *id = NULL;
    if (!c->project)
        return 0;
    int found =
        functions_project(req->context, req->arena, req->principal->account, c->project, &id, e);
    if (found > 0)
        c->project = id;
    return found < 0 ? -1 : 0;
}

int save_by_name(struct request *req, struct function_change *c, struct function *ret,
                 struct err *e)
{
    auto_tx struct tx tx = {0};
    struct save s = save_of(req);
    struct err missing = {0};
    struct function found;
    if (db_begin(s.db, &tx, e) < 0 || resolve_project(req, c, e) < 0 || check_entry(&s, c, e) < 0)
        return -1;
    if (functions_find_name(s.db, req->arena, req->principal->account, c->project, c->name, &found,
                            &missing) == 0) {
        if (functions_lock(s.db, found.id, e) < 0 ||
            functions_find_id(s.db, req->arena, found.id, &s.fn, e) < 0)
            return -1;
        return change(&s, &tx, c, ret, e);
    }
    if (missing.code != ERR_NOT_FOUND) {
        *e = missing;
        return -1;
    }
    if (!c->runtime)
        return http_invalid(
            req, "query.runtime", "missing", e,
            "Field required: name it, or add main.py, index.js or bootstrap, which tell it");
    return create(&s, &tx, c, ret, e);
}

static int activate(struct save *s, uint32_t number, struct err *e)
{
    struct arena *a = s->req->arena;
    if (versions_find(s->db, a, s->fn.id, number, &s->version, e) < 0)
        return -1;
    s->fn.active_version = number;
    s->fn.runtime = s->version.runtime;
    s->fn.handler = s->version.handler;
    s->fn.files = s->version.files;
    s->fn.code = s->version.entry ? s->version.entry : "";
    s->fn.updated_us = clock_wall_us();
    return 0;
}

int save_rollback(struct request *req, const char *id, uint32_t number, struct function *ret,
                  struct err *e)
{
    auto_tx struct tx tx = {0};
    struct save s = save_of(req);
    if (begin(&s, id, &tx, e) < 0 || check_role(&s, e) < 0 || activate(&s, number, e) < 0 ||
        check_together(&s, e) < 0 || functions_update(s.db, &s.fn, e) < 0 ||
        changes_write(req, "function.rollback", &s.fn,
                      arena_printf(req->arena, "version %u", number), e) < 0 ||
        commit(&tx, s.fn.id, e) < 0)
        return -1;
    *ret = s.fn;
    return 0;
}

int save_delete(struct request *req, const char *id, struct err *e)
{
    auto_tx struct tx tx = {0};
    struct save s = save_of(req);
    if (begin(&s, id, &tx, e) < 0 || check_role(&s, e) < 0 || functions_delete(s.db, id, e) < 0 ||
        changes_write(req, "function.delete", &s.fn, NULL, e) < 0)
        return -1;
    return commit(&tx, id, e);
}
