/* console — one connection per request, closed with it: what a text leaves behind (settings, locks,
 * a transaction) ends there.
 *
 * Rows come one by one and are kept up to the bounds. What comes behind them is read and dropped,
 * for the transaction may have written something and must end as it would have; one that has
 * written nothing is cut off instead. A second connection ends what does not end by itself: the
 * text may have lifted the statement's own limit. */
#include "databases/console.h"

#include "base/clock.h"
#include "base/json.h"
#include "databases/pg.h"
#include "store/pq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t grace_us = 2000000; /* for PostgreSQL's own time limit to come first */
enum { ASK_EVERY_ROWS = 4096 };

struct run {
    const struct console_query *q;
    struct pg pg;
    PGresult *shape; /* without rows: names and types of the columns */
    struct buf rows;
    char command[128];
    int64_t row_count;
    size_t bytes;
    uint64_t until_us;
    uint64_t dropped;
    bool truncated, cut; /* cut: its connection is of no more use, on purpose */
    struct console_refusal *refusal;
};

void console_refusal_done(struct console_refusal *r)
{
    buf_done(&r->text);
}

/* --- what went wrong --- */

static int refuse(struct run *r, const PGresult *result, struct err *e)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    struct str text = str_trim(str_of(PQresultErrorMessage(result)));
    if (!state)
        return pg_lost(r->pg.conn, e);
    snprintf(r->refusal->sqlstate, sizeof r->refusal->sqlstate, "%s", state);
    r->refusal->position = position ? strtoll(position, NULL, 10) : 0;
    buf_add_str(&r->refusal->text, text);
    return err_set(e, ERR_INVALID, "PostgreSQL refused the statement");
}

static int refuse_here(struct run *r, const char *state, const char *text, struct err *e)
{
    snprintf(r->refusal->sqlstate, sizeof r->refusal->sqlstate, "%s", state);
    buf_addf(&r->refusal->text, "ERROR:  %s", text);
    return err_set(e, ERR_INVALID, "the statement was ended");
}

/* As the role itself, which may end its own sessions and see what they do. `before` and `after`
 * stand around the number of the process. */
static int ask_about(struct run *r, const char *before, const char *after, int64_t *ret)
{
    auto_pg struct pg other = {0};
    auto_buf struct buf sql = {0};
    struct err e = {0};
    buf_addf(&sql, "%s%d%s", before, PQbackendPID(r->pg.conn), after);
    return pg_open(r->q->conninfo, &other, &e) < 0 ? -1 : pg_number(&other, sql.data, ret, &e);
}

static void stop(struct run *r)
{
    int64_t ended;
    (void)ask_about(r, "SELECT CAST(pg_catalog.pg_terminate_backend(", ") AS integer)", &ended);
    r->cut = true;
}

/* Whether cutting it off takes nothing away but rows: it is still at its only statement and has
 * written nothing. Not by the statement's words: a function that it calls may write. */
static bool only_reads(struct run *r)
{
    struct str text = str_trim(str_of(r->q->sql));
    int64_t reading = 0;
    while (str_ends(text, STR(";")))
        text = str_trim((struct str){text.p, text.n - 1});
    if (memchr(text.p, ';', text.n))
        return false;
    (void)ask_about(r, "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE pid = ",
                    " AND state = 'active' AND backend_xid IS NULL", &reading);
    return reading != 0;
}

/* --- rows --- */

static void add_value(struct run *r, const PGresult *row, int column)
{
    if (PQgetisnull(row, 0, column)) {
        buf_addz(&r->rows, "null");
        return;
    }
    struct str value = {PQgetvalue(row, 0, column), (size_t)PQgetlength(row, 0, column)};
    auto_buf struct buf cut = {0};
    if (value.n > CONSOLE_VALUE_MAX) {
        size_t n = CONSOLE_VALUE_MAX;
        while (n && ((unsigned char)value.p[n] & 0xc0) == 0x80) /* not inside a character */
            n--;
        buf_add(&cut, value.p, n);
        buf_addz(&cut, "\u2026");
        value = buf_str(&cut);
    }
    r->bytes += value.n;
    json_add_string(&r->rows, value);
}

static void keep_row(struct run *r, const PGresult *row)
{
    buf_addz(&r->rows, r->row_count ? ",[" : "[");
    for (int i = 0; i < PQnfields(row); i++) {
        buf_addz(&r->rows, i ? "," : "");
        add_value(r, row, i);
    }
    buf_addz(&r->rows, "]");
    r->row_count++;
}

/* False: enough, and nothing is lost by cutting it off. */
static bool take_row(struct run *r, const PGresult *row)
{
    if (r->row_count < r->q->limit && r->bytes < CONSOLE_BYTES_MAX) {
        keep_row(r, row);
        return true;
    }
    r->truncated = true;
    return r->dropped++ % ASK_EVERY_ROWS || !only_reads(r);
}

/* A statement's answer takes the place of the one before it. */
static void begin_answer(struct run *r, const PGresult *result)
{
    PQclear(r->shape);
    r->shape = PQcopyResult(result, PG_COPYRES_ATTRS);
    buf_clear(&r->rows);
    r->row_count = 0;
    r->bytes = 0;
    r->truncated = false;
}

/* --- the text --- */

