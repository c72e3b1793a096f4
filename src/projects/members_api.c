/* members_api — who may work on a project. It always has an owner. */
#include "app.h"
#include "base/clock.h"
#include "base/must.h"
#include "http/form.h"
#include "projects/members_store.h"
#include "projects/projects_save.h"
#include "projects/projects_store.h"

#include <string.h>

static json_t *member_json(const struct member *m)
{
    json_t *ret = json_pack("{s:s, s:s, s:s?, s:s, s:o}", "account_id", m->account, "name", m->name,
                            "email", m->email, "role", role_name(m->role), "created_at",
                            form_time_json(m->created_us));
    must(ret);
    return ret;
}

static int list_members(struct request *req, struct response *res, struct err *e)
{
    struct member *members;
    size_t count;
    if (members_store_list(req->context, req->arena, http_param(req, "id"), &members, &count, e) <
        0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, member_json(&members[i]));
    return http_reply_json(req, res, 200, list);
}

/* One change of the members: `to` ROLE_NONE takes the account out. */
struct move {
    struct request *req;
    const char *project, *account;
    enum role from, to;
};

static int check_counts(const struct move *m, struct err *e)
{
    struct members_count now;
    if (members_store_count(m->req->context, m->project, &now, e) < 0)
        return -1;
    if (m->from == ROLE_OWNER && m->to != ROLE_OWNER && now.owners == 1)
        return err_set(e, ERR_CONFLICT,
                       "A project needs an owner: make somebody else one before, or delete it");
    if (m->from == ROLE_NONE && now.members >= PROJECT_MEMBERS_MAX)
        return err_set(e, ERR_CONFLICT, "A project has at most %d members", PROJECT_MEMBERS_MAX);
    if (m->from != ROLE_OWNER && m->to == ROLE_OWNER)
        return projects_check_quota(m->req, m->account, e);
    return 0;
}

static int store(const struct move *m, struct err *e)
{
    struct db *db = m->req->context;
    if (m->to == ROLE_NONE)
        return members_store_remove(db, m->project, m->account, e);
    return members_store_put(db, m->project, m->account, m->to, clock_wall_us(), e);
}

static int run(struct move *m, struct err *e)
{
    struct db *db = m->req->context;
    const char *detail = arena_printf(m->req->arena, "%s %s", m->account, role_name(m->to));
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0 || projects_store_lock(db, m->project, e) < 0 ||
        projects_role(db, m->account, m->project, &m->from, e) < 0)
        return -1;
    if (m->to == ROLE_NONE && m->from == ROLE_NONE)
        return err_set(e, ERR_NOT_FOUND, "Member not found");
    if (check_counts(m, e) < 0 || store(m, e) < 0 ||
        audit_write(db, m->req, m->to ? "member.set" : "member.remove", m->project, detail, e) < 0)
        return -1;
    db_note(&tx, NOTE_PROJECT, m->project);
    return db_commit(&tx, e);
}

static int put_member(struct request *req, struct response *res, struct err *e)
{
    struct move m = {.req = req, .project = http_param(req, "id")};
    struct form f;
    struct member member;
    int role = 0;
    if (form_open(&f, req, e) < 0 ||
        form_choice(&f, "role", FORM_REQUIRED, role_words, &role, e) < 0 ||
        members_store_account(req->context, req->arena, http_param(req, "member"), &m.account, e) <
            0)
        return -1;
    m.to = (enum role)(role + 1);
    if (run(&m, e) < 0 ||
        members_store_find(req->context, req->arena, m.project, m.account, &member, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, member_json(&member));
}

/* The row asks for a viewer who may read. */
static int check_scope(const struct request *req, struct err *e)
{
    return req->principal->scopes & SCOPE_PROJECTS_WRITE
               ? 0
               : err_set(e, ERR_DENIED, "This key lacks the scope 'projects:write'");
}

/* Everybody may leave; to send others away takes an owner. */
static int may_remove(struct request *req, const char *account, struct err *e)
{
    enum role role;
    if (strcmp(account, req->principal->account) == 0)
        return 0;
    if (projects_role(req->context, req->principal->account, http_param(req, "id"), &role, e) < 0)
        return -1;
    return role >= ROLE_OWNER ? 0 : projects_too_low(role, ROLE_OWNER, e);
}

static int remove_member(struct request *req, struct response *res, struct err *e)
{
    struct move m = {.req = req, .project = http_param(req, "id"), .to = ROLE_NONE};
    struct member member;
    if (check_scope(req, e) < 0 ||
        members_store_account(req->context, req->arena, http_param(req, "member"), &m.account, e) <
            0 ||
        members_store_find(req->context, req->arena, m.project, m.account, &member, e) < 0 ||
        may_remove(req, m.account, e) < 0 || run(&m, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Member removed"));
}

#define MEMBERS "/api/projects/:id/members"
#define MEMBER  MEMBERS "/:member"
const struct route members_routes[] = {
    {HTTP_GET, MEMBERS, PERM_PROJECT_VIEW, PLANE_CONTROL, list_members, NULL},
    {HTTP_PUT, MEMBER, PERM_PROJECT_OWN, PLANE_CONTROL, put_member, NULL},
    {HTTP_DELETE, MEMBER, PERM_PROJECT_VIEW, PLANE_CONTROL, remove_member, NULL},
    {0},
};
