/* throttle — how often somebody may try. Only for auth/.
 *
 * Counts attempts by key: an account, a client's address, both together. The first ones are free;
 * each further one makes the key wait twice as long as the one before, from a second to 15
 * minutes. A key that rests for 15 minutes after its wait begins anew. The table is bounded: the
 * key that was not used for longest makes room, and keys are hashed so that nobody can aim at
 * another's place. Any thread. Times are of the monotonic clock. */
#pragma once

#include <stdint.h>

enum {
    THROTTLE_FREE = 5,
    THROTTLE_LONGEST_S = 15 * 60,
    THROTTLE_KEYS = 8192,
};

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);

/* What it counts by; the parts are hashed together. `what` tells kinds of keys apart. */
uint64_t throttle_key(const struct throttle *t, const char *what, const char *a, const char *b);
/* A client's address; of IPv6 the network of 64 bits, which one client has for itself. */
uint64_t throttle_address(const struct throttle *t, const char *what, const char *address);

/* Counts an attempt before its outcome is known, so that many at the same time count too. 0: go
 * on; else nothing is counted and the key has to wait so many seconds. */
uint64_t throttle_take(struct throttle *t, uint64_t key, unsigned free_attempts, uint64_t now_us);
/* What was tried has taken its time: the wait for the next attempt begins now, not when it began.
 */
void throttle_ended(struct throttle *t, uint64_t key, unsigned free_attempts, uint64_t now_us);
void throttle_give_back(struct throttle *t, uint64_t key); /* that attempt does not count */
void throttle_reset(struct throttle *t, uint64_t key);     /* none of them does */
