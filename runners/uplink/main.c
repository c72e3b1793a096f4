/* virga-uplink — makes the processes behind slots' networks (sandbox/uplink_program.h).
 *
 *   virga-uplink DIRECTORY     orders on UPLINK_CONTROL; mounts over DIRECTORY, for itself */
#include "sandbox/uplink_program.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc == 2)
        uplink_program(argv[1]);
    dprintf(2, "usage: virga-uplink DIRECTORY (it is started by virga)\n");
    return 2;
}
