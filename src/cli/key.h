/* key — the API key that says who asks.
 *
 * From --key, VIRGA_KEY, or owner.key in the data directory of a server on the same machine:
 * $VIRGA_DATA_DIR, ./var, /var/lib/virga, in this order. The file is used for a loopback server
 * only: it must not travel to whatever --server names. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/* Leaves `ret` empty when there is none, and in `ret_why` what was looked at and why it gave none:
 * the server may ask for none (--auth none). ERR_INVALID when a key that was given is malformed. */
int key_find(const char *given, bool loopback, struct buf *ret, struct buf *ret_why, struct err *e);
