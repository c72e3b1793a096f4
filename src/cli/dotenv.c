#include "cli/dotenv.h"

#include "base/buf.h"

#include <string.h>

enum { VARIABLES_MAX = 1000 };

#define BOM "\xEF\xBB\xBF"

struct reader {
    struct str rest;
    unsigned line; /* where `rest` begins, from 1 */
};

static char next(struct reader *r)
{
    char c = *r->rest.p++;
    r->rest.n--;
    r->line += c == '\n';
    return c;
}

static void skip_blanks(struct reader *r)
{
    while (r->rest.n > 0 && (*r->rest.p == ' ' || *r->rest.p == '\t'))
        (void)next(r);
}

static struct str take_line(struct reader *r)
{
    struct str line = {r->rest.p, 0};
    while (r->rest.n > 0 && *r->rest.p != '\n') {
        (void)next(r);
        line.n++;
    }
    return line;
}

static char unescaped(char c)
{
    return (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c);
}

static int read_quoted(struct reader *r, struct buf *ret, struct err *e)
{
    unsigned begin = r->line;
    char quote = next(r);
    while (r->rest.n > 0) {
        char c = next(r);
        if (c == quote)
            return 0;
        bool escape =
            c == '\\' && quote == '"' && r->rest.n > 0 && memchr("nrt\"\\", *r->rest.p, 5) != NULL;
        if (escape)
            c = unescaped(next(r));
        buf_add(ret, &c, 1);
    }
    return err_set(e, ERR_INVALID, "line %u: the quote %c is never closed", begin, quote);
}

static void read_plain(struct reader *r, struct buf *ret)
{
    struct str line = take_line(r);
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
            line.n = i;
    buf_add_str(ret, str_trim(line));
}

static int read_value(struct reader *r, struct buf *ret, struct err *e)
{
    skip_blanks(r);
    if (r->rest.n == 0 || (*r->rest.p != '"' && *r->rest.p != '\'')) {
        read_plain(r, ret);
        return 0;
    }
    if (read_quoted(r, ret, e) < 0)
        return -1;
    struct str behind = str_trim(take_line(r));
    return behind.n == 0 || behind.p[0] == '#'
               ? 0
               : err_set(e, ERR_INVALID, "line %u: there is something behind the quotes", r->line);
}

/* "KEY" or "export KEY", up to the "="; empty for a line without one. */
static struct str read_key(struct reader *r)
{
    struct str key = {r->rest.p, 0};
    while (r->rest.n > 0 && *r->rest.p != '=' && *r->rest.p != '\n') {
        (void)next(r);
        key.n++;
    }
    if (r->rest.n == 0 || *r->rest.p != '=')
        return STR("");
    (void)next(r);
    key = str_trim(key);
    if (str_starts(key, STR("export ")))
        key = str_trim((struct str){key.p + 7, key.n - 7});
    return key;
}

static int add(json_t *variables, struct str key, struct str value, unsigned line, struct err *e)
{
    size_t i;
    const json_t *known;
    json_array_foreach(variables, i, known)
    {
        const json_t *name = json_object_get(known, "key");
        if (str_eq((struct str){json_string_value(name), json_string_length(name)}, key))
            return err_set(e, ERR_INVALID, "line %u: " STR_FMT " stands there twice", line,
                           STR_ARG(key));
    }
    json_t *one =
        json_pack("{s:s%, s:s%}", "key", key.p, key.n, "value", value.n ? value.p : "", value.n);
    if (!one)
        return err_set(e, ERR_INVALID, "line %u is no UTF-8 text", line);
    (void)json_array_append_new(variables, one);
    return 0;
}

static int read_variable(struct reader *r, json_t *variables, struct err *e)
{
    unsigned line = r->line;
    auto_buf struct buf value = {0};
    struct str key = read_key(r);
    if (json_array_size(variables) == VARIABLES_MAX)
        return err_set(e, ERR_TOO_LARGE, "more than %d variables", VARIABLES_MAX);
    if (key.n == 0)
        return err_set(e, ERR_INVALID, "line %u is not KEY=VALUE", line);
    if (read_value(r, &value, e) < 0)
        return -1;
    return add(variables, key, buf_str(&value), line, e);
}

int dotenv_parse(struct str text, json_t **ret, struct err *e)
{
    struct reader r = {text, 1};
    json_t *variables = json_array();
    if (str_starts(text, STR(BOM)))
        r.rest = (struct str){text.p + 3, text.n - 3};
    while (r.rest.n > 0) {
        skip_blanks(&r);
        if (r.rest.n == 0)
            break;
        if (*r.rest.p == '\n' || *r.rest.p == '\r') {
            (void)next(&r);
        } else if (*r.rest.p == '#') {
            (void)take_line(&r);
        } else if (read_variable(&r, variables, e) < 0) {
            json_decref(variables);
            return -1;
        }
    }
    *ret = variables;
    return 0;
}
