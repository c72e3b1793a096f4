#include "deps/build_log.h"

#include "deps/builds_store.h"

#include <stdbool.h>
#include <string.h>

static bool inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Without the bytes of a character that has begun before. */
static struct str whole(struct str s)
{
    while (s.n && inside_character(s.p[0]))
        s = (struct str){s.p + 1, s.n - 1};
    return s;
}

void build_log_add(struct build_log *l, struct str text)
{
    size_t from = l->text.len;
    bool plain = !str_is_utf8(text);
    buf_add_str(&l->text, text);
    for (size_t i = from; i < l->text.len; i++)
        if (!l->text.data[i] || (plain && (unsigned char)l->text.data[i] > 0x7f))
            l->text.data[i] = '?';
    if (l->text.len > 2 * BUILD_LOG_MAX) { /* now and then: moving all of it costs */
        size_t gone = l->text.len - build_log_end(l).n;
        buf_consume(&l->text, gone);
        l->dropped += gone;
    }
}

struct str build_log_end(const struct build_log *l)
{
    struct str all = buf_str(&l->text);
    if (all.n <= BUILD_LOG_MAX)
        return all;
    return whole((struct str){all.p + all.n - BUILD_LOG_MAX, BUILD_LOG_MAX});
}

struct str build_log_from(const struct build_log *l, uint64_t at, size_t max, uint64_t *ret_next)
{
    struct str all = buf_str(&l->text);
    size_t from = at < l->dropped ? 0 : (size_t)(at - l->dropped);
    from = from < all.n ? from : all.n;
    struct str piece = {all.p ? all.p + from : "", all.n - from};
    if (piece.n > max) {
        piece.n = max;
        while (piece.n && inside_character(piece.p[piece.n]))
            piece.n--;
    }
    *ret_next = l->dropped + from + piece.n;
    return piece;
}

struct str build_log_lines(const struct build_log *l, unsigned count)
{
    struct str all = str_trim(buf_str(&l->text));
    size_t from = all.n;
    while (from && (all.p[from - 1] != '\n' || --count))
        from--;
    return (struct str){all.p ? all.p + from : "", all.n - from};
}

void build_log_done(struct build_log *l)
{
    buf_done(&l->text);
}
