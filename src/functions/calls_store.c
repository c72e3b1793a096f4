#include "functions/calls_store.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "engine/engine.h"
#include "functions/calls.h"
#include "store/store.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* Texts that a guest has written are bytes: they may hold anything. No reference to functions: a
 * call may end after its function was deleted, and must not make a whole batch fail. */
const struct migration calls_migrations[] = {
    {3, "call records",
     "create table calls ("
     " seq bigserial primary key, id text not null, function_id text not null,"
     " version bigint not null, status text not null, cold bigint not null, source text not null,"
     " http_method text, http_path text, created_us bigint not null, duration_us bigint not null,"
     " queue_us bigint not null, place_us bigint not null, load_us bigint not null,"
     " handler_us bigint not null, peak_bytes bigint not null, cpu_us bigint not null,"
     " input bytea, output bytea, error text, traceback text, stdout bytea, stderr bytea);"
     "create index calls_by_function on calls (function_id, seq);"
     "create index calls_by_id on calls (id);"},
    {0},
};

static struct str kept(const char *p, size_t len)
{
    return (struct str){p, len < CALLS_OUTPUT_KEPT ? len : CALLS_OUTPUT_KEPT};
}

int calls_store_add(struct db *db, const struct call_record *r, struct err *e)
{
    int added = db_exec(
        db,
        "insert into calls (id, function_id, version, status, cold, source, created_us,"
        " duration_us, queue_us, place_us, load_us, handler_us, peak_bytes, cpu_us, input, output,"
        " error, traceback, stdout, stderr)"
        " values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20)",
        DB_ARGS(db_textz(r->id), db_textz(r->function_id), db_int(r->version),
                db_textz(call_status_name(r->status)), db_int(r->cold), db_textz(r->source),
                db_int(r->created_us), db_int((int64_t)r->duration_us), db_int(r->phases.queue_us),
                db_int(r->phases.place_us), db_int(r->phases.load_us), db_int(r->phases.handler_us),
                db_int((int64_t)r->memory_peak_bytes), db_int((int64_t)r->cpu_us),
                db_blob(str_of(r->input)), db_blob(kept(r->output, r->output_len)),
                db_textz(r->error), db_textz(r->traceback),
                db_blob((struct str){r->out, r->out_len}),
                db_blob((struct str){r->err, r->err_len})),
        e);
    return added < 0 ? -1 : 0;
}

int calls_store_prune(struct db *db, const char *function_id, unsigned keep, struct err *e)
{
    int removed = db_exec(db,
                          "delete from calls where function_id = $1 and seq <= (select seq from "
                          "calls where function_id = $2 order by seq desc limit 1 offset $3)",
                          DB_ARGS(db_textz(function_id), db_textz(function_id), db_int(keep)), e);
    return removed < 0 ? -1 : 0;
}

/* Looks at the oldest rows only: without a bound on the search it would read the whole table to
 * find nothing. */
int calls_store_age(struct db *db, int64_t before_us, struct err *e)
{
    return db_exec(db,
                   "delete from calls where seq in (select seq from (select seq, created_us from "
                   "calls order by seq limit $1) as oldest where created_us < $2)",
                   DB_ARGS(db_int(CALLS_AGE_CHUNK), db_int(before_us)), e);
}

int calls_forget(struct db *db, const char *function_id, struct err *e)
{
    int removed =
        db_exec(db, "delete from calls where function_id = $1", DB_ARGS(db_textz(function_id)), e);
    return removed < 0 ? -1 : 0;
}

/* Columns in the order of the select below. */
enum column {
    ID,
    FUNCTION_ID,
    VERSION,
    STATUS,
    COLD,
    SOURCE,
    METHOD,
    PATH,
    CREATED,
    DURATION,
    QUEUE,
    PLACE,
    LOAD,
    HANDLER,
    PEAK,
    CPU,
    INPUT,
    OUTPUT,
    ERROR,
    TRACEBACK,
    STDOUT,
    STDERR,
};

#define COLUMNS                                                                                    \
    "select id, function_id, version, status, cold, source, http_method, http_path, created_us,"   \
    " duration_us, queue_us, place_us, load_us, handler_us, peak_bytes, cpu_us, input, output,"    \
    " error, traceback, stdout, stderr from calls where function_id = $1"

static void add_text(struct buf *out, const char *name, struct str text)
{
    buf_addf(out, ",\"%s\":", name);
    json_add_string(out, text);
}

