/* login_api — the ways to a session: set-up, registration, login; and its end. */
#include "app.h"
#include "auth/accounts.h"
#include "auth/attempts.h"
#include "auth/credentials.h"
#include "auth/password.h"
#include "auth/sessions.h"
#include "auth/sessions_store.h"
#include "auth/setup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"
#include "http/form.h"

#include <string.h>
#include <strings.h>

enum { LOGIN_MAX = ACCOUNT_EMAIL_MAX, REGISTRATIONS_FREE = 20, TOKEN_TEXT_MAX = 200 };

static struct auth *auth_of(const struct request *req)
{
    return ((const struct app *)req->app)->auth;
}

/* What a new account says of itself. The password is wiped by newcomer_done. */
struct newcomer {
    struct account account;
    const char *password;
    char hash[PASSWORD_HASH];
    bool cookie;
};

static void newcomer_done(struct newcomer *n)
{
    if (n->password)
        sodium_memzero((char *)n->password, strlen(n->password));
    sodium_memzero(n->hash, sizeof n->hash);
}

#define auto_newcomer __attribute__((cleanup(newcomer_done)))

static int read_newcomer(const struct form *form, struct newcomer *n, struct err *e)
{
    if (accounts_read_name(form, FORM_REQUIRED, &n->account.name, e) < 0 ||
        form_secret(form, "password", FORM_REQUIRED, PASSWORD_MIN, PASSWORD_MAX, &n->password, e) <
            0 ||
        accounts_read_email(form, &n->account.email, e) < 0)
        return -1;
    return form_bool(form, "cookie", FORM_OPTIONAL, &n->cookie, e);
}

/* A page of another site must not sign somebody in here as somebody else. */
static int check_cookie(struct request *req, bool cookie, struct err *e)
{
    return cookie ? credentials_own_page(auth_of(req), req, e) : 0;
}

static int taken(struct err *e)
{
    return e->code == ERR_CONFLICT
               ? err_set(e, ERR_CONFLICT, "This name or e-mail address is taken")
               : -1;
}

/* --- set-up --- */

static int owner_of(struct request *req, struct account *ret, struct err *e)
{
    return accounts_find(req->context, req->arena, OWNER_ACCOUNT, ret, e);
}

static int get_setup(struct request *req, struct response *res, struct err *e)
{
    static const char *const words[] = {"closed", "invite", "open"};
    const struct auth_config *config = &auth_of(req)->config;
    struct account owner;
    if (owner_of(req, &owner, e) < 0)
        return -1;
    return http_reply_json(req, res, 200,
                           json_pack("{s:b, s:s, s:s, s:s?}", "needed",
                                     !owner.password && !config->none, "auth",
                                     config->none ? "none" : "accounts", "registration",
                                     words[config->registration], "issuer", config->issuer));
}

static int done_already(struct err *e)
{
    return err_set(e, ERR_CONFLICT, "This server is set up already");
}

static int claim(struct request *req, struct newcomer *n, struct session_start *start,
                 struct err *e)
{
    struct db *db = req->context;
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0)
        return -1;
    int claimed = accounts_set_first_password(db, OWNER_ACCOUNT, n->hash, e);
    if (claimed <= 0)
        return claimed < 0 ? -1 : done_already(e);
    if (accounts_update(db, req->arena, &n->account, e) < 0)
        return taken(e);
    if (sessions_begin(req, &tx, &n->account, "setup", start, e) < 0)
        return -1;
    db_note(&tx, NOTE_ACCOUNT, OWNER_ACCOUNT);
    return db_commit(&tx, e);
}

static int setup(struct request *req, struct response *res, struct err *e)
{
    struct auth *a = auth_of(req);
    auto_newcomer struct newcomer n = {0};
    struct session_start start;
    struct form form;
    const char *token = NULL;
    if (form_open(&form, req, e) < 0 || owner_of(req, &n.account, e) < 0)
        return -1;
    if (n.account.password)
        return done_already(e);
    if (form_secret(&form, "token", FORM_REQUIRED, 1, TOKEN_TEXT_MAX, &token, e) < 0)
        return -1;
    if (!setup_is(a->setup, token))
        return err_set(e, ERR_DENIED, "Wrong or used set-up token: the server's log has the link");
    if (read_newcomer(&form, &n, e) < 0 || check_cookie(req, n.cookie, e) < 0 ||
        password_hash(a->password, n.password, n.hash, e) < 0)
        return -1;
    n.account.password = n.hash;
    if (claim(req, &n, &start, e) < 0)
        return -1;
    setup_forget(a->setup);
    return sessions_reply(req, res, &start, n.cookie);
}

