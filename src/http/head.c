#include "http/head.h"

#include <string.h>
#include <strings.h>

int head_refuse(struct refusal *r, int status, const char *text)
{
    *r = (struct refusal){status, text};
    return -1;
}

int head_end(struct str in, size_t *seen, size_t *ret, struct refusal *r)
{
    *ret = 0;
    for (size_t i = *seen; i < in.n;) {
        const char *lf = memchr(in.p + i, '\n', in.n - i);
        if (!lf) {
            *seen = in.n;
            return 0;
        }
        i = (size_t)(lf - in.p);
        if (i == 0 || in.p[i - 1] != '\r')
            return head_refuse(r, 400, "A line must end with CR LF");
        i++;
        *seen = i;
        if (i >= 4 && memcmp(in.p + i - 4, "\r\n\r\n", 4) == 0) {
            *ret = i;
            return 0;
        }
    }
    return 0;
}

static int parse_version(struct str version, struct head *ret, struct refusal *r)
{
    if (str_is(version, "HTTP/1.0"))
        ret->http_1_0 = true;
    else if (!str_is(version, "HTTP/1.1"))
        return version.n == 8 && str_starts(version, STR("HTTP/"))
                   ? head_refuse(r, 505, "HTTP Version Not Supported")
                   : head_refuse(r, 400, "Malformed request line");
    return 0;
}

static int parse_request_line(struct str line, struct head *ret, struct refusal *r)
{
    struct str rest = line;
    struct str method = str_cut(&rest, ' ');
    struct str target = str_cut(&rest, ' ');
    if (!str_is_token(method) || target.n == 0 || !rest.p)
        return head_refuse(r, 400, "Malformed request line");
    for (size_t i = 0; i < target.n; i++)
        if (target.p[i] <= 0x20 || target.p[i] > 0x7e) /* char is signed: also above 0x7f */
            return head_refuse(r, 400,
                               "The request target has a byte that must be percent-encoded");
    if (target.n > HEAD_TARGET_MAX)
        return head_refuse(r, 414, "URI Too Long");
    ret->method = http_method_parse(method);
    ret->target = (char *)target.p;
    ret->target[target.n] = 0; /* over the space behind it */
    return parse_version(rest, ret, r);
}

/* "name: value", white space around the value cut off. Cuts the strings inside the text. */
static int parse_header(char *line, size_t len, struct http_header *ret, struct refusal *r)
{
    char *colon = memchr(line, ':', len);
    if (*line == ' ' || *line == '\t')
        return head_refuse(r, 400, "Folded header lines are not accepted");
    if (!colon || !str_is_token((struct str){line, (size_t)(colon - line)}))
        return head_refuse(r, 400, "Malformed header name");
    char *value = colon + 1, *end = line + len;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (!str_is_line((struct str){value, (size_t)(end - value)}))
        return head_refuse(r, 400, "Control byte in a header value");
    *colon = 0;
    *end = 0;
    *ret = (struct http_header){line, value};
    return 0;
}

static int set_once(const char **slot, const char *value, const char *text, struct refusal *r)
{
    if (*slot)
        return head_refuse(r, 400, text);
    *slot = value;
    return 0;
}

/* The headers that say where the message ends and to whom it goes. */
struct framing {
    const char *length, *encoding, *expect;
};

static int note_framing(const struct http_header *h, struct head *ret, struct framing *f,
                        struct refusal *r)
{
    switch (strlen(h->name)) { /* cheaper than four comparisons for each of the other headers */
    case 4:
        if (strcasecmp(h->name, "Host") == 0)
            return set_once(&ret->host, h->value, "Repeated Host", r);
        break;
    case 6:
        if (strcasecmp(h->name, "Expect") == 0)
            return set_once(&f->expect, h->value, "Repeated Expect", r);
        break;
    case 14:
        if (strcasecmp(h->name, "Content-Length") == 0)
            return set_once(&f->length, h->value, "Repeated Content-Length", r);
        break;
    case 17:
        if (strcasecmp(h->name, "Transfer-Encoding") == 0)
            return set_once(&f->encoding, h->value, "Repeated Transfer-Encoding", r);
        break;
    }
    return 0;
}

