/* Going into a slot's network namespace and coming back would take rights over the host's, which
 * nobody here has: they were given up. So a process goes in that does not come back. It shares
 * memory and descriptors with its parent, which stands still meanwhile (as with vfork), and leaves
 * the new interface's descriptor behind. The way in leads through the slot's user namespace, which
 * is ours by birth (user_namespaces(7): who made it has all rights in it). */
#include "sandbox/uplink_program.h"

#include "uplink/uplink.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_BYTES = 64 << 10 };

struct visit {
    int slot, tap;
    struct err *e;
};

static int inside(void *arg)
{
    struct visit *v = arg;
    if (setns(v->slot, CLONE_NEWUSER | CLONE_NEWNET) < 0)
        (void)err_sys(v->e, "enter the slot's network");
    else
        v->tap = uplink_tap_open(v->e);
    return 0; /* which ends this process alone */
}

int uplink_plug(int slot_pidfd, struct err *e)
{
    static _Alignas(16) char stack[STACK_BYTES];
    struct visit v = {slot_pidfd, -1, e};
    pid_t pid = clone(inside, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_FILES, &v);
    if (pid < 0)
        return err_sys(e, "clone a process");
    while (waitpid(pid, NULL, __WALL) < 0)
        if (errno != EINTR)
            return err_sys(e, "wait for the interface");
    if (v.tap < 0 && !e->code)
        return err_set(e, ERR_SYSTEM, "the interface's process was killed");
    return v.tap;
}
