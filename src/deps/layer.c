#include "deps/layer.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct layers {
    int fd;
    pthread_mutex_t lock; /* of all below */
    struct layer_info *all;
    size_t count, room;
};

static bool is_id(const char *name)
{
    return strspn(name, "0123456789abcdef") == DIGEST_TEXT - 1 && !name[DIGEST_TEXT - 1];
}

/* Under the lock. */
static struct layer_info *find(struct layers *l, const char *id)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->all[i].id, id) == 0)
            return &l->all[i];
    return NULL;
}

static struct layer_info *add(struct layers *l, const char *id)
{
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 16;
        l->all = mem_realloc(l->all, l->room * sizeof *l->all);
    }
    struct layer_info *info = &l->all[l->count++];
    *info = (struct layer_info){.used_us = clock_wall_us()};
    snprintf(info->id, sizeof info->id, "%s", id);
    return info;
}

/* --- removing --- */

static int remove_tree(int dir, const char *name, struct err *e);

/* Names in a layer are the packages' choice: nothing is opened by path, no link followed. Modes are
 * theirs too, and must not keep us out. Nobody writes here any more: what was a directory a moment
 * ago still is. */
static int empty(int dir, const char *name, struct err *e)
{
    auto_fd int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(dir, name, 0700, 0) == 0)
        fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fchmod(fd, 0700) < 0)
        return err_sys(e, "open '%s' of a layer", name);
    DIR *list = fd < 0 ? NULL : fdopendir(dup(fd));
    const struct dirent *entry;
    int rc = 0;
    if (!list)
        return err_sys(e, "open '%s' of a layer", name);
    while (rc == 0 && (entry = readdir(list)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = remove_tree(fd, entry->d_name, e);
    closedir(list);
    return rc;
}

static int remove_tree(int dir, const char *name, struct err *e)
{
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return err_sys(e, "remove '%s' of a layer", name);
    if (empty(dir, name, e) < 0)
        return -1;
    return unlinkat(dir, name, AT_REMOVEDIR) < 0 ? err_sys(e, "remove '%s' of a layer", name) : 0;
}

static void each_name(struct layers *l, void (*each)(struct layers *l, const char *name))
{
    int fd = openat(l->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    while (list && (entry = readdir(list)))
        each(l, entry->d_name);
    if (list)
        closedir(list);
}

static void remove_named(struct layers *l, const char *name)
{
    struct err e = {0};
    if (remove_tree(l->fd, name, &e) < 0)
        log_warn("deps", "files of a removed layer are left: %s", e.text);
}

static void remove_old(struct layers *l, const char *name)
{
    if (strncmp(name, ".old-", 5) == 0)
        remove_named(l, name);
}

static void remove_new(struct layers *l, const char *name)
{
    if (strncmp(name, ".new-", 5) == 0)
        remove_named(l, name);
}

void layer_sweep(struct layers *l)
{
    each_name(l, remove_old);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void layer_discard(struct layers *l, const char *from)
{
    remove_named(l, last_part(from));
}

/* --- what is there --- */

static void take_note(struct layers *l, const char *name)
{
    struct stat st;
    if (!is_id(name) || fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
        return;
    add(l, name)->used_us = st.st_mtim.tv_sec * 1000000LL + st.st_mtim.tv_nsec / 1000;
}

int layer_open(const char *dir, struct layers **ret, struct err *e)
{
    if (mkdir(dir, 0711) < 0 && errno != EEXIST)
        return err_sys(e, "create '%s'", dir);
    auto_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "open '%s'", dir);
    struct layers *l = mem_alloc(sizeof *l);
    l->fd = take_fd(&fd);
    pthread_mutex_init(&l->lock, NULL);
    each_name(l, remove_new);
    layer_sweep(l);
    each_name(l, take_note);
    *ret = l;
    return 0;
}

void layer_close(struct layers *l)
{
    if (!l)
        return;
    fd_close(&l->fd);
    pthread_mutex_destroy(&l->lock);
    free(l->all);
    free(l);
}

void layer_id(char ret[DIGEST_TEXT], const char *set, const char *runtime_version,
              const char *platform)
{
    requirements_digest(ret, (const char *const[]){set, runtime_version, platform, NULL});
}

bool layer_here(struct layers *l, const char *id)
{
    pthread_mutex_lock(&l->lock);
    bool here = find(l, id) != NULL;
    pthread_mutex_unlock(&l->lock);
    return here;
}

int layer_take_in(struct layers *l, const char *from, const char *id, uint64_t bytes, struct err *e)
{
    const char *name = last_part(from);
    if (layer_here(l, id)) {
        layer_touch(l, id);
        layer_discard(l, name);
        return 0;
    }
    if (fchmodat(l->fd, name, 0755, 0) < 0 || renameat(l->fd, name, l->fd, id) < 0 ||
        fsync(l->fd) < 0)
        return err_sys(e, "keep layer '%s'", id);
    pthread_mutex_lock(&l->lock);
    struct layer_info *info = find(l, id);
    (info ? info : add(l, id))->bytes = bytes;
    pthread_mutex_unlock(&l->lock);
    layer_touch(l, id);
    return 0;
}

int layer_drop(struct layers *l, const char *id, struct err *e)
{
    char old[ID_TEXT], name[ID_TEXT + 8];
    id_new(old);
    snprintf(name, sizeof name, ".old-%s", old);
    pthread_mutex_lock(&l->lock);
    struct layer_info *info = find(l, id);
    int rc = info ? renameat(l->fd, id, l->fd, name) : 0;
    if (info && (rc == 0 || errno == ENOENT))
        *info = l->all[--l->count];
    pthread_mutex_unlock(&l->lock);
    return rc < 0 ? err_sys(e, "remove layer '%s'", id) : 0;
}

void layer_touch(struct layers *l, const char *id)
{
    pthread_mutex_lock(&l->lock);
    struct layer_info *info = find(l, id);
    if (info) {
        info->used_us = clock_wall_us();
        (void)utimensat(l->fd, id, NULL, 0); /* fails: it seems older than it is after a restart */
    }
    pthread_mutex_unlock(&l->lock);
}

void layer_weigh(struct layers *l, const char *id, uint64_t bytes)
{
    pthread_mutex_lock(&l->lock);
    struct layer_info *info = find(l, id);
    if (info)
        info->bytes = bytes;
    pthread_mutex_unlock(&l->lock);
}

size_t layer_list(struct layers *l, struct arena *a, struct layer_info **ret)
{
    pthread_mutex_lock(&l->lock);
    size_t count = l->count;
    *ret = arena_alloc(a, (count + 1) * sizeof **ret);
    if (count)
        memcpy(*ret, l->all, count * sizeof **ret);
    pthread_mutex_unlock(&l->lock);
    return count;
}