bool head_is_host(struct str s)
{
    static const char extra[] = "-._~%!$&'()*+,;=:[]";
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !memchr(extra, c, sizeof extra - 1))
            return false;
    }
    return s.n > 0;
}

const char *head_lower_host(struct arena *a, const char *host)
{
    const char *upper = host;
    while (*upper && !(*upper >= 'A' && *upper <= 'Z'))
        upper++;
    if (!*upper)
        return host;
    char *copy = arena_strdup(a, host);
    for (char *c = copy; *c; c++)
        *c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
    return copy;
}

/* "http://host/path" is what a proxy gets. Accepted when it names the same host as Host does. */
static int check_target(struct head *h, struct refusal *r)
{
    if (*h->target == '/' || (strcmp(h->target, "*") == 0 && h->method == HTTP_OPTIONS))
        return 0;
    if (strncasecmp(h->target, "http://", 7) != 0 || !h->host)
        return head_refuse(r, 400, "Malformed request target");
    size_t len = strlen(h->host);
    char *authority = h->target + 7;
    if (strncasecmp(authority, h->host, len) != 0 || authority[len] != '/')
        return head_refuse(r, 400, "The request target names another host than Host");
    h->target = authority + len;
    return 0;
}

static int check_framing(struct head *h, const struct framing *f, struct refusal *r)
{
    if (!h->host && !h->http_1_0)
        return head_refuse(r, 400, "Missing Host");
    if (h->host && !head_is_host(str_of(h->host)))
        return head_refuse(r, 400, "Malformed Host");
    if (f->length && f->encoding)
        return head_refuse(r, 400, "Content-Length together with Transfer-Encoding");
    if (f->length && !str_to_u64(str_of(f->length), &h->content_length))
        return head_refuse(r, 400, "Malformed Content-Length");
    if (f->encoding && h->http_1_0)
        return head_refuse(r, 400, "Transfer-Encoding in HTTP/1.0");
    if (f->encoding && strcasecmp(f->encoding, "chunked") != 0)
        return head_refuse(r, 501, "Transfer-Encoding other than chunked");
    if (f->expect && strcasecmp(f->expect, "100-continue") != 0)
        return head_refuse(r, 417, "Expectation Failed");
    h->chunked = f->encoding;
    h->has_body = h->chunked || h->content_length > 0;
    h->expects_continue = f->expect && h->has_body && !h->http_1_0;
    return check_target(h, r);
}

bool head_lists(const struct head *h, const char *name, const char *word)
{
    for (size_t i = 0; i < h->header_count; i++)
        if (strcasecmp(h->headers[i].name, name) == 0 &&
            str_lists(str_of(h->headers[i].value), ',', str_of(word), true))
            return true;
    return false;
}

static size_t count_lines(const char *text, size_t len)
{
    size_t n = 0;
    for (const char *p = text; (p = memchr(p, '\n', len - (size_t)(p - text))); p++)
        n++;
    return n;
}

int head_parse(char *text, size_t len, struct arena *arena, struct head *ret, struct refusal *r)
{
    *ret = (struct head){0};
    struct framing f = {0};
    size_t lines = count_lines(text, len); /* the request line, the headers, the empty line */
    if (lines > HEAD_HEADERS_MAX + 2)
        return head_refuse(r, 431, "Too many headers");
    ret->headers = arena_alloc(arena, lines * sizeof *ret->headers);
    char *line = text;
    for (char *lf; (lf = memchr(line, '\n', len - (size_t)(line - text))); line = lf + 1) {
        size_t line_len = (size_t)(lf - line) - 1; /* head_end has seen the CR */
        line[line_len] = 0;
        if (line == text) {
            if (parse_request_line((struct str){line, line_len}, ret, r) < 0)
                return -1;
        } else if (line_len > 0) {
            struct http_header *h = &ret->headers[ret->header_count];
            if (parse_header(line, line_len, h, r) < 0 || note_framing(h, ret, &f, r) < 0)
                return -1;
            ret->header_count++;
        }
    }
    if (check_framing(ret, &f, r) < 0)
        return -1;
    ret->keep_alive = ret->http_1_0 ? head_lists(ret, "Connection", "keep-alive")
                                    : !head_lists(ret, "Connection", "close");
    return 0;
}
