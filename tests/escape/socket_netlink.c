/* Talks to the kernel's netlink families (routing, netfilter, audit): a steady source of holes.
 * Must be refused by the syscall filter, as must families that load kernel modules on demand. */
#include "attack.h"

#include <sys/socket.h>

int main(void)
{
    for (int protocol = 0; protocol < 23; protocol++)
        MUST_FAIL(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), EAFNOSUPPORT);
    MUST_FAIL(socket(AF_ALG, SOCK_SEQPACKET, 0), EAFNOSUPPORT);
    for (int family = AF_INET6 + 1; family < 64; family++)
        if (family != AF_NETLINK)
            MUST_FAIL(socket(family, SOCK_DGRAM, 0), EAFNOSUPPORT, ENOSYS);
    MUST_FAIL(socket(AF_INET, SOCK_STREAM, 132 /* sctp */), ENOSYS);
    refused("no netlink and no exotic families");
}
