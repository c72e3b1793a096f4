/* rates — how many calls a minute: for a function and for each of its clients. Only for gateway/.
 *
 * A bucket of so many tokens fills within a minute; each call takes one. It is kept as one number,
 * the time at which it will be full again. The clients seen last are remembered, up to a bound. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rates;

struct rates *rates_new(unsigned clients_max);
void rates_free(struct rates *r);

/* The bucket of one client of one function, a full one when it is not known. Valid until the next
 * call. */
uint64_t *rates_client(struct rates *r, const char *function, const char *client);
unsigned rates_clients(const struct rates *r); /* that are remembered */

struct rate_view {
    uint64_t left;    /* calls possible now */
    uint64_t wait_us; /* until one is */
    uint64_t full_us; /* until all are again */
};
struct rate_view rates_look(uint64_t bucket, uint32_t per_minute, uint64_t now_us);
void rates_take(uint64_t *bucket, uint32_t per_minute, uint64_t now_us); /* when one is left */
