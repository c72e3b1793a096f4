/* private — the state that the files of auth/ share. Only for auth/. */
#pragma once

#include "auth/auth.h"
#include "auth/cache.h"

#include <sodium.h>

enum {
    AUTH_KEY_RANDOM = 24,                    /* bytes of a key */
    AUTH_KEY_TEXT = 3 + 2 * AUTH_KEY_RANDOM, /* "vk_" and hex */
    AUTH_HASH = crypto_generichash_BYTES,
    AUTH_CACHE_MAX = 65536,           /* entries */
    AUTH_CACHE_US = 60 * 1000 * 1000, /* how long one is believed without the store */
};

/* The owner's key is hashed with bytes of this process, so that a leaked memory image does not help
 * to recognise a guessed key elsewhere. */
struct auth {
    struct auth_config config;
    unsigned char salt[crypto_generichash_KEYBYTES];
    unsigned char owner_hash[AUTH_HASH];
    struct cache *cache;
};

extern const struct principal auth_owner; /* by the owner's key */

/* "vk_" and 48 hex digits of fresh random bits. The caller wipes it. */
void auth_new_key(char out[AUTH_KEY_TEXT + 1]);
bool auth_is_key(struct str s);
bool auth_is_owner_key(const struct auth *a, struct str key);

/* What can be said of a request without the store. */
enum auth_look {
    LOOK_NONE,    /* no credentials */
    LOOK_WRONG,   /* none that could be ours */
    LOOK_REFUSED, /* a browser's, for a page from elsewhere: the error says so */
    LOOK_UNKNOWN, /* ask the store */
    LOOK_KNOWN,   /* the principal is in `ret` */
};
enum auth_look auth_look(struct auth *a, struct request *req, const struct principal **ret,
                         struct err *e);
/* What follows from it when it is not LOOK_KNOWN: 0 for those who may come as nobody, or -1. */
int auth_refuse(struct request *req, int permission, enum auth_look look, struct err *e);

/* Scope and administrator, as the permission asks. */
int auth_check(const struct principal *p, int permission, struct err *e);
const char *auth_scope_name(unsigned scope); /* of one bit */
