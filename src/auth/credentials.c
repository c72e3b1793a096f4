#include "auth/credentials.h"

#include "auth/token.h"
#include "base/buf.h"

#include <string.h>
#include <strings.h>

static const struct str scheme = STR("Bearer ");

/* True when `pair` is our cookie; `ret` is its value. */
static bool is_ours(struct str pair, struct str *ret)
{
    static const struct str name = STR(SESSION_COOKIE "=");
    if (!str_starts(pair, name))
        return false;
    *ret = (struct str){pair.p + name.n, pair.n - name.n};
    return true;
}

static struct str cookie(const struct request *req)
{
    struct str value = {0};
    for (size_t i = 0; i < req->header_count; i++) {
        if (strcasecmp(req->headers[i].name, "Cookie") != 0)
            continue;
        struct str rest = str_of(req->headers[i].value);
        while (rest.p)
            if (is_ours(str_trim(str_cut(&rest, ';')), &value))
                return value;
    }
    return value;
}

static bool same_origin(struct str origin, const char *begin, const char *host)
{
    size_t n = strlen(begin);
    return host[0] && origin.n == n + strlen(host) && strncasecmp(origin.p, begin, n) == 0 &&
           strncasecmp(origin.p + n, host, origin.n - n) == 0;
}

/* A TLS proxy that nobody told us to trust looks like plain HTTP: a page of https://HOST is ours
 * either way, one of http://HOST only when the request came so. */
static bool is_own_origin(const struct auth *a, const struct request *req, const char *text)
{
    struct str origin = str_of(text);
    if (a->config.public_url && same_origin(origin, "", a->config.public_url))
        return true;
    return same_origin(origin, "https://", req->host) ||
           (!req->secure && same_origin(origin, "http://", req->host));
}

/* A WebSocket begins with a GET, which a page of any site may send with our cookie and then read
 * what comes. */
static bool changes(const struct request *req)
{
    return !(req->method & (HTTP_GET | HTTP_HEAD | HTTP_OPTIONS)) || http_header(req, "Upgrade");
}

static int check_origin(const struct auth *a, const struct request *req, struct err *e)
{
    const char *origin = http_header(req, "Origin");
    if (origin ? is_own_origin(a, req, origin) : !changes(req))
        return 0;
    return err_set(e, ERR_DENIED,
                   origin ? "Pages of another origin may not use this server's cookie"
                          : "A change or a WebSocket with the session's cookie needs an Origin "
                            "header");
}

int credentials_text(const struct auth *a, const struct request *req, struct str *ret,
                     struct err *e)
{
    const char *header = http_header(req, "Authorization");
    *ret = (struct str){0};
    if (header) {
        struct str value = str_of(header);
        if (str_starts(value, scheme))
            *ret = (struct str){value.p + scheme.n, value.n - scheme.n};
        return 0;
    }
    if (a->config.none)
        return 0;
    struct str found = cookie(req);
    if (!found.p)
        return 0;
    if (check_origin(a, req, e) < 0)
        return -1;
    *ret = found;
    return 0;
}

bool credentials_plausible(const struct auth *a, struct str text)
{
    return auth_is_key(text) || token_is_own(text) || (a->config.issuer && token_has_form(text));
}

static bool is_port(struct str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == 0 || s.p[0] == ':';
}

static bool is_local(const char *host)
{
    static const struct str names[] = {STR("localhost"), STR("127.0.0.1"), STR("[::1]")};
    struct str h = str_of(host);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_starts(h, names[i]) && is_port((struct str){h.p + names[i].n, h.n - names[i].n}))
            return true;
    return false;
}

int credentials_own_page(const struct auth *a, const struct request *req, struct err *e)
{
    const char *origin = http_header(req, "Origin");
    if (!origin || is_own_origin(a, req, origin))
        return 0;
    return err_set(e, ERR_DENIED, "Pages of another origin may not use this server");
}

int credentials_local(const struct auth *a, const struct request *req, struct err *e)
{
    if (!is_local(req->host))
        return err_set(e, ERR_DENIED,
                       "Without accounts this server answers only to localhost, 127.0.0.1 and "
                       "[::1]");
    return credentials_own_page(a, req, e);
}

static const char *without_session(struct arena *a, const char *cookies)
{
    auto_buf struct buf kept = {0};
    struct str rest = str_of(cookies), value;
    if (!strstr(cookies, SESSION_COOKIE "="))
        return cookies;
    while (rest.p) {
        struct str pair = str_trim(str_cut(&rest, ';'));
        if (pair.n && !is_ours(pair, &value))
            buf_addf(&kept, "%s" STR_FMT, kept.len ? "; " : "", STR_ARG(pair));
    }
    return kept.len ? arena_dup(a, kept.data, kept.len) : NULL;
}

/* Whatever the scheme is called: what we would not take in this form is still a secret. */
const char *auth_header_for_guest(struct arena *a, const struct http_header *header)
{
    struct str text = str_of(header->value);
    if (strcasecmp(header->name, "Cookie") == 0)
        return without_session(a, header->value);
    if (strcasecmp(header->name, "Authorization") != 0)
        return header->value;
    (void)str_cut(&text, ' ');
    text = str_trim(text);
    return text.p && (auth_is_key(text) || token_is_own(text)) ? NULL : header->value;
}
