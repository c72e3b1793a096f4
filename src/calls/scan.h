/* scan — walks over records in the order of their commits, newest or oldest first, of one function
 * or of many at once, and picks those that a sieve takes. Only for calls/.
 *
 * The work is bounded: after SCAN_LOOKS records, SCAN_BYTES of texts or SCAN_TIME_US it stops where
 * it is, and says so.
 * Nothing is read of a function but what stands between the cursor and the end of the page. */
#pragma once

#include "calls/reach.h"
#include "calls/sieve.h"

enum { SCAN_LOOKS = 50000, SCAN_BYTES = 16 << 20, SCAN_TIME_US = 100000 };

struct scan {
    struct reach reach;
    const struct sieve *sieve;
    bool ascending;
    int64_t above, below; /* numbers of records between which to look; `below` 0: no end */
    size_t limit;
    size_t bytes_max;    /* of texts; ends behind the record that exceeds it */
    size_t looks_max;    /* SCAN_LOOKS unless set */
    bool at_any;         /* page.at may be a record out of reach: no cursor for a client */
    const int64_t *skip; /* numbers to pass over, ascending */
    size_t skip_count;
};

struct scan_page {
    struct call_row *rows;
    const char **names; /* of their functions */
    size_t count;
    int64_t at; /* number of the last record looked at, 0 when there was none */
    bool more;  /* stopped before the end; goes on below (above) `at` */
};

/* Worker thread. Rows live in `a`. */
int scan_run(struct db *db, struct arena *a, const struct scan *s, struct scan_page *ret,
             struct err *e);

/* Narrows `above` and `below` to what the sieve's times leave, by the clock of the records: no
 * index is needed, since they are stored in the order in which they ended. */
int scan_narrow(struct db *db, struct scan *s, struct err *e);
