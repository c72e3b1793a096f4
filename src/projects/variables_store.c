#include "projects/variables_store.h"

#include "base/must.h"

#include <string.h>

#define COLUMNS "id, key, value, is_secret, created_us, updated_us"

static struct variable read_variable(struct query *q, struct arena *a)
{
    return (struct variable){query_text(q, a, 0),  query_text(q, a, 1), query_blob(q, a, 2),
                             query_int(q, 3) != 0, query_int(q, 4),     query_int(q, 5)};
}

/* By their bytes, whatever the store's language: the same order everywhere. */
static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct variable *)a)->key, ((const struct variable *)b)->key);
}

int variables_store_list(struct db *db, struct arena *a, const char *project, struct variables *ret,
                         struct err *e)
{
    auto_query struct query *q = NULL;
    *ret = (struct variables){arena_alloc(a, PROJECT_VARIABLES_MAX * sizeof(struct variable)), 0};
    if (db_query(db, "SELECT " COLUMNS " FROM project_variables WHERE project_id = $1 LIMIT $2",
                 DB_ARGS(db_textz(project), db_int(PROJECT_VARIABLES_MAX)), &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0)
        ret->all[ret->count++] = read_variable(q, a);
    qsort(ret->all, ret->count, sizeof *ret->all, by_key);
    return more;
}

int variables_store_find(struct db *db, struct arena *a, const char *project, const char *key,
                         struct variable *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT " COLUMNS " FROM project_variables WHERE project_id = $1 AND key = $2",
                 DB_ARGS(db_textz(project), db_textz(key)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        *ret = read_variable(q, a);
    return found;
}

int variables_store_put(struct db *db, const char *project, const struct variable *v, struct err *e)
{
    int rows = db_exec(
        db,
        "INSERT INTO project_variables (id, project_id, key, value, is_secret, created_us,"
        " updated_us) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project_id, key) DO UPDATE"
        " SET value = excluded.value, is_secret = excluded.is_secret,"
        " updated_us = excluded.updated_us",
        DB_ARGS(db_textz(v->id), db_textz(project), db_textz(v->key), db_blob(v->sealed),
                db_int(v->secret), db_int(v->created_us), db_int(v->updated_us)),
        e);
    return rows < 0 ? -1 : 0;
}

int variables_store_delete(struct db *db, const char *project, const char *key, struct err *e)
{
    return db_exec(db, "DELETE FROM project_variables WHERE project_id = $1 AND key = $2",
                   DB_ARGS(db_textz(project), db_textz(key)), e);
}

int variables_store_size(struct db *db, const char *project, int64_t *ret_count, int64_t *ret_bytes,
                         struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT count(*), coalesce(sum(length(key) + length(value)), 0)"
                 " FROM project_variables WHERE project_id = $1",
                 DB_ARGS(db_textz(project)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret_count = query_int(q, 0);
    *ret_bytes = query_int(q, 1);
    return 0;
}

/* --- all projects: the other key --- */

enum { RESEALED_AT_ONCE = 64 };

struct resealed {
    const char *id, *project, *key;
    struct str value;
};

static int read_some(struct db *db, struct arena *a, const char *behind,
                     struct resealed some[RESEALED_AT_ONCE], struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT id, project_id, key, value FROM project_variables WHERE id > $1"
                 " ORDER BY id LIMIT $2",
                 DB_ARGS(db_textz(behind), db_int(RESEALED_AT_ONCE)), &q, e) < 0)
        return -1;
    int count = 0, more;
    while ((more = query_next(q, e)) > 0)
        some[count++] = (struct resealed){query_text(q, a, 0), query_text(q, a, 1),
                                          query_text(q, a, 2), query_blob(q, a, 3)};
    return more < 0 ? -1 : count;
}

static int reseal_one(struct db *db, struct arena *a, const struct seal *from,
                      const struct seal *to, const struct resealed *v, struct err *e)
{
    auto_clear struct buf clear = {0};
    if (variable_open(from, v->project, v->key, v->value, &clear, e) < 0)
        return -1;
    struct str sealed = variable_seal(to, a, v->project, v->key, buf_str(&clear));
    return db_exec(db, "UPDATE project_variables SET value = $2 WHERE id = $1",
                   DB_ARGS(db_textz(v->id), db_blob(sealed)), e);
}

int projects_reseal(struct db *db, const struct seal *from, const struct seal *to, struct err *e)
{
    char behind[64] = "";
    int total = 0;
    for (int count = RESEALED_AT_ONCE; count == RESEALED_AT_ONCE; total += count) {
        auto_arena struct arena *a = arena_new();
        struct resealed some[RESEALED_AT_ONCE];
        if ((count = read_some(db, a, behind, some, e)) < 0)
            return -1;
        for (int i = 0; i < count; i++)
            if (reseal_one(db, a, from, to, &some[i], e) < 0)
                return -1;
        if (count)
            snprintf(behind, sizeof behind, "%s", some[count - 1].id);
    }
    return total;
}
