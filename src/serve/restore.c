/* restore — a backup takes the store's place.
 *
 * A copy beside the store is brought up to date first, which also shows that it is whole; then its
 * rows replace those of the store in one transaction. So a server may go on meanwhile: it is told
 * to read everything anew. Its keys are in its memory and cannot change. */
#include "base/fd.h"
#include "base/must.h"
#include "serve/job.h"
#include "serve/keyset.h"
#include "serve/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct restore {
    struct job *job;
    int backup_fd,
        db_fd; /* of the backup and the file in it, opened with the rights we came with */
    struct keyset keys;
    pid_t server; /* 0: none is running */
    struct store *copy;
};

static int find_server(const struct job *j, pid_t *ret, struct err *e)
{
    auto_buf struct buf text = {0};
    auto_fd int fd = openat(j->data_fd, "server.pid", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_sys(e, "open the server's 'server.pid'");
    if (fd_read_all(fd, 32, &text, e) < 0)
        return err_in(e, "'server.pid'");
    *ret = text.len ? (pid_t)strtol(text.data, NULL, 10) : 0;
    if (*ret <= 1)
        return err_set(e, ERR_CONFLICT, "a server is starting or stopping here: try again");
    return 0;
}

/* Others have sealed what the backup holds: a running server must have their keys. */
static int same_keys(const struct restore *r, struct err *e)
{
    auto_keyset struct keyset ours = {0};
    if (keyset_read(r->job->data_fd, &ours, e) < 0)
        return -1;
    const char *name = keyset_differs(&r->keys, &ours);
    if (name)
        return err_set(e, ERR_CONFLICT,
                       "the backup has another '%s' than the running server: stop it first", name);
    return 0;
}

static int find_backup(struct restore *r, struct err *e)
{
    const char *name = r->job->argument;
    r->backup_fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->backup_fd < 0)
        return err_sys(e, "open '%s'", name);
    r->db_fd = openat(r->backup_fd, "virga.db", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (r->db_fd < 0)
        return err_sys(e, "open '%s/virga.db'", name);
    if (keyset_read(r->backup_fd, &r->keys, e) < 0 || keyset_check(&r->keys, e) < 0)
        return err_in(e, "the backup '%s'", name);
    return 0;
}

static int look_around(struct restore *r, struct err *e)
{
    int locked = job_lock(r->job, e);
    if (locked != 0)
        return locked < 0 ? -1 : 0;
    return find_server(r->job, &r->server, e) < 0 || same_keys(r, e) < 0 ? -1 : 0;
}

/* --- the copy --- */

static void remove_copy(const struct restore *r)
{
    static const char *const left[] = {"restore.db", "restore.db-wal", "restore.db-shm"};
    for (size_t i = 0; i < ARRAY_LEN(left); i++)
        (void)unlinkat(r->job->data_fd, left[i], 0);
}

static int copy_file(const struct restore *r, struct err *e)
{
    auto_fd int to =
        openat(r->job->data_fd, "restore.db", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0)
        return err_sys(e, "create 'restore.db' in '%s'", r->job->data_dir);
    ssize_t n;
    while ((n = copy_file_range(r->db_fd, NULL, to, NULL, 1 << 30, 0)) > 0)
        ;
    return n < 0 ? err_sys(e, "copy the backup") : 0;
}

static int open_copy(struct restore *r, struct err *e)
{
    auto_buf struct buf path = {0};
    buf_addf(&path, "%s/restore.db", r->job->data_dir);
    if (store_open(&(struct store_config){.path = path.data, .migrations = schema_migrations},
                   &r->copy, e) < 0)
        return err_in(e, "the backup '%s'", r->job->argument);
    return 0;
}

/* --- in place --- */

static int schema_of(struct store *s, int64_t *ret, struct err *e)
{
    struct db *db = NULL;
    struct query *q = NULL;
    if (db_open(s, DB_DURABLE, &db, e) < 0)
        return -1;
    int rc = db_query(db, "SELECT max(number) FROM schema_version", DB_NO_ARGS, &q, e);
    if (rc == 0)
        rc = query_next(q, e);
    *ret = rc > 0 ? query_int(q, 0) : 0;
    query_done(q);
    db_close(db);
    return rc < 0 ? -1 : 0;
}

/* The running server may be of another version than this program. */
static int same_schema(const struct restore *r, struct err *e)
{
    struct store *live = NULL;
    int64_t ours = 0, theirs = 0;
    if (job_open_store(r->job, false, &live, e) < 0)
        return -1;
    int rc = schema_of(live, &theirs, e);
    if (rc == 0)
        rc = schema_of(r->copy, &ours, e);
    store_close(live);
    if (rc == 0 && ours != theirs)
        return err_set(e, ERR_CONFLICT, "the running server is another version: stop it first");
    return rc;
}

static int put_in_place(struct restore *r, struct err *e)
{
    remove_copy(r);
    if (copy_file(r, e) < 0 || open_copy(r, e) < 0 || (r->server && same_schema(r, e) < 0) ||
        store_restore(r->copy, job_store_path(r->job), e) < 0)
        return -1;
    return r->server ? 0 : keyset_write(r->job->data_fd, &r->keys, e);
}

static int tell_server(const struct restore *r, struct err *e)
{
    if (r->server && kill(r->server, SIGHUP) < 0)
        return err_sys(e, "the store is restored, but the server cannot be told: restart it");
    return 0;
}

static int restore_all(struct restore *r, struct err *e)
{
    if (find_backup(r, e) < 0 || look_around(r, e) < 0 || job_become_owner(r->job, e) < 0)
        return -1;
    int rc = put_in_place(r, e);
    store_close(r->copy);
    remove_copy(r);
    return rc < 0 ? -1 : tell_server(r, e);
}

int restore_run(struct job *j, struct err *e)
{
    struct restore r = {.job = j, .backup_fd = -1, .db_fd = -1};
    int rc = job_need_sqlite(j, "use pg_restore, and put secret.key and token.key in place", e);
    if (rc == 0)
        rc = restore_all(&r, e);
    keyset_done(&r.keys);
    fd_close(&r.backup_fd);
    fd_close(&r.db_fd);
    if (rc == 0)
        printf("restored from %s%s\n", j->argument,
               r.server ? "; the running server reads it now" : "");
    return rc;
}
