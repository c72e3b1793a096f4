/* The programs that the keeper runs, and the files they read. All arguments are written here. */
#include "cluster/keeper.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "cluster/find.h"
#include "cluster/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MINUTE_US = 60 * 1000 * 1000, START_US = 2 * MINUTE_US, LOCK_US = MINUTE_US / 2 };
#define COPY_US (10ull * MINUTE_US)

/* LC_ALL: keeper_ready_text() is English. */
#define ENVIRONMENT "PATH=/usr/bin:/bin", "HOME=/tmp", "LC_ALL=C"
static const char *const environment[] = {ENVIRONMENT, NULL};

/* The server administers without a password, by its uid; all others have one. */
int keeper_write_access(struct keeper *k, struct err *e)
{
    static const char hba[] = "local all virga peer map=virga\n"
                              "local all all scram-sha-256\n";
    static const char ident[] = "virga virga virga\n"
                                "virga virga-db virga\n";
    if (fd_write_file(k->conf, "pg_hba.conf", hba, sizeof hba - 1, 0600, e) < 0)
        return -1;
    return fd_write_file(k->conf, "pg_ident.conf", ident, sizeof ident - 1, 0600, e);
}

/* --- places --- */

struct child *keeper_find(struct keeper *k, enum child_kind kind)
{
    for (size_t i = 0; i < KEEPER_CHILDREN; i++)
        if (k->children[i].kind == kind)
            return &k->children[i];
    return NULL;
}

struct child *keeper_place(struct keeper *k)
{
    return keeper_find(k, CHILD_NONE);
}

static int start(struct keeper *k, enum child_kind kind, const char *name, const char *const *argv,
                 uint64_t patience_us, struct err *e)
{
    struct child *c = keeper_place(k);
    must(c); /* copies have a bound of their own */
    struct child_program p = {.argv = argv,
                              .envp = environment,
                              .in = -1,
                              .out = -1,
                              .lock = k->top,
                              .ready = keeper_ready_text(kind)};
    if (child_start(c, kind, name, &p, e) < 0)
        return -1;
    c->deadline_us = clock_mono_us() + patience_us;
    return 0;
}

/* --- the programs --- */

/* The version that made the cluster, or NULL while there is none. */
static const char *made_by(struct keeper *k, char *version, size_t size)
{
    auto_fd int fd = openat(k->top, "cluster/PG_VERSION", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, version, size - 1);
    if (n <= 0)
        return NULL;
    version[strspn(version, "0123456789")] = 0;
    return version;
}

static int tool(struct keeper *k, const char *name, char *ret, struct err *e)
{
    char bin[FIND_PATH_MAX], version[16] = "";
    if (find_postgres(FIND_POSTGRES_TOP, k->config->postgres_bin,
                      made_by(k, version, sizeof version), bin, e) < 0)
        return -1;
    snprintf(ret, FIND_PATH_MAX + 16, "%s/%s", bin, name);
    return 0;
}

static int launch_initdb(struct keeper *k, struct err *e)
{
    char path[FIND_PATH_MAX + 16];
    if (tool(k, "initdb", path, e) < 0)
        return -1;
    const char *const argv[] = {path,
                                "--pgdata=" KEEPER_NEW,
                                "--username=virga",
                                "--auth=reject", /* keeper_write_access says who may */
                                "--data-checksums",
                                "--encoding=UTF8",
                                "--locale=C.UTF-8",
                                "--no-instructions",
                                NULL};
    return start(k, CHILD_INITDB, "initdb", argv, START_US, e);
}

/* Told at each start, so that no file of the cluster has to be kept current. Statements of guests
 * do not come into our log: it would grow with them, and they hold what is theirs. */
#define SET(setting) "-c", setting
static int launch_postgres(struct keeper *k, struct err *e)
{
    char path[FIND_PATH_MAX + 16];
    if (tool(k, "postgres", path, e) < 0)
        return -1;
    const char *const argv[] = {path,
                                "-D",
                                KEEPER_CLUSTER,
                                SET("hba_file=" KEEPER_CONF "/pg_hba.conf"),
                                SET("ident_file=" KEEPER_CONF "/pg_ident.conf"),
                                SET("listen_addresses="),
                                SET("port=5432"),
                                SET("unix_socket_directories=" KEEPER_ADMIN_DIR),
                                SET("unix_socket_permissions=0777"),
                                SET("password_encryption=scram-sha-256"),
                                SET("max_connections=120"),
                                SET("shared_buffers=64MB"),
                                SET("huge_pages=off"),
                                SET("dynamic_shared_memory_type=posix"),
                                SET("jit=off"),
                                SET("wal_level=minimal"),
                                SET("max_wal_senders=0"),
                                SET("max_wal_size=512MB"),
                                SET("min_wal_size=32MB"),
                                SET("fsync=on"),
                                SET("timezone=UTC"),
                                SET("log_timezone=UTC"),
                                SET("lc_messages=C"),
                                SET("logging_collector=off"),
                                SET("log_destination=stderr"),
                                SET("log_line_prefix="),
                                SET("log_min_messages=log"),
                                SET("log_min_error_statement=panic"),
                                SET("log_checkpoints=off"),
                                SET("log_autovacuum_min_duration=-1"),
                                NULL};
    return start(k, CHILD_POSTGRES, "postgres", argv, START_US, e);
}

static int launch_pooler(struct keeper *k, struct err *e)
{
    char path[FIND_PATH_MAX];
    if (find_pgbouncer(path, e) < 0)
        return -1;
    (void)unlinkat(k->conf, "hba", 0);
    if (linkat(k->conf, "hba-strict", k->conf, "hba", 0) < 0)
        return err_sys(e, "place the pooler's rules");
    const char *const argv[] = {path, KEEPER_CONF "/pgbouncer.ini", NULL};
    return start(k, CHILD_POOLER, "pgbouncer", argv, START_US, e);
}

