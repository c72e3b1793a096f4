#include "conn.h"

#include "base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024, KEEP_MAX = 1024 * 1024 };

int conn_listen(uint16_t port, uint16_t *ret_port, struct err *e)
{
    auto_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys(e, "create the runtime API's socket");
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof at;
    if (bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, CONNS_MAX * 4) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        return err_sys(e, "listen on 127.0.0.1:%u", port);
    *ret_port = ntohs(at.sin_port);
    return take_fd(&fd);
}

void conn_open(struct conn *c, int fd, uint64_t turn)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *c = (struct conn){.fd = fd, .turn = turn};
}

void conn_close(struct conn *c)
{
    fd_close(&c->fd);
    request_done(&c->reader);
    buf_done(&c->out);
    c->waiting = false;
}

bool conn_is_idle(const struct conn *c)
{
    return !c->waiting && !c->reader.in.len && !c->out.len;
}

void conn_read(struct conn *c)
{
    struct buf *in = &c->reader.in;
    buf_reserve(in, READ_STEP);
    ssize_t n = recv(c->fd, in->data + in->len, in->cap - in->len - 1, MSG_DONTWAIT);
    if (n > 0)
        in->len += (size_t)n;
    else if (n == 0)
        c->ended = true;
    else if (errno != EAGAIN && errno != EINTR)
        conn_close(c);
}

void conn_flush(struct conn *c)
{
    while (c->out.len) {
        ssize_t n = send(c->fd, c->out.data, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            conn_close(c);
            return;
        }
        buf_consume(&c->out, (size_t)n);
    }
    if (c->out.cap > KEEP_MAX)
        buf_done(&c->out);
    if (!c->keep_alive)
        conn_close(c);
}

/* A client that writes its request in small pieces (bash does) holds the next piece back until the
 * one before is acknowledged, which the kernel delays by 40 ms in the hope of an answer to send
 * along. This sends it now; the option does not last, hence each time. */
static void acknowledge(struct conn *c)
{
    int on = 1;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

int conn_take(struct conn *c, size_t max, struct request *ret)
{
    int got = request_take(&c->reader, max, ret);
    if (got == 0 && c->reader.head_len && c->reader.continues) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        c->reader.asked = true;
        c->reader.continues = false;
        buf_addz(&c->out, go_on);
        c->keep_alive = true;
        conn_flush(c);
    }
    if (got == 0 && c->reader.in.len)
        acknowledge(c);
    if (got == 1)
        c->keep_alive = ret->keep_alive;
    return got;
}

static const char *reason(int status)
{
    return status == 200   ? "OK"
           : status == 202 ? "Accepted"
           : status == 400 ? "Bad Request"
           : status == 403 ? "Forbidden"
           : status == 404 ? "Not Found"
           : status == 405 ? "Method Not Allowed"
           : status == 413 ? "Payload Too Large"
                           : "Request Header Fields Too Large";
}

/* Head and body leave in one call: the event is not copied unless the socket is full. */
void conn_answer(struct conn *c, int status, const char *headers, struct str body)
{
    auto_buf struct buf head = {0};
    buf_addf(&head,
             "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s%s\r\n",
             status, reason(status), body.n, c->keep_alive ? "" : "Connection: close\r\n", headers);
    struct iovec parts[] = {{head.data, head.len}, {(char *)body.p, body.n}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n = c->out.len ? 0 : sendmsg(c->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    size_t sent = n > 0 ? (size_t)n : 0;
    if (sent < head.len) {
        buf_add(&c->out, head.data + sent, head.len - sent);
        sent = head.len;
    }
    sent -= head.len;
    if (sent < body.n)
        buf_add(&c->out, body.p + sent, body.n - sent);
    c->waiting = false;
    request_drop(&c->reader);
    conn_flush(c);
}
