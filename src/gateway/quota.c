/* quota — calls a day of an account. The store's count comes once a minute and holds those of other
 * servers too; what is called meanwhile is counted here. Within a day the count only grows:
 * removing a function and its records gives no calls back. */
#include "gateway/table.h"

#include "base/clock.h"
#include "base/mem.h"

static int64_t today(void)
{
    return clock_wall_us() / (INT64_C(86400) * 1000000);
}

static struct table_account *find(const struct gateway *g, const char *id)
{
    struct index_node *node = index_find(&g->accounts, str_of(id));
    return node ? index_of(node, struct table_account, node) : NULL;
}

static struct table_account *find_or_add(struct gateway *g, const char *id)
{
    struct table_account *a = find(g, id);
    if (!a) {
        a = mem_alloc(sizeof *a);
        a->id = mem_strdup(id);
        a->day = today();
        index_add(&g->accounts, &a->node, str_of(a->id));
    }
    return a;
}

static void turn_day(struct table_account *a)
{
    if (a->day == today())
        return;
    a->day = today();
    a->used = 0;
}

void gateway_set_quota(struct gateway *g, const char *account, int64_t calls_per_day, int64_t used,
                       int64_t day)
{
    struct table_account *a = find_or_add(g, account);
    g->bounded_accounts += (calls_per_day > 0) - (a->calls_per_day > 0);
    a->calls_per_day = calls_per_day;
    turn_day(a);
    if (day == a->day && used > a->used) /* not what was counted just before midnight */
        a->used = used;
}

static const char *payer_of(const struct gateway *g, const struct table_function *fn)
{
    const struct table_project *p = fn->project ? table_project(g, str_of(fn->project)) : NULL;
    return p && p->owner ? p->owner : fn->account;
}

struct table_account *table_payer(struct gateway *g, const struct table_function *fn)
{
    if (!g->bounded_accounts)
        return NULL;
    struct table_account *a = find(g, payer_of(g, fn));
    if (a)
        turn_day(a);
    return a;
}

/* --- the accounts that count --- */

static void unname(void *arg, struct index_node *node)
{
    (void)arg;
    index_of(node, struct table_account, node)->named = false;
}

static void name(void *arg, struct index_node *node)
{
    struct gateway *g = arg;
    find_or_add(g, payer_of(g, index_of(node, struct table_function, node)))->named = true;
}

struct naming {
    struct gateway *g;
    void (*each)(void *arg, const char *account);
    void *arg;
};

/* An account without functions is kept for the day: its calls must not be forgotten. */
static void pass_or_drop(void *arg, struct index_node *node)
{
    const struct naming *n = arg;
    struct table_account *a = index_of(node, struct table_account, node);
    if (a->named) {
        n->each(n->arg, a->id);
    } else if (a->day != today()) {
        n->g->bounded_accounts -= a->calls_per_day > 0;
        index_remove(&n->g->accounts, &a->node);
        free(a->id);
        free(a);
    }
}

void gateway_accounts(struct gateway *g, void (*each)(void *arg, const char *account), void *arg)
{
    index_each(&g->accounts, unname, NULL);
    index_each(&g->functions, name, g);
    index_each(&g->accounts, pass_or_drop, &(struct naming){g, each, arg});
}
