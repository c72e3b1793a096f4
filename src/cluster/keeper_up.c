/* The way up: what has to run before what, and what the end of each means. */
#include "cluster/keeper.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEADY_US = 10 * 1000 * 1000 }; /* what ran so long may be started again unasked */

const char *keeper_ready_text(enum child_kind kind)
{
    if (kind == CHILD_POSTGRES)
        return "database system is ready to accept connections";
    return kind == CHILD_POOLER ? "process up:" : NULL;
}

/* --- who waits --- */

static void tell_waiters(struct keeper *k, enum child_kind what, const struct err *why)
{
    size_t kept = 0;
    for (size_t i = 0; i < k->waiting; i++)
        if (k->waiters[i].what == what)
            keeper_answer(&k->waiters[i].answer, why);
        else
            k->waiters[kept++] = k->waiters[i];
    k->waiting = kept;
}

static enum keeper_stage *stage(struct keeper *k, enum child_kind what)
{
    return what == CHILD_POSTGRES ? &k->postgres : &k->pooler;
}

void keeper_wait_for(struct keeper *k, enum child_kind what, int *answer)
{
    struct err e = {0};
    if (*stage(k, what) == KEEPER_UP) {
        keeper_answer(answer, NULL);
        return;
    }
    if (k->waiting == KEEPER_WAITERS) {
        (void)err_set(&e, ERR_LIMIT, "%d others wait for the database already", KEEPER_WAITERS);
        keeper_answer(answer, &e);
        return;
    }
    k->waiters[k->waiting++] = (struct keeper_waiter){take_fd(answer), what};
    *(what == CHILD_POSTGRES ? &k->want_postgres : &k->want_pooler) = true;
}

/* Not wanted any more until somebody asks again: a fault that stays must not be tried for ever. */
static void give_up(struct keeper *k, enum child_kind what, const struct err *why)
{
    *stage(k, what) = KEEPER_DOWN;
    *(what == CHILD_POSTGRES ? &k->want_postgres : &k->want_pooler) = false;
    if (!k->stopping)
        log_error("cluster", "%s", why->text);
    tell_waiters(k, what, why);
}

void keeper_note_ready(struct keeper *k)
{
    static const enum child_kind kinds[] = {CHILD_POSTGRES, CHILD_POOLER};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct child *c = keeper_find(k, kinds[i]);
        if (!c || !c->ready || *stage(k, kinds[i]) != KEEPER_BUSY)
            continue;
        c->deadline_us = 0;
        *stage(k, kinds[i]) = KEEPER_UP;
        log_info("cluster", "%s is up, after %llu ms", c->name,
                 (unsigned long long)(clock_mono_us() - c->started_us) / 1000);
        tell_waiters(k, kinds[i], NULL);
    }
}

/* --- orphans --- */

/* Backends of a killed PostgreSQL work on until they look up; a new one must not start beside them.
 * They are whoever runs here without being a child that we know: pid 1 sees all of its namespace.
 */
static bool end_orphans(struct keeper *k)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    uint64_t pid;
    bool found = false;
    while (proc && (entry = readdir(proc))) {
        if (!str_to_u64(str_of(entry->d_name), &pid) || pid <= 1)
            continue;
        bool known = false;
        for (size_t i = 0; i < KEEPER_CHILDREN; i++)
            known |= k->children[i].kind != CHILD_NONE && k->children[i].pid == (pid_t)pid;
        if (!known && kill((pid_t)pid, SIGKILL) == 0)
            found = true;
    }
    if (proc)
        closedir(proc);
    return found;
}

/* --- the way up --- */

static bool start_one(struct keeper *k, enum child_kind kind, enum child_kind what)
{
    struct err e = {0};
    if (keeper_launch(k, kind, &e) == 0)
        return true;
    give_up(k, what, &e);
    return false;
}

