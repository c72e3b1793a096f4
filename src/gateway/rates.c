#include "gateway/rates.h"

#include "base/list.h"
#include "base/mem.h"

#include <sodium.h>
#include <stdio.h>

/* Buckets count in nanoseconds: a million calls a minute are 60 us apart, but four billion are 14
 * ns. */
static const uint64_t minute_ns = 60 * UINT64_C(1000000000);

struct client {
    struct client *next;   /* in its chain */
    struct list used_node; /* rates->used, the last one used in front */
    uint64_t key[2];
    uint64_t bucket;
};

struct rates {
    unsigned max, count;
    struct client **chains; /* made when the first client comes */
    size_t size;            /* a power of two */
    struct list used;
    unsigned char secret[crypto_shorthash_siphashx24_KEYBYTES];
};

struct rates *rates_new(unsigned clients_max)
{
    struct rates *r = mem_alloc(sizeof *r);
    r->max = clients_max;
    list_init(&r->used);
    randombytes_buf(r->secret, sizeof r->secret);
    return r;
}

void rates_free(struct rates *r)
{
    if (!r)
        return;
    list_each_safe (node, &r->used)
        free(list_of(node, struct client, used_node));
    free(r->chains);
    free(r);
}

/* 128 bits under a key of ours stand for the two texts: nobody can make another's. */
static void key_of(const struct rates *r, const char *function, const char *client, uint64_t key[2])
{
    char text[256];
    int n = snprintf(text, sizeof text, "%s %s", function, client);
    size_t len = n < (int)sizeof text ? (size_t)n : sizeof text - 1;
    (void)crypto_shorthash_siphashx24((unsigned char *)key, (const unsigned char *)text, len,
                                      r->secret);
}

static struct client **chain_of(struct rates *r, const uint64_t key[2])
{
    return &r->chains[key[0] & (r->size - 1)];
}

static void unchain(struct rates *r, struct client *c)
{
    struct client **at = chain_of(r, c->key);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
}

static struct client *take_place(struct rates *r)
{
    struct client *c;
    if (r->count < r->max) {
        r->count++;
        return mem_alloc(sizeof *c);
    }
    c = list_of(list_last(&r->used), struct client, used_node);
    list_remove(&c->used_node);
    unchain(r, c);
    return c;
}

static struct client *add(struct rates *r, const uint64_t key[2])
{
    struct client *c = take_place(r);
    struct client **chain = chain_of(r, key);
    *c = (struct client){.next = *chain, .key = {key[0], key[1]}};
    *chain = c;
    return c;
}

uint64_t *rates_client(struct rates *r, const char *function, const char *client)
{
    uint64_t key[2];
    if (!r->chains) {
        for (r->size = 16; r->size < r->max;)
            r->size *= 2;
        r->chains = mem_alloc(r->size * sizeof(struct client *));
    }
    key_of(r, function, client, key);
    struct client *c = *chain_of(r, key);
    while (c && (c->key[0] != key[0] || c->key[1] != key[1]))
        c = c->next;
    if (c)
        list_remove(&c->used_node);
    else
        c = add(r, key);
    list_push(&r->used, &c->used_node);
    return &c->bucket;
}

unsigned rates_clients(const struct rates *r)
{
    return r->count;
}

struct rate_view rates_look(uint64_t bucket, uint32_t per_minute, uint64_t now_us)
{
    uint64_t now = now_us * 1000, each = minute_ns / per_minute;
    uint64_t owed = bucket > now ? bucket - now : 0;
    if (owed > minute_ns) /* the limit was lower when these calls were made */
        owed = minute_ns;
    uint64_t room = minute_ns - owed;
    return (struct rate_view){.left = room / each,
                              .wait_us = room >= each ? 0 : (each - room + 999) / 1000,
                              .full_us = (owed + 999) / 1000};
}

void rates_take(uint64_t *bucket, uint32_t per_minute, uint64_t now_us)
{
    uint64_t now = now_us * 1000;
    *bucket = (*bucket > now ? *bucket : now) + minute_ns / per_minute;
}
