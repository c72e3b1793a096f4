/* world — a loop, a real spawner and a record of its events, for sandbox_test. Waiting means
 * turning the loop until something is true; a deadline ends the test. */
#pragma once

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "loop/loop.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORLD_SLOTS = 256, WORLD_DEADLINE_S = 60 };

struct world_slot {
    struct sandbox_slot slot;
    bool started, failed, ended, limited;
    struct sandbox_exit how;
    struct err why;
};

struct world {
    struct loop *loop;
    struct timer *deadline;
    struct sandbox *sandbox;
    pid_t spawner;
    unsigned templates_ready, templates_failed, templates_stopped;
    uint64_t template_start_us, template_bytes; /* of the last ready one */
    struct err template_why;
    bool lost;
    bool (*until)(struct world *w, void *arg);
    void *until_arg;
    unsigned ended;
    struct world_slot by_ticket[WORLD_SLOTS];
    int by_slot[SANDBOX_SLOTS_MAX]; /* ticket */
};

__attribute__((unused)) static void world_check(struct world *w)
{
    if (w->until && w->until(w, w->until_arg))
        loop_stop(w->loop);
}

__attribute__((unused)) static void world_started(void *arg, uint64_t ticket,
                                                  const struct sandbox_slot *slot)
{
    struct world *w = arg;
    w->by_ticket[ticket].slot = *slot;
    w->by_ticket[ticket].started = true;
    w->by_slot[slot->id] = (int)ticket;
    world_check(w);
}

__attribute__((unused)) static void world_failed(void *arg, uint64_t ticket, const struct err *e)
{
    struct world *w = arg;
    w->by_ticket[ticket].failed = true;
    w->by_ticket[ticket].why = *e;
    world_check(w);
}

__attribute__((unused)) static void world_limited(void *arg, uint32_t slot, const struct err *e)
{
    struct world *w = arg;
    struct world_slot *s = &w->by_ticket[w->by_slot[slot]];
    s->limited = true;
    s->why = e ? *e : (struct err){0};
    world_check(w);
}

__attribute__((unused)) static void world_ended(void *arg, uint32_t slot,
                                                const struct sandbox_exit *how)
{
    struct world *w = arg;
    struct world_slot *s = &w->by_ticket[w->by_slot[slot]];
    s->ended = true;
    s->how = *how;
    w->ended++;
    world_check(w);
}

__attribute__((unused)) static void world_template_ready(void *arg, unsigned index,
                                                         uint64_t start_us, uint64_t memory_bytes)
{
    struct world *w = arg;
    (void)index;
    w->template_start_us = start_us;
    w->template_bytes = memory_bytes;
    w->templates_ready++;
    world_check(w);
}

__attribute__((unused)) static void world_template_failed(void *arg, unsigned index,
                                                          const struct err *e)
{
    struct world *w = arg;
    (void)index;
    w->templates_failed++;
    w->template_why = *e;
    world_check(w);
}

__attribute__((unused)) static void world_template_stopped(void *arg, unsigned index)
{
    struct world *w = arg;
    (void)index;
    w->templates_stopped++;
    world_check(w);
}

__attribute__((unused)) static void world_lost(void *arg)
{
    struct world *w = arg;
    w->lost = true;
    world_check(w);
}

static const struct sandbox_events world_events = {
    .started = world_started,
    .failed = world_failed,
    .limited = world_limited,
    .ended = world_ended,
    .template_ready = world_template_ready,
    .template_failed = world_template_failed,
    .template_stopped = world_template_stopped,
    .lost = world_lost,
};

__attribute__((unused)) static void world_deadline(void *arg)
{
    (void)arg;
    fail_msg("the deadline passed");
}

__attribute__((unused)) static void world_wait(struct world *w,
                                               bool (*until)(struct world *w, void *arg), void *arg)
{
    struct err e = {0};
    if (until(w, arg))
        return;
    w->until = until;
    w->until_arg = arg;
    timer_set_us(w->deadline, WORLD_DEADLINE_S * 1000000ull);
    CHECK(loop_run(w->loop, &e) == 0);
    timer_cancel(w->deadline);
    w->until = NULL;
}

__attribute__((unused)) static bool until_template_ready(struct world *w, void *arg)
{
    return w->templates_ready >= *(unsigned *)arg;
}

__attribute__((unused)) static bool until_lost(struct world *w, void *arg)
{
    (void)arg;
    return w->lost;
}

__attribute__((unused)) static bool until_answered(struct world *w, void *arg)
{
    struct world_slot *s = arg;
    (void)w;
    return s->started || s->failed;
}

__attribute__((unused)) static bool until_ended(struct world *w, void *arg)
{
    (void)w;
    return ((struct world_slot *)arg)->ended;
}

__attribute__((unused)) static bool until_limited(struct world *w, void *arg)
{
    (void)w;
    return ((struct world_slot *)arg)->limited;
}

