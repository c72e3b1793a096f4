/* auth — who asks, and may they?
 *
 * Accounts have a name, a password and perhaps an e-mail address, or come from an external issuer.
 * One exists from the first start on: OWNER_ACCOUNT, the administrator of this server. Until it has
 * a password (the set-up link gives it one) only owner.key in the data directory opens it; that key
 * goes on working for the command line on the same machine.
 *
 * Credentials, in `Authorization: Bearer ...`:
 *   vk_...        the owner's key, or an API key of an account: stored as a hash, with scopes
 *   a JWT of ours from login (7 days), naming a session: gone when that is revoked. A browser may
 *                 send it as the HttpOnly cookie `virga_session` instead; then changing requests
 *                 need an Origin of ours
 *   another JWT   of the configured issuer (RS256, ES256; keys from its JWKS)
 *
 * What was found out once is kept in a bounded cache in memory, so that the loop thread can decide
 * without the store (auth_authorize); everything else happens on a worker (auth_identify). Every
 * change of an account or a credential is noted in its transaction (NOTE_ACCOUNT, NOTE_CREDENTIAL),
 * and auth_forget drops what the cache holds of it, on every server. */
#pragma once

#include "auth/seal.h"
#include "base/err.h"
#include "http/http.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct auth;

#define OWNER_ACCOUNT "owner"

/* What a member may do in a project; each includes those before it. */
enum role { ROLE_NONE, ROLE_VIEWER, ROLE_EDITOR, ROLE_OWNER, ROLES };
const char *role_name(enum role r); /* "viewer", ... */
/* "viewer", "editor", "owner" and NULL; index + 1 is the role. */
extern const char *const role_words[];

/* What an API key is good for. Passwords, sessions and the owner's key are good for everything. */
enum scope {
    SCOPE_FUNCTIONS_READ = 1 << 0,  /* "functions:read" */
    SCOPE_FUNCTIONS_WRITE = 1 << 1, /* "functions:write" */
    SCOPE_PROJECTS_READ = 1 << 2,   /* "projects:read" */
    SCOPE_PROJECTS_WRITE = 1 << 3,  /* "projects:write" */
    SCOPE_CALLS_READ = 1 << 4,      /* "calls:read": records and statistics */
    SCOPE_INVOKE = 1 << 5,          /* "invoke": calling functions that need a key */
    SCOPE_SECRETS = 1 << 6,         /* "secrets:reveal" */
    SCOPE_ACCOUNT = 1 << 7,         /* "account": own profile, sessions, keys */
    SCOPE_ADMIN = 1 << 8,           /* "admin": with an administrator's account only */
    SCOPE_ALL = (1 << 9) - 1,
};

enum credential { CREDENTIAL_OWNER_KEY, CREDENTIAL_KEY, CREDENTIAL_SESSION, CREDENTIAL_EXTERNAL };

/* Who asks: req->principal. */
struct principal {
    const char *account; /* id */
    const char *name;
    bool admin;
    unsigned scopes; /* enum scope */
    enum credential kind;
    const char *credential; /* id of the key or session; "" for the others */
};

/* The permission column of a route. A row without one is refused at the start. */
enum permission {
    PERM_PUBLIC = 1, /* anybody; credentials are not looked at, but by the handler itself */
    PERM_CALL,       /* anybody; right credentials are noticed, wrong ones count as none */
    PERM_CALLS_READ, /* viewers of the function `:id`; anybody when it has opened its records
                        (public_logs); wrong credentials are refused */
    PERM_ACCOUNT,    /* any account, about itself */
    PERM_PROJECTS_READ,
    PERM_PROJECTS_CREATE,
    PERM_PROJECT_VIEW, /* the project `:id`: its viewers, editors, owners */
    PERM_PROJECT_EDIT,
    PERM_PROJECT_OWN,
    PERM_PROJECT_REVEAL,   /* owners, with a scope of its own */
    PERM_FUNCTIONS_READ,   /* any account: lists what it may see */
    PERM_FUNCTIONS_CREATE, /* any account; the handler checks the project it names */
    PERM_FUNCTION_VIEW,    /* the function `:id`: viewers of its project, or its account */
    PERM_FUNCTION_EDIT,
    PERM_STATS_READ, /* any account, about what it may see */
    PERM_ADMIN,      /* administrators of this server */
    PERM_METRICS_READ,
    PERMISSIONS
};

