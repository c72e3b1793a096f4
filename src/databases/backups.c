#include "databases/backups.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"
#include "cluster/cluster.h"
#include "databases/provider.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".dump"
#define PART   "part" /* being written: one at a time, under the project's claim */

static bool is_hex(const char *text, size_t n)
{
    return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

static int not_found(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "Backup not found");
}

/* The project's directory; -1 with ERR_NOT_FOUND when there is none and `make` does not ask. */
static int open_dir(const struct databases *d, const char *project, bool make, struct err *e)
{
    char path[64];
    int data = d->config.data_fd;
    must(is_hex(project, ID_TEXT - 1)); /* admitted: the id of a project */
    snprintf(path, sizeof path, "backups/%s", project);
    if (make && ((mkdirat(data, "backups", 0700) < 0 && errno != EEXIST) ||
                 (mkdirat(data, path, 0700) < 0 && errno != EEXIST)))
        return err_sys(e, "make directory '%s'", path);
    int fd = openat(data, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? not_found(e) : err_sys(e, "open directory '%s'", path);
    return fd;
}

static bool file_name(const char *id, char ret[ID_CALL_TEXT + 8])
{
    if (!is_hex(id, ID_CALL_TEXT - 1))
        return false;
    snprintf(ret, ID_CALL_TEXT + 8, "%s" SUFFIX, id);
    return true;
}

/* --- list --- */

static int newest_first(const void *a, const void *b)
{
    return strcmp(((const struct backup *)b)->id, ((const struct backup *)a)->id);
}

static void add(int dir, const char *name, struct backups *ret)
{
    struct stat st;
    struct backup *one = &ret->all[ret->count];
    size_t n = strlen(name);
    if (ret->count == ARRAY_LEN(ret->all) || n != ID_CALL_TEXT - 1 + strlen(SUFFIX) ||
        strcmp(name + n - strlen(SUFFIX), SUFFIX) != 0 || fstatat(dir, name, &st, 0) < 0)
        return;
    snprintf(one->id, sizeof one->id, "%.*s", ID_CALL_TEXT - 1, name);
    one->bytes = st.st_size;
    one->created_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
    ret->count++;
}

static int list_dir(int dir, struct backups *ret, struct err *e)
{
    int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    *ret = (struct backups){0};
    if (!stream) {
        fd_close(&copy);
        return err_sys(e, "read directory of backups");
    }
    rewinddir(stream);
    while ((entry = readdir(stream)))
        add(dir, entry->d_name, ret);
    closedir(stream);
    qsort(ret->all, ret->count, sizeof *ret->all, newest_first);
    return 0;
}

int backups_list(const struct databases *d, const char *project, struct backups *ret, struct err *e)
{
    struct err why = {0};
    auto_fd int dir = open_dir(d, project, false, &why);
    *ret = (struct backups){0};
    if (dir >= 0)
        return list_dir(dir, ret, e);
    if (why.code == ERR_NOT_FOUND)
        return 0;
    *e = why;
    return -1;
}

/* --- make --- */

static int dump(const struct work *w, const struct database *row, int dir, struct err *e)
{
    auto_secret struct buf info = {0};
    auto_fd int file = openat(dir, PART, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return err_sys(e, "make a backup's file");
    if (provider_of(row)->conninfo(w, row, &info, e) < 0 ||
        cluster_dump(w->d->config.cluster, info.data, file, e) < 0)
        return -1;
    return fsync(file) < 0 ? err_sys(e, "write a backup") : 0;
}

static void prune(int dir)
{
    struct backups all;
    struct err e = {0};
    char name[ID_CALL_TEXT + 8];
    if (list_dir(dir, &all, &e) < 0)
        return;
    for (size_t i = BACKUPS_KEPT; i < all.count; i++)
        if (file_name(all.all[i].id, name) && unlinkat(dir, name, 0) < 0)
            log_warn("databases", "an old backup stays name=%s errno=%d", name, errno);
}

int backups_make(const struct work *w, const struct database *row, struct backup *ret,
                 struct err *e)
{
    char id[ID_CALL_TEXT], name[ID_CALL_TEXT + 8];
    struct backups all;
    auto_fd int dir = open_dir(w->d, row->project, true, e);
    if (dir < 0)
        return -1;
    id_new_call(clock_wall_us(), id);
    must(file_name(id, name));
    if (dump(w, row, dir, e) < 0) {
        (void)unlinkat(dir, PART, 0); /* else the next one overwrites it */
        return -1;
    }
    if (renameat(dir, PART, dir, name) < 0)
        return err_sys(e, "name a backup");
    prune(dir);
    if (list_dir(dir, &all, e) < 0)
        return -1;
    for (size_t i = 0; i < all.count; i++)
        if (strcmp(all.all[i].id, id) == 0)
            *ret = all.all[i];
    return 0;
}

/* --- one --- */

int backups_read(const struct databases *d, const char *project, const char *id, struct err *e)
{
    char name[ID_CALL_TEXT + 8];
    auto_fd int dir = open_dir(d, project, false, e);
    if (dir < 0)
        return -1;
    if (!file_name(id, name))
        return not_found(e);
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? not_found(e) : err_sys(e, "open backup '%s'", name);
    return fd;
}

int backups_remove(const struct databases *d, const char *project, const char *id, struct err *e)
{
    char name[ID_CALL_TEXT + 8];
    auto_fd int dir = open_dir(d, project, false, e);
    if (dir < 0)
        return -1;
    if (!file_name(id, name))
        return not_found(e);
    if (unlinkat(dir, name, 0) < 0)
        return errno == ENOENT ? not_found(e) : err_sys(e, "remove backup '%s'", name);
    return 0;
}

void backups_forget(const struct databases *d, const char *project)
{
    struct err e = {0};
    struct backups all;
    char name[ID_CALL_TEXT + 8], path[64];
    auto_fd int dir = open_dir(d, project, false, &e);
    if (dir < 0 || list_dir(dir, &all, &e) < 0)
        return;
    for (size_t i = 0; i < all.count; i++)
        if (file_name(all.all[i].id, name))
            (void)unlinkat(dir, name, 0);
    (void)unlinkat(dir, PART, 0);
    snprintf(path, sizeof path, "backups/%s", project);
    if (unlinkat(d->config.data_fd, path, AT_REMOVEDIR) < 0)
        log_warn("databases", "backups of a project that is gone stay path=%s errno=%d", path,
                 errno);
}
