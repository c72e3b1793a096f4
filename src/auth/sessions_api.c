/* sessions_api — where an account is signed in, and signing out elsewhere. */
#include "app.h"
#include "auth/sessions_store.h"
#include "base/clock.h"
#include "base/must.h"
#include "http/form.h"

#include <string.h>

static json_t *session_json(const struct principal *p, const struct session *s)
{
    bool current = p->kind == CREDENTIAL_SESSION && strcmp(p->credential, s->id) == 0;
    json_t *ret =
        json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:b}", "id", s->id, "created_at",
                  form_time_json(s->created_us), "expires_at", form_time_json(s->expires_us),
                  "last_used_at", form_time_json(s->last_used_us), "address", s->address, "agent",
                  s->agent, "current", current);
    must(ret);
    return ret;
}

static int list_sessions(struct request *req, struct response *res, struct err *e)
{
    struct session *rows = arena_alloc(req->arena, SESSIONS_MAX * sizeof *rows);
    size_t count;
    if (sessions_list(req->context, req->arena, req->principal->account, clock_wall_us(), rows,
                      &count, e) < 0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, session_json(req->principal, &rows[i]));
    return http_reply_json(req, res, 200, list);
}

static int end_session(struct request *req, struct response *res, struct err *e)
{
    const char *account = req->principal->account, *id = http_param(req, "session");
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0)
        return -1;
    int gone = sessions_delete(req->context, account, id, e);
    if (gone <= 0)
        return gone < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "Session not found");
    if (audit_write(req->context, req, "session.revoke", account, id, e) < 0)
        return -1;
    db_note(&tx, NOTE_CREDENTIAL, id);
    if (db_commit(&tx, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Session ended"));
}

static int end_others(struct request *req, struct response *res, struct err *e)
{
    const struct principal *p = req->principal;
    const char *keep = p->kind == CREDENTIAL_SESSION ? p->credential : "";
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0)
        return -1;
    int gone = sessions_delete_others(req->context, p->account, keep, e);
    if (gone < 0 || audit_write(req->context, req, "session.revoke_others", p->account, "", e) < 0)
        return -1;
    db_note(&tx, NOTE_ACCOUNT, p->account);
    if (db_commit(&tx, e) < 0)
        return -1;
    return http_reply_json(
        req, res, 200, json_pack("{s:s, s:i}", "detail", "Other sessions ended", "count", gone));
}

const struct route sessions_routes[] = {
    {HTTP_GET, "/api/sessions", PERM_ACCOUNT, PLANE_CONTROL, list_sessions, NULL},
    {HTTP_DELETE, "/api/sessions", PERM_ACCOUNT, PLANE_CONTROL, end_others, NULL},
    {HTTP_DELETE, "/api/sessions/:session", PERM_ACCOUNT, PLANE_CONTROL, end_session, NULL},
    {0},
};
