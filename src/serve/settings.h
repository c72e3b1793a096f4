/* settings — what `virga serve` can be told. Every option is `--name value` or `--name=value`, and
 * may also come from the environment as VIRGA_NAME; the command line wins. */
#pragma once

#include "auth/auth.h"
#include "base/err.h"
#include "deps/index.h"
#include "databases/databases.h"
#include "uplink/uplink.h"

#include <stddef.h>
#include <stdint.h>

struct settings {
    const char *data_dir;
    char host[64];
    uint16_t port;
    unsigned slots_max;
    unsigned blanks;
    unsigned idle_s;
    unsigned busy_poll_us;
    size_t template_memory_max; /* of templates with packages, databases or code */
    unsigned template_idle_s;
    unsigned workers;
    size_t body_max;
    unsigned connections_max;
    unsigned http_idle_s;
    size_t code_cache_max;
    unsigned calls_days; /* retention of call records */
    unsigned calls_per_function;
    const char *root_dir;     /* NULL: the host's /usr */
    const char *runners_dir;  /* NULL: found beside the program */
    const char *postgres_bin; /* NULL: the newest that Debian has installed */
    unsigned database_connections;
    const char *user;  /* NULL: "virga" when it exists, else a uid of our own */
    unsigned weaker;   /* enum sandbox_weaker */
    const char *store; /* URL of a PostgreSQL or path of a file; NULL: DATA_DIR/virga.db */
    enum registration registration;
    bool auth_none;
    const char *public_url, *issuer, *audience, *jwks_url, *trusted_proxies, *cors_origins;
    struct auth_quota quota;
    struct index_options packages;                 /* where they come from */
    uint64_t build_memory, build_size, layers_max; /* bytes */
    unsigned build_files, build_timeout_s, builds_max, layers_grace_s;
    enum database_provider_kind database_provider;
    const char *database_url, *neon_key, *neon_url;
    uint64_t database_size_max; /* bytes */
    unsigned database_statement_ms;
    bool egress; /* functions may ask for network */
    const char *egress_allow, *egress_deny;
    struct uplink_rules egress_rules; /* what these two say */
};

/* 0: go on; 1: help was printed; -1: an option is wrong, the error says which and what it takes. */
int settings_parse(int argc, char **argv, struct settings *ret, struct err *e);
/* Only this machine can reach the address we listen on. */
bool settings_loopback(const struct settings *o);
