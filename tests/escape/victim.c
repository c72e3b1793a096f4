/* Not an attack: the slot that lives beside one. Leaves a trace in everything that could be shared,
 * says "ready", and answers "alive" to each byte, for as long as nobody has killed it. */
#include "attack.h"

#include <mqueue.h>
#include <stddef.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

static void leave_files(void)
{
    static const char *const dirs[] = {"/tmp", "/dev/shm", "/code"};
    char path[64];
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        snprintf(path, sizeof path, "%s/secret", dirs[i]);
        int fd = open(path, O_CREAT | O_WRONLY, 0666);
        if (fd >= 0)
            (void)!write(fd, "secret", 6);
    }
}

static void leave_ipc(void)
{
    (void)shmget(0x5669, 4096, IPC_CREAT | 0666);
    (void)semget(0x5669, 1, IPC_CREAT | 0666);
    (void)msgget(0x5669, IPC_CREAT | 0666);
    (void)mq_open("/virga-victim", O_CREAT | O_RDWR, 0666, NULL);
}

static void listen_abstract(void)
{
    static const char name[] = "virga-victim";
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(a.sun_path + 1, name, sizeof name - 1);
    (void)!bind(s, (struct sockaddr *)&a,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof name));
    (void)!listen(s, 4);
}

int main(void)
{
    char byte;
    leave_files();
    leave_ipc();
    listen_abstract();
    (void)!write(SOCKET, "ready\n", 6);
    while (read(SOCKET, &byte, 1) == 1)
        (void)!write(SOCKET, "alive\n", 6);
    return 0;
}
