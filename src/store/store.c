/* store — opens the database that a path names and brings it up to date. */
#include "store/backend.h"

#include "base/mem.h"
#include "base/must.h"

#include <string.h>

bool store_is_url(const char *path)
{
    struct str s = str_of(path);
    return str_starts(s, STR("postgres://")) || str_starts(s, STR("postgresql://"));
}

bool store_is_shared(const struct store *s)
{
    return s->backend == &store_postgres;
}

bool store_is_heard(const struct store *s)
{
    return !s->deaf;
}

static int bring_up_to_date(struct store *s, const struct migration *const *tables, struct err *e)
{
    struct db *db = NULL;
    if (db_open(s, DB_DURABLE, &db, e) < 0)
        return -1;
    int rc = s->backend->patient(db, e);
    if (rc == 0)
        rc = migrate(db, tables, e);
    db_close(db);
    return rc;
}

int store_open(const struct store_config *config, struct store **ret, struct err *e)
{
    bool url = store_is_url(config->path);
    const struct store_backend *backend = url ? &store_postgres : &store_sqlite;
    struct store *s = NULL;
    if (backend->open(config, &s, e) < 0)
        return -1;
    s->backend = backend;
    s->noted = config->noted;
    s->noted_arg = config->arg;
    if (config->migrations && bring_up_to_date(s, config->migrations, e) < 0) {
        store_close(s);
        return -1;
    }
    s->opened = true;
    *ret = s;
    return 0;
}

void store_close(struct store *s)
{
    if (s)
        s->backend->close(s);
}

int store_listen(struct store *s, struct err *e)
{
    return s->backend->listen(s, e);
}

void store_listen_end(struct store *s)
{
    if (s)
        s->backend->listen_end(s);
}

int store_restore(struct store *from, const char *path, struct err *e)
{
    return from->backend->restore(from, path, e);
}

int store_backup(struct store *s, const char *path, struct err *e)
{
    return s->backend->backup(s, path, e);
}
