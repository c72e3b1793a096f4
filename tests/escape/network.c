/* Reaches the network with the network off: the host's loopback, where the server and the harness
 * listen, the machine's neighbours, cloud metadata, the outside, DNS.
 * Must be refused by the slot's own network namespace: it has a loopback of its own and no route.
 */
#include "attack.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int attempt(const char *address, int port, int type)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &a.sin_addr);
    int s = socket(AF_INET, type, 0);
    if (s < 0)
        inconclusive("socket: %s", strerror(errno));
    int rc = connect(s, (struct sockaddr *)&a, sizeof a);
    int sys = errno;
    close(s);
    errno = sys;
    return rc;
}

static void attempt6(const char *address)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
    inet_pton(AF_INET6, address, &a.sin6_addr);
    int s = socket(AF_INET6, SOCK_DGRAM, 0);
    if (s < 0)
        return;
    must_fail_with(address, connect(s, (struct sockaddr *)&a, sizeof a), ENETUNREACH, EADDRNOTAVAIL,
                   EHOSTUNREACH, EACCES, EINVAL /* link-local without a link */, 0);
    close(s);
}

int main(int argc, char **argv)
{
    static const char *const outside[] = {"169.254.169.254", "8.8.8.8",     "10.0.0.1",
                                          "172.17.0.1",      "192.168.0.1", "224.0.0.1"};
    int port = argc > 1 ? atoi(argv[1]) : 22; /* of a listener of the harness */
    MUST_FAIL(attempt("127.0.0.1", port, SOCK_STREAM), ECONNREFUSED);
    MUST_FAIL(attempt("0.0.0.0", port, SOCK_STREAM), ECONNREFUSED);
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        must_fail_with(outside[i], attempt(outside[i], 80, SOCK_STREAM), ENETUNREACH, 0);
        must_fail_with(outside[i], attempt(outside[i], 53, SOCK_DGRAM), ENETUNREACH, 0);
    }
    attempt6("2001:4860:4860::8888");
    attempt6("fe80::1");
    attempt6("ff02::1");
    for (unsigned i = 1; i < 64; i++) {
        char name[IF_NAMESIZE];
        struct ifreq r = {.ifr_ifindex = (int)i};
        int s = socket(AF_INET, SOCK_DGRAM, 0);
        if (ioctl(s, SIOCGIFNAME, &r) == 0 && strcmp(r.ifr_name, "lo") != 0) {
            struct ifreq up = r;
            snprintf(name, sizeof name, "%s", r.ifr_name);
            /* tunnel devices of loaded modules appear in every namespace, down and without address
             */
            if (ioctl(s, SIOCGIFFLAGS, &up) == 0 && up.ifr_flags & IFF_UP)
                succeeded("interface %s is up", name);
        }
        close(s);
    }
    refused("no way out of its own loopback");
}