/* What a permission asks for beyond an account. The object is the path's `:id`. */
struct permission_rule {
    const char *name; /* "project:view" */
    unsigned scope;   /* 0: none */
    enum { OBJECT_NONE, OBJECT_PROJECT, OBJECT_FUNCTION } object;
    enum role role; /* that it takes on the object */
    bool anonymous; /* nobody may come too; the handler or the object decides */
    bool admin;
};
const struct permission_rule *auth_permission(int permission);

enum registration { REGISTRATION_CLOSED, REGISTRATION_INVITE, REGISTRATION_OPEN };

/* Texts must live as long as the auth. */
struct auth_config {
    int dir_fd; /* data directory: owner.key, token.key */
    enum registration registration;
    bool none;              /* --auth none: everybody is the owner; only for loopback addresses */
    bool loopback;          /* we listen on a loopback address */
    const char *public_url; /* "https://virga.example": for the set-up link, cookies, Origin checks;
                               NULL: the address we listen on */
    const char *issuer;     /* of external tokens, or NULL: none are accepted */
    const char *audience;   /* must be in their `aud`; needed with an issuer */
    const char *jwks_url;   /* NULL: from ISSUER/.well-known/openid-configuration */
    /* Inside the transaction that removes an account: notes what goes with it, or refuses with
     * ERR_CONFLICT. May be NULL. */
    int (*leaving)(struct tx *tx, const char *account, struct err *e);
};

/* Reads or creates the keys. Refuses a key that others may read or that is no key, and a config
 * that does not go together. */
int auth_open(const struct auth_config *config, struct auth **ret, struct err *e);
void auth_free(struct auth *a);
/* Once the store is open: the set-up link's path when the owner has no password yet, in
 * `ret` ("/setup?token=..."), else "". Valid until used or until the server ends. */
int auth_setup_path(struct auth *a, struct db *db, char ret[128], struct err *e);

/* http_config.authorize: `app` is a struct app. Loop thread, never blocks: what the cache knows. */
int auth_authorize(void *app, struct request *req, int permission, struct err *e);
/* The rest, on a worker with a connection: sets req->principal by the store, the issuer's keys or
 * both, then checks scope and administrator; the object is the caller's to check (serve/). */
int auth_identify(void *app, struct request *req, int permission, struct err *e);
/* For handlers on the loop thread that need to know who asks only now and then (a function with
 * `access: key`): the principal by what the cache knows. 1: it is in `ret`, good while the request
 * lives; 0: there are no credentials, or wrong ones; HTTP_ASK (2 here): ask a worker
 * with auth_identify(..., PERM_CALL, ...). */
enum { AUTH_ASK = 2 };
int auth_lookup(struct auth *a, struct request *req, const struct principal **ret);
/* Drops what the cache knows of an account (`topic` NOTE_ACCOUNT), a key or session
 * (NOTE_CREDENTIAL), or of all (STORE_ALL). Any thread. */
void auth_forget(struct auth *a, const char *topic, const char *id);

/* The refusal of a client without credentials. Returns -1. */
int auth_missing(struct err *e);
/* A request header's value as guest code may see it: without keys and sessions of this server,
 * which would let a function act as its caller. NULL: leave the header out. */
const char *auth_header_for_guest(struct arena *a, const struct http_header *header);
/* The request's `Authorization` holds a token of the external issuer for this server: that opens
 * an account here too, and no function may see it. Verifies nothing. Any thread. */
bool auth_has_issuers_token(const struct auth *a, const struct request *req);

struct auth_quota {
    int64_t projects, functions, calls_per_day; /* 0: no bound */
};
/* Of an account: its own numbers, else the server's. */
int auth_quota(struct db *db, const struct auth_quota *standard, const char *account,
               struct auth_quota *ret, struct err *e);

enum { AUDIT_DETAIL_MAX = 300 }; /* bytes; what is longer is cut */
/* Writes a line of the audit log inside the caller's transaction (or as one of its own): who of the
 * request, from where, did `action` ("variable.reveal") on `object` (an id); `detail` for people,
 * never a secret. The newest million lines are kept, 200000 of them of one account. */
int audit_write(struct db *db, const struct request *req, const char *action, const char *object,
                const char *detail, struct err *e);
/* GET .../audit?before=&limit=: answers with the lines about `object` (NULL: about anything) that
 * `account` (NULL: anybody) has written, the newest first. The caller has checked who may see them.
 */
int audit_list(struct request *req, struct response *res, const char *object, const char *account,
               struct err *e);

extern const struct migration auth_migrations[]; /* 10 to 19 */
extern const struct route auth_routes[], accounts_routes[], invites_routes[], sessions_routes[],
    keys_routes[], audit_routes[];
