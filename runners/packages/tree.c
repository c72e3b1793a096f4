#include "work.h"

#include "base/fd.h"
#include "base/mem.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

static int send_entry(struct work *w, enum wire_kind kind, uint64_t size, const char *path,
                      const char *target, struct err *e)
{
    auto_buf struct buf text = {0};
    size_t len = strlen(path);
    if (len > WIRE_PATH_MAX)
        return err_set(e, ERR_INVALID, "a path of %zu bytes; at most %d", len, WIRE_PATH_MAX);
    buf_add(&text, &(uint8_t){(uint8_t)kind}, 1);
    buf_add(&text, &(uint64_t){htole64(size)}, sizeof(uint64_t));
    buf_add(&text, &(uint16_t){htole16((uint16_t)len)}, sizeof(uint16_t));
    buf_add(&text, path, len);
    buf_addz(&text, target);
    return work_send(w, WIRE_ENTRY, buf_str(&text), e);
}

/* Exactly `size` bytes, as announced: who shortens the file meanwhile fails the build. */
static int send_bytes(struct work *w, int fd, uint64_t size, const char *path, struct err *e)
{
    auto_ptr char *piece = mem_alloc(WIRE_FRAME_MAX);
    while (size) {
        ssize_t n = read(fd, piece, size < WIRE_FRAME_MAX ? size : WIRE_FRAME_MAX);
        if (n < 0)
            return err_sys(e, "read '%s'", path);
        if (n == 0)
            return err_set(e, ERR_INVALID, "'%s' became shorter", path);
        if (work_send(w, WIRE_DATA, (struct str){piece, (size_t)n}, e) < 0)
            return -1;
        size -= (uint64_t)n;
    }
    return 0;
}

static int send_file(struct work *w, int dir, const char *name, const char *path, struct err *e)
{
    struct stat st;
    auto_fd int fd = fd_open_beneath(dir, name, O_RDONLY | O_NONBLOCK, 0, e);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(e, ERR_INVALID, "'%s' is no file", path);
    enum wire_kind kind = st.st_mode & 0111 ? WIRE_EXECUTABLE : WIRE_PLAIN;
    if (send_entry(w, kind, (uint64_t)st.st_size, path, "", e) < 0)
        return -1;
    return send_bytes(w, fd, (uint64_t)st.st_size, path, e);
}

static int send_link(struct work *w, int dir, const char *name, const char *path, struct err *e)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof target - 1);
    if (n < 0)
        return err_sys(e, "read link '%s'", path);
    target[n] = 0;
    return send_entry(w, WIRE_LINK, 0, path, target, e);
}

static int send_dir(struct work *w, int dir, const char *name, const char *path, int depth,
                    struct err *e);

static int send_any(struct work *w, int dir, const char *name, const char *path, int depth,
                    struct err *e)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(e, "look at '%s'", path);
    if (S_ISDIR(st.st_mode))
        return send_dir(w, dir, name, path, depth + 1, e);
    if (S_ISLNK(st.st_mode))
        return send_link(w, dir, name, path, e);
    if (S_ISREG(st.st_mode))
        return send_file(w, dir, name, path, e);
    return err_set(e, ERR_INVALID, "'%s' is neither file, directory nor link", path);
}

/* Commands in python/bin begin with the path of this place, and nobody has it on PATH. */
static bool left_out(const char *path)
{
    return strcmp(path, "python/bin") == 0;
}

static int send_dir(struct work *w, int dir, const char *name, const char *path, int depth,
                    struct err *e)
{
    if (depth > DEPTH_MAX)
        return err_set(e, ERR_INVALID, "directories more than %d deep", DEPTH_MAX);
    auto_fd int fd = fd_open_beneath(dir, name, O_RDONLY | O_DIRECTORY, 0, e);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (!list)
        return fd < 0 ? -1 : err_sys(e, "list '%s'", path);
    (void)take_fd(&fd);
    int result = 0;
    for (struct dirent *d; result == 0 && (d = readdir(list));) {
        char inner[WIRE_PATH_MAX + NAME_MAX + 2];
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        int n = snprintf(inner, sizeof inner, "%s/%s", path, d->d_name);
        if (n < 0 || (size_t)n > WIRE_PATH_MAX)
            result = err_set(e, ERR_INVALID, "a path is longer than %d bytes", WIRE_PATH_MAX);
        else if (!left_out(inner))
            result = send_any(w, dirfd(list), d->d_name, inner, depth, e);
    }
    closedir(list);
    return result;
}

int tree_send(struct work *w, struct err *e)
{
    const char *top = w->language == WIRE_NODE ? "node_modules" : "python";
    auto_fd int layer = fd_open_beneath(AT_FDCWD, "layer", O_RDONLY | O_DIRECTORY, 0, e);
    return layer < 0 ? -1 : send_dir(w, layer, top, top, 0, e);
}