/* --- registration --- */

/* The invite that came along, or none where none is needed: then its id is NULL. */
static int read_invite(struct request *req, const struct form *form, struct invite *ret,
                       struct err *e)
{
    const struct auth *a = auth_of(req);
    unsigned char hash[AUTH_HASH];
    const char *text = NULL;
    if (form_secret(form, "invite", FORM_OPTIONAL, 1, TOKEN_TEXT_MAX, &text, e) < 0)
        return -1;
    if (!text)
        return a->config.registration == REGISTRATION_OPEN
                   ? 0
                   : err_set(e, ERR_DENIED, "Registration takes an invite");
    auth_hash_secret(str_of(text), hash);
    int found = invites_find(req->context, req->arena, (struct str){(char *)hash, sizeof hash},
                             clock_wall_us(), ret, e);
    if (found == 0)
        return err_set(e, ERR_DENIED, "This invite is unknown, used or expired");
    return found < 0 ? -1 : 0;
}

/* An invite for an address brings it along. */
static int match_email(const struct form *form, const struct invite *invite, struct newcomer *n,
                       struct err *e)
{
    if (!invite->email)
        return 0;
    if (n->account.email && strcasecmp(n->account.email, invite->email) != 0)
        return form_invalid(form, "email", "value_error", e,
                            "Value error, the invite is for another address");
    n->account.email = invite->email;
    n->account.email_proven = true; /* whoever was to get the invite has it */
    return 0;
}

