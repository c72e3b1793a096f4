#include "gateway/routes.h"

#include "base/mem.h"

/* `shape` is the pattern without the names of its parameters: two routes of one shape and method
 * could never be told apart. */
const struct migration gateway_migrations[] = {
    {40, "routes",
     "CREATE TABLE routes (id text PRIMARY KEY, project_id text NOT NULL"
     " REFERENCES projects (id) ON DELETE CASCADE, function_id text NOT NULL"
     " REFERENCES functions (id) ON DELETE CASCADE, method text NOT NULL, path text NOT NULL,"
     " shape text NOT NULL, description text NOT NULL, created_us bigint NOT NULL,"
     " updated_us bigint NOT NULL, UNIQUE (project_id, method, shape));"
     "CREATE INDEX routes_by_function ON routes (function_id);"},
    {0},
};

#define COLUMNS                                                                                    \
    "SELECT id, project_id, function_id, method, path, description, created_us, updated_us"        \
    " FROM routes WHERE project_id = $1 "

static void read_row(struct query *q, struct arena *a, struct gateway_route *ret)
{
    *ret = (struct gateway_route){.id = query_text(q, a, 0),
                                  .project = query_text(q, a, 1),
                                  .function = query_text(q, a, 2),
                                  .method = query_text(q, a, 3),
                                  .path = query_text(q, a, 4),
                                  .description = query_text(q, a, 5),
                                  .created_us = query_int(q, 6),
                                  .updated_us = query_int(q, 7)};
}

int routes_find(struct db *db, struct arena *a, const char *project, const char *id,
                struct gateway_route *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, COLUMNS "AND id = $2", DB_ARGS(db_textz(project), db_textz(id)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        read_row(q, a, ret);
    return found;
}

static int read_all(struct db *db, struct arena *a, const char *sql, const char *project,
                    struct gateway_route **ret, size_t *ret_count, struct err *e)
{
    auto_query struct query *q = NULL;
    auto_ptr struct gateway_route *rows = NULL;
    size_t count = 0, room = 0;
    int more;
    if (db_query(db, sql, DB_ARGS(db_textz(project)), &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0) {
        if (count == room) {
            room = room ? 2 * room : 16;
            rows = mem_realloc(rows, room * sizeof *rows);
        }
        read_row(q, a, &rows[count++]);
    }
    *ret = (struct gateway_route *)arena_dup(a, count ? (void *)rows : "", count * sizeof *rows);
    *ret_count = count;
    return more;
}

int routes_list(struct db *db, struct arena *a, const char *project, struct gateway_route **ret,
                size_t *ret_count, struct err *e)
{
    return read_all(db, a, COLUMNS "ORDER BY path, method, id", project, ret, ret_count, e);
}

int gateway_routes(struct db *db, struct arena *a, const char *project, struct gateway_route **ret,
                   size_t *ret_count, struct err *e)
{
    return read_all(db, a, COLUMNS "ORDER BY created_us, id", project, ret, ret_count, e);
}

int routes_count(struct db *db, const char *project, int64_t *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT count(*) FROM routes WHERE project_id = $1",
                 DB_ARGS(db_textz(project)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}

int routes_insert(struct db *db, const struct gateway_route *r, const char *shape, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO routes (id, project_id, function_id, method, path, shape,"
                   " description, created_us, updated_us)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                   DB_ARGS(db_textz(r->id), db_textz(r->project), db_textz(r->function),
                           db_textz(r->method), db_textz(r->path), db_textz(shape),
                           db_textz(r->description), db_int(r->created_us), db_int(r->updated_us)),
                   e);
}

int routes_update(struct db *db, const struct gateway_route *r, const char *shape, struct err *e)
{
    return db_exec(db,
                   "UPDATE routes SET function_id = $2, method = $3, path = $4, shape = $5,"
                   " description = $6, updated_us = $7 WHERE id = $1",
                   DB_ARGS(db_textz(r->id), db_textz(r->function), db_textz(r->method),
                           db_textz(r->path), db_textz(shape), db_textz(r->description),
                           db_int(r->updated_us)),
                   e);
}

int routes_delete(struct db *db, const char *id, struct err *e)
{
    return db_exec(db, "DELETE FROM routes WHERE id = $1", DB_ARGS(db_textz(id)), e);
}