int keeper_launch(struct keeper *k, enum child_kind kind, struct err *e)
{
    static const char *const clean[] = {"/bin/rm", "-rf", "--", KEEPER_NEW, NULL};
    switch (kind) {
    case CHILD_LOCK:
        return start(k, kind, "lock", NULL, LOCK_US, e);
    case CHILD_CLEAN:
        return start(k, kind, "rm", clean, START_US, e);
    case CHILD_INITDB:
        return launch_initdb(k, e);
    case CHILD_POSTGRES:
        return launch_postgres(k, e);
    default:
        must(kind == CHILD_POOLER);
        return launch_pooler(k, e);
    }
}

/* --- the pooler's files --- */

/* A copy: the server could change the file after the check. */
static int read_records(int file, void *to, size_t size, struct err *e)
{
    ssize_t n = pread(file, to, size, 0);
    if (n < 0)
        return err_sys(e, "read the parameters");
    return (size_t)n == size ? 0 : err_set(e, ERR_MALFORMED, "parameters of %zd bytes", n);
}

int keeper_configure(struct keeper *k, int file, size_t count, struct err *e)
{
    const struct pooler_config c = {.admin_dir = KEEPER_ADMIN_DIR,
                                    .slots_dir = KEEPER_SLOTS_DIR,
                                    .conf_dir = KEEPER_CONF,
                                    .admin = "virga",
                                    .connections_max = k->config->connections_max};
    static const struct {
        const char *name;
        void (*write)(const struct pooler_config *c, const struct pooler_record *records,
                      size_t count, struct buf *ret);
    } files[] = {{"pgbouncer.ini", pooler_ini},
                 {"users", pooler_users},
                 {"hba", pooler_hba},
                 {"hba-strict", pooler_hba_strict}};
    auto_ptr struct pooler_record *records = mem_alloc((count + 1) * sizeof *records);
    if (read_records(file, records, count * sizeof *records, e) < 0 ||
        pooler_check(records, count, e) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        auto_buf struct buf text = {0};
        files[i].write(&c, records, count, &text);
        (void)unlinkat(k->conf, files[i].name, 0); /* two names may be one file */
        if (fd_write_file(k->conf, files[i].name, text.data, text.len, 0600, e) < 0)
            return -1;
    }
    return 0;
}

/* --- dumps and restores --- */

static const char *service_name(const struct keeper *k, const struct child *c, char name[32])
{
    snprintf(name, 32, "service-%zu", (size_t)(c - k->children));
    return name;
}

void keeper_forget_service(const struct keeper *k, const struct child *c)
{
    char name[32];
    (void)unlinkat(k->conf, service_name(k, c, name), 0);
}

static int write_service(struct keeper *k, int target, const char *name, struct err *e)
{
    struct target_record record;
    auto_buf struct buf text = {0};
    if (read_records(target, &record, sizeof record, e) < 0 ||
        target_service(&record, "virga", KEEPER_ADMIN_DIR, &text, e) < 0)
        return -1;
    int written = fd_write_file(k->conf, name, text.data, text.len, 0600, e);
    explicit_bzero(&record, sizeof record);
    explicit_bzero(text.data, text.len);
    return written;
}

static size_t copies(const struct keeper *k)
{
    size_t count = 0;
    for (size_t i = 0; i < KEEPER_CHILDREN; i++)
        count += k->children[i].kind == CHILD_COPY;
    return count;
}

/* A role's own data: neither owners nor rights of roles that are not there on the other side. */
static int start_copy(struct child *c, const struct keeper *k, bool dump, int file,
                      const char *service, struct err *e)
{
    char path[FIND_PATH_MAX + 16], bin[FIND_PATH_MAX], services[96];
    /* The newest reads what older servers wrote, and talks to servers up to its version. */
    if (find_postgres(FIND_POSTGRES_TOP, k->config->postgres_bin, NULL, bin, e) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/%s", bin, dump ? "pg_dump" : "pg_restore");
    snprintf(services, sizeof services, "PGSERVICEFILE=" KEEPER_CONF "/%s", service);
    const char *const dump_argv[] = {path,       "--format=custom", "--no-owner",
                                     "--no-acl", "--no-password",   "--dbname=service=virga",
                                     NULL};
    const char *const restore_argv[] = {path,
                                        "--clean",
                                        "--if-exists",
                                        "--no-owner",
                                        "--no-acl",
                                        "--no-password",
                                        "--single-transaction",
                                        "--exit-on-error",
                                        "--dbname=service=virga",
                                        NULL};
    const char *const envp[] = {ENVIRONMENT, services, NULL};
    struct child_program p = {.argv = dump ? dump_argv : restore_argv,
                              .envp = envp,
                              .in = dump ? -1 : file,
                              .out = dump ? file : -1,
                              .lock = k->top};
    return child_start(c, CHILD_COPY, dump ? "pg_dump" : "pg_restore", &p, e);
}

int keeper_copy(struct keeper *k, bool dump, int target, int file, int *answer, struct err *e)
{
    struct child *c = keeper_place(k);
    char service[32];
    struct stat st;
    if (!c || copies(k) >= KEEPER_COPIES)
        return err_set(e, ERR_LIMIT, "%d databases are copied at the moment", KEEPER_COPIES);
    if (fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(e, ERR_INVALID, "the copy of a database needs an ordinary file");
    if (write_service(k, target, service_name(k, c, service), e) < 0 ||
        start_copy(c, k, dump, file, service, e) < 0) {
        keeper_forget_service(k, c);
        return -1;
    }
    c->deadline_us = clock_mono_us() + COPY_US;
    c->answer = take_fd(answer);
    return 0;
}
