/* cluster — a PostgreSQL of our own and PgBouncer in front of databases, run beside the server.
 *
 * The server never forks, so a process of its own does: the keeper, forked at the start like the
 * spawner. Started as root it becomes a user of its own, neither root nor the server's, in a mount
 * namespace that shows it the host's programs and DATA_DIR/postgres, but nothing else of the data
 * directory: what runs there cannot read the server's keys or store. It executes fixed programs
 * with fixed arguments (initdb, postgres, pgbouncer, pg_dump, pg_restore); the server's messages
 * carry numbers and files, never paths or arguments. When the server ends, for whatever reason, the
 * keeper stops what it runs, PostgreSQL by a fast shutdown, and ends; when the keeper is killed the
 * kernel ends its children, and PostgreSQL recovers at its next start.
 *
 *   DATA_DIR/postgres/cluster   PostgreSQL's data directory
 *   DATA_DIR/postgres/admin     its socket, for the server and the pooler only
 *   DATA_DIR/postgres/slots     the pooler's socket, mounted into slots (SANDBOX_SOCKETS_PATH)
 *
 * Both are Unix sockets only, port 5432. The pooler's configuration and its users live in a tmpfs
 * of the keeper's, so that no password is at rest. What is not installed is named when it is
 * needed: a server that nobody asks for a database needs neither program. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cluster;
struct probe_result;

struct cluster_config {
    int data_fd;              /* the data directory */
    const char *data_dir;     /* as it is named in messages */
    const char *postgres_bin; /* directory of postgres and its tools, or NULL: the newest that
                                 Debian has installed below /usr/lib/postgresql */
    uid_t server;             /* whom the server becomes: it administers without a password */
    unsigned connections_max; /* of the pooler to each database */
};

/* Makes the directories and forks the keeper. Before the rights are dropped, and before the
 * spawner, which binds the directory of the pooler's socket. */
int cluster_spawn(const struct cluster_config *config, int *ret_fd, pid_t *ret_pid, struct err *e);
/* Takes over `fd`. `data_path` is where this process sees the data directory. */
int cluster_new(int fd, const char *data_path, struct cluster **ret, struct err *e);
void cluster_free(struct cluster *c); /* stops all of it and waits for that; NULL is fine */

/* For `virga doctor`: PostgreSQL and PgBouncer, which a server without databases does not need. At
 * most two results. */
size_t cluster_probe(const char *postgres_bin, struct probe_result *ret, size_t max);

/* The rest blocks: worker threads only, from any number of them.
 *
 * PostgreSQL is there when this returns: made (initdb with checksums, SCRAM), recovered, started,
 * as needed. ERR_UNAVAILABLE with what is missing and how to mend it. Cheap when it runs already.
 */
int cluster_up(struct cluster *c, struct err *e);
/* For PQconnectdb, as the cluster's administrator over its socket. Static for the cluster. */
const char *cluster_admin(const struct cluster *c);
const char *cluster_version(const struct cluster *c); /* "15.8", or "" before the first start */
bool cluster_made(const struct cluster *c); /* there is a data directory: it was needed once */

/* One database as the pooler offers it. Text; nothing may hold a quote, backslash or control
 * character. A role that several entries name has one secret. */
struct pool_entry {
    const char *name;          /* of the database as slots ask for it: [A-Za-z0-9_.-]{1,63} */
    const char *role, *secret; /* who may; as it stands in pg_authid (SCRAM-SHA-256$...), or the
                                  password itself where the other server is not ours */
    const char *host;          /* NULL: the cluster's own */
    unsigned port;
    const char *dbname, *sslmode; /* there; sslmode NULL: "prefer". The pooler has one mode for all
                                     other servers: the strictest that an entry asks for */
    bool closed;                  /* connections are refused, those that are there are cut */
};
enum { POOL_ENTRIES_MAX = 10000 };
/* Makes these the pooler's databases, all at once; starts it when there are any and it does not
 * run. Connections to those that stay as they are go on. */
int cluster_pool(struct cluster *c, const struct pool_entry *entries, size_t count, struct err *e);

struct pool_usage {
    unsigned clients, waiting, servers;
};
int cluster_pool_usage(struct cluster *c, const char *name, struct pool_usage *ret, struct err *e);

/* pg_dump (custom format) into `file`, pg_restore (one transaction, as the connection's role) from
 * it. `conninfo` has keyword=value pairs of libpq, password included: it reaches the program by a
 * file that only the keeper reads. ERR_INVALID carries the program's last line. */
int cluster_dump(struct cluster *c, const char *conninfo, int file, struct err *e);
int cluster_restore(struct cluster *c, const char *conninfo, int file, struct err *e);
