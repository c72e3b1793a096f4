/* The walk goes by directory descriptors with O_NOFOLLOW: what is replaced by a symbolic link while
 * we look cannot lead us elsewhere. */
#include "cli/source.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "cli/ignore.h"
#include "cli/tar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, IGNORE_MAX = 64 * 1024, BIGGEST = 3 };

struct walk {
    struct source *source;
    struct ignore ignore;
    size_t total; /* of the archive */
};

static int walk_dir(struct walk *w, int dir_fd, const char *prefix, unsigned depth, struct err *e);

static void close_dir(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

static struct source_file *add_file(struct source *s, const char *path, mode_t mode, size_t size)
{
    s->files = mem_realloc(s->files, (s->count + 1) * sizeof *s->files);
    s->files[s->count] = (struct source_file){
        .path = mem_strdup(path), .mode = mode & 0111 ? 0755 : 0644, .size = size};
    return &s->files[s->count++];
}

static void skip(struct source *s, const char *path)
{
    s->skipped = mem_realloc(s->skipped, (s->skipped_count + 1) * sizeof *s->skipped);
    s->skipped[s->skipped_count++] = mem_strdup(path);
}

/* By its text alone, since nothing may be followed: absolute, or more ".." than it stands deep. */
static bool leads_outside(const char *target, const char *path)
{
    int depth = 0;
    for (const char *p = path; *p; p++)
        depth += *p == '/';
    struct str rest = str_of(target);
    if (target[0] == '/')
        return true;
    while (rest.p) {
        struct str part = str_cut(&rest, '/');
        if (str_is(part, ".."))
            depth--;
        else if (part.n > 0 && !str_is(part, "."))
            depth++;
        if (depth < 0)
            return true;
    }
    return false;
}

static int see_link(struct walk *w, int dir_fd, const char *name, const char *path, struct err *e)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir_fd, name, target, sizeof target - 1);
    if (n < 0)
        return err_sys(e, "read link '%s'", path);
    target[n] = 0;
    if (leads_outside(target, path))
        return err_set(e, ERR_INVALID,
                       "'%s' is a symbolic link that leads outside (to '%s'): replace it by what "
                       "it points at, or list it in .virgaignore",
                       path, target);
    skip(w->source, path);
    return 0;
}

static int see_dir(struct walk *w, int dir_fd, const char *name, const char *path, unsigned depth,
                   struct err *e)
{
    if (depth == DEPTH_MAX)
        return err_set(e, ERR_INVALID, "'%s' is more than %d directories deep", path, DEPTH_MAX);
    auto_fd int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "open '%s'", path);
    return walk_dir(w, fd, path, depth + 1, e);
}

static int open_regular(int dir_fd, const char *name, const char *path, int flags,
                        struct stat *ret_st, struct err *e)
{
    /* Without O_NONBLOCK a FIFO would hold us until somebody writes. */
    auto_fd int fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
    if (fd < 0 || fstat(fd, ret_st) < 0)
        return err_sys(e, "open '%s'", path);
    if (!S_ISREG(ret_st->st_mode))
        return err_set(e, ERR_INVALID, "'%s' is no regular file", path);
    return take_fd(&fd);
}

/* Reads while the archive still fits; beyond it only sizes are added up, for the message. */
static int see_file(struct walk *w, int dir_fd, const char *name, const char *path, struct err *e)
{
    struct stat st;
    auto_fd int fd = open_regular(dir_fd, name, path, O_NOFOLLOW, &st, e);
    if (fd < 0)
        return -1;
    if (w->source->count == SOURCE_FILES_MAX)
        return err_set(e, ERR_TOO_LARGE, "more than %d files", SOURCE_FILES_MAX);
    struct source_file *file = add_file(w->source, path, st.st_mode, (size_t)st.st_size);
    w->total += tar_entry_size(path, file->size);
    if (w->total > SOURCE_MAX)
        return 0;
    if (fd_read_all(fd, SOURCE_MAX, &file->bytes, e) < 0)
        return err_in(e, "read '%s'", path);
    file->size = file->bytes.len;
    return 0;
}

static int see(struct walk *w, int dir_fd, const char *name, const char *path, unsigned depth,
               struct err *e)
{
    struct stat st;
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(e, "look at '%s'", path);
    if (ignore_match(&w->ignore, path, S_ISDIR(st.st_mode)))
        return 0;
    if (S_ISLNK(st.st_mode))
        return see_link(w, dir_fd, name, path, e);
    if (S_ISDIR(st.st_mode))
        return see_dir(w, dir_fd, name, path, depth, e);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INVALID, "'%s' is no regular file", path);
    return see_file(w, dir_fd, name, path, e);
}

static int walk_dir(struct walk *w, int dir_fd, const char *prefix, unsigned depth, struct err *e)
{
    int own = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0); /* closedir closes it */
    __attribute__((cleanup(close_dir))) DIR *dir = own < 0 ? NULL : fdopendir(own);
    if (!dir)
        return err_sys(e, "read directory '%s'", prefix);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            return errno ? err_sys(e, "read directory '%s'", prefix) : 0;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        auto_buf struct buf path = {0};
        buf_addf(&path, "%s%s%s", prefix, *prefix ? "/" : "", entry->d_name);
        if (see(w, dir_fd, entry->d_name, path.data, depth, e) < 0)
            return -1;
    }
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct source_file *)a)->path, ((const struct source_file *)b)->path);
}

