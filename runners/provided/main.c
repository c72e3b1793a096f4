/* virga-provided — pid 1 of a slot that runs a user's own bootstrap.
 *
 *   virga-provided                   in a slot: code goes to /code, the runtime API is on port 9001
 *   virga-provided --direct DIR      outside of one, for tests: code goes to DIR, any port
 *
 * One poll loop over the server's socket, the listening socket and the bootstrap's connections;
 * children are reaped between rounds. provided.h tells the rest. */
#include "sandbox/runner_fds.h"
#include "provided.h"

#include "sandbox/runner_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { API_PORT = 9001, POLL_CHANNEL = 0, POLL_LISTENER = 1, POLL_CONNS = 2 };
enum { POLL_MAX = POLL_CONNS + CONNS_MAX };

static void on_child(int signal_number)
{
    (void)signal_number; /* only there to interrupt ppoll */
}

/* SIGCHLD is delivered inside ppoll and nowhere else: no child's end falls between the check and
 * the wait. */
static int prepare_signals(struct err *e)
{
    struct sigaction child = {.sa_handler = on_child}, ignore = {.sa_handler = SIG_IGN};
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    if (sigaction(SIGCHLD, &child, NULL) < 0 || sigaction(SIGPIPE, &ignore, NULL) < 0 ||
        sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
        return err_sys(e, "set up signals");
    return 0;
}

static void load(struct provided *p, struct str payload)
{
    struct err e = {0};
    p->state = STATE_LOADING;
    if (load_run(p, payload, &e) < 0)
        api_fail(p, true, STR("LoadError"), str_of(e.text), STR(""));
}

/* A CALL may be sent right behind LOAD: it stays in the channel until the bootstrap is there. */
static void serve_frames(struct provided *p)
{
    uint8_t type;
    struct str payload;
    if (p->state == STATE_BROKEN)
        buf_clear(&p->channel.in);
    while ((p->state == STATE_BLANK || p->state == STATE_IDLE) &&
           channel_take(&p->channel, &type, &payload)) {
        if (type == FRAME_LOAD && p->state == STATE_BLANK)
            load(p, payload);
        else if (type == FRAME_CALL && p->state == STATE_IDLE)
            api_call(p, payload);
        else
            _exit(70); /* not what a server says */
    }
}

/* A free place, or that of the idle connection that was used least recently, or NULL. */
static struct conn *room(struct provided *p)
{
    struct conn *found = NULL;
    for (struct conn *c = p->conns; c < p->conns + CONNS_MAX; c++) {
        if (c->fd < 0)
            return c;
        if (conn_is_idle(c) && (!found || c->turn < found->turn))
            found = c;
    }
    return found;
}

static struct conn *accept_one(struct provided *p)
{
    struct conn *c = room(p);
    int fd = c ? accept4(p->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
    if (fd < 0)
        return NULL;
    conn_close(c);
    conn_open(c, fd, ++p->turns);
    return c;
}

static void serve_conn(struct provided *p, struct conn *c)
{
    conn_read(c);
    api_serve(p, c);
}

/* A request mostly comes with its connection: it is read at once, not after another poll. */
static void serve_listener(struct provided *p)
{
    for (struct conn *c; (c = accept_one(p));)
        serve_conn(p, c);
}

/* Whatever the bootstrap sent before it ended counts, although poll has not announced it yet. */
static void serve_what_is_there(struct provided *p)
{
    serve_listener(p);
    for (struct conn *c = p->conns; c < p->conns + CONNS_MAX; c++)
        for (size_t before = SIZE_MAX; c->fd >= 0 && c->reader.in.len != before;) {
            before = c->reader.in.len;
            serve_conn(p, c);
        }
}

static void reap(struct provided *p)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid != p->bootstrap)
            continue;
        serve_what_is_there(p);
        api_exited(p, status);
    }
}

/* Bytes of the next frame stay in the socket while there is a call: it alone bounds them. */
static short channel_events(const struct provided *p)
{
    return p->state == STATE_BLANK || p->state == STATE_IDLE || p->state == STATE_BROKEN
               ? POLLIN
               : POLLRDHUP;
}

/* A connection that is owed an answer, or does not take one, is not read beyond what it has sent:
 * its buffers stay bounded. */
static short conn_events(const struct conn *c)
{
    if (c->out.len)
        return POLLOUT;
    return c->waiting && c->reader.in.len > c->reader.body_at ? POLLRDHUP : POLLIN;
}

static void fill_poll(struct provided *p, struct pollfd fds[POLL_MAX])
{
    bool serving = p->state != STATE_BROKEN;
    fds[POLL_CHANNEL] = (struct pollfd){.fd = p->channel.fd, .events = channel_events(p)};
    fds[POLL_LISTENER] =
        (struct pollfd){.fd = serving && room(p) ? p->listener : -1, .events = POLLIN};
    for (int i = 0; i < CONNS_MAX; i++) {
        const struct conn *c = &p->conns[i];
        fds[POLL_CONNS + i] = (struct pollfd){.fd = serving ? c->fd : -1, .events = conn_events(c)};
    }
}

static void serve_announced(struct provided *p, struct conn *c, short events)
{
    if (c->fd < 0 || !events)
        return;
    if (!c->out.len) {
        serve_conn(p, c);
        return;
    }
    conn_flush(c);
    if (c->fd >= 0)
        api_serve(p, c); /* requests that had to wait behind the answer */
}

static void round_of(struct provided *p)
{
    struct pollfd fds[POLL_MAX];
    sigset_t none;
    sigemptyset(&none);
    fill_poll(p, fds);
    if (ppoll(fds, POLL_MAX, NULL, &none) < 0)
        return; /* EINTR: a child has ended */
    for (int i = 0; i < CONNS_MAX; i++)
        serve_announced(p, &p->conns[i], fds[POLL_CONNS + i].revents);
    if (fds[POLL_CHANNEL].revents & POLLRDHUP ||
        (fds[POLL_CHANNEL].revents && !channel_read(&p->channel)))
        _exit(0); /* the server is gone, and the kernel ends the bootstrap with us */
    if (fds[POLL_LISTENER].revents)
        serve_listener(p);
}

static int setup(struct provided *p, struct err *e)
{
    umask(022);
    for (int i = 0; i < CONNS_MAX; i++)
        p->conns[i].fd = -1;
    if (fcntl(p->channel.fd, F_SETFD, FD_CLOEXEC) < 0)
        return err_sys(e, "take over descriptor %d", p->channel.fd);
    p->listener = conn_listen(p->port, &p->port, e);
    return p->listener < 0 ? -1 : prepare_signals(e);
}

int main(int argc, char **argv)
{
    bool direct = argc == 3 && strcmp(argv[1], "--direct") == 0;
    struct provided p = {
        .channel.fd = RUNNER_SOCKET,
        .code_dir = direct ? argv[2] : "/code",
        .port = direct ? 0 : API_PORT,
    };
    struct err e = {0};
    if (setup(&p, &e) < 0) {
        dprintf(RUNNER_STDERR, "virga-provided: %s\n", e.text);
        return 1;
    }
    channel_send(&p.channel, FRAME_READY, 0, STR(""));
    for (;;) {
        serve_frames(&p);
        round_of(&p);
        reap(&p);
    }
}
