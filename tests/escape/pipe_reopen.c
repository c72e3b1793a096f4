/* Reopens its pipes through /proc to get the server's end of them, or to keep them open after its
 * end, and floods them.
 * Must stay without effect: a reopened pipe is the slot's own, and whoever holds it dies with it.
 */
#include "attack.h"

int main(void)
{
    char byte;
    int reading = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
    if (reading >= 0 && read(reading, &byte, 1) == 1)
        inconclusive("there was output before ours");
    MUST_FAIL(open("/proc/self/fd/3", O_RDWR), ENXIO);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        for (;;)
            pause(); /* holds all of it; the harness waits for the pipe's end */
    }
    refused("nothing of others' is behind them");
}
