/* One connection: bytes in, requests one after the other, replies out.
 *
 * Cheap where it matters: a request that comes in one piece and is answered at once costs one read
 * and one write. The read event stays armed while a handler works (a reset is noticed, pipelined
 * bytes wait in `in`), so the epoll set does not change from one request to the next; the write
 * event is armed only for what a socket did not take. */
#include "http/private.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const bool may_move[CONN_STATES][CONN_STATES] = {
    [CONN_HEAD] = {[CONN_BODY] = true, [CONN_HANDLING] = true},
    [CONN_BODY] = {[CONN_HANDLING] = true},
    [CONN_HANDLING] = {[CONN_HEAD] = true,
                       [CONN_STREAM] = true,
                       [CONN_SOCKET] = true,
                       [CONN_WRITING] = true,
                       [CONN_LINGER] = true,
                       [CONN_GONE] = true},
    [CONN_STREAM] =
        {[CONN_HEAD] = true, [CONN_WRITING] = true, [CONN_LINGER] = true, [CONN_GONE] = true},
    [CONN_SOCKET] = {[CONN_WRITING] = true, [CONN_LINGER] = true, [CONN_GONE] = true},
    [CONN_WRITING] = {[CONN_HEAD] = true, [CONN_LINGER] = true},
};

static void set_deadline(struct conn *c)
{
    struct http_server *s = c->server;
    bool brief = c->state == CONN_LINGER || c->hurried;
    unsigned ms = brief && s->config.idle_ms > LINGER_MS ? LINGER_MS : s->config.idle_ms;
    c->deadline_us = clock_mono_us() + (uint64_t)ms * 1000;
    list_remove(&c->timed);
    list_append(brief ? &s->lingering : &s->waiting, &c->timed);
}

/* Starts the time that the client has for its next step. */
static void touch(struct conn *c)
{
    if (!c->hurried)
        set_deadline(c);
}

void conn_hurry(struct conn *c)
{
    if (c->fd < 0 || c->hurried)
        return;
    c->hurried = true;
    set_deadline(c);
}

/* Whether it lasts as long as the handler likes. A client that has all of it owes us nothing. */
static bool is_open_ended(const struct conn *c)
{
    return c->state == CONN_STREAM || c->state == CONN_SOCKET;
}

static void move(struct conn *c, enum conn_state to)
{
    must(may_move[c->state][to]);
    c->server->in_state[c->state]--;
    c->server->in_state[to]++;
    c->state = to;
    c->hurried = false;
    if (to == CONN_HANDLING || to == CONN_GONE || (is_open_ended(c) && !c->out.len))
        list_remove(&c->timed); /* now it is we who take the time */
    else
        touch(c);
}

static void want(struct conn *c, unsigned what)
{
    if (c->want == what)
        return;
    c->want = what;
    watch_want(c->watch, what);
}

/* Books what the connection holds in memory. False when all of them together hold too much. */
static bool charge(struct conn *c)
{
    struct http_server *s = c->server;
    size_t now = c->in.cap + c->out.cap + (c->x ? c->x->body.cap : 0);
    s->stats.buffered_bytes += now - c->charged;
    c->charged = now;
    return s->stats.buffered_bytes <= s->config.buffered_max;
}

/* Who holds the most of those that we wait for; NULL when nobody holds more than `c`. */
static struct conn *largest_waiting(struct conn *c)
{
    struct conn *largest = c;
    list_each_safe (node, &c->server->waiting) {
        struct conn *other = list_of(node, struct conn, timed);
        if (other->charged > largest->charged)
            largest = other;
    }
    return largest == c ? NULL : largest;
}

/* Books like charge. At the bound those who hold the most and are waited for give way: else a few
 * who send slowly or read nothing would keep everybody else out. */
static bool make_room(struct conn *c)
{
    while (!charge(c)) {
        struct conn *largest = largest_waiting(c);
        if (!largest)
            return false;
        c->server->stats.refused++;
        conn_close(largest);
    }
    return true;
}

static void release(struct conn *c)
{
    if (c->fd >= 0 || c->stepping || c->x)
        return;
    if (c->server) {
        list_remove(&c->node);
        c->server->in_state[c->state]--;
        server_check_drained(c->server);
    }
    free(c);
}

/* What is left of a broken connection waits for its handler. */
static void leave_husk(struct conn *c)
{
    struct http_exchange *x = c->x;
    bool open_ended = is_open_ended(c);
    move(c, CONN_GONE);
    if (open_ended)
        stream_broken(x);
    else if (x->gone)
        x->gone(x->gone_arg);
}

