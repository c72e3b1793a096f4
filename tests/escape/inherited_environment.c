/* Reads what server, spawner and template left in the environment that a copy inherits, searched
 * for a marker that the harness put into its own. Must be refused by clearing the environment and
 * by starting the runner with one of its own. */
#include "attack.h"

extern char **environ;

int main(void)
{
    static const char head[] = "VIRGA_HARNESS_", tail[] = "SECRET";
    char marker[64], text[8192];
    snprintf(marker, sizeof marker, "%s%s", head, tail);
    for (char **v = environ; *v; v++)
        if (strstr(*v, marker))
            succeeded("environment: %s", *v);
    int fd = open("/proc/self/environ", O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);
    if (n > 0 && memmem(text, (size_t)n, marker, strlen(marker)))
        succeeded("/proc/self/environ has it");
    refused("the environment is its own");
}
