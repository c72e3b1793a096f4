/* views — projects with their members and domains, as the gateway keeps them in memory: three
 * queries in the same order, merged, however many projects there are. */
#include "base/mem.h"
#include "projects/projects_store.h"

#include <string.h>

/* Rows (project, text, number) in the order of their project. */
struct rows {
    size_t count, room, at;
    struct row {
        const char *project, *text;
        enum role role;
    } * row;
};

static void rows_done(struct rows *r)
{
    free(r->row);
}

#define auto_rows __attribute__((cleanup(rows_done)))

static struct row *rows_add(struct rows *r)
{
    if (r->count == r->room) {
        r->room = r->room ? 2 * r->room : 16;
        r->row = mem_realloc(r->row, r->room * sizeof *r->row);
    }
    return &r->row[r->count++];
}

static int run(struct db *db, const char *all, const char *one, const char *id, struct query **ret,
               struct err *e)
{
    return id ? db_query(db, one, DB_ARGS(db_textz(id)), ret, e)
              : db_query(db, all, DB_NO_ARGS, ret, e);
}

static int read_rows(struct db *db, struct arena *a, const char *all, const char *one,
                     const char *id, struct rows *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (run(db, all, one, id, &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0)
        *rows_add(ret) =
            (struct row){query_text(q, a, 0), query_text(q, a, 1), (enum role)query_int(q, 2)};
    return more;
}

/* The members of a project as they came: its first owner pays for it. */
#define MEMBERS "SELECT project_id, account_id, role FROM project_members "
#define DOMAINS "SELECT project_id, domain, 0 FROM project_domains "
#define ONE     "WHERE project_id = $1 "

static int read_belongings(struct db *db, struct arena *a, const char *id, struct rows *members,
                           struct rows *domains, struct err *e)
{
    if (read_rows(db, a, MEMBERS "ORDER BY project_id, created_us, account_id",
                  MEMBERS ONE "ORDER BY created_us, account_id", id, members, e) < 0)
        return -1;
    return read_rows(db, a, DOMAINS "ORDER BY project_id, domain", DOMAINS ONE "ORDER BY domain",
                     id, domains, e);
}

/* The rows of one project; those of projects before it, which were made since, are passed over:
 * what was noted of them follows. */
static struct row *of_project(struct rows *r, const char *project, size_t *ret_count)
{
    while (r->at < r->count && strcmp(r->row[r->at].project, project) < 0)
        r->at++;
    struct row *first = r->row + r->at;
    size_t from = r->at;
    while (r->at < r->count && strcmp(r->row[r->at].project, project) == 0)
        r->at++;
    *ret_count = r->at - from;
    return first;
}

static void join(struct arena *a, struct rows *members, struct rows *domains,
                 struct project_view *view)
{
    size_t count;
    struct row *row = of_project(members, view->project.id, &view->member_count);
    view->members = arena_alloc(a, (view->member_count + 1) * sizeof *view->members);
    for (size_t i = 0; i < view->member_count; i++)
        view->members[i] = (struct project_member){row[i].text, row[i].role};
    row = of_project(domains, view->project.id, &count);
    view->domains = arena_alloc(a, (count + 1) * sizeof *view->domains);
    for (size_t i = 0; i < count; i++)
        view->domains[i] = row[i].text;
}

int projects_view(struct db *db, struct arena *a, const char *id, struct project_view *ret,
                  struct err *e)
{
    auto_rows struct rows members = {0}, domains = {0};
    *ret = (struct project_view){0};
    if (projects_find_id(db, a, id, &ret->project, e) < 0 ||
        read_belongings(db, a, id, &members, &domains, e) < 0)
        return -1;
    join(a, &members, &domains, ret);
    return 0;
}

int projects_each(struct db *db,
                  int (*each)(void *arg, const struct project_view *view, struct err *e), void *arg,
                  struct err *e)
{
    auto_arena struct arena *kept = arena_new();
    auto_rows struct rows members = {0}, domains = {0};
    auto_query struct query *q = NULL;
    if (read_belongings(db, kept, NULL, &members, &domains, e) < 0 ||
        db_query(db, "SELECT " PROJECT_COLUMNS " FROM projects p ORDER BY p.id", DB_NO_ARGS, &q,
                 e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0) {
        auto_arena struct arena *a = arena_new();
        struct project_view view = {0};
        projects_store_read(q, a, &view.project);
        join(a, &members, &domains, &view);
        if (each(arg, &view, e) < 0)
            return -1;
    }
    return more;
}
