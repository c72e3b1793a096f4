#include "databases/claim.h"

#include "base/must.h"

#include <stdio.h>
#include <time.h>

enum { CLAIM_WAIT_S = 3 };

static char *find_claim(struct databases *d, const char *project)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++)
        if (strcmp(d->claims[i], project) == 0)
            return d->claims[i];
    return NULL;
}

/* With the lock held. */
static bool take(struct databases *d, const char *project)
{
    char *free = find_claim(d, "");
    if (find_claim(d, project) || !free)
        return false;
    snprintf(free, sizeof d->claims[0], "%s", project);
    return true;
}

bool claim_try(struct databases *d, const char *project)
{
    pthread_mutex_lock(&d->lock);
    bool taken = take(d, project);
    pthread_mutex_unlock(&d->lock);
    return taken;
}

int claim_take(struct databases *d, const char *project, struct err *e)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += CLAIM_WAIT_S;
    pthread_mutex_lock(&d->lock);
    bool taken = take(d, project);
    while (!taken && pthread_cond_timedwait(&d->freed, &d->lock, &until) == 0)
        taken = take(d, project);
    pthread_mutex_unlock(&d->lock);
    return taken
               ? 0
               : err_set(e, ERR_CONFLICT, "The database is being worked on: try again in a moment");
}

void claim_drop(struct databases *d, const char *project)
{
    pthread_mutex_lock(&d->lock);
    char *held = find_claim(d, project);
    must(held);
    *held = '\0';
    pthread_cond_broadcast(&d->freed);
    pthread_mutex_unlock(&d->lock);
}

bool claim_is_taken(struct databases *d, const char *project)
{
    pthread_mutex_lock(&d->lock);
    bool taken = find_claim(d, project) != NULL;
    pthread_mutex_unlock(&d->lock);
    return taken;
}

static int find_queries(struct databases *d, const char *project)
{
    int free = -1;
    for (int i = 0; i < CLAIMS_MAX; i++) {
        if (!d->queries[i].count)
            free = i;
        else if (strcmp(d->queries[i].project, project) == 0)
            return i;
    }
    return free;
}

int claim_query(struct databases *d, const char *project, struct err *e)
{
    pthread_mutex_lock(&d->lock);
    int i = find_queries(d, project);
    bool full = i < 0 || d->queries[i].count == QUERIES_PER_PROJECT;
    if (!full) {
        snprintf(d->queries[i].project, sizeof d->queries[i].project, "%s", project);
        d->queries[i].count++;
    }
    pthread_mutex_unlock(&d->lock);
    return full ? err_set(e, ERR_LIMIT, "At most %d statements of a project run at a time",
                          QUERIES_PER_PROJECT)
                : 0;
}

void claim_query_end(struct databases *d, const char *project)
{
    pthread_mutex_lock(&d->lock);
    int i = find_queries(d, project);
    must(i >= 0 && d->queries[i].count);
    d->queries[i].count--;
    pthread_mutex_unlock(&d->lock);
}
