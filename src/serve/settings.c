#include "serve/settings.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/str.h"
#include "sandbox/sandbox.h"
#include "serve/origins.h"
#include "serve/routes.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct option {
    const char *name;
    const char *takes;
    const char *what;
    int (*set)(struct settings *o, const char *value, struct err *e);
};

static int set_number(const char *value, uint64_t min, uint64_t max, uint64_t *ret, struct err *e)
{
    if (!str_to_u64(str_of(value), ret) || *ret < min || *ret > max)
        return err_set(e, ERR_INVALID, "takes a whole number from %llu to %llu, not '%s'",
                       (unsigned long long)min, (unsigned long long)max, value);
    return 0;
}

/* One setter per numeric option, so that the table below stays a table. */
#define NUMBER(option, field, min, max, unit)                                                      \
    static int set_##option(struct settings *o, const char *value, struct err *e)                  \
    {                                                                                              \
        uint64_t n;                                                                                \
        if (set_number(value, min, max, &n, e) < 0)                                                \
            return -1;                                                                             \
        o->field = (__typeof__(o->field))(n * (unit));                                             \
        return 0;                                                                                  \
    }

NUMBER(slots_max, slots_max, 1, SANDBOX_SLOTS_MAX, 1)
NUMBER(blanks, blanks, 0, 256, 1)
NUMBER(busy_poll, busy_poll_us, 0, 1000, 1)
NUMBER(idle, idle_s, 1, 86400, 1)
NUMBER(template_memory, template_memory_max, 1, 16 * 1024 * 1024, 1024ull * 1024)
NUMBER(template_idle, template_idle_s, 1, 604800, 1)
NUMBER(workers, workers, 1, 64, 1)
NUMBER(max_body, body_max, 1, 1024, 1024 * 1024)
NUMBER(connections, connections_max, 1, 1000000, 1)
NUMBER(http_idle, http_idle_s, 1, 3600, 1)
NUMBER(code_cache, code_cache_max, 1, 65536, 1024 * 1024)
NUMBER(calls_days, calls_days, 1, 36500, 1)
NUMBER(calls_kept, calls_per_function, 1, 100000000, 1)
NUMBER(database_connections, database_connections, 1, 100, 1)
NUMBER(quota_projects, quota.projects, 0, 1000000, 1)
NUMBER(quota_functions, quota.functions, 0, 1000000, 1)
NUMBER(quota_calls, quota.calls_per_day, 0, 1000000000000, 1)
NUMBER(database_size, database_size_max, 16, 16777216, 1024 * 1024)
NUMBER(database_statement, database_statement_ms, 1000, 3600000, 1)

NUMBER(build_memory, build_memory, 64, 1048576, 1024 * 1024)
NUMBER(build_size, build_size, 1, 1048576, 1024 * 1024)
NUMBER(build_files, build_files, 1, 10000000, 1)
NUMBER(build_timeout, build_timeout_s, 1, 86400, 1)
NUMBER(builds, builds_max, 1, 64, 1)
NUMBER(layers, layers_max, 1, 1048576, 1024 * 1024)
NUMBER(layers_grace, layers_grace_s, 0, 8760, 3600)

/* And one per option that is taken as it is. */
#define TEXT(option, field)                                                                        \
    static int set_##option(struct settings *o, const char *value, struct err *e)                  \
    {                                                                                              \
        (void)e;                                                                                   \
        o->field = value;                                                                          \
        return 0;                                                                                  \
    }

TEXT(data_dir, data_dir)
TEXT(root, root_dir)
TEXT(runners, runners_dir)
TEXT(user, user)
TEXT(store, store)
TEXT(postgres_bin, postgres_bin)
TEXT(issuer, issuer)
TEXT(audience, audience)
TEXT(jwks, jwks_url)
TEXT(proxies, trusted_proxies)
TEXT(database_url, database_url)
TEXT(neon_key, neon_key)
TEXT(pip_index, packages.pip_index_url)
TEXT(pip_extra, packages.pip_extra_index_url)
TEXT(npm_registry, packages.npm_registry)
TEXT(package_hosts, packages.hosts)
TEXT(package_proxy, packages.proxy)
TEXT(package_ca, packages.ca_file)

static int set_cors(struct settings *o, const char *value, struct err *e)
{
    if (origins_check(value) < 0)
        return err_set(e, ERR_INVALID, "takes origins like https://app.example, or *");
    o->cors_origins = value;
    return 0;
}

static int choose(const char *value, const char *const *words, int *ret, struct err *e)
{
    auto_buf struct buf known = {0};
    for (int i = 0; words[i]; i++) {
        if (strcmp(value, words[i]) == 0) {
            *ret = i;
            return 0;
        }
        buf_addf(&known, "%s%s", !i ? "" : words[i + 1] ? ", " : " or ", words[i]);
    }
    return err_set(e, ERR_INVALID, "takes %s, not '%s'", known.data, value);
}

