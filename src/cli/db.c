/* db — the database of a project. */
#include "base/fd.h"
#include "base/mem.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/table.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SQL_MAX = 64 << 10 };

const struct option_spec db_options[] = {
    {0, "provider", "NAME", "local, server or neon; the server's own choice unless given"},
    {'n', "limit", "ROWS", "rows of the answer (100)"},
    {0, "read-only", NULL, "changes nothing"},
    {'o', "output", "FILE", "where the backup goes (SLUG-ID.dump)"},
    {'y', "yes", NULL, "does not ask"},
    {0},
};

static int database_path(struct cli *c, const char *rest, struct buf *ret, struct err *e)
{
    auto_buf struct buf text = {0};
    buf_addf(&text, "/database%s", rest);
    return cli_project_path(c, text.data, ret, e);
}

static int call(struct cli *c, const char *method, const char *rest, json_t *take_body,
                json_t **ret, struct buf *raw, struct err *e)
{
    auto_buf struct buf path = {0};
    c->patient = true; /* a backup of a large database */
    if (database_path(c, rest, &path, e) < 0) {
        json_decref(take_body);
        return -1;
    }
    return cli_send(c, method, path.data, take_body, ret, raw, e);
}

/* --- show --- */

static void print_size(struct cli *c, const json_t *db)
{
    if (json_is_integer(json_object_get(db, "bytes")))
        term_say(&c->out, STYLE_PLAIN, "size         %.1f of %.0f MB\n",
                 (double)cli_integer(db, "bytes") / 1e6,
                 (double)cli_integer(db, "bytes_max") / 1e6);
    if (json_is_integer(json_object_get(db, "connections")))
        term_say(&c->out, STYLE_PLAIN, "connections  %lld, on %lld of %lld to PostgreSQL\n",
                 (long long)cli_integer(db, "connections"),
                 (long long)cli_integer(db, "server_connections"),
                 (long long)cli_integer(db, "connections_max"));
}

static void print_database(struct cli *c, const json_t *db)
{
    struct str problem = cli_text(db, "problem"), state = cli_text(db, "state");
    term_say(&c->out, STYLE_BOLD, "%s\n", cli_text(db, "database_url").p);
    term_say(&c->out, STYLE_PLAIN, "state        ");
    term_show(&c->out, str_is(state, "ready") ? STYLE_GREEN : STYLE_RED, state);
    term_say(&c->out, STYLE_PLAIN, "\nprovider     %s, PostgreSQL %s\n", cli_text(db, "provider").p,
             cli_text(db, "version").p);
    print_size(c, db);
    if (problem.n)
        term_say(&c->out, STYLE_YELLOW, STR_FMT "\n", STR_ARG(problem));
}

static int show(struct cli *c, const json_t *db, const struct buf *raw)
{
    if (c->json)
        cli_print_json(c, buf_str(raw));
    else if (json_is_true(json_object_get(db, "has_database")))
        print_database(c, db);
    else
        term_say(&c->err, STYLE_PLAIN, "no database yet; make one with: virga db create\n");
    return CLI_OK;
}

static int db_show(struct cli *c, struct err *e)
{
    auto_json json_t *db = NULL;
    auto_buf struct buf raw = {0};
    return call(c, "GET", "", NULL, &db, &raw, e) < 0 ? -1 : show(c, db, &raw);
}

/* --- create, url, rotate, delete --- */

static int db_create(struct cli *c, struct err *e)
{
    auto_json json_t *db = NULL;
    auto_buf struct buf raw = {0};
    const char *provider = options_value(&c->options, "provider");
    json_t *body = provider ? json_pack("{s:s}", "provider", provider) : NULL;
    if (provider && !body)
        return err_set(e, ERR_INVALID, "--provider must be UTF-8 text");
    if (call(c, "POST", "/provision", body, &db, &raw, e) < 0)
        return -1;
    return show(c, db, &raw);
}

