/* elsewhere — options of commands that run before the command line is looked at (serve/), for help
 * and completion. tests/cli compares them with what those commands say of themselves. */
#include "cli/command.h"

const struct option_spec serve_options[] = {
    {0, "data-dir", "DIR", "where everything is stored"},
    {0, "store", "URL", "a PostgreSQL database or a file"},
    {0, "listen", "ADDRESS:PORT", "where to listen"},
    {0, "public-url", "URL", "how browsers reach us"},
    {0, "trusted-proxies", "CIDRS", "whose X-Forwarded headers count"},
    {0, "cors-origins", "ORIGINS", "whose pages may use the API"},
    {0, "auth", "WORD", "accounts or none"},
    {0, "registration", "WORD", "who may make an account: closed, invite or open"},
    {0, "issuer", "URL", "an OpenID issuer whose tokens are accepted"},
    {0, "audience", "TEXT", "what these tokens must name"},
    {0, "jwks-url", "URL", "where the issuer's keys are"},
    {0, "quota-projects", "N", "projects of an account"},
    {0, "quota-functions", "N", "functions of an account"},
    {0, "quota-calls", "N", "calls of an account's functions a day"},
    {0, "slots-max", "N", "sandboxes alive at the same time"},
    {0, "blanks", "N", "sandboxes kept ready for cold calls"},
    {0, "idle", "SECONDS", "how long an idle sandbox lives"},
    {0, "busy-poll-us", "MICROSECONDS", "how long it looks for more before it sleeps"},
    {0, "max-body", "MB", "largest request body"},
    {0, "max-connections", "N", "connections at the same time"},
    {0, "http-idle", "SECONDS", "when a silent connection is closed"},
    {0, "code-cache", "MB", "code kept in memory"},
    {0, "calls-days", "DAYS", "how long call records are kept"},
    {0, "calls-kept", "N", "how many of a function"},
    {0, "workers", "N", "threads for the control plane"},
    {0, "template-memory-mb", "MB", "what templates with packages hold together"},
    {0, "template-idle-s", "SECONDS", "how long they live without calls"},
    {0, "egress", "WORD", "whether functions may ask for network: on or off"},
    {0, "egress-allow", "LIST", "what they reach beside the internet"},
    {0, "egress-deny", "LIST", "what of the internet they do not"},
    {0, "pip-index-url", "URL", "where Python packages come from"},
    {0, "pip-extra-index-url", "URLS", "and further indexes"},
    {0, "npm-registry", "URL", "where npm packages come from"},
    {0, "package-hosts", "HOSTS", "further hosts that builds may reach"},
    {0, "package-proxy", "URL", "the way to them"},
    {0, "package-ca", "FILE", "certificates that they are checked by"},
    {0, "build-memory-mb", "MB", "memory for installing packages"},
    {0, "build-size-mb", "MB", "what packages of one set may take"},
    {0, "build-files", "N", "how many files they may have"},
    {0, "build-timeout-s", "SECONDS", "how long installing may take"},
    {0, "builds", "N", "sets installed at the same time"},
    {0, "layers-mb", "MB", "installed packages on the disk"},
    {0, "layers-grace-h", "HOURS", "how long unused ones stay"},
    {0, "database-provider", "WORD", "who makes databases: local, server or neon"},
    {0, "database-url", "URL", "a PostgreSQL's administrator"},
    {0, "database-size-mb", "MB", "largest database of a project"},
    {0, "database-statement-timeout-ms", "MS", "how long a statement may run"},
    {0, "neon-api-key", "KEY", "a key of Neon"},
    {0, "neon-api-url", "URL", "Neon's API"},
    {0, "root", "DIR", "root file system of the sandboxes"},
    {0, "runners", "DIR", "where the language runners are"},
    {0, "postgres-bin", "DIR", "PostgreSQL's programs"},
    {0, "database-connections", "N", "connections to PostgreSQL per database"},
    {0, "user", "NAME", "who the server becomes"},
    {0, "allow-weaker", "WORDS", "limits to do without"},
    {0, "log-level", "LEVEL", "debug, info, warn or error"},
    {0, "print-routes", NULL, "lists the endpoints and ends"},
    {0},
};

#define DATA_DIR                                                                                   \
    {                                                                                              \
        0, "data-dir", "DIR", "the server's data directory"                                        \
    }
#define STORE                                                                                      \
    {                                                                                              \
        0, "store", "URL", "as given to the server"                                                \
    }

const struct option_spec backup_options[] = {DATA_DIR, STORE, {0}};
const struct option_spec migrate_options[] = {
    DATA_DIR,
    STORE,
    {0, "to", "URL", "the PostgreSQL database to fill"},
    {0},
};
