#include "projects/members_store.h"

#include <string.h>

#define MEMBERS                                                                                    \
    "SELECT a.id, a.name, a.email, m.role, m.created_us FROM project_members m JOIN accounts a"    \
    " ON a.id = m.account_id WHERE m.project_id = $1 "

static struct member read_member(struct query *q, struct arena *a)
{
    return (struct member){query_text(q, a, 0), query_text(q, a, 1), query_text(q, a, 2),
                           (enum role)query_int(q, 3), query_int(q, 4)};
}

int members_store_list(struct db *db, struct arena *a, const char *project, struct member **ret,
                       size_t *ret_count, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, MEMBERS "ORDER BY m.created_us, a.id LIMIT $2",
                 DB_ARGS(db_textz(project), db_int(PROJECT_MEMBERS_MAX)), &q, e) < 0)
        return -1;
    struct member *list = arena_alloc(a, PROJECT_MEMBERS_MAX * sizeof *list);
    size_t count = 0;
    int more;
    while ((more = query_next(q, e)) > 0)
        list[count++] = read_member(q, a);
    *ret = list;
    *ret_count = count;
    return more;
}

int members_store_find(struct db *db, struct arena *a, const char *project, const char *account,
                       struct member *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, MEMBERS "AND m.account_id = $2", DB_ARGS(db_textz(project), db_textz(account)),
                 &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found <= 0)
        return found < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "Member not found");
    *ret = read_member(q, a);
    return 0;
}

static const char *lower(struct arena *a, const char *s)
{
    char *ret = arena_strdup(a, s);
    for (char *p = ret; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return ret;
}

/* Anybody may call an address theirs: it names an account only once an invite or the issuer has
 * confirmed it, else a stranger could wait for somebody else's membership. */
int members_store_account(struct db *db, struct arena *a, const char *who, const char **ret_id,
                          struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT id FROM accounts WHERE id = $1 OR name_key = $2"
                 " OR (email_key = $2 AND email_proven = $2) ORDER BY CASE WHEN id = $1 THEN 0 "
                 "WHEN email_key = $2 THEN 1 ELSE 2 END",
                 DB_ARGS(db_textz(who), db_textz(lower(a, who))), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found <= 0)
        return found < 0
                   ? -1
                   : err_set(e, ERR_NOT_FOUND,
                             strchr(who, '@') ? "Account not found: an e-mail address counts"
                                                " once an invite or the issuer has confirmed it"
                                              : "Account not found");
    *ret_id = query_text(q, a, 0);
    return 0;
}

int members_store_count(struct db *db, const char *project, struct members_count *ret,
                        struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT count(*), count(CASE WHEN role = $2 THEN 1 END) FROM project_members"
                 " WHERE project_id = $1",
                 DB_ARGS(db_textz(project), db_int(ROLE_OWNER)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret = (struct members_count){query_int(q, 0), query_int(q, 1)};
    return 0;
}

int members_store_put(struct db *db, const char *project, const char *account, enum role role,
                      int64_t now_us, struct err *e)
{
    int rows =
        db_exec(db,
                "INSERT INTO project_members (project_id, account_id, role, created_us)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT (project_id, account_id)"
                " DO UPDATE SET role = excluded.role",
                DB_ARGS(db_textz(project), db_textz(account), db_int(role), db_int(now_us)), e);
    return rows < 0 ? -1 : 0;
}

int members_store_remove(struct db *db, const char *project, const char *account, struct err *e)
{
    return db_exec(db, "DELETE FROM project_members WHERE project_id = $1 AND account_id = $2",
                   DB_ARGS(db_textz(project), db_textz(account)), e);
}
