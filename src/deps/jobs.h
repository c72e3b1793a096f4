/* jobs — sets of packages being built, each once however many ask for it. Loop thread. Only for
 * deps/.
 *
 * A job waits for its turn, is built (build.h), and its result becomes a layer with a row in the
 * store; those who follow it hear what it prints, from its beginning, and how it ended. One that
 * nobody follows any more is cancelled. */
#pragma once

#include "deps/private.h"

struct job_follower;

struct job_order {
    enum build_language language;
    const char *set; /* its digest */
    const char *requirements_txt, *package_json, *package_lock;
};
struct job_events {
    void (*log)(void *arg, struct str text);
    void (*progress)(void *arg, enum build_step step, unsigned packages, uint64_t bytes);
    /* Once; the follower is gone then. `why` NULL: the layer is there. */
    void (*done)(void *arg, const struct err *why);
    void *arg;
};

/* ERR_LIMIT when too many wait. What was printed before is told at once. */
int jobs_follow(struct deps *d, const struct job_order *order, const struct job_events *events,
                struct job_follower **ret, struct err *e);
/* Not from inside a callback. Nothing is called any more; the last one's going cancels the job. */
void jobs_leave(struct job_follower *f);
bool jobs_building(struct deps *d, const char *set);
void jobs_stop(struct deps *d); /* cancels all, which end later */
void jobs_abandon(
    struct deps *d); /* ends all, but those being stored, when the loop turns no more */
