#include "base/must.h"
#include "functions/rules.h"
#include "functions/versions_store.h"

#include <ctype.h>
#include <string.h>

#define SETTINGS                                                                                   \
    "f.id, f.name, f.description, f.runtime, f.handler, f.active_version, f.status,"               \
    " f.network_enabled, f.public_logs, f.memory_mb, f.cpu_millis, f.timeout_ms, f.pids,"          \
    " f.tmp_mb, f.output_kb, f.result_kb, f.file_mb, f.open_files, f.concurrency, f.queue,"        \
    " f.reuse, f.environment, f.created_us, f.updated_us, f.account_id, f.project_id, f.access,"   \
    " f.rate_limit, f.client_rate_limit, f.snapstart"
#define WITH_CODE                                                                                  \
    "SELECT " SETTINGS ", v.files, v.entry FROM functions f JOIN function_versions v"              \
    " ON v.function_id = f.id AND v.version = f.active_version "
/* What the account $1 may see. */
#define MEMBER_OF " (SELECT m.project_id FROM project_members m WHERE m.account_id = $1)"
#define VISIBLE   "(f.owner_id = $1 OR f.project_id IN" MEMBER_OF ")"

static enum access read_access(const char *word)
{
    int i = 0;
    while (access_words[i] && strcmp(access_words[i], word) != 0)
        i++;
    return access_words[i] ? (enum access)i : ACCESS_PRIVATE; /* an unknown word opens nothing */
}

/* Column numbers follow SETTINGS. */
static void read_settings(struct query *q, struct arena *a, struct function *fn)
{
    *fn = (struct function){
        .id = query_text(q, a, 0),
        .name = query_text(q, a, 1),
        .description = query_text(q, a, 2),
        .runtime = query_text(q, a, 3),
        .handler = query_text(q, a, 4),
        .active_version = (uint32_t)query_int(q, 5),
        .active = strcmp(query_text(q, a, 6), "active") == 0,
        .network_enabled = query_int(q, 7),
        .public_logs = query_int(q, 8),
        .concurrency = (uint32_t)query_int(q, 18),
        .queue = (uint32_t)query_int(q, 19),
        .reuse = strcmp(query_text(q, a, 20), "never") == 0 ? REUSE_NEVER : REUSE_ALWAYS,
        .environment = query_blob(q, a, 21),
        .created_us = query_int(q, 22),
        .updated_us = query_int(q, 23),
        .account = query_text(q, a, 24),
        .project = query_text(q, a, 25),
        .access = read_access(query_text(q, a, 26)),
        .rate_limit = (uint32_t)query_int(q, 27),
        .client_rate_limit = (uint32_t)query_int(q, 28),
        .snapstart = query_int(q, 29) != 0,
        .code = "",
        .files = "[]",
    };
    for (int i = 0; i < LIMITS; i++)
        fn->limits[i] = (uint32_t)query_int(q, 9 + i);
}

static void read_with_code(struct query *q, struct arena *a, struct function *fn)
{
    read_settings(q, a, fn);
    fn->files = query_text(q, a, 30);
    const char *entry = query_text(q, a, 31);
    fn->code = entry ? entry : "";
}

static int not_found(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "Function not found");
}

/* The one row of a query, read by `read`. */
static int find(struct db *db, struct arena *a, const char *sql, const struct db_value *args,
                size_t count, void (*read)(struct query *, struct arena *, struct function *),
                struct function *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, sql, args, count, &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        read(q, a, ret);
    return found == 0 ? not_found(e) : found < 0 ? -1 : 0;
}

int functions_find_id(struct db *db, struct arena *a, const char *id, struct function *ret,
                      struct err *e)
{
    return find(db, a, WITH_CODE "WHERE f.id = $1", DB_ARGS(db_textz(id)), read_with_code, ret, e);
}

int functions_find_settings(struct db *db, struct arena *a, const char *id, struct function *ret,
                            struct err *e)
{
    return find(db, a, "SELECT " SETTINGS " FROM functions f WHERE f.id = $1",
                DB_ARGS(db_textz(id)), read_settings, ret, e);
}