static int set_registration(struct settings *o, const char *value, struct err *e)
{
    static const char *const words[] = {"closed", "invite", "open", NULL};
    int chosen;
    if (choose(value, words, &chosen, e) < 0)
        return -1;
    o->registration = (enum registration)chosen;
    return 0;
}

static int set_database_provider(struct settings *o, const char *value, struct err *e)
{
    static const char *const words[] = {"local", "server", "neon", NULL};
    int chosen;
    if (choose(value, words, &chosen, e) < 0)
        return -1;
    o->database_provider = (enum database_provider_kind)chosen;
    return 0;
}

static int set_neon_url(struct settings *o, const char *value, struct err *e)
{
    struct str url = str_of(value);
    if ((!str_starts(url, STR("https://")) && !str_starts(url, STR("http://"))) ||
        str_ends(url, STR("/")))
        return err_set(e, ERR_INVALID, "takes a URL like https://neon.example/api/v2");
    o->neon_url = value;
    return 0;
}

static int set_auth(struct settings *o, const char *value, struct err *e)
{
    static const char *const words[] = {"accounts", "none", NULL};
    int chosen;
    if (choose(value, words, &chosen, e) < 0)
        return -1;
    o->auth_none = chosen;
    return 0;
}

static int set_egress(struct settings *o, const char *value, struct err *e)
{
    static const char *const words[] = {"off", "on", NULL};
    int chosen;
    if (choose(value, words, &chosen, e) < 0)
        return -1;
    o->egress = chosen;
    return 0;
}

/* The list that was there before has been read without complaint. */
static int set_egress_allow(struct settings *o, const char *value, struct err *e)
{
    o->egress_allow = value;
    return uplink_rules_parse(o->egress_allow, o->egress_deny, &o->egress_rules, e);
}

static int set_egress_deny(struct settings *o, const char *value, struct err *e)
{
    o->egress_deny = value;
    return uplink_rules_parse(o->egress_allow, o->egress_deny, &o->egress_rules, e);
}

static int set_public_url(struct settings *o, const char *value, struct err *e)
{
    struct str url = str_of(value);
    bool https = str_starts(url, STR("https://")), http = str_starts(url, STR("http://"));
    size_t scheme = https ? 8 : 7;
    if ((!https && !http) || url.n == scheme || strchr(value + scheme, '/'))
        return err_set(e, ERR_INVALID, "takes a URL like https://virga.example, without a path");
    o->public_url = value;
    return 0;
}

static int set_listen(struct settings *o, const char *value, struct err *e)
{
    const char *colon = strrchr(value, ':');
    uint64_t port;
    size_t host = colon ? (size_t)(colon - value) : 0;
    if (!colon || !str_to_u64(str_of(colon + 1), &port) || port > 65535 || !host ||
        host >= sizeof o->host)
        return err_set(e, ERR_INVALID, "takes ADDRESS:PORT like 127.0.0.1:8000 or [::1]:8000");
    bool bracket = value[0] == '[' && value[host - 1] == ']';
    snprintf(o->host, sizeof o->host, "%.*s", (int)(bracket ? host - 2 : host), value + bracket);
    o->port = (uint16_t)port;
    return 0;
}

static int set_weaker(struct settings *o, const char *value, struct err *e)
{
    static const struct {
        const char *name;
        unsigned bit;
    } words[] = {{"memory", SANDBOX_WITHOUT_MEMORY},
                 {"cpu", SANDBOX_WITHOUT_CPU},
                 {"pids", SANDBOX_WITHOUT_PIDS},
                 {"uids", SANDBOX_WITHOUT_UIDS}};
    struct str rest = str_of(value);
    while (rest.p) {
        struct str word = str_cut(&rest, ',');
        size_t i = 0;
        while (i < ARRAY_LEN(words) && !str_is(word, words[i].name))
            i++;
        if (i == ARRAY_LEN(words))
            return err_set(e, ERR_INVALID, "takes words of memory,cpu,pids,uids; not '" STR_FMT "'",
                           STR_ARG(word));
        o->weaker |= words[i].bit;
    }
    return 0;
}

static int set_log(struct settings *o, const char *value, struct err *e)
{
    static const char *const words[] = {"debug", "info", "warn", "error", NULL};
    int chosen;
    (void)o;
    if (choose(value, words, &chosen, e) < 0)
        return -1;
    log_set_level((enum log_level)chosen);
    return 0;
}

