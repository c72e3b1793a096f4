#include "calls/calls_store.h"

#include "base/json.h"
#include "base/must.h"
#include "calls/calls.h"

#include <jansson.h>
#include <string.h>

/* `seq` grows with every commit, so that rows and index grow at their ends and "newer than" has a
 * meaning even for calls that took long. There is no index on `id`: a cursor is near the newest
 * record of its function, and an index of random keys would cost more than all the rest. */
const struct migration calls_migrations[] = {
    {3, "calls",
     "CREATE TABLE calls (seq bigserial primary key, id text NOT NULL, function_id text NOT NULL,"
     " version bigint NOT NULL, status text NOT NULL, cold bigint NOT NULL, source text NOT NULL,"
     " http_method text, http_path text, created_us bigint NOT NULL, duration_us bigint NOT NULL,"
     " queue_us bigint NOT NULL, place_us bigint NOT NULL, load_us bigint NOT NULL,"
     " handler_us bigint NOT NULL, peak_bytes bigint NOT NULL, cpu_us bigint NOT NULL,"
     " cut bigint NOT NULL, input bytea, output bytea, error bytea, traceback bytea, stdout bytea,"
     " stderr bytea);"
     "CREATE INDEX calls_by_function ON calls (function_id, seq);"},
    {0},
};

/* The bytes that are stored; sets `cut` when there were more. */
static struct db_value clip(const char *p, size_t n, unsigned flag, unsigned *cut)
{
    if (p && n > CALLS_TEXT_MAX) {
        *cut |= flag;
        n = CALLS_TEXT_MAX;
    }
    return db_blob((struct str){p, n});
}

static size_t length(const char *s)
{
    return s ? strlen(s) : 0;
}

/* A gateway's event says how the call came in; the copy is the caller's to free. */
static char *event_member(struct str event, const char *name)
{
    struct err ignored = {0};
    struct str value;
    if (json_member(event, name, &value, &ignored) < 0 || !value.p || value.n > 4096)
        return NULL;
    json_t *json = json_loadb(value.p, value.n, JSON_DECODE_ANY, NULL);
    char *text = json_is_string(json) ? strdup(json_string_value(json)) : NULL;
    json_decref(json);
    return text;
}

static int insert(struct db *db, const struct call_record *r, const char *method, const char *path,
                  struct err *e)
{
    unsigned cut = r->input_cut ? CUT_INPUT : 0, unnoted = 0;
    struct db_value input = clip(r->input, length(r->input), CUT_INPUT, &cut);
    struct db_value output = clip(r->output, r->output_len, CUT_OUTPUT, &cut);
    struct db_value out = clip(r->out, r->out_len, CUT_STDOUT, &cut);
    struct db_value err = clip(r->err, r->err_len, CUT_STDERR, &cut);
    int rc = db_exec(
        db,
        "INSERT INTO calls (id, function_id, version, status, cold, source, http_method, http_path,"
        " created_us, duration_us, queue_us, place_us, load_us, handler_us, peak_bytes, cpu_us, "
        "cut,"
        " input, output, error, traceback, stdout, stderr) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
        " $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)",
        DB_ARGS(db_textz(r->id), db_textz(r->function_id), db_int(r->version),
                db_textz(call_status_name(r->status)), db_int(r->cold), db_textz(r->source),
                db_textz(method), db_textz(path), db_int(r->created_us),
                db_int((int64_t)r->duration_us), db_int(r->phases.queue_us),
                db_int(r->phases.place_us), db_int(r->phases.load_us), db_int(r->phases.handler_us),
                db_int((int64_t)r->memory_peak_bytes), db_int((int64_t)r->cpu_us), db_int(cut),
                input, output, clip(r->error, length(r->error), 0, &unnoted),
                clip(r->traceback, length(r->traceback), 0, &unnoted), out, err),
        e);
    return rc < 0 ? -1 : 0;
}

int calls_insert(struct db *db, const struct call_record *r, struct err *e)
{
    struct err ignored = {0};
    struct str event = str_of(r->input);
    if (strcmp(r->source, "gateway") != 0 || r->input_cut || json_check(event, &ignored) < 0)
        return insert(db, r, NULL, NULL, e);
    char *method = event_member(event, "method"), *path = event_member(event, "path");
    int rc = insert(db, r, method, path, e);
    free(method);
    free(path);
    return rc;
}

