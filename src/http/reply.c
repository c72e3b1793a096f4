#include "http/reply.h"

#include "base/log.h"
#include "base/mem.h"

#include <string.h>
#include <strings.h>

int http_reply_json(struct request *req, struct response *res, int status, json_t *take)
{
    char *text = take ? json_dumps(take, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    json_decref(take);
    if (!text) { /* a value that jansson could not hold; never from clients' bytes, they are checked
                  */
        log_error("http", "reply is not JSON, path=%s", req->path);
        reply_detail(req, 500, "Internal Server Error", res);
        return 0;
    }
    arena_defer(req->arena, free, text);
    res->status = status;
    res->content_type = "application/json";
    res->body = str_of(text);
    return 0;
}

int http_reply_text(struct request *req, struct response *res, int status, const char *content_type,
                    struct str body)
{
    res->status = status;
    res->content_type = arena_strdup(req->arena, content_type);
    res->body = arena_str(req->arena, body);
    return 0;
}

void http_response_header(struct request *req, struct response *res, const char *name,
                          const char *value)
{
    if (res->header_count == HTTP_RESPONSE_HEADERS_MAX)
        return;
    res->headers[res->header_count++] =
        (struct http_header){arena_strdup(req->arena, name), arena_strdup(req->arena, value)};
}

void reply_detail(struct request *req, int status, const char *text, struct response *res)
{
    res->body = (struct str){0};
    json_t *detail = json_string(text);
    if (!detail) /* an error text with a client's stray bytes, cut inside a character */
        detail = json_string("The request was refused");
    (void)http_reply_json(req, res, status, json_pack("{s: o}", "detail", detail));
}

/* A 422 is always a list. Where it came from is not known below the endpoints: a parameter that the
 * store does not take as text. */
static void name_no_place(struct request *req, const struct err *e)
{
    struct err ignored;
    req->invalid = NULL; /* of something that was tried before */
    (void)http_invalid(req, "request", "value_error", &ignored, "Value error, %s", e->text);
}

void reply_error(struct request *req, const struct err *e, struct response *res)
{
    int status = err_http_status(e->code);
    *res = (struct response){0};
    if (e->code == ERR_INVALID && e->sys != REPLY_INVALID_MARK)
        name_no_place(req, e);
    if (e->code == ERR_INVALID)
        (void)http_reply_json(req, res, 422, json_pack("{s: O}", "detail", req->invalid));
    else
        reply_detail(req, status, status == 500 ? "Internal Server Error" : e->text, res);
    if (e->code == ERR_UNAUTHORIZED)
        http_response_header(req, res, "WWW-Authenticate", "Bearer");
    if (e->code == ERR_LIMIT || e->code == ERR_UNAVAILABLE)
        http_response_header(req, res, "Retry-After", "1");
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {203, "Non-Authoritative Information"},
        {204, "No Content"},
        {205, "Reset Content"},
        {206, "Partial Content"},
        {207, "Multi-Status"},
        {208, "Already Reported"},
        {226, "IM Used"},
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {305, "Use Proxy"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {418, "I'm a teapot"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {424, "Failed Dependency"},
        {425, "Too Early"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {506, "Variant Also Negotiates"},
        {507, "Insufficient Storage"},
        {508, "Loop Detected"},
        {511, "Network Authentication Required"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Status";
}

int reply_status(const struct response *res)
{
    int status = res->status ? res->status : 200;
    return status >= 200 && status <= 599 ? status : 500;
}

bool reply_has_body(int status)
{
    return status != 204 && status != 304;
}

/* Headers that say where the reply ends or what becomes of the connection: ours alone. */
static bool is_ours(const char *name)
{
    static const char *const names[] = {
        "Connection",   "Content-Length",
        "Content-Type", "Date",
        "Keep-Alive",   "Trailer",
        "TE",           "Transfer-Encoding",
        "Upgrade",      "X-Content-Type-Options",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static void add_header(struct buf *out, const char *name, const char *value)
{
    buf_addz(out, name);
    buf_add(out, ": ", 2);
    buf_addz(out, value);
    buf_add(out, "\r\n", 2);
}

/* RFC 9110, 15.5.22: only a 426 says itself what to upgrade to. */
static bool may_send(const struct http_header *h, int status)
{
    bool upgrade = status == 426 && h->name && strcasecmp(h->name, "Upgrade") == 0;
    return h->name && h->value && (upgrade || !is_ours(h->name)) && str_is_token(str_of(h->name)) &&
           str_is_line(str_of(h->value));
}

static bool has_header(const struct response *res, const char *name)
{
    for (size_t i = 0; i < res->header_count; i++)
        if (res->headers[i].name && strcasecmp(res->headers[i].name, name) == 0)
            return true;
    return false;
}

static void add_own_headers(struct buf *out, const struct response *res,
                            const struct response *extra)
{
    int status = reply_status(res);
    for (size_t i = 0; i < res->header_count; i++)
        if (may_send(&res->headers[i], status))
            add_header(out, res->headers[i].name, res->headers[i].value);
    for (size_t i = 0; extra && i < extra->header_count; i++) {
        const struct http_header *h = &extra->headers[i];
        if (may_send(h, status) && (strcasecmp(h->name, "Vary") == 0 || !has_header(res, h->name)))
            add_header(out, h->name, h->value);
    }
}

static void add_status(struct buf *out, int status)
{
    static const struct str ok = STR("HTTP/1.1 200 OK\r\n");
    if (status == 200)
        buf_add_str(out, ok);
    else
        buf_addf(out, "HTTP/1.1 %d %s\r\n", status, reason(status));
}

static void add_length(struct buf *out, size_t length)
{
    char digits[24], *p = digits + sizeof digits;
    do
        *--p = (char)('0' + length % 10);
    while (length /= 10);
    buf_addz(out, "Content-Length: ");
    buf_add(out, p, (size_t)(digits + sizeof digits - p));
    buf_add(out, "\r\n", 2);
}

void reply_write_head(struct buf *out, const struct response *res, const struct reply_head *head)
{
    int status = reply_status(res);
    const char *type = res->content_type ? res->content_type : "application/json";
    add_status(out, status);
    add_header(out, "Date", head->date);
    if (reply_has_body(status)) {
        add_header(out, "Content-Type",
                   str_is_line(str_of(type)) ? type : "application/octet-stream");
        if (head->framing == REPLY_LENGTH)
            add_length(out, res->body.n);
        else if (head->framing == REPLY_CHUNKED)
            buf_add_str(out, STR("Transfer-Encoding: chunked\r\n"));
    }
    buf_add_str(out, STR("X-Content-Type-Options: nosniff\r\n"));
    add_own_headers(out, res, head->extra);
    if (head->connection)
        add_header(out, "Connection", head->connection);
    buf_add(out, "\r\n", 2);
}
