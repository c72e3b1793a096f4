#include "auth/password.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct password {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    unsigned running, waiting;
};

struct password *password_new(void)
{
    struct password *p = mem_alloc(sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->ended, NULL);
    return p;
}

void password_free(struct password *p)
{
    if (!p)
        return;
    pthread_cond_destroy(&p->ended);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static int enter(struct password *p, struct err *e)
{
    pthread_mutex_lock(&p->lock);
    bool full = p->waiting == PASSWORD_WAITING;
    p->waiting += !full;
    while (!full && p->running == PASSWORD_RUNNING)
        pthread_cond_wait(&p->ended, &p->lock);
    p->waiting -= !full;
    p->running += !full;
    pthread_mutex_unlock(&p->lock);
    return full ? err_set(e, ERR_LIMIT, "Too many are signing in: try again in a moment") : 0;
}

static void leave(struct password *p)
{
    pthread_mutex_lock(&p->lock);
    p->running--;
    pthread_cond_signal(&p->ended);
    pthread_mutex_unlock(&p->lock);
}

int password_hash(struct password *p, const char *text, char ret[PASSWORD_HASH], struct err *e)
{
    if (enter(p, e) < 0)
        return -1;
    int rc = crypto_pwhash_str(ret, text, strlen(text), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                               crypto_pwhash_MEMLIMIT_INTERACTIVE);
    leave(p);
    return rc == 0 ? 0 : err_set(e, ERR_UNAVAILABLE, "there is no memory to hash a password");
}

/* A hash with today's parameters that no password is known to have: salt and hash are zeros. */
static void nobodys(char out[PASSWORD_HASH])
{
    snprintf(out, PASSWORD_HASH,
             "$argon2id$v=19$m=%u,t=%u,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
             (unsigned)(crypto_pwhash_MEMLIMIT_INTERACTIVE / 1024),
             (unsigned)crypto_pwhash_OPSLIMIT_INTERACTIVE);
}

int password_check(struct password *p, const char *hash, const char *text, bool *ret_right,
                   struct err *e)
{
    char other[PASSWORD_HASH];
    nobodys(other);
    if (enter(p, e) < 0)
        return -1;
    bool matches = crypto_pwhash_str_verify(hash ? hash : other, text, strlen(text)) == 0;
    leave(p);
    *ret_right = matches && hash;
    return 0;
}

bool password_is_stale(const char *hash)
{
    return crypto_pwhash_str_needs_rehash(hash, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0;
}