int calls_prune_function(struct db *db, const char *function_id, unsigned keep, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM calls WHERE function_id = $1 AND seq <= (SELECT seq FROM calls"
                   " WHERE function_id = $1 ORDER BY seq DESC LIMIT 1 OFFSET $2)",
                   DB_ARGS(db_textz(function_id), db_int(keep)), e);
}

/* Records are in order of their commit, which is their age but for the length of a call. */
int calls_prune_age(struct db *db, int64_t before_us, int at_most, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM calls WHERE seq IN (SELECT seq FROM calls ORDER BY seq LIMIT $1)"
                   " AND created_us < $2",
                   DB_ARGS(db_int(at_most), db_int(before_us)), e);
}

int calls_delete_some(struct db *db, const char *function_id, int at_most, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM calls WHERE seq IN"
                   " (SELECT seq FROM calls WHERE function_id = $1 ORDER BY seq LIMIT $2)",
                   DB_ARGS(db_textz(function_id), db_int(at_most)), e);
}

#define SELECT_CALLS                                                                               \
    "SELECT id, version, status, source, http_method, http_path, cold, created_us, duration_us,"   \
    " queue_us, place_us, load_us, handler_us, peak_bytes, cpu_us, cut, input, output, error,"     \
    " traceback, stdout, stderr FROM calls WHERE function_id = $1 "

static void read_row(struct query *q, struct arena *a, struct call_row *row)
{
    *row = (struct call_row){
        .id = query_text(q, a, 0),
        .version = (uint32_t)query_int(q, 1),
        .status = query_text(q, a, 2),
        .source = query_text(q, a, 3),
        .http_method = query_text(q, a, 4),
        .http_path = query_text(q, a, 5),
        .cold = query_int(q, 6),
        .created_us = query_int(q, 7),
        .duration_us = query_int(q, 8),
        .queue_us = query_int(q, 9),
        .place_us = query_int(q, 10),
        .load_us = query_int(q, 11),
        .handler_us = query_int(q, 12),
        .peak_bytes = query_int(q, 13),
        .cpu_us = query_int(q, 14),
        .cut = (unsigned)query_int(q, 15),
        .input = query_blob(q, a, 16),
        .output = query_blob(q, a, 17),
        .error = query_blob(q, a, 18),
        .traceback = query_blob(q, a, 19),
        .out = query_blob(q, a, 20),
        .err = query_blob(q, a, 21),
    };
}

static int find_seq(struct db *db, const char *function_id, const char *id, int64_t *ret,
                    struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT seq FROM calls WHERE function_id = $1 AND id = $2 ORDER BY seq DESC"
                 " LIMIT 1",
                 DB_ARGS(db_textz(function_id), db_textz(id)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "Invocation not found");
    if (found > 0)
        *ret = query_int(q, 0);
    return found < 0 ? -1 : 0;
}

static int list_query(struct db *db, const char *function_id, const struct calls_cursor *cursor,
                      size_t limit, struct query **ret, struct err *e)
{
    int64_t seq = INT64_MAX;
    const char *id = cursor->before ? cursor->before : cursor->after;
    if (id && find_seq(db, function_id, id, &seq, e) < 0)
        return -1;
    const char *sql = cursor->after ? SELECT_CALLS "AND seq > $2 ORDER BY seq LIMIT $3"
                                    : SELECT_CALLS "AND seq < $2 ORDER BY seq DESC LIMIT $3";
    return db_query(db, sql, DB_ARGS(db_textz(function_id), db_int(seq), db_int((int64_t)limit)),
                    ret, e);
}

static void reverse(struct call_row *rows, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct call_row row = rows[i];
        rows[i] = rows[count - 1 - i];
        rows[count - 1 - i] = row;
    }
}

int calls_list(struct db *db, struct arena *a, const char *function_id,
               const struct calls_cursor *cursor, size_t limit, size_t bytes_max,
               struct call_row *rows, size_t *ret_count, struct err *e)
{
    auto_query struct query *q = NULL;
    size_t count = 0, bytes = 0;
    int more = 1;
    if (list_query(db, function_id, cursor, limit, &q, e) < 0)
        return -1;
    while (bytes <= bytes_max && (more = query_next(q, e)) > 0) {
        struct call_row *row = &rows[count++];
        read_row(q, a, row);
        bytes += row->input.n + row->output.n + row->traceback.n + row->out.n + row->err.n;
    }
    if (cursor->after)
        reverse(rows, count);
    *ret_count = count;
    return more < 0 ? -1 : 0;
}
