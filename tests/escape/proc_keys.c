/* Lists the keys of others in /proc/keys, readable for everybody.
 * Must be refused by the step 'masked proc'. */
#include "attack.h"

int main(void)
{
    char text[256];
    int fd = open("/proc/key-users", O_RDONLY);
    if (fd < 0)
        refused("/proc/key-users: %s", strerror(errno));
    ssize_t n = read(fd, text, sizeof text);
    if (n > 0)
        succeeded("%zd bytes of /proc/key-users", n);
    refused("/proc/key-users is covered");
}
