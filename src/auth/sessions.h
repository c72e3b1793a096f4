/* sessions — beginning one after a login, and what the client gets of it. Only for auth/. */
#pragma once

#include "auth/accounts_store.h"
#include "auth/private.h"

enum { SESSION_DAYS = 7 };

struct session_start {
    const struct account *account;
    const char *id;
    int64_t now_us, expires_us;
};

/* Inside the caller's transaction: the session's row, and `action` in the audit log; the oldest of
 * too many ends. From here on the request is the account's. */
int sessions_begin(struct request *req, struct tx *tx, const struct account *account,
                   const char *action, struct session_start *ret, struct err *e);
/* After the commit: the token, and the cookie if the client wants one. */
int sessions_reply(struct request *req, struct response *res, const struct session_start *start,
                   bool cookie);
void sessions_clear_cookie(struct request *req, struct response *res);
