#include "auth/throttle.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { WAYS = 8, SETS = THROTTLE_KEYS / WAYS, SECOND = 1000 * 1000 };

struct counter {
    uint64_t key, last_us, until_us;
    unsigned attempts; /* 0: the place is free */
};

struct throttle {
    pthread_mutex_t lock;
    unsigned char salt[crypto_generichash_KEYBYTES];
    struct counter counters[SETS][WAYS];
};

struct throttle *throttle_new(void)
{
    struct throttle *t = mem_alloc(sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    randombytes_buf(t->salt, sizeof t->salt);
    return t;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static uint64_t hash(const struct throttle *t, const char *what, const void *a, size_t a_len,
                     const char *b)
{
    unsigned char out[crypto_generichash_BYTES_MIN];
    crypto_generichash_state state;
    crypto_generichash_init(&state, t->salt, sizeof t->salt, sizeof out);
    crypto_generichash_update(&state, (const unsigned char *)what, strlen(what) + 1);
    crypto_generichash_update(&state, (const unsigned char *)&a_len, sizeof a_len);
    crypto_generichash_update(&state, a, a_len);
    crypto_generichash_update(&state, (const unsigned char *)b, strlen(b));
    crypto_generichash_final(&state, out, sizeof out);
    uint64_t ret;
    memcpy(&ret, out, sizeof ret);
    return ret;
}

uint64_t throttle_key(const struct throttle *t, const char *what, const char *a, const char *b)
{
    return hash(t, what, a, strlen(a), b);
}

uint64_t throttle_address(const struct throttle *t, const char *what, const char *address)
{
    enum { NETWORK = 8 };
    struct in6_addr six;
    if (inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six))
        return hash(t, what, &six, NETWORK, "");
    return hash(t, what, address, strlen(address), "");
}

static struct counter *find(struct throttle *t, uint64_t key)
{
    struct counter *set = t->counters[key % SETS];
    for (int i = 0; i < WAYS; i++)
        if (set[i].attempts && set[i].key == key)
            return &set[i];
    return NULL;
}

static struct counter *take_place(struct throttle *t, uint64_t key)
{
    struct counter *set = t->counters[key % SETS], *ret = set;
    for (int i = 0; i < WAYS; i++) {
        if (!set[i].attempts) {
            ret = &set[i];
            break;
        }
        if (set[i].last_us < ret->last_us)
            ret = &set[i];
    }
    *ret = (struct counter){.key = key};
    return ret;
}

static uint64_t wait_us(unsigned attempts, unsigned free_attempts)
{
    if (attempts < free_attempts)
        return 0;
    unsigned doubled = attempts - free_attempts;
    uint64_t s = doubled < 20 ? 1ull << doubled : THROTTLE_LONGEST_S;
    return (s < THROTTLE_LONGEST_S ? s : THROTTLE_LONGEST_S) * SECOND;
}

uint64_t throttle_take(struct throttle *t, uint64_t key, unsigned free_attempts, uint64_t now_us)
{
    uint64_t wait = 0;
    pthread_mutex_lock(&t->lock);
    struct counter *c = find(t, key);
    if (c && now_us > c->until_us && now_us - c->until_us > THROTTLE_LONGEST_S * (uint64_t)SECOND)
        c->attempts = 0;
    if (!c || !c->attempts)
        c = take_place(t, key);
    if (c->until_us > now_us) {
        wait = (c->until_us - now_us + SECOND - 1) / SECOND;
    } else {
        c->attempts++;
        c->last_us = now_us;
        c->until_us = now_us + wait_us(c->attempts, free_attempts);
    }
    pthread_mutex_unlock(&t->lock);
    return wait;
}

void throttle_ended(struct throttle *t, uint64_t key, unsigned free_attempts, uint64_t now_us)
{
    pthread_mutex_lock(&t->lock);
    struct counter *c = find(t, key);
    if (c)
        c->until_us = now_us + wait_us(c->attempts, free_attempts);
    pthread_mutex_unlock(&t->lock);
}

void throttle_give_back(struct throttle *t, uint64_t key)
{
    pthread_mutex_lock(&t->lock);
    struct counter *c = find(t, key);
    if (c) {
        c->attempts--;
        c->until_us = c->last_us;
    }
    pthread_mutex_unlock(&t->lock);
}

void throttle_reset(struct throttle *t, uint64_t key)
{
    pthread_mutex_lock(&t->lock);
    struct counter *c = find(t, key);
    if (c)
        c->attempts = 0;
    pthread_mutex_unlock(&t->lock);
}
