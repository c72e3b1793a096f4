/* virga-plain — the template of slots whose program cannot be copied once it runs, such as Node.js.
 *
 *   virga-plain PROGRAM [ARGUMENT...]     orders on TEMPLATE_CONTROL; every copy becomes PROGRAM
 *
 * A copy of the daemon's own image would do the same, but pays for the mappings of all libraries
 * of the daemon, twice: when it is made and when PROGRAM takes their place. This one is static and
 * has a handful. */
#include "sandbox/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void become_program(void *arg)
{
    char **argv = arg;
    execv(argv[0], argv);
    dprintf(STDERR_FILENO, "virga: cannot run %s: %m\n", argv[0]);
    _exit(127);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        dprintf(STDERR_FILENO, "usage: virga-plain PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    unsetenv("LD_BIND_NOW"); /* meant for templates */
    template_serve(&(struct template_hooks){.become = become_program, .arg = argv + 1});
}
