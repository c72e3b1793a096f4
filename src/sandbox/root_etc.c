#include "sandbox/root_etc.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/must.h"
#include "sandbox/instance.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 8192 entries of at most 1 MB each still end at the size of the root's tmpfs. */
enum { COPY_MAX = 1 << 20, ENTRIES_MAX = 8192 };

static int put(int root, const char *path, struct str text, struct err *e)
{
    return fd_write_file(root, path, text.p, text.n, 0644, e);
}

/* Every slot's id has a name, since many programs refuse to run as a user without one. */
static int write_users(int root, unsigned slots_max, struct err *e)
{
    auto_buf struct buf users = {0}, groups = {0};
    buf_addz(&users, "root:x:0:0:root:/root:/usr/sbin/nologin\n"
                     "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
    buf_addz(&groups, "root:x:0:\nnogroup:x:65534:\n");
    for (unsigned i = 0; i < slots_max; i++) {
        unsigned id = INSTANCE_SLOT_UID + i;
        buf_addf(&users, "slot%u:x:%u:%u::/tmp:/bin/sh\n", i, id, id);
        buf_addf(&groups, "slot%u:x:%u:\n", i, id);
    }
    if (put(root, "etc/passwd", buf_str(&users), e) < 0)
        return -1;
    return put(root, "etc/group", buf_str(&groups), e);
}

static int write_texts(int root, struct err *e)
{
    static const struct {
        const char *path, *text;
    } files[] = {
        {"etc/hostname", "virga\n"},
        {"etc/hosts", "127.0.0.1 localhost virga\n::1 localhost\n"},
        {"etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
                              "services: files\nprotocols: files\n"},
        /* uplink/uplink.h; without network there is no way there, which is told at once */
        {"etc/resolv.conf", "nameserver 100.64.0.3\n"},
        {"etc/timezone", "Etc/UTC\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (put(root, files[i].path, str_of(files[i].text), e) < 0)
            return -1;
    if (symlinkat("/usr/share/zoneinfo/Etc/UTC", root, "etc/localtime") < 0)
        return err_sys(e, "link '/etc/localtime'");
    return 0;
}

/* Copies a public file; one that is missing, special or large is left out. */
static int copy_file(int source, int root, const char *path, struct err *e)
{
    struct err ignored;
    struct stat st;
    auto_buf struct buf text = {0};
    auto_fd int fd = fd_open_beneath(source, path, O_RDONLY | O_NONBLOCK, 0, &ignored);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & S_IROTH) ||
        fd_read_all(fd, COPY_MAX, &text, &ignored) < 0)
        return 0;
    return put(root, path, buf_str(&text), e);
}

static int copy_entry(int source, int root, const char *path, struct err *e)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(source, path, target, sizeof target - 1);
    if (n < 0)
        return copy_file(source, root, path, e);
    target[n] = 0;
    if (symlinkat(target, root, path) < 0)
        return err_sys(e, "link '/%s'", path);
    return 0;
}

/* Copies files and symlinks of one directory: cheaper for every slot than one more mount. */
static int copy_dir(int source, int root, const char *path, struct err *e)
{
    struct err ignored;
    auto_fd int fd = fd_open_beneath(source, path, O_RDONLY | O_DIRECTORY, 0, &ignored);
    if (fd < 0)
        return 0;
    if (mkdirat(root, path, 0755) < 0)
        return err_sys(e, "make '/%s'", path);
    DIR *list = fdopendir(take_fd(&fd));
    if (!list)
        return err_sys(e, "list '/%s'", path);
    int result = 0;
    struct dirent *d;
    for (unsigned n = 0; result == 0 && n < ENTRIES_MAX && (d = readdir(list)); n++) {
        char name[PATH_MAX];
        if (d->d_type != DT_LNK && d->d_type != DT_REG)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, d->d_name);
        result = copy_entry(source, root, name, e);
    }
    closedir(list);
    return result;
}

int root_etc_write(int source, int root, unsigned slots_max, struct err *e)
{
    static const char *const files[] = {"etc/ld.so.cache", "etc/mime.types", "etc/services",
                                        "etc/protocols", "etc/ssl/openssl.cnf"};
    static const char *const dirs[] = {"etc/alternatives", "etc/ssl/certs"};
    if (write_users(root, slots_max, e) < 0 || write_texts(root, e) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (copy_entry(source, root, files[i], e) < 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        if (copy_dir(source, root, dirs[i], e) < 0)
            return -1;
    return 0;
}
