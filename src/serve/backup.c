/* backup — a copy of the store and its keys, while a server works on them or not. */
#include "base/fd.h"
#include "base/must.h"
#include "serve/job.h"
#include "serve/keyset.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Given to whoever owns the data directory: they write into it. */
static int make_target(const struct job *j, struct err *e)
{
    struct stat st;
    if (mkdir(j->argument, 0700) < 0)
        return err_sys(e, "create '%s'", j->argument);
    auto_fd int fd = open(j->argument, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(j->data_fd, &st) < 0 ||
        (geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0))
        return err_sys(e, "give '%s' to the owner of '%s'", j->argument, j->data_dir);
    return take_fd(&fd);
}

static int copy_store(const struct job *j, struct err *e)
{
    auto_buf struct buf path = {0};
    struct store *store = NULL;
    buf_addf(&path, "%s/virga.db", j->argument);
    if (job_open_store(j, false, &store, e) < 0)
        return -1;
    int rc = store_backup(store, path.data, e);
    store_close(store);
    return rc;
}

/* The store comes last, and at once: whoever finds one can use it. */
static int copy_all(const struct job *j, int target, struct err *e)
{
    auto_keyset struct keyset keys = {0}, after = {0};
    if (keyset_read(j->data_fd, &keys, e) < 0 || keyset_check(&keys, e) < 0 ||
        keyset_write(target, &keys, e) < 0 || copy_store(j, e) < 0 ||
        keyset_read(j->data_fd, &after, e) < 0)
        return -1;
    if (keyset_differs(&keys, &after) || keyset_differs(&after, &keys))
        return err_set(e, ERR_CONFLICT, "the keys were changed meanwhile: begin again");
    return 0;
}

/* What is not complete must not be taken for a backup. */
static void clear_target(int target)
{
    static const char *const left[] = {"virga.db", "secret.key", "token.key", "secret.key.new"};
    for (size_t i = 0; i < ARRAY_LEN(left); i++)
        (void)unlinkat(target, left[i], 0);
}

int backup_run(struct job *j, struct err *e)
{
    if (job_need_sqlite(j, "use pg_dump, and copy secret.key and token.key", e) < 0)
        return -1;
    auto_fd int target = make_target(j, e);
    if (target < 0 || job_become_owner(j, e) < 0)
        return -1;
    if (copy_all(j, target, e) < 0) {
        clear_target(target);
        return -1;
    }
    printf("backed up to %s\n", j->argument);
    return 0;
}
