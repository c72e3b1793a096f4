#include "gateway/table.h"

#include "app.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"

#include <string.h>
#include <strings.h>

enum { CLIENTS_MAX = 65536 };

struct gateway *gateway_new(const struct gateway_config *config)
{
    struct gateway *g = mem_alloc(sizeof *g);
    g->app = config->app;
    g->rates = rates_new(config->clients_max ? config->clients_max : CLIENTS_MAX);
    index_init(&g->projects);
    index_init(&g->slugs);
    index_init(&g->domains);
    index_init(&g->functions);
    index_init(&g->accounts);
    return g;
}

/* --- projects --- */

struct table_project *table_project(const struct gateway *g, struct str id)
{
    struct index_node *node = index_find(&g->projects, id);
    return node ? index_of(node, struct table_project, by_id) : NULL;
}

struct table_project *table_project_by_slug(const struct gateway *g, struct str slug)
{
    struct index_node *node = index_find(&g->slugs, slug);
    return node ? index_of(node, struct table_project, by_slug) : NULL;
}

struct table_project *table_project_by_host(const struct gateway *g, const char *host)
{
    if (!g->domains.count)
        return NULL;
    struct str name = {host, strcspn(host, ":")}; /* "[::1]" is no domain */
    if (str_ends(name, STR(".")))                 /* the root, which may be said */
        name.n--;
    struct index_node *node = index_find(&g->domains, name);
    return node ? index_of(node, struct table_domain, node)->project : NULL;
}

static void project_free(struct gateway *g, struct table_project *p)
{
    index_remove(&g->projects, &p->by_id);
    index_remove(&g->slugs, &p->by_slug);
    for (size_t i = 0; i < p->domain_count; i++)
        index_remove(&g->domains, &p->domains[i].node);
    g->route_count -= p->live_count;
    trie_free(p->trie);
    arena_free(p->arena);
}

static void copy_cors(struct arena *a, const struct project_cors *from, struct project_cors *to)
{
    *to = *from;
    to->origins = arena_strdup(a, from->origins ? from->origins : "");
    to->methods = arena_strdup(a, from->methods ? from->methods : "");
    to->headers = arena_strdup(a, from->headers ? from->headers : "");
    to->exposed = arena_strdup(a, from->exposed ? from->exposed : "");
}

static void copy_members(struct table_project *p, const struct project_view *view)
{
    p->member_count = view->member_count;
    p->members = arena_alloc(p->arena, (view->member_count + 1) * sizeof *p->members);
    for (size_t i = 0; i < view->member_count; i++) {
        p->members[i].role = view->members[i].role;
        p->members[i].account = arena_strdup(p->arena, view->members[i].account);
        if (!p->owner && p->members[i].role == ROLE_OWNER)
            p->owner = p->members[i].account;
    }
}

/* Whoever serves our own address as a domain would serve our own pages and API. */
static bool is_our_host(const struct gateway *g, const char *domain)
{
    const char *url = g->app ? g->app->public_url : NULL;
    const char *host = url ? strstr(url, "://") : NULL;
    if (!host)
        return false;
    host += 3;
    size_t n = strcspn(host, ":/");
    return n == strlen(domain) && strncasecmp(host, domain, n) == 0;
}

static void copy_domains(struct gateway *g, struct table_project *p,
                         const struct project_view *view)
{
    size_t n = 0;
    while (view->domains && view->domains[n])
        n++;
    p->domains = arena_alloc(p->arena, (n + 1) * sizeof *p->domains);
    for (size_t i = 0; i < n; i++) {
        if (is_our_host(g, view->domains[i])) {
            log_warn("gateway", "domain ignored, it is this server's own project=%s", p->id);
            continue;
        }
        struct table_domain *d = &p->domains[p->domain_count++];
        d->project = p;
        index_add(&g->domains, &d->node, str_of(arena_strdup(p->arena, view->domains[i])));
    }
}

static void plant(struct gateway *g, struct table_project *p)
{
    g->route_count -= p->live_count;
    p->live_count = 0;
    trie_free(p->trie);
    p->trie = trie_new();
    for (size_t i = 0; i < p->route_count; i++) {
        const struct table_route *r = &p->routes[i];
        unsigned method = http_method_parse(str_of(r->method));
        if (!r->lost)
            p->live_count += trie_add(p->trie, method ? method : TRIE_ANY, r->path, r);
    }
    g->route_count += p->live_count;
}

static void copy_routes(struct table_project *p, const struct gateway_route *routes, size_t count)
{
    p->routes = arena_alloc(p->arena, (count + 1) * sizeof *p->routes);
    p->route_count = count;
    for (size_t i = 0; i < count; i++)
        p->routes[i] = (struct table_route){.function = arena_strdup(p->arena, routes[i].function),
                                            .method = arena_strdup(p->arena, routes[i].method),
                                            .path = arena_strdup(p->arena, routes[i].path)};
}

/* The store drops them with the function: they must not stand before others any more. */
static void lose_routes(struct gateway *g, const struct table_function *fn, bool lost)
{
    struct table_project *p = fn->project ? table_project(g, str_of(fn->project)) : NULL;
    size_t changed = 0;
    for (size_t i = 0; p && i < p->route_count; i++)
        if (p->routes[i].lost != lost && strcmp(p->routes[i].function, fn->id) == 0) {
            p->routes[i].lost = lost;
            changed++;
        }
    if (changed)
        plant(g, p);
}

