#include "functions/inputs_store.h"

#include "functions/functions_store.h"

#include <string.h>

static struct input read_input(struct query *q, struct arena *a)
{
    const char *json = query_text(q, a, 1);
    return (struct input){query_text(q, a, 0), str_of(json), query_int(q, 2)};
}

/* Text sorts by its bytes in both databases. */
int inputs_list(struct db *db, const char *function_id,
                void (*each)(void *arg, const struct input *i), void *arg, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT name, input, updated_us FROM function_inputs WHERE function_id = $1"
                 " ORDER BY name LIMIT $2",
                 DB_ARGS(db_textz(function_id), db_int(INPUTS_MAX)), &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0) {
        auto_arena struct arena *row = arena_new(); /* all of them are 3 MB */
        struct input i = read_input(q, row);
        each(arg, &i);
    }
    return more;
}

static int count_others(struct db *db, const char *function_id, const char *name, int64_t *ret,
                        struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT count(*) FROM function_inputs WHERE function_id = $1 AND name <> $2",
                 DB_ARGS(db_textz(function_id), db_textz(name)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}

int inputs_put(struct db *db, const char *function_id, const struct input *i, struct err *e)
{
    int64_t others = 0;
    if (functions_lock(db, function_id, e) < 0 ||
        count_others(db, function_id, i->name, &others, e) < 0)
        return -1;
    if (others >= INPUTS_MAX)
        return err_set(e, ERR_CONFLICT, "A function has at most %d saved inputs: remove one first",
                       INPUTS_MAX);
    int rc = db_exec(
        db,
        "INSERT INTO function_inputs (function_id, name, input, updated_us)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT (function_id, name) DO UPDATE"
        " SET input = excluded.input, updated_us = excluded.updated_us",
        DB_ARGS(db_textz(function_id), db_textz(i->name), db_text(i->json), db_int(i->updated_us)),
        e);
    return rc < 0 ? -1 : 0;
}

int inputs_delete(struct db *db, const char *function_id, const char *name, struct err *e)
{
    int rows = db_exec(db, "DELETE FROM function_inputs WHERE function_id = $1 AND name = $2",
                       DB_ARGS(db_textz(function_id), db_textz(name)), e);
    return rows == 0 ? err_set(e, ERR_NOT_FOUND, "Input not found") : rows < 0 ? -1 : 0;
}
