/* move — `virga migrate`: everything into another database, or back. */
#include "serve/job.h"
#include "serve/schema.h"

#include <stdio.h>
#include <string.h>

static int check(const struct job *j, struct err *e)
{
    if (!j->to)
        return err_set(e, ERR_INVALID, "where to? give --to postgres://USER:PASSWORD@HOST/NAME");
    if (strcmp(j->to, job_store_path(j)) == 0)
        return err_set(e, ERR_INVALID, "--store and --to name the same store");
    return 0;
}

int move_run(struct job *j, struct err *e)
{
    struct store *from = NULL, *to = NULL;
    if (check(j, e) < 0 || job_need_stopped(j, e) < 0 || job_become_owner(j, e) < 0)
        return -1;
    int rc = job_open_store(j, true, &from, e);
    if (rc == 0)
        rc = store_open(
            &(struct store_config){.path = j->to, .migrations = schema_migrations, .alone = true},
            &to, e);
    if (rc == 0)
        rc = store_copy(from, to, "accounts", e); /* the owner is there from the start */
    store_close(to);
    store_close(from);
    if (rc == 0)
        printf("moved: start the server with --store and this URL from now on. The old store is "
               "left as it was.\n");
    return rc;
}
