#include "deps/build_private.h"

#include <string.h>

enum { ESC = 0x1b, BEL = 0x07, DELETE = 0x7f };

/* How long the escape sequence at the start is (ECMA-48): CSI up to its final byte, strings (OSC,
 * DCS, ...) up to BEL or ESC \. Of one that is not ended, and of others, the first two bytes. */
static size_t escape_len(struct str s)
{
    size_t i = 2;
    if (s.n < 2)
        return s.n;
    if (s.p[1] == '[') {
        while (i < s.n && (s.p[i] < '@' || s.p[i] > '~'))
            i++;
        return i < s.n ? i + 1 : 2;
    }
    if (!strchr("]PX^_", s.p[1]))
        return 2;
    while (i < s.n && s.p[i] != BEL && s.p[i] != ESC)
        i++;
    if (i == s.n)
        return 2;
    return s.p[i] == ESC && i + 1 < s.n ? i + 2 : i + 1;
}

static size_t utf8_len(struct str s)
{
    unsigned char c = (unsigned char)*s.p;
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return n <= s.n && str_is_utf8((struct str){s.p, n}) ? n : 0;
}

/* U+0080 to U+009F are control characters too: terminals take them for escapes. */
static bool is_control(struct str s, size_t n)
{
    unsigned char c = (unsigned char)*s.p;
    return (n == 1 && ((c < ' ' && c != '\t') || c == DELETE)) ||
           (n == 2 && c == 0xc2 && (unsigned char)s.p[1] < 0xa0);
}

static void clean(struct str s, struct buf *out)
{
    while (s.n) {
        size_t n = *s.p == ESC ? escape_len(s) : utf8_len(s);
        if (!n) {
            buf_addz(out, "\xef\xbf\xbd");
            n = 1;
        } else if (*s.p != ESC && !is_control(s, n)) {
            buf_add(out, s.p, n);
        }
        s = (struct str){s.p + n, s.n - n};
    }
}

bool build_line(struct buf *in, bool last, struct buf *ret)
{
    const char *end = in->len ? memchr(in->data, '\n', in->len) : NULL;
    size_t n = end ? (size_t)(end - in->data) + 1 : in->len;
    if (!n || (!end && !last && n < BUILD_LINE_MAX))
        return false;
    bool cut = n > BUILD_LINE_MAX;
    n = cut ? BUILD_LINE_MAX : n;
    buf_clear(ret);
    clean((struct str){in->data, n}, ret);
    buf_addz(ret, "\n");
    buf_consume(in, n);
    return true;
}
