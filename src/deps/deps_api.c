/* deps_api — the packages of a project (contracts 1.4, rows 26 and 27) and starting their build.
 *
 * A save is decided on a worker: what is there already is used at once. Otherwise the request waits
 * on the loop thread, with no thread of its own, for the build that it has started; when its client
 * goes away the build goes on. */
#include "app.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "deps/builds.h"
#include "deps/wanted.h"
#include "http/form.h"
#include "loop/loop.h"
#include "projects/projects.h"

#include <string.h>

/* --- reading --- */

static json_t *layer_json(const struct layer_row *row)
{
    json_t *packages = json_loads(row->packages, 0, NULL);
    json_t *ret = json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:o}", "id", row->id, "runtime",
                            deps_store_runtimes[row->language], "runtime_version",
                            row->runtime_version, "platform", row->platform, "packages",
                            json_is_array(packages) ? packages : json_array(), "bytes",
                            (json_int_t)row->bytes, "files", (json_int_t)row->files, "created_at",
                            form_time_json(row->created_us));
    must(ret);
    return ret;
}

/* The layer that is here for a set; null when there is none. */
static int add_layer(struct request *req, json_t *to, enum build_language language, const char *set,
                     struct err *e)
{
    struct deps *d = deps_of(req->app);
    char id[DIGEST_TEXT];
    struct layer_row row;
    int found = *set ? deps_find_layer(d, req->context, language, set, id, e) : 0;
    if (found > 0)
        found = deps_store_layer(req->context, req->arena, id, &row, e);
    if (found < 0)
        return -1;
    json_object_set_new(to, language == BUILD_PYTHON ? "python" : "node",
                        found ? layer_json(&row) : json_null());
    return found;
}

static int newest_build(struct request *req, const char *project, json_t **ret, struct err *e)
{
    struct deps *d = deps_of(req->app);
    struct build_row row;
    int count = builds_store_list(req->context, req->arena, project, 1, &row, e);
    if (count < 0)
        return -1;
    if (count)
        (void)builds_look(d, req->arena, project, row.id, &row);
    *ret = count ? builds_store_json(&row, false) : json_null();
    return 0;
}

static int requirements_json(struct request *req, json_t **ret, struct err *e)
{
    const char *project = http_param(req, "id");
    struct packages p;
    json_t *build = NULL;
    if (deps_store_find(req->context, req->arena, project, &p, e) < 0 ||
        newest_build(req, project, &build, e) < 0)
        return -1;
    json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "requirements_txt",
                            p.requirements_txt, "requirements_hash", p.requirements_hash,
                            "package_json", p.package_json, "package_lock", p.package_lock, "build",
                            build, "updated_at", form_time_json(p.updated_us));
    must(all);
    int python = add_layer(req, all, BUILD_PYTHON, p.set[BUILD_PYTHON], e);
    int node = python < 0 ? -1 : add_layer(req, all, BUILD_NODE, p.set[BUILD_NODE], e);
    bool there = (python || !*p.set[BUILD_PYTHON]) && (node || !*p.set[BUILD_NODE]);
    json_object_set_new(all, "has_custom_image", json_boolean(there && (python || node)));
    if (node < 0)
        json_decref(all);
    else
        *ret = all;
    return node < 0 ? -1 : 0;
}

