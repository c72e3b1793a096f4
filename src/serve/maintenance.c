#include "serve/maintenance.h"

#include "auth/auth.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"
#include "functions/functions.h"
#include "projects/projects.h"
#include "serve/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the command line said, and what was opened for it. */
struct job {
    const char *data_dir, *store, *to, *argument;
    int data_fd;
};

struct task {
    const char *name, *synopsis, *about;
    bool takes_argument;
    int (*run)(struct job *j, struct err *e);
};

static const char *const key_files[] = {"secret.key", "token.key"};

/* SQLite makes files beside the store: made by root, the server could not open them any more. */
static int become_owner(int fd, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_sys(e, "look at the data directory");
    if (geteuid() != 0 || st.st_uid == 0)
        return 0;
    if (setgroups(0, NULL) < 0 || setresgid(st.st_gid, st.st_gid, st.st_gid) < 0 ||
        setresuid(st.st_uid, st.st_uid, st.st_uid) < 0)
        return err_sys(e, "become uid %u, who owns the data directory", st.st_uid);
    return 0;
}

/* Paths begin at the directory from here on: it may lie below one that its owner cannot enter. */
static int enter_data_dir(struct job *j, struct err *e)
{
    j->data_fd = open(j->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->data_fd < 0)
        return err_sys(e, "open '%s' (--data-dir names another)", j->data_dir);
    return 0;
}

/* 1: nobody else works here, until this process ends; 0: a server does. */
static int lock(const struct job *j, struct err *e)
{
    if (flock(j->data_fd, LOCK_EX | LOCK_NB) == 0)
        return 1;
    return errno == EWOULDBLOCK ? 0 : err_sys(e, "lock '%s'", j->data_dir);
}

static int need_stopped(const struct job *j, struct err *e)
{
    int locked = lock(j, e);
    if (locked == 0)
        return err_set(e, ERR_CONFLICT, "a server works on '%s': stop it first", j->data_dir);
    return locked < 0 ? -1 : 0;
}

static int need_sqlite(const struct job *j, const char *instead, struct err *e)
{
    if (j->store && store_is_url(j->store))
        return err_set(e, ERR_INVALID, "the store is PostgreSQL: %s", instead);
    return 0;
}

static int open_store(const char *path, struct store **ret, struct err *e)
{
    return store_open(&(struct store_config){.path = path, .migrations = schema_migrations}, ret,
                      e);
}

/* Read with the rights we were started with, written with those of the owner. */
struct keys {
    struct buf text[ARRAY_LEN(key_files)];
};

static void forget_keys(struct keys *k)
{
    for (size_t i = 0; i < ARRAY_LEN(key_files); i++) {
        if (k->text[i].data)
            explicit_bzero(k->text[i].data, k->text[i].cap);
        buf_done(&k->text[i]);
    }
}

/* One that is not there is left out: a server makes it when it needs it. */
static int read_keys(int dir, struct keys *ret, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(key_files); i++) {
        auto_fd int fd = openat(dir, key_files[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno != ENOENT)
            return err_sys(e, "open '%s'", key_files[i]);
        if (fd >= 0 && fd_read_all(fd, 64 * 1024, &ret->text[i], e) < 0)
            return err_in(e, "'%s'", key_files[i]);
    }
    return 0;
}

static int write_keys(int dir, const struct keys *k, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(key_files); i++)
        if (k->text[i].len &&
            fd_write_file(dir, key_files[i], k->text[i].data, k->text[i].len, 0600, e) < 0)
            return -1;
    return 0;
}

/* --- backup --- */

/* Given to whoever owns the data directory: they write into it. */
static int make_target(const struct job *j, struct err *e)
{
    struct stat st;
    if (mkdir(j->argument, 0700) < 0)
        return err_sys(e, "create '%s'", j->argument);
    int fd = open(j->argument, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(j->data_fd, &st) < 0 ||
        (geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0)) {
        fd_close(&fd);
        return err_sys(e, "open '%s'", j->argument);
    }
    return fd;
}

static int backup(struct job *j, struct err *e)
{
    if (need_sqlite(j, "use pg_dump, and copy secret.key and token.key", e) < 0)
        return -1;
    auto_fd int target = make_target(j, e);
    if (target < 0 || become_owner(j->data_fd, e) < 0 || fchdir(target) < 0)
        return target < 0 ? -1 : err_sys(e, "enter '%s'", j->argument);
    char source[64];
    snprintf(source, sizeof source, "/proc/self/fd/%d/virga.db", j->data_fd);
    struct store *store = NULL;
    struct keys keys = {0};
    if (store_open(&(struct store_config){.path = j->store ? j->store : source}, &store, e) < 0)
        return -1;
    int rc = store_backup(store, "virga.db", e);
    store_close(store);
    if (rc < 0)
        return -1;
    rc = read_keys(j->data_fd, &keys, e);
    if (rc == 0)
        rc = write_keys(target, &keys, e);
    forget_keys(&keys);
    if (rc < 0)
        return -1;
    printf("backed up to %s\n", j->argument);
    return 0;
}