int functions_find_name(struct db *db, struct arena *a, const char *account, const char *project,
                        const char *name, struct function *ret, struct err *e)
{
    const char *sql = project ? WITH_CODE "WHERE f.project_id = $1 AND f.name = $2"
                              : WITH_CODE "WHERE f.owner_id = $1 AND f.name = $2";
    return find(db, a, sql, DB_ARGS(db_textz(project ? project : account), db_textz(name)),
                read_with_code, ret, e);
}

/* PostgreSQL would let two savers read the same function, and the same newest version number:
 * whoever writes the row first is waited for by the other one. */
int functions_lock(struct db *db, const char *id, struct err *e)
{
    int locked = db_exec(db, "UPDATE functions SET updated_us = updated_us WHERE id = $1",
                         DB_ARGS(db_textz(id)), e);
    return locked == 0 ? not_found(e) : locked < 0 ? -1 : 0;
}

int functions_named(struct db *db, struct arena *a, const char *account, const char *name,
                    struct functions_named *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    int count = 0, more = 1;
    if (db_query(db,
                 "SELECT f.id, p.slug FROM functions f LEFT JOIN projects p ON p.id = f.project_id"
                 " WHERE " VISIBLE " AND f.name = $2 ORDER BY f.created_us, f.id LIMIT 2",
                 DB_ARGS(db_textz(account), db_textz(name)), &q, e) < 0)
        return -1;
    *ret = (struct functions_named){0};
    for (; count < 2 && (more = query_next(q, e)) > 0; count++) {
        ret->id[count] = query_text(q, a, 0);
        ret->slug[count] = query_text(q, a, 1);
    }
    return more < 0 ? -1 : count;
}

int functions_of_project(struct db *db, const char *project,
                         int (*each)(void *arg, const char *id, struct err *e), void *arg,
                         struct err *e)
{
    auto_arena struct arena *a = arena_new();
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT id FROM functions WHERE project_id = $1", DB_ARGS(db_textz(project)),
                 &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0)
        if (each(arg, query_text(q, a, 0), e) < 0)
            return -1;
    return more;
}

int functions_each(struct db *db, int (*each)(void *arg, const struct function *fn, struct err *e),
                   void *arg, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT " SETTINGS " FROM functions f ORDER BY f.project_id, f.created_us",
                 DB_NO_ARGS, &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0) {
        auto_arena struct arena *a = arena_new();
        struct function fn;
        read_settings(q, a, &fn);
        if (each(arg, &fn, e) < 0)
            return -1;
    }
    return more;
}

