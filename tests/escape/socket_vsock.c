/* Talks to the hypervisor, or to other virtual machines on it: AF_VSOCK is not part of a network
 * namespace on most kernels.
 * Must be refused by the syscall filter. */
#include "attack.h"

#include <sys/socket.h>

int main(void)
{
    MUST_FAIL(socket(AF_VSOCK, SOCK_STREAM, 0), EAFNOSUPPORT);
    MUST_FAIL(socket(AF_VSOCK, SOCK_DGRAM, 0), EAFNOSUPPORT);
    refused("AF_VSOCK is not supported");
}
