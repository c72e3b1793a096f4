#include "base/base64.h"

#include <sodium.h>

enum { VARIANT = sodium_base64_VARIANT_ORIGINAL };

void base64_add(struct buf *out, struct str bytes)
{
    size_t room = sodium_base64_ENCODED_LEN(bytes.n, VARIANT); /* with the NUL */
    buf_reserve(out, room);
    (void)sodium_bin2base64(out->data + out->len, room, (const unsigned char *)bytes.p, bytes.n,
                            VARIANT);
    out->len += room - 1;
}

bool base64_add_decoded(struct buf *out, struct str text)
{
    size_t len = 0, room = text.n / 4 * 3 + 3;
    buf_reserve(out, room + 1);
    if (sodium_base642bin((unsigned char *)out->data + out->len, room, text.n ? text.p : "", text.n,
                          NULL, &len, NULL, VARIANT) < 0) {
        out->data[out->len] = 0;
        return false;
    }
    out->len += len;
    out->data[out->len] = 0;
    return true;
}
