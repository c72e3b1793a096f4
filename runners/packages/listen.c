#include "work.h"

#include "base/fd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* The frame and the descriptor in one message: the server takes the descriptor with its bytes. */
static int hand_over(int sock, int listener)
{
    struct {
        uint32_t length;
        uint8_t type, flags;
        uint16_t call;
    } frame = {0, WIRE_LISTENER, 0, 0};
    char control[CMSG_SPACE(sizeof listener)] = {0};
    struct iovec part = {&frame, sizeof frame};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof listener);
    memcpy(CMSG_DATA(c), &listener, sizeof listener);
    return sendmsg(sock, &m, MSG_NOSIGNAL) == (ssize_t)sizeof frame ? 0 : -1;
}

int listen_offer(struct work *w, struct err *e)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    auto_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 64) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        return err_sys(e, "listen on the loopback interface");
    w->port = ntohs(at.sin_port);
    if (hand_over(w->sock, fd) < 0)
        return err_sys(e, "hand the listening socket over");
    return 0;
}
