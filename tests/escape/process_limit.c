/* Makes processes and threads without end (fork bomb).
 * Must be refused by the pids cgroup, and by RLIMIT_NPROC where each slot has a user of its own. */
#include "attack.h"

int main(void)
{
    for (int made = 0; made < 1000; made++) {
        pid_t pid = fork();
        if (pid == 0) {
            pause();
            _exit(0);
        }
        if (pid < 0 && errno == EAGAIN)
            refused("%d processes was all", made);
        if (pid < 0)
            inconclusive("fork: %s", strerror(errno));
    }
    succeeded("made 1000 processes");
}
