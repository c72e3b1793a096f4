#include "deps/deps_store.h"

#include "app.h"
#include "base/clock.h"
#include "base/must.h"
#include "deps/deps.h"

#include <stdio.h>
#include <string.h>

const struct migration deps_migrations[] = {
    {60, "packages of projects",
     "CREATE TABLE project_packages (project_id text PRIMARY KEY"
     " REFERENCES projects (id) ON DELETE CASCADE, requirements_txt text NOT NULL,"
     " requirements_hash text NOT NULL, package_json text NOT NULL, package_lock text NOT NULL,"
     " python_set text NOT NULL, node_set text NOT NULL, python_salt text NOT NULL,"
     " node_salt text NOT NULL, updated_us bigint NOT NULL);"
     "CREATE INDEX project_packages_by_python ON project_packages (python_set);"
     "CREATE INDEX project_packages_by_node ON project_packages (node_set);"
     "CREATE TABLE package_layers (id text PRIMARY KEY, set_digest text NOT NULL,"
     " language bigint NOT NULL, runtime_version text NOT NULL, platform text NOT NULL,"
     " bytes bigint NOT NULL, files bigint NOT NULL, created_us bigint NOT NULL,"
     " packages text NOT NULL, lock_text text NOT NULL);"
     "CREATE INDEX package_layers_by_set ON package_layers (set_digest, created_us);"
     "CREATE TABLE package_builds (id text PRIMARY KEY, project_id text NOT NULL"
     " REFERENCES projects (id) ON DELETE CASCADE, server text NOT NULL, status text NOT NULL,"
     " step bigint NOT NULL, error text, reused bigint NOT NULL, packages bigint NOT NULL,"
     " bytes bigint NOT NULL, created_us bigint NOT NULL, started_us bigint NOT NULL,"
     " finished_us bigint NOT NULL, log text);"
     "CREATE INDEX package_builds_of_project ON package_builds (project_id, created_us, id);"
     "CREATE INDEX package_builds_by_status ON package_builds (status);"},
    {61, "modules that projects import",
     "CREATE TABLE project_modules (project_id text NOT NULL"
     " REFERENCES projects (id) ON DELETE CASCADE, runtime text NOT NULL, layer text NOT NULL,"
     " modules text NOT NULL, PRIMARY KEY (project_id, runtime));"},
    {0},
};

const char *const deps_store_runtimes[LANGUAGES] = {"python", "nodejs"};

