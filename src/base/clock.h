/* clock — time in microseconds. Durations and deadlines use the monotonic clock, which slots share
 * with the server; stored times use the wall clock in UTC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_TEXT = 32 };

uint64_t clock_mono_us(void); /* CLOCK_MONOTONIC */
int64_t clock_wall_us(void);  /* since 1970-01-01T00:00:00Z */

/* "2026-01-31T12:00:00.123456Z" (RFC 3339, always six digits). Returns `out`. */
char *clock_rfc3339(int64_t wall_us, char out[CLOCK_TEXT]);
/* "2026-01-31T12:00:00Z", with up to six digits of fraction and any zone "+hh:mm" in place of Z;
 * years 1970 to 9999. False on anything else. */
bool clock_parse_rfc3339(const char *text, int64_t *ret_us);
