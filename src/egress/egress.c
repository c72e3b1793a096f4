#include "egress/egress.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "egress/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POLL_WAKE, POLL_LISTENER, POLL_CONNS, POLL_MAX = POLL_CONNS + 2 * EGRESS_CONNECTIONS_MAX };

static bool option_is(int fd, int name, int a, int b)
{
    int value = -1;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 && (value == a || value == b);
}

static bool on_loopback(int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        return false;
    if (at.ss_family == AF_INET)
        return ((struct sockaddr_in *)&at)->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    return at.ss_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&at)->sin6_addr);
}

static int check_listener(int fd, struct err *e)
{
    if (!option_is(fd, SO_DOMAIN, AF_INET, AF_INET6) ||
        !option_is(fd, SO_TYPE, SOCK_STREAM, SOCK_STREAM) ||
        !option_is(fd, SO_PROTOCOL, IPPROTO_TCP, IPPROTO_TCP) ||
        !option_is(fd, SO_ACCEPTCONN, 1, 1) || !on_loopback(fd))
        return err_set(e, ERR_INVALID, "the sandbox gave no listening socket of its loopback");
    return 0;
}

bool egress_allows(struct egress *x, const char *place)
{
    for (char **host = x->hosts; *host; host++)
        if (strcmp(*host, place) == 0)
            return true;
    pthread_mutex_lock(&x->lock);
    memcpy(x->refused, place, strlen(place) + 1);
    pthread_mutex_unlock(&x->lock);
    return false;
}

/* When all places are taken the rest waits in the listener's own queue. */
static struct conn *free_conn(struct egress *x)
{
    for (struct conn *c = x->conns; c < x->conns + EGRESS_CONNECTIONS_MAX; c++)
        if (c->state == CONN_FREE)
            return c;
    return NULL;
}

static void accept_one(struct egress *x)
{
    struct conn *c = free_conn(x);
    int fd = c ? accept4(x->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
    if (fd >= 0)
        egress_conn_open(c, x, fd);
}

static void cut_at_limits(struct egress *x)
{
    uint64_t now = clock_mono_us();
    bool spent = atomic_load(&x->bytes) >= x->bytes_max;
    for (struct conn *c = x->conns; c < x->conns + EGRESS_CONNECTIONS_MAX; c++)
        if (c->state != CONN_FREE &&
            ((spent && c->state == CONN_RELAYING) || now - c->active_us > IDLE_MS * 1000ull))
            egress_conn_close(c);
}

static void turn(struct egress *x)
{
    struct pollfd fds[POLL_MAX];
    fds[POLL_WAKE] = (struct pollfd){x->wake, POLLIN, 0};
    fds[POLL_LISTENER] = (struct pollfd){free_conn(x) ? x->listener : -1, POLLIN, 0};
    for (int i = 0; i < EGRESS_CONNECTIONS_MAX; i++)
        egress_conn_want(&x->conns[i], fds + POLL_CONNS + 2 * i);
    if (poll(fds, POLL_MAX, 1000) < 0)
        return;
    for (int i = 0; i < EGRESS_CONNECTIONS_MAX; i++) {
        const struct pollfd *got = fds + POLL_CONNS + 2 * i;
        if (got[0].revents || got[1].revents)
            egress_conn_run(&x->conns[i], got);
    }
    if (fds[POLL_LISTENER].revents)
        accept_one(x);
    cut_at_limits(x);
}

static void *serve(void *arg)
{
    struct egress *x = arg;
    while (!atomic_load(&x->stop))
        turn(x);
    for (struct conn *c = x->conns; c < x->conns + EGRESS_CONNECTIONS_MAX; c++)
        egress_conn_close(c);
    return NULL;
}

/* Signals are for the thread that waits for them. */
static int start_thread(struct egress *x, struct err *e)
{
    sigset_t all, before;
    sigfillset(&all);
    must(pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
    errno = pthread_create(&x->thread, NULL, serve, x);
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (errno)
        return err_sys(e, "start the thread of a proxy");
    x->started = true;
    return 0;
}

static char **copy_hosts(const char *const *hosts)
{
    size_t n = 0;
    while (hosts[n])
        n++;
    char **copy = mem_alloc((n + 1) * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = mem_strdup(hosts[i]);
    return copy;
}

static int prepare(struct egress *x, const struct egress_config *config, struct err *e)
{
    if (config->proxy && egress_proxy_parse(config->proxy, x->proxy, &x->credentials, e) < 0)
        return -1;
    if (!x->credentials)
        x->credentials = mem_strdup("");
    x->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (x->wake < 0)
        return err_sys(e, "make an eventfd");
    return fd_nonblock(x->listener, e);
}

int egress_start(int listener, const struct egress_config *config, struct egress **ret,
                 struct err *e)
{
    if (check_listener(listener, e) < 0) {
        fd_close(&listener);
        return -1;
    }
    struct egress *x = mem_alloc(sizeof *x);
    x->listener = listener;
    x->wake = -1;
    x->bytes_max = config->bytes_max;
    x->hosts = copy_hosts(config->hosts);
    must(pthread_mutex_init(&x->lock, NULL) == 0);
    if (prepare(x, config, e) < 0 || start_thread(x, e) < 0) {
        egress_stop(x);
        return -1;
    }
    *ret = x;
    return 0;
}

uint64_t egress_bytes(const struct egress *x)
{
    return atomic_load(&x->bytes);
}

void egress_refused(struct egress *x, char *ret, size_t size)
{
    pthread_mutex_lock(&x->lock);
    snprintf(ret, size, "%s", x->refused);
    pthread_mutex_unlock(&x->lock);
}

void egress_stop(struct egress *x)
{
    if (!x)
        return;
    atomic_store(&x->stop, true);
    if (x->started) {
        must(eventfd_write(x->wake, 1) == 0);
        pthread_join(x->thread, NULL);
    }
    fd_close(&x->listener);
    fd_close(&x->wake);
    for (char **host = x->hosts; *host; host++)
        free(*host);
    free(x->hosts);
    free(x->credentials);
    pthread_mutex_destroy(&x->lock);
    free(x);
}
