#include "auth/setup.h"

#include "auth/accounts_store.h"
#include "auth/private.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { TOKEN_RANDOM = 32, TOKEN_TEXT = 2 * TOKEN_RANDOM };

struct setup {
    pthread_mutex_t lock;
    char token[TOKEN_TEXT + 1]; /* "": there is none */
};

struct setup *setup_new(void)
{
    struct setup *s = mem_alloc(sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void setup_free(struct setup *s)
{
    if (!s)
        return;
    setup_forget(s);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

bool setup_is(struct setup *s, const char *token)
{
    if (strlen(token) != TOKEN_TEXT)
        return false;
    pthread_mutex_lock(&s->lock);
    bool same = s->token[0] && sodium_memcmp(s->token, token, TOKEN_TEXT) == 0;
    pthread_mutex_unlock(&s->lock);
    return same;
}

void setup_forget(struct setup *s)
{
    pthread_mutex_lock(&s->lock);
    sodium_memzero(s->token, sizeof s->token);
    pthread_mutex_unlock(&s->lock);
}

static void make_token(struct setup *s)
{
    unsigned char bytes[TOKEN_RANDOM];
    if (s->token[0])
        return;
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(s->token, sizeof s->token, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
}

int auth_setup_path(struct auth *a, struct db *db, char ret[128], struct err *e)
{
    auto_arena struct arena *arena = arena_new();
    struct account owner;
    ret[0] = 0;
    if (accounts_find(db, arena, OWNER_ACCOUNT, &owner, e) < 0)
        return -1;
    if (owner.password || a->config.none)
        return 0;
    pthread_mutex_lock(&a->setup->lock);
    make_token(a->setup);
    snprintf(ret, 128, "/setup?token=%s", a->setup->token);
    pthread_mutex_unlock(&a->setup->lock);
    return 0;
}
