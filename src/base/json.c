#include "base/json.h"

#include "base/buf.h"

#include <string.h>

struct scan {
    const char *start, *p, *end;
    unsigned depth;
    const char *why; /* what is wrong at p */
};

static bool value(struct scan *s);

static void space(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

static bool wrong(struct scan *s, const char *why)
{
    if (!s->why)
        s->why = why;
    return false;
}

static bool accept(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool word(struct scan *s, struct str w)
{
    if ((size_t)(s->end - s->p) < w.n || memcmp(s->p, w.p, w.n) != 0)
        return wrong(s, "expecting a value");
    s->p += w.n;
    return true;
}

static bool digits(struct scan *s)
{
    const char *from = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > from || wrong(s, "expecting a digit");
}

static bool plain_number(struct scan *s)
{
    if (!accept(s, '0') && !digits(s))
        return false;
    if (accept(s, '.') && !digits(s))
        return false;
    if (accept(s, 'e') || accept(s, 'E')) {
        if (!accept(s, '+'))
            (void)accept(s, '-');
        return digits(s);
    }
    return true;
}

static bool number(struct scan *s)
{
    (void)accept(s, '-');
    const char *from = s->p;
    return plain_number(s) && (s->p - from <= JSON_NUMBER_MAX || wrong(s, "number too long"));
}

static bool hex4(struct scan *s)
{
    for (int i = 0; i < 4; i++, s->p++)
        if (s->p == s->end || !strchr("0123456789abcdefABCDEF", *s->p) || !*s->p)
            return wrong(s, "expecting four hex digits");
    return true;
}

static bool escape(struct scan *s)
{
    if (s->p == s->end || !*s->p || !strchr("\"\\/bfnrtu", *s->p))
        return wrong(s, "invalid escape");
    return *s->p++ != 'u' || hex4(s);
}

static bool string(struct scan *s)
{
    if (!accept(s, '"'))
        return wrong(s, "expecting a string");
    while (s->p < s->end) {
        unsigned char c = (unsigned char)*s->p;
        if (c < 0x20)
            return wrong(s, "control character in a string");
        s->p++;
        if (c == '"')
            return true;
        if (c == '\\' && !escape(s))
            return false;
    }
    return wrong(s, "unterminated string");
}

static bool member(struct scan *s)
{
    space(s);
    if (!string(s))
        return false;
    space(s);
    if (!accept(s, ':'))
        return wrong(s, "expecting ':'");
    return value(s);
}

static bool element(struct scan *s)
{
    return value(s);
}

static bool sequence(struct scan *s, char close, bool (*item)(struct scan *s))
{
    if (++s->depth > JSON_DEPTH_MAX)
        return wrong(s, "nested too deep");
    s->p++;
    space(s);
    if (!accept(s, close)) {
        do {
            if (!item(s))
                return false;
        } while (accept(s, ','));
        if (!accept(s, close))
            return wrong(s, "expecting ',' or the end of the list or object");
    }
    s->depth--;
    return true;
}

/* One value with the white space around it. */
static bool value(struct scan *s)
{
    space(s);
    bool ok;
    switch (s->p < s->end ? *s->p : 0) {
    case '{':
        ok = sequence(s, '}', member);
        break;
    case '[':
        ok = sequence(s, ']', element);
        break;
    case '"':
        ok = string(s);
        break;
    case 't':
        ok = word(s, STR("true"));
        break;
    case 'f':
        ok = word(s, STR("false"));
        break;
    case 'n':
        ok = word(s, STR("null"));
        break;
    case '-':
    case '0' ... '9':
        ok = number(s);
        break;
    default:
        ok = wrong(s, "expecting a value");
    }
    space(s);
    return ok;
}

int json_check(struct str text, struct err *e)
{
    struct scan s = {.start = text.p, .p = text.p, .end = text.p + text.n};
    if (!str_is_utf8(text))
        return err_set(e, ERR_MALFORMED, "not UTF-8");
    if (!value(&s))
        return err_set(e, ERR_MALFORMED, "%s at byte %zu", s.why, (size_t)(s.p - s.start));
    if (s.p != s.end)
        return err_set(e, ERR_MALFORMED, "extra data at byte %zu", (size_t)(s.p - s.start));
    return 0;
}

static struct str trimmed(const char *from, const char *to)
{
    return str_trim((struct str){from, (size_t)(to - from)});
}

int json_member(struct str object, const char *name, struct str *ret, struct err *e)
{
    struct scan s = {.start = object.p, .p = object.p, .end = object.p + object.n};
    *ret = (struct str){NULL, 0};
    space(&s);
    if (!accept(&s, '{'))
        return err_set(e, ERR_INVALID, "not an object");
    space(&s);
    if (accept(&s, '}'))
        return 0;
    do {
        space(&s);
        const char *key = s.p + 1;
        if (!string(&s))
            break;
        bool match = str_is((struct str){key, (size_t)(s.p - 1 - key)}, name);
        space(&s);
        const char *from = ++s.p;
        if (!value(&s))
            break;
        if (match && ret->p)
            return err_set(e, ERR_INVALID, "member '%s' stands there twice", name);
        if (match)
            *ret = trimmed(from, s.p);
    } while (accept(&s, ','));
    return s.why ? err_set(e, ERR_MALFORMED, "%s", s.why) : 0;
}

/* Length of the well-formed UTF-8 sequence at p, or 0. */
static size_t sequence_length(const char *p, size_t left)
{
    for (size_t n = 1; n <= 4 && n <= left; n++)
        if (str_is_utf8((struct str){p, n}))
            return n;
    return 0;
}

static void add_control(struct buf *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    buf_add(out, escape, sizeof escape);
}

static void add_char(struct buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        buf_add(out, "\\\"", 2);
        break;
    case '\\':
        buf_add(out, "\\\\", 2);
        break;
    case '\n':
        buf_add(out, "\\n", 2);
        break;
    case '\r':
        buf_add(out, "\\r", 2);
        break;
    case '\t':
        buf_add(out, "\\t", 2);
        break;
    default:
        add_control(out, c);
    }
}

/* How many bytes from p on stand in a string as they are. `sound`: those above ASCII do as well. */
static size_t plain_length(const char *p, size_t left, bool sound)
{
    size_t n = 0;
    while (n < left && (unsigned char)p[n] >= 0x20 && p[n] != '"' && p[n] != '\\' &&
           (sound || (unsigned char)p[n] < 0x80))
        n++;
    return n;
}

void json_add_string(struct buf *out, struct str s)
{
    bool sound = str_is_utf8(s); /* once: bodies of many megabytes come by on the loop thread */
    buf_add(out, "\"", 1);
    for (size_t i = 0, n; i < s.n; i += n) {
        n = plain_length(s.p + i, s.n - i, sound);
        if (n) {
            buf_add(out, s.p + i, n);
        } else if ((unsigned char)s.p[i] < 0x80) {
            add_char(out, (unsigned char)s.p[i]);
            n = 1;
        } else if ((n = sequence_length(s.p + i, s.n - i))) {
            buf_add(out, s.p + i, n);
        } else {
            buf_add(out, "\xef\xbf\xbd", 3);
            n = 1;
        }
    }
    buf_add(out, "\"", 1);
}

bool json_walk_open(struct str value, struct json_walk *ret)
{
    struct str text = str_trim(value);
    if (text.n < 2 || (text.p[0] != '{' && text.p[0] != '['))
        return false;
    *ret = (struct json_walk){text.p + 1, text.p + text.n - 1, text.p[0] == '{'};
    return true;
}

bool json_walk_next(struct json_walk *w, struct str *ret_name, struct str *ret_value)
{
    struct scan s = {.start = w->p, .p = w->p, .end = w->end};
    space(&s);
    (void)accept(&s, ',');
    space(&s);
    if (s.p == s.end)
        return false;
    *ret_name = (struct str){NULL, 0};
    if (w->names) {
        const char *key = s.p + 1;
        (void)string(&s);
        *ret_name = (struct str){key, (size_t)(s.p - 1 - key)};
        space(&s);
        (void)accept(&s, ':');
    }
    const char *from = s.p;
    if (!value(&s))
        return false;
    *ret_value = trimmed(from, s.p);
    w->p = s.p;
    return true;
}

static unsigned hex_value(const char *p)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)p[i];
        v = v << 4 | (c <= '9' ? c - 48u : (c | 0x20u) - 87u);
    }
    return v;
}

