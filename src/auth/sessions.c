#include "auth/sessions.h"

#include "app.h"
#include "auth/accounts.h"
#include "auth/credentials.h"
#include "auth/sessions_store.h"
#include "base/clock.h"
#include "base/id.h"
#include "http/form.h"

#include <string.h>

enum { SECOND = 1000 * 1000, DAY_S = 86400, AGENT_MAX = 200 };

/* What the client calls itself, as far as the store takes it: text, and not too long. */
static const char *agent_of(const struct request *req)
{
    const char *text = http_header(req, "User-Agent");
    if (!text)
        return "";
    char *ret = arena_dup(req->arena, text, strnlen(text, AGENT_MAX));
    for (char *p = ret; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
    return ret;
}

static void become(struct request *req, const struct account *account, const char *session)
{
    struct principal *p = arena_alloc(req->arena, sizeof *p);
    *p = (struct principal){.account = account->id,
                            .name = account->name,
                            .admin = account->admin,
                            .scopes = SCOPE_ALL,
                            .kind = CREDENTIAL_SESSION,
                            .credential = session};
    req->principal = p;
}

int sessions_begin(struct request *req, struct tx *tx, const struct account *account,
                   const char *action, struct session_start *ret, struct err *e)
{
    char *id = arena_alloc(req->arena, ID_TEXT);
    int64_t now_us = clock_wall_us();
    id_new(id);
    *ret = (struct session_start){account, id, now_us,
                                  now_us + (int64_t)SESSION_DAYS * DAY_S * SECOND};
    const struct session session = {.id = id,
                                    .created_us = now_us,
                                    .expires_us = ret->expires_us,
                                    .last_used_us = now_us,
                                    .address = req->peer,
                                    .agent = agent_of(req)};
    int ended = sessions_insert(req->context, account->id, &session, e);
    if (ended < 0)
        return -1;
    if (ended)
        db_note(tx, NOTE_ACCOUNT, account->id);
    become(req, account, id);
    return audit_write(req->context, req, action, account->id, "", e);
}

/* A browser keeps it from scripts and sends it to us only, and not with what pages of other sites
 * change. */
static void set_cookie(struct request *req, struct response *res, const char *value, int for_s)
{
    const struct auth *a = ((const struct app *)req->app)->auth;
    const char *url = a->config.public_url;
    bool secure = req->secure || (url && str_starts(str_of(url), STR("https://")));
    http_response_header(req, res, "Set-Cookie",
                         arena_printf(req->arena,
                                      SESSION_COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly;"
                                                     " SameSite=Lax%s",
                                      value, for_s, secure ? "; Secure" : ""));
}

void sessions_clear_cookie(struct request *req, struct response *res)
{
    set_cookie(req, res, "", 0);
}

int sessions_reply(struct request *req, struct response *res, const struct session_start *start,
                   bool cookie)
{
    const struct auth *a = ((const struct app *)req->app)->auth;
    auto_buf struct buf token = {0};
    const struct token_session named = {start->account->id, start->id, start->expires_us / SECOND};
    token_issue(a->token_key, &named, start->now_us / SECOND, &token);
    if (cookie)
        set_cookie(req, res, token.data, SESSION_DAYS * DAY_S);
    json_t *body =
        json_pack("{s:s, s:o, s:o}", "token", token.data, "expires_at",
                  form_time_json(start->expires_us), "account", accounts_json(start->account));
    sodium_memzero(token.data, token.len);
    return http_reply_json(req, res, 200, body);
}
