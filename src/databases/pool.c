#include "databases/pool.h"

#include "cluster/cluster.h"
#include "databases/databases_store.h"
#include "databases/provider.h"

#include <string.h>

static bool is_offered(const struct databases *d, const struct database *row)
{
    bool here = row->provider != DATABASE_LOCAL || strcmp(row->instance, d->instance) == 0;
    bool known = row->provider != DATABASE_NEON || *row->remote;
    struct err not_offered = {0};
    return here && known && row->state != STATE_DELETING && !row->orphan && row->password &&
           provider_check(d, row->provider, &not_offered) == 0;
}

static int collect(const struct work *w, const struct database *rows, size_t count,
                   struct pool_entry *entries, size_t *ret, struct err *e)
{
    *ret = 0;
    for (size_t i = 0; i < count; i++) {
        const struct database *row = &rows[i];
        struct pool_entry *one = &entries[*ret];
        if (!is_offered(w->d, row))
            continue;
        *one = (struct pool_entry){
            .name = row->name, .role = row->name, .closed = row->fence == FENCE_CLOSED};
        if (provider_of(row)->entry(w, row, one, e) < 0)
            return -1;
        (*ret)++;
    }
    return 0;
}

static int tell(const struct work *w, struct err *e)
{
    struct databases *d = w->d;
    struct database *rows;
    size_t count, told;
    if (databases_store_list(w, &rows, &count, e) < 0)
        return -1;
    struct pool_entry *entries = arena_alloc(w->a, (count + 1) * sizeof *entries);
    if (collect(w, rows, count, entries, &told, e) < 0)
        return -1;
    if (!told && !d->told) /* nobody needs a pooler */
        return 0;
    if (cluster_pool(d->config.cluster, entries, told, e) < 0)
        return -1;
    d->told = true;
    return 0;
}

int pool_tell(const struct work *w, struct err *e)
{
    pthread_mutex_lock(&w->d->telling);
    int rc = tell(w, e);
    pthread_mutex_unlock(&w->d->telling);
    return rc;
}
