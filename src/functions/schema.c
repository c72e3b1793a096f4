/* schema — the tables of functions, their versions and saved inputs, as they came to be. */
#include "functions/functions.h"

/* The bytes of a version come last in its row, so that reading the rest never touches them. */
const struct migration functions_migrations[] = {
    {1, "functions",
     "CREATE TABLE functions (id text PRIMARY KEY, name text NOT NULL UNIQUE,"
     " description text NOT NULL, runtime text NOT NULL, handler text NOT NULL,"
     " active_version bigint NOT NULL, status text NOT NULL, network_enabled bigint NOT NULL,"
     " public_logs bigint NOT NULL, memory_mb bigint NOT NULL, cpu_millis bigint NOT NULL,"
     " timeout_ms bigint NOT NULL, pids bigint NOT NULL, tmp_mb bigint NOT NULL,"
     " output_kb bigint NOT NULL, result_kb bigint NOT NULL, file_mb bigint NOT NULL,"
     " open_files bigint NOT NULL, concurrency bigint NOT NULL, queue bigint NOT NULL,"
     " reuse text NOT NULL, environment bytea, created_us bigint NOT NULL,"
     " updated_us bigint NOT NULL);"
     "CREATE INDEX functions_by_age ON functions (created_us, id);"},
    {2, "function versions",
     "CREATE TABLE function_versions (function_id text NOT NULL"
     " REFERENCES functions (id) ON DELETE CASCADE, version bigint NOT NULL,"
     " runtime text NOT NULL, handler text NOT NULL, size bigint NOT NULL,"
     " created_us bigint NOT NULL, files text NOT NULL, entry text, code bytea NOT NULL,"
     " PRIMARY KEY (function_id, version));"},
    /* A unique constraint cannot be dropped in SQLite: both tables are made anew. Names become
     * unique within a project, or an owner's functions without one: an index holds any number of
     * nulls. `account_id` is who made it, `owner_id` the same as long as it is in no project: what
     * is in a project stays when that account goes. Lists are found in the indexes alone. */
    {30, "functions in projects",
     "CREATE TABLE functions_new (id text PRIMARY KEY, name text NOT NULL,"
     " description text NOT NULL, runtime text NOT NULL, handler text NOT NULL,"
     " active_version bigint NOT NULL, status text NOT NULL, network_enabled bigint NOT NULL,"
     " public_logs bigint NOT NULL, memory_mb bigint NOT NULL, cpu_millis bigint NOT NULL,"
     " timeout_ms bigint NOT NULL, pids bigint NOT NULL, tmp_mb bigint NOT NULL,"
     " output_kb bigint NOT NULL, result_kb bigint NOT NULL, file_mb bigint NOT NULL,"
     " open_files bigint NOT NULL, concurrency bigint NOT NULL, queue bigint NOT NULL,"
     " reuse text NOT NULL, environment bytea, created_us bigint NOT NULL,"
     " updated_us bigint NOT NULL, account_id text NOT NULL, owner_id text"
     " REFERENCES accounts (id) ON DELETE CASCADE, project_id text"
     " REFERENCES projects (id) ON DELETE CASCADE, access text NOT NULL,"
     " rate_limit bigint NOT NULL, client_rate_limit bigint NOT NULL);"
     "INSERT INTO functions_new SELECT f.*, '" OWNER_ACCOUNT "', '" OWNER_ACCOUNT "', NULL,"
     " 'public', 0, 0 FROM functions f;"
     "CREATE TABLE function_versions_new (function_id text NOT NULL"
     " REFERENCES functions_new (id) ON DELETE CASCADE, version bigint NOT NULL,"
     " runtime text NOT NULL, handler text NOT NULL, size bigint NOT NULL,"
     " created_us bigint NOT NULL, files text NOT NULL, entry text, code bytea NOT NULL,"
     " PRIMARY KEY (function_id, version));"
     "INSERT INTO function_versions_new SELECT * FROM function_versions;"
     "DROP TABLE function_versions;"
     "DROP TABLE functions;"
     "ALTER TABLE functions_new RENAME TO functions;"
     "ALTER TABLE function_versions_new RENAME TO function_versions;"
     "CREATE INDEX functions_of_owner ON functions (owner_id, created_us, id, name);"
     "CREATE INDEX functions_of_project ON functions (project_id, created_us, id, name);"
     "CREATE UNIQUE INDEX functions_by_project ON functions (project_id, name);"
     "CREATE UNIQUE INDEX functions_by_owner ON functions (owner_id, name);"
     "CREATE INDEX functions_by_account ON functions (account_id);"},
    {31, "saved inputs",
     "CREATE TABLE function_inputs (function_id text NOT NULL"
     " REFERENCES functions (id) ON DELETE CASCADE, name text NOT NULL, input text NOT NULL,"
     " updated_us bigint NOT NULL, PRIMARY KEY (function_id, name));"},
    {32, "functions loaded ahead",
     "ALTER TABLE functions ADD COLUMN snapstart bigint NOT NULL DEFAULT 0;"},
    {0},
};
