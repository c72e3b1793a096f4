#include "gateway/result.h"

#include "base/json.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The members of a response that were there. */
struct envelope {
    size_t members; /* all of them */
    struct str status, headers, multi, cookies, body, encoded;
};

static int wrong(struct err *e, const char *what)
{
    return err_set(e, ERR_MALFORMED, "%s", what);
}

static void read_envelope(struct str output, struct envelope *ret)
{
    const struct {
        const char *name;
        struct str *slot;
    } members[] = {
        {"statusCode", &ret->status},
        {"headers", &ret->headers},
        {"multiValueHeaders", &ret->multi},
        {"cookies", &ret->cookies},
        {"body", &ret->body},
        {"isBase64Encoded", &ret->encoded},
    };
    struct json_walk walk;
    struct str name, value;
    *ret = (struct envelope){0};
    if (!json_walk_open(output, &walk) || !walk.names)
        return;
    for (; json_walk_next(&walk, &name, &value); ret->members++)
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            if (str_is(name, members[i].name))
                *members[i].slot = value;
}

static bool is_absent(struct str value)
{
    return !value.p || str_is(value, "null");
}

static int read_status(struct str text, int *ret, struct err *e)
{
    uint64_t number;
    if (!str_to_u64(text, &number) || number < 100 || number > 599)
        return wrong(e, "statusCode is not a whole number from 200 to 599");
    if (number < 200)
        return wrong(e, "statusCode 1xx is not a final answer");
    *ret = (int)number;
    return 0;
}

/* --- headers --- */

static int add_header(struct request *req, const char *name, struct str value, struct response *res,
                      struct err *e)
{
    if (!str_is_line(value)) /* it could write headers, or a second response */
        return err_set(e, ERR_MALFORMED, "header '%.64s' has a line break or control character",
                       name);
    if (strcasecmp(name, "Content-Type") == 0) {
        res->content_type = arena_dup(req->arena, value.p, value.n);
        return 0;
    }
    if (res->header_count == RESULT_HEADERS_MAX)
        return err_set(e, ERR_MALFORMED, "more than %d headers", RESULT_HEADERS_MAX);
    http_response_header(req, res, name, arena_dup(req->arena, value.p, value.n));
    return 0;
}

static int add_value(struct request *req, const char *name, struct str value, struct response *res,
                     struct err *e)
{
    auto_buf struct buf text = {0};
    if (value.p[0] == '"')
        json_add_decoded(&text, value);
    else if (value.p[0] == '-' || (value.p[0] >= '0' && value.p[0] <= '9'))
        buf_add_str(&text, value);
    else
        return err_set(e, ERR_MALFORMED, "header '%.64s' is not a text, a number or a list of them",
                       name);
    return add_header(req, name, str_trim(buf_str(&text)), res, e);
}

static int add_values(struct request *req, const char *name, struct str value, struct response *res,
                      struct err *e)
{
    struct json_walk walk;
    struct str none, item;
    if (!json_walk_open(value, &walk) || walk.names)
        return add_value(req, name, value, res, e);
    while (json_walk_next(&walk, &none, &item))
        if (add_value(req, name, item, res, e) < 0)
            return -1;
    return 0;
}

static const char *decoded_name(struct arena *a, struct str name)
{
    auto_buf struct buf text = {0};
    json_add_decoded(&text, (struct str){name.p - 1, name.n + 2}); /* its quotes */
    return memchr(buf_str(&text).p ? text.data : "", 0, text.len)
               ? ""
               : arena_dup(a, text.data ? text.data : "", text.len);
}

static int take_headers(struct request *req, struct str headers, struct response *res,
                        struct err *e)
{
    struct json_walk walk;
    struct str raw, value;
    if (is_absent(headers))
        return 0;
    if (!json_walk_open(headers, &walk) || !walk.names)
        return wrong(e, "headers is not an object");
    while (json_walk_next(&walk, &raw, &value)) {
        const char *name = decoded_name(req->arena, raw);
        if (!str_is_token(str_of(name)))
            return wrong(e, "a header's name is empty or has characters that are not allowed");
        if (!is_absent(value) && add_values(req, name, value, res, e) < 0)
            return -1;
    }
    return 0;
}

static int check_size(const struct response *res, struct err *e)
{
    size_t bytes = res->content_type ? strlen(res->content_type) : 0;
    for (size_t i = 0; i < res->header_count; i++)
        bytes += strlen(res->headers[i].name) + strlen(res->headers[i].value);
    return bytes <= RESULT_HEADERS_BYTES
               ? 0
               : err_set(e, ERR_MALFORMED, "its headers have more than %d KB",
                         RESULT_HEADERS_BYTES / 1024);
}

static int take_cookies(struct request *req, struct str cookies, struct response *res,
                        struct err *e)
{
    struct json_walk walk;
    struct str none, value;
    if (is_absent(cookies))
        return 0;
    if (!json_walk_open(cookies, &walk) || walk.names)
        return wrong(e, "cookies is not a list");
    while (json_walk_next(&walk, &none, &value))
        if (add_value(req, "Set-Cookie", value, res, e) < 0)
            return -1;
    return 0;
}