void gateway_set_project(struct gateway *g, const struct project_view *view,
                         const struct gateway_route *routes, size_t count)
{
    struct arena *a = arena_new();
    struct table_project *p = arena_alloc(a, sizeof *p);
    gateway_remove_project(g, view->project.id);
    p->arena = a;
    p->id = arena_strdup(a, view->project.id);
    p->active = view->project.active;
    p->generation = g->generation;
    copy_cors(a, &view->project.cors, &p->cors);
    copy_members(p, view);
    copy_domains(g, p, view);
    copy_routes(p, routes, count);
    plant(g, p);
    index_add(&g->projects, &p->by_id, str_of(p->id));
    index_add(&g->slugs, &p->by_slug, str_of(arena_strdup(a, view->project.slug)));
}

void gateway_remove_project(struct gateway *g, const char *id)
{
    struct table_project *p = table_project(g, str_of(id));
    if (p)
        project_free(g, p);
}

/* --- functions --- */

struct table_function *table_function(const struct gateway *g, const char *id)
{
    struct index_node *node = index_find(&g->functions, str_of(id));
    return node ? index_of(node, struct table_function, node) : NULL;
}

static void replace(char **slot, const char *text)
{
    free(*slot);
    *slot = mem_strdup(text);
}

void gateway_set_function(struct gateway *g, const struct function *fn)
{
    struct table_function *f = table_function(g, fn->id);
    if (!f) {
        f = mem_alloc(sizeof *f);
        f->id = mem_strdup(fn->id);
        index_add(&g->functions, &f->node, str_of(f->id));
    }
    replace(&f->account, fn->account);
    replace(&f->project, fn->project);
    f->access = fn->access;
    f->rate_limit = fn->rate_limit;
    f->client_rate_limit = fn->client_rate_limit;
    f->active = fn->active;
    f->public_logs = fn->public_logs;
    f->generation = g->generation;
    lose_routes(g, f, false);
}

static void function_free(struct gateway *g, struct table_function *f)
{
    index_remove(&g->functions, &f->node);
    free(f->id);
    free(f->account);
    free(f->project);
    free(f);
}

void gateway_remove_function(struct gateway *g, const char *id)
{
    struct table_function *f = table_function(g, id);
    if (!f)
        return;
    lose_routes(g, f, true);
    function_free(g, f);
}

bool table_is_member(const struct gateway *g, const struct table_function *fn, const char *account)
{
    if (!fn->project)
        return strcmp(fn->account, account) == 0;
    const struct table_project *p = table_project(g, str_of(fn->project));
    for (size_t i = 0; p && i < p->member_count; i++)
        if (strcmp(p->members[i].account, account) == 0)
            return true;
    return false;
}

struct of_project {
    const char *project;
    void (*each)(void *arg, const char *function);
    void *arg;
};

static void pass_function(void *arg, struct index_node *node)
{
    const struct of_project *o = arg;
    const struct table_function *f = index_of(node, struct table_function, node);
    if (f->project && strcmp(f->project, o->project) == 0)
        o->each(o->arg, f->id);
}

void gateway_functions_of(struct gateway *g, const char *project,
                          void (*each)(void *arg, const char *function), void *arg)
{
    index_each(&g->functions, pass_function, &(struct of_project){project, each, arg});
}

/* --- a look at everything --- */

void gateway_mark(struct gateway *g)
{
    g->generation++;
}

struct sweep {
    struct gateway *g;
    void (*each)(void *arg, const char *function);
    void *arg;
};

static void sweep_function(void *arg, struct index_node *node)
{
    const struct sweep *s = arg;
    struct table_function *f = index_of(node, struct table_function, node);
    if (f->generation == s->g->generation)
        return;
    s->each(s->arg, f->id);
    function_free(s->g, f);
}

static void sweep_project(void *arg, struct index_node *node)
{
    struct gateway *g = arg;
    struct table_project *p = index_of(node, struct table_project, by_id);
    if (p->generation != g->generation)
        project_free(g, p);
}

void gateway_sweep(struct gateway *g, void (*each)(void *arg, const char *function), void *arg)
{
    index_each(&g->functions, sweep_function, &(struct sweep){g, each, arg});
    index_each(&g->projects, sweep_project, g);
}

void gateway_stats(const struct gateway *g, struct gateway_stats *ret)
{
    *ret = g->stats;
    ret->projects = (unsigned)g->projects.count;
    ret->functions = (unsigned)g->functions.count;
    ret->routes = (unsigned)g->route_count;
}

/* --- the end --- */

static void free_function(void *g, struct index_node *node)
{
    function_free(g, index_of(node, struct table_function, node));
}

static void free_project(void *g, struct index_node *node)
{
    project_free(g, index_of(node, struct table_project, by_id));
}

static void free_account(void *arg, struct index_node *node)
{
    struct table_account *a = index_of(node, struct table_account, node);
    (void)arg;
    free(a->id);
    free(a);
}

void gateway_free(struct gateway *g)
{
    if (!g)
        return;
    index_each(&g->functions, free_function, g);
    index_each(&g->projects, free_project, g);
    index_each(&g->accounts, free_account, NULL);
    index_done(&g->functions);
    index_done(&g->projects);
    index_done(&g->slugs);
    index_done(&g->domains);
    index_done(&g->accounts);
    rates_free(g->rates);
    free(g);
}