static int enroll(struct request *req, struct newcomer *n, const struct invite *invite,
                  struct session_start *start, struct err *e)
{
    struct db *db = req->context;
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0)
        return -1;
    int used = invite->id ? invites_use(db, invite->id, clock_wall_us(), e) : 1;
    if (used <= 0)
        return used < 0 ? -1 : err_set(e, ERR_DENIED, "This invite is used");
    if (accounts_create(db, req->arena, &n->account, e) < 0)
        return taken(e);
    if (sessions_begin(req, &tx, &n->account, "account.create", start, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

/* Hashing costs, and accounts fill the store: an address gets only so many of both, and so does an
 * invite, whose names may all be taken. 1: go on; 0: `res` says to wait; -1. */
static int hash_newcomer(struct request *req, struct response *res, const struct invite *invite,
                         struct newcomer *n, struct err *e)
{
    struct auth *a = auth_of(req);
    uint64_t key = invite->id ? throttle_key(a->throttle, "invite", invite->id, "")
                              : throttle_address(a->throttle, "register", req->peer);
    uint64_t wait_s = throttle_take(a->throttle, key, REGISTRATIONS_FREE, clock_mono_us());
    if (wait_s)
        return attempts_refuse(req, res, wait_s);
    if (password_hash(a->password, n->password, n->hash, e) < 0)
        return -1;
    throttle_ended(a->throttle, key, REGISTRATIONS_FREE, clock_mono_us());
    n->account.password = n->hash;
    return 1;
}

static int register_account(struct request *req, struct response *res, struct err *e)
{
    struct auth *a = auth_of(req);
    auto_newcomer struct newcomer n = {0};
    struct invite invite = {0};
    struct session_start start;
    struct form form;
    if (a->config.registration == REGISTRATION_CLOSED)
        return err_set(e, ERR_DENIED, "Registration is closed on this server");
    if (form_open(&form, req, e) < 0 || read_newcomer(&form, &n, e) < 0 ||
        check_cookie(req, n.cookie, e) < 0 || read_invite(req, &form, &invite, e) < 0 ||
        match_email(&form, &invite, &n, e) < 0)
        return -1;
    int hashed = hash_newcomer(req, res, &invite, &n, e);
    if (hashed <= 0)
        return hashed;
    if (enroll(req, &n, &invite, &start, e) < 0)
        return -1;
    return sessions_reply(req, res, &start, n.cookie);
}

/* --- login --- */

struct login {
    const char *login, *password;
    bool cookie;
    struct account account; /* id NULL: there is none */
    bool known;             /* signed in from this address */
    struct attempt attempt;
};

static int read_login(struct request *req, struct login *l, struct err *e)
{
    struct form form;
    if (form_open(&form, req, e) < 0 ||
        form_text(&form, "login", FORM_REQUIRED, 1, LOGIN_MAX, &l->login, e) < 0 ||
        form_secret(&form, "password", FORM_REQUIRED, 1, PASSWORD_MAX, &l->password, e) < 0 ||
        form_bool(&form, "cookie", FORM_OPTIONAL, &l->cookie, e) < 0)
        return -1;
    return check_cookie(req, l->cookie, e);
}

static int find_account(struct request *req, struct login *l, struct err *e)
{
    int found = accounts_find_login(req->context, req->arena, l->login, &l->account, e);
    if (found <= 0)
        return found;
    return sessions_know_address(req->context, l->account.id, req->peer, clock_wall_us(), &l->known,
                                 e);
}

static int refuse(const struct request *req, const struct login *l, struct err *e)
{
    char login[128];
    log_info("auth", "login failed login=%s address=%s",
             log_quote(str_of(l->login), login, sizeof login), req->peer);
    return err_set(e, ERR_UNAUTHORIZED, "Wrong name or password");
}

/* Hashing takes its time: by now the password may be another one, or the account disabled. Whoever
 * changed it ended all sessions and must not miss this one. */
static int check_unchanged(struct request *req, struct login *l, struct err *e)
{
    struct account now;
    struct err gone = {0};
    bool there = accounts_find(req->context, req->arena, l->account.id, &now, &gone) == 0;
    if (!there && gone.code != ERR_NOT_FOUND) {
        *e = gone;
        return -1;
    }
    if (!there || !now.active || !now.password || strcmp(now.password, l->account.password) != 0)
        return refuse(req, l, e);
    l->account = now;
    return 0;
}

/* `hash`: the password's, made anew with today's parameters; "" when it has those. */
static int store_session(struct request *req, struct login *l, const char *hash,
                         struct session_start *start, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0 || check_unchanged(req, l, e) < 0 ||
        (*hash && accounts_set_password(req->context, l->account.id, hash, e) < 0) ||
        sessions_begin(req, &tx, &l->account, "login", start, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

/* A hash made with older parameters is replaced while the password is at hand. */
static int start_session(struct request *req, struct login *l, struct session_start *start,
                         struct err *e)
{
    char hash[PASSWORD_HASH] = "";
    if (password_is_stale(l->account.password) &&
        password_hash(auth_of(req)->password, l->password, hash, e) < 0)
        return -1;
    int rc = store_session(req, l, hash, start, e);
    sodium_memzero(hash, sizeof hash);
    return rc;
}

static int check_password(struct request *req, struct login *l, struct err *e)
{
    struct auth *a = auth_of(req);
    bool right = false;
    if (password_check(a->password, l->account.password, l->password, &right, e) < 0) {
        attempts_untried(a, &l->attempt);
        return -1;
    }
    if (!right) {
        attempts_wrong(a, &l->attempt);
        return refuse(req, l, e);
    }
    attempts_right(a, &l->attempt);
    if (!l->account.active)
        return err_set(e, ERR_UNAUTHORIZED, "Account disabled");
    return 0;
}

static int login(struct request *req, struct response *res, struct err *e)
{
    struct auth *a = auth_of(req);
    struct login l = {0};
    struct session_start start;
    if (read_login(req, &l, e) < 0 || find_account(req, &l, e) < 0)
        return -1;
    uint64_t wait_s = attempts_begin(a, req, accounts_key(req->arena, l.login),
                                     l.known ? ATTEMPT_KNOWN : ATTEMPT_LOGIN, &l.attempt);
    if (wait_s)
        return attempts_refuse(req, res, wait_s);
    int rc = check_password(req, &l, e);
    if (rc == 0)
        rc = start_session(req, &l, &start, e);
    sodium_memzero((char *)l.password, strlen(l.password));
    if (rc < 0)
        return -1;
    return sessions_reply(req, res, &start, l.cookie);
}

static int logout(struct request *req, struct response *res, struct err *e)
{
    const struct principal *p = req->principal;
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0)
        return -1;
    if (p->kind == CREDENTIAL_SESSION) {
        if (sessions_delete(req->context, p->account, p->credential, e) < 0 ||
            audit_write(req->context, req, "logout", p->account, "", e) < 0)
            return -1;
        db_note(&tx, NOTE_CREDENTIAL, p->credential);
    }
    if (db_commit(&tx, e) < 0)
        return -1;
    sessions_clear_cookie(req, res);
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Logged out"));
}

const struct route auth_routes[] = {
    {HTTP_GET, "/api/setup", PERM_PUBLIC, PLANE_CONTROL, get_setup, NULL},
    {HTTP_POST, "/api/setup", PERM_PUBLIC, PLANE_SLOW, setup, NULL},
    {HTTP_POST, "/api/register", PERM_PUBLIC, PLANE_SLOW, register_account, NULL},
    {HTTP_POST, "/api/login", PERM_PUBLIC, PLANE_SLOW, login, NULL},
    {HTTP_POST, "/api/logout", PERM_ACCOUNT, PLANE_CONTROL, logout, NULL},
    {0},
};
