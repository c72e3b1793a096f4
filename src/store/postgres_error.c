/* postgres_error — what PostgreSQL's SQLSTATEs mean to our callers. */
#include "base/clock.h"
#include "base/log.h"
#include "store/postgres.h"
#include "store/pq.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

/* By prefix; the first that fits counts. `lost`: a new connection may serve where this cannot. */
static const struct meaning {
    const char *state;
    enum err_code code;
    bool lost;
    const char *text; /* NULL: PostgreSQL's own */
} meanings[] = {
    {"23505", ERR_CONFLICT, false, "it exists already"},
    {"23503", ERR_CONFLICT, false, "it refers to what is missing, or is referred to"},
    {"23", ERR_INVALID, false, NULL},
    {"22021", ERR_INVALID, false, "text must be well-formed UTF-8 without NUL bytes"},
    {"22P05", ERR_INVALID, false, "text has characters that the database cannot hold"},
    {"40", ERR_UNAVAILABLE, false, "another change came in between, try again"},
    {"55P03", ERR_UNAVAILABLE, false, "another writer holds the store"},
    {"57014", ERR_UNAVAILABLE, false, "it took too long"},
    {"53100", ERR_UNAVAILABLE, false, "the disk is full"},
    {"53", ERR_UNAVAILABLE, false, NULL},
    {"54", ERR_TOO_LARGE, false, "too large for the store"},
    {"08P01", ERR_SYSTEM, false, NULL}, /* our own mistake in the protocol */
    {"08", ERR_UNAVAILABLE, true, NULL},
    {"57P", ERR_UNAVAILABLE, true, NULL},   /* it shuts down, starts, or ended this session */
    {"25P03", ERR_UNAVAILABLE, true, NULL}, /* the transaction was idle for too long */
    {"25006", ERR_UNAVAILABLE, true, "the server is a standby that only reads"},
    {"XX001", ERR_SYSTEM, false, "the data are damaged"},
    {"XX002", ERR_SYSTEM, false, "an index is damaged"},
    {"", ERR_SYSTEM, false, NULL},
};

static const struct meaning *meaning_of(const char *state)
{
    const struct meaning *m = meanings;
    while (!str_starts(str_of(state), str_of(m->state)))
        m++;
    return m;
}

bool postgres_is_lost(const PGconn *conn, const PGresult *result)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    return PQstatus(conn) == CONNECTION_BAD || (state && meaning_of(state)->lost);
}

/* libpq speaks in lines; ours are one. */
static struct str first_line(const char *text)
{
    struct str rest = str_of(text);
    return str_trim(str_cut(&rest, '\n'));
}

enum { TELL_EVERY_US = 5000000 };

int postgres_away(struct store *base, const char *for_clients, struct err *e)
{
    struct pg_store *s = pg_store(base);
    if (!base->opened)
        return -1;
    uint64_t now = clock_mono_us(), told = s->told_us;
    if ((!told || now - told > TELL_EVERY_US) &&
        atomic_compare_exchange_strong(&s->told_us, &told, now))
        log_warn("store", "%s", e->text);
    return err_set(e, ERR_UNAVAILABLE, "%s", for_clients);
}

int postgres_fail(struct store *s, PGconn *conn, const PGresult *result, const char *what,
                  struct err *e)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (!state) {
        struct str why = pq_why(conn);
        if (!why.p)
            why = STR("no answer in time");
        err_set(e, ERR_UNAVAILABLE, "%s: lost PostgreSQL at %s: " STR_FMT, what, s->name,
                STR_ARG(why));
        return postgres_away(s, POSTGRES_AWAY, e);
    }
    const struct meaning *m = meaning_of(state);
    const char *own = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    struct str why = first_line(m->text ? m->text : own);
    if (m->code == ERR_CONFLICT || m->code == ERR_INVALID)
        return err_set(e, m->code, "%s: " STR_FMT, what, STR_ARG(why));
    err_set(e, m->code, "%s: PostgreSQL at %s: " STR_FMT, what, s->name, STR_ARG(why));
    if (m->lost)
        return postgres_away(s, POSTGRES_AWAY, e);
    e->sys = strcmp(state, "53100") == 0 ? ENOSPC : 0;
    return -1;
}
