/* Reads and forges packets.
 * Must be refused by the syscall filter, and by the lack of CAP_NET_RAW. */
#include "attack.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <sys/socket.h>

int main(void)
{
    MUST_FAIL(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), EAFNOSUPPORT);
    MUST_FAIL(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL)), EAFNOSUPPORT);
    MUST_FAIL(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
    MUST_FAIL(socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), EPERM);
    refused("no packet and raw sockets");
}