void conn_close(struct conn *c)
{
    if (c->fd < 0)
        return;
    watch_free(c->watch);
    close(c->fd);
    c->fd = -1;
    c->server->stats.connections--;
    list_remove(&c->timed);
    buf_done(&c->in);
    buf_done(&c->out);
    c->out_sent = 0;
    if (c->x && (c->state == CONN_HANDLING || is_open_ended(c))) {
        (void)charge(c);
        leave_husk(c);
        return;
    }
    exchange_free(c->x);
    c->x = NULL;
    (void)charge(c);
    release(c);
}

/* Holds it back from being freed by conn_close, or by an answer given in there, until it knows no
 * server any more. */
void conn_detach(struct conn *c)
{
    c->stepping = true;
    conn_close(c);
    if (c->x && c->x->posted) {
        loop_unpost(c->server->loop, stream_wake, c->x);
        stream_wake(c->x); /* the loop may never turn again */
    }
    c->server = NULL;
    c->stepping = false;
    release(c);
}

/* Answers with an error and lets nothing follow: where this message ends is no longer known. */
static void refuse_message(struct conn *c, const struct refusal *r)
{
    struct http_exchange *x = c->x ? c->x : exchange_new(c);
    c->x = x;
    c->close_next = c->linger = true;
    c->server->stats.refused++;
    buf_done(&x->body);
    reply_detail(&x->req, r->status, r->text, &x->res);
    move(c, CONN_HANDLING);
    http_answer(x, &x->res);
}

static void refuse_with(struct conn *c, int status, const char *text)
{
    refuse_message(c, &(struct refusal){status, text});
}

static void eat(struct str *in, size_t len)
{
    in->p += len;
    in->n -= len;
}

static void invite_body(struct conn *c)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    size_t len = sizeof go_on - 1;
    if (send(c->fd, go_on, len, MSG_NOSIGNAL) != (ssize_t)len)
        conn_close(c); /* nothing else is under way: such a socket is broken */
}

/* A refused request whose body is not worth reading, or may never come. */
static bool skips_body(const struct http_exchange *x)
{
    return x->refused && (x->head.expects_continue || x->head.content_length > DISCARD_MAX);
}

static void handle(struct conn *c)
{
    struct http_exchange *x = c->x;
    x->req.body = (struct str){x->body.data ? x->body.data : "", x->body.len};
    move(c, CONN_HANDLING);
    exchange_start(x);
}

static void take_head(struct conn *c, struct str *in, size_t len)
{
    struct refusal r;
    struct http_exchange *x = c->x = exchange_new(c);
    struct str head = {in->p, len};
    eat(in, len);
    c->seen = 0;
    c->server->stats.requests++;
    if (exchange_open(x, head, &r) < 0) {
        refuse_message(c, &r);
        return;
    }
    c->close_next |= !x->head.keep_alive;
    if (x->head.has_body && skips_body(x))
        c->close_next = c->linger = true;
    else if (x->head.has_body) {
        move(c, CONN_BODY);
        x->body_until_us =
            clock_mono_us() + (uint64_t)c->server->config.idle_ms * 1000 * BODY_TIME_FACTOR;
        if (x->head.expects_continue && in->n == 0)
            invite_body(c);
        return;
    }
    handle(c);
}

/* All steps: true when they got further and there may be more to do. */
static bool step_head(struct conn *c, struct str *in)
{
    struct refusal r;
    size_t len, max = c->server->config.headers_max;
    while (c->seen == 0 && in->n >= 2 && memcmp(in->p, "\r\n", 2) == 0)
        eat(in, 2); /* RFC 9112, 2.2: empty lines before a request line are ignored */
    if (head_end(*in, &c->seen, &len, &r) < 0) {
        refuse_message(c, &r);
        return true;
    }
    if (len > max || (len == 0 && in->n > max)) {
        bool line = memchr(in->p, '\n', in->n < max ? in->n : max);
        refuse_with(c, line ? 431 : 414, line ? "Request Header Fields Too Large" : "URI Too Long");
        return true;
    }
    if (len > 0)
        take_head(c, in, len);
    return len > 0;
}

static bool add_body(struct conn *c, struct str piece)
{
    struct http_exchange *x = c->x;
    x->received += piece.n;
    uint64_t due = x->received + x->chunk.left; /* a chunk says ahead how long it is */
    if (x->refused && due > DISCARD_MAX) {
        c->close_next = c->linger = true;
        handle(c);
        return false;
    }
    if (due > c->server->config.body_max) {
        refuse_with(c, 413, "Content Too Large");
        return false;
    }
    if (x->refused || piece.n == 0)
        return true;
    if (!x->head.chunked && piece.n == x->head.content_length)
        buf_reserve(&x->body, piece.n);
    buf_add(&x->body, piece.p, piece.n);
    if (make_room(c))
        return true;
    refuse_with(c, 503, "Too many request bodies are in memory");
    return false;
}

