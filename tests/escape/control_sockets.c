/* Talks to the spawner or the server beside the runner's protocol: sends descriptors and
 * credentials on the runner's socket, looks for their sockets by path. Must be refused: paths are
 * not there, and the socket is a plain stream that the reader frames. */
#include "attack.h"

#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static int attempt(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof a);
}

/* From Linux 6.5 on the socket gives away a pidfd of whoever made the pair, the spawner. It must be
 * good for nothing. */
static void use_peer(void)
{
    int peer = -1;
    socklen_t len = sizeof peer;
    siginfo_t info = {0};
    unsigned char out[256] = {0};
    if (getsockopt(SOCKET, SOL_SOCKET, 77 /* SO_PEERPIDFD */, &peer, &len) < 0)
        return;
    MUST_FAIL(syscall(SYS_pidfd_send_signal, peer, 0, NULL, 0), EPERM, EINVAL, ESRCH);
    MUST_FAIL(syscall(SYS_pidfd_send_signal, peer, SIGKILL, NULL, 0), EPERM, EINVAL, ESRCH);
    MUST_FAIL(syscall(SYS_pidfd_getfd, peer, 3, 0), EPERM);
    MUST_FAIL(setns(peer, CLONE_NEWNS | CLONE_NEWPID), EPERM);
    MUST_FAIL(waitid(P_PIDFD, (id_t)peer, &info, WEXITED | WNOHANG), ECHILD);
    for (unsigned nr = 1; nr < 16; nr++) /* its namespaces, its user */
        MUST_FAIL(ioctl(peer, 0xff00u | nr, out), ENOSYS);
}

int main(void)
{
    static const char *const paths[] = {
        "/run/virga/control.sock",      "/run/docker.sock",
        "/var/run/docker.sock",         "/run/containerd/containerd.sock",
        "/run/dbus/system_bus_socket",  "/run/systemd/private",
        "/run/postgresql/.s.PGSQL.5432"};
    struct ucred peer;
    socklen_t len = sizeof peer;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        must_fail_with(paths[i], attempt(paths[i]), ENOENT, EACCES, 0);
    /* Whoever made the pair must not be nameable. */
    if (getsockopt(SOCKET, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid > 1)
        succeeded("the peer is process %d", (int)peer.pid);
    use_peer();
    refused("nobody to talk to but the reader of frames");
}
