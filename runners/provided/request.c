#include "request.h"

#include <string.h>
#include <strings.h>

enum { AGAIN = -1, MORE = 0, TAKEN = 1, BAD_REQUEST = 400, TOO_LARGE = 413, HEAD_TOO_LARGE = 431 };
enum { CHUNK_LINE_MAX = 256 };

static bool same_word(struct str s, const char *word)
{
    return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static bool has_word(struct str list, const char *word)
{
    while (list.p)
        if (same_word(str_trim(str_cut(&list, ',')), word))
            return true;
    return false;
}

/* Cuts a line that ends in CRLF, or in LF alone as hand-written clients send it. */
static struct str cut_line(struct str *rest)
{
    struct str line = str_cut(rest, '\n');
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

static int start_line(struct request_reader *r, struct str line)
{
    struct str method = str_cut(&line, ' '), target = str_cut(&line, ' ');
    if (!method.n || !target.n || target.p[0] != '/')
        return BAD_REQUEST;
    if (!str_is(line, "HTTP/1.1") && !str_is(line, "HTTP/1.0"))
        return BAD_REQUEST;
    r->head.keep_alive = str_is(line, "HTTP/1.1");
    r->head.method = method;
    r->head.path = str_cut(&target, '?');
    return 0;
}

static int header_line(struct request_reader *r, struct str line, bool *has_length)
{
    struct str name = str_cut(&line, ':'), value = str_trim(line);
    if (!line.p || !name.n || memchr(name.p, ' ', name.n) || memchr(name.p, '\t', name.n))
        return BAD_REQUEST;
    if (same_word(name, "content-length")) {
        if (*has_length || !str_to_u64(value, &r->length))
            return BAD_REQUEST;
        *has_length = true;
    } else if (same_word(name, "transfer-encoding")) {
        if (r->chunked || !same_word(value, "chunked"))
            return BAD_REQUEST;
        r->chunked = true;
    } else if (same_word(name, "connection")) {
        if (has_word(value, "close"))
            r->head.keep_alive = false;
        else if (has_word(value, "keep-alive"))
            r->head.keep_alive = true;
    } else if (same_word(name, "expect")) {
        r->continues = !r->asked && same_word(value, "100-continue");
    } else if (same_word(name, "content-type")) {
        r->head.content_type = value;
    } else if (same_word(name, "lambda-runtime-function-response-mode")) {
        r->head.streams = same_word(value, "streaming");
    } else if (same_word(name, "lambda-runtime-function-error-type")) {
        r->head.error_type = value;
    }
    return 0;
}

static int parse_head(struct request_reader *r)
{
    struct str rest = {r->in.data, r->head_len};
    bool has_length = false;
    r->head = (struct request){0};
    r->length = 0;
    r->chunked = false;
    int bad = start_line(r, cut_line(&rest));
    for (struct str line = cut_line(&rest); !bad && line.n; line = cut_line(&rest))
        bad = header_line(r, line, &has_length);
    return bad ? bad : has_length && r->chunked ? BAD_REQUEST : 0;
}

static size_t find_head_end(struct str in)
{
    for (const char *at = in.p; (at = memchr(at, '\n', in.n - (size_t)(at - in.p))); at++) {
        size_t left = in.n - (size_t)(at + 1 - in.p);
        if (left >= 1 && at[1] == '\n')
            return (size_t)(at + 2 - in.p);
        if (left >= 2 && at[1] == '\r' && at[2] == '\n')
            return (size_t)(at + 3 - in.p);
    }
    return 0;
}

static int take_head(struct request_reader *r)
{
    if (!r->in.len)
        return MORE;
    struct str seen = {r->in.data, r->in.len < REQUEST_HEAD_MAX ? r->in.len : REQUEST_HEAD_MAX};
    size_t len = find_head_end(seen);
    if (!len)
        return r->in.len >= REQUEST_HEAD_MAX ? HEAD_TOO_LARGE : MORE;
    r->head_len = r->body_at = len;
    return parse_head(r);
}

/* The size line of a chunk; extensions are ignored. */
static bool chunk_size(struct str line, uint64_t *ret)
{
    struct str digits = str_trim(str_cut(&line, ';'));
    if (!digits.n || digits.n > 8)
        return false;
    *ret = 0;
    for (size_t i = 0; i < digits.n; i++) {
        const char *hex = "0123456789abcdef", *at = strchr(hex, digits.p[i] | 0x20);
        if (!digits.p[i] || !at)
            return false;
        *ret = *ret * 16 + (uint64_t)(at - hex);
    }
    return true;
}

static void trailer_line(struct request_reader *r, struct str line)
{
    struct str name = str_cut(&line, ':'), value = str_trim(line);
    if (same_word(name, "lambda-runtime-function-error-type"))
        r->trailer_type = value;
    else if (same_word(name, "lambda-runtime-function-error-body"))
        r->trailer_body = value;
}

/* Behind the last chunk; read again from its beginning until all of it is there. */
static int take_trailer(struct request_reader *r, struct str rest)
{
    for (;;) {
        struct str line = cut_line(&rest);
        if (!rest.p)
            return r->in.len - r->body_at > REQUEST_TRAILER_MAX ? HEAD_TOO_LARGE : MORE;
        if (!line.n)
            break;
        trailer_line(r, line);
    }
    r->body_at = (size_t)(rest.p - r->in.data);
    return TAKEN;
}

static int take_data(struct request_reader *r)
{
    struct str rest = {r->in.data + r->body_at, r->in.len - r->body_at};
    size_t n = rest.n < r->chunk_left ? rest.n : (size_t)r->chunk_left;
    buf_add(&r->body, rest.p, n);
    r->body_at += n;
    r->chunk_left -= n;
    if (r->chunk_left || rest.n - n < 2)
        return MORE;
    if (rest.p[n] != '\r' || rest.p[n + 1] != '\n')
        return BAD_REQUEST;
    r->body_at += 2;
    r->in_chunk = false;
    return AGAIN;
}

static int take_chunk(struct request_reader *r, size_t max)
{
    if (r->in_chunk)
        return take_data(r);
    struct str rest = {r->in.data + r->body_at, r->in.len - r->body_at};
    uint64_t size;
    struct str line = cut_line(&rest);
    if (!rest.p)
        return line.n > CHUNK_LINE_MAX ? BAD_REQUEST : MORE;
    if (!chunk_size(line, &size))
        return BAD_REQUEST;
    if (size == 0)
        return take_trailer(r, rest);
    if (!r->by_pieces && (size > max || r->body.len > max - size))
        return TOO_LARGE;
    r->in_chunk = true;
    r->chunk_left = size;
    r->body_at = (size_t)(rest.p - r->in.data);
    return AGAIN;
}

/* What was copied into `body` need not stay in `in` as well. */
static void drop_chunks(struct request_reader *r)
{
    if (r->body_at == r->head_len)
        return;
    memmove(r->in.data + r->head_len, r->in.data + r->body_at, r->in.len - r->body_at);
    r->in.len -= r->body_at - r->head_len;
    r->body_at = r->head_len;
}

static int take_body(struct request_reader *r, size_t max)
{
    if (r->chunked) {
        int step;
        while ((step = take_chunk(r, max)) == AGAIN)
            ;
        if (step != TAKEN) /* else the trailer is still looked at */
            drop_chunks(r);
        return step;
    }
    if (r->length > max)
        return TOO_LARGE;
    if (r->in.len - r->head_len < r->length)
        return MORE;
    r->body_at = r->head_len + r->length;
    return TAKEN;
}

int request_head(struct request_reader *r)
{
    /* Again for each piece of the body: `in` may have moved, the views must follow it. */
    int bad = r->head_len ? parse_head(r) : take_head(r);
    return bad ? bad : r->head_len ? TAKEN : MORE;
}

int request_take(struct request_reader *r, size_t max, struct request *ret)
{
    int head = request_head(r);
    if (head != TAKEN)
        return head;
    int step = take_body(r, max);
    if (step != TAKEN)
        return step;
    *ret = r->head;
    if (r->trailer_type.n)
        ret->error_type = r->trailer_type;
    ret->error_body = r->trailer_body;
    ret->body = r->chunked ? buf_str(&r->body)
                           : (struct str){r->in.data + r->head_len, r->body_at - r->head_len};
    return TAKEN;
}

void request_drop(struct request_reader *r)
{
    buf_consume(&r->in, r->body_at);
    buf_clear(&r->body);
    r->head_len = r->body_at = 0;
    r->head = (struct request){0};
    r->continues = r->asked = r->by_pieces = r->in_chunk = false;
    r->trailer_type = r->trailer_body = (struct str){NULL, 0};
}

void request_done(struct request_reader *r)
{
    buf_done(&r->in);
    buf_done(&r->body);
    *r = (struct request_reader){0};
}