static bool step_chunks(struct conn *c, struct str *in)
{
    struct chunk *k = &c->x->chunk;
    struct refusal r;
    struct str piece;
    do {
        if (chunk_next(k, in, &piece, &r) < 0) {
            refuse_message(c, &r);
            return true;
        }
        if ((piece.n || k->left) && !add_body(c, piece))
            return true;
    } while (in->n > 0 && k->state != CHUNK_END);
    return k->state == CHUNK_END;
}

static bool step_body(struct conn *c, struct str *in)
{
    struct http_exchange *x = c->x;
    if (x->head.chunked) {
        bool done = step_chunks(c, in);
        if (!done || c->state != CONN_BODY)
            return done;
    } else {
        uint64_t left = x->head.content_length - x->received;
        struct str piece = {in->p, left < in->n ? (size_t)left : in->n};
        eat(in, piece.n);
        if (piece.n && !add_body(c, piece))
            return true;
        if (x->received < x->head.content_length)
            return false;
    }
    handle(c);
    return true;
}

/* The rest of the time that a body has; false when it is over. */
static bool touch_body(struct conn *c)
{
    touch(c);
    return clock_mono_us() < c->x->body_until_us;
}

/* Keeps what could not be parsed yet; nothing is kept of what nobody will read. */
static void keep_rest(struct conn *c, struct str rest, bool buffered)
{
    if (c->state == CONN_LINGER || rest.n == 0)
        buf_done(&c->in);
    else if (buffered)
        buf_consume(&c->in, c->in.len - rest.n);
    else
        buf_add(&c->in, rest.p, rest.n);
    bool ours = c->state == CONN_HANDLING || c->state == CONN_STREAM || c->state == CONN_WRITING;
    bool over = (c->in.cap || c->charged) && !make_room(c) && c->in.cap;
    bool full = ours && (c->in.len >= READ_BYTES || over);
    want(c, (c->out.len && !c->held ? WATCH_WRITE : 0) | (c->eof || full ? 0 : WATCH_READ));
    if (over && c->state == CONN_HEAD)
        refuse_with(c, 503, "Too many requests are in memory");
    else if (c->state == CONN_HEAD && rest.n && !buffered)
        touch(c); /* from its first byte on, and not from later ones, a head has its time */
    else if (c->state == CONN_BODY && !touch_body(c))
        conn_expire(c);
}

/* A WebSocket keeps what it cannot use yet, and joins fragments in the exchange's body. */
static bool step_socket(struct conn *c, struct str *in)
{
    struct str all = *in;
    eat(in, all.n);
    websocket_receive(c->x->websocket, all);
    if (c->fd >= 0 && !make_room(c))
        conn_close(c);
    return false;
}

/* Parses `in` as far as it goes. `buffered`: it is c->in, else the server's scratch. */
static void feed(struct conn *c, struct str in, bool buffered)
{
    static bool (*const steps[CONN_STATES])(struct conn *, struct str *) = {
        [CONN_HEAD] = step_head, [CONN_BODY] = step_body, [CONN_SOCKET] = step_socket};
    bool more = true;
    c->stepping = true;
    while (more && c->fd >= 0 && steps[c->state])
        more = steps[c->state](c, &in);
    if (c->fd >= 0)
        keep_rest(c, in, buffered);
    if (c->fd >= 0 && c->eof && steps[c->state])
        conn_close(c);
    c->stepping = false;
    release(c);
}

void conn_resume(struct conn *c)
{
    feed(c, buf_str(&c->in), true);
}

/* The reply is out. */
static void next_request(struct conn *c)
{
    if (c->close_next && (!c->linger || c->eof)) {
        conn_close(c);
        return;
    }
    if (c->close_next) {
        move(c, CONN_LINGER);
        (void)shutdown(c->fd, SHUT_WR);
        return;
    }
    move(c, CONN_HEAD);
}

static void finish_reply(struct conn *c, bool broken)
{
    bool bounded = !c->out.len || make_room(c);
    if (broken || !bounded)
        conn_close(c);
    else if (c->out.len)
        move(c, CONN_WRITING);
    else
        next_request(c);
}

/* A handler may end while feed is on the stack, which then goes on by itself; or later. */
static void end_exchange(struct conn *c, bool broken)
{
    bool later = !c->stepping;
    c->stepping = true;
    exchange_free(c->x); /* also ends the response, which lives in its arena */
    c->x = NULL;
    if (c->fd >= 0)
        finish_reply(c, broken);
    else if (c->server)
        (void)charge(c);
    if (later)
        conn_resume(c);
}

