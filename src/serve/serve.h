/* serve — the daemon: options, the order of the start, the wiring of all parts, the shutdown. */
#pragma once

/* `virga serve ...`. Returns the process's exit status. */
int serve_main(int argc, char **argv);
