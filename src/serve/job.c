#include "serve/job.h"

#include "serve/schema.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int job_open(struct job *j, struct err *e)
{
    j->data_fd = open(j->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->data_fd < 0)
        return err_sys(e, "open '%s' (--data-dir names another)", j->data_dir);
    int n = snprintf(j->path, sizeof j->path, "%s/virga.db", j->data_dir);
    return n < (int)sizeof j->path ? 0 : err_set(e, ERR_INVALID, "the path is too long");
}

int job_lock(const struct job *j, struct err *e)
{
    if (flock(j->data_fd, LOCK_EX | LOCK_NB) == 0)
        return 1;
    return errno == EWOULDBLOCK ? 0 : err_sys(e, "lock '%s'", j->data_dir);
}

int job_need_stopped(const struct job *j, struct err *e)
{
    int locked = job_lock(j, e);
    if (locked == 0)
        return err_set(e, ERR_CONFLICT, "a server works on '%s': stop it first", j->data_dir);
    return locked < 0 ? -1 : 0;
}

int job_become_owner(const struct job *j, struct err *e)
{
    struct stat st;
    if (fstat(j->data_fd, &st) < 0)
        return err_sys(e, "look at '%s'", j->data_dir);
    uid_t us = geteuid();
    if (us != 0 && us != st.st_uid)
        return err_set(e, ERR_DENIED, "'%s' belongs to uid %u: run this as that user or as root",
                       j->data_dir, st.st_uid);
    if (us != 0 || st.st_uid == 0)
        return 0;
    capng_get_caps_process();
    bool search = capng_have_capability(CAPNG_PERMITTED, CAP_DAC_READ_SEARCH);
    capng_clear(CAPNG_SELECT_CAPS);
    if (search)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_READ_SEARCH);
    if (capng_change_id((int)st.st_uid, (int)st.st_gid, CAPNG_DROP_SUPP_GRP) != 0)
        return err_set(e, ERR_SYSTEM, "become uid %u, who owns '%s'", st.st_uid, j->data_dir);
    return 0;
}

int job_need_sqlite(const struct job *j, const char *instead, struct err *e)
{
    if (j->store && store_is_url(j->store))
        return err_set(e, ERR_INVALID, "the store is PostgreSQL: %s", instead);
    return 0;
}

const char *job_store_path(const struct job *j)
{
    return j->store ? j->store : j->path;
}

int job_open_store(const struct job *j, bool migrate, struct store **ret, struct err *e)
{
    const char *path = job_store_path(j);
    struct stat st;
    if (!store_is_url(path) && stat(path, &st) < 0)
        return err_sys(e, "there is no store in '%s'", j->store ? j->store : j->data_dir);
    return store_open(&(struct store_config){.path = path,
                                             .migrations = migrate ? schema_migrations : NULL,
                                             .alone = migrate},
                      ret, e);
}