static int by_size(const void *a, const void *b)
{
    size_t x = ((const struct source_file *)a)->size, y = ((const struct source_file *)b)->size;
    return (x < y) - (x > y);
}

static int too_large(const struct source *s, size_t total, struct err *e)
{
    auto_buf struct buf text = {0};
    qsort(s->files, s->count, sizeof *s->files, by_size);
    for (size_t i = 0; i < s->count && i < BIGGEST; i++)
        buf_addf(&text, "%s%s (%.1f MB)", i ? ", " : "", s->files[i].path,
                 (double)s->files[i].size / (1 << 20));
    return err_set(e, ERR_TOO_LARGE, "%.1f MB to upload, %d MB are allowed; the biggest: %s",
                   (double)total / (1 << 20), SOURCE_MAX >> 20, text.data);
}

static int read_ignore(int dir_fd, struct ignore *ret, struct err *e)
{
    struct stat st;
    auto_buf struct buf text = {0};
    if (fstatat(dir_fd, ".virgaignore", &st, AT_SYMLINK_NOFOLLOW) == 0) {
        auto_fd int fd = open_regular(dir_fd, ".virgaignore", ".virgaignore", O_NOFOLLOW, &st, e);
        if (fd < 0)
            return -1;
        if (fd_read_all(fd, IGNORE_MAX, &text, e) < 0)
            return err_in(e, "read '.virgaignore'");
    }
    ignore_init(ret, buf_str(&text));
    return 0;
}

static int collect_dir(const char *path, int fd, struct source *ret, struct err *e)
{
    struct walk w = {.source = ret};
    auto_ptr char *real = realpath(path, NULL); /* "." has a name too */
    const char *slash = real ? strrchr(real, '/') : NULL;
    ret->name = mem_strdup(slash ? slash + 1 : path);
    if (read_ignore(fd, &w.ignore, e) < 0)
        return -1;
    int walked = walk_dir(&w, fd, "", 0, e);
    ignore_done(&w.ignore);
    if (walked < 0)
        return -1;
    if (w.total > SOURCE_MAX)
        return too_large(ret, w.total, e);
    if (ret->count == 0)
        return err_set(e, ERR_INVALID, "'%s' holds no files to deploy", path);
    qsort(ret->files, ret->count, sizeof *ret->files, by_path);
    return 0;
}

/* The name under which the runtimes look for single-file code; NULL when nothing tells. */
static const char *entry_name(const char *extension, mode_t mode)
{
    static const struct {
        const char *extension, *entry;
    } known[] = {
        {".py", "main.py"}, {".js", "index.js"}, {".mjs", "index.mjs"}, {".cjs", "index.cjs"}};
    for (size_t i = 0; extension && i < ARRAY_LEN(known); i++)
        if (strcmp(extension, known[i].extension) == 0)
            return known[i].entry;
    return mode & 0111 ? "bootstrap" : NULL;
}

static int collect_file(const char *path, struct source *ret, struct err *e)
{
    struct stat st;
    auto_fd int fd = open_regular(AT_FDCWD, path, path, 0, &st, e); /* a link named by its user */
    if (fd < 0)
        return -1;
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    const char *entry = entry_name(dot, st.st_mode);
    if (!entry)
        return err_set(e, ERR_INVALID,
                       "'%s' is neither .py, .js, .mjs, .cjs nor executable: what language is it?",
                       path);
    ret->name = mem_dup(base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
    bool script = strcmp(entry, "bootstrap") != 0;
    struct source_file *file = add_file(ret, entry, script ? 0644 : 0755, (size_t)st.st_size);
    if (tar_entry_size(entry, file->size) > SOURCE_MAX)
        return too_large(ret, file->size, e);
    if (fd_read_all(fd, SOURCE_MAX, &file->bytes, e) < 0)
        return err_in(e, "read '%s'", path);
    return 0;
}

int source_collect(const char *path, struct source *ret, struct err *e)
{
    *ret = (struct source){0};
    auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        return collect_dir(path, fd, ret, e);
    if (errno != ENOTDIR)
        return err_sys(e, "open '%s'", path);
    return collect_file(path, ret, e);
}

void source_done(struct source *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->files[i].path);
        buf_done(&s->files[i].bytes);
    }
    for (size_t i = 0; i < s->skipped_count; i++)
        free(s->skipped[i]);
    free(s->files);
    free(s->skipped);
    free(s->name);
    *s = (struct source){0};
}

struct source_file *source_find(const struct source *s, const char *path)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->files[i].path, path) == 0)
            return &s->files[i];
    return NULL;
}

void source_put(struct source *s, const char *path, struct str bytes)
{
    struct source_file *file = source_find(s, path);
    if (!file)
        file = add_file(s, path, 0644, 0);
    buf_clear(&file->bytes);
    buf_add_str(&file->bytes, bytes);
    file->size = bytes.n;
    qsort(s->files, s->count, sizeof *s->files, by_path);
}

int source_tar(const struct source *s, struct buf *ret, struct err *e)
{
    for (size_t i = 0; i < s->count; i++)
        tar_add_file(ret, s->files[i].path, s->files[i].mode, buf_str(&s->files[i].bytes));
    tar_finish(ret);
    if (ret->len > SOURCE_MAX)
        return too_large(s, ret->len, e);
    return 0;
}
