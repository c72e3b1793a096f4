/* accounts_store — the SQL of accounts and invites. Only for auth/. */
#pragma once

#include "auth/auth.h"
#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACCOUNT_QUOTAS = 3 }; /* projects, functions, calls per day */

struct account {
    const char *id, *name;
    const char *email;    /* or NULL */
    bool email_proven;    /* an invite or the issuer has confirmed that it is theirs */
    const char *password; /* its hash, or NULL */
    bool admin, active;
    const char *issuer, *subject;  /* of an external identity, or NULL */
    int64_t quota[ACCOUNT_QUOTAS]; /* -1: the server's */
    int64_t created_us, updated_us;
};

/* What must be unique of a name or an e-mail address: it in lower case. NULL for NULL. */
const char *accounts_key(struct arena *a, const char *text);

/* ERR_NOT_FOUND "Account not found". */
int accounts_find(struct db *db, struct arena *a, const char *id, struct account *ret,
                  struct err *e);
/* By name or e-mail address, whatever its case. 1: found; 0: there is none. */
int accounts_find_login(struct db *db, struct arena *a, const char *login, struct account *ret,
                        struct err *e);
int accounts_find_subject(struct db *db, struct arena *a, const char *issuer, const char *subject,
                          struct account *ret, struct err *e);
/* The newest first, beginning behind the account `before` (NULL: from the start). */
int accounts_list(struct db *db, struct arena *a, const char *before, size_t limit,
                  struct account *rows, size_t *ret_count, struct err *e);

/* Everything but the id can be given anew; ERR_CONFLICT when name, e-mail address or identity
 * belong to another one. */
int accounts_insert(struct db *db, struct arena *a, const struct account *account, struct err *e);
int accounts_update(struct db *db, struct arena *a, const struct account *account, struct err *e);
int accounts_set_password(struct db *db, const char *id, const char *hash, struct err *e);
/* How many changed: 0 when it has one. */
int accounts_set_first_password(struct db *db, const char *id, const char *hash, struct err *e);
/* Takes an address from the account that has it without a proof: it must not keep out whose it is.
 */
int accounts_free_email(struct db *db, struct arena *a, const char *email, struct err *e);
int accounts_delete(struct db *db, const char *id, struct err *e);

struct invite {
    const char *id, *email; /* NULL: for anybody */
    const char *created_by; /* account id */
    int64_t created_us, expires_us, used_us;
};
int invites_insert(struct db *db, const struct invite *invite, struct str hash, struct err *e);
/* 1: a valid one that nobody has used; 0: there is none. */
int invites_find(struct db *db, struct arena *a, struct str hash, int64_t now_us,
                 struct invite *ret, struct err *e);
/* How many were marked as used: 0 when somebody was faster. */
int invites_use(struct db *db, const char *id, int64_t now_us, struct err *e);
int invites_count(struct db *db, int64_t *ret, struct err *e);
int invites_list(struct db *db, struct arena *a, size_t limit, struct invite *rows,
                 size_t *ret_count, struct err *e);
int invites_delete(struct db *db, const char *id, struct err *e);
int invites_prune(struct db *db, int64_t before_us, struct err *e);
