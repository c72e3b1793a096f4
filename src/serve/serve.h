/* serve — the daemon: options, the order of the start, the wiring of all parts, the shutdown. And
 * the commands for whoever looks after a server. */
#pragma once

#include <stdbool.h>

/* `virga serve ...`. Returns the process's exit status. */
int serve_main(int argc, char **argv);
/* backup, restore, migrate, rotate-key: they work on the data directory itself, as the user it
 * belongs to. True when argv[1] is one of them; then `ret` is the exit status. */
bool maintenance_main(int argc, char **argv, int *ret);
