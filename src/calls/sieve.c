#include "calls/sieve.h"

#include "base/clock.h"

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

bool sieve_input_shown(const struct call_row *row, bool member)
{
    return member || strcmp(row->source, "gateway") != 0;
}

bool sieve_takes_texts(const struct sieve *s, const struct call_row *row, bool member)
{
    return !s->q.p || (sieve_input_shown(row, member) && holds(row->input, s->q)) ||
           holds(row->output, s->q) || holds(row->error, s->q) || holds(row->out, s->q) ||
           holds(row->err, s->q);
}
