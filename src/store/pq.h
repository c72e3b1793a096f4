/* pq — libpq with a deadline at each wait: a server that is alive but silent must hold no thread
 * for ever. For the store, and for whoever else speaks to a PostgreSQL. Any thread; a connection
 * belongs to one at a time. */
#pragma once

#include "base/str.h"

#include <libpq-fe.h>
#include <stdint.h>

enum { PQ_NO_WAKE = -1 };

struct pq_target {
    const char *conninfo;               /* a URL, or keywords and values */
    const char *host, *hostaddr, *port; /* in place of its own, where not NULL */
    unsigned within_ms;                 /* a connection comes about */
    unsigned lost_ms;                   /* later a peer may take no bytes for so long */
    int wake_fd;                        /* becomes readable: gives up. Or PQ_NO_WAKE */
};

/* `ret_conn` is the caller's, whatever becomes of it, to be ended with PQfinish; it does not block,
 * and is silent about notices. PQ_REFUSED: there is somebody, or the machine says that there is
 * nobody; PQ_SILENT: neither. */
enum pq_outcome { PQ_CONNECTED, PQ_REFUSED, PQ_SILENT, PQ_WOKEN };
enum pq_outcome pq_connect(const struct pq_target *t, PGconn **ret_conn);

/* Sends what is queued and waits until PQgetResult would not block. 1: so it is; 0: not until then
 * (clock_mono_us; 0: for ever); -1: the connection is lost. */
int pq_wait(PGconn *conn, uint64_t until_us);

/* The line of libpq's that says why; p is NULL when it knows nothing, which means a deadline. */
struct str pq_why(const PGconn *conn);
