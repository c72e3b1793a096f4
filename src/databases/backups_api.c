/* backups_api — backups of a project's database: making, fetching, putting one in its place. */
#include "app.h"
#include "auth/auth.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "databases/backups.h"
#include "databases/claim.h"
#include "databases/database_api.h"
#include "databases/databases_store.h"
#include "databases/lifecycle.h"
#include "databases/provider.h"
#include "http/form.h"
#include "http/stream.h"

#include <string.h>
#include <unistd.h>

static json_t *backup_json(const struct backup *b)
{
    json_t *ret = json_pack("{s:s, s:I, s:o}", "id", b->id, "bytes", (json_int_t)b->bytes,
                            "created_at", form_time_json(b->created_us));
    must(ret);
    return ret;
}

static int list_backups(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    struct backups found;
    if (database_api_open(req, &w, NULL, e) < 0 ||
        backups_list(w.d, http_param(req, "id"), &found, e) < 0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < found.count && i < BACKUPS_KEPT; i++)
        json_array_append_new(list, backup_json(&found.all[i]));
    return http_reply_json(req, res, 200, list);
}

static int make_claimed(struct request *req, const struct work *w, const char *project,
                        struct backup *ret, struct err *e)
{
    struct database row;
    if (lifecycle_ready(w, project, &row, e) < 0 || backups_make(w, &row, ret, e) < 0)
        return -1;
    return audit_write(req->context, req, "database.backup", project, ret->id, e);
}

static int make_backup(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    struct backup made = {0};
    const char *project = http_param(req, "id");
    if (database_api_open(req, &w, NULL, e) < 0 || claim_take(w.d, project, e) < 0)
        return -1;
    int rc = make_claimed(req, &w, project, &made, e);
    claim_drop(w.d, project);
    return rc < 0 ? -1 : http_reply_json(req, res, 200, backup_json(&made));
}

static int remove_backup(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    const char *project = http_param(req, "id"), *id = http_param(req, "backup");
    if (database_api_open(req, &w, NULL, e) < 0 || backups_remove(w.d, project, id, e) < 0 ||
        audit_write(req->context, req, "database.backup.delete", project, id, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Backup deleted"));
}

/* --- restore --- */

static int restore_claimed(struct request *req, const struct work *w, const struct project *p,
                           struct database *row, struct err *e)
{
    const char *id = http_param(req, "backup");
    if (lifecycle_ready(w, p->id, row, e) < 0)
        return -1;
    auto_fd int file = backups_read(w->d, p->id, id, e);
    if (file < 0)
        return -1;
    if (!provider_of(row)->restore)
        return err_set(e, ERR_CONFLICT,
                       "Neon keeps a history of its own: restore there, or with pg_restore");
    /* Names this server as the one at work, before anything is there to be cleaned up. */
    row->instance = w->d->instance;
    if (databases_store_update(w, row, e) < 0 ||
        audit_write(req->context, req, "database.restore", p->id, id, e) < 0)
        return -1;
    return provider_of(row)->restore(w, row, file, e);
}

static int restore(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    struct project p;
    struct database row;
    if (database_api_open(req, &w, &p, e) < 0 || database_api_check_name(req, &p, e) < 0 ||
        claim_take(w.d, p.id, e) < 0)
        return -1;
    int rc = restore_claimed(req, &w, &p, &row, e);
    claim_drop(w.d, p.id);
    return rc < 0 ? -1 : database_api_reply(req, res, &w, &row);
}

/* --- fetching: pieces of the file, as the client takes them --- */

enum { PIECE = 64 * 1024 };

struct fetch {
    struct http_exchange *x;
    int fd;
    bool gone;
    char piece[PIECE];
};

static void fetch_end(struct fetch *f, bool whole)
{
    if (whole)
        http_stream_end(f->x);
    else
        http_stream_break(f->x);
    fd_close(&f->fd);
    free(f);
}

static void send_pieces(void *arg)
{
    struct fetch *f = arg;
    for (;;) {
        ssize_t n = read(f->fd, f->piece, sizeof f->piece);
        if (n <= 0) {
            fetch_end(f, n == 0);
            return;
        }
        if (!http_stream_write(f->x, (struct str){f->piece, (size_t)n}))
            return; /* on with `drained`, or the end with `gone` */
    }
}

static void on_gone(void *arg)
{
    fetch_end(arg, false);
}

static void fetch_backup(struct http_exchange *x)
{
    struct request *req = http_exchange_request(x);
    const struct app *app = req->app;
    const char *id = http_param(req, "backup");
    struct err e = {0};
    int fd = backups_read(app->databases, http_param(req, "id"), id, &e);
    if (fd < 0) {
        http_answer_error(x, &e);
        return;
    }
    struct response res = {.status = 200, .content_type = "application/octet-stream"};
    http_response_header(req, &res, "Content-Disposition",
                         arena_printf(req->arena, "attachment; filename=\"%s.dump\"", id));
    http_response_header(req, &res, "Cache-Control", "no-store");
    struct fetch *f = mem_alloc(sizeof *f);
    *f = (struct fetch){.x = x, .fd = fd};
    http_stream_start(x, &res,
                      &(struct http_stream){.drained = send_pieces, .gone = on_gone, .arg = f});
    send_pieces(f);
}

#define BACKUPS "/api/projects/:id/database/backups"
#define BACKUP  BACKUPS "/:backup"
const struct route backups_routes[] = {
    {HTTP_GET, BACKUPS, PERM_PROJECT_VIEW, PLANE_LONG, list_backups, NULL},
    {HTTP_POST, BACKUPS, PERM_PROJECT_EDIT, PLANE_LONG, make_backup, NULL},
    {HTTP_GET, BACKUP, PERM_PROJECT_REVEAL, PLANE_DATA, NULL, fetch_backup},
    {HTTP_DELETE, BACKUP, PERM_PROJECT_OWN, PLANE_LONG, remove_backup, NULL},
    {HTTP_POST, BACKUP "/restore", PERM_PROJECT_OWN, PLANE_LONG, restore, NULL},
    {0},
};
