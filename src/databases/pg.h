/* pg — libpq with a deadline at each wait, for databases that are not the store. Only for
 * databases/. Worker threads. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <libpq-fe.h>
#include <stdint.h>

struct pg {
    PGconn *conn;
    char sqlstate[6]; /* of the last failure; "" when it was not SQL's */
};

#define auto_pg __attribute__((cleanup(pg_close)))

enum { PG_COMMAND_MS = 30000 };

/* `base` (a URL or keywords) with other values in place of those that are not NULL: keywords and
 * values that libpq reads. ERR_INVALID, without a word of `base`. */
struct pg_instead {
    const char *user, *password, *dbname;
};
int pg_conninfo(const char *base, struct pg_instead instead, struct buf *ret, struct err *e);
/* One value of it: "" when it says nothing. Appended. */
int pg_conninfo_value(const char *base, const char *keyword, struct buf *ret, struct err *e);

/* ERR_UNAVAILABLE, after 5 s at most. */
int pg_open(const char *conninfo, struct pg *ret, struct err *e);
void pg_close(struct pg *pg); /* one that is not open is fine */

/* Runs statements; the last result is `ret`'s, unless that is NULL. ERR_TIMEOUT, ERR_UNAVAILABLE,
 * and ERR_SYSTEM with what PostgreSQL says for what it refuses. */
int pg_run(struct pg *pg, const char *sql, PGresult **ret, struct err *e);
int pg_runf(struct pg *pg, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The first value of the first row; -1 without one. */
int pg_number(struct pg *pg, const char *sql, int64_t *ret, struct err *e);

/* For who reads results piece by piece, with pq_wait (store/pq.h). */
int pg_lost(const PGconn *conn, struct err *e); /* ERR_UNAVAILABLE with libpq's words. Returns -1 */

#define auto_result __attribute__((cleanup(pg_result_guard)))
static inline void pg_result_guard(PGresult **r)
{
    PQclear(*r);
}
