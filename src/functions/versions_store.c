#include "functions/versions_store.h"

#include <string.h>

#define VERSION_COLUMNS "version, runtime, handler, size, created_us, files, entry"

static void read_version(struct query *q, struct arena *a, const char *function_id,
                         struct version *v)
{
    *v = (struct version){
        .function_id = function_id,
        .number = (uint32_t)query_int(q, 0),
        .runtime = query_text(q, a, 1),
        .handler = query_text(q, a, 2),
        .size = (uint64_t)query_int(q, 3),
        .created_us = query_int(q, 4),
        .files = query_text(q, a, 5),
        .entry = query_text(q, a, 6),
    };
}

int versions_list(struct db *db, struct arena *a, const struct function *fn, uint32_t before,
                  size_t limit, struct versions_page *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    *ret = (struct versions_page){.versions = arena_alloc(a, limit * sizeof(struct version))};
    int64_t below = before ? before : INT64_MAX;
    if (db_query(db,
                 "SELECT " VERSION_COLUMNS " FROM function_versions WHERE function_id = $1"
                 " AND version < $2 ORDER BY version DESC LIMIT $3",
                 DB_ARGS(db_textz(fn->id), db_int(below), db_int((int64_t)limit + 1)), &q, e) < 0)
        return -1;
    size_t bytes = 0;
    int more;
    while ((more = query_next(q, e)) > 0) {
        if (ret->count == limit || bytes > FUNCTIONS_PAGE_BYTES) {
            ret->more = true;
            return 0;
        }
        struct version *v = &ret->versions[ret->count++];
        read_version(q, a, fn->id, v);
        v->active = v->number == fn->active_version;
        bytes += (v->entry ? strlen(v->entry) : 0) + strlen(v->files);
    }
    return more;
}

int versions_find(struct db *db, struct arena *a, const char *function_id, uint32_t number,
                  struct version *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT " VERSION_COLUMNS " FROM function_versions WHERE function_id = $1"
                 " AND version = $2",
                 DB_ARGS(db_textz(function_id), db_int(number)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "Version not found");
    if (found > 0)
        read_version(q, a, function_id, ret);
    return found < 0 ? -1 : 0;
}

int versions_next_number(struct db *db, const char *function_id, uint32_t *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT coalesce(max(version), 0) FROM function_versions WHERE function_id = $1",
                 DB_ARGS(db_textz(function_id)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret = (uint32_t)query_int(q, 0) + 1;
    return 0;
}

int versions_insert(struct db *db, const struct version *v, struct err *e)
{
    if (db_exec(db,
                "INSERT INTO function_versions (function_id, version, runtime, handler, size,"
                " created_us, files, entry, code) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                DB_ARGS(db_textz(v->function_id), db_int(v->number), db_textz(v->runtime),
                        db_textz(v->handler), db_int((int64_t)v->size), db_int(v->created_us),
                        db_textz(v->files), db_textz(v->entry), db_blob(v->section)),
                e) < 0)
        return -1;
    /* Numbers have gaps only where a version was kept for being active: it no longer is. */
    int rc =
        db_exec(db, "DELETE FROM function_versions WHERE function_id = $1 AND version <= $2",
                DB_ARGS(db_textz(v->function_id), db_int((int64_t)v->number - VERSIONS_KEPT)), e);
    return rc < 0 ? -1 : 0;
}

/* Leaves the query at the row that holds the bytes of a version. */
static int at_section(struct db *db, const char *id, uint32_t number, struct query **ret,
                      struct err *e)
{
    if (db_query(db, "SELECT code FROM function_versions WHERE function_id = $1 AND version = $2",
                 DB_ARGS(db_textz(id), db_int(number)), ret, e) < 0)
        return -1;
    int found = query_next(*ret, e);
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "Version not found");
    return found < 0 ? -1 : 0;
}

int versions_section(struct db *db, struct arena *a, const char *function_id, uint32_t number,
                     struct str *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (at_section(db, function_id, number, &q, e) < 0)
        return -1;
    *ret = query_blob(q, a, 0);
    return 0;
}
