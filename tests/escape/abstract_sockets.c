/* Reaches a socket that another slot listens on in the abstract namespace, which knows no file
 * permissions. The victim listens on "virga-victim".
 * Must be refused by the slot's own network namespace. */
#include "attack.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static int attempt(const char *name, int type)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    memcpy(a.sun_path + 1, name, strlen(name));
    int s = socket(AF_UNIX, type, 0);
    return connect(s, (struct sockaddr *)&a,
                   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)));
}

int main(void)
{
    MUST_FAIL(attempt("virga-victim", SOCK_STREAM), ECONNREFUSED);
    char line[256];
    FILE *f = fopen("/proc/net/unix", "r");
    while (f && fgets(line, sizeof line, f))
        if (strchr(line, '@') || strstr(line, " /"))
            succeeded("a named socket of others: %s", line);
    refused("no abstract names of others");
}
