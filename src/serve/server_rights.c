/* The steps of a start that take the rights it was started with; the last one gives them up. */
#include "serve/server.h"

#include "auth/auth.h"
#include "base/fd.h"
#include "cluster/cluster.h"
#include "deps/index.h"
#include "runtimes/runtimes.h"
#include "sandbox/sandbox.h"
#include "serve/checks.h"
#include "serve/leave.h"
#include "serve/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SPARE_FILES = 4096, /* descriptors beside connections and slots */
    FILES_PER_SLOT = 5,
};

/* Names in `layers` are digests: whoever knows one may look in, as the sandboxes' uids must. */
int server_open_data(struct server *s, struct err *e)
{
    s->data_fd = privileges_open_data_dir(s->settings.data_dir, e);
    if (s->data_fd < 0)
        return -1;
    if (mkdirat(s->data_fd, "layers", 0711) < 0 && errno != EEXIST)
        return err_sys(e, "create '%s/layers'", s->settings.data_dir);
    char whole[PATH_MAX];
    if (!realpath(s->settings.data_dir, whole))
        return err_sys(e, "find '%s'", s->settings.data_dir);
    snprintf(s->layers_path, sizeof s->layers_path, "%s/layers", whole);
    return index_read(&s->settings.packages, &s->index, e); /* as whoever starts us */
}

/* `found` holds PATH_MAX + 32 bytes. */
static const char *runners_dir(const struct server *s, char *found, struct err *e)
{
    if (s->settings.runners_dir)
        return s->settings.runners_dir;
    return runtimes_find_runners(found, PATH_MAX + 32, e) < 0 ? NULL : found;
}

int server_probe(struct server *s, struct err *e)
{
    char found[PATH_MAX + 32];
    const char *runners = runners_dir(s, found, e);
    if (!runners)
        return -1;
    if (checks_start(runners, &s->checks, e) < 0)
        return -1;
    s->app.checks = s->checks->results;
    s->app.check_count = &s->checks->count;
    return 0;
}

/* A host that cannot give functions network is no reason not to start. */
int server_settle_egress(struct server *s, struct err *e)
{
    struct probe_result found;
    (void)e;
    if (s->settings.egress && probe_egress(&found))
        return 0;
    if (s->settings.egress)
        snprintf(s->no_egress, sizeof s->no_egress, "%s; `virga doctor` says what to do",
                 found.detail);
    else
        snprintf(s->no_egress, sizeof s->no_egress, "it was started with --egress off");
    s->app.no_egress = s->no_egress;
    return 0;
}

int server_start_keeper(struct server *s, struct err *e)
{
    struct cluster_config config = {.data_fd = s->data_fd,
                                    .data_dir = s->settings.data_dir,
                                    .postgres_bin = s->settings.postgres_bin,
                                    .connections_max = s->settings.database_connections};
    if (privileges_uid(s->settings.user, &config.server, e) < 0)
        return -1;
    return cluster_spawn(&config, &s->keeper_fd, &s->app.keeper, e);
}

int server_start_spawner(struct server *s, struct err *e)
{
    static const char *const build_argv[] = {"/opt/virga/packages/virga-packages", NULL};
    char sockets[PATH_MAX];
    char found[PATH_MAX + 32];
    const char *runners = runners_dir(s, found, e);
    struct sandbox_template templates[SANDBOX_TEMPLATES_MAX] = {0};
    unsigned count = 0;
    if (!runners)
        return -1;
    for (; runtimes[count]; count++)
        templates[count] =
            (struct sandbox_template){.name = runtimes[count]->name,
                                      .template_argv = runtimes[count]->template_argv,
                                      .slot_argv = runtimes[count]->slot_argv};
    s->build_template = count;
    templates[count++] = (struct sandbox_template){.name = "build", .slot_argv = build_argv};
    snprintf(sockets, sizeof sockets, "%s/postgres/slots", s->settings.data_dir);
    struct sandbox_config config = {
        .templates = templates,
        .template_count = count,
        .runners_dir = runners,
        .root_dir = s->settings.root_dir,
        .layers_dir = s->layers_path,
        .sockets_dir = sockets,
        .slots_max = s->settings.slots_max,
        .variant_memory_bytes = s->settings.template_memory_max,
        .weaker = s->settings.weaker,
        .egress = s->app.no_egress ? NULL : &s->settings.egress_rules,
    };
    privileges_raise_files(s->settings.connections_max + s->settings.slots_max * FILES_PER_SLOT +
                           SPARE_FILES);
    return spawner_start(&config, &s->spawner_fd, &s->app.spawner, e);
}

/* For `virga restore`, which tells us with SIGHUP to read everything anew. */
static int write_pid(struct server *s, struct err *e)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%d\n", (int)getpid());
    return fd_write_file(s->data_fd, "server.pid", text, (size_t)n, 0600, e);
}

/* Two servers would each call what only one of them has saved. Comes after the spawner, which would
 * inherit the lock and hold it for a moment longer than a killed server lives. */
int server_lock_data(struct server *s, struct err *e)
{
    s->lock_fd = openat(s->data_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->lock_fd < 0)
        return err_sys(e, "open data directory '%s'", s->settings.data_dir);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return write_pid(s, e);
    return errno == EWOULDBLOCK
               ? err_set(e, ERR_CONFLICT,
                         "'%s' is in use by another virga server; --data-dir names another",
                         s->settings.data_dir)
               : err_sys(e, "lock data directory '%s'", s->settings.data_dir);
}

int server_load_keys(struct server *s, struct err *e)
{
    const struct settings *o = &s->settings;
    if (auth_open(&(struct auth_config){.dir_fd = s->data_fd,
                                        .registration = o->registration,
                                        .none = o->auth_none,
                                        .loopback = settings_loopback(o),
                                        .public_url = o->public_url,
                                        .issuer = o->issuer,
                                        .audience = o->audience,
                                        .jwks_url = o->jwks_url,
                                        .leaving = leave},
                  &s->app.auth, e) < 0)
        return -1;
    if (seal_load(s->data_fd, &s->seal, e) < 0)
        return -1;
    s->app.seal = s->seal;
    s->app.public_url = o->public_url;
    s->quota = o->quota;
    s->app.quota = &s->quota;
    return 0;
}

int server_drop_rights(struct server *s, struct err *e)
{
    return privileges_drop(s->settings.user, s->settings.data_dir, s->data_fd, s->data_path,
                           sizeof s->data_path, e);
}
