/* auth — who asks, and may they? Today one owner with one API key.
 *
 * The key is made at the first start and written to owner.key in the data directory (mode 0600),
 * where the command line on the same machine finds it. The server keeps only its hash. */
#pragma once

#include "auth/seal.h"
#include "base/err.h"

#include <stdbool.h>

struct auth;
struct request;

/* The permission column of a route. A row without one is refused at the start. */
enum permission {
    PERM_PUBLIC = 1,     /* anybody; credentials are not looked at */
    PERM_CALL,           /* anybody; right credentials are noticed, wrong ones count as none */
    PERM_CALLS_READ,     /* anybody, but wrong credentials are refused; the handler shows what the
                            function has opened (`public_logs`) and all of it to its owner */
    PERM_FUNCTIONS_READ, /* the owner, as all below */
    PERM_FUNCTIONS_WRITE,
    PERM_METRICS_READ,
    PERM_ADMIN,
};

/* Who asks: req->principal. */
struct principal {
    const char *account; /* id */
    bool admin;
};

/* Reads DIR/owner.key or creates it. Refuses a key that others may read or that is no key. */
int auth_open(int dir_fd, struct auth **ret, struct err *e);
void auth_free(struct auth *a);

/* http_config.authorize; `app` is a struct app. Decides by the header `Authorization: Bearer <key>`
 * and sets req->principal to "owner" or NULL. -1 with ERR_UNAUTHORIZED and the text for the client.
 * Any thread, never blocks. */
int auth_authorize(void *app, struct request *req, int permission, struct err *e);

/* The refusal of a client without credentials, for handlers behind PERM_CALLS_READ. Returns -1. */
int auth_missing(struct err *e);