/* The directory this test runs from appears as /opt/virga, with the test itself as the guest. */
static char world_directory[PATH_MAX], world_program[PATH_MAX];
static const char *const world_guest[] = {world_program, "guest", NULL};
__attribute__((unused)) static const char *const world_copied[] = {world_program, "template", NULL};
static const struct sandbox_template world_template = {"plain", NULL, world_guest};

__attribute__((unused)) static const char *world_runners_dir(void)
{
    ssize_t n = readlink("/proc/self/exe", world_directory, sizeof world_directory - 1);
    CHECK(n > 0);
    world_directory[n] = 0;
    char *slash = strrchr(world_directory, '/');
    *slash = 0;
    snprintf(world_program, sizeof world_program, "/opt/virga/%.200s", slash + 1);
    return world_directory;
}

static struct sandbox_config world_config(void)
{
    return (struct sandbox_config){
        .templates = &world_template,
        .template_count = 1,
        .runners_dir = world_runners_dir(),
        .slots_max = WORLD_SLOTS,
    };
}

__attribute__((unused)) static struct world *world_open_with(const struct sandbox_config *config)
{
    struct err e = {0};
    int fd = -1;
    struct world *w = mem_alloc(sizeof *w);
    if (spawner_start(config, &fd, &w->spawner, &e) < 0)
        fail_msg("spawner_start: %s", e.text);
    CHECK(loop_new(&w->loop, &e) == 0);
    w->deadline = timer_new(w->loop, world_deadline, w);
    CHECK(sandbox_new(w->loop, fd, &world_events, w, &w->sandbox, &e) == 0);
    return w;
}

__attribute__((unused)) static struct world *world_open(void)
{
    struct sandbox_config config = world_config();
    unsigned one = 1;
    struct world *w = world_open_with(&config);
    world_wait(w, until_template_ready, &one);
    return w;
}

__attribute__((unused)) static void world_close_slot(struct world_slot *s)
{
    if (!s->started)
        return;
    fd_close(&s->slot.socket);
    fd_close(&s->slot.out);
    fd_close(&s->slot.err);
    fd_close(&s->slot.memory_peak);
    fd_close(&s->slot.cpu);
}

__attribute__((unused)) static void world_close(struct world *w)
{
    int status = 0;
    for (int i = 0; i < WORLD_SLOTS; i++)
        world_close_slot(&w->by_ticket[i]);
    sandbox_free(w->sandbox);
    CHECK(waitpid(w->spawner, &status, 0) == w->spawner);
    CHECK(w->lost || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    timer_free(w->deadline);
    loop_free(w->loop);
    free(w);
}

__attribute__((unused)) static struct world_slot *world_ask_of(struct world *w, unsigned ticket,
                                                               unsigned template_index,
                                                               const struct sandbox_limits *limits)
{
    struct err e = {0};
    struct world_slot *s = &w->by_ticket[ticket];
    world_close_slot(s);
    *s = (struct world_slot){0};
    if (sandbox_start(w->sandbox, ticket, template_index, limits, &e) < 0)
        fail_msg("sandbox_start: %s", e.text);
    return s;
}

__attribute__((unused)) static struct world_slot *world_ask(struct world *w, unsigned ticket,
                                                            const struct sandbox_limits *limits)
{
    return world_ask_of(w, ticket, 0, limits);
}

__attribute__((unused)) static struct world_slot *
world_start_with(struct world *w, unsigned ticket, const struct sandbox_limits *limits)
{
    struct world_slot *s = world_ask(w, ticket, limits);
    world_wait(w, until_answered, s);
    if (s->failed)
        fail_msg("start failed: %s", s->why.text);
    return s;
}

__attribute__((unused)) static struct world_slot *world_start(struct world *w, unsigned ticket)
{
    return world_start_with(w, ticket, &sandbox_default_limits);
}

/* One line from a descriptor of the slot; "" at its end. */
__attribute__((unused)) static const char *world_line(int fd)
{
    static char line[600];
    size_t n = 0;
    while (n + 1 < sizeof line) {
        struct pollfd p = {fd, POLLIN, 0};
        if (poll(&p, 1, WORLD_DEADLINE_S * 1000) != 1)
            fail_msg("no answer from the slot");
        ssize_t got = read(fd, line + n, 1);
        if (got <= 0 || line[n] == '\n')
            break;
        n++;
    }
    line[n] = 0;
    return line;
}

__attribute__((unused)) static const char *world_tell(struct world_slot *s, const char *command)
{
    CHECK(write(s->slot.socket, command, strlen(command)) == (ssize_t)strlen(command));
    return world_line(s->slot.socket);
}

__attribute__((unused)) static void world_kill(struct world *w, struct world_slot *s)
{
    sandbox_kill(w->sandbox, s->slot.id);
    world_wait(w, until_ended, s);
}