static const struct option options[] = {
    {"data-dir", "DIR", "where everything is stored (/var/lib/virga)", set_data_dir},
    {"store", "URL", "postgres://USER:PASSWORD@HOST/NAME, or a file (DATA_DIR/virga.db)",
     set_store},
    {"listen", "ADDRESS:PORT", "where to listen (127.0.0.1:8000); port 0 picks a free one",
     set_listen},
    {"public-url", "URL", "how browsers reach us, for links and cookies (the address we listen on)",
     set_public_url},
    {"trusted-proxies", "CIDRS", "whose X-Forwarded headers count: 10.0.0.0/8,::1 (none)",
     set_proxies},
    {"cors-origins", "ORIGINS", "whose pages may use the API, separated by commas (none)",
     set_cors},
    {"auth", "WORD", "accounts, or none to try things out on a loopback address (accounts)",
     set_auth},
    {"registration", "WORD", "who may make an account: closed, invite or open (closed)",
     set_registration},
    {"issuer", "URL", "an OpenID issuer whose tokens are accepted (none)", set_issuer},
    {"audience", "TEXT", "what these tokens must name in `aud`", set_audience},
    {"jwks-url", "URL", "where the issuer's keys are (found by OpenID discovery)", set_jwks},
    {"quota-projects", "N", "projects of an account, 0 for no bound (0)", set_quota_projects},
    {"quota-functions", "N", "functions of an account, 0 for no bound (0)", set_quota_functions},
    {"quota-calls", "N", "calls of an account's functions a day, 0 for no bound (0)",
     set_quota_calls},
    {"slots-max", "N", "sandboxes alive at the same time (1024)", set_slots_max},
    {"blanks", "N", "sandboxes kept ready per runtime for cold calls (4)", set_blanks},
    {"idle", "SECONDS", "an idle sandbox lives so long (300)", set_idle},
    {"busy-poll-us", "MICROSECONDS",
     "looks so long for what comes next before it sleeps; 0 for never (30)", set_busy_poll},
    {"template-memory-mb", "MB",
     "templates with packages hold at most so much together (1/8 of the machine's)",
     set_template_memory},
    {"template-idle-s", "SECONDS", "and live so long without calls (600)", set_template_idle},
    {"max-body", "MB", "largest request body (6)", set_max_body},
    {"max-connections", "N", "connections at the same time (16384)", set_connections},
    {"http-idle", "SECONDS", "a silent connection is closed after (60)", set_http_idle},
    {"code-cache", "MB", "code of function versions kept in memory (64)", set_code_cache},
    {"calls-days", "DAYS", "call records are kept so long (30)", set_calls_days},
    {"calls-kept", "N", "and at most so many per function (10000)", set_calls_kept},
    {"workers", "N", "threads for the control plane (4)", set_workers},
    {"egress", "WORD", "on: functions may ask for network; or off (on)", set_egress},
    {"egress-allow", "LIST",
     "what they reach beside the internet: 10.1.2.3:5432,192.168.7.0/24 (none)", set_egress_allow},
    {"egress-deny", "LIST", "and what of the internet they do not, written likewise (none)",
     set_egress_deny},
    {"pip-index-url", "URL", "where Python packages come from (as the host's pip is configured)",
     set_pip_index},
    {"pip-extra-index-url", "URLS", "and further indexes, separated by blanks (likewise)",
     set_pip_extra},
    {"npm-registry", "URL", "where npm packages come from (as the host's npm is configured)",
     set_npm_registry},
    {"package-hosts", "HOSTS", "further hosts that builds may reach: HOST or HOST:PORT (none)",
     set_package_hosts},
    {"package-proxy", "URL", "http://USER:PASSWORD@HOST:PORT, the way to them (HTTPS_PROXY)",
     set_package_proxy},
    {"package-ca", "FILE", "certificates that they are checked by (as pip is configured)",
     set_package_ca},
    {"build-memory-mb", "MB", "memory for installing packages (2048)", set_build_memory},
    {"build-size-mb", "MB", "what the packages of one set may take on the disk (1024)",
     set_build_size},
    {"build-files", "N", "and how many files they may have (100000)", set_build_files},
    {"build-timeout-s", "SECONDS", "how long installing packages may take (600)",
     set_build_timeout},
    {"builds", "N", "sets of packages installed at the same time (2)", set_builds},
    {"layers-mb", "MB", "installed packages on the disk; unused ones go beyond it (10240)",
     set_layers},
    {"layers-grace-h", "HOURS", "how long unused ones stay (24)", set_layers_grace},
    {"database-provider", "WORD", "who makes databases: local, server or neon (local)",
     set_database_provider},
    {"database-url", "URL", "of a PostgreSQL's administrator, for `server` (none)",
     set_database_url},
    {"database-size-mb", "MB", "largest database of a project (1024)", set_database_size},
    {"database-statement-timeout-ms", "MS", "a statement of a project runs so long (30000)",
     set_database_statement},
    {"neon-api-key", "KEY", "of Neon, for `neon`; better in the environment: NEON_API_KEY (none)",
     set_neon_key},
    {"neon-api-url", "URL", "Neon's API (Neon's own)", set_neon_url},
    {"root", "DIR", "root file system of the sandboxes (the host's /usr)", set_root},
    {"runners", "DIR", "where the language runners are (beside the program)", set_runners},
    {"postgres-bin", "DIR", "PostgreSQL's programs, for databases (the newest that Debian has)",
     set_postgres_bin},
    {"database-connections", "N", "connections to PostgreSQL per database (20)",
     set_database_connections},
    {"user", "NAME or UID",
     "who the server becomes when started as root (virga, else an unused uid)", set_user},
    {"allow-weaker", "WORDS", "start without limits this host cannot enforce: memory,cpu,pids,uids",
     set_weaker},
    {"log-level", "LEVEL", "debug, info, warn or error (info)", set_log},
};

