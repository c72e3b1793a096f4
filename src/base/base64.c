/* By hand: base/ is part of the runners too, which link no library for this. */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buf *out, struct str bytes)
{
    buf_reserve(out, (bytes.n + 2) / 3 * 4 + 1);
    for (size_t i = 0; i < bytes.n; i += 3) {
        uint32_t group = 0;
        char text[4];
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (i + k < bytes.n ? (unsigned char)bytes.p[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            text[k] = i + k > bytes.n ? '=' : letters[group >> (18 - 6 * k) & 63];
        buf_add(out, text, sizeof text);
    }
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
    return good;
}
