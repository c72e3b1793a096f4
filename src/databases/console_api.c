/* console_api — tables, rows and SQL of a project's database, as the project's own role. */
#include "base/must.h"
#include "databases/console.h"
#include "databases/claim.h"
#include "databases/database_api.h"
#include "databases/lifecycle.h"
#include "databases/pg.h"
#include "databases/provider.h"
#include "http/form.h"

#include <stdlib.h>
#include <string.h>

enum {
    SQL_MAX = 65536,
    ROWS_MAX = 1000,
    ROWS_STANDARD = 100,
    TIMEOUT_MAX_MS = 30000,
    TIMEOUT_STANDARD_MS = 10000,
    OFFSET_MAX = 1000000,
};

/* Connects to a database that can be used. `lift` when it is full and its owner asks. */
static int open_database(struct request *req, struct work *w, struct buf *info, bool *lift,
                         struct err *e)
{
    struct database row;
    struct project p;
    enum role role;
    if (database_api_open(req, w, &p, e) < 0 || lifecycle_ready(w, p.id, &row, e) < 0 ||
        projects_role(req->context, req->principal->account, p.id, &role, e) < 0)
        return -1;
    *lift = row.fence != FENCE_OPEN && role == ROLE_OWNER;
    return provider_of(&row)->conninfo(w, &row, info, e);
}

/* --- SQL --- */

static int reply_refusal(struct request *req, struct response *res, const struct console_refusal *r)
{
    struct str text = buf_str(&r->text);
    if (!str_is_utf8(text)) /* the text may have set another encoding */
        text = STR("ERROR:  a message that is no UTF-8");
    json_t *position = r->position ? json_integer(r->position) : json_null();
    json_t *answer = json_pack("{s:s%, s:s, s:o}", "detail", text.p, text.n, "sqlstate",
                               r->sqlstate, "position", position);
    must(answer);
    return http_reply_json(req, res, 422, answer);
}

static int run(struct request *req, struct response *res, const struct console_query *q,
               struct err *e)
{
    struct console_refusal refusal = {0};
    auto_buf struct buf answer = {0};
    int rc = console_run(q, &answer, &refusal, e);
    if (rc == 0)
        rc = http_reply_text(req, res, 200, "application/json",
                             arena_str(req->arena, buf_str(&answer)));
    else if (refusal.text.len)
        rc = reply_refusal(req, res, &refusal);
    console_refusal_done(&refusal);
    return rc;
}

static int run_bounded(struct request *req, struct response *res, const struct work *w,
                       const struct console_query *q, struct err *e)
{
    const char *project = http_param(req, "id");
    if (claim_query(w->d, project, e) < 0)
        return -1;
    int rc = run(req, res, q, e);
    claim_query_end(w->d, project);
    return rc;
}

static int query(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    struct form f;
    auto_secret struct buf info = {0};
    struct console_query q = {.limit = ROWS_STANDARD, .timeout_ms = TIMEOUT_STANDARD_MS};
    if (form_open(&f, req, e) < 0 ||
        form_text(&f, "sql", FORM_REQUIRED, 1, SQL_MAX, &q.sql, e) < 0 ||
        form_int(&f, "limit", FORM_OPTIONAL, 1, ROWS_MAX, &q.limit, e) < 0 ||
        form_int(&f, "timeout_ms", FORM_OPTIONAL, 1, TIMEOUT_MAX_MS, &q.timeout_ms, e) < 0 ||
        form_bool(&f, "read_only", FORM_OPTIONAL, &q.read_only, e) < 0 ||
        open_database(req, &w, &info, &q.lift, e) < 0)
        return -1;
    q.conninfo = info.data;
    if (audit_write(req->context, req, "database.query", http_param(req, "id"),
                    q.read_only ? "read only" : "", e) < 0)
        return -1;
    return run_bounded(req, res, &w, &q, e);
}

/* --- rows --- */

static int read_offset(struct request *req, uint64_t *ret, struct err *e)
{
    const char *text = http_query(req, "offset");
    *ret = 0;
    if (text && (!str_to_u64(str_of(text), ret) || *ret > OFFSET_MAX))
        return http_invalid(req, "query.offset", "int_range", e,
                            "Input should be a whole number from 0 to %d", OFFSET_MAX);
    return 0;
}

