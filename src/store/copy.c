/* copy — moves a whole store into another one, whichever databases they are.
 *
 * The schema is read from the source's own catalogue: a table that a migration adds is copied
 * without a word here. References may dangle until the last row is there, so tables go in any
 * order. */
#include "base/must.h"
#include "store/backend.h"

#include <string.h>

struct copy {
    struct db *from, *to;
    const char *seeded;  /* the table with a row from its migration, or NULL */
    struct arena *arena; /* names and statements; rows have arenas of their own */
};

struct names {
    const char **list;
    size_t count;
};

enum { NAMES_MAX = 256 };

static int read_names(struct copy *c, const char *sql, const struct db_value *args, size_t count,
                      struct names *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    *ret = (struct names){.list = arena_alloc(c->arena, NAMES_MAX * sizeof *ret->list)};
    if (db_query(c->from, sql, args, count, &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0) {
        must(ret->count < NAMES_MAX); /* our own migrations made them */
        ret->list[ret->count++] = query_text(q, c->arena, 0);
    }
    return more;
}

static int count_rows(struct copy *c, struct db *db, const char *table, int64_t *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    const char *sql = arena_printf(c->arena, "SELECT count(*) FROM \"%s\"", table);
    if (db_query(db, sql, DB_NO_ARGS, &q, e) < 0 || query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}

static int read_versions(struct copy *c, struct db *db, char **ret, struct err *e)
{
    auto_query struct query *q = NULL;
    auto_buf struct buf text = {0};
    if (db_query(db, "SELECT number FROM schema_version ORDER BY number", DB_NO_ARGS, &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0)
        buf_addf(&text, "%lld ", (long long)query_int(q, 0));
    *ret = arena_dup(c->arena, text.data, text.len);
    return more;
}

static int check_same_schema(struct copy *c, struct err *e)
{
    char *ours, *theirs;
    if (read_versions(c, c->from, &ours, e) < 0 || read_versions(c, c->to, &theirs, e) < 0)
        return -1;
    if (strcmp(ours, theirs) != 0)
        return err_set(e, ERR_INVALID, "the stores '%s' and '%s' have different migrations",
                       c->from->store->name, c->to->store->name);
    return 0;
}

static int check_empty(struct copy *c, const struct names *tables, struct err *e)
{
    for (size_t i = 0; i < tables->count; i++) {
        int64_t rows = 0;
        if (count_rows(c, c->to, tables->list[i], &rows, e) < 0)
            return -1;
        bool seeded = c->seeded && strcmp(c->seeded, tables->list[i]) == 0;
        if (rows > seeded)
            return err_set(e, ERR_CONFLICT, "the store '%s' is not empty: '%s' has %lld rows",
                           c->to->store->name, tables->list[i], (long long)rows);
    }
    return 0;
}

static int clear_seed(struct copy *c, struct err *e)
{
    if (!c->seeded)
        return 0;
    const char *sql = arena_printf(c->arena, "DELETE FROM \"%s\"", c->seeded);
    return db_exec(c->to, sql, DB_NO_ARGS, e) < 0 ? -1 : 0;
}

/* SELECT "a", "b" FROM "t"  and  INSERT INTO "t" ("a", "b") VALUES ($1, $2) */
static void write_sql(const char *table, const struct names *columns, struct buf *select,
                      struct buf *insert)
{
    auto_buf struct buf list = {0}, values = {0};
    for (size_t i = 0; i < columns->count; i++) {
        buf_addf(&list, "%s\"%s\"", i ? ", " : "", columns->list[i]);
        buf_addf(&values, "%s$%zu", i ? ", " : "", i + 1);
    }
    buf_addf(select, "SELECT %s FROM \"%s\"", list.data, table);
    buf_addf(insert, "INSERT INTO \"%s\" (%s) VALUES (%s)", table, list.data, values.data);
}

static int copy_rows(struct copy *c, const char *table, const struct names *columns, int64_t *ret,
                     struct err *e)
{
    const struct store_backend *backend = c->from->store->backend;
    auto_buf struct buf select = {0}, insert = {0};
    auto_query struct query *q = NULL;
    write_sql(table, columns, &select, &insert);
    must(columns->count <= PARAMETERS_MAX);
    if (db_query(c->from, select.data, DB_NO_ARGS, &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0) {
        struct db_value row[PARAMETERS_MAX];
        for (size_t i = 0; i < columns->count; i++)
            row[i] = backend->column(q, (int)i);
        if (db_exec(c->to, insert.data, row, columns->count, e) < 0)
            return -1;
        ++*ret;
    }
    return more;
}

static int copy_table(struct copy *c, const char *table, struct err *e)
{
    struct names columns;
    int64_t copied = 0, before = 0, after = 0;
    if (read_names(c, c->from->store->backend->copying.columns, DB_ARGS(db_textz(table)), &columns,
                   e) < 0 ||
        copy_rows(c, table, &columns, &copied, e) < 0 ||
        count_rows(c, c->from, table, &before, e) < 0 || count_rows(c, c->to, table, &after, e) < 0)
        return -1;
    if (before != copied || after != copied)
        return err_set(e, ERR_SYSTEM, "%lld rows were read, %lld written, %lld are there",
                       (long long)before, (long long)copied, (long long)after);
    return 0;
}

static int copy_tables(struct copy *c, struct err *e)
{
    const struct store_copying *target = &c->to->store->backend->copying;
    struct names tables;
    if (check_same_schema(c, e) < 0 ||
        read_names(c, c->from->store->backend->copying.tables, DB_NO_ARGS, &tables, e) < 0 ||
        check_empty(c, &tables, e) < 0 || target->begin(c->to, e) < 0 || clear_seed(c, e) < 0)
        return -1;
    for (size_t i = 0; i < tables.count; i++)
        if (copy_table(c, tables.list[i], e) < 0)
            return err_in(e, "copy '%s'", tables.list[i]);
    return target->end(c->to, e);
}

static int copy_all(struct copy *c, struct err *e)
{
    auto_tx struct tx reading = {0}, writing = {0};
    if (c->from->store->backend->patient(c->from, e) < 0 ||
        c->to->store->backend->patient(c->to, e) < 0 || db_begin(c->from, &reading, e) < 0 ||
        db_begin(c->to, &writing, e) < 0 || copy_tables(c, e) < 0)
        return -1;
    return db_commit(&writing, e);
}

int store_copy(struct store *from, struct store *to, const char *seeded, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    struct copy c = {.arena = a, .seeded = seeded};
    int rc = -1;
    if (db_open(from, DB_DURABLE, &c.from, e) == 0 && db_open(to, DB_DURABLE, &c.to, e) == 0)
        rc = copy_all(&c, e);
    db_close(c.from);
    db_close(c.to);
    return rc;
}
