#include "engine/setup.h"

#include "base/fd.h"

#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int add(int fd, struct str part, struct err *e)
{
    uint32_t length = htole32((uint32_t)part.n);
    if (fd_write_all(fd, &length, sizeof length, e) < 0)
        return -1;
    return fd_write_all(fd, part.p, part.n, e);
}

/* Sealed: the template reads what it was given, whatever becomes of our descriptor. */
int setup_file(struct str modules, struct str load, struct err *e)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (modules.n > SETUP_MAX || load.n > SETUP_MAX - modules.n)
        return err_set(e, ERR_TOO_LARGE, "a template's set-up is larger than %d MB",
                       SETUP_MAX >> 20);
    auto_fd int fd = memfd_create("setup", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return err_sys(e, "make a template's set-up file");
    if (add(fd, modules, e) < 0 || add(fd, load, e) < 0)
        return err_in(e, "a template's set-up file");
    if (fcntl(fd, F_ADD_SEALS, seals) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(e, "seal a template's set-up file");
    return take_fd(&fd);
}