/* What a client sent as a name, as a name. */
static int add_identifier(struct request *req, const struct pg *pg, const char *param,
                          struct buf *sql, struct err *e)
{
    const char *name = http_param(req, param);
    char *quoted =
        str_is_utf8(str_of(name)) ? PQescapeIdentifier(pg->conn, name, strlen(name)) : NULL;
    if (!quoted)
        return err_set(e, ERR_NOT_FOUND, "Table not found");
    buf_addz(sql, quoted);
    PQfreemem(quoted);
    return 0;
}

#define KEY_SQL                                                                                    \
    "SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY k.n)"           \
    " FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND"        \
    " i.indisprimary LEFT JOIN pg_catalog.unnest(i.indkey) WITH ORDINALITY k (attnum, n) ON true"  \
    " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum"           \
    " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = $2 AND c.relnamespace ="        \
    " (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1) GROUP BY c.oid"

/* The columns to order by, for SQL: "" without a primary key. */
static int find_key(struct request *req, struct pg *pg, const char **ret, struct err *e)
{
    auto_buf struct buf sql = {0};
    auto_result PGresult *result = NULL;
    const char *params[] = {"schema", "table"};
    buf_addz(&sql,
             "SET search_path = pg_catalog; PREPARE k (text, text) AS " KEY_SQL "; EXECUTE k (");
    for (size_t i = 0; i < ARRAY_LEN(params); i++) {
        const char *name = http_param(req, params[i]);
        char *quoted =
            str_is_utf8(str_of(name)) ? PQescapeLiteral(pg->conn, name, strlen(name)) : NULL;
        if (!quoted)
            return err_set(e, ERR_NOT_FOUND, "Table not found");
        buf_addf(&sql, "%s%s", i ? "," : "", quoted);
        PQfreemem(quoted);
    }
    buf_addz(&sql, ")");
    if (pg_run(pg, sql.data, &result, e) < 0)
        return -1;
    if (!PQntuples(result))
        return err_set(e, ERR_NOT_FOUND, "Table not found");
    *ret = arena_strdup(req->arena, PQgetvalue(result, 0, 0));
    return 0;
}

static int write_select(struct request *req, const char *conninfo, size_t limit, uint64_t offset,
                        struct buf *sql, struct err *e)
{
    auto_pg struct pg pg = {0};
    const char *key = NULL;
    if (pg_open(conninfo, &pg, e) < 0 || find_key(req, &pg, &key, e) < 0)
        return -1;
    buf_addz(sql, "SELECT * FROM ");
    if (add_identifier(req, &pg, "schema", sql, e) < 0)
        return -1;
    buf_addz(sql, ".");
    if (add_identifier(req, &pg, "table", sql, e) < 0)
        return -1;
    if (*key)
        buf_addf(sql, " ORDER BY %s", key);
    buf_addf(sql, " LIMIT %zu OFFSET %llu", limit + 1, (unsigned long long)offset);
    return 0;
}

static int get_rows(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    size_t limit;
    uint64_t offset;
    auto_secret struct buf info = {0};
    auto_buf struct buf sql = {0};
    struct console_query q = {.timeout_ms = TIMEOUT_STANDARD_MS, .read_only = true};
    if (form_limit(req, ROWS_STANDARD, ROWS_MAX, &limit, e) < 0 ||
        read_offset(req, &offset, e) < 0 || open_database(req, &w, &info, &q.lift, e) < 0 ||
        write_select(req, info.data, limit, offset, &sql, e) < 0)
        return -1;
    q.conninfo = info.data;
    q.sql = sql.data;
    q.limit = (int64_t)limit;
    return run_bounded(req, res, &w, &q, e);
}

/* --- tables --- */

