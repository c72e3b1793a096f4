#include "deps/builds_store.h"

#include "base/clock.h"
#include "base/must.h"
#include "http/form.h"

#include <string.h>

const char *const builds_store_words[] = {"queued", "running",   "succeeded",
                                          "failed", "cancelled", NULL};
static const char *const steps[] = {"waiting", "resolving", "installing", "storing", "done"};

/* No build takes longer: what another server began before has ended with it. */
#define DEAD_AFTER_US (3LL * 3600 * 1000000)

#define COLUMNS                                                                                    \
    "id, project_id, server, status, step, error, reused, packages, bytes, created_us,"            \
    " started_us, finished_us"

json_t *builds_store_progress_json(const struct build_row *row)
{
    return json_pack("{s:s, s:s, s:I, s:I}", "status", builds_store_words[row->status], "step",
                     steps[row->step], "packages", (json_int_t)row->packages, "bytes",
                     (json_int_t)row->bytes);
}

json_t *builds_store_json(const struct build_row *row, bool with_log)
{
    json_t *ret =
        json_pack("{s:s, s:s, s:o, s:s?, s:s?, s:b, s:o, s:o, s:o}", "id", row->id, "status",
                  builds_store_words[row->status], "progress", builds_store_progress_json(row),
                  "error", row->error, "log", with_log ? row->log ? row->log : "" : NULL, "reused",
                  row->reused, "created_at", form_time_json(row->created_us), "started_at",
                  form_time_json(row->started_us), "finished_at", form_time_json(row->finished_us));
    must(ret);
    return ret;
}

static struct build_row read_row(struct query *q, struct arena *a)
{
    const char *word = query_text(q, a, 3);
    int status = 0;
    while (builds_store_words[status] && strcmp(builds_store_words[status], word) != 0)
        status++;
    int64_t step = query_int(q, 4);
    return (struct build_row){.id = query_text(q, a, 0),
                              .project = query_text(q, a, 1),
                              .server = query_text(q, a, 2),
                              .status = builds_store_words[status] ? (enum build_status)status
                                                                   : BUILD_FAILED,
                              .step = step < 0 || step > BUILD_DONE ? BUILD_DONE : (int)step,
                              .error = query_text(q, a, 5),
                              .reused = query_int(q, 6) != 0,
                              .packages = query_int(q, 7),
                              .bytes = query_int(q, 8),
                              .created_us = query_int(q, 9),
                              .started_us = query_int(q, 10),
                              .finished_us = query_int(q, 11)};
}

int builds_store_insert(struct db *db, const struct build_row *r, struct err *e)
{
    int rows = db_exec(
        db,
        "INSERT INTO package_builds (" COLUMNS ", log) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
        " $10, $11, $12, $13)",
        DB_ARGS(db_textz(r->id), db_textz(r->project), db_textz(r->server),
                db_textz(builds_store_words[r->status]), db_int(r->step), db_textz(r->error),
                db_int(r->reused), db_int(r->packages), db_int(r->bytes), db_int(r->created_us),
                db_int(r->started_us), db_int(r->finished_us), db_textz(r->log)),
        e);
    return rows < 0 ? -1 : 0;
}

int builds_store_update(struct db *db, const struct build_row *r, struct err *e)
{
    return db_exec(db,
                   "UPDATE package_builds SET status = $2, step = $3, error = $4, packages = $5,"
                   " bytes = $6, started_us = $7, finished_us = $8, log = $9 WHERE id = $1",
                   DB_ARGS(db_textz(r->id), db_textz(builds_store_words[r->status]),
                           db_int(r->step), db_textz(r->error), db_int(r->packages),
                           db_int(r->bytes), db_int(r->started_us), db_int(r->finished_us),
                           db_textz(r->log)),
                   e);
}

int builds_store_find(struct db *db, struct arena *a, const char *project, const char *id,
                      struct build_row *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (!str_is_utf8(str_of(id)))
        return 0;
    if (db_query(db,
                 "SELECT " COLUMNS ", log FROM package_builds WHERE id = $1 AND project_id = $2",
                 DB_ARGS(db_textz(id), db_textz(project)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0) {
        *ret = read_row(q, a);
        ret->log = query_text(q, a, 12);
    }
    return found;
}

int builds_store_list(struct db *db, struct arena *a, const char *project, int at_most,
                      struct build_row *rows, struct err *e)
{
    auto_query struct query *q = NULL;
    int count = 0, more;
    if (db_query(db,
                 "SELECT " COLUMNS " FROM package_builds WHERE project_id = $1"
                 " ORDER BY created_us DESC, id DESC LIMIT $2",
                 DB_ARGS(db_textz(project), db_int(at_most)), &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0)
        rows[count++] = read_row(q, a);
    return more < 0 ? -1 : count;
}

int builds_store_busy(struct db *db, struct arena *a, const char *project, const char **ret_id,
                      struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT id FROM package_builds WHERE project_id = $1 AND status IN ('queued',"
                 " 'running') AND created_us > $2",
                 DB_ARGS(db_textz(project), db_int(clock_wall_us() - DEAD_AFTER_US)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        *ret_id = query_text(q, a, 0);
    return found;
}

int builds_store_prune(struct db *db, const char *project, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM package_builds WHERE project_id = $1 AND status NOT IN ('queued',"
                   " 'running') AND id NOT IN (SELECT id FROM package_builds WHERE project_id = $1"
                   " ORDER BY created_us DESC, id DESC LIMIT $2)",
                   DB_ARGS(db_textz(project), db_int(BUILDS_KEPT)), e);
}

int builds_store_abandon(struct db *db, const char *server, const char *why, struct err *e)
{
    return db_exec(
        db,
        "UPDATE package_builds SET status = 'failed', step = $4, error = $2,"
        " finished_us = $3 WHERE server = $1 AND status IN ('queued', 'running')",
        DB_ARGS(db_textz(server), db_textz(why), db_int(clock_wall_us()), db_int(BUILD_DONE)), e);
}
