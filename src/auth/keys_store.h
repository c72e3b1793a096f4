/* keys_store — the SQL of API keys. Only for auth/. */
#pragma once

#include "auth/accounts_store.h"

struct api_key {
    const char *id, *name;
    const char *hint; /* how it begins, to tell keys apart */
    unsigned scopes;
    int64_t created_us, expires_us, last_used_us; /* 0: never */
};

int keys_insert(struct db *db, const char *account, const struct api_key *key, struct str hash,
                struct err *e);
/* When the account's key of that id ends, 0: never. 1: found; 0: there is none. */
int keys_end(struct db *db, const char *account, const char *id, int64_t *ret, struct err *e);
int keys_count(struct db *db, const char *account, int64_t *ret, struct err *e);
/* The newest first. */
int keys_list(struct db *db, struct arena *a, const char *account, size_t limit,
              struct api_key *rows, size_t *ret_count, struct err *e);
int keys_delete(struct db *db, const char *account, const char *id, struct err *e);
/* The key and whose it is: of the account id, name, admin and active. 1: found; 0: there is none.
 */
int keys_find(struct db *db, struct arena *a, struct str hash, struct api_key *ret,
              struct account *ret_account, struct err *e);
int keys_touch(struct db *db, const char *id, int64_t now_us, struct err *e);
