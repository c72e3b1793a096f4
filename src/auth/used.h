/* used — when keys and sessions were last used, written behind the requests' backs. Only for auth/.
 *
 * Whoever resolves a credential names it here at most once a minute; a worker writes what has
 * gathered, in one transaction. What does not fit is named again a minute later. Any thread. */
#pragma once

#include <stdint.h>

enum { USED_EVERY_US = 60 * 1000 * 1000 };

struct used;
struct workers;

enum used_kind { USED_KEY, USED_SESSION };

struct used *used_new(void);
void used_free(struct used *u); /* after the workers */
void used_note(struct used *u, struct workers *workers, enum used_kind kind, const char *id,
               int64_t now_us);
