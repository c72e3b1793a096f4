/* By hand: base/ is part of the runners too, which link no library for this. */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buf *out, struct str bytes)
{
    size_t room = (bytes.n + 2) / 3 * 4, i = 0;
    buf_reserve(out, room + 1);
    const unsigned char *from = (const unsigned char *)bytes.p;
    char *to = out->data + out->len;
    for (; i + 3 <= bytes.n; i += 3, to += 4) {
        to[0] = letters[from[i] >> 2];
        to[1] = letters[(from[i] & 3) << 4 | from[i + 1] >> 4];
        to[2] = letters[(from[i + 1] & 15) << 2 | from[i + 2] >> 6];
        to[3] = letters[from[i + 2] & 63];
    }
    if (i < bytes.n) {
        unsigned second = i + 1 < bytes.n ? from[i + 1] : 0;
        to[0] = letters[from[i] >> 2];
        to[1] = letters[(from[i] & 3) << 4 | second >> 4];
        to[2] = i + 1 < bytes.n ? letters[(second & 15) << 2] : '=';
        to[3] = '=';
    }
    out->len += room;
    out->data[out->len] = 0;
}

/* The value of a letter, or -1. */
static int value_of(char letter)
{
    const char *at = letter ? strchr(letters, letter) : NULL;
    return at ? (int)(at - letters) : -1;
}

/* Four letters, of which `count` are none of the padding: count - 1 bytes. Bits that no byte takes
 * must be 0, so that nothing has two spellings. */
static bool add_group(struct buf *out, const char *text, size_t count)
{
    uint32_t group = 0;
    for (size_t k = 0; k < 4; k++) {
        int value = k < count ? value_of(text[k]) : 0;
        if (value < 0)
            return false;
        group = group << 6 | (uint32_t)value;
    }
    const char bytes[] = {(char)(group >> 16), (char)(group >> 8), (char)group};
    buf_add(out, bytes, count - 1);
    return count == 4 || (group & (count == 3 ? 0xffu : 0xffffu)) == 0;
}

bool base64_add_decoded(struct buf *out, struct str text)
{
    size_t begin = out->len, padding = 0;
    buf_reserve(out, text.n / 4 * 3 + 1);
    while (padding < 2 && text.n > padding && text.p[text.n - 1 - padding] == '=')
        padding++;
    bool good = text.n % 4 == 0;
    for (size_t i = 0; good && i < text.n; i += 4)
        good = add_group(out, text.p + i, i + 4 < text.n ? 4 : 4 - padding);
    if (!good)
        out->len = begin;
    out->data[out->len] = 0;
    return good;
}
