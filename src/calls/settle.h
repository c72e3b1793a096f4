/* settle — the cursor of a tail. Only for calls/.
 *
 * Records get their numbers before they are committed. One writer commits them in order; several
 * servers do not: a number may appear behind one that was read already. On such a store the cursor
 * stays behind for SETTLE_US and remembers what it has passed on since, so that nothing is sent
 * twice. It moves up early when more than SETTLE_SPAN numbers were given out or SETTLE_SENT records
 * passed on in that time; what comes later still is then in the list only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SETTLE_US = 10 * 1000 * 1000, SETTLE_SENT = 1024, SETTLE_SPAN = 20000 };

struct settle {
    bool shared;
    int64_t from;     /* read what is behind it */
    int64_t next, at; /* where `from` goes next; the newest that was looked at */
    uint64_t moved_us;
    int64_t sent[SETTLE_SENT]; /* behind `from`, ascending */
    size_t count;
};

void settle_init(struct settle *s, int64_t after, bool shared, uint64_t now_us);
void settle_sent(struct settle *s, int64_t seq);
/* Everything up to `at` was looked at. */
void settle_at(struct settle *s, int64_t at, uint64_t now_us);
