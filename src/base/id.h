/* id — names that clients see: opaque lower-case hex. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    ID_TEXT = 25,      /* 24 hex digits (96 random bits) and a NUL */
    ID_CALL_TEXT = 37, /* 12 hex digits of time, 24 of randomness and a NUL */
};

void id_random(void *p,
               size_t len); /* bytes from the kernel's generator; never fails once booted */

/* 96 random bits: knowing one is enough to call a public function, so it must not be guessable. */
void id_new(char out[ID_TEXT]);

/* Starts with the wall clock in milliseconds, so that later calls sort behind earlier ones and an
 * index over them grows at its end; then 96 random bits. */
void id_new_call(int64_t wall_us, char out[ID_CALL_TEXT]);
