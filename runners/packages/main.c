/* virga-packages — the program of a build's slot: has pip or npm install a set of packages and
 * hands over what they made.
 *
 *   virga-packages           in a slot, below /tmp
 *   virga-packages DIR       outside of one, for tests
 *
 * It trusts the server and is trusted by nobody (deps/wire.h). Its standard output and error are
 * those of the package manager: the build's log. Nothing that it was ordered appears in an argv. */
#include "work.h"

#include "../common/frames.h"
#include "sandbox/runner_fds.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

int work_send(struct work *w, enum wire_type type, struct str payload, struct err *e)
{
    if (frames_send(w->sock, (uint8_t)type, 0, 0, payload) < 0)
        return err_sys(e, "send to the server");
    return 0;
}

static int enter_top(struct work *w, struct err *e)
{
    if (chdir(w->top) < 0)
        return err_sys(e, "enter '%s'", w->top);
    if ((mkdir("home", 0700) < 0 || mkdir("layer", 0700) < 0) && errno != EEXIST)
        return err_sys(e, "make directories in '%s'", w->top);
    return 0;
}

static const struct step {
    const char *name;
    int (*run)(struct work *w, struct err *e);
} steps[] = {
    {"the directories", enter_top},
    {"the way out", listen_offer},
    {"the runtime", manager_runtime},
    {"the order", order_read},
    {"the installation", manager_install},
    {"the packages", packages_send},
    {"the files", tree_send},
};

int main(int argc, char **argv)
{
    struct err e = {0};
    struct work w = {.sock = RUNNER_SOCKET, .top = argc > 1 ? argv[1] : "/tmp"};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].run(&w, &e) < 0) {
            (void)err_in(&e, "%s", steps[i].name);
            (void)work_send(&w, WIRE_FAILED, str_of(e.text), &e);
            return 1;
        }
    return work_send(&w, WIRE_DONE, STR(""), &e) < 0;
}
