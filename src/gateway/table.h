/* table — projects and functions in memory, as the gateway needs them. Only for gateway/. Loop
 * thread. What is found is valid until something is set or removed: not beyond a turn of the loop.
 */
#pragma once

#include "base/list.h"
#include "gateway/gateway.h"
#include "gateway/index.h"
#include "gateway/rates.h"
#include "gateway/trie.h"

struct table_account {
    struct index_node node;
    char *id;
    int64_t calls_per_day; /* 0: no bound */
    int64_t used;          /* on `day` */
    int64_t day;           /* since 1970, UTC */
    bool named;            /* some function still counts for it */
};

struct table_domain {
    struct index_node node;
    struct table_project *project;
};

struct table_route {
    const char *function, *method, *path;
    bool lost; /* its function has gone; the project's next reading will say what became of it */
};

struct table_project {
    struct index_node by_id, by_slug;
    struct arena *arena; /* holds all that is pointed to, this included */
    bool active;
    unsigned generation;
    const char *id;
    const char *owner; /* the account that its calls count for, or NULL */
    struct project_cors cors;
    struct table_domain *domains;
    size_t domain_count;
    struct project_member *members;
    size_t member_count;
    struct table_route *routes; /* oldest first */
    size_t route_count;
    size_t live_count; /* of them, in the trie */
    struct trie *trie;
};

struct table_function {
    struct index_node node;
    char *id, *account, *project; /* project may be NULL */
    enum access access;
    uint32_t rate_limit, client_rate_limit;
    bool active, public_logs;
    unsigned generation;
    uint64_t bucket; /* rates.h */
};

struct gateway {
    struct app *app;
    struct index projects, slugs, domains, functions, accounts;
    struct rates *rates;
    struct gateway_stats stats;
    size_t route_count, bounded_accounts;
    unsigned generation;
};

struct table_project *table_project(const struct gateway *g, struct str id);
struct table_project *table_project_by_slug(const struct gateway *g, struct str slug);
/* `host` as in a request: lower case, perhaps with a port. */
struct table_project *table_project_by_host(const struct gateway *g, const char *host);
struct table_function *table_function(const struct gateway *g, const char *id);
/* Whether the account may see and call what only the function's own people may. */
bool table_is_member(const struct gateway *g, const struct table_function *fn, const char *account);
/* Whom its calls count for: the owner of its project, else who made it. NULL when nothing is
 * bounded. */
struct table_account *table_payer(struct gateway *g, const struct table_function *fn);