/* 1: go on; 0: enough; -1. */
static int take_result(struct run *r, PGresult *result, bool *inside, struct err *e)
{
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        if (!*inside)
            begin_answer(r, result);
        *inside = true;
        return take_row(r, result);
    case PGRES_TUPLES_OK: /* behind the last row */
    case PGRES_COMMAND_OK:
        if (!*inside)
            begin_answer(r, result);
        *inside = false;
        snprintf(r->command, sizeof r->command, "%s", PQcmdStatus(result));
        return 1;
    case PGRES_EMPTY_QUERY:
        return 1;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        r->cut = true;
        return refuse_here(r, "0A000", "COPY from or to the client is not possible here", e);
    default:
        return refuse(r, result, e);
    }
}

static int late(struct run *r, int waited, struct err *e)
{
    if (waited < 0)
        return pg_lost(r->pg.conn, e);
    stop(r);
    return refuse_here(r, "57014", "canceling statement due to statement timeout", e);
}

static int read_results(struct run *r, struct err *e)
{
    bool inside = false;
    int rc = 1;
    while (rc > 0) {
        int waited = pq_wait(r->pg.conn, r->until_us);
        if (waited != 1)
            return late(r, waited, e);
        auto_result PGresult *result = PQgetResult(r->pg.conn);
        if (!result)
            return 0;
        rc = take_result(r, result, &inside, e);
    }
    if (rc == 0) { /* only read so far: nothing to commit */
        stop(r);
        snprintf(r->command, sizeof r->command, "SELECT");
    }
    return rc;
}

/* A text is one transaction by itself, and one statement alone may be of those that refuse to be in
 * one that is open (VACUUM). */
static int begin(struct run *r, struct err *e)
{
    const struct console_query *q = r->q;
    return pg_runf(&r->pg, e,
                   "SET default_transaction_read_only = %s; SET statement_timeout = %lld",
                   q->read_only ? "on"
                   : q->lift    ? "off"
                                : "DEFAULT",
                   (long long)q->timeout_ms);
}

/* One that the text has opened and left so. */
static int commit(struct run *r, struct err *e)
{
    auto_result PGresult *result = NULL;
    if (r->cut || PQtransactionStatus(r->pg.conn) == PQTRANS_IDLE)
        return 0;
    if (!PQsendQuery(r->pg.conn, "COMMIT"))
        return pg_lost(r->pg.conn, e);
    for (;;) {
        int waited = pq_wait(r->pg.conn, r->until_us);
        if (waited != 1)
            return late(r, waited, e);
        PGresult *next = PQgetResult(r->pg.conn);
        if (!next)
            break;
        PQclear(result);
        result = next;
    }
    return PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : refuse(r, result, e);
}

/* Types by their names. What the text did is done by now, so its limits do not count: a connection
 * on which a millisecond of them is still in force, or that was cut off, is replaced. */
static int name_types(struct run *r, PGresult **ret, struct err *e)
{
    auto_buf struct buf sql = {0};
    struct err ignored = {0};
    int columns = PQnfields(r->shape);
    if (!columns)
        return 0;
    buf_addz(&sql, "SET statement_timeout = DEFAULT; SET search_path = DEFAULT; SELECT ");
    for (int i = 0; i < columns; i++)
        buf_addf(&sql, "%spg_catalog.format_type(%u, %d)", i ? "," : "", PQftype(r->shape, i),
                 PQfmod(r->shape, i));
    if (!r->cut && pg_run(&r->pg, sql.data, ret, &ignored) == 0)
        return 0;
    pg_close(&r->pg);
    return pg_open(r->q->conninfo, &r->pg, e) < 0 ? -1 : pg_run(&r->pg, sql.data, ret, e);
}

static void write_columns(const struct run *r, const PGresult *types, struct buf *ret)
{
    for (int i = 0; i < PQnfields(r->shape); i++) {
        buf_addz(ret, i ? ",{\"name\":" : "{\"name\":");
        json_add_string(ret, str_of(PQfname(r->shape, i)));
        buf_addz(ret, ",\"type\":");
        json_add_string(ret, str_of(PQgetvalue(types, 0, i)));
        buf_addz(ret, "}");
    }
}

static int write_answer(struct run *r, uint64_t begun_us, struct buf *ret, struct err *e)
{
    auto_result PGresult *types = NULL;
    if (name_types(r, &types, e) < 0)
        return -1;
    buf_addz(ret, "{\"columns\":[");
    write_columns(r, types, ret);
    buf_addz(ret, "],\"rows\":[");
    buf_add_str(ret, buf_str(&r->rows));
    buf_addf(ret, "],\"truncated\":%s,\"command\":", r->truncated ? "true" : "false");
    json_add_string(ret, str_of(r->command));
    buf_addf(ret, ",\"duration_ms\":%.3f}", (double)(clock_mono_us() - begun_us) / 1000);
    return 0;
}

static int run_all(struct run *r, struct err *e)
{
    if (pg_open(r->q->conninfo, &r->pg, e) < 0 || begin(r, e) < 0)
        return -1;
    r->until_us = clock_mono_us() + (uint64_t)r->q->timeout_ms * 1000 + grace_us;
    if (!PQsendQuery(r->pg.conn, r->q->sql) || !PQsetSingleRowMode(r->pg.conn))
        return pg_lost(r->pg.conn, e);
    return read_results(r, e) < 0 ? -1 : commit(r, e);
}

int console_run(const struct console_query *q, struct buf *ret, struct console_refusal *refusal,
                struct err *e)
{
    struct run r = {.q = q, .refusal = refusal};
    uint64_t begun_us = clock_mono_us();
    int rc = run_all(&r, e);
    if (rc == 0)
        rc = write_answer(&r, begun_us, ret, e);
    pg_close(&r.pg);
    PQclear(r.shape);
    buf_done(&r.rows);
    return rc;
}
