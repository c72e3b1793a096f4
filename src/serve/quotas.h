/* quotas — once a minute, what every account may call today and has called, from the store to the
 * gateway. An account whose first function is younger than that is not bounded yet. Private to
 * serve/. */
#pragma once

#include "base/err.h"

struct db;
struct quotas;
struct server;

/* Reads them now, on the loop's thread: before anybody may call. */
int quotas_start(struct server *s, struct quotas **ret, struct err *e);
/* One account's, which has changed: off the loop's thread. */
int quotas_read(struct server *s, struct db *db, const char *account, struct err *e);
void quotas_free(struct quotas *q); /* after the workers; NULL is fine */