int deps_store_find(struct db *db, struct arena *a, const char *project, struct packages *ret,
                    struct err *e)
{
    auto_query struct query *q = NULL;
    *ret = (struct packages){"", "", "", "", {"", ""}, {"", ""}, 0};
    if (db_query(db,
                 "SELECT requirements_txt, requirements_hash, package_json, package_lock,"
                 " python_set, node_set, python_salt, node_salt, updated_us FROM project_packages"
                 " WHERE project_id = $1",
                 DB_ARGS(db_textz(project)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        *ret = (struct packages){query_text(q, a, 0),
                                 query_text(q, a, 1),
                                 query_text(q, a, 2),
                                 query_text(q, a, 3),
                                 {query_text(q, a, 4), query_text(q, a, 5)},
                                 {query_text(q, a, 6), query_text(q, a, 7)},
                                 query_int(q, 8)};
    return found < 0 ? -1 : 0;
}

int deps_store_put(struct db *db, const char *project, const struct packages *p, struct err *e)
{
    int rows = db_exec(
        db,
        "INSERT INTO project_packages (project_id, requirements_txt, requirements_hash,"
        " package_json, package_lock, python_set, node_set, python_salt, node_salt, updated_us)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (project_id) DO UPDATE SET"
        " requirements_txt = excluded.requirements_txt,"
        " requirements_hash = excluded.requirements_hash, package_json = excluded.package_json,"
        " package_lock = excluded.package_lock, python_set = excluded.python_set,"
        " node_set = excluded.node_set, python_salt = excluded.python_salt,"
        " node_salt = excluded.node_salt, updated_us = excluded.updated_us",
        DB_ARGS(db_textz(project), db_textz(p->requirements_txt), db_textz(p->requirements_hash),
                db_textz(p->package_json), db_textz(p->package_lock), db_textz(p->set[0]),
                db_textz(p->set[1]), db_textz(p->salt[0]), db_textz(p->salt[1]),
                db_int(p->updated_us)),
        e);
    return rows < 0 ? -1 : 0;
}

/* --- layers --- */

int deps_store_layers(struct db *db, const char *set,
                      int (*each)(void *arg, const struct layer_row *row), void *arg, struct err *e)
{
    auto_query struct query *q = NULL;
    int more, stop = 0;
    if (db_query(db,
                 "SELECT id, language, runtime_version, platform, bytes, files, created_us"
                 " FROM package_layers WHERE set_digest = $1 ORDER BY created_us DESC LIMIT 100",
                 DB_ARGS(db_textz(set)), &q, e) < 0)
        return -1;
    while (!stop && (more = query_next(q, e)) != 0) {
        auto_arena struct arena *a = arena_new();
        if (more < 0)
            return -1;
        stop = each(arg, &(struct layer_row){.id = query_text(q, a, 0),
                                             .set = set,
                                             .language = (enum build_language)query_int(q, 1),
                                             .runtime_version = query_text(q, a, 2),
                                             .platform = query_text(q, a, 3),
                                             .bytes = query_int(q, 4),
                                             .files = query_int(q, 5),
                                             .created_us = query_int(q, 6)});
    }
    return stop;
}

int deps_store_each_layer(struct db *db, int (*each)(void *arg, const char *id, int64_t bytes),
                          void *arg, struct err *e)
{
    auto_query struct query *q = NULL;
    int more, stop = 0;
    if (db_query(db, "SELECT id, bytes FROM package_layers", DB_NO_ARGS, &q, e) < 0)
        return -1;
    while (!stop && (more = query_next(q, e)) != 0) {
        auto_arena struct arena *a = arena_new();
        if (more < 0)
            return -1;
        stop = each(arg, query_text(q, a, 0), query_int(q, 1));
    }
    return stop;
}

int deps_store_layer(struct db *db, struct arena *a, const char *id, struct layer_row *ret,
                     struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT set_digest, language, runtime_version, platform, bytes, files, created_us,"
                 " packages, lock_text FROM package_layers WHERE id = $1",
                 DB_ARGS(db_textz(id)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        *ret = (struct layer_row){.id = arena_strdup(a, id),
                                  .set = query_text(q, a, 0),
                                  .language = (enum build_language)query_int(q, 1),
                                  .runtime_version = query_text(q, a, 2),
                                  .platform = query_text(q, a, 3),
                                  .bytes = query_int(q, 4),
                                  .files = query_int(q, 5),
                                  .created_us = query_int(q, 6),
                                  .packages = query_text(q, a, 7),
                                  .lock = query_text(q, a, 8)};
    return found;
}

int deps_store_put_layer(struct db *db, const struct layer_row *row, struct err *e)
{
    int rows = db_exec(
        db,
        "INSERT INTO package_layers (id, set_digest, language, runtime_version, platform, bytes,"
        " files, created_us, packages, lock_text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        " ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes, files = excluded.files,"
        " packages = excluded.packages, lock_text = excluded.lock_text",
        DB_ARGS(db_textz(row->id), db_textz(row->set), db_int(row->language),
                db_textz(row->runtime_version), db_textz(row->platform), db_int(row->bytes),
                db_int(row->files), db_int(row->created_us), db_textz(row->packages),
                db_textz(row->lock)),
        e);
    return rows < 0 ? -1 : 0;
}

int deps_store_drop_layer(struct db *db, const char *id, struct err *e)
{
    return db_exec(db, "DELETE FROM package_layers WHERE id = $1", DB_ARGS(db_textz(id)), e) < 0
               ? -1
               : 0;
}

int deps_store_each_used(struct db *db, enum build_language language, const char *version,
                         int (*each)(void *arg, const char *id), void *arg, struct err *e)
{
    auto_query struct query *q = NULL;
    int more;
    if (db_query(db,
                 "SELECT l.id FROM package_layers l WHERE l.language = $1"
                 " AND ($2 = '' OR l.runtime_version = $2) AND EXISTS (SELECT 1 FROM"
                 " project_packages p WHERE p.python_set = l.set_digest"
                 " OR p.node_set = l.set_digest)",
                 DB_ARGS(db_int(language), db_textz(version)), &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0) {
        auto_arena struct arena *a = arena_new();
        if (each(arg, query_text(q, a, 0)) < 0)
            return -1;
    }
    return more;
}

int deps_store_note_projects(struct tx *tx, const char *set, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    auto_query struct query *q = NULL;
    int more;
    if (db_query(tx->db,
                 "SELECT project_id FROM project_packages WHERE python_set = $1 OR node_set = $1",
                 DB_ARGS(db_textz(set)), &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0)
        db_note(tx, NOTE_VARIABLES, query_text(q, a, 0));
    return more;
}

/* --- what was learned --- */

/* Of a project that is gone by now there is nothing to keep. */
int deps_store_learn(struct db *db, const char *project, const char *runtime, const char *layer,
                     struct str modules, struct err *e)
{
    int rows = db_exec(
        db,
        "INSERT INTO project_modules (project_id, runtime, layer, modules)"
        " SELECT p.id, $2, $3, $4 FROM projects p WHERE p.id = $1"
        " ON CONFLICT (project_id, runtime) DO UPDATE SET layer = excluded.layer,"
        " modules = excluded.modules",
        DB_ARGS(db_textz(project), db_textz(runtime), db_textz(layer), db_text(modules)), e);
    return rows < 0 ? -1 : 0;
}
