#include "egress/egress_ask.h"

#include "base/must.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Between this connection and the next; `Host` is written from the URL. */
static const char *const dropped[] = {
    "connection",
    "keep-alive",
    "host",
    "te",
    "trailer",
    "upgrade",
    "proxy-connection",
    "proxy-authorization",
    "expect",
    "content-length",
};

size_t egress_ask_end(struct str in)
{
    const char *end = in.n ? memmem(in.p, in.n, "\r\n\r\n", 4) : NULL;
    return end ? (size_t)(end - in.p) + 4 : 0;
}

static bool host_is_name(struct str host)
{
    for (size_t i = 0; i < host.n; i++)
        if (!isalnum((unsigned char)host.p[i]) && !strchr("-._", host.p[i]))
            return false;
    return host.n && host.p[0] != '.' && host.p[0] != '-' && !memchr(host.p, 0, host.n);
}

static bool host_is_v6(struct str host)
{
    for (size_t i = 1; i + 1 < host.n; i++)
        if (!isxdigit((unsigned char)host.p[i]) && host.p[i] != ':' && host.p[i] != '.')
            return false;
    return host.n > 3 && host.p[0] == '[' && host.p[host.n - 1] == ']';
}

bool egress_place_parse(struct str text, unsigned otherwise, char ret[EGRESS_PLACE])
{
    uint64_t port = otherwise;
    struct str host = text;
    const char *colon = text.n ? memrchr(text.p, ':', text.n) : NULL;
    if (colon && text.p[text.n - 1] != ']') {
        host.n = (size_t)(colon - text.p);
        if (!str_to_u64((struct str){colon + 1, text.n - host.n - 1}, &port))
            return false;
    }
    if (host.n > EGRESS_HOST_MAX || port < 1 || port > 65535 ||
        !(host_is_name(host) || host_is_v6(host)))
        return false;
    snprintf(ret, EGRESS_PLACE, STR_FMT ":%u", STR_ARG(host), (unsigned)port);
    for (char *p = ret; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return true;
}

void egress_place_split(const char *place, char ret_host[EGRESS_PLACE], char ret_port[6])
{
    const char *colon = strrchr(place, ':');
    must(colon && strlen(colon + 1) < 6);
    size_t len = (size_t)(colon - place);
    if (*place == '[') {
        place++;
        len -= 2;
    }
    memcpy(ret_host, place, len);
    ret_host[len] = 0;
    memcpy(ret_port, colon + 1, strlen(colon));
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && (!s.p[i] || !strchr("!#$%&'*+-.^_`|~", s.p[i])))
            return false;
    return s.n > 0;
}

static bool is_visible(struct str s, bool blanks)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == 0x7f || (c <= ' ' && !(blanks && (c == ' ' || c == '\t'))))
            return false;
    }
    return true;
}

static int parse_url(struct str url, struct egress_ask *ret, struct err *e)
{
    static const struct str scheme = STR("http://");
    if (!str_starts(url, scheme) || memchr(url.p, '#', url.n))
        return err_set(e, ERR_MALFORMED, "the target is no http URL");
    struct str rest = {url.p + scheme.n, url.n - scheme.n};
    const char *slash = rest.n ? memchr(rest.p, '/', rest.n) : NULL;
    struct str authority = {rest.p, slash ? (size_t)(slash - rest.p) : rest.n};
    ret->path = slash ? (struct str){slash, rest.n - authority.n} : STR("/");
    if (!egress_place_parse(authority, 80, ret->place))
        return err_set(e, ERR_MALFORMED, "the URL names no host and port");
    return 0;
}

static int parse_line(struct str line, struct egress_ask *ret, struct err *e)
{
    struct str rest = line;
    ret->method = str_cut(&rest, ' ');
    struct str target = str_cut(&rest, ' ');
    if (!is_token(ret->method) || !target.n || !is_visible(target, false) ||
        !(str_is(rest, "HTTP/1.1") || str_is(rest, "HTTP/1.0")))
        return err_set(e, ERR_MALFORMED, "the first line is no request");
    ret->connect = str_is(ret->method, "CONNECT");
    if (ret->connect && !egress_place_parse(target, 0, ret->place))
        return err_set(e, ERR_MALFORMED, "CONNECT names no host and port");
    if (ret->connect)
        return 0;
    if (!str_is(ret->method, "GET") && !str_is(ret->method, "HEAD"))
        return err_set(e, ERR_MALFORMED, "without TLS only GET and HEAD go through");
    return parse_url(target, ret, e);
}

static bool name_is(struct str name, const char *word)
{
    return name.n == strlen(word) && strncasecmp(name.p, word, name.n) == 0;
}

static int check_header(const struct egress_ask *ask, struct str line, struct err *e)
{
    struct str value = line, name = str_cut(&value, ':');
    if (!value.p || !is_token(name) || !is_visible(value, true))
        return err_set(e, ERR_MALFORMED, "a line of the head is no header");
    if (!ask->connect && (name_is(name, "transfer-encoding") ||
                          (name_is(name, "content-length") && !str_is(str_trim(value), "0"))))
        return err_set(e, ERR_MALFORMED, "without TLS no request may have a body");
    return 0;
}

/* The next line, which ends with CR LF; a bare one of them is in no line. */
static struct str next_line(struct str *rest)
{
    const char *end = memmem(rest->p, rest->n, "\r\n", 2);
    must(end);
    struct str line = {rest->p, (size_t)(end - rest->p)};
    *rest = (struct str){end + 2, rest->n - line.n - 2};
    return line;
}

int egress_ask_parse(struct str head, struct egress_ask *ret, struct err *e)
{
    *ret = (struct egress_ask){.path = STR("")};
    must(egress_ask_end(head) == head.n && head.n);
    struct str rest = {head.p, head.n - 2};
    if (parse_line(next_line(&rest), ret, e) < 0)
        return -1;
    ret->headers = rest;
    while (rest.n)
        if (check_header(ret, next_line(&rest), e) < 0)
            return -1;
    return 0;
}

static bool goes_on(struct str line)
{
    struct str value = line, name = str_cut(&value, ':');
    for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
        if (name_is(name, dropped[i]))
            return false;
    return true;
}

void egress_ask_write(const struct egress_ask *ask, bool whole, const char *credentials,
                      struct buf *out)
{
    must(!ask->connect);
    buf_addf(out, STR_FMT " ", STR_ARG(ask->method));
    if (whole)
        buf_addf(out, "http://%s", ask->place);
    buf_addf(out, STR_FMT " HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", STR_ARG(ask->path),
             ask->place);
    if (whole && *credentials)
        buf_addf(out, "Proxy-Authorization: %s\r\n", credentials);
    for (struct str rest = ask->headers; rest.n;) {
        struct str line = next_line(&rest);
        if (goes_on(line))
            buf_addf(out, STR_FMT "\r\n", STR_ARG(line));
    }
    buf_addz(out, "\r\n");
}
