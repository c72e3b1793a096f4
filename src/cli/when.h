/* when — times of the API (RFC 3339, UTC) for people. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WHEN_TEXT = 32 };

bool when_parse(const char *rfc3339, int64_t *ret_seconds); /* fractions are dropped */
/* "just now", "5 min ago", "3 h ago", "2 d ago", and the date beyond 30 days. Text that is no time
 * gives "-". Returns `out`. */
char *when_ago(const char *rfc3339, int64_t now_seconds, char out[WHEN_TEXT]);
/* "2026-01-31 12:00:00" in the local time zone; "-" as above. */
char *when_local(const char *rfc3339, char out[WHEN_TEXT]);
/* "850 us", "12.3 ms", "1.50 s" */
char *when_duration(uint64_t us, char out[WHEN_TEXT]);
/* A span such as "30s", "15m", "2h", "90d", "4w". False for anything else and beyond 100 years. */
bool when_span(const char *text, int64_t *ret_seconds);
/* "2026-01-31T12:00:00Z". Returns `out`. */
char *when_rfc3339(int64_t seconds, char out[WHEN_TEXT]);
