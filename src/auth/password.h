/* password — Argon2id, and how much of it at the same time. Only for auth/.
 *
 * One hash takes 64 MB and about 100 ms on purpose. Two run at the same time, so that a flood of
 * logins cannot take the memory of the machine; the others wait their turn, and when too many do,
 * the answer is ERR_LIMIT. Worker threads. */
#pragma once

#include "base/err.h"

#include <sodium.h>
#include <stdbool.h>

enum {
    PASSWORD_MIN = 8, /* bytes */
    PASSWORD_MAX = 256,
    PASSWORD_HASH = crypto_pwhash_STRBYTES,
    PASSWORD_RUNNING = 2,
    PASSWORD_WAITING = 64,
};

struct password;

struct password *password_new(void);
void password_free(struct password *p);

int password_hash(struct password *p, const char *text, char ret[PASSWORD_HASH], struct err *e);
/* `hash` NULL (there is no such account, or it has none): takes as long, and is never right. */
int password_check(struct password *p, const char *hash, const char *text, bool *ret_right,
                   struct err *e);
/* It was made with other parameters than we use now. */
bool password_is_stale(const char *hash);
