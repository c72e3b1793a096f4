#include "gateway/event.h"

#include "auth/auth.h"
#include "base/base64.h"
#include "base/json.h"
#include "gateway/pairs.h"
#include "gateway/percent.h"

#include <string.h>
#include <strings.h>

static void add_text(struct buf *out, const char *name, struct str text)
{
    buf_addf(out, ",\"%s\":", name);
    json_add_string(out, text);
}

static void add_params(struct buf *out, const struct trie_match *match)
{
    buf_addz(out, ",\"params\":{");
    for (size_t i = 0; i < match->count; i++) {
        if (i)
            buf_add(out, ",", 1);
        json_add_string(out, match->params[i].name);
        buf_add(out, ":", 1);
        json_add_string(out, match->params[i].value);
    }
    buf_addz(out, "}");
}

static void add_query(struct buf *out, const struct request *req)
{
    struct pairs pairs = {.arena = req->arena};
    struct str rest = str_of(*req->query ? req->query : NULL);
    while (rest.p) {
        struct str value = str_cut(&rest, '&');
        if (!value.n)
            continue;
        struct str name = str_cut(&value, '=');
        pairs_add(&pairs, percent_decode(req->arena, name, true),
                  value.p ? percent_decode(req->arena, value, true) : STR(""));
    }
    pairs_seal(&pairs);
    buf_addz(out, ",\"query\":");
    pairs_write_last(&pairs, out);
    buf_addz(out, ",\"multiQuery\":");
    pairs_write_all(&pairs, out);
}

/* The contract's, and those that speak of one connection (RFC 9110, 7.6.1): the body has been taken
 * out of its framing already. */
static bool is_hidden(const char *name)
{
    static const char *const names[] = {
        "host",           "connection",        "authorization",
        "content-length", "transfer-encoding", "te",
        "keep-alive",     "upgrade",           "trailer",
        "expect",         "proxy-connection",  "proxy-authorization",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

/* What a client says of itself that only a proxy in front could know, and functions tend to
 * believe. Those that we read ourselves are true from a trusted proxy; of the others nobody has
 * said that a proxy replaces them (docs/proxy.md), and sourceIp says the same. */
static bool is_forged(const struct request *req, const char *name)
{
    if (strncasecmp(name, "x-forwarded-", 12) == 0)
        return !req->proxied;
    return strcasecmp(name, "forwarded") == 0 || strcasecmp(name, "x-real-ip") == 0;
}

/* Every Connection header, as one list. */
static struct str connection_of(const struct request *req)
{
    struct str all = {NULL, 0};
    for (size_t i = 0; i < req->header_count; i++)
        if (strcasecmp(req->headers[i].name, "connection") == 0)
            all = str_of(
                all.p ? arena_printf(req->arena, STR_FMT ",%s", STR_ARG(all), req->headers[i].value)
                      : req->headers[i].value);
    return all;
}

static bool is_for_guest(const struct request *req, struct str connection, const char *name)
{
    return !is_hidden(name) && !is_forged(req, name) &&
           !str_lists(connection, ',', str_of(name), true);
}

static struct str lower(struct arena *a, const char *name)
{
    char *copy = arena_strdup(a, name);
    for (char *p = copy; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return str_of(copy);
}

static void take_cookies(struct pairs *cookies, const char *header)
{
    struct str rest = str_of(header);
    while (rest.p) {
        struct str value = str_cut(&rest, ';');
        struct str name = str_cut(&value, '=');
        if (value.p)
            pairs_add(cookies, str_trim(name), str_trim(value));
    }
}

static void add_headers(struct buf *out, const struct request *req)
{
    struct pairs pairs = {.arena = req->arena}, cookies = {.arena = req->arena};
    struct str connection = connection_of(req);
    for (size_t i = 0; i < req->header_count; i++) {
        const struct http_header *h = &req->headers[i];
        const char *value =
            is_for_guest(req, connection, h->name) ? auth_header_for_guest(req->arena, h) : NULL;
        if (!value)
            continue;
        pairs_add(&pairs, lower(req->arena, h->name), str_of(value));
        if (strcasecmp(h->name, "cookie") == 0)
            take_cookies(&cookies, value);
    }
    pairs_seal(&pairs);
    pairs_seal(&cookies);
    buf_addz(out, ",\"headers\":");
    pairs_write_last(&pairs, out);
    buf_addz(out, ",\"multiHeaders\":");
    pairs_write_all(&pairs, out);
    buf_addz(out, ",\"cookies\":");
    pairs_write_first(&cookies, out);
}

static void add_authorization(struct buf *out, const struct event_source *from)
{
    const struct http_header header = {"Authorization", http_header(from->req, "Authorization")};
    const char *shown = from->authorization && header.value
                            ? auth_header_for_guest(from->req->arena, &header)
                            : NULL;
    if (shown)
        add_text(out, "authorization", str_of(shown));
    else
        buf_addz(out, ",\"authorization\":null");
}

static void add_base64(struct buf *out, struct str bytes)
{
    buf_addz(out, "\"");
    base64_add(out, bytes);
    buf_addz(out, "\"");
}

static void add_body(struct buf *out, const struct request *req)
{
    const unsigned without = HTTP_GET | HTTP_HEAD | HTTP_OPTIONS | HTTP_DELETE;
    struct err not_json;
    bool binary = false;
    buf_addz(out, ",\"body\":");
    if (!req->body.n || req->method & without) {
        buf_addz(out, "null");
    } else if (json_check(req->body, &not_json) == 0) {
        buf_add_str(out, req->body);
    } else if (str_is_utf8(req->body)) {
        json_add_string(out, req->body);
    } else {
        add_base64(out, req->body);
        binary = true;
    }
    buf_addf(out, ",\"isBase64Encoded\":%s", binary ? "true" : "false");
}

void event_write(struct buf *out, const struct event_source *from)
{
    const struct request *req = from->req;
    buf_reserve(out, req->body.n + 1024);
    buf_addf(out, "{\"method\":\"%s\"", http_method_name(req->method));
    add_text(out, "path", from->path);
    add_text(out, "rawPath", from->raw_path);
    add_params(out, from->match);
    add_query(out, req);
    add_headers(out, req);
    add_authorization(out, from);
    add_body(out, req);
    add_text(out, "requestId", str_of(from->id));
    add_text(out, "sourceIp", str_of(req->peer));
    add_text(out, "host", str_of(req->host));
    add_text(out, "scheme", req->secure ? STR("https") : STR("http"));
    buf_addz(out, "}");
}
