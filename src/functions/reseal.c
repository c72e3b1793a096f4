/* reseal — all environments under another key. */
#include "base/buf.h"
#include "functions/functions.h"

#include <stdio.h>
#include <string.h>

/* A few at a time: sealed environments have up to 64 KB each. */
enum { RESEAL_STEP = 100 };

struct sealed {
    const char *id[RESEAL_STEP];
    struct str environment[RESEAL_STEP];
    size_t count;
};

static int read_sealed(struct db *db, struct arena *a, const char *after, struct sealed *ret,
                       struct err *e)
{
    auto_query struct query *q = NULL;
    int more;
    ret->count = 0;
    if (db_query(db,
                 "SELECT id, environment FROM functions WHERE environment IS NOT NULL AND id > $1"
                 " ORDER BY id LIMIT $2",
                 DB_ARGS(db_textz(after), db_int(RESEAL_STEP)), &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0) {
        ret->id[ret->count] = query_text(q, a, 0);
        ret->environment[ret->count++] = query_blob(q, a, 1);
    }
    return more;
}

static int reseal_one(struct db *db, const struct seal *from, const struct seal *to, const char *id,
                      struct str sealed, struct err *e)
{
    auto_buf struct buf clear = {0}, fresh = {0};
    if (seal_unlock(from, str_of(id), sealed, &clear, e) < 0)
        return err_in(e, "environment of function %s", id);
    seal_lock(to, str_of(id), buf_str(&clear), &fresh);
    explicit_bzero(clear.data, clear.len);
    return db_exec(db, "UPDATE functions SET environment = $2 WHERE id = $1",
                   DB_ARGS(db_textz(id), db_blob(buf_str(&fresh))), e);
}

int functions_reseal(struct db *db, const struct seal *from, const struct seal *to, struct err *e)
{
    char after[ID_TEXT] = "";
    int count = 0;
    for (;;) {
        auto_arena struct arena *a = arena_new();
        struct sealed sealed;
        if (read_sealed(db, a, after, &sealed, e) < 0)
            return -1;
        for (size_t i = 0; i < sealed.count; i++, count++)
            if (reseal_one(db, from, to, sealed.id[i], sealed.environment[i], e) < 0)
                return -1;
        if (sealed.count < RESEAL_STEP)
            return count;
        snprintf(after, sizeof after, "%s", sealed.id[sealed.count - 1]);
    }
}
