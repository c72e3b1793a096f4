#include "auth/cache.h"

#include "app.h"
#include "base/list.h"
#include "base/mem.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

enum { BUCKETS = 4096, HASH_BYTES = crypto_generichash_BYTES };

/* Sits in three tables and in the order of use. */
struct entry {
    struct list by_text, by_account, by_credential, by_use;
    unsigned char hash[HASH_BYTES];
    uint64_t until_us;
    struct principal principal; /* its texts stand behind the entry, in `texts` */
    char texts[];
};

struct cache {
    pthread_mutex_t lock;
    unsigned char salt[crypto_generichash_KEYBYTES]; /* of this process */
    size_t count, max;
    uint64_t generation;
    struct list by_text[BUCKETS], by_account[BUCKETS], by_credential[BUCKETS];
    struct list by_use; /* the last used first */
};

struct cache *cache_new(size_t entries_max)
{
    struct cache *c = mem_alloc(sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    randombytes_buf(c->salt, sizeof c->salt);
    c->max = entries_max;
    for (size_t i = 0; i < BUCKETS; i++) {
        list_init(&c->by_text[i]);
        list_init(&c->by_account[i]);
        list_init(&c->by_credential[i]);
    }
    list_init(&c->by_use);
    return c;
}

static void drop(struct cache *c, struct entry *entry)
{
    list_remove(&entry->by_text);
    list_remove(&entry->by_account);
    list_remove(&entry->by_credential);
    list_remove(&entry->by_use);
    sodium_memzero(entry->hash, sizeof entry->hash);
    free(entry);
    c->count--;
}

static void drop_all(struct cache *c)
{
    list_each_safe (node, &c->by_use)
        drop(c, list_of(node, struct entry, by_use));
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    drop_all(c);
    pthread_mutex_destroy(&c->lock);
    sodium_memzero(c->salt, sizeof c->salt);
    free(c);
}

static void hash_text(const struct cache *c, struct str text, unsigned char out[HASH_BYTES])
{
    crypto_generichash(out, HASH_BYTES, (const unsigned char *)text.p, text.n, c->salt,
                       sizeof c->salt);
}

static struct list *bucket(struct list *table, const unsigned char *hash)
{
    return &table[(hash[0] | (unsigned)hash[1] << 8) % BUCKETS];
}

/* Ids are random texts: any spread will do. */
static struct list *bucket_of_id(struct list *table, const char *id)
{
    unsigned h = 5381;
    for (; *id; id++)
        h = h * 33 + (unsigned char)*id;
    return &table[h % BUCKETS];
}

static struct entry *find(struct cache *c, const unsigned char hash[HASH_BYTES])
{
    struct list *head = bucket(c->by_text, hash);
    list_each (node, head) {
        struct entry *entry = list_of(node, struct entry, by_text);
        if (memcmp(entry->hash, hash, HASH_BYTES) == 0)
            return entry;
    }
    return NULL;
}

static const struct principal *copy(const struct principal *p, struct arena *a)
{
    struct principal *ret = arena_alloc(a, sizeof *ret);
    *ret = *p;
    ret->account = arena_strdup(a, p->account);
    ret->name = arena_strdup(a, p->name);
    ret->credential = arena_strdup(a, p->credential);
    return ret;
}

bool cache_find(struct cache *c, struct str text, uint64_t now_us, struct arena *a,
                const struct principal **ret)
{
    unsigned char hash[HASH_BYTES];
    hash_text(c, text, hash);
    pthread_mutex_lock(&c->lock);
    struct entry *entry = find(c, hash);
    if (entry && entry->until_us <= now_us) {
        drop(c, entry);
        entry = NULL;
    }
    if (entry) {
        list_remove(&entry->by_use);
        list_push(&c->by_use, &entry->by_use);
        *ret = copy(&entry->principal, a);
    }
    pthread_mutex_unlock(&c->lock);
    return entry != NULL;
}

uint64_t cache_generation(struct cache *c)
{
    pthread_mutex_lock(&c->lock);
    uint64_t generation = c->generation;
    pthread_mutex_unlock(&c->lock);
    return generation;
}

static const char *add_text(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *ret = memcpy(*at, text, size);
    *at += size;
    return ret;
}

static struct entry *entry_new(const struct principal *p)
{
    size_t texts = strlen(p->account) + strlen(p->name) + strlen(p->credential) + 3;
    struct entry *entry = mem_alloc(sizeof *entry + texts);
    char *at = entry->texts;
    entry->principal = *p;
    entry->principal.account = add_text(&at, p->account);
    entry->principal.name = add_text(&at, p->name);
    entry->principal.credential = add_text(&at, p->credential);
    return entry;
}

static void insert(struct cache *c, struct entry *entry)
{
    if (c->count == c->max)
        drop(c, list_of(list_last(&c->by_use), struct entry, by_use));
    list_push(bucket(c->by_text, entry->hash), &entry->by_text);
    list_push(bucket_of_id(c->by_account, entry->principal.account), &entry->by_account);
    list_init(&entry->by_credential);
    if (entry->principal.credential[0]) /* else nobody forgets it by that */
        list_push(bucket_of_id(c->by_credential, entry->principal.credential),
                  &entry->by_credential);
    list_push(&c->by_use, &entry->by_use);
    c->count++;
}

void cache_put(struct cache *c, uint64_t generation, struct str text, const struct principal *p,
               uint64_t until_us)
{
    struct entry *entry = entry_new(p);
    hash_text(c, text, entry->hash);
    entry->until_us = until_us;
    pthread_mutex_lock(&c->lock);
    struct entry *before = find(c, entry->hash);
    if (c->generation == generation) {
        if (before)
            drop(c, before);
        insert(c, entry);
        entry = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    free(entry);
}

static void forget_account(struct cache *c, const char *id)
{
    struct list *head = bucket_of_id(c->by_account, id);
    list_each_safe (node, head) {
        struct entry *entry = list_of(node, struct entry, by_account);
        if (strcmp(entry->principal.account, id) == 0)
            drop(c, entry);
    }
}

static void forget_credential(struct cache *c, const char *id)
{
    struct list *head = bucket_of_id(c->by_credential, id);
    list_each_safe (node, head) {
        struct entry *entry = list_of(node, struct entry, by_credential);
        if (strcmp(entry->principal.credential, id) == 0)
            drop(c, entry);
    }
}

void cache_forget(struct cache *c, const char *topic, const char *id)
{
    pthread_mutex_lock(&c->lock);
    c->generation++;
    if (strcmp(topic, NOTE_ACCOUNT) == 0)
        forget_account(c, id);
    else if (strcmp(topic, NOTE_CREDENTIAL) == 0)
        forget_credential(c, id);
    else
        drop_all(c);
    pthread_mutex_unlock(&c->lock);
}

size_t cache_count(struct cache *c)
{
    pthread_mutex_lock(&c->lock);
    size_t count = c->count;
    pthread_mutex_unlock(&c->lock);
    return count;
}
