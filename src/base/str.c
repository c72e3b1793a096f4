#include "base/str.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct str str_of(const char *s)
{
    return (struct str){s, s ? strlen(s) : 0};
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str a, const char *b)
{
    return str_eq(a, str_of(b));
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq((struct str){s.p + s.n - suffix.n, suffix.n}, suffix);
}

struct str str_trim(struct str s)
{
    while (s.n && isspace((unsigned char)s.p[0]))
        s.p++, s.n--;
    while (s.n && isspace((unsigned char)s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_cut(struct str *rest, char sep)
{
    struct str head = *rest;
    const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    if (!at) {
        *rest = (struct str){NULL, 0};
        return head;
    }
    head.n = (size_t)(at - head.p);
    *rest = (struct str){at + 1, rest->n - head.n - 1};
    return head;
}

bool str_lists(struct str list, char separator, struct str word, bool fold)
{
    while (list.p) {
        struct str item = str_trim(str_cut(&list, separator));
        if (item.n == word.n &&
            (fold ? strncasecmp(item.p, word.p, word.n) : memcmp(item.p, word.p, word.n)) == 0)
            return true;
    }
    return false;
}

/* 1 for the bytes of RFC 9110's token. */
static const unsigned char token_bytes[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1,         ['&'] = 1,         ['\''] = 1,
    ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,         ['^'] = 1,         ['_'] = 1,
    ['`'] = 1, ['|'] = 1, ['~'] = 1, ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
};

bool str_is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!token_bytes[(unsigned char)s.p[i]])
            return false;
    return s.n > 0;
}

bool str_is_line(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

int str_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool str_to_u64(struct str s, uint64_t *ret)
{
    uint64_t value = 0;
    if (!s.n)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
            return false;
    }
    *ret = value;
    return true;
}

/* How many continuation bytes follow `lead`, and the range of the first of them; -1 when `lead`
 * starts nothing. The ranges are those of table 3-7 of the Unicode standard. */
static int utf8_tail(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead < 0x80)
        return 0;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 1;
    if (lead >= 0xe0 && lead <= 0xef) {
        *low = lead == 0xe0 ? 0xa0 : 0x80;
        *high = lead == 0xed ? 0x9f : 0xbf;
        return 2;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *low = lead == 0xf0 ? 0x90 : 0x80;
        *high = lead == 0xf4 ? 0x8f : 0xbf;
        return 3;
    }
    return -1;
}

/* Eight bytes at a time: nearly all text is ASCII, and some of it is many megabytes long. */
static const unsigned char *skip_ascii(const unsigned char *p, const unsigned char *end)
{
    for (uint64_t eight; end - p >= 8; p += 8) {
        memcpy(&eight, p, sizeof eight);
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    return p;
}

bool str_is_utf8(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    const unsigned char *end = p + s.n;
    while ((p = skip_ascii(p, end)) < end) {
        unsigned char low, high;
        int tail = utf8_tail(*p++, &low, &high);
        if (tail < 0 || end - p < tail)
            return false;
        for (int i = 0; i < tail; i++, low = 0x80, high = 0xbf)
            if (*p < low || *p++ > high)
                return false;
    }
    return true;
}
