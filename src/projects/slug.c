#include "projects/slug.h"

#include "base/buf.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <wctype.h>

enum { CHARACTER_MAX = 4 };

/* The character at `*s`, which is well-formed, and steps behind it. */
static wint_t next_character(const char **s)
{
    const unsigned char *p = (const unsigned char *)*s;
    int tail = p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
    wint_t c = tail ? p[0] & (0x3fu >> tail) : p[0];
    for (int i = 1; i <= tail; i++)
        c = c << 6 | (p[i] & 0x3f);
    *s += 1 + tail;
    return c;
}

static size_t encode(wint_t c, char out[CHARACTER_MAX])
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n] | c);
    return n;
}

/* Those that do not let a line break are blanks as well, though the C library has another opinion.
 */
static bool is_blank(wint_t c, locale_t unicode)
{
    return iswspace_l(c, unicode) || c == 0xa0 || c == 0x2007 || c == 0x202f;
}

struct slug {
    char *text;
    size_t len;
    bool gap; /* a '-' is due before the next character */
};

/* False when there is no room for it. */
static bool add(struct slug *s, wint_t c)
{
    char bytes[CHARACTER_MAX];
    size_t n = encode(c, bytes), gap = s->gap && s->len > 0;
    if (s->len + gap + n > PROJECT_SLUG_MAX)
        return false;
    if (gap)
        s->text[s->len++] = '-';
    memcpy(s->text + s->len, bytes, n);
    s->len += n;
    s->gap = false;
    return true;
}

/* Set here and not for the process: the C library's own idea of letters, whatever the environment
 * of the server says. */
int slug_make(const char *name, char ret[PROJECT_SLUG_MAX + 1], struct err *e)
{
    struct slug slug = {.text = ret};
    locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!unicode)
        return err_sys(e, "locale 'C.UTF-8', which slugs are made with");
    while (*name) {
        wint_t c = next_character(&name);
        if (is_blank(c, unicode) || c == '_' || c == '-')
            slug.gap = true;
        else if (iswalnum_l(c, unicode) && !add(&slug, towlower_l(c, unicode)))
            break;
    }
    freelocale(unicode);
    ret[slug.len] = 0;
    if (!slug.len)
        snprintf(ret, PROJECT_SLUG_MAX + 1, "project");
    return 0;
}

const char *slug_in_url(struct arena *a, const char *slug)
{
    auto_buf struct buf out = {0};
    for (const unsigned char *p = (const unsigned char *)slug; *p; p++)
        buf_addf(&out, *p < 0x80 ? "%c" : "%%%02X", *p);
    return arena_dup(a, out.data ? out.data : "", out.len);
}
