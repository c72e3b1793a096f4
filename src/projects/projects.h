/* projects — functions, routes and variables that belong together, and who may work on them.
 *
 * A project has a slug, unique on the server, which is its name in gateway URLs. Its members are
 * viewers, editors or owners; whoever made it is its first owner, and it always has one. What a
 * stranger asks about does not exist: 404. An account owns at most as many as its quota says: 403.
 *
 * Variables are sealed in the store (auth/seal.h), bound to their project and key. Secret ones are
 * masked in every answer; one audited call reveals one. They reach the environment of every
 * function of the project; a function's own environment wins over them.
 *
 * Everything here runs on worker threads. Each change is noted in its transaction (app.h). */
#pragma once

#include "auth/auth.h"
#include "base/arena.h"
#include "base/err.h"
#include "http/http.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Clients see these limits in the documentation and in a 422, or a 409 for one member or domain too
 * many. */
enum {
    PROJECT_NAME_MAX = 100,         /* bytes */
    PROJECT_DESCRIPTION_MAX = 1000, /* bytes */
    PROJECT_SLUG_MAX = 63,          /* bytes, without the suffix that makes it unique */
    PROJECT_MEMBERS_MAX = 100,
    PROJECT_DOMAINS_MAX = 20,
    PROJECT_VARIABLES_MAX = 200,
    PROJECT_VARIABLES_BYTES = 128 * 1024, /* of all keys and sealed values together */
    VARIABLE_KEY_MAX = 256,
    VARIABLE_VALUE_MAX = 32 * 1024,
};
#define VARIABLE_KEY_RULE "letters, digits and '_', not beginning with a digit"

/* What browsers of other origins may do with a project's gateway (Fetch standard, CORS protocol).
 */
struct project_cors {
    bool enabled;        /* false: no headers are added, OPTIONS goes to the routes */
    const char *origins; /* "*" or origins separated by blanks */
    const char *methods; /* "GET, POST" or "*" */
    const char *headers; /* request headers allowed, "*" for any */
    const char *exposed; /* response headers that scripts may read */
    bool credentials;    /* never together with "*" as origins or exposed */
    int64_t max_age_s;
};

struct project {
    const char *id, *slug, *name, *description;
    bool active;
    enum role role; /* of whoever asked */
    int64_t function_count;
    struct project_cors cors;
    const char *requirements_txt; /* "" */
    bool has_database;
    int64_t created_us, updated_us;
};

/* ERR_NOT_FOUND "Project not found". */
int projects_find_id(struct db *db, struct arena *a, const char *id, struct project *ret,
                     struct err *e);
int projects_role(struct db *db, const char *account, const char *project_id, enum role *ret,
                  struct err *e);
/* The path's `:id` is a project's id or slug. Refuses whoever has no role there (404) and one below
 * `at_least` (403); else replaces the parameter by the id. For serve/'s admit hook. */
int projects_admit(struct request *req, enum role at_least, struct err *e);
/* The same for a project named in a body: 422 at `loc` for a stranger's, 403 for too low a role. */
int projects_admit_named(struct request *req, const char *loc, const char *project_id,
                         enum role at_least, struct err *e);

/* The variables in clear: a JSON object of texts, the caller's reference. */
int projects_environment(struct db *db, const struct seal *seal, const char *project_id,
                         json_t **ret, struct err *e);

/* Whether it has a database: databases/ says so, in its transaction. A project that is gone stays
 * so. */
int projects_set_database(struct tx *tx, const char *id, bool has, struct err *e);

/* Names of variables, also of a function's own environment: the rule, and those that the platform
 * or the dynamic linker reads. */
bool variable_key_ok(struct str key);
bool variable_key_reserved(const char *key);

/* Inside the transaction of whoever knows the project's packages: the text that is shown with it.
 * Noted. ERR_NOT_FOUND. */
int projects_set_requirements(struct tx *tx, const char *id, const char *text, struct err *e);

/* What the gateway keeps in memory of every project; `members`: {account id: role}. Lives in `a`.
 * One: ERR_NOT_FOUND when it is gone. Each: for the start; a negative return stops. */
struct project_view {
    struct project project;
    const char **domains; /* lower case, without port; ends with NULL */
    struct project_member {
        const char *account;
        enum role role;
    } * members;
    size_t member_count;
};
int projects_view(struct db *db, struct arena *a, const char *id, struct project_view *ret,
                  struct err *e);
int projects_each(struct db *db,
                  int (*each)(void *arg, const struct project_view *view, struct err *e), void *arg,
                  struct err *e);

/* Inside the transaction that removes an account: notes its projects. ERR_CONFLICT when it is the
 * only owner of one. */
int projects_leave(struct tx *tx, const char *account, struct err *e);

/* Seals all variables anew with the other key: for `virga rotate-key`. Inside the caller's
 * transaction. Returns how many, or -1. */
int projects_reseal(struct db *db, const struct seal *from, const struct seal *to, struct err *e);

extern const struct migration projects_migrations[]; /* 20 to 29 */
extern const struct route projects_routes[], members_routes[], variables_routes[], domains_routes[];
