#include "runtimes/runtimes.h"

#include "base/must.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int runtimes_find_runners(char *ret, size_t size, struct err *e)
{
    static const char *const places[] = {"runners", "../lib/virga/runners"};
    char program[PATH_MAX];
    struct stat info;
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len < 0)
        return err_sys(e, "find the program's own path");
    program[len] = 0;
    *strrchr(program, '/') = 0;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        snprintf(ret, size, "%s/%s", program, places[i]);
        if (stat(ret, &info) == 0 && S_ISDIR(info.st_mode))
            return 0;
    }
    return err_set(e, ERR_NOT_FOUND, "no language runners beside '%s'; name them with --runners",
                   program);
}
