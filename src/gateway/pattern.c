#include "gateway/pattern.h"

#include "base/buf.h"
#include "gateway/gateway.h"

#include <string.h>

struct str pattern_segment(struct str *rest)
{
    while (rest->p) {
        struct str segment = str_cut(rest, '/');
        if (segment.n)
            return segment;
    }
    return (struct str){NULL, 0};
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_identifier(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_letter(s.p[i]) && (i == 0 || s.p[i] < '0' || s.p[i] > '9'))
            return false;
    return s.n > 0;
}

static int check_bytes(struct str path, struct err *e)
{
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        if (c < 0x20 || c == 0x7f)
            return err_set(e, ERR_INVALID, "a path has no control characters");
        if (c == '?' || c == '#')
            return err_set(e, ERR_INVALID, "a path has no '%c': a query is not part of it", c);
    }
    return 0;
}

/* Names seen so far in one pattern. */
struct names {
    struct str name[ROUTE_PARAMS_MAX];
    size_t count;
};

static int add_name(struct names *names, struct str name, struct err *e)
{
    if (!name.n)
        return err_set(e, ERR_INVALID,
                       "':' and '*' stand before a name, as in '/users/:id' and '/files/*rest'");
    if (!is_identifier(name))
        return err_set(e, ERR_INVALID,
                       "'%.*s' is no name for a parameter: letters, digits and '_', no digit first",
                       name.n > 64 ? 64 : (int)name.n, name.p);
    for (size_t i = 0; i < names->count; i++)
        if (str_eq(names->name[i], name))
            return err_set(e, ERR_INVALID, "the parameter '%.*s' stands there twice",
                           name.n > 64 ? 64 : (int)name.n, name.p);
    if (names->count == ROUTE_PARAMS_MAX)
        return err_set(e, ERR_INVALID, "a path has at most %d parameters", ROUTE_PARAMS_MAX);
    names->name[names->count++] = name;
    return 0;
}

static int check_segments(struct str path, struct err *e)
{
    struct names names = {0};
    struct str rest = path, segment;
    size_t count = 0;
    bool wild = false;
    while ((segment = pattern_segment(&rest)).p) {
        if (wild)
            return err_set(e, ERR_INVALID, "'*name' takes all that is left: it comes last");
        if (++count > ROUTE_SEGMENTS_MAX)
            return err_set(e, ERR_INVALID, "a path has at most %d segments", ROUTE_SEGMENTS_MAX);
        wild = segment.p[0] == '*';
        if ((wild || segment.p[0] == ':') &&
            add_name(&names, (struct str){segment.p + 1, segment.n - 1}, e) < 0)
            return -1;
    }
    return 0;
}

int pattern_normalise(struct arena *a, const char *given, const char **ret, struct err *e)
{
    const char *path = *given == '/' ? given : arena_printf(a, "/%s", given);
    struct str text = str_of(path);
    while (text.n > 1 && text.p[text.n - 1] == '/')
        text.n--;
    if (text.n > ROUTE_PATH_MAX)
        return err_set(e, ERR_INVALID, "a path has at most %d bytes", ROUTE_PATH_MAX);
    if (check_bytes(text, e) < 0 || check_segments(text, e) < 0)
        return -1;
    *ret = arena_dup(a, text.p, text.n);
    return 0;
}

const char *pattern_shape(struct arena *a, const char *path)
{
    auto_buf struct buf out = {0};
    struct str rest = str_of(path), segment;
    while ((segment = pattern_segment(&rest)).p) {
        bool named = segment.p[0] == ':' || segment.p[0] == '*';
        buf_add(&out, "/", 1);
        buf_add(&out, segment.p, named ? 1 : segment.n);
    }
    return out.len ? arena_dup(a, out.data, out.len) : "/";
}
