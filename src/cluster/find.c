#include "cluster/find.h"

#include "base/must.h"
#include "base/str.h"
#include "cluster/cluster.h"
#include "sandbox/probe.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const tools[] = {"postgres", "initdb", "pg_dump", "pg_restore"};

static const char *missing_tool(const char *bin)
{
    char path[FIND_PATH_MAX + 16];
    for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
        snprintf(path, sizeof path, "%s/%s", bin, tools[i]);
        if (access(path, X_OK) < 0)
            return tools[i];
    }
    return NULL;
}

/* Directories of Debian's are named by the major version. */
static void newest(const char *top, char *ret)
{
    uint64_t best = 0, number;
    DIR *dir = opendir(top);
    struct dirent *entry;
    ret[0] = 0;
    while (dir && (entry = readdir(dir))) {
        char bin[FIND_PATH_MAX];
        int n = snprintf(bin, sizeof bin, "%s/%s/bin", top, entry->d_name);
        if (!str_to_u64(str_of(entry->d_name), &number) || number <= best || n < 0 ||
            (size_t)n >= sizeof bin || missing_tool(bin))
            continue;
        best = number;
        memcpy(ret, bin, sizeof bin);
    }
    if (dir)
        closedir(dir);
}

int find_postgres(const char *top, const char *bin, const char *version, char *ret, struct err *e)
{
    if (bin) {
        snprintf(ret, FIND_PATH_MAX, "%s", bin);
        const char *tool = missing_tool(bin);
        return tool ? err_set(e, ERR_UNAVAILABLE, "--postgres-bin: there is no '%s' in '%s'", tool,
                              bin)
                    : 0;
    }
    if (!version) {
        newest(top, ret);
        return ret[0] ? 0
                      : err_set(e, ERR_UNAVAILABLE,
                                "PostgreSQL is not installed: apt-get install postgresql");
    }
    snprintf(ret, FIND_PATH_MAX, "%s/%s/bin", top, version);
    if (missing_tool(ret))
        return err_set(e, ERR_UNAVAILABLE,
                       "the databases were made by PostgreSQL %s, which is not installed: apt-get "
                       "install postgresql-%s (or name its programs with --postgres-bin)",
                       version, version);
    return 0;
}

int find_pgbouncer(char *ret, struct err *e)
{
    static const char *const paths[] = {"/usr/sbin/pgbouncer", "/usr/bin/pgbouncer",
                                        "/usr/local/sbin/pgbouncer", "/usr/local/bin/pgbouncer"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (access(paths[i], X_OK) == 0) {
            snprintf(ret, FIND_PATH_MAX, "%s", paths[i]);
            return 0;
        }
    return err_set(e, ERR_UNAVAILABLE, "PgBouncer is not installed: apt-get install pgbouncer");
}

static struct probe_result result(const char *feature, int found, const char *path,
                                  const struct err *e)
{
    struct probe_result r = {.feature = feature, .state = found == 0 ? PROBE_WORKS : PROBE_WEAKER};
    snprintf(r.detail, sizeof r.detail, "%s", found == 0 ? path : e->text);
    if (found < 0)
        snprintf(r.fix, sizeof r.fix, "apt-get install --no-install-recommends %s",
                 strcmp(feature, "databases") ? "pgbouncer" : "postgresql");
    return r;
}

size_t cluster_probe(const char *postgres_bin, struct probe_result *ret, size_t max)
{
    char path[FIND_PATH_MAX];
    struct err e = {0};
    if (max < 2)
        return 0;
    ret[0] = result("databases", find_postgres(FIND_POSTGRES_TOP, postgres_bin, NULL, path, &e),
                    path, &e);
    ret[1] = result("connection pooler", find_pgbouncer(path, &e), path, &e);
    return 2;
}
