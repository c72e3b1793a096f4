/* catchup — what had changed and could not be read (a store that was away, a lock) is read later,
 * until memory has caught up with the store: everything, since it is not worth remembering what.
 * SIGHUP asks for the same. Private to serve/. */
#pragma once

struct catchup;
struct server;

/* Loop thread. */
struct catchup *catchup_new(struct server *s);
void catchup_free(struct catchup *c); /* nobody may miss anything any more; NULL is fine */
/* Everything is read soon, on a worker. */
void catchup_now(struct catchup *c);
/* Any thread: memory is behind the store. */
void catchup_missed(struct catchup *c);