static bool exists(struct keeper *k, const char *name)
{
    struct stat st;
    return fstatat(k->top, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What a killed predecessor left: with the lock held, nobody can own it. */
static void sweep(struct keeper *k, const char *const *names)
{
    for (; *names; names++)
        (void)unlinkat(k->top, *names, 0);
}

static void advance_postgres(struct keeper *k)
{
    static const char *const left[] = {"cluster/postmaster.pid", "admin/.s.PGSQL.5432",
                                       "admin/.s.PGSQL.5432.lock", NULL};
    if (!k->want_postgres || k->postgres != KEEPER_DOWN)
        return;
    if (k->orphans && end_orphans(k))
        return; /* their ends come as signals */
    k->orphans = false;
    enum child_kind next = exists(k, "cluster")       ? CHILD_POSTGRES
                           : exists(k, "cluster.new") ? CHILD_CLEAN
                                                      : CHILD_INITDB;
    if (next == CHILD_POSTGRES)
        sweep(k, left);
    if (start_one(k, next, CHILD_POSTGRES))
        k->postgres = KEEPER_BUSY;
}

static void advance_pooler(struct keeper *k)
{
    static const char *const left[] = {"slots/.s.PGSQL.5432", NULL};
    if (!k->want_pooler || k->pooler != KEEPER_DOWN)
        return;
    sweep(k, left);
    if (start_one(k, CHILD_POOLER, CHILD_POOLER))
        k->pooler = KEEPER_BUSY;
}

void keeper_advance(struct keeper *k)
{
    if (k->stopping || (!k->want_postgres && !k->want_pooler))
        return;
    if (k->locked) {
        advance_postgres(k);
        advance_pooler(k);
    } else if (!keeper_find(k, CHILD_LOCK)) {
        (void)start_one(k, CHILD_LOCK, k->want_postgres ? CHILD_POSTGRES : CHILD_POOLER);
    }
}

/* --- ends --- */

static void locked(struct keeper *k, bool fine)
{
    struct err e = {0};
    k->locked = fine;
    if (fine)
        return;
    (void)err_set(&e, ERR_UNAVAILABLE,
                  "another server still works on the databases in '%s/postgres'",
                  k->config->data_dir);
    give_up(k, CHILD_POSTGRES, &e);
    give_up(k, CHILD_POOLER, &e);
}

static void made(struct keeper *k)
{
    struct err e = {0};
    k->postgres = KEEPER_DOWN; /* the next step is looked for */
    if (renameat(k->top, "cluster.new", k->top, "cluster") < 0 || fsync(k->top) < 0) {
        (void)err_sys(&e, "rename the new cluster");
        give_up(k, CHILD_POSTGRES, &e);
    }
}

static void explain(struct err *e, const struct child *c, int status)
{
    if (c->late)
        (void)err_set(e, ERR_TIMEOUT, "%s took too long", c->name);
    else if (c->why[0])
        (void)err_set(e, c->kind == CHILD_COPY ? ERR_INVALID : ERR_UNAVAILABLE, "%s: %s", c->name,
                      c->why);
    else if (WIFSIGNALED(status))
        (void)err_set(e, ERR_UNAVAILABLE, "%s was ended by signal %d", c->name, WTERMSIG(status));
    else
        (void)err_set(e, ERR_UNAVAILABLE, "%s ended with status %d", c->name, WEXITSTATUS(status));
}

static void fell(struct keeper *k, struct child *c, int status)
{
    struct err e = {0};
    enum child_kind what = c->kind == CHILD_POOLER ? CHILD_POOLER : CHILD_POSTGRES;
    bool steady = *stage(k, what) == KEEPER_UP && clock_mono_us() - c->started_us >= STEADY_US;
    explain(&e, c, status);
    k->orphans |= what == CHILD_POSTGRES;
    if (!steady || k->stopping) {
        give_up(k, what, &e);
        return;
    }
    log_error("cluster", "%s; started again", e.text);
    *stage(k, what) = KEEPER_DOWN;
}

static void copied(struct keeper *k, struct child *c, int status)
{
    struct err e = {0};
    keeper_forget_service(k, c);
    if (status)
        explain(&e, c, status);
    keeper_answer(&c->answer, status ? &e : NULL);
}

void keeper_ended(struct keeper *k, struct child *c, int status)
{
    if (c->kind == CHILD_COPY)
        copied(k, c, status);
    else if (c->kind == CHILD_LOCK)
        locked(k, status == 0);
    else if (c->kind == CHILD_INITDB && status == 0)
        made(k);
    else if (c->kind == CHILD_CLEAN && status == 0)
        k->postgres = KEEPER_DOWN;
    else
        fell(k, c, status);
}
