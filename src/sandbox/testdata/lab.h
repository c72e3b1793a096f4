/* lab — a network of its own for tests of slots' networks: this process moves into a namespace
 * that plays the host, beside one that plays the rest of the world.
 *
 *     host 203.0.113.1, 10.9.0.1  ----wire----  203.0.113.10, 10.9.0.10, 169.254.169.254 world
 *
 * In the world every address answers: TCP at ports 80, 25 and 5432 greets with "hello from ADDRESS"
 * and echoes lines, UDP at port 7 echoes, and at port 53 a name server says that every name is
 * 203.0.113.10, but "inside.test" 10.9.0.10. At 203.0.113.10 port 9 takes whatever comes. */
#pragma once

#include "base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LAB_CONNS = 2048 };

static pid_t lab_world;

__attribute__((format(printf, 1, 2))) static void lab_run(const char *fmt, ...)
{
    char command[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(command, sizeof command, fmt, args);
    va_end(args);
    if (system(command) != 0) {
        fprintf(stderr, "failed: %s\n", command);
        exit(1);
    }
}

static int lab_bound(int type, const char *address, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int s = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    inet_pton(AF_INET, address, &a.sin_addr);
    (void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof a) < 0 ||
        (type == SOCK_STREAM && listen(s, 64) < 0)) {
        fprintf(stderr, "bind %s:%d: %s\n", address, port, strerror(errno));
        exit(1);
    }
    return s;
}

/* --- the world --- */

static void lab_greet(int s)
{
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    char text[64] = "hello from ";
    if (getsockname(s, (struct sockaddr *)&a, &len) == 0)
        inet_ntop(AF_INET, &a.sin_addr, text + strlen(text), INET_ADDRSTRLEN);
    strcat(text, "\n");
    (void)!write(s, text, strlen(text));
}

static size_t lab_answer_name(uint8_t *q, size_t n, size_t cap)
{
    size_t end = 12;
    while (end < n && q[end])
        end += q[end] + 1u;
    end += 5; /* the end of the name, type and class */
    if (n < 12 || end > n || end + 16 > cap)
        return 0;
    bool inside = memmem(q, n, "\6inside", 7) != NULL, is_a = q[end - 3] == 1;
    static const uint8_t tail[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4};
    q[2] = 0x81;
    q[3] = 0x80;
    q[7] = is_a;
    memset(q + 8, 0, 4); /* nothing additional */
    if (!is_a)
        return end;
    memcpy(q + end, tail, sizeof tail);
    memcpy(q + end + sizeof tail, inside ? "\12\11\0\12" : "\313\0\161\12", 4);
    return end + 16;
}

static void lab_serve(int ready)
{
    static char block[1 << 16];
    static struct pollfd p[8 + LAB_CONNS];
    static bool sink[8 + LAB_CONNS];
    int n = 0;
    p[n++] = (struct pollfd){lab_bound(SOCK_STREAM, "0.0.0.0", 80), POLLIN, 0};
    p[n++] = (struct pollfd){lab_bound(SOCK_STREAM, "0.0.0.0", 25), POLLIN, 0};
    p[n++] = (struct pollfd){lab_bound(SOCK_STREAM, "0.0.0.0", 5432), POLLIN, 0};
    p[n++] = (struct pollfd){lab_bound(SOCK_STREAM, "203.0.113.10", 9), POLLIN, 0};
    p[n++] = (struct pollfd){lab_bound(SOCK_DGRAM, "0.0.0.0", 7), POLLIN, 0};
    p[n++] = (struct pollfd){lab_bound(SOCK_DGRAM, "0.0.0.0", 53), POLLIN, 0};
    const int fixed = n;
    if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){2 * LAB_CONNS, 2 * LAB_CONNS}) < 0)
        exit(1);
    (void)!write(ready, "r", 1);
    for (;;) {
        if (poll(p, (nfds_t)n, -1) < 0)
            exit(1);
        for (int i = 0, count = n; i < count; i++) {
            if (!p[i].revents)
                continue;
            if (i < 4) {
                int s = accept4(p[i].fd, NULL, NULL, SOCK_CLOEXEC);
                if (s >= 0 && n < 8 + LAB_CONNS) {
                    if (i != 3)
                        lab_greet(s);
                    sink[n] = i == 3;
                    p[n++] = (struct pollfd){s, POLLIN, 0};
                }
            } else if (i < fixed) {
                struct sockaddr_in from;
                socklen_t len = sizeof from;
                ssize_t got = recvfrom(p[i].fd, block, sizeof block, 0, (void *)&from, &len);
                if (got > 0 && i == 5)
                    got = (ssize_t)lab_answer_name((uint8_t *)block, (size_t)got, sizeof block);
                if (got > 0)
                    (void)sendto(p[i].fd, block, (size_t)got, 0, (void *)&from, len);
            } else {
                ssize_t got = read(p[i].fd, block, sizeof block);
                if (got > 0 && !sink[i])
                    (void)!write(p[i].fd, block, (size_t)got);
                if (got <= 0) {
                    close(p[i].fd);
                    p[i].fd = -1; /* poll passes over it */
                }
            }
        }
        for (int i = fixed; i < n; i++)
            if (p[i].fd < 0) {
                p[i] = p[--n];
                sink[i] = sink[n];
            }
    }
}

/* Before anything else of the test. False: this host lets us make no namespaces. */
__attribute__((unused)) static bool lab_open(void)
{
    int up[2], wired[2];
    char c;
    if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) < 0 ||
        unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
        return false;
    lab_run("mount --make-rprivate / && ip link set lo up");
    if (pipe2(up, O_CLOEXEC) < 0 || pipe2(wired, O_CLOEXEC) < 0)
        return false;
    lab_world = fork();
    if (lab_world == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) < 0 || write(up[1], "u", 1) != 1 || read(wired[0], &c, 1) != 1)
            exit(1);
        lab_run("ip link set lo up && ip addr add 203.0.113.10/24 dev far && "
                "ip addr add 10.9.0.10/24 dev far && ip addr add 169.254.169.254/32 dev far && "
                "ip link set far up && ip route add default via 203.0.113.1");
        lab_serve(up[1]);
    }
    if (read(up[0], &c, 1) != 1)
        return false;
    lab_run("ip link add near type veth peer name far netns %d && "
            "ip addr add 203.0.113.1/24 dev near && ip addr add 10.9.0.1/24 dev near && "
            "ip link set near up && ip route add 169.254.169.254 dev near && "
            "ip route add default via 203.0.113.10",
            (int)lab_world);
    if (write(wired[1], "w", 1) != 1 || read(up[0], &c, 1) != 1)
        return false;
    lab_run("echo nameserver 203.0.113.10 >/tmp/virga-lab-resolv.$$ && "
            "mount --bind /tmp/virga-lab-resolv.$$ /etc/resolv.conf && "
            "rm /tmp/virga-lab-resolv.$$");
    return true;
}