static void add_utf8(struct buf *out, unsigned c)
{
    char bytes[4];
    if (c < 0x80) {
        bytes[0] = (char)c;
        buf_add(out, bytes, 1);
    } else if (c < 0x800) {
        bytes[0] = (char)(0xc0 | c >> 6);
        bytes[1] = (char)(0x80 | (c & 0x3f));
        buf_add(out, bytes, 2);
    } else if (c < 0x10000) {
        bytes[0] = (char)(0xe0 | c >> 12);
        bytes[1] = (char)(0x80 | (c >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (c & 0x3f));
        buf_add(out, bytes, 3);
    } else {
        bytes[0] = (char)(0xf0 | c >> 18);
        bytes[1] = (char)(0x80 | (c >> 12 & 0x3f));
        bytes[2] = (char)(0x80 | (c >> 6 & 0x3f));
        bytes[3] = (char)(0x80 | (c & 0x3f));
        buf_add(out, bytes, 4);
    }
}

/* The escape behind a backslash at p; returns what follows it. */
static const char *add_escape(struct buf *out, const char *p, const char *end)
{
    static const char letters[] = "bfnrt", bytes[] = "\b\f\n\r\t";
    const char *letter = strchr(letters, *p);
    if (*p != 'u') {
        buf_add(out, letter ? &bytes[letter - letters] : p, 1);
        return p + 1;
    }
    unsigned c = hex_value(p + 1);
    p += 5;
    if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        unsigned low = hex_value(p + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            add_utf8(out, 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00)));
            return p + 6;
        }
    }
    add_utf8(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    return p;
}

void json_add_decoded(struct buf *out, struct str string)
{
    const char *p = string.p + 1, *end = string.p + string.n - 1;
    buf_reserve(out, string.n);
    while (p < end) {
        const char *plain = memchr(p, '\\', (size_t)(end - p));
        size_t n = (size_t)((plain ? plain : end) - p);
        buf_add(out, p, n);
        p += n;
        if (p < end)
            p = add_escape(out, p + 1, end);
    }
}