static int get_requirements(struct request *req, struct response *res, struct err *e)
{
    json_t *all = NULL;
    if (requirements_json(req, &all, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, all);
}

/* Of the newest layer of a set, wherever it was built: exact versions are the same everywhere. */
static int first_id(void *arg, const struct layer_row *row)
{
    strcpy(arg, row->id);
    return 1;
}

static int lock_of(struct request *req, const char *set, const char **ret, struct err *e)
{
    char id[DIGEST_TEXT] = "";
    struct layer_row row = {0};
    *ret = "";
    if (!*set)
        return 0;
    int found = deps_store_layers(req->context, set, first_id, id, e);
    if (found > 0)
        found = deps_store_layer(req->context, req->arena, id, &row, e);
    if (found > 0)
        *ret = row.lock;
    return found < 0 ? -1 : 0;
}

static int get_lock(struct request *req, struct response *res, struct err *e)
{
    struct packages p;
    const char *python, *node;
    if (deps_store_find(req->context, req->arena, http_param(req, "id"), &p, e) < 0 ||
        lock_of(req, p.set[BUILD_PYTHON], &python, e) < 0 ||
        lock_of(req, p.set[BUILD_NODE], &node, e) < 0)
        return -1;
    return http_reply_json(
        req, res, 200, json_pack("{s:s, s:s}", "requirements_txt", python, "package_lock", node));
}

/* --- saving --- */

struct saving {
    struct http_exchange *x;
    struct deps *d;
    bool wait; /* PUT: for the build's end */
    struct response res;
    struct live *live; /* what has to be built; NULL: `res` is the answer */
    struct builds_watch watch;
    bool failed;
    struct err error;
};

static struct build_row new_row(struct request *req, struct deps *d, bool reused)
{
    char id[ID_TEXT];
    id_new(id);
    struct build_row row = {.id = arena_strdup(req->arena, id),
                            .project = http_param(req, "id"),
                            .server = d->server,
                            .status = reused ? BUILD_SUCCEEDED : BUILD_QUEUED,
                            .step = reused ? BUILD_DONE : BUILD_WAITING,
                            .reused = reused,
                            .created_us = clock_wall_us()};
    if (reused)
        row.started_us = row.finished_us = row.created_us;
    return row;
}

/* Which languages have to be built; what is here is asked for from now on. */
static int find_missing(struct saving *s, struct db *db, const struct wanted *w,
                        bool todo[LANGUAGES], struct err *e)
{
    int missing = 0;
    for (int i = 0; i < LANGUAGES; i++) {
        const char *set = w->packages.set[i];
        char id[DIGEST_TEXT];
        int found = *set ? deps_find_layer(s->d, db, (enum build_language)i, set, id, e) : 1;
        if (found < 0)
            return -1;
        todo[i] = !found;
        missing += !found;
        if (*set && found)
            layer_touch(s->d->layers, id);
    }
    return missing;
}

/* Nobody else saves or builds for the project until the end of the transaction. */
static int check_alone(struct request *req, const struct packages *old, struct err *e)
{
    const char *project = http_param(req, "id"), *busy = "";
    struct packages now;
    int found = builds_store_busy(req->context, req->arena, project, &busy, e);
    if (found)
        return found < 0 ? -1
                         : err_set(e, ERR_CONFLICT, "Build %s of this project is under way", busy);
    if (deps_store_find(req->context, req->arena, project, &now, e) < 0)
        return -1;
    if (now.updated_us != old->updated_us)
        return err_set(e, ERR_CONFLICT, "The packages were saved by somebody else meanwhile");
    return 0;
}

static int audit(struct request *req, const struct build_row *row, struct err *e)
{
    const char *detail = arena_printf(req->arena, "build %s%s", row->id,
                                      row->reused ? ", packages that were there" : "");
    return audit_write(req->context, req, "packages.save", row->project, detail, e);
}

/* All is there: saved at once. */
static int save_now(struct request *req, struct tx *tx, const struct wanted *w,
                    const struct build_row *row, struct err *e)
{
    struct packages p = w->packages;
    p.updated_us = w->changed ? row->created_us : p.updated_us;
    if (builds_store_insert(tx->db, row, e) < 0 ||
        builds_store_prune(tx->db, row->project, e) < 0 || audit(req, row, e) < 0 ||
        (w->changed && builds_save(tx, row->project, &p, e) < 0))
        return -1;
    return db_commit(tx, e);
}

static int queue_build(struct saving *s, struct request *req, struct tx *tx, struct wanted *w,
                       const struct build_row *row, const bool todo[LANGUAGES], struct err *e)
{
    if (builds_full(s->d))
        return err_set(e, ERR_LIMIT, "%d builds are waiting already: try again later", BUILDS_MAX);
    if (builds_store_insert(tx->db, row, e) < 0 || audit(req, row, e) < 0 || db_commit(tx, e) < 0)
        return -1;
    w->packages.updated_us = row->created_us;
    s->live = builds_new(s->d, row, &w->packages, w->order, todo);
    return 0;
}

static int reply_requirements(struct saving *s, struct request *req, struct err *e)
{
    json_t *all = NULL;
    if (requirements_json(req, &all, e) < 0)
        return -1;
    return http_reply_json(req, &s->res, 200, all);
}

static int decide(struct saving *s, struct request *req, struct err *e)
{
    struct db *db = req->context;
    struct packages old;
    struct wanted w;
    bool todo[LANGUAGES];
    if (deps_store_find(db, req->arena, http_param(req, "id"), &old, e) < 0 ||
        wanted_read(req, &old, &w, e) < 0)
        return -1;
    int missing = find_missing(s, db, &w, todo, e);
    if (missing < 0)
        return -1;
    if (s->wait && !missing && !w.changed)
        return reply_requirements(s, req, e);
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0 || check_alone(req, &old, e) < 0 ||
        (missing = find_missing(s, db, &w, todo, e)) < 0)
        return -1;
    struct build_row row = new_row(req, s->d, missing == 0);
    int rc =
        missing ? queue_build(s, req, &tx, &w, &row, todo, e) : save_now(req, &tx, &w, &row, e);
    if (rc < 0)
        return -1;
    if (!s->wait)
        return http_reply_json(req, &s->res, 202, builds_store_json(&row, false));
    return missing ? 0 : reply_requirements(s, req, e);
}

