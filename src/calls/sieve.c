#include "calls/sieve.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

#include <ctype.h>
#include <string.h>

enum { Q_MAX = 200, SOURCE_MAX = 32 };

static unsigned status_bit(struct str word)
{
    for (unsigned i = 0; i < CALL_STATUSES; i++)
        if (str_is(word, call_status_name(i)))
            return 1u << i;
    return 0;
}

static int read_statuses(struct request *req, struct sieve *s, struct err *e)
{
    const char *text = http_query(req, "status");
    struct str rest = str_of(text);
    while (text && rest.p) {
        unsigned bit = status_bit(str_cut(&rest, ','));
        if (!bit)
            return http_invalid(req, "query.status", "literal_error", e,
                                "Input should be words like success, error, timeout, oom,"
                                " output_limit, crashed, throttled, platform_error, separated by"
                                " commas");
        s->statuses |= bit;
    }
    return 0;
}

static int read_time(struct request *req, const char *name, const char *loc, int64_t *ret,
                     struct err *e)
{
    const char *text = http_query(req, name);
    if (!text || clock_parse_rfc3339(text, ret))
        return 0;
    return http_invalid(req, loc, "datetime_type", e,
                        "Input should be a time like 2030-01-31T12:00:00Z");
}

static int read_source(struct request *req, struct sieve *s, struct err *e)
{
    s->source = http_query(req, "source");
    if (!s->source || (s->source[0] && strlen(s->source) <= SOURCE_MAX &&
                       strspn(s->source, "abcdefghijklmnopqrstuvwxyz_") == strlen(s->source)))
        return 0;
    return http_invalid(req, "query.source", "value_error", e,
                        "Value error, a source is a word like direct or gateway");
}

static int read_cold(struct request *req, struct sieve *s, struct err *e)
{
    const char *text = http_query(req, "cold");
    s->cold = !text ? -1 : strcmp(text, "true") == 0 ? 1 : strcmp(text, "false") == 0 ? 0 : 2;
    return s->cold < 2 ? 0
                       : http_invalid(req, "query.cold", "bool_parsing", e,
                                      "Input should be true or false");
}

static int read_version(struct request *req, struct sieve *s, struct err *e)
{
    uint64_t version = 0;
    const char *text = http_query(req, "version");
    if (text && (!str_to_u64(str_of(text), &version) || version < 1 || version > UINT32_MAX))
        return http_invalid(req, "query.version", "int_parsing", e,
                            "Input should be the number of a version");
    s->version = (uint32_t)version;
    return 0;
}

static int read_q(struct request *req, struct sieve *s, struct err *e)
{
    const char *text = http_query(req, "q");
    size_t len = text ? strlen(text) : 0;
    if (len > Q_MAX)
        return http_invalid(req, "query.q", "string_too_long", e,
                            "String should have at most %d bytes", Q_MAX);
    s->q = (struct str){len ? text : NULL, len};
    return 0;
}

int sieve_read(struct request *req, struct sieve *ret, struct err *e)
{
    *ret = (struct sieve){.cold = -1};
    if (read_statuses(req, ret, e) < 0 ||
        read_time(req, "since", "query.since", &ret->since_us, e) < 0 ||
        read_time(req, "until", "query.until", &ret->until_us, e) < 0 ||
        read_source(req, ret, e) < 0 || read_cold(req, ret, e) < 0 ||
        read_version(req, ret, e) < 0 || read_q(req, ret, e) < 0)
        return -1;
    return 0;
}

bool sieve_takes(const struct sieve *s, const struct sieve_brief *b)
{
    return (!s->statuses || (s->statuses & status_bit(str_of(b->status)))) &&
           (!s->source || strcmp(s->source, b->source) == 0) &&
           (s->cold < 0 || s->cold == b->cold) && (!s->version || s->version == b->version) &&
           b->created_us >= s->since_us && (!s->until_us || b->created_us < s->until_us);
}

static bool equal_folded(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]))
            return false;
    return true;
}

static bool holds(struct str text, struct str q)
{
    for (size_t i = 0; text.p && i + q.n <= text.n; i++)
        if (equal_folded(text.p + i, q.p, q.n))
            return true;
    return false;
}

/* u0061, or both halves of a surrogate pair at once: ud83d\ude00. */
static size_t add_unicode(struct buf *out, struct str text)
{
    enum { ONE = 5, PAIR = 11 };
    auto_buf struct buf quoted = {0};
    struct err ignored = {0};
    bool pair = text.n >= PAIR && tolower((unsigned char)text.p[1]) == 'd' && text.p[ONE] == '\\' &&
                text.p[ONE + 1] == 'u';
    size_t n = pair ? PAIR : ONE;
    if (n > text.n)
        return 0;
    buf_addf(&quoted, "\"\\%.*s\"", (int)n, text.p);
    if (json_check(buf_str(&quoted), &ignored) < 0)
        return 0;
    json_add_decoded(out, buf_str(&quoted));
    return n;
}

/* What stands behind a backslash. Returns how many bytes it has; 0 when it was cut off. */
static size_t add_escape(struct buf *out, struct str text)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (text.n && text.p[0] == 'u')
        return add_unicode(out, text);
    const char *at = text.n ? memchr(letters, text.p[0], sizeof letters - 1) : NULL;
    if (!at)
        return 0;
    buf_add(out, &meant[at - letters], 1);
    return 1;
}

/* JSON text is searched as people read it as well: clients write the same letter as it is or as
 * \u00e4. It may be cut anywhere. */
static bool holds_json(struct str json, struct str q)
{
    if (holds(json, q))
        return true;
    if (!json.p || !memchr(json.p, '\\', json.n))
        return false;
    auto_buf struct buf text = {0};
    for (size_t i = 0; i < json.n; i++) {
        size_t used = 0;
        if (json.p[i] == '\\')
            used = add_escape(&text, (struct str){json.p + i + 1, json.n - i - 1});
        if (!used)
            buf_add(&text, json.p + i, 1);
        i += used;
    }
    return holds(buf_str(&text), q);
}

bool sieve_input_shown(const struct call_row *row, bool member)
{
    return member || strcmp(row->source, "gateway") != 0;
}

bool sieve_takes_texts(const struct sieve *s, const struct call_row *row, bool member)
{
    return !s->q.p || (sieve_input_shown(row, member) && holds_json(row->input, s->q)) ||
           holds_json(row->output, s->q) || holds(row->error, s->q) || holds(row->out, s->q) ||
           holds(row->err, s->q);
}
