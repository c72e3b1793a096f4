/* gateway — every way in which an HTTP request becomes a call: POST /api/invoke/:id, the routes of
 * a project under /api/gateway/SLUG/..., and its own domains.
 *
 * The warm path does no SQL: what it needs of projects, routes and functions is in memory, kept
 * current by serve/ (gateway_set_project and its like). All of that runs on the loop thread; the
 * endpoints that change routes run on workers and note what they change.
 *
 * Routes. A pattern is "/" and segments: literals (compared as they are, with case, and written
 * decoded), ":name" for one segment, and as the last one "*name" for all that is left, which may be
 * nothing. Empty segments and a slash at the end do not count. Literals outrank parameters,
 * parameters outrank the rest, segment by segment from the left, coming back when a branch leads
 * nowhere; of the routes at one place the one with the request's method outranks ANY. GET answers
 * HEAD where no route says HEAD. A path is cut first and decoded then: an encoded slash stays in
 * its parameter. "*name" gets all behind the slash before it, decoded, its slashes as they came.
 *
 * Before a call come access (functions.h), then rates and quotas: 401 or 403, then 429 with
 * Retry-After; a function with limits says in every answer how much of them is left (RateLimit and
 * RateLimit-Policy of the HTTP API working group's draft). A client is an account when it shows a
 * credential that we know, else an address; of IPv6, a network of 64 bits. A quota counts for the
 * first owner of the project, or for whoever made a function without one.
 *
 * What a function sees is in event.h, what becomes of its result in result.h. Every answer to a
 * call names it (X-Virga-Call). When it fails: 500 with one line for strangers; 504 at its
 * deadline; 502 for a result that is too large or no response; 503 when it was our fault; 429 when
 * its queue is full. What a browser might run below
 * /api/gateway/ is sandboxed, as it shares its origin with this server's own pages, and headers
 * that speak for a whole origin are left out; on the project's domain neither is done. */
#pragma once

#include "base/err.h"
#include "functions/functions.h"
#include "http/http.h"
#include "projects/projects.h"
#include "store/store.h"

struct app;
struct gateway;
struct loop;

enum {
    ROUTE_PATH_MAX = 1024, /* bytes */
    ROUTE_SEGMENTS_MAX = 32,
    ROUTE_PARAMS_MAX = 16,
    ROUTE_DESCRIPTION_MAX = 1000,
    ROUTES_PER_PROJECT_MAX = 2000,
};

struct gateway_config {
    struct app *app;
    unsigned clients_max; /* of which rates are remembered; 65,536 unless set */
};
struct gateway *gateway_new(const struct gateway_config *config);
void gateway_free(struct gateway *g);

/* A route as stored. */
struct gateway_route {
    const char *id, *project, *function;
    const char *method; /* "GET", ..., "ANY" */
    const char *path, *description;
    int64_t created_us, updated_us;
};
/* Every route of a project, the oldest first, in `a`. Worker thread, or at the start. */
int gateway_routes(struct db *db, struct arena *a, const char *project, struct gateway_route **ret,
                   size_t *ret_count, struct err *e);

/* Keep memory current. Copy what they are given. Setting replaces. */
void gateway_set_project(struct gateway *g, const struct project_view *view,
                         const struct gateway_route *routes, size_t count);
void gateway_remove_project(struct gateway *g, const char *id);
void gateway_set_function(struct gateway *g, const struct function *fn);
void gateway_remove_function(struct gateway *g, const char *id);
/* Calls an account may still make today: `used` as counted in the store on that `day` (counted from
 * 1970 on), which serve/ reads every minute for the accounts that gateway_accounts names; what is
 * called since is counted here. */
void gateway_set_quota(struct gateway *g, const char *account, int64_t calls_per_day, int64_t used,
                       int64_t day);
/* The accounts whose calls are counted: owners of projects with functions, and whoever made a
 * function that belongs to none. */
void gateway_accounts(struct gateway *g, void (*each)(void *arg, const char *account), void *arg);
/* A look at everything: mark, set all there is, and sweep away what was not set since; `each` hears
 * of the functions that are gone. `each` must not change the gateway. */
void gateway_mark(struct gateway *g);
void gateway_sweep(struct gateway *g, void (*each)(void *arg, const char *function), void *arg);
/* The functions of a project that are in memory. */
void gateway_functions_of(struct gateway *g, const char *project,
                          void (*each)(void *arg, const char *function), void *arg);

/* http_config.claim: requests to a project's own domain. `app` is a struct app. */
const struct route *gateway_claim(void *app, struct request *req);

struct gateway_stats {
    uint64_t routed, unmatched, limited, denied;
    unsigned projects, routes, functions;
};
void gateway_stats(const struct gateway *g, struct gateway_stats *ret);

extern const struct migration gateway_migrations[]; /* 40 to 49 */
extern const struct route gateway_routes_table[], invoke_routes[], load_routes[], routes_routes[];
