#include "auth/seal.h"

#include "auth/keyfile.h"
#include "base/mem.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    SEAL_VERSION = 1, /* first byte, so that another construction can follow */
    KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    HEAD_BYTES = 1 + NONCE_BYTES,
};

struct seal {
    unsigned char key[KEY_BYTES];
    struct seal *next; /* opens too, never locks: the other key of an unfinished rotation */
};
#define NEW_KEY "secret.key.new"

static void make_key(struct buf *out)
{
    unsigned char key[KEY_BYTES];
    randombytes_buf(key, sizeof key);
    buf_add(out, key, sizeof key);
    sodium_memzero(key, sizeof key);
}

static int load(int dir_fd, const char *name, struct seal **ret, struct err *e)
{
    auto_secret struct buf key = {0};
    if (keyfile_load(dir_fd, name, make_key, &key, e) < 0)
        return -1;
    if (key.len != KEY_BYTES)
        return err_set(e, ERR_INVALID, "'%s' has %zu bytes instead of %d: restore it", name,
                       key.len, KEY_BYTES);
    struct seal *s = mem_alloc(sizeof *s);
    memcpy(s->key, key.data, KEY_BYTES);
    *ret = s;
    return 0;
}

int seal_load(int dir_fd, struct seal **ret, struct err *e)
{
    if (load(dir_fd, "secret.key", ret, e) < 0)
        return -1;
    if (faccessat(dir_fd, NEW_KEY, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (load(dir_fd, NEW_KEY, &(*ret)->next, e) == 0)
        return 0;
    seal_free(*ret);
    *ret = NULL;
    return -1;
}

int seal_rotate(int dir_fd, struct seal **ret, struct err *e)
{
    return load(dir_fd, NEW_KEY, ret, e);
}

int seal_rotated(int dir_fd, struct err *e)
{
    if (renameat(dir_fd, NEW_KEY, dir_fd, "secret.key") < 0 || fsync(dir_fd) < 0)
        return err_sys(e, "put '" NEW_KEY "' in place");
    return 0;
}

void seal_free(struct seal *s)
{
    if (!s)
        return;
    seal_free(s->next);
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

static bool opens(const struct seal *s, struct str context, struct str sealed, struct buf *out)
{
    const unsigned char *at = (const unsigned char *)sealed.p;
    unsigned long long len = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)out->data + out->len, &len,
                                                   NULL, at + HEAD_BYTES, sealed.n - HEAD_BYTES,
                                                   (const unsigned char *)context.p, context.n,
                                                   at + 1, s->key) != 0)
        return false;
    out->len += (size_t)len;
    out->data[out->len] = 0;
    return true;
}

int seal_unlock(const struct seal *s, struct str context, struct str sealed, struct buf *out,
                struct err *e)
{
    const unsigned char *at = (const unsigned char *)sealed.p;
    if (sealed.n < HEAD_BYTES + TAG_BYTES || at[0] != SEAL_VERSION)
        return err_set(e, ERR_SYSTEM, "the sealed text is damaged");
    buf_reserve(out, sealed.n);
    for (; s; s = s->next)
        if (opens(s, context, sealed, out))
            return 0;
    return err_set(e, ERR_SYSTEM, "the sealed text does not open with this server's secret.key");
}