static void add_optional(struct buf *out, const char *name, const char *text)
{
    if (text)
        add_text(out, name, str_of(text));
    else
        buf_addf(out, ",\"%s\":null", name);
}

/* A string result is shown as what it says, anything else as JSON text. */
static void add_output(struct buf *out, struct str json)
{
    json_t *value = json.n && json.p[0] == '"'
                        ? json_loadb(json.p, json.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
                        : NULL;
    if (value)
        add_text(out, "output", (struct str){json_string_value(value), json_string_length(value)});
    else
        add_text(out, "output", json);
    json_decref(value);
}

static void add_numbers(struct buf *out, struct query *q)
{
    char when[CLOCK_TEXT];
    buf_addf(out, ",\"version\":%" PRId64 ",\"cold_start\":%s,\"created_at\":\"%s\"",
             query_int(q, VERSION), query_int(q, COLD) ? "true" : "false",
             clock_rfc3339(query_int(q, CREATED), when));
    buf_addf(out, ",\"duration_ms\":%" PRId64 ",\"duration_us\":%" PRId64,
             (query_int(q, DURATION) + 500) / 1000, query_int(q, DURATION));
    buf_addf(out,
             ",\"phases\":{\"queue_us\":%" PRId64 ",\"place_us\":%" PRId64 ",\"load_us\":%" PRId64
             ",\"handler_us\":%" PRId64 "}",
             query_int(q, QUEUE), query_int(q, PLACE), query_int(q, LOAD), query_int(q, HANDLER));
    buf_addf(out, ",\"peak_memory_bytes\":%" PRId64 ",\"cpu_us\":%" PRId64, query_int(q, PEAK),
             query_int(q, CPU));
}

static void add_row(struct buf *out, struct query *q, struct arena *a, bool tracebacks)
{
    buf_addz(out, "{\"id\":");
    json_add_string(out, str_of(query_text(q, a, ID)));
    add_text(out, "function_id", str_of(query_text(q, a, FUNCTION_ID)));
    add_text(out, "input", query_blob(q, a, INPUT));
    add_output(out, query_blob(q, a, OUTPUT));
    add_text(out, "status", str_of(query_text(q, a, STATUS)));
    add_text(out, "source", str_of(query_text(q, a, SOURCE)));
    add_optional(out, "http_method", query_text(q, a, METHOD));
    add_optional(out, "http_path", query_text(q, a, PATH));
    add_numbers(out, q);
    add_optional(out, "error", query_text(q, a, ERROR));
    if (tracebacks)
        add_optional(out, "traceback", query_text(q, a, TRACEBACK));
    add_text(out, "stdout", query_blob(q, a, STDOUT));
    add_text(out, "stderr", query_blob(q, a, STDERR));
    buf_addz(out, "}");
}

static int seq_of(struct db *db, const char *function_id, const char *id, int64_t *ret,
                  struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "select seq from calls where id = $1 and function_id = $2",
                 DB_ARGS(db_textz(id), db_textz(function_id)), &q, e) < 0)
        return -1;
    int got = query_next(q, e);
    if (got == 0)
        return err_set(e, ERR_NOT_FOUND, "Invocation not found");
    if (got > 0)
        *ret = query_int(q, 0);
    return got < 0 ? -1 : 0;
}

static int select_page(struct db *db, const struct calls_page *page, struct query **ret,
                       struct err *e)
{
    int64_t seq = INT64_MAX;
    const char *cursor = page->after ? page->after : page->before;
    if (cursor && seq_of(db, page->function_id, cursor, &seq, e) < 0)
        return -1;
    return db_query(db,
                    page->after ? COLUMNS " and seq > $2 order by seq limit $3"
                                : COLUMNS " and seq < $2 order by seq desc limit $3",
                    DB_ARGS(db_textz(page->function_id), db_int(seq), db_int(page->limit)), ret, e);
}

int calls_store_list(struct db *db, struct arena *a, const struct calls_page *page, struct buf *out,
                     struct err *e)
{
    auto_query struct query *q = NULL;
    if (select_page(db, page, &q, e) < 0)
        return -1;
    int got;
    buf_addz(out, "[");
    for (bool first = true; (got = query_next(q, e)) > 0; first = false) {
        if (!first)
            buf_addz(out, ",");
        add_row(out, q, a, page->tracebacks);
    }
    buf_addz(out, "]");
    return got;
}