#define TABLES_SQL                                                                                 \
    "SET search_path = pg_catalog; SET statement_timeout = 10000;"                                 \
    " WITH t AS (SELECT c.oid, n.nspname, c.relname, c.relkind, greatest(c.reltuples, 0)::bigint"  \
    " AS rows, CASE WHEN c.relkind IN ('r', 'm', 'p') THEN pg_total_relation_size(c.oid) ELSE 0"   \
    " END AS bytes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind"  \
    " IN ('r', 'v', 'm', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"  \
    " ORDER BY n.nspname, c.relname LIMIT 1000) SELECT t.oid, t.nspname, t.relname, t.relkind,"    \
    " t.rows, t.bytes, a.attname, left(format_type(a.atttypid, a.atttypmod), 200),"                \
    " NOT a.attnotnull, left(pg_get_expr(d.adbin, d.adrelid), 1000), EXISTS (SELECT 1 FROM"        \
    " pg_index i WHERE i.indrelid = t.oid AND i.indisprimary AND a.attnum = ANY (i.indkey))"       \
    " FROM t LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT"              \
    " a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum"           \
    " ORDER BY t.nspname, t.relname, t.oid, a.attnum LIMIT 20000"

enum { OID, SCHEMA, NAME, KIND, ROWS, BYTES, COLUMN, TYPE, NULLABLE, STANDARD, PRIMARY };

static const char *kind_word(const char *kind)
{
    switch (*kind) {
    case 'v':
        return "view";
    case 'm':
        return "materialized view";
    case 'p':
        return "partitioned table";
    case 'f':
        return "foreign table";
    default:
        return "table";
    }
}

static json_t *text_at(const PGresult *r, int row, int column)
{
    return PQgetisnull(r, row, column) ? json_null() : json_string(PQgetvalue(r, row, column));
}

static json_t *column_json(const PGresult *r, int row)
{
    json_t *ret = json_pack(
        "{s:s, s:s, s:b, s:o, s:b}", "name", PQgetvalue(r, row, COLUMN), "type",
        PQgetvalue(r, row, TYPE), "nullable", *PQgetvalue(r, row, NULLABLE) == 't', "default",
        text_at(r, row, STANDARD), "primary_key", *PQgetvalue(r, row, PRIMARY) == 't');
    must(ret);
    return ret;
}

static json_t *table_json(const PGresult *r, int row)
{
    json_t *ret =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:[]}", "schema", PQgetvalue(r, row, SCHEMA), "name",
                  PQgetvalue(r, row, NAME), "kind", kind_word(PQgetvalue(r, row, KIND)), "rows",
                  (json_int_t)strtoll(PQgetvalue(r, row, ROWS), NULL, 10), "bytes",
                  (json_int_t)strtoll(PQgetvalue(r, row, BYTES), NULL, 10), "columns");
    must(ret);
    return ret;
}

static json_t *tables_json(const PGresult *r)
{
    json_t *list = json_array(), *table = NULL;
    for (int row = 0; row < PQntuples(r); row++) {
        if (!row || strcmp(PQgetvalue(r, row, OID), PQgetvalue(r, row - 1, OID)) != 0) {
            table = table_json(r, row);
            json_array_append_new(list, table);
        }
        if (!PQgetisnull(r, row, COLUMN))
            json_array_append_new(json_object_get(table, "columns"), column_json(r, row));
    }
    return list;
}

static int get_tables(struct request *req, struct response *res, struct err *e)
{
    struct work w;
    auto_secret struct buf info = {0};
    auto_pg struct pg pg = {0};
    auto_result PGresult *found = NULL;
    bool lift;
    if (open_database(req, &w, &info, &lift, e) < 0 || pg_open(info.data, &pg, e) < 0 ||
        pg_run(&pg, TABLES_SQL, &found, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, tables_json(found));
}

#define DATABASE "/api/projects/:id/database"
const struct route console_routes[] = {
    {HTTP_GET, DATABASE "/tables", PERM_PROJECT_VIEW, PLANE_LONG, get_tables, NULL},
    {HTTP_GET, DATABASE "/tables/:schema/:table", PERM_PROJECT_VIEW, PLANE_LONG, get_rows, NULL},
    {HTTP_POST, DATABASE "/query", PERM_PROJECT_EDIT, PLANE_LONG, query, NULL},
    {0},
};
