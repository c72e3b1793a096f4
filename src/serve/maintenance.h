/* maintenance — the commands for whoever looks after a server: backup, restore, migrate,
 * rotate-key. They work on the data directory itself, as the user it belongs to. */
#pragma once

/* True when argv[1] is one of them; then `ret` is the exit status. */
#include <stdbool.h>
bool maintenance_main(int argc, char **argv, int *ret);
