/* cache — who a bearer text is, for as long as nobody has changed it. Only for auth/.
 *
 * Texts are kept as keyed hashes, never as they came, and only right ones: guessing fills nothing.
 * Bounded: the entry that was not used for longest makes room. Any thread; every call holds one
 * lock for a moment. Times are of the monotonic clock. */
#pragma once

#include "auth/auth.h"
#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;

struct cache *cache_new(size_t entries_max);
void cache_free(struct cache *c);

/* The principal as a copy in the arena; false when the text is unknown or its time is over. */
bool cache_find(struct cache *c, struct str text, uint64_t now_us, struct arena *a,
                const struct principal **ret);

/* Whoever reads the store for a new entry takes the generation first. When something was forgotten
 * in between, the entry may be older than that and is not put. */
uint64_t cache_generation(struct cache *c);
void cache_put(struct cache *c, uint64_t generation, struct str text, const struct principal *p,
               uint64_t until_us);

/* Of an account (NOTE_ACCOUNT), a key or session (NOTE_CREDENTIAL), or all (STORE_ALL). */
void cache_forget(struct cache *c, const char *topic, const char *id);
size_t cache_count(struct cache *c);
