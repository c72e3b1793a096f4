#include "files.h"

#include "base/fd.h"
#include "../common/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_PATH = 1024 };

static bool segment_is_plain(struct str s)
{
    return s.n && !str_is(s, ".") && !str_is(s, "..") && !memchr(s.p, 0, s.n);
}

static bool path_is_plain(struct str path)
{
    if (path.n >= FILES_PATH)
        return false;
    for (struct str rest = path; rest.p;)
        if (!segment_is_plain(str_cut(&rest, '/')))
            return false;
    return true;
}

int files_next(struct str *rest, struct files_entry *ret, struct err *e)
{
    if (rest->n == 0)
        return 0;
    uint16_t path_length, mode;
    uint32_t size;
    if (!frames_u16(rest, &path_length) || !frames_u16(rest, &mode) || !frames_u32(rest, &size) ||
        !frames_bytes(rest, path_length, &ret->path) || !frames_bytes(rest, size, &ret->bytes))
        return err_set(e, ERR_INVALID, "the files of the function are cut short");
    if (!path_is_plain(ret->path))
        return err_set(e, ERR_INVALID, "path '" STR_FMT "' leaves the code directory",
                       STR_ARG(ret->path));
    ret->mode = mode & 0777;
    return 1;
}

static int make_parents(int dir_fd, char *path, struct err *e)
{
    for (char *at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        if (mkdirat(dir_fd, path, 0755) < 0 && errno != EEXIST)
            return err_sys(e, "create directory '%s'", path);
        *at = '/';
    }
    return 0;
}

/* Plain openat: no user code has run yet that could have put a link into the directory. */
int files_write(int dir_fd, const struct files_entry *file, struct err *e)
{
    char path[FILES_PATH];
    memcpy(path, file->path.p, file->path.n);
    path[file->path.n] = 0;
    if (make_parents(dir_fd, path, e) < 0)
        return -1;
    auto_fd int fd =
        openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, file->mode);
    if (fd < 0)
        return err_sys(e, "create '%s'", path);
    if (fd_write_all(fd, file->bytes.p, file->bytes.n, e) < 0)
        return err_in(e, "'%s'", path);
    /* The umask of whoever started us must not decide whether a script can be executed. */
    if (file->mode & 0111 && fchmod(fd, file->mode) < 0)
        return err_sys(e, "make '%s' executable", path);
    return 0;
}