static bool starts(const char *s, const char *prefix)
{
    return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

/* Browsers leave out blanks around a cookie's name, and the "=" in front of one without a name:
 * " =virga_session=x" comes back as ours. */
static bool sets_session(const char *cookie)
{
    static const char name[] = "virga_session";
    cookie += strspn(cookie, " \t=");
    if (!starts(cookie, name))
        return false;
    cookie += sizeof name - 1;
    return cookie[strspn(cookie, " \t")] == '=';
}

/* RFC 9110, 7.6.1: these and whatever Connection names end at the next hop, which is us. */
static bool is_for_us(const struct http_header *h, const char *connection)
{
    static const char *const names[] = {
        "Connection", "Content-Length", "Transfer-Encoding", "Keep-Alive", "Upgrade", "TE",
        "Trailer",    "Date",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i], h->name) == 0)
            return true;
    return starts(h->name, "Proxy-") || starts(h->name, "X-Virga-") ||
           (strcasecmp(h->name, "Set-Cookie") == 0 && sets_session(h->value)) ||
           str_lists(str_of(connection), ',', str_of(h->name), true);
}

static void leave_out(struct response *res)
{
    const char *connection = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < res->header_count; i++)
        if (strcasecmp(res->headers[i].name, "Connection") == 0)
            connection = res->headers[i].value;
    for (size_t i = 0; i < res->header_count; i++)
        if (!is_for_us(&res->headers[i], connection))
            res->headers[kept++] = res->headers[i];
    res->header_count = kept;
}

int result_headers(struct request *req, struct str headers, struct response *res, struct err *e)
{
    if (take_headers(req, headers, res, e) < 0)
        return -1;
    leave_out(res);
    return check_size(res, e);
}

/* --- the body --- */

/* "application/json", "application/problem+json; charset=utf-8", ... */
static bool is_json_type(const char *type)
{
    struct str rest = str_of(type);
    struct str name = str_trim(str_cut(&rest, ';'));
    const char *ends[] = {"/json", "+json"};
    for (size_t i = 0; i < 2; i++)
        if (name.n >= 5 && strncasecmp(name.p + name.n - 5, ends[i], 5) == 0)
            return true;
    return false;
}

void result_type(struct response *res, const char *type)
{
    if (!res->content_type)
        res->content_type = type;
}

static int decode_bytes(struct str value, struct buf *body, struct err *e)
{
    auto_buf struct buf text = {0};
    size_t n = 0;
    if (value.p[0] != '"')
        return wrong(e, "isBase64Encoded is true, but body is not a text");
    json_add_decoded(&text, value);
    buf_reserve(body, text.len);
    const char *end = text.data;
    if (text.len && (sodium_base642bin((unsigned char *)body->data, text.len, text.data, text.len,
                                       " \r\n", &n, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
                     end != text.data + text.len))
        return wrong(e, "isBase64Encoded is true, but body is not base64");
    body->len = n;
    return 0;
}

static int map_body(struct str value, bool encoded, struct response *res, struct buf *body,
                    struct err *e)
{
    bool raw = res->content_type && !is_json_type(res->content_type);
    if (is_absent(value)) {
        res->body = raw || encoded ? STR("") : STR("null");
    } else if (encoded) {
        if (decode_bytes(value, body, e) < 0)
            return -1;
        result_type(res, "application/octet-stream");
        res->body = buf_str(body);
    } else if (raw && value.p[0] == '"') {
        json_add_decoded(body, value);
        res->body = buf_str(body);
    } else {
        res->body = value;
    }
    return 0;
}

static int take_head(struct request *req, const struct envelope *v, struct response *res,
                     struct err *e)
{
    if (read_status(v->status, &res->status, e) < 0)
        return -1;
    if (!is_absent(v->encoded) && !str_is(v->encoded, "true") && !str_is(v->encoded, "false"))
        return wrong(e, "isBase64Encoded is neither true nor false");
    if (take_headers(req, v->headers, res, e) < 0 || take_headers(req, v->multi, res, e) < 0 ||
        take_cookies(req, v->cookies, res, e) < 0)
        return -1;
    leave_out(res);
    return check_size(res, e);
}

int result_map(struct request *req, struct str output, struct response *res, struct buf *body,
               struct err *e)
{
    struct envelope v;
    *res = (struct response){.status = 200, .body = output};
    read_envelope(output, &v);
    if (v.members == 2 && v.body.p && str_is(v.encoded, "true"))
        v.status = STR("200");
    if (!v.status.p)
        return 0;
    if (take_head(req, &v, res, e) < 0)
        return -1;
    res->body = STR("");
    if (res->status == 205) /* RFC 9110, 15.3.6: it ends with its headers */
        return 0;
    return map_body(v.body, str_is(v.encoded, "true"), res, body, e);
}