void conn_reply(struct conn *c, const struct response *res)
{
    end_exchange(c, c->fd >= 0 && !conn_write_reply(c, res));
}

/* A drain that began after the head was written could not say so in it. */
void conn_finish(struct conn *c)
{
    conn_unhold(c, false);
    if (c->fd >= 0 && c->server->draining)
        c->close_next = c->linger = true;
    end_exchange(c, false);
}

void conn_hold(struct conn *c)
{
    if (c->fd < 0 || c->held)
        return;
    c->held = true;
    c->held_len = c->out.len;
    want(c, c->want & ~(unsigned)WATCH_WRITE);
}

/* Pieces and frames are whole in `out`: what is dropped leaves no half of one. */
void conn_unhold(struct conn *c, bool drop)
{
    if (!c->held)
        return;
    c->held = false;
    if (c->fd < 0)
        return;
    if (drop)
        c->out.len = c->held_len;
    if (c->out.len)
        want(c, c->want | WATCH_WRITE);
}

struct str conn_stream(struct conn *c, const struct response *res, bool chunked)
{
    if (c->fd < 0)
        return (struct str){0};
    c->close_next |= !chunked;
    move(c, CONN_STREAM);
    if (c->server->draining)
        conn_hurry(c);
    return conn_write_head(c, res, chunked ? REPLY_CHUNKED : REPLY_UNTIL_CLOSE);
}

void conn_upgrade(struct conn *c)
{
    c->close_next = c->linger = true;
    move(c, CONN_SOCKET);
}

/* Who was told to stop has a second HTTP_STREAM_HIGH for what it cannot hold back. */
bool conn_push(struct conn *c, const struct str *parts, size_t count)
{
    if (c->fd < 0)
        return false;
    bool was_full = conn_pending(c) >= HTTP_STREAM_HIGH;
    if (!conn_write(c, parts, count) || (was_full && conn_pending(c) > 2 * HTTP_STREAM_HIGH) ||
        (c->out.len && !make_room(c))) {
        conn_close(c);
        return false;
    }
    if (c->out.len) {
        if (!c->held)
            want(c, c->want | WATCH_WRITE);
        if (list_empty(&c->timed)) /* only what moves gives it more time */
            touch(c);
    }
    c->x->full = conn_pending(c) >= HTTP_STREAM_HIGH;
    return !c->x->full;
}

static void flush(struct conn *c)
{
    if (!conn_write_rest(c)) {
        conn_close(c);
        return;
    }
    if (c->out.len)
        touch(c);
    else if (!is_open_ended(c))
        next_request(c);
    else if (!c->hurried)
        list_remove(&c->timed);
    if (is_open_ended(c) && c->x->full && conn_pending(c) <= HTTP_STREAM_HIGH / 2) {
        c->x->full = false;
        stream_drained(c->x);
    }
}

static void receive(struct conn *c)
{
    char *scratch = c->server->scratch;
    ssize_t n = recv(c->fd, scratch, sizeof c->server->scratch, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0 || (n == 0 && c->state == CONN_LINGER)) {
        conn_close(c);
        return;
    }
    if (c->state == CONN_LINGER)
        return;
    if (n == 0 && c->state == CONN_STREAM) { /* a closed page looks like this, and a silent stream
                                                would write nothing that could tell */
        conn_close(c);
        return;
    }
    c->eof = n == 0;
    bool buffered = c->in.len > 0 || n == 0;
    if (buffered)
        buf_add(&c->in, scratch, (size_t)n);
    feed(c, buffered ? buf_str(&c->in) : (struct str){scratch, (size_t)n}, buffered);
}

static void on_ready(void *arg, unsigned ready)
{
    struct conn *c = arg;
    if (ready & WATCH_READ) {
        receive(c);
        return;
    }
    c->stepping = true;
    flush(c);
    conn_resume(c);
}

void conn_new(struct http_server *s, int fd, const char *peer)
{
    struct conn *c = mem_alloc(sizeof *c);
    c->server = s;
    c->fd = fd;
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    list_init(&c->timed);
    list_init(&c->node);
    list_append(&s->conns, &c->node);
    c->proxied = proxy_trusts(s->proxies, peer);
    c->watch = watch_new(s->loop, fd, on_ready, c);
    s->stats.connections++;
    s->in_state[CONN_HEAD]++;
    touch(c);
    want(c, WATCH_READ);
}

/* A client that has begun a request learns why it is not answered. */
void conn_expire(struct conn *c)
{
    if (c->state == CONN_BODY || (c->state == CONN_HEAD && c->in.len > 0))
        refuse_with(c, 408, "Request Timeout");
    else
        conn_close(c);
}
