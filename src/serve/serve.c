/* serve — from the command line to a running server, and back down.
 *
 * The order matters and is a table: the spawner is forked while the process is still small and has
 * the rights it was started with; the owner's key is read as whoever started us; then the rights
 * go, and only after that come a store, a listening socket or a byte from a client. */
#include "serve/serve.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"
#include "calls/calls.h"
#include "deps/deps.h"
#include "serve/catchup.h"
#include "serve/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DRAIN_US = 10 * 1000 * 1000 }; /* how long calls under way may take after SIGTERM */

static const struct step {
    const char *name;
    int (*run)(struct server *s, struct err *e);
} steps[] = {
    {"data directory", server_open_data},
    {"protections", server_probe}, /* by a child: behind the spawner the server never forks */
    {"network for functions", server_settle_egress},
    {"database keeper", server_start_keeper},
    {"spawner", server_start_spawner},
    {"lock", server_lock_data},
    {"keys", server_load_keys},
    {"rights", server_drop_rights},
    {"databases", server_open_cluster},
    {"store", server_open_store},
    {"event loop", server_open_loop},
    {"call records", server_open_calls},
    {"functions", server_open_functions},
    {"databases of projects", server_open_databases},
    {"gateway", server_open_gateway},
    {"engine", server_open_engine},
    {"workers", server_open_workers},
    {"packages", server_open_deps},
    {"stored functions", server_load_functions},
    {"quotas", server_open_quotas},
    {"database thread", server_start_databases},
    {"HTTP", server_listen},
};

static int start(struct server *s, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (steps[i].run(s, e) < 0)
            return err_in(e, "%s", steps[i].name);
    return 0;
}

static void stop_now(void *arg)
{
    struct server *s = arg;
    loop_stop(s->loop);
}

static void on_signal(void *arg)
{
    struct server *s = arg;
    if (s->stopping) { /* asked twice: do not wait for anybody */
        loop_stop(s->loop);
        return;
    }
    s->stopping = true;
    log_info("serve", "stopping: calls under way may end within %d s", DRAIN_US / 1000000);
    timer_set_us(s->drain, DRAIN_US);
    calls_stop_tails(s->app.calls); /* they would not end by themselves */
    deps_stop(s->app.deps);
    http_server_drain(s->app.http, stop_now, s);
}

static void on_hangup(void *arg)
{
    struct server *s = arg;
    catchup_now(s->catchup);
}

static int run(struct server *s, struct err *e)
{
    s->drain = timer_new(s->loop, stop_now, s);
    if (loop_on_signal(s->loop, SIGTERM, on_signal, s, e) < 0 ||
        loop_on_signal(s->loop, SIGINT, on_signal, s, e) < 0 ||
        loop_on_signal(s->loop, SIGHUP, on_hangup, s, e) < 0)
        return -1;
    char url[128];
    server_url(s, url, sizeof url);
    log_info("serve", "virga %s listening on %s data=%s", VIRGA_VERSION, url, s->settings.data_dir);
    if (server_log_setup(s, e) < 0)
        return -1;
    return loop_run(s->loop, e);
}

int serve_main(int argc, char **argv)
{
    struct server s = {.data_fd = -1, .lock_fd = -1, .spawner_fd = -1, .keeper_fd = -1};
    struct err e = {0};
    int parsed = settings_parse(argc, argv, &s.settings, &e);
    if (parsed > 0)
        return 0;
    if (parsed < 0) {
        fprintf(stderr, "virga serve: %s\n", e.text);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    umask(022); /* a starter's 077 would lock the server's user out of /run/virga; secrets name 0600
                 */
    s.app.started_us = clock_wall_us();
    bool failed = start(&s, &e) < 0 || run(&s, &e) < 0;
    if (failed)
        log_error("serve", "%s", e.text);
    failed = failed || !s.stopping; /* the loop ends by itself only when the spawner is gone */
    server_done(&s);
    return failed ? 1 : 0;
}
