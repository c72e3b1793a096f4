/* rekey — `virga rotate-key`: another secret.key, and everything sealed with it.
 *
 * The new key is on the disk before anything is sealed with it, and stays beside the old one until
 * all is: a server that starts in between opens both, and the next rotation goes on with it. */
#include "auth/auth.h"
#include "databases/databases.h"
#include "functions/functions.h"
#include "projects/projects.h"
#include "serve/job.h"

#include <stdio.h>

struct keys {
    struct seal *from, *to;
};

static int reseal(struct db *db, const struct keys *k, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0)
        return -1;
    int variables = projects_reseal(db, k->from, k->to, e);
    int functions = variables < 0 ? -1 : functions_reseal(db, k->from, k->to, e);
    int databases = functions < 0 ? -1 : databases_reseal(db, k->from, k->to, e);
    if (databases < 0 || db_commit(&tx, e) < 0)
        return -1;
    printf("%d variables, the environments of %d functions and the passwords of %d databases are "
           "sealed with the new key\n",
           variables, functions, databases);
    return 0;
}

static int reseal_store(struct store *store, const struct keys *k, struct err *e)
{
    struct db *db = NULL;
    if (db_open(store, DB_DURABLE, &db, e) < 0)
        return -1;
    int rc = reseal(db, k, e);
    db_close(db);
    return rc;
}

int rekey_run(struct job *j, struct err *e)
{
    struct store *store = NULL;
    struct keys k = {0};
    if (job_need_stopped(j, e) < 0 || job_become_owner(j, e) < 0)
        return -1;
    int rc = job_open_store(j, true, &store, e);
    if (rc == 0)
        rc = seal_load(j->data_fd, &k.from, e);
    if (rc == 0)
        rc = seal_rotate(j->data_fd, &k.to, e);
    if (rc == 0)
        rc = reseal_store(store, &k, e);
    if (rc == 0)
        rc = seal_rotated(j->data_fd, e);
    seal_free(k.to);
    seal_free(k.from);
    store_close(store);
    return rc;
}
