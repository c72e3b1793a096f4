/* invites_api — letting people in one by one. */
#include "app.h"
#include "auth/accounts.h"
#include "auth/private.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/must.h"
#include "http/form.h"

enum {
    INVITES_MAX = 1000,
    INVITE_DAYS = 7,
    KEPT_DAYS = 30, /* after its end, to see what became of it */
    INVITE_RANDOM = 24,
    INVITE_TEXT = 2 * INVITE_RANDOM,
};
static const int64_t day_us = 86400ll * 1000 * 1000;

static json_t *invite_json(const struct invite *i)
{
    json_t *ret =
        json_pack("{s:s, s:s?, s:s, s:o, s:o, s:o}", "id", i->id, "email", i->email, "created_by",
                  i->created_by, "created_at", form_time_json(i->created_us), "expires_at",
                  form_time_json(i->expires_us), "used_at", form_time_json(i->used_us));
    must(ret);
    return ret;
}

static int read_invite(struct request *req, struct invite *ret, struct err *e)
{
    struct form form;
    char *id = arena_alloc(req->arena, ID_TEXT);
    int64_t now_us = clock_wall_us();
    id_new(id);
    *ret = (struct invite){.id = id,
                           .created_by = req->principal->account,
                           .created_us = now_us,
                           .expires_us = now_us + INVITE_DAYS * day_us};
    if (form_open(&form, req, e) < 0 || accounts_read_email(&form, &ret->email, e) < 0 ||
        form_time(&form, "expires_at", FORM_OPTIONAL, &ret->expires_us, e) < 0)
        return -1;
    if (ret->expires_us <= now_us)
        return form_invalid(&form, "expires_at", "value_error", e,
                            "Value error, this time is over");
    return 0;
}

static int store(struct request *req, const struct invite *invite, struct str text, struct err *e)
{
    unsigned char hash[AUTH_HASH];
    int64_t count;
    auto_tx struct tx tx = {0};
    auth_hash_secret(text, hash);
    if (db_begin(req->context, &tx, e) < 0 ||
        invites_prune(req->context, invite->created_us - KEPT_DAYS * day_us, e) < 0 ||
        invites_count(req->context, &count, e) < 0)
        return -1;
    if (count >= INVITES_MAX)
        return err_set(e, ERR_CONFLICT, "There are %d invites: delete some", INVITES_MAX);
    if (invites_insert(req->context, invite, (struct str){(char *)hash, sizeof hash}, e) < 0 ||
        audit_write(req->context, req, "invite.create", invite->id, invite->email, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

static int create_invite(struct request *req, struct response *res, struct err *e)
{
    const struct auth *a = ((const struct app *)req->app)->auth;
    struct invite invite;
    unsigned char bytes[INVITE_RANDOM];
    char text[INVITE_TEXT + 1];
    if (a->config.registration == REGISTRATION_CLOSED)
        return err_set(e, ERR_CONFLICT, "Registration is closed on this server");
    if (read_invite(req, &invite, e) < 0)
        return -1;
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
    int rc = store(req, &invite, str_of(text), e);
    if (rc == 0) {
        const char *url = a->config.public_url ? a->config.public_url : "";
        json_t *body = invite_json(&invite);
        json_object_set_new(body, "invite", json_string(text));
        json_object_set_new(body, "url", json_sprintf("%s/sign-up?invite=%s", url, text));
        rc = http_reply_json(req, res, 200, body);
    }
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(text, sizeof text);
    return rc;
}

static int list_invites(struct request *req, struct response *res, struct err *e)
{
    size_t count;
    struct invite *rows = arena_alloc(req->arena, INVITES_MAX * sizeof *rows);
    if (invites_list(req->context, req->arena, INVITES_MAX, rows, &count, e) < 0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, invite_json(&rows[i]));
    return http_reply_json(req, res, 200, list);
}

static int delete_invite(struct request *req, struct response *res, struct err *e)
{
    const char *id = http_param(req, "invite");
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0)
        return -1;
    int gone = invites_delete(req->context, id, e);
    if (gone <= 0)
        return gone < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "Invite not found");
    if (audit_write(req->context, req, "invite.delete", id, "", e) < 0 || db_commit(&tx, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Invite deleted"));
}

const struct route invites_routes[] = {
    {HTTP_GET, "/api/invites", PERM_ADMIN, PLANE_CONTROL, list_invites, NULL},
    {HTTP_POST, "/api/invites", PERM_ADMIN, PLANE_CONTROL, create_invite, NULL},
    {HTTP_DELETE, "/api/invites/:invite", PERM_ADMIN, PLANE_CONTROL, delete_invite, NULL},
    {0},
};
