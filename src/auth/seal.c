#include "auth/seal.h"

#include "auth/keyfile.h"
#include "base/mem.h"

#include <sodium.h>
#include <string.h>

enum {
    SEAL_VERSION = 1, /* first byte, so that another construction can follow */
    KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    HEAD_BYTES = 1 + NONCE_BYTES,
};

struct seal {
    unsigned char key[KEY_BYTES];
};

static void make_key(struct buf *out)
{
    unsigned char key[KEY_BYTES];
    randombytes_buf(key, sizeof key);
    buf_add(out, key, sizeof key);
    sodium_memzero(key, sizeof key);
}

int seal_load(int dir_fd, struct seal **ret, struct err *e)
{
    auto_secret struct buf key = {0};
    if (keyfile_load(dir_fd, "secret.key", make_key, &key, e) < 0)
        return -1;
    if (key.len != KEY_BYTES)
        return err_set(e, ERR_INVALID, "'secret.key' has %zu bytes instead of %d: restore it",
                       key.len, KEY_BYTES);
    struct seal *s = mem_alloc(sizeof *s);
    memcpy(s->key, key.data, KEY_BYTES);
    *ret = s;
    return 0;
}

void seal_free(struct seal *s)
{
    if (!s)
        return;
    sodium_memzero(s, sizeof *s);
    free(s);
}

void seal_lock(const struct seal *s, struct str context, struct str plain, struct buf *out)
{
    buf_reserve(out, HEAD_BYTES + plain.n + TAG_BYTES);
    unsigned char *at = (unsigned char *)out->data + out->len;
    at[0] = SEAL_VERSION;
    randombytes_buf(at + 1, NONCE_BYTES);
    unsigned long long len = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        at + HEAD_BYTES, &len, (const unsigned char *)plain.p, plain.n,
        (const unsigned char *)context.p, context.n, NULL, at + 1, s->key);
    out->len += HEAD_BYTES + (size_t)len;
    out->data[out->len] = 0;
}

int seal_unlock(const struct seal *s, struct str context, struct str sealed, struct buf *out,
                struct err *e)
{
    const unsigned char *at = (const unsigned char *)sealed.p;
    if (sealed.n < HEAD_BYTES + TAG_BYTES || at[0] != SEAL_VERSION)
        return err_set(e, ERR_SYSTEM, "the sealed text is damaged");
    buf_reserve(out, sealed.n);
    unsigned long long len = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)out->data + out->len, &len,
                                                   NULL, at + HEAD_BYTES, sealed.n - HEAD_BYTES,
                                                   (const unsigned char *)context.p, context.n,
                                                   at + 1, s->key) != 0)
        return err_set(e, ERR_SYSTEM,
                       "the sealed text does not open with this server's secret.key");
    out->len += (size_t)len;
    out->data[out->len] = 0;
    return 0;
}
