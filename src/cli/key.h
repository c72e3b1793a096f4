/* key — the API key that says who asks.
 *
 * One that was given (--key, VIRGA_KEY, a profile), or owner.key in the data directory of a server
 * on the same machine: $VIRGA_DATA_DIR, ./var, /var/lib/virga, in this order. The file is used for
 * a loopback server only: it must not travel to whatever --server names. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/* Takes the key that somebody gave; `from` says who, for errors. ERR_INVALID when it cannot be one.
 */
int key_take(const char *text, const char *from, struct buf *ret, struct err *e);
/* Looks at the files. Leaves `ret` empty when there is none; `ret_note` says then what was looked
 * at and why it gave none (the server may ask for none: --auth none), else where it came from. */
void key_look(bool loopback, struct buf *ret, struct buf *ret_note);
