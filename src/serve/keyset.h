/* keyset — the files without which a store's secrets and sessions are worth nothing: secret.key,
 * token.key, and secret.key.new of a rotation that is not finished. Private to serve/. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

enum { KEYSET_FILES = 3 };

struct keyset {
    struct buf text[KEYSET_FILES]; /* empty: the file is not there */
};
#define auto_keyset __attribute__((cleanup(keyset_done)))

int keyset_read(int dir, struct keyset *ret, struct err *e);
/* Each file complete or not at all, on the disk, mode 0600. A secret.key.new that is not in the
 * set goes: it would be of other keys. */
int keyset_write(int dir, const struct keyset *k, struct err *e);
/* The first file of `needed` that `ours` lacks or has otherwise; NULL: all are there. */
const char *keyset_differs(const struct keyset *needed, const struct keyset *ours);
/* secret.key and token.key are there. */
int keyset_check(const struct keyset *k, struct err *e);
void keyset_done(struct keyset *k); /* overwrites before freeing */