static int db_url(struct cli *c, struct err *e)
{
    auto_json json_t *said = NULL;
    auto_buf struct buf raw = {0};
    if (call(c, "POST", "/reveal", NULL, &said, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "%s", cli_text(said, "database_url").p);
}

static int db_rotate(struct cli *c, struct err *e)
{
    auto_buf struct buf raw = {0};
    if (call(c, "POST", "/rotate", NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "the password of %s's database is a new one", cli_project(c));
}

/* The server wants the project's name said again; on a terminal whoever sits there types it. */
static int name_of_project(struct cli *c, const char *warning, struct buf *query, struct err *e)
{
    auto_json json_t *project = NULL;
    auto_buf struct buf path = {0};
    if (cli_project_path(c, "", &path, e) < 0 || cli_get(c, path.data, &project, NULL, e) < 0)
        return -1;
    const char *name = cli_text(project, "name").p;
    if (ask_typed(c, warning, name, "nothing changed", e) < 0)
        return -1;
    buf_addz(query, "?name=");
    client_escape(query, name);
    return 0;
}

static int db_delete(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    buf_addz(&path, "/deprovision");
    if (name_of_project(c, "The database and all that is in it will be gone.", &path, e) < 0 ||
        call(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "deleted the database of %s", cli_project(c));
}

/* --- tables, query --- */

static int db_tables(struct cli *c, struct err *e)
{
    size_t i;
    const json_t *one;
    auto_json json_t *tables = NULL;
    auto_buf struct buf raw = {0};
    auto_table struct table t = {0};
    if (call(c, "GET", "/tables", NULL, &tables, &raw, e) < 0)
        return -1;
    table_init(&t, 5, (const char *const[]){"TABLE", "KIND", "COLUMNS", "ROWS", "KB"});
    json_array_foreach(tables, i, one)
    {
        auto_buf struct buf name = {0};
        buf_addf(&name, "%s.%s", cli_text(one, "schema").p, cli_text(one, "name").p);
        table_add(&t, STYLE_BOLD, buf_str(&name));
        table_add(&t, STYLE_PLAIN, cli_text(one, "kind"));
        table_add_number(&t, STYLE_PLAIN,
                         (long long)json_array_size(json_object_get(one, "columns")));
        table_add_number(&t, STYLE_PLAIN, cli_integer(one, "rows"));
        table_add_number(&t, STYLE_PLAIN, cli_integer(one, "bytes") / 1000);
    }
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        table_print(&t, &c->out);
    return CLI_OK;
}

/* More columns than a table holds are shown as JSON, a row a line. */
static void print_wide(struct cli *c, const json_t *rows)
{
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        auto_ptr char *text = json_dumps(row, JSON_COMPACT);
        term_show(&c->out, STYLE_PLAIN, str_of(text));
        term_say(&c->out, STYLE_PLAIN, "\n");
    }
}

static void print_rows(struct cli *c, const json_t *columns, const json_t *rows)
{
    size_t i, k, count = json_array_size(columns);
    const json_t *row, *value;
    const char *names[TABLE_COLUMNS_MAX];
    auto_table struct table t = {0};
    for (k = 0; k < count; k++)
        names[k] = cli_text(json_array_get(columns, k), "name").p;
    table_init(&t, count, names);
    json_array_foreach(rows, i, row)
    {
        json_array_foreach(row, k, value)
        {
            if (json_is_null(value))
                table_add(&t, STYLE_DIM, STR("null"));
            else
                table_add(&t, STYLE_PLAIN, str_of(json_string_value(value)));
        }
    }
    table_print(&t, &c->out);
}

static void print_result(struct cli *c, const json_t *result)
{
    const json_t *columns = json_object_get(result, "columns");
    const json_t *rows = json_object_get(result, "rows");
    size_t count = json_array_size(columns);
    if (count > TABLE_COLUMNS_MAX)
        print_wide(c, rows);
    else if (count > 0)
        print_rows(c, columns, rows);
    term_say(&c->err, STYLE_DIM, "%s  (%.1f ms)%s\n", cli_text(result, "command").p,
             json_number_value(json_object_get(result, "duration_ms")),
             json_is_true(json_object_get(result, "truncated")) ? "; there are more rows: --limit"
                                                                : "");
}

static int read_sql(struct cli *c, struct buf *ret, struct err *e)
{
    const char *sql = cli_arg(c, 0);
    if (strcmp(sql, "-") == 0)
        return fd_read_all(STDIN_FILENO, SQL_MAX, ret, e);
    buf_addz(ret, sql);
    return 0;
}

static int db_query(struct cli *c, struct err *e)
{
    uint64_t rows = 100;
    auto_json json_t *result = NULL;
    auto_buf struct buf raw = {0}, sql = {0};
    const char *limit = options_value(&c->options, "limit");
    if (limit && (!str_to_u64(str_of(limit), &rows) || rows < 1 || rows > 1000))
        return err_set(e, ERR_INVALID, "--limit takes 1 to 1000, not '%.40s'", limit);
    if (read_sql(c, &sql, e) < 0)
        return -1;
    json_t *body = json_pack("{s:s%, s:I, s:b}", "sql", sql.len ? sql.data : "", sql.len, "limit",
                             (json_int_t)rows, "read_only", options_has(&c->options, "read-only"));
    if (!body)
        return err_set(e, ERR_INVALID, "the SQL must be UTF-8 text");
    if (call(c, "POST", "/query", body, &result, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        print_result(c, result);
    return CLI_OK;
}

/* --- backups --- */

static int db_backups(struct cli *c, struct err *e)
{
    size_t i;
    const json_t *b;
    auto_json json_t *backups = NULL;
    auto_buf struct buf raw = {0};
    auto_table struct table t = {0};
    if (call(c, "GET", "/backups", NULL, &backups, &raw, e) < 0)
        return -1;
    table_init(&t, 3, (const char *const[]){"BACKUP", "WHEN", "KB"});
    json_array_foreach(backups, i, b)
    {
        table_add(&t, STYLE_BOLD, cli_text(b, "id"));
        table_add_ago(&t, cli_text(b, "created_at"));
        table_add_number(&t, STYLE_PLAIN, cli_integer(b, "bytes") / 1000);
    }
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        table_print(&t, &c->out);
    return CLI_OK;
}

/* Readable by its owner only, and complete or not there. */
static int fetch(struct cli *c, const char *path, const char *name, struct err *e)
{
    auto_buf struct buf part = {0};
    struct client *client;
    buf_addf(&part, "%s.part", name);
    if (cli_client(c, &client, e) < 0)
        return -1;
    auto_fd int fd = open(part.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return err_sys(e, "open %s", part.data);
    int rc = client_save(client, path, fd, e);
    if (rc == 0 && rename(part.data, name) < 0)
        rc = err_sys(e, "rename %s to %s", part.data, name);
    if (rc < 0)
        (void)unlink(part.data);
    return rc;
}

static int backup_path(struct cli *c, const char *id, struct buf *ret, struct err *e)
{
    auto_buf struct buf rest = {0};
    buf_addz(&rest, "/backups/");
    client_escape(&rest, id);
    return database_path(c, rest.data, ret, e);
}

/* Into the file of --output, else one that is named by the project. */
static int fetch_backup(struct cli *c, const char *id, struct buf *ret_name, struct err *e)
{
    auto_buf struct buf path = {0};
    const char *output = options_value(&c->options, "output");
    if (backup_path(c, id, &path, e) < 0)
        return -1;
    if (output)
        buf_addz(ret_name, output);
    else
        buf_addf(ret_name, "%s-%.40s.dump", cli_project(c), id);
    return fetch(c, path.data, ret_name->data, e);
}

static int db_backup(struct cli *c, struct err *e)
{
    auto_json json_t *backup = NULL;
    auto_buf struct buf raw = {0}, name = {0};
    if (call(c, "POST", "/backups", NULL, &backup, &raw, e) < 0)
        return -1;
    struct str id = cli_text(backup, "id");
    if (fetch_backup(c, id.p, &name, e) < 0)
        return -1;
    return cli_done(c, &raw, "backup %s is in %s (%lld KB) and on the server", id.p, name.data,
                    (long long)cli_integer(backup, "bytes") / 1000);
}

static int db_download(struct cli *c, struct err *e)
{
    auto_buf struct buf name = {0};
    if (fetch_backup(c, cli_arg(c, 0), &name, e) < 0)
        return -1;
    term_say(&c->err, STYLE_PLAIN, "backup %s is in %s\n", cli_arg(c, 0), name.data);
    return CLI_OK;
}

static int db_discard(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0}, question = {0};
    buf_addf(&question, "Delete backup %s from the server?", cli_arg(c, 0));
    if (backup_path(c, cli_arg(c, 0), &path, e) < 0 ||
        ask_yes(c, question.data, "nothing deleted", e) < 0 ||
        cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "deleted backup %s", cli_arg(c, 0));
}

static int db_restore(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    buf_addz(&path, "/backups/");
    client_escape(&path, cli_arg(c, 0));
    buf_addz(&path, "/restore");
    if (name_of_project(c, "The backup will take the place of all that is in the database.", &path,
                        e) < 0 ||
        call(c, "POST", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "backup %s is in place", cli_arg(c, 0));
}

const struct verb db_verbs[] = {
    {"show", "", "state, size and connections", 0, 0, db_show, NULL},
    {"create", "", "make a database; functions find it as DATABASE_URL", 0, 0, db_create,
     "provider"},
    {"url", "", "show the URL with its password; the server notes who asked", 0, 0, db_url, NULL},
    {"tables", "", "list tables", 0, 0, db_tables, NULL},
    {"query", "SQL", "run SQL; - reads it from standard input", 1, 1, db_query, "limit read-only"},
    {"rotate", "", "change the password", 0, 0, db_rotate, NULL},
    {"backup", "", "make a backup and fetch it", 0, 0, db_backup, "output"},
    {"backups", "", "list the backups on the server", 0, 0, db_backups, NULL},
    {"download", "BACKUP", "fetch one that is on the server", 1, 1, db_download, "output"},
    {"discard", "BACKUP", "delete one from the server", 1, 1, db_discard, "yes"},
    {"restore", "BACKUP", "put one in place of the database", 1, 1, db_restore, "yes"},
    {"delete", "", "delete the database and all that is in it", 0, 0, db_delete, "yes"},
    {0},
};
