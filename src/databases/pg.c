#include "databases/pg.h"

#include "base/clock.h"
#include "base/must.h"
#include "store/pq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_MS = 5000 };

/* --- what to connect to --- */

/* 'it''s' of a conninfo: quotes and backslashes carry a backslash. */
static void add_pair(struct buf *out, const char *keyword, const char *value)
{
    buf_addf(out, "%s%s='", out->len ? " " : "", keyword);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            buf_addz(out, "\\");
        buf_add(out, value, 1);
    }
    buf_addz(out, "'");
}

static PQconninfoOption *parse(const char *base, struct err *e)
{
    char *why = NULL; /* quotes what it read, a password perhaps */
    PQconninfoOption *options = PQconninfoParse(base, &why);
    PQfreemem(why);
    if (!options)
        (void)err_set(e, ERR_INVALID,
                      "the database's URL cannot be read: postgres://user:password@host:port/name");
    return options;
}

int pg_conninfo(const char *base, struct pg_instead instead, struct buf *ret, struct err *e)
{
    const struct {
        const char *keyword, *value;
    } others[] = {
        {"user", instead.user}, {"password", instead.password}, {"dbname", instead.dbname}};
    PQconninfoOption *options = parse(base, e);
    if (!options)
        return -1;
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        const char *value = o->val;
        for (size_t i = 0; i < ARRAY_LEN(others); i++)
            if (others[i].value && strcmp(others[i].keyword, o->keyword) == 0)
                value = others[i].value;
        if (value)
            add_pair(ret, o->keyword, value);
    }
    PQconninfoFree(options);
    return 0;
}

int pg_conninfo_value(const char *base, const char *keyword, struct buf *ret, struct err *e)
{
    PQconninfoOption *options = parse(base, e);
    if (!options)
        return -1;
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if (o->val && strcmp(o->keyword, keyword) == 0)
            buf_addz(ret, o->val);
    PQconninfoFree(options);
    return 0;
}

/* --- connections --- */

int pg_lost(const PGconn *conn, struct err *e)
{
    struct str why = pq_why(conn);
    if (!why.p)
        why = STR("no answer within 5 s");
    return err_set(e, ERR_UNAVAILABLE, "PostgreSQL: " STR_FMT, STR_ARG(why));
}

int pg_open(const char *conninfo, struct pg *ret, struct err *e)
{
    const struct pq_target target = {.conninfo = conninfo,
                                     .within_ms = CONNECT_MS,
                                     .lost_ms = CONNECT_MS,
                                     .wake_fd = PQ_NO_WAKE};
    PGconn *conn = NULL;
    if (pq_connect(&target, &conn) != PQ_CONNECTED) {
        (void)pg_lost(conn, e);
        PQfinish(conn);
        return -1;
    }
    *ret = (struct pg){.conn = conn};
    return 0;
}

void pg_close(struct pg *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
}

/* --- statements --- */

static int refused(struct pg *pg, const PGresult *result, struct err *e)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    snprintf(pg->sqlstate, sizeof pg->sqlstate, "%s", state ? state : "");
    if (PQstatus(pg->conn) == CONNECTION_BAD || !result)
        return pg_lost(pg->conn, e);
    return err_set(e, ERR_SYSTEM, "PostgreSQL: %s", text ? text : "an answer that is none");
}

/* What is under way ends with its connection. */
static int give_up(struct pg *pg, int waited, struct err *e)
{
    int rc = waited == 0 ? err_set(e, ERR_TIMEOUT, "PostgreSQL: no answer within %d s",
                                   PG_COMMAND_MS / 1000)
                         : pg_lost(pg->conn, e);
    pg->sqlstate[0] = '\0';
    return rc;
}

static int last_result(struct pg *pg, PGresult **last, struct err *e)
{
    uint64_t until = clock_mono_us() + PG_COMMAND_MS * 1000ull;
    for (;;) {
        int waited = pq_wait(pg->conn, until);
        if (waited != 1)
            return give_up(pg, waited, e);
        PGresult *result = PQgetResult(pg->conn);
        if (!result)
            return 0;
        PQclear(*last);
        *last = result;
    }
}

int pg_run(struct pg *pg, const char *sql, PGresult **ret, struct err *e)
{
    auto_result PGresult *last = NULL;
    if (!PQsendQuery(pg->conn, sql))
        return give_up(pg, -1, e);
    if (last_result(pg, &last, e) < 0)
        return -1;
    ExecStatusType status = PQresultStatus(last);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return refused(pg, last, e);
    if (ret) {
        *ret = last;
        last = NULL;
    }
    return 0;
}

int pg_runf(struct pg *pg, struct err *e, const char *fmt, ...)
{
    auto_buf struct buf sql = {0};
    va_list args;
    va_start(args, fmt);
    buf_vaddf(&sql, fmt, args);
    va_end(args);
    int rc = pg_run(pg, sql.data, NULL, e);
    explicit_bzero(sql.data, sql.len); /* a password's verifier may stand there */
    return rc;
}

int pg_number(struct pg *pg, const char *sql, int64_t *ret, struct err *e)
{
    auto_result PGresult *result = NULL;
    if (pg_run(pg, sql, &result, e) < 0)
        return -1;
    if (!PQntuples(result) || PQgetisnull(result, 0, 0))
        return err_set(e, ERR_NOT_FOUND, "PostgreSQL: there is no such thing");
    *ret = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    return 0;
}