static void help(void)
{
    printf(
        "Start the server.\n\nUsage: virga serve [OPTION]...\n\nOptions, with their defaults in "
        "parentheses. Each may also come from the environment: --data-dir\nas VIRGA_DATA_DIR; the "
        "command line wins.\n");
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        char left[48];
        snprintf(left, sizeof left, "--%s %s", options[i].name, options[i].takes);
        printf("  %-30s %s\n", left, options[i].what);
    }
    printf("  %-30s %s\n", "--print-routes", "lists the endpoints as JSON lines and ends");
    printf(
        "\nThe start is refused when a limit cannot be enforced here; `virga doctor` says why and "
        "what to do.\n");
}

static int set(struct settings *o, const struct option *option, const char *value, const char *from,
               struct err *e)
{
    if (option->set(o, value, e) < 0)
        return err_in(e, "%s", from);
    return 0;
}

static int from_environment(struct settings *o, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        char name[48];
        int len = snprintf(name, sizeof name, "VIRGA_%s", options[i].name);
        for (int c = 6; c < len; c++)
            name[c] = name[c] == '-' ? '_' : (char)toupper((unsigned char)name[c]);
        const char *value = getenv(name);
        if (value && set(o, &options[i], value, name, e) < 0)
            return -1;
    }
    return 0;
}

static const struct option *find(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0)
            return &options[i];
    return NULL;
}

static int from_arguments(int argc, char **argv, struct settings *o, struct err *e)
{
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            help();
            return 1;
        }
        if (strcmp(arg, "--print-routes") == 0) {
            routes_print();
            return 1;
        }
        const char *equals = strchr(arg, '=');
        size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
        const struct option *option =
            len > 2 && arg[0] == '-' && arg[1] == '-' ? find(arg + 2, len - 2) : NULL;
        if (!option)
            return err_set(e, ERR_INVALID, "unknown option '%s'; see `virga serve --help`", arg);
        if (!equals && i + 1 == argc)
            return err_set(e, ERR_INVALID, "--%s takes %s", option->name, option->takes);
        char from[48];
        snprintf(from, sizeof from, "--%s", option->name);
        if (set(o, option, equals ? equals + 1 : argv[++i], from, e) < 0)
            return -1;
    }
    return 0;
}

static size_t eighth_of_memory(void)
{
    const size_t least = (size_t)256 << 20;
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    size_t eighth = pages > 0 && size > 0 ? (size_t)pages * (size_t)size / 8 : 0;
    return eighth > least ? eighth : least;
}

int settings_parse(int argc, char **argv, struct settings *ret, struct err *e)
{
    *ret = (struct settings){
        .data_dir = "/var/lib/virga",
        .host = "127.0.0.1",
        .port = 8000,
        .slots_max = 1024,
        .blanks = 4,
        .idle_s = 300,
        .busy_poll_us = 30,
        .template_memory_max = eighth_of_memory(),
        .template_idle_s = 600,
        .workers = 4,
        .body_max = 6 * 1024 * 1024,
        .connections_max = 16384,
        .http_idle_s = 60,
        .code_cache_max = 64 * 1024 * 1024,
        .calls_days = 30,
        .calls_per_function = 10000,
        .egress = true,
        .build_memory = 2048ull << 20,
        .build_size = 1024ull << 20,
        .build_files = 100000,
        .build_timeout_s = 600,
        .builds_max = 2,
        .layers_max = 10240ull << 20,
        .layers_grace_s = 24 * 3600,
        .neon_key = getenv("NEON_API_KEY"),
        .neon_url = "https://console.neon.tech/api/v2",
        .database_size_max = 1024ull * 1024 * 1024,
        .database_connections = 20,
        .database_statement_ms = 30000,
    };
    if (from_environment(ret, e) < 0)
        return -1;
    return from_arguments(argc, argv, ret, e);
}

bool settings_loopback(const struct settings *o)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, o->host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    if (inet_pton(AF_INET6, o->host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return strcmp(o->host, "localhost") == 0;
}
