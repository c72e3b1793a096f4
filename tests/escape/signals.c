/* Sends signals to everything it can name: other slots, the template, the spawner. The victim must
 * live on (the harness asks it afterwards).
 * Must be refused by the pid namespace. */
#include "attack.h"

#include <signal.h>

int main(void)
{
    pid_t self = getpid();
    signal(SIGTERM, SIG_IGN);
    for (pid_t pid = 1; pid < 70000; pid++)
        if (pid != self && kill(pid, SIGKILL) == 0)
            succeeded("process %d got a signal", (int)pid);
    if (kill(-1, SIGKILL) == 0)
        succeeded("kill(-1) found somebody");
    if (getppid() != 0)
        succeeded("the parent is visible as %d", (int)getppid());
    refused("nobody else can be named");
}
