/* setup — the one-time token of the link that gives the owner a password. It lives in memory only.
 * Only for auth/. Any thread. */
#pragma once

#include <stdbool.h>

struct setup;

struct setup *setup_new(void);
void setup_free(struct setup *s);
bool setup_is(struct setup *s, const char *token); /* in constant time */
void setup_forget(struct setup *s);                /* it is used */
