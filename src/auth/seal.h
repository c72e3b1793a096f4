/* seal — secrets at rest: encrypted and authenticated with a key of this data directory.
 *
 * A sealed text is bound to the place it belongs to (`context`, such as a function's id): copied to
 * another row of the store it does not open. XChaCha20-Poly1305 of libsodium. Any thread. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct seal;

/* Reads DIR/secret.key or creates it (mode 0600). Refuses one that others may read. Whoever loses
 * this file loses what is sealed. */
int seal_load(int dir_fd, struct seal **ret, struct err *e);
void seal_free(struct seal *s);

/* A new key, in two steps: makes DIR/secret.key.new (or takes the one that an interrupted rotation
 * left) and opens it; once everything is sealed with it, seal_rotated puts it in the old one's
 * place. In between seal_load opens both: texts sealed with either can be read. */
int seal_rotate(int dir_fd, struct seal **ret, struct err *e);
int seal_rotated(int dir_fd, struct err *e);

void seal_lock(const struct seal *s, struct str context, struct str plain, struct buf *out);
/* ERR_SYSTEM when the bytes were changed, are of another key or of another context. The caller
 * clears what it opened. */
int seal_unlock(const struct seal *s, struct str context, struct str sealed, struct buf *out,
                struct err *e);
