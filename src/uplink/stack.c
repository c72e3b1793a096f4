/* One slot's way out: frames from its interface, through the checks, into a TCP/IP stack of this
 * process (libslirp), whose other side are ordinary sockets. */
#include "uplink/uplink.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "uplink/frame.h"
#include "uplink/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    WATCH_ALIVE,
    WATCH_TAP,
    WATCH_OWN,
    POLLS = WATCH_OWN + UPLINK_FILES,
    FRAMES_AT_ONCE = 32, /* then sockets get their turn */
};

struct uplink {
    struct gate *gate;
    int tap;
    Slirp *slirp;
    struct pollfd polls[POLLS];
    unsigned poll_count;
    uint8_t frame[FRAME_MAX];
};

/* --- what libslirp asks for --- */

/* A slot that does not take its packets loses them, as on any wire. */
static ssize_t send_packet(const void *p, size_t n, void *arg)
{
    const struct uplink *u = arg;
    (void)!write(u->tap, p, n);
    return (ssize_t)n;
}

/* What a guest does wrong is not worth a line that it could write a million times. */
static void guest_error(const char *text, void *arg)
{
    (void)text, (void)arg;
}

static int64_t clock_ns(void *arg)
{
    (void)arg;
    return (int64_t)clock_mono_us() * 1000;
}

/* Timers are for IPv6 routers, which there are none of. */
static void *new_timer(SlirpTimerCb callback, void *callback_arg, void *arg)
{
    (void)callback, (void)callback_arg;
    return arg;
}

static void free_timer(void *timer, void *arg)
{
    (void)timer, (void)arg;
}

static void set_timer(void *timer, int64_t at_ms, void *arg)
{
    (void)timer, (void)at_ms, (void)arg;
}

/* All sockets are asked for before each wait. */
static void note_socket(int fd, void *arg)
{
    (void)fd, (void)arg;
}

static void notify(void *arg)
{
    (void)arg;
}

static const SlirpCb callbacks = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = clock_ns,
    .timer_new = new_timer,
    .timer_free = free_timer,
    .timer_mod = set_timer,
    .register_poll_fd = note_socket,
    .unregister_poll_fd = note_socket,
    .notify = notify,
};

static const struct {
    int slirp;
    short poll;
} events[] = {
    {SLIRP_POLL_IN, POLLIN},   {SLIRP_POLL_OUT, POLLOUT}, {SLIRP_POLL_PRI, POLLPRI},
    {SLIRP_POLL_ERR, POLLERR}, {SLIRP_POLL_HUP, POLLHUP},
};

/* There are no more sockets than may be open. */
static int add_poll(int fd, int wanted, void *arg)
{
    struct uplink *u = arg;
    short poll_events = 0;
    if (u->poll_count == POLLS)
        return -1;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (wanted & events[i].slirp)
            poll_events = (short)(poll_events | events[i].poll);
    u->polls[u->poll_count] = (struct pollfd){fd, poll_events, 0};
    return (int)u->poll_count++;
}

static int get_events(int index, void *arg)
{
    const struct uplink *u = arg;
    int result = 0;
    if (index < 0)
        return 0;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (u->polls[index].revents & events[i].poll)
            result |= events[i].slirp;
    return result;
}

/* --- */

static Slirp *new_stack(struct uplink *u)
{
    const SlirpConfig config = {
        .version = 4,
        .in_enabled = true,
        .vnetwork.s_addr = htonl(UPLINK_GATEWAY & uplink_mask()),
        .vnetmask.s_addr = htonl(uplink_mask()),
        .vhost.s_addr = htonl(UPLINK_GATEWAY),
        .vdhcp_start.s_addr = htonl(UPLINK_ADDRESS),
        .vnameserver.s_addr = htonl(UPLINK_RESOLVER),
        .if_mtu = FRAME_MTU,
        .if_mru = FRAME_MTU,
        .disable_host_loopback = true,
        .disable_dhcp = true,
    };
    return slirp_new(&config, &callbacks, u);
}

int uplink_open(const struct uplink_rules *rules, int tap, struct uplink **ret, struct err *e)
{
    struct uplink *u = mem_alloc(sizeof *u);
    u->tap = tap;
    if (gate_open(rules, &u->gate, e) < 0) {
        uplink_free(u);
        return -1;
    }
    u->slirp = new_stack(u);
    if (!u->slirp) {
        uplink_free(u);
        return err_set(e, ERR_SYSTEM, "libslirp makes no stack");
    }
    *ret = u;
    return 0;
}

void uplink_free(struct uplink *u)
{
    if (!u)
        return;
    if (u->slirp)
        slirp_cleanup(u->slirp);
    gate_close(u->gate);
    free(u);
}

static void refuse(struct uplink *u, size_t n)
{
    uint8_t reset[FRAME_RESET];
    size_t len = frame_reset(u->frame, n, reset);
    if (len)
        (void)send_packet(reset, len, u);
}

/* A connection too many is not refused: the slot's kernel asks again a second later. */
static void take_frame(struct uplink *u, size_t n)
{
    struct frame f;
    uint64_t now_us = clock_mono_us();
    enum frame_kind kind = frame_parse(u->frame, n, &f);
    if (kind == FRAME_BAD)
        return;
    if (kind == FRAME_PACKET && !gate_allows(u->gate, &f, now_us))
        refuse(u, n);
    else if (!f.opens || gate_opens(u->gate, now_us))
        slirp_input(u->slirp, u->frame, (int)n);
}

/* False: the interface is gone. */
static bool take_frames(struct uplink *u)
{
    for (int i = 0; i < FRAMES_AT_ONCE; i++) {
        ssize_t n = read(u->tap, u->frame, sizeof u->frame);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        take_frame(u, (size_t)n);
    }
    return true;
}

void uplink_run(struct uplink *u, int alive)
{
    for (;;) {
        uint32_t timeout = UINT32_MAX;
        u->polls[WATCH_ALIVE] = (struct pollfd){alive, POLLIN, 0};
        u->polls[WATCH_TAP] = (struct pollfd){u->tap, POLLIN, 0};
        u->poll_count = WATCH_OWN;
        slirp_pollfds_fill(u->slirp, &timeout, add_poll, u);
        int n = poll(u->polls, u->poll_count, timeout > INT32_MAX ? -1 : (int)timeout);
        bool failed = n < 0 && errno != EINTR;
        if (failed || (n > 0 && u->polls[WATCH_ALIVE].revents))
            return;
        slirp_pollfds_poll(u->slirp, n < 0, get_events, u);
        if (n > 0 && u->polls[WATCH_TAP].revents && !take_frames(u))
            return;
    }
}
