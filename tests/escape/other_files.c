/* Looks for files of a slot that lives beside it, in every directory it may write to. The victim
 * has put a file `secret` into each. Must be refused by each slot's own scratch file systems. */
#include "attack.h"

#include <dirent.h>

int main(void)
{
    static const char *const dirs[] = {"/tmp",     "/dev/shm", "/code", "/run",
                                       "/var/tmp", "/home",    "/mnt"};
    char path[64];
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        snprintf(path, sizeof path, "%s/secret", dirs[i]);
        must_fail_with(path, access(path, F_OK), ENOENT, 0);
        DIR *list = opendir(dirs[i]);
        for (struct dirent *d; list && (d = readdir(list));)
            if (d->d_name[0] != '.' && strcmp(d->d_name, "postgresql")) /* a place, in each root */
                succeeded("%s holds %s", dirs[i], d->d_name);
    }
    refused("all scratch directories are empty");
}
