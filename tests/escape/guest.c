/* Not an attack: the runner of the slots. Reads one line from its socket, "name [argument]", and
 * becomes the program of that name beside it. */
#include "attack.h"

int main(void)
{
    char line[128], path[160];
    size_t n = 0;
    while (n + 1 < sizeof line && read(SOCKET, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = 0;
    char *argument = strchr(line, ' ');
    if (argument)
        *argument++ = 0;
    snprintf(path, sizeof path, "/opt/virga/%s", line);
    execl(path, line, argument, NULL);
    inconclusive("execute '%s': %s", path, strerror(errno));
}