/* --- restore --- */

/* The keys of a running server are in its memory: it could not open what others have sealed. */
static int same_key(const struct job *j, int source, const char *name, struct err *e)
{
    auto_buf struct buf ours = {0}, theirs = {0};
    auto_fd int a = openat(j->data_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    auto_fd int b = openat(source, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (a < 0 || b < 0 || fd_read_all(a, 64 * 1024, &ours, e) < 0 ||
        fd_read_all(b, 64 * 1024, &theirs, e) < 0)
        return err_set(e, ERR_INVALID, "'%s' cannot be read on both sides", name);
    bool same = str_eq(buf_str(&ours), buf_str(&theirs));
    explicit_bzero(ours.data, ours.cap);
    explicit_bzero(theirs.data, theirs.cap);
    if (!same)
        return err_set(e, ERR_CONFLICT,
                       "the backup has another '%s' than the running server: stop it first", name);
    return 0;
}

/* Read with the rights we were started with. */
static int find_server(const struct job *j, pid_t *ret, struct err *e)
{
    auto_buf struct buf text = {0};
    auto_fd int fd = openat(j->data_fd, "server.pid", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fd_read_all(fd, 32, &text, e) < 0 || !text.len)
        return err_sys(e, "the server's 'server.pid'");
    *ret = (pid_t)strtol(text.data, NULL, 10);
    return 0;
}

/* Asks the running server to read everything anew. */
static int tell_server(pid_t pid, struct err *e)
{
    if (pid <= 1 || kill(pid, SIGHUP) < 0)
        return err_sys(e, "the store is restored, but the server cannot be told: restart it");
    return 0;
}

static int copy_whole(int from, int to, struct err *e)
{
    ssize_t n;
    while ((n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0)
        ;
    return n < 0 ? err_sys(e, "copy the backup") : 0;
}

/* A copy beside the store is brought up to date and checked before it takes the store's place. */
static int open_copy(const struct job *j, int source, struct store **ret, struct err *e)
{
    char path[64];
    auto_fd int from = openat(source, "virga.db", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return err_sys(e, "the backup's 'virga.db'");
    if (become_owner(j->data_fd, e) < 0)
        return -1;
    (void)unlinkat(j->data_fd, "restore.db", 0);
    auto_fd int to =
        openat(j->data_fd, "restore.db", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0)
        return err_sys(e, "create 'restore.db'");
    if (copy_whole(from, to, e) < 0)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d/restore.db", j->data_fd);
    return open_store(path, ret, e);
}

static int put_in_place(struct job *j, int source, bool running, struct err *e)
{
    static const char *const left[] = {"restore.db", "restore.db-wal", "restore.db-shm"};
    char live[64];
    struct store *copy = NULL;
    struct keys keys = {0};
    snprintf(live, sizeof live, "/proc/self/fd/%d/virga.db", j->data_fd);
    int rc = running ? 0 : read_keys(source, &keys, e);
    if (rc == 0)
        rc = open_copy(j, source, &copy, e);
    if (rc == 0)
        rc = store_restore(copy, j->store ? j->store : live, e);
    if (rc == 0 && !running)
        rc = write_keys(j->data_fd, &keys, e);
    store_close(copy);
    forget_keys(&keys);
    for (size_t i = 0; i < ARRAY_LEN(left); i++)
        (void)unlinkat(j->data_fd, left[i], 0);
    return rc;
}

static int restore(struct job *j, struct err *e)
{
    if (need_sqlite(j, "use pg_restore, and put secret.key and token.key in place", e) < 0)
        return -1;
    auto_fd int source = open(j->argument, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (source < 0)
        return err_sys(e, "open '%s'", j->argument);
    pid_t server = 0;
    int locked = lock(j, e);
    if (locked == 0 && find_server(j, &server, e) < 0)
        return -1;
    for (size_t i = 0; locked == 0 && i < ARRAY_LEN(key_files); i++)
        if (same_key(j, source, key_files[i], e) < 0)
            return -1;
    if (locked < 0 || put_in_place(j, source, !locked, e) < 0)
        return -1;
    printf("restored from %s\n", j->argument);
    return locked ? 0 : tell_server(server, e);
}

/* --- migrate --- */

static int migrate_store(struct job *j, struct err *e)
{
    struct store *from = NULL, *to = NULL;
    char path[64];
    if (!j->to)
        return err_set(e, ERR_INVALID, "where to? give --to postgres://USER:PASSWORD@HOST/NAME");
    if (need_stopped(j, e) < 0 || become_owner(j->data_fd, e) < 0)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d/virga.db", j->data_fd);
    int rc = open_store(j->store ? j->store : path, &from, e);
    if (rc == 0)
        rc = open_store(j->to, &to, e);
    if (rc == 0)
        rc = store_copy(from, to, "accounts", e); /* the owner is there from the start */
    store_close(to);
    store_close(from);
    if (rc == 0)
        printf("moved; start the server with --store and this URL from now on. The old store is "
               "left as it was.\n");
    return rc;
}

/* --- rotate-key --- */

static int reseal(struct db *db, const struct seal *from, const struct seal *to, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0)
        return -1;
    int variables = projects_reseal(db, from, to, e);
    int functions = variables < 0 ? -1 : functions_reseal(db, from, to, e);
    if (functions < 0 || db_commit(&tx, e) < 0)
        return -1;
    printf("%d variables and the environments of %d functions are sealed with the new key\n",
           variables, functions);
    return 0;
}

/* The new key is on the disk before anything is sealed with it, and stays beside the old one until
 * all is: a server that starts in between opens both. */
static int rotate_key(struct job *j, struct err *e)
{
    struct store *store = NULL;
    struct db *db = NULL;
    struct seal *from = NULL, *to = NULL;
    char path[64];
    if (need_stopped(j, e) < 0 || become_owner(j->data_fd, e) < 0)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d/virga.db", j->data_fd);
    int rc = open_store(j->store ? j->store : path, &store, e);
    if (rc == 0)
        rc = db_open(store, DB_DURABLE, &db, e);
    if (rc == 0)
        rc = seal_load(j->data_fd, &from, e);
    if (rc == 0)
        rc = seal_rotate(j->data_fd, &to, e);
    if (rc == 0)
        rc = reseal(db, from, to, e);
    if (rc == 0)
        rc = seal_rotated(j->data_fd, e);
    seal_free(to);
    seal_free(from);
    db_close(db);
    store_close(store);
    return rc;
}

/* --- the command line --- */

static const struct task tasks[] = {
    {"backup", "DIR",
     "Copies the store of a server, which may be running, and its keys into a new directory DIR.\n"
     "Whoever has that directory can read everything in it.",
     true, backup},
    {"restore", "DIR",
     "Puts a backup in place of the store. A running server goes on with it, when the backup has\n"
     "the same keys; else stop the server first.",
     true, restore},
    {"migrate", "--to URL",
     "Copies everything into an empty PostgreSQL database, in one transaction. The server must be\n"
     "stopped. The old store is left as it is.",
     false, migrate_store},
    {"rotate-key", "",
     "Makes a new secret.key and encrypts all secrets with it. The server must be stopped.", false,
     rotate_key},
};

static int usage(const struct task *t, int status)
{
    fprintf(status ? stderr : stdout,
            "%s\n\nUsage: virga %s %s [--data-dir DIR] [--store URL]\n\n"
            "  --data-dir DIR  the server's data directory (VIRGA_DATA_DIR; /var/lib/virga)\n"
            "  --store URL     as given to the server (VIRGA_STORE; DATA_DIR/virga.db)\n",
            t->about, t->name, t->synopsis);
    return status;
}

static const char *or_environment(const char *name, const char *standard)
{
    const char *value = getenv(name);
    return value && *value ? value : standard;
}

/* -1: wrong usage; 1: help was asked for. */
static int parse(int argc, char **argv, struct job *j)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"--data-dir", &j->data_dir}, {"--store", &j->store}, {"--to", &j->to}};
    for (int i = 0; i < argc; i++) {
        size_t o = 0;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return 1;
        while (o < ARRAY_LEN(options) && strcmp(argv[i], options[o].name) != 0)
            o++;
        if (o < ARRAY_LEN(options) && i + 1 < argc)
            *options[o].value = argv[++i];
        else if (o == ARRAY_LEN(options) && argv[i][0] != '-' && !j->argument)
            j->argument = argv[i];
        else
            return -1;
    }
    return 0;
}

static int run(const struct task *t, int argc, char **argv)
{
    struct err e = {0};
    struct job j = {.data_dir = or_environment("VIRGA_DATA_DIR", "/var/lib/virga"),
                    .store = or_environment("VIRGA_STORE", NULL),
                    .data_fd = -1};
    int parsed = parse(argc, argv, &j);
    if (parsed > 0)
        return usage(t, 0);
    if (parsed < 0 || t->takes_argument != (j.argument != NULL))
        return usage(t, 2);
    umask(077);
    int rc = enter_data_dir(&j, &e);
    if (rc == 0)
        rc = t->run(&j, &e);
    fd_close(&j.data_fd);
    if (rc < 0)
        fprintf(stderr, "virga %s: %s\n", t->name, e.text);
    return rc < 0 ? 1 : 0;
}

bool maintenance_main(int argc, char **argv, int *ret)
{
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(tasks); i++)
        if (strcmp(argv[1], tasks[i].name) == 0) {
            *ret = run(&tasks[i], argc - 2, argv + 2);
            return true;
        }
    return false;
}
