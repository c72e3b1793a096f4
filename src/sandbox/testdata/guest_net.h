/* guest_net — commands of the guest that reach for a network; each answers with what it got. */
#pragma once

#include "sandbox/testdata/guest.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <time.h>

enum { GUEST_ANSWER_MS = 45000 };

static struct sockaddr_in guest_address(const char *arg)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    char text[64];
    int port = 0;
    if (sscanf(arg, "%63s %d", text, &port) != 2 || inet_pton(AF_INET, text, &a.sin_addr) != 1)
        guest_say("which address?");
    a.sin_port = htons((uint16_t)port);
    return a;
}

static void guest_say_answer(int s)
{
    char line[256];
    struct pollfd p = {s, POLLIN, 0};
    ssize_t n = poll(&p, 1, GUEST_ANSWER_MS) == 1 ? read(s, line, sizeof line - 1) : 0;
    if (n <= 0) {
        guest_say(n < 0 ? strerror(errno) : "no answer");
        return;
    }
    line[n] = 0;
    line[strcspn(line, "\n")] = 0;
    guest_say(line);
}

static void guest_tcp(const char *arg, bool answer)
{
    struct sockaddr_in a = guest_address(arg);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (struct sockaddr *)&a, sizeof a) < 0)
        guest_say(strerror(errno));
    else if (answer)
        guest_say_answer(s);
    else
        guest_say("connected");
    close(s);
}

static void guest_udp(const char *arg, bool wait)
{
    struct sockaddr_in a = guest_address(arg);
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    (void)setsockopt(s, SOL_SOCKET, SO_BROADCAST, &(int){1}, sizeof(int));
    if (sendto(s, "datagram", 8, 0, (struct sockaddr *)&a, sizeof a) != 8)
        guest_say(strerror(errno));
    else if (wait)
        guest_say_answer(s);
    else
        guest_say("sent");
    close(s);
}

/* A datagram that tries to slip by, then an honest one, whose answer shows that both have been
 * seen.
 */
static void guest_slip(const char *arg, bool options)
{
    static char large[65507]; /* with its headers more than one packet takes */
    static const char nothing[] = {1, 1, 1, 1};
    struct sockaddr_in a = guest_address(arg);
    int odd = socket(AF_INET, SOCK_DGRAM, 0), honest = socket(AF_INET, SOCK_DGRAM, 0);
    int rc = options ? setsockopt(odd, IPPROTO_IP, IP_OPTIONS, nothing, sizeof nothing)
                     : setsockopt(odd, SOL_SOCKET, SO_SNDBUF, &(int){1 << 20}, sizeof(int));
    size_t n = options ? 8 : sizeof large;
    struct pollfd p = {honest, POLLIN, 0};
    if (rc < 0 || sendto(odd, large, n, 0, (struct sockaddr *)&a, sizeof a) < 0 ||
        sendto(honest, "datagram", 8, 0, (struct sockaddr *)&a, sizeof a) != 8)
        guest_say(strerror(errno));
    else if (poll(&p, 1, GUEST_ANSWER_MS) != 1)
        guest_say("no answer");
    else
        guest_say(recv(odd, large, sizeof large, MSG_DONTWAIT) < 0 ? "dropped" : "answered");
    close(odd);
    close(honest);
}

static void guest_name(const char *name)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int rc = getaddrinfo(name, NULL, &hints, &found);
    char text[INET_ADDRSTRLEN] = "";
    if (rc == 0) {
        struct sockaddr_in a;
        memcpy(&a, found->ai_addr, sizeof a);
        inet_ntop(AF_INET, &a.sin_addr, text, sizeof text);
        freeaddrinfo(found);
    }
    guest_say(rc == 0 ? text : gai_strerror(rc));
}

static void guest_socket(int family, int type, int protocol)
{
    int s = socket(family, type, protocol);
    guest_say(s < 0 ? strerror(errno) : "made");
    if (s >= 0)
        close(s);
}

static void guest_ipv6(void)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
    inet_pton(AF_INET6, "2001:db8::1", &a.sin6_addr);
    int s = socket(AF_INET6, SOCK_STREAM, 0);
    guest_say(connect(s, (struct sockaddr *)&a, sizeof a) == 0 ? "connected" : strerror(errno));
    close(s);
}

/* Bytes pushed into a connection, in MB; answers with how many went through per second. */
static void guest_push(const char *arg)
{
    static char block[1 << 16];
    char host[64];
    int port, mb;
    if (sscanf(arg, "%63s %d %d", host, &port, &mb) != 3) {
        guest_say("push what?");
        return;
    }
    struct sockaddr_in a = guest_address(arg);
    struct timespec from, to;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    bool good = connect(s, (struct sockaddr *)&a, sizeof a) == 0;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; good && i < mb * 16; i++)
        for (size_t sent = 0; good && sent < sizeof block;) {
            ssize_t n = write(s, block + sent, sizeof block - sent);
            good = n > 0;
            sent += n > 0 ? (size_t)n : 0;
        }
    clock_gettime(CLOCK_MONOTONIC, &to);
    close(s);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    if (good)
        guest_say_number((long)(mb / seconds));
    else
        guest_say(strerror(errno));
}

/* As many connections as there may be, all kept; answers with their number. */
static void guest_crowd(const char *arg)
{
    struct sockaddr_in a = guest_address(arg);
    long made = 0;
    for (;; made++) {
        int s = socket(AF_INET, SOCK_STREAM, 0);
        if (s < 0 || connect(s, (struct sockaddr *)&a, sizeof a) < 0)
            break;
    }
    guest_say_number(made);
}

static void guest_listen(const char *arg)
{
    struct sockaddr_in a = guest_address(arg);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    bool good = bind(s, (struct sockaddr *)&a, sizeof a) == 0 && listen(s, 1) == 0;
    guest_say(good ? "listening" : strerror(errno));
}

static bool guest_net(const char *line, const char *arg)
{
    if (!strcmp(line, "tcp"))
        guest_tcp(arg, true);
    else if (!strcmp(line, "reach"))
        guest_tcp(arg, false);
    else if (!strcmp(line, "udp"))
        guest_udp(arg, true);
    else if (!strcmp(line, "send"))
        guest_udp(arg, false);
    else if (!strcmp(line, "options"))
        guest_slip(arg, true);
    else if (!strcmp(line, "fragments"))
        guest_slip(arg, false);
    else if (!strcmp(line, "name"))
        guest_name(arg);
    else if (!strcmp(line, "ipv6"))
        guest_ipv6();
    else if (!strcmp(line, "raw"))
        guest_socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
    else if (!strcmp(line, "packet"))
        guest_socket(AF_PACKET, SOCK_RAW, 0);
    else if (!strcmp(line, "crowd"))
        guest_crowd(arg);
    else if (!strcmp(line, "listen"))
        guest_listen(arg);
    else if (!strcmp(line, "push"))
        guest_push(arg);
    else
        return false;
    return true;
}
