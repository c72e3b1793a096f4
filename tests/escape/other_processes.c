/* Looks at other processes in /proc: their environment, files, memory, open descriptors.
 * Must be refused by the step 'proc': it shows the slot's own processes only. */
#include "attack.h"

#include <ctype.h>
#include <dirent.h>

int main(void)
{
    static const char *const parts[] = {"environ", "root/tmp/secret", "mem", "fd/3", "maps"};
    char path[300];
    unsigned foreign = 0;
    DIR *list = opendir("/proc");
    if (!list)
        inconclusive("/proc: %s", strerror(errno));
    for (struct dirent *d; (d = readdir(list));) {
        if (!isdigit((unsigned char)d->d_name[0]))
            continue;
        char self[16] = "";
        if (readlink("/proc/self", self, sizeof self - 1) > 0 && strcmp(self, d->d_name) == 0)
            continue;
        foreign++;
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            snprintf(path, sizeof path, "/proc/%s/%s", d->d_name, parts[i]);
            if (open(path, O_RDONLY) >= 0)
                succeeded("opened %s", path);
        }
    }
    if (foreign)
        succeeded("%u processes of others are listed", foreign);
    refused("its own process is all there is");
}