int functions_project(struct db *db, struct arena *a, const char *account, const char *key,
                      const char **ret_id, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT p.id FROM projects p JOIN project_members m ON m.project_id = p.id"
                 " AND m.account_id = $1 WHERE p.id = $2 OR p.slug = $2 ORDER BY p.id = $2 DESC",
                 DB_ARGS(db_textz(account), db_textz(key)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    *ret_id = found > 0 ? query_text(q, a, 0) : NULL;
    return found;
}

/* When a list goes on: behind the function `before`. A cursor that names no function ends the list:
 * nothing is older than it. */
static int read_cursor(struct db *db, const char *before, int64_t *ret_us, struct err *e)
{
    auto_query struct query *q = NULL;
    *ret_us = before ? INT64_MIN : INT64_MAX;
    if (!before)
        return 0;
    if (db_query(db, "SELECT created_us FROM functions WHERE id = $1", DB_ARGS(db_textz(before)),
                 &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        *ret_us = query_int(q, 0);
    return found;
}

/* Which functions a page has is found first, in the indexes alone: however many an account may see,
 * and however large their code is, only rows of the page are read and none of them is sorted. */
#define IDS "SELECT f.id, f.created_us FROM functions f WHERE "
#define FILTERED                                                                                   \
    " AND (CAST($2 AS text) IS NULL OR f.name = $2)"                                               \
    " AND (CAST($6 AS text) IS NULL OR lower(f.name) LIKE $6 ESCAPE '\\')"                         \
    " AND (f.created_us, f.id) < ($3, $4)"
#define NEWEST_FIRST " ORDER BY created_us DESC, id DESC LIMIT $5"

static const char *list_sql(const struct functions_filter *f)
{
    if (f->project)
        return IDS "f.project_id = $1" FILTERED NEWEST_FIRST;
    if (f->no_project)
        return IDS "f.owner_id = $1" FILTERED NEWEST_FIRST;
    return IDS "f.owner_id = $1" FILTERED " UNION ALL " IDS
               "f.project_id IN" MEMBER_OF FILTERED NEWEST_FIRST;
}

/* What LIKE takes for names with these letters in them, upper or lower case; NULL for none. */
static const char *like_part(struct arena *a, const char *part)
{
    if (!part)
        return NULL;
    char *like = arena_alloc(a, 2 * strlen(part) + 3), *end = like;
    *end++ = '%';
    for (; *part; part++) {
        if (strchr("%_\\", *part))
            *end++ = '\\';
        *end++ = (char)tolower((unsigned char)*part);
    }
    *end = '%';
    return like;
}

/* One more than the page has, to see whether there are more. */
static int list_ids(struct db *db, struct arena *a, const struct functions_filter *f,
                    const char **ids, size_t *ret_count, struct err *e)
{
    auto_query struct query *q = NULL;
    int64_t cursor_us;
    int more;
    if (read_cursor(db, f->before, &cursor_us, e) < 0 ||
        db_query(db, list_sql(f),
                 DB_ARGS(db_textz(f->project ? f->project : f->account), db_textz(f->name),
                         db_int(cursor_us), db_textz(f->before ? f->before : ""),
                         db_int((int64_t)f->limit + 1), db_textz(like_part(a, f->part))),
                 &q, e) < 0)
        return -1;
    *ret_count = 0;
    while ((more = query_next(q, e)) > 0)
        ids[(*ret_count)++] = query_text(q, a, 0);
    return more;
}

/* So many rows are read together: few round trips, and not much memory however large they are. */
enum { LIST_STEP = 16 };
#define LIST_STEP_PARAMETERS                                                                       \
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"

/* Rows come in any order; one that is gone by now leaves its place empty. */
static int read_step(struct db *db, struct arena *a, const char *const *ids, size_t count,
                     struct function rows[LIST_STEP], struct err *e)
{
    auto_query struct query *q = NULL;
    struct db_value args[LIST_STEP];
    int more;
    for (size_t i = 0; i < LIST_STEP; i++) {
        args[i] = db_textz(i < count ? ids[i] : NULL);
        rows[i] = (struct function){0};
    }
    if (db_query(db, WITH_CODE "WHERE f.id IN " LIST_STEP_PARAMETERS, args, LIST_STEP, &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0) {
        struct function fn;
        read_with_code(q, a, &fn);
        for (size_t i = 0; i < count; i++)
            if (strcmp(ids[i], fn.id) == 0)
                rows[i] = fn;
    }
    return more;
}

static int walk(struct db *db, const char *const *ids, size_t count,
                void (*each)(void *arg, const struct function *fn), void *arg, bool *ret_more,
                struct err *e)
{
    size_t bytes = 0;
    for (size_t from = 0; from < count; from += LIST_STEP) {
        auto_arena struct arena *a = arena_new();
        struct function rows[LIST_STEP];
        size_t n = count - from < LIST_STEP ? count - from : LIST_STEP;
        if (bytes > FUNCTIONS_PAGE_BYTES) {
            *ret_more = true;
            return 0;
        }
        if (read_step(db, a, ids + from, n, rows, e) < 0)
            return -1;
        for (size_t i = 0; i < n; i++)
            if (rows[i].id) {
                bytes += strlen(rows[i].code) + strlen(rows[i].files);
                each(arg, &rows[i]);
            }
    }
    return 0;
}

int functions_list(struct db *db, const struct functions_filter *filter,
                   void (*each)(void *arg, const struct function *fn), void *arg, bool *ret_more,
                   struct err *e)
{
    auto_arena struct arena *a = arena_new();
    const char **ids = arena_alloc(a, (filter->limit + 1) * sizeof *ids);
    size_t count;
    if (list_ids(db, a, filter, ids, &count, e) < 0)
        return -1;
    *ret_more = count > filter->limit;
    return walk(db, ids, *ret_more ? filter->limit : count, each, arg, ret_more, e);
}

int functions_count(struct db *db, const char *account, int64_t at_most, int64_t *ret,
                    struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT count(*) FROM (SELECT 1 FROM functions WHERE account_id = $1 LIMIT $2) f",
                 DB_ARGS(db_textz(account), db_int(at_most)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}

int functions_routes_to(struct db *db, const struct function *fn, int64_t *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT count(*) FROM routes WHERE project_id = $1 AND function_id = $2",
                 DB_ARGS(db_textz(fn->project), db_textz(fn->id)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}

/* The name is the one thing that can be taken already. */
static int name_taken(const struct function *fn, struct err *e)
{
    if (e->code == ERR_CONFLICT)
        return err_set(e, ERR_CONFLICT, "A function named '%s' exists already", fn->name);
    return -1;
}

enum { SETTING_VALUES = 31 };

static void bind_settings(const struct function *fn, struct db_value v[SETTING_VALUES])
{
    size_t n = 0;
    v[n++] = db_textz(fn->id);
    v[n++] = db_textz(fn->name);
    v[n++] = db_textz(fn->description);
    v[n++] = db_textz(fn->runtime);
    v[n++] = db_textz(fn->handler);
    v[n++] = db_int(fn->active_version);
    v[n++] = db_textz(fn->active ? "active" : "inactive");
    v[n++] = db_int(fn->network_enabled);
    v[n++] = db_int(fn->public_logs);
    for (int i = 0; i < LIMITS; i++)
        v[n++] = db_int(fn->limits[i]);
    v[n++] = db_int(fn->concurrency);
    v[n++] = db_int(fn->queue);
    v[n++] = db_textz(fn->reuse == REUSE_NEVER ? "never" : "always");
    v[n++] = db_blob(fn->environment);
    v[n++] = db_int(fn->created_us);
    v[n++] = db_int(fn->updated_us);
    v[n++] = db_textz(fn->account);
    v[n++] = db_textz(fn->project);
    v[n++] = db_textz(access_words[fn->access]);
    v[n++] = db_int(fn->rate_limit);
    v[n++] = db_int(fn->client_rate_limit);
    v[n++] = db_textz(fn->project ? NULL : fn->account); /* owner_id: see schema.c */
    v[n++] = db_int(fn->snapstart);
    must(n == SETTING_VALUES);
}

int functions_insert(struct db *db, const struct function *fn, struct err *e)
{
    struct db_value values[SETTING_VALUES];
    bind_settings(fn, values);
    int rc = db_exec(
        db,
        "INSERT INTO functions (id, name, description, runtime, handler, active_version, status,"
        " network_enabled, public_logs, memory_mb, cpu_millis, timeout_ms, pids, tmp_mb, output_kb,"
        " result_kb, file_mb, open_files, concurrency, queue, reuse, environment, created_us,"
        " updated_us, account_id, project_id, access, rate_limit, client_rate_limit, owner_id,"
        " snapstart)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
        " $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)",
        values, SETTING_VALUES, e);
    return rc < 0 ? name_taken(fn, e) : 0;
}

int functions_update(struct db *db, const struct function *fn, struct err *e)
{
    struct db_value values[SETTING_VALUES];
    bind_settings(fn, values);
    int rc = db_exec(
        db,
        "UPDATE functions SET name = $2, description = $3, runtime = $4, handler = $5,"
        " active_version = $6, status = $7, network_enabled = $8, public_logs = $9,"
        " memory_mb = $10, cpu_millis = $11, timeout_ms = $12, pids = $13, tmp_mb = $14,"
        " output_kb = $15, result_kb = $16, file_mb = $17, open_files = $18, concurrency = $19,"
        " queue = $20, reuse = $21, environment = $22, created_us = $23, updated_us = $24,"
        " account_id = $25, project_id = $26, access = $27, rate_limit = $28,"
        " client_rate_limit = $29, owner_id = $30, snapstart = $31 WHERE id = $1",
        values, SETTING_VALUES, e);
    return rc < 0 ? name_taken(fn, e) : 0;
}

int functions_delete(struct db *db, const char *id, struct err *e)
{
    int gone = db_exec(db, "DELETE FROM functions WHERE id = $1", DB_ARGS(db_textz(id)), e);
    return gone == 0 ? not_found(e) : gone < 0 ? -1 : 0;
}

int functions_load_code(struct db *db, const char *id, uint32_t version, struct code **ret,
                        struct err *e)
{
    auto_arena struct arena *a = arena_new();
    struct str section;
    if (versions_section(db, a, id, version, &section, e) < 0)
        return -1;
    *ret = code_new(section.p, section.n);
    return 0;
}
