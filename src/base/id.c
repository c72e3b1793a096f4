#include "base/id.h"

#include "base/must.h"

#include <sys/random.h>

/* Random bytes are fetched in bulk: one call for many ids keeps a system call off the warm path. */
static _Thread_local struct {
    unsigned char bytes[252];
    size_t left;
} stock;

static const char hex[] = "0123456789abcdef";

void id_random(void *p, size_t len)
{
    unsigned char *at = p;
    while (len) {
        ssize_t n = getrandom(at, len, 0);
        must(n > 0);
        at += n;
        len -= (size_t)n;
    }
}

static void add_random(char *out)
{
    if (stock.left < 12) {
        id_random(stock.bytes, sizeof stock.bytes);
        stock.left = sizeof stock.bytes;
    }
    stock.left -= 12;
    unsigned char *bytes = stock.bytes + stock.left;
    for (int i = 0; i < 12; i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 15];
        bytes[i] = 0;
    }
    out[24] = 0;
}

void id_new(char out[ID_TEXT])
{
    add_random(out);
}

void id_new_call(int64_t wall_us, char out[ID_CALL_TEXT])
{
    uint64_t ms = (uint64_t)(wall_us / 1000);
    for (int i = 11; i >= 0; i--, ms >>= 4)
        out[i] = hex[ms & 15];
    add_random(out + 12);
}