static void run_decide(void *job, void *context)
{
    struct saving *s = job;
    struct request *req = http_exchange_request(s->x);
    req->context = context;
    s->failed = decide(s, req, &s->error) < 0;
    req->context = NULL;
}

static void answer(struct saving *s)
{
    if (s->failed)
        http_answer_error(s->x, &s->error);
    else
        http_answer(s->x, &s->res);
    free(s);
}

/* --- the end of a build that somebody waits for --- */

static void run_reply(void *job, void *context)
{
    struct saving *s = job;
    struct request *req = http_exchange_request(s->x);
    req->context = context;
    s->failed = reply_requirements(s, req, &s->error) < 0;
    req->context = NULL;
}

static void replied(void *job)
{
    answer(job);
}

enum { SHOWN_LINES = 10 };

/* As documented: a text, with what the package manager said at the end. */
static void tell_failure(struct saving *s, const struct live *l)
{
    struct request *req = http_exchange_request(s->x);
    auto_buf struct buf text = {0};
    struct str lines = build_log_lines(&l->log, SHOWN_LINES);
    buf_addz(&text, "Failed to build image: ");
    buf_add_str(&text, lines);
    if (!memmem(lines.p, lines.n, l->why.text, strlen(l->why.text)))
        buf_addf(&text, "%s%s", lines.n ? "\n" : "", l->why.text);
    http_reply_json(req, &s->res, 422,
                    json_pack("{s:o}", "detail", json_stringn(text.data, text.len)));
}

static void on_changed(void *arg)
{
    struct saving *s = arg;
    struct live *l = s->watch.live;
    if (!l->ended)
        return;
    if (l->why.code == ERR_INVALID)
        tell_failure(s, l);
    s->error = l->why;
    s->failed = l->why.code && l->why.code != ERR_INVALID;
    bool well = !l->why.code;
    builds_unwatch(&s->watch);
    if (well && s->d->closing)
        err_set(&s->error, ERR_UNAVAILABLE, "The server is stopping");
    else if (well && workers_submit(s->d->app->workers, run_reply, replied, s, &s->error) == 0)
        return;
    s->failed = s->failed || well;
    answer(s);
}

static void decided(void *job)
{
    struct saving *s = job;
    struct live *l = s->live;
    if (l && s->wait) {
        s->watch = (struct builds_watch){.changed = on_changed, .arg = s};
        builds_watch(l, &s->watch);
    }
    if (l)
        builds_begin(l);
    if (!l || !s->wait)
        answer(s);
}

static void start_saving(struct http_exchange *x, bool wait)
{
    struct app *app = http_exchange_request(x)->app;
    struct err e = {0};
    struct saving *s = mem_alloc(sizeof *s);
    *s = (struct saving){.x = x, .d = deps_of(app), .wait = wait};
    if (workers_submit(app->workers, run_decide, decided, s, &e) < 0) {
        http_answer_error(x, &e);
        free(s);
    }
}

static void put_requirements(struct http_exchange *x)
{
    start_saving(x, true);
}

static void post_build(struct http_exchange *x)
{
    start_saving(x, false);
}

#define REQUIREMENTS "/api/projects/:id/requirements"
#define BUILDS       "/api/projects/:id/builds"
const struct route deps_routes[] = {
    {HTTP_GET, REQUIREMENTS, PERM_PROJECT_VIEW, PLANE_CONTROL, get_requirements, NULL},
    {HTTP_PUT, REQUIREMENTS, PERM_PROJECT_EDIT, PLANE_DATA, NULL, put_requirements},
    {HTTP_GET, REQUIREMENTS "/lock", PERM_PROJECT_VIEW, PLANE_CONTROL, get_lock, NULL},
    {HTTP_POST, BUILDS, PERM_PROJECT_EDIT, PLANE_DATA, NULL, post_build},
    {0},
};
