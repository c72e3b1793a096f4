/* sessions_store — the SQL of sessions. A session that has no row is over. Only for auth/. */
#pragma once

#include "auth/accounts_store.h"

enum { SESSIONS_MAX = 100 }; /* of an account: the oldest makes room */

struct session {
    const char *id;
    int64_t created_us, expires_us, last_used_us;
    const char *address, *agent;
};

/* Clears away what has ended, too. How many sessions of the account had to end for this one. */
int sessions_insert(struct db *db, const char *account, const struct session *session,
                    struct err *e);
/* The newest first, at most SESSIONS_MAX. */
int sessions_list(struct db *db, struct arena *a, const char *account, int64_t now_us,
                  struct session *rows, size_t *ret_count, struct err *e);
int sessions_delete(struct db *db, const char *account, const char *id, struct err *e);
/* All of an account but one; `keep` may be "". */
int sessions_delete_others(struct db *db, const char *account, const char *keep, struct err *e);
/* The session and whose it is, as keys_find. 1: found; 0: there is none. */
int sessions_find(struct db *db, struct arena *a, const char *id, struct session *ret,
                  struct account *ret_account, struct err *e);
/* Whether the account is signed in from this address. */
int sessions_know_address(struct db *db, const char *account, const char *address, int64_t now_us,
                          bool *ret, struct err *e);
int sessions_touch(struct db *db, const char *id, int64_t now_us, struct err *e);
