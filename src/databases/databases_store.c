#include "databases/databases_store.h"

#include "auth/auth.h"
#include "base/clock.h"
#include "base/must.h"

#include <stdlib.h>
#include <string.h>

const struct migration databases_migrations[] = {
    /* No reference to projects: the row outlives its project until the database is gone too. */
    {70, "databases",
     "CREATE TABLE databases (project_id text PRIMARY KEY, provider bigint NOT NULL,"
     " state bigint NOT NULL, fence bigint NOT NULL, rotation bigint NOT NULL,"
     " name text NOT NULL UNIQUE, instance text NOT NULL, secret bytea NOT NULL, next bytea,"
     " remote_id text NOT NULL, remote text NOT NULL, problem text NOT NULL,"
     " bytes bigint NOT NULL, created_us bigint NOT NULL, updated_us bigint NOT NULL);"},
    {0},
};

/* --- passwords: "PASSWORD\nVERIFIER", bound to project and name --- */

static void wipe(void *text)
{
    explicit_bzero(text, strlen(text));
}

static void add_context(struct buf *out, const char *project, const char *name)
{
    buf_addf(out, "database/%s/%s", project, name);
}

static struct str seal_pair(const struct seal *seal, struct arena *a, const struct database *row,
                            const char *password, const char *verifier)
{
    auto_buf struct buf context = {0}, sealed = {0};
    auto_secret struct buf clear = {0};
    if (!password)
        return (struct str){0};
    add_context(&context, row->project, row->name);
    buf_addf(&clear, "%s\n%s", password, verifier);
    seal_lock(seal, buf_str(&context), buf_str(&clear), &sealed);
    return arena_str(a, buf_str(&sealed));
}

static void open_pair(const struct seal *seal, struct arena *a, const struct database *row,
                      struct str sealed, const char **password, const char **verifier)
{
    auto_buf struct buf context = {0};
    auto_secret struct buf clear = {0};
    struct err lost = {0};
    *password = *verifier = NULL;
    add_context(&context, row->project, row->name);
    if (!sealed.p || seal_unlock(seal, buf_str(&context), sealed, &clear, &lost) < 0)
        return;
    char *text = arena_dup(a, clear.data, clear.len), *line = strchr(text, '\n');
    must(line);
    *line = '\0';
    arena_defer(a, wipe, text);
    arena_defer(a, wipe, line + 1);
    *password = text;
    *verifier = line + 1;
}

/* --- reading --- */

#define COLUMNS                                                                                    \
    "SELECT d.project_id, d.provider, d.state, d.fence, d.rotation, d.name, d.instance, d.secret," \
    " d.next, d.remote_id, d.remote, d.problem, d.bytes, d.created_us, d.updated_us, p.id"         \
    " FROM databases d LEFT JOIN projects p ON p.id = d.project_id "

static void read_row(const struct work *w, struct query *q, struct database *ret)
{
    struct arena *a = w->a;
    *ret = (struct database){.project = query_text(q, a, 0),
                             .provider = (enum database_provider_kind)query_int(q, 1),
                             .state = (enum database_state)query_int(q, 2),
                             .fence = (enum database_fence)query_int(q, 3),
                             .rotation = (enum database_rotation)query_int(q, 4),
                             .name = query_text(q, a, 5),
                             .instance = query_text(q, a, 6),
                             .remote_id = query_text(q, a, 9),
                             .remote = query_text(q, a, 10),
                             .problem = query_text(q, a, 11),
                             .bytes = query_int(q, 12),
                             .created_us = query_int(q, 13),
                             .updated_us = query_int(q, 14),
                             .orphan = !query_text(q, a, 15)};
    const struct seal *seal = w->d->config.seal;
    open_pair(seal, a, ret, query_blob(q, a, 7), &ret->password, &ret->verifier);
    open_pair(seal, a, ret, query_blob(q, a, 8), &ret->next, &ret->next_verifier);
}

