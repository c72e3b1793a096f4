/* Looks for shared memory, semaphores and message queues of a slot beside it. The victim has made
 * one of each under a known name. Must be refused by the slot's own ipc namespace. */
#include "attack.h"

#include <mqueue.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

int main(void)
{
    MUST_FAIL(shmget(0x5669, 4096, 0), ENOENT);
    MUST_FAIL(semget(0x5669, 1, 0), ENOENT);
    MUST_FAIL(msgget(0x5669, 0), ENOENT);
    MUST_FAIL(mq_open("/virga-victim", O_RDONLY), ENOENT);
    refused("nothing of others' under these names");
}
