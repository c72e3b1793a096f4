/* audit_api — GET /api/audit, and the list that other folders answer with too. */
#include "auth/auth.h"
#include "base/must.h"
#include "http/form.h"

#include <inttypes.h>

enum { LIST_STANDARD = 100, LIST_MAX = 1000 };

#define LIST(and)                                                                                  \
    "SELECT a.number, a.at_us, a.account_id, c.name, a.credential, a.address, a.action, a.object," \
    " a.detail FROM audit a LEFT JOIN accounts c ON c.id = a.account_id"                           \
    " WHERE a.number < $1" and                                                                     \
        " ORDER BY a.number DESC LIMIT $2"

/* By whether an object and an account are asked for. */
static const char *const lists[2][2] = {
    {LIST(""), LIST(" AND a.account_id = $3")},
    {LIST(" AND a.object = $3"), LIST(" AND a.object = $3 AND a.account_id = $4")},
};

static json_t *read_line(struct query *q, struct arena *a)
{
    json_t *ret = json_pack("{s:I, s:o, s:s, s:s?, s:s, s:s, s:s, s:s, s:s}", "number",
                            (json_int_t)query_int(q, 0), "created_at",
                            form_time_json(query_int(q, 1)), "account_id", query_text(q, a, 2),
                            "account", query_text(q, a, 3), "credential", query_text(q, a, 4),
                            "address", query_text(q, a, 5), "action", query_text(q, a, 6), "object",
                            query_text(q, a, 7), "detail", query_text(q, a, 8));
    must(ret);
    return ret;
}

/* Reads one line more than asked for, to know whether there are more. */
static int read_lines(struct request *req, struct query *q, size_t limit, json_t *list,
                      json_int_t *ret_next, struct err *e)
{
    int more;
    *ret_next = 0;
    while ((more = query_next(q, e)) > 0) {
        if (json_array_size(list) == limit) {
            *ret_next =
                json_integer_value(json_object_get(json_array_get(list, limit - 1), "number"));
            return 0;
        }
        json_array_append_new(list, read_line(q, req->arena));
    }
    return more;
}

static int read_before(struct request *req, int64_t *ret, struct err *e)
{
    uint64_t before = INT64_MAX;
    const char *text = http_query(req, "before");
    if (text && (!str_to_u64(str_of(text), &before) || before > INT64_MAX))
        return http_invalid(req, "query.before", "int_parsing", e,
                            "Input should be the number of a line");
    *ret = (int64_t)before;
    return 0;
}

int audit_list(struct request *req, struct response *res, const char *object, const char *account,
               struct err *e)
{
    auto_query struct query *q = NULL;
    struct db_value args[4] = {0};
    size_t limit = 0, count = 2;
    int64_t before = 0;
    json_int_t next = 0;
    if (form_limit(req, LIST_STANDARD, LIST_MAX, &limit, e) < 0 || read_before(req, &before, e) < 0)
        return -1;
    args[0] = db_int(before);
    args[1] = db_int((int64_t)limit + 1);
    if (object)
        args[count++] = db_textz(object);
    if (account)
        args[count++] = db_textz(account);
    if (db_query(req->context, lists[object != NULL][account != NULL], args, count, &q, e) < 0)
        return -1;
    json_t *list = json_array();
    if (read_lines(req, q, limit, list, &next, e) < 0) {
        json_decref(list);
        return -1;
    }
    if (next)
        form_link_next(req, res, arena_printf(req->arena, "%" PRId64, (int64_t)next));
    return http_reply_json(req, res, 200, list);
}

/* Administrators see everything, with a key that may administrate; others what they did themselves.
 */
static int get_audit(struct request *req, struct response *res, struct err *e)
{
    const struct principal *p = req->principal;
    const char *account =
        p->admin && p->scopes & SCOPE_ADMIN ? http_query(req, "account") : p->account;
    return audit_list(req, res, http_query(req, "object"), account, e);
}

const struct route audit_routes[] = {
    {HTTP_GET, "/api/audit", PERM_ACCOUNT, PLANE_CONTROL, get_audit, NULL},
    {0},
};
