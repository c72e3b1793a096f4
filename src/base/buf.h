/* buf — a growing byte buffer. Always NUL-terminated behind `len` once something was added.
 * The owner bounds what a client can make it grow to. */
#pragma once

#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data; /* NULL while empty */
    size_t len;
    size_t cap;
};

#define auto_buf __attribute__((cleanup(buf_done)))

void buf_done(struct buf *b);                 /* frees; the buffer may be used again */
void buf_reserve(struct buf *b, size_t more); /* room for `more` bytes behind len */
void buf_add(struct buf *b, const void *p, size_t len);
void buf_add_str(struct buf *b, struct str s);
void buf_addz(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list args);
void buf_consume(struct buf *b, size_t len); /* drops bytes at the front */
void buf_clear(struct buf *b);               /* keeps the memory */
char *buf_take(struct buf *b);               /* hands the bytes over; never NULL */
struct str buf_str(const struct buf *b);
