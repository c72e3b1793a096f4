#include "egress/private.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

#include <sodium.h>

static int hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static bool decode(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            if (i + 2 >= text.n || !isxdigit((unsigned char)text.p[i + 1]) ||
                !isxdigit((unsigned char)text.p[i + 2]))
                return false;
            c = (char)(hex(text.p[i + 1]) << 4 | hex(text.p[i + 2]));
            i += 2;
        }
        buf_add(out, &c, 1);
    }
    return true;
}

/* "Basic <base64 of user:password>" (RFC 7617). */
static char *basic(struct str login)
{
    auto_buf struct buf plain = {0};
    if (!decode(login, &plain))
        return NULL;
    size_t size = sodium_base64_encoded_len(plain.len, sodium_base64_VARIANT_ORIGINAL);
    auto_ptr char *text = mem_alloc(size);
    auto_buf struct buf out = {0};
    sodium_bin2base64(text, size, (unsigned char *)(plain.data ? plain.data : ""), plain.len,
                      sodium_base64_VARIANT_ORIGINAL);
    buf_addf(&out, "Basic %s", text);
    return buf_take(&out);
}

int egress_proxy_parse(const char *url, char ret_place[EGRESS_PLACE], char **ret_credentials,
                       struct err *e)
{
    static const struct str scheme = STR("http://");
    struct str rest = str_of(url);
    if (!str_starts(rest, scheme))
        return err_set(e, ERR_INVALID, "a proxy's URL begins with http://");
    rest = (struct str){rest.p + scheme.n, rest.n - scheme.n};
    while (rest.n && rest.p[rest.n - 1] == '/')
        rest.n--;
    const char *at = rest.n ? memrchr(rest.p, '@', rest.n) : NULL;
    size_t login = at ? (size_t)(at - rest.p) : 0, skip = at ? login + 1 : 0;
    if (!egress_place_parse((struct str){rest.p + skip, rest.n - skip}, 80, ret_place))
        return err_set(e, ERR_INVALID, "a proxy's URL names no host and port");
    *ret_credentials = at ? basic((struct str){rest.p, login}) : mem_strdup("");
    if (!*ret_credentials)
        return err_set(e, ERR_INVALID, "a proxy's user or password is not well encoded");
    return 0;
}
