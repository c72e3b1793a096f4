/* refresh — memory follows the store: what a committed transaction has noted is read again and
 * handed to the loop thread, on the server that committed before its client gets the answer, on
 * others when they hear of it. Private to serve/.
 *
 * One refresh at a time: two readers of one object could otherwise hand over their readings in the
 * wrong order, and the older would stay. */
#pragma once

#include "base/err.h"

struct db;
struct server;

/* store_config.noted; `arg` is the struct server. */
void refresh(void *arg, struct db *db, const char *topic, const char *id);
/* At the start, before anybody calls: everything there is. On the loop's thread. */
int refresh_all(struct server *s, struct db *db, struct err *e);
