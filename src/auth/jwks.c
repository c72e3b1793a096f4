#include "auth/jwks.h"

#include "base/log.h"
#include "base/mem.h"

#include <pthread.h>
#include <string.h>

enum { URL_MAX = 2048 };
static const uint64_t second = 1000 * 1000;

struct key {
    char *kid; /* or NULL */
    enum token_alg alg;
    EVP_PKEY *key;
};

struct keys {
    struct key list[JWKS_KEYS_MAX];
    size_t count;
};

struct jwks {
    const char *issuer, *url;
    jwks_fetcher *fetch;
    pthread_mutex_t lock;
    pthread_cond_t fetched;
    struct keys keys;
    uint64_t fetched_us, tried_us; /* 0: never */
    bool fetching;
    unsigned waiting;
    char *discovered; /* only the thread that fetches looks at it */
};

struct jwks *jwks_new(const char *issuer, const char *url, jwks_fetcher *fetch)
{
    struct jwks *j = mem_alloc(sizeof *j);
    j->issuer = issuer;
    j->url = url;
    j->fetch = fetch;
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->fetched, NULL);
    return j;
}

static void drop_keys(struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        free(keys->list[i].kid);
        EVP_PKEY_free(keys->list[i].key);
    }
    keys->count = 0;
}

void jwks_free(struct jwks *j)
{
    if (!j)
        return;
    drop_keys(&j->keys);
    pthread_cond_destroy(&j->fetched);
    pthread_mutex_destroy(&j->lock);
    free(j->discovered);
    free(j);
}

/* --- fetching: without the lock --- */

static int fetch_object(struct jwks *j, const char *url, json_t **ret, struct err *e)
{
    auto_buf struct buf body = {0};
    if (j->fetch(url, &body, e) < 0)
        return -1;
    *ret = json_loadb(body.data ? body.data : "", body.len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(*ret))
        return 0;
    json_decref(*ret);
    return err_set(e, ERR_UNAVAILABLE, "%s: the answer is no JSON object", url);
}

/* What an https issuer names must be https too. */
static bool may_follow(const struct jwks *j, const char *uri)
{
    bool tls = str_starts(str_of(uri), STR("https://"));
    return strlen(uri) < URL_MAX && (tls || (str_starts(str_of(uri), STR("http://")) &&
                                             str_starts(str_of(j->issuer), STR("http://"))));
}

/* OpenID Connect Discovery 1.0, section 4: the answer must name the issuer that was asked. */
static int discover(struct jwks *j, struct err *e)
{
    auto_buf struct buf url = {0};
    json_t *answer;
    struct str issuer = str_of(j->issuer);
    if (str_ends(issuer, STR("/")))
        issuer.n--;
    buf_addf(&url, STR_FMT "/.well-known/openid-configuration", STR_ARG(issuer));
    if (fetch_object(j, url.data, &answer, e) < 0)
        return -1;
    const char *named = json_string_value(json_object_get(answer, "issuer"));
    const char *uri = json_string_value(json_object_get(answer, "jwks_uri"));
    bool right = named && strcmp(named, j->issuer) == 0 && uri && may_follow(j, uri);
    if (right)
        j->discovered = mem_strdup(uri);
    json_decref(answer);
    return right ? 0
                 : err_set(e, ERR_UNAVAILABLE,
                           "%s: names another issuer, or no address of its keys", url.data);
}

static void read_keys(const json_t *list, struct keys *ret)
{
    for (size_t i = 0; i < json_array_size(list) && ret->count < JWKS_KEYS_MAX; i++) {
        const json_t *jwk = json_array_get(list, i);
        struct key *key = &ret->list[ret->count];
        key->key = signature_key(jwk, &key->alg);
        if (!key->key)
            continue;
        key->kid = mem_strdup(json_string_value(json_object_get(jwk, "kid")));
        ret->count++;
    }
}

static int fetch_keys(struct jwks *j, struct keys *ret, struct err *e)
{
    json_t *answer;
    if (!j->url && !j->discovered && discover(j, e) < 0)
        return -1;
    if (fetch_object(j, j->url ? j->url : j->discovered, &answer, e) < 0) {
        free(j->discovered); /* it may have moved */
        j->discovered = NULL;
        return -1;
    }
    const json_t *list = json_object_get(answer, "keys");
    int rc = json_is_array(list)
                 ? 0
                 : err_set(e, ERR_UNAVAILABLE, "the issuer's answer holds no list of keys");
    read_keys(list, ret);
    json_decref(answer);
    return rc;
}

/* --- with the lock --- */

static void refresh(struct jwks *j, uint64_t now_us)
{
    struct keys fresh = {0};
    struct err e = {0};
    j->fetching = true;
    j->tried_us = now_us;
    pthread_mutex_unlock(&j->lock);
    bool ok = fetch_keys(j, &fresh, &e) == 0;
    if (!ok)
        log_warn("auth", "the issuer's keys cannot be fetched: %s", e.text);
    pthread_mutex_lock(&j->lock);
    if (ok) {
        drop_keys(&j->keys);
        j->keys = fresh;
        j->fetched_us = now_us;
    }
    j->fetching = false;
    pthread_cond_broadcast(&j->fetched);
}

static bool is_within(uint64_t since_us, unsigned s, uint64_t now_us)
{
    return since_us && now_us < since_us + s * second;
}

/* A name that two keys share means the first of them that fits the algorithm. */
static EVP_PKEY *pick(const struct jwks *j, const struct token *t)
{
    EVP_PKEY *found = NULL;
    for (size_t i = 0; i < j->keys.count; i++) {
        const struct key *key = &j->keys.list[i];
        if (key->alg != t->alg)
            continue;
        if (t->kid && key->kid && strcmp(t->kid, key->kid) == 0)
            return key->key;
        if (!t->kid && found)
            return NULL; /* which one? */
        if (!t->kid)
            found = key->key;
    }
    return found;
}

static int wait_for_fetch(struct jwks *j, struct err *e)
{
    if (j->waiting == JWKS_WAITING)
        return err_set(e, ERR_UNAVAILABLE, "The issuer's keys are being fetched: try again");
    j->waiting++;
    while (j->fetching)
        pthread_cond_wait(&j->fetched, &j->lock);
    j->waiting--;
    return 0;
}

static int find(struct jwks *j, const struct token *t, uint64_t now_us, EVP_PKEY **ret,
                struct err *e)
{
    for (;;) {
        *ret = is_within(j->fetched_us, JWKS_KEPT_S, now_us) ? pick(j, t) : NULL;
        bool fresh = is_within(j->fetched_us, JWKS_FRESH_S, now_us);
        if (*ret && (fresh || j->fetching))
            return 0;
        if (j->fetching) {
            if (wait_for_fetch(j, e) < 0)
                return -1;
        } else if (!is_within(j->tried_us, JWKS_RETRY_S, now_us)) {
            refresh(j, now_us);
        } else {
            return *ret ? 0 : token_unverified("the issuer has no such key", e);
        }
    }
}

int jwks_find(struct jwks *j, const struct token *t, uint64_t now_us, EVP_PKEY **ret, struct err *e)
{
    pthread_mutex_lock(&j->lock);
    int rc = find(j, t, now_us, ret, e);
    if (rc == 0)
        EVP_PKEY_up_ref(*ret);
    pthread_mutex_unlock(&j->lock);
    return rc;
}
