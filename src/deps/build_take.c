/* Everything here comes from where packages' scripts ran: it may name any path, any size, any
 * number of files. Paths are checked as text and opened beneath the new directory without following
 * a link; a link may only lead to where no other link could carry it out of the tree. */
#include "base/fd.h"
#include "base/id.h"
#include "deps/build_private.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

int build_take_open(struct build_take *t, const char *layers_dir, const char *top,
                    uint64_t bytes_max, uint32_t files_max, struct err *e)
{
    char id[ID_TEXT];
    *t = (struct build_take){.layers_dir = layers_dir,
                             .top = top,
                             .bytes_max = bytes_max,
                             .files_max = files_max,
                             .dir = -1,
                             .file = -1};
    auto_fd int layers = open(layers_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (layers < 0)
        return err_sys(e, "open '%s'", layers_dir);
    id_new(id);
    char name[sizeof t->name];
    snprintf(name, sizeof name, ".new-%s", id);
    if (mkdirat(layers, name, 0755) < 0)
        return err_sys(e, "make '%s/%s'", layers_dir, name);
    memcpy(t->name, name, sizeof name);
    t->dir = fd_open_beneath(layers, name, O_RDONLY | O_DIRECTORY, 0, e);
    if (t->dir < 0)
        return -1;
    if (fchmod(t->dir, 0755) < 0 || mkdirat(t->dir, top, 0755) < 0)
        return err_sys(e, "make '%s' in a new layer", top);
    return 0;
}

static int count_one(struct build_take *t, struct err *e)
{
    if (++t->files > t->files_max)
        return err_set(e, ERR_LIMIT,
                       "the packages have more than %" PRIu32 " files (limit files = %" PRIu32 ")",
                       t->files_max, t->files_max);
    return 0;
}

/* "top/a/b": the top first, no empty, "." or ".." component, UTF-8, no control bytes. */
static bool path_is_good(const struct build_take *t, struct str path)
{
    unsigned depth = 0;
    if (!path.n || path.n > WIRE_PATH_MAX || !str_is_utf8(path) || path.p[path.n - 1] == '/')
        return false;
    for (size_t i = 0; i < path.n; i++)
        if ((unsigned char)path.p[i] < ' ' || path.p[i] == 0x7f)
            return false;
    for (struct str rest = path; rest.p; depth++) {
        struct str part = str_cut(&rest, '/');
        if (!part.n || part.n > NAME_MAX || str_is(part, ".") || str_is(part, "..") ||
            (depth == 0 && !str_is(part, t->top)))
            return false;
    }
    return depth >= 2 && depth <= DEPTH_MAX;
}

static unsigned depth_of(struct str path)
{
    unsigned depth = 0;
    for (size_t i = 0; i < path.n; i++)
        depth += path.p[i] == '/';
    return depth;
}

/* Up to the top at most, and up only at its beginning: what follows leads down, through links of
 * which the same is true, so that none leads out however they are chained. */
static bool target_is_good(struct str path, struct str target)
{
    unsigned ups = 0;
    bool down = false;
    if (!target.n || target.n > WIRE_PATH_MAX || *target.p == '/' || !str_is_utf8(target) ||
        memchr(target.p, 0, target.n))
        return false;
    for (struct str rest = target; rest.p;) {
        struct str part = str_cut(&rest, '/');
        if (str_is(part, "..") && (down || ++ups >= depth_of(path)))
            return false;
        down = down || !(str_is(part, "..") || str_is(part, ".") || !part.n);
    }
    return true;
}

/* Makes the directories in front of the last name and opens the last of them. */
static int open_parent(struct build_take *t, char *path, char **ret_name, struct err *e)
{
    for (char *slash = path; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        auto_fd int fd = fd_open_beneath(t->dir, path, O_RDONLY | O_DIRECTORY, 0, e);
        if (fd < 0 && e->sys == ENOENT) {
            *e = (struct err){0};
            char *last = strrchr(path, '/'); /* the top is always there */
            if (count_one(t, e) < 0)
                return -1;
            *last = 0;
            auto_fd int parent = fd_open_beneath(t->dir, path, O_RDONLY | O_DIRECTORY, 0, e);
            *last = '/';
            if (parent < 0 ||
                (mkdirat(parent, last + 1, 0755) < 0 && err_sys(e, "make '%s'", path) < 0))
                return -1;
        } else if (fd < 0) {
            return err_set(e, ERR_INVALID, "'%s' is no directory", path);
        }
        *slash = '/';
    }
    char *last = strrchr(path, '/');
    *last = 0;
    *ret_name = last + 1;
    return fd_open_beneath(t->dir, path, O_RDONLY | O_DIRECTORY, 0, e);
}

static int begin_file(struct build_take *t, int parent, const char *name, bool executable,
                      uint64_t size, struct err *e)
{
    if (size > t->bytes_max - t->bytes)
        return err_set(e, ERR_LIMIT,
                       "the packages are larger than %" PRIu64 " MB (limit size = %" PRIu64 ")",
                       t->bytes_max >> 20, t->bytes_max);
    mode_t mode = executable ? 0755 : 0644;
    auto_fd int fd = fd_open_beneath(parent, name, O_WRONLY | O_CREAT | O_EXCL, mode, e);
    if (fd < 0)
        return e->sys == EEXIST ? err_set(e, ERR_INVALID, "'%s' comes twice", name) : -1;
    if (fchmod(fd, mode) < 0)
        return err_sys(e, "set the mode of '%s'", name);
    t->bytes += size;
    t->left = size;
    t->file = size ? take_fd(&fd) : -1;
    return 0;
}

static int make_link(int parent, const char *name, struct str path, struct str target,
                     struct err *e)
{
    char text[WIRE_PATH_MAX + 1];
    if (!target_is_good(path, target))
        return err_set(e, ERR_INVALID, "the link '" STR_FMT "' leads out of the packages",
                       STR_ARG(path));
    memcpy(text, target.p, target.n);
    text[target.n] = 0;
    if (symlinkat(text, parent, name) < 0)
        return errno == EEXIST ? err_set(e, ERR_INVALID, "'%s' comes twice", name)
                               : err_sys(e, "link '%s'", name);
    return 0;
}

int build_take_entry(struct build_take *t, struct str payload, struct err *e)
{
    uint64_t size;
    uint16_t length;
    char path[WIRE_PATH_MAX + 1], *name = NULL;
    size_t fixed = 1 + sizeof size + sizeof length;
    if (payload.n < fixed || t->left)
        return err_set(e, ERR_MALFORMED, "a file begins before the last one has ended");
    memcpy(&size, payload.p + 1, sizeof size);
    memcpy(&length, payload.p + 1 + sizeof size, sizeof length);
    size = le64toh(size);
    length = le16toh(length);
    if (payload.n - fixed < length)
        return err_set(e, ERR_MALFORMED, "a path is cut off");
    struct str text = {payload.p + fixed, length};
    struct str target = {text.p + length, payload.n - fixed - length};
    int kind = *payload.p;
    if (!path_is_good(t, text))
        return err_set(e, ERR_INVALID, "a file's path cannot be one of the packages'");
    if (kind < WIRE_PLAIN || kind > WIRE_LINK || (kind == WIRE_LINK ? size : target.n))
        return err_set(e, ERR_MALFORMED, "a file of no kind");
    memcpy(path, text.p, text.n);
    path[text.n] = 0;
    if (count_one(t, e) < 0)
        return -1;
    auto_fd int parent = open_parent(t, path, &name, e);
    if (parent < 0)
        return -1;
    return kind == WIRE_LINK ? make_link(parent, name, text, target, e)
                             : begin_file(t, parent, name, kind == WIRE_EXECUTABLE, size, e);
}

int build_take_data(struct build_take *t, struct str payload, struct err *e)
{
    if (!payload.n || payload.n > t->left)
        return err_set(e, ERR_MALFORMED, "more bytes than a file was said to have");
    if (fd_write_all(t->file, payload.p, payload.n, e) < 0)
        return err_in(e, "write a layer");
    t->left -= payload.n;
    if (!t->left)
        fd_close(&t->file);
    return 0;
}

int build_take_finish(struct build_take *t, struct err *e)
{
    if (t->left)
        return err_set(e, ERR_MALFORMED, "the last file is cut off");
    if (syncfs(t->dir) < 0)
        return err_sys(e, "flush a layer to disk");
    return 0;
}

/* `fd` is closed. What cannot be removed stays: the next start tries again. */
static void empty(int fd, int depth)
{
    DIR *list = depth > DEPTH_MAX + 2 ? NULL : fdopendir(fd);
    if (!list) {
        fd_close(&fd);
        return;
    }
    for (struct dirent *d; (d = readdir(list));) {
        struct err ignored = {0};
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        int inner = d->d_type == DT_DIR ? fd_open_beneath(dirfd(list), d->d_name,
                                                          O_RDONLY | O_DIRECTORY, 0, &ignored)
                                        : -1;
        if (inner >= 0)
            empty(inner, depth + 1);
        (void)unlinkat(dirfd(list), d->d_name, d->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    }
    closedir(list);
}

void build_take_close(struct build_take *t, bool keep)
{
    fd_close(&t->file);
    if (!keep && t->dir >= 0)
        empty(take_fd(&t->dir), 0);
    fd_close(&t->dir);
    auto_fd int layers =
        keep || !*t->name ? -1 : open(t->layers_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (layers >= 0)
        (void)unlinkat(layers, t->name, AT_REMOVEDIR);
    *t->name = 0;
}
