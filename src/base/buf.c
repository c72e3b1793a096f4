#include "base/buf.h"

#include "base/mem.h"
#include "base/must.h"

#include <stdio.h>
#include <string.h>

void buf_done(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_reserve(struct buf *b, size_t more)
{
    size_t need = b->len + more + 1;
    must(need > b->len);
    if (need <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need)
        cap *= 2;
    b->data = mem_realloc(b->data, cap);
    b->cap = cap;
}

void buf_add(struct buf *b, const void *p, size_t len)
{
    buf_reserve(b, len);
    if (len)
        memcpy(b->data + b->len, p, len);
    b->len += len;
    b->data[b->len] = 0;
}

void buf_add_str(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

void buf_addz(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_vaddf(b, fmt, args);
    va_end(args);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    buf_reserve(b, 0);
    int len = vsnprintf(b->data + b->len, b->cap - b->len, fmt, args);
    must(len >= 0);
    if ((size_t)len >= b->cap - b->len) {
        buf_reserve(b, (size_t)len);
        vsnprintf(b->data + b->len, b->cap - b->len, fmt, again);
    }
    va_end(again);
    b->len += (size_t)len;
}

void buf_consume(struct buf *b, size_t len)
{
    must(len <= b->len);
    if (!len)
        return;
    memmove(b->data, b->data + len, b->len - len + 1);
    b->len -= len;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = 0;
}

char *buf_take(struct buf *b)
{
    buf_reserve(b, 0);
    b->data[b->len] = 0;
    char *data = b->data;
    *b = (struct buf){0};
    return data;
}

struct str buf_str(const struct buf *b)
{
    return (struct str){b->data, b->len};
}