int databases_store_find(const struct work *w, const char *project, struct database *ret,
                         struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(w->db, COLUMNS "WHERE d.project_id = $1", DB_ARGS(db_textz(project)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        read_row(w, q, ret);
    return found;
}

int databases_store_list(const struct work *w, struct database **ret, size_t *ret_count,
                         struct err *e)
{
    auto_query struct query *q = NULL;
    size_t cap = 0;
    int more;
    *ret = NULL;
    *ret_count = 0;
    if (db_query(w->db, COLUMNS "ORDER BY d.created_us, d.name", DB_NO_ARGS, &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0) {
        if (*ret_count == cap) {
            struct database *old = *ret;
            cap = cap ? cap * 2 : 16;
            *ret = arena_alloc(w->a, cap * sizeof **ret);
            if (old)
                memcpy(*ret, old, *ret_count * sizeof *old);
        }
        read_row(w, q, &(*ret)[(*ret_count)++]);
    }
    return more;
}

/* --- writing --- */

int databases_store_insert(const struct work *w, const struct database *row, struct err *e)
{
    struct str secret =
        seal_pair(w->d->config.seal, w->a, row, row->password ? row->password : "", row->verifier);
    return db_exec(
               w->db,
               "INSERT INTO databases (project_id, provider, state, fence, rotation, name,"
               " instance, secret, next, remote_id, remote, problem, bytes, created_us,"
               " updated_us) VALUES ($1, $2, $3, 0, 0, $4, $5, $6, NULL, '', '', '', 0, $7, $7)",
               DB_ARGS(db_textz(row->project), db_int(row->provider), db_int(row->state),
                       db_textz(row->name), db_textz(row->instance), db_blob(secret),
                       db_int(row->created_us)),
               e) < 0
               ? -1
               : 0;
}

int databases_store_update(const struct work *w, const struct database *row, struct err *e)
{
    const struct seal *seal = w->d->config.seal;
    struct str next = seal_pair(seal, w->a, row, row->next, row->next_verifier);
    struct str secret = seal_pair(seal, w->a, row, row->password, row->verifier);
    /* One that does not open stays as it is: the key may be found again. */
    return db_exec(w->db,
                   "UPDATE databases SET state = $2, rotation = $3, instance = $4,"
                   " secret = coalesce($5, secret), next = $6, remote_id = $7, remote = $8,"
                   " problem = '', updated_us = $9 WHERE project_id = $1",
                   DB_ARGS(db_textz(row->project), db_int(row->state), db_int(row->rotation),
                           db_textz(row->instance), db_blob(secret), db_blob(next),
                           db_textz(row->remote_id), db_textz(row->remote),
                           db_int(clock_wall_us())),
                   e);
}

int databases_store_delete(const struct work *w, const char *project, struct err *e)
{
    return db_exec(w->db, "DELETE FROM databases WHERE project_id = $1", DB_ARGS(db_textz(project)),
                   e) < 0
               ? -1
               : 0;
}

int databases_store_size(const struct work *w, const struct database *row, struct err *e)
{
    return db_exec(
               w->db,
               "UPDATE databases SET bytes = $2, fence = $3 WHERE project_id = $1 AND name = $4",
               DB_ARGS(db_textz(row->project), db_int(row->bytes), db_int(row->fence),
                       db_textz(row->name)),
               e) < 0
               ? -1
               : 0;
}

int databases_store_problem(const struct work *w, const char *project, const char *problem,
                            struct err *e)
{
    return db_exec(w->db, "UPDATE databases SET problem = $2 WHERE project_id = $1",
                   DB_ARGS(db_textz(project), db_textz(problem)), e) < 0
               ? -1
               : 0;
}

/* --- the other key --- */

static int reseal_one(struct db *db, const struct seal *to, struct arena *a,
                      const struct database *row, struct err *e)
{
    if (!row->password)
        return err_set(e, ERR_SYSTEM, "the password of database %s does not open", row->name);
    return db_exec(db, "UPDATE databases SET secret = $2, next = $3 WHERE project_id = $1",
                   DB_ARGS(db_textz(row->project),
                           db_blob(seal_pair(to, a, row, row->password, row->verifier)),
                           db_blob(seal_pair(to, a, row, row->next, row->next_verifier))),
                   e);
}

int databases_reseal(struct db *db, const struct seal *from, const struct seal *to, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    struct databases d = {.config = {.seal = from}};
    struct database *rows;
    size_t count;
    if (databases_store_list(&(struct work){&d, db, a}, &rows, &count, e) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (reseal_one(db, to, a, &rows[i], e) < 0)
            return -1;
    return (int)count;
}
