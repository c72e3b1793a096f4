#include "calls/calls_store.h"

#include "base/must.h"
#include "calls/calls.h"

#include <stdlib.h>
#include <string.h>

/* `seq` grows with every commit, so that rows and index grow at their ends and "newer than" has a
 * meaning even for calls that took long. There is no index on `id`: an index of random keys would
 * cost a fourth of all the rest. An id begins with its time, and times have an index.
 *
 * `cut` holds flags: enum call_flag.
 *
 * call_stats counts calls by function, period (`step` seconds long, from `at_s` on), status and
 * bucket of duration (buckets.h): see rollup.h. What was called before there were counts is in the
 * totals. */
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
    {50, "call statistics",
     "CREATE TABLE call_stats (number bigserial primary key, function_id text NOT NULL,"
     " step bigint NOT NULL, at_s bigint NOT NULL, status text NOT NULL, bucket bigint NOT NULL,"
     " n bigint NOT NULL, cold bigint NOT NULL, us bigint NOT NULL,"
     " UNIQUE (function_id, step, at_s, status, bucket));"
     "CREATE INDEX call_stats_by_age ON call_stats (step, at_s);"
     "INSERT INTO call_stats (function_id, step, at_s, status, bucket, n, cold, us)"
     " SELECT function_id, 0, 0, status, 0, count(*), sum(cold), sum(duration_us) FROM calls"
     " GROUP BY function_id, status;"
     "CREATE INDEX calls_by_time ON calls (created_us);"},
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

int calls_insert(struct db *db, const struct call_record *r, struct err *e)
{
    unsigned cut = (r->input_cut ? CUT_INPUT : 0) | (r->streamed ? STREAMED : 0), unnoted = 0;
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
                db_textz(r->http_method), db_textz(r->http_path), db_int(r->created_us),
                db_int((int64_t)r->duration_us), db_int(r->phases.queue_us),
                db_int(r->phases.place_us), db_int(r->phases.load_us), db_int(r->phases.handler_us),
                db_int((int64_t)r->memory_peak_bytes), db_int((int64_t)r->cpu_us), db_int(cut),
                input, output, clip(r->error, length(r->error), 0, &unnoted),
                clip(r->traceback, length(r->traceback), 0, &unnoted), out, err),
        e);
    return rc < 0 ? -1 : 0;
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

#define COLUMNS                                                                                    \
    "seq, id, function_id, version, status, source, http_method, http_path, cold, created_us,"     \
    " duration_us, queue_us, place_us, load_us, handler_us, peak_bytes, cpu_us, cut, input,"       \
    " output, error, traceback, stdout, stderr FROM calls "

static void read_row(struct query *q, struct arena *a, struct call_row *row)
{
    *row = (struct call_row){
        .seq = query_int(q, 0),
        .id = query_text(q, a, 1),
        .function = query_text(q, a, 2),
        .version = (uint32_t)query_int(q, 3),
        .status = query_text(q, a, 4),
        .source = query_text(q, a, 5),
        .http_method = query_text(q, a, 6),
        .http_path = query_text(q, a, 7),
        .cold = query_int(q, 8),
        .created_us = query_int(q, 9),
        .duration_us = query_int(q, 10),
        .queue_us = query_int(q, 11),
        .place_us = query_int(q, 12),
        .load_us = query_int(q, 13),
        .handler_us = query_int(q, 14),
        .peak_bytes = query_int(q, 15),
        .cpu_us = query_int(q, 16),
        .flags = (unsigned)query_int(q, 17),
        .input = query_blob(q, a, 18),
        .output = query_blob(q, a, 19),
        .error = query_blob(q, a, 20),
        .traceback = query_blob(q, a, 21),
        .out = query_blob(q, a, 22),
        .err = query_blob(q, a, 23),
    };
}

static int not_found(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "Invocation not found");
}

/* The millisecond that an id begins with; -1 when it is none of ours. */
static int64_t id_ms(const char *id)
{
    char digits[13] = "";
    if (strlen(id) != ID_CALL_TEXT - 1 || strspn(id, "0123456789abcdef") != ID_CALL_TEXT - 1)
        return -1;
    memcpy(digits, id, 12);
    return (int64_t)strtoull(digits, NULL, 16);
}

int calls_find(struct db *db, struct arena *a, const char *id, struct call_row *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    int64_t ms = id_ms(id);
    if (ms < 0)
        return not_found(e);
    if (db_query(db,
                 "SELECT " COLUMNS "WHERE created_us >= $1 AND created_us < $2 AND id = $3 LIMIT 1",
                 DB_ARGS(db_int(ms * 1000), db_int(ms * 1000 + 1000), db_textz(id)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found == 0)
        return not_found(e);
    if (found > 0)
        read_row(q, a, ret);
    return found < 0 ? -1 : 0;
}

int calls_fetch(struct db *db, struct arena *a, const int64_t *seqs, size_t count,
                struct call_row *rows, size_t *ret_count, struct err *e)
{
    struct db_value args[CALLS_FETCH_MAX];
    auto_query struct query *q = NULL;
    int more;
    must(count > 0 && count <= CALLS_FETCH_MAX);
    for (size_t i = 0; i < CALLS_FETCH_MAX; i++)
        args[i] = db_int(seqs[i < count ? i : 0]);
    if (db_query(db, "SELECT " COLUMNS "WHERE seq IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                 args, CALLS_FETCH_MAX, &q, e) < 0)
        return -1;
    size_t n = 0;
    while (n < count && (more = query_next(q, e)) > 0)
        read_row(q, a, &rows[n++]);
    *ret_count = n;
    return n < count && more < 0 ? -1 : 0;
}

int calls_newest(struct db *db, int64_t *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT max(seq) FROM calls", DB_NO_ARGS, &q, e) < 0 || query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}
