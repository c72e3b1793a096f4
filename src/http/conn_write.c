/* Bytes out: whole replies, heads of streamed ones, pieces. One system call where the socket takes
 * all of it. */
#include "http/private.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* How much the socket took; negative when it is broken. */
static ssize_t send_some(int fd, const struct str *parts, size_t count)
{
    struct iovec list[PARTS_MAX];
    for (size_t i = 0; i < count; i++)
        list[i] = (struct iovec){(char *)parts[i].p, parts[i].n};
    struct msghdr message = {.msg_iov = list, .msg_iovlen = count};
    ssize_t n = count == 1 ? send(fd, parts->p, parts->n, MSG_NOSIGNAL)
                           : sendmsg(fd, &message, MSG_NOSIGNAL);
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

/* Drops what was sent from the front of `out`, at most once per half of it. */
static void compact(struct conn *c)
{
    if (c->out_sent < c->out.len / 2)
        return;
    buf_consume(&c->out, c->out_sent);
    c->out_sent = 0;
}

bool conn_write(struct conn *c, const struct str *parts, size_t count)
{
    ssize_t n = 0;
    if (c->out.len && !c->held)
        compact(c);
    else if (!c->held)
        n = send_some(c->fd, parts, count);
    if (n < 0)
        return false;
    size_t sent = (size_t)n;
    for (size_t i = 0; i < count; i++) {
        size_t skip = sent < parts[i].n ? sent : parts[i].n;
        sent -= skip;
        if (skip < parts[i].n)
            buf_add(&c->out, parts[i].p + skip, parts[i].n - skip);
    }
    return true;
}

bool conn_write_rest(struct conn *c)
{
    struct str rest = {c->out.data + c->out_sent, conn_pending(c)};
    ssize_t n = send_some(c->fd, &rest, 1);
    if (n < 0)
        return false;
    c->out_sent += (size_t)n;
    if (conn_pending(c) > 0)
        return true;
    buf_done(&c->out);
    c->out_sent = 0;
    return true;
}

void conn_release(struct conn *c, size_t len)
{
    if (!c->held || c->fd < 0)
        return;
    struct str may_go = {c->out.data + c->out_sent, len - c->out_sent};
    ssize_t n = may_go.n ? send_some(c->fd, &may_go, 1) : 0;
    if (n < 0) {
        conn_close(c);
        return;
    }
    buf_consume(&c->out, c->out_sent + (size_t)n);
    c->held_len = may_go.n - (size_t)n;
    c->out_sent = 0;
    if (c->x->full && conn_pending(c) <= HTTP_STREAM_HIGH / 2) {
        c->x->full = false;
        stream_drained(c->x);
    }
}

struct str conn_write_head(struct conn *c, const struct response *res, enum reply_framing framing)
{
    struct http_server *s = c->server;
    struct http_exchange *x = c->x;
    struct response extra;
    if (s->draining)
        c->close_next = c->linger = true;
    struct reply_head about = {.date = server_date(s),
                               .connection = c->close_next      ? "close"
                                             : x->head.http_1_0 ? "keep-alive"
                                                                : NULL,
                               .framing = framing};
    if (s->config.decorate && !x->claimed) {
        extra = (struct response){0};
        s->config.decorate(s->config.app, &x->req, &extra);
        about.extra = &extra;
    }
    buf_clear(&s->out);
    reply_write_head(&s->out, res, &about);
    return buf_str(&s->out);
}

bool conn_write_reply(struct conn *c, const struct response *res)
{
    struct buf *out = &c->server->out;
    bool has_body = reply_has_body(reply_status(res)) && c->x->head.method != HTTP_HEAD;
    struct str body = has_body ? res->body : (struct str){0};
    struct str parts[] = {conn_write_head(c, res, REPLY_LENGTH), body};
    if (body.n > COPY_MAX)
        return conn_write(c, parts, 2);
    buf_add_str(out, body);
    parts[0] = buf_str(out);
    return conn_write(c, parts, 1);
}
