#include "databases/claim.h"

#include "base/must.h"

#include <stdio.h>

static char *find_claim(struct databases *d, const char *project)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++)
        if (strcmp(d->claims[i], project) == 0)
            return d->claims[i];
    return NULL;
}

int claim_take(struct databases *d, const char *project, struct err *e)
{
    int rc = 0;
    pthread_mutex_lock(&d->lock);
    char *free = find_claim(d, "");
    if (find_claim(d, project) || !free)
        rc = err_set(e, ERR_CONFLICT, "The database is being worked on: try again in a moment");
    else
        snprintf(free, sizeof d->claims[0], "%s", project);
    pthread_mutex_unlock(&d->lock);
    return rc;
}

void claim_drop(struct databases *d, const char *project)
{
    pthread_mutex_lock(&d->lock);
    char *held = find_claim(d, project);
    must(held);
    *held = '\0';
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
