/* cli — the command line: a client of the HTTP API, nothing more.
 *
 * Results go to standard output, everything else to standard error, so that output can be piped.
 * Exit status: 0 done, 1 the function failed, 2 wrong usage or input, 3 the server is not reachable
 * or refused. */
#pragma once

/* Every command but `serve`. Returns the process's exit status. */
int cli_main(int argc, char **argv);
