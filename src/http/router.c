#include "http/router.h"

#include "base/mem.h"
#include "base/must.h"
#include "http/target.h"

#include <string.h>

/* Rows have fewer segments than that, so that what is left uncut in the last one of a longer path
 * can only go to a "*rest". */
enum { SEGMENTS_MAX = 32, METHODS = 7 };

struct node {
    const char *literal;
    struct node *next;     /* the next literal beside this one */
    struct node *literals; /* below */
    struct node *param;    /* below: any one segment */
    struct node *rest;     /* below: everything that is left */
    const struct route *routes[METHODS];
    unsigned methods;
};

struct router {
    struct arena *arena;
    struct node root;
};

/* A path cut at its slashes, each segment decoded. */
struct path {
    const char *raw;
    size_t len;
    char *segments[SEGMENTS_MAX];
    size_t offsets[SEGMENTS_MAX]; /* of the segments in `raw` */
    size_t count;
};

static struct node *node_for(struct router *r, struct node *parent, const char *segment)
{
    struct node **slot = &parent->literals;
    if (*segment == ':')
        slot = &parent->param;
    else if (*segment == '*')
        slot = &parent->rest;
    else
        while (*slot && strcmp((*slot)->literal, segment) != 0)
            slot = &(*slot)->next;
    if (!*slot) {
        *slot = arena_alloc(r->arena, sizeof **slot);
        (*slot)->literal = segment;
    }
    return *slot;
}

static const char *missing_part(const struct route *row)
{
    if (!row->method || row->method >= 1u << METHODS)
        return "method";
    if (!row->permission)
        return "permission";
    if (row->plane < PLANE_CONTROL || row->plane > PLANE_LONG)
        return "plane";
    bool has = row->plane != PLANE_DATA ? row->handle && !row->start : row->start && !row->handle;
    return has ? NULL : "handler of its plane";
}

static int add_row(struct router *r, const struct route *row, struct err *e)
{
    const char *missing = missing_part(row);
    if (missing)
        return err_set(e, ERR_INVALID, "route '%s' has no %s", row->path, missing);
    if (*row->path != '/')
        return err_set(e, ERR_INVALID, "route '%s' does not start with a slash", row->path);
    struct node *node = &r->root;
    char *rest = arena_strdup(r->arena, row->path + 1);
    size_t params = 0, segments = 0;
    for (char *segment; (segment = strsep(&rest, "/"));) {
        bool named = *segment == ':' || *segment == '*';
        params += named;
        if (++segments >= SEGMENTS_MAX || params > HTTP_PARAMS_MAX || (named && !segment[1]) ||
            (*segment == '*' && rest))
            return err_set(e, ERR_INVALID, "route '%s' is malformed", row->path);
        node = node_for(r, node, segment);
    }
    if (node->methods & row->method)
        return err_set(e, ERR_INVALID, "route '%s' stands there twice", row->path);
    node->methods |= row->method;
    for (unsigned m = 0; m < METHODS; m++)
        if (row->method & 1u << m)
            node->routes[m] = row;
    return 0;
}

int router_new(const struct route *const *tables, struct router **ret, struct err *e)
{
    struct router *r = mem_alloc(sizeof *r);
    r->arena = arena_new();
    for (; *tables; tables++)
        for (const struct route *row = *tables; row->path; row++)
            if (add_row(r, row, e) < 0) {
                router_free(r);
                return -1;
            }
    *ret = r;
    return 0;
}

void router_free(struct router *r)
{
    if (!r)
        return;
    arena_free(r->arena);
    free(r);
}

static void cut_path(struct path *p, struct arena *arena, const char *raw, size_t len)
{
    p->raw = raw;
    p->len = len;
    p->count = 0;
    char *copy = arena_dup(arena, raw, len);
    bool encoded = memchr(raw, '%', len);
    for (char *rest = copy + 1, *segment; (segment = rest);) {
        rest = p->count + 1 < SEGMENTS_MAX ? strchr(segment, '/') : NULL;
        if (rest)
            *rest++ = 0;
        p->offsets[p->count] = (size_t)(segment - copy);
        p->segments[p->count++] = segment;
        if (encoded)
            (void)target_decode(segment, false); /* target_split has refused what fails here */
    }
}

struct search {
    const struct path *path;
    unsigned method;                  /* a bit; 0 looks only for what is allowed */
    unsigned allowed;                 /* by all rows that fit the path */
    size_t captured[HTTP_PARAMS_MAX]; /* the segments taken for ":x" and "*x", in order */
    size_t count;
};

static const struct node *settle(struct search *s, const struct node *node)
{
    s->allowed |= node->methods;
    return node->methods & s->method ? node : NULL;
}

static const struct node *descend(struct search *s, const struct node *node, size_t i);

static const struct node *descend_literal(struct search *s, const struct node *node, size_t i)
{
    for (const struct node *n = node->literals; n; n = n->next)
        if (strcmp(n->literal, s->path->segments[i]) == 0)
            return descend(s, n, i + 1);
    return NULL;
}

/* Depth first, the more specific branch first; comes back when a branch has no row for the method.
 * Never deeper than the table is. */
static const struct node *descend(struct search *s, const struct node *node, size_t i)
{
    if (i == s->path->count)
        return settle(s, node);
    const struct node *found = descend_literal(s, node, i);
    if (found || (!node->param && !node->rest))
        return found;
    size_t before = s->count;
    s->captured[s->count++] = i;
    if (node->param && *s->path->segments[i])
        found = descend(s, node->param, i + 1);
    if (!found && node->rest) {
        s->count = before + 1;
        found = settle(s, node->rest);
    }
    if (!found)
        s->count = before;
    return found;
}

static const char *next_named(const char *path)
{
    while (*path != '/' || (path[1] != ':' && path[1] != '*'))
        must(*path++);
    return path + 1;
}

/* The names stand in the row's own path: rows that share a place in the tree may differ in them. */
static void set_params(struct request *req, const struct route *row, const struct search *s)
{
    const struct path *p = s->path;
    const char *name = row->path;
    for (size_t k = 0; k < s->count; k++) {
        name = next_named(name);
        size_t i = s->captured[k], len = strcspn(name + 1, "/");
        char *value = p->segments[i];
        if (*name == '*') {
            value = arena_dup(req->arena, p->raw + p->offsets[i], p->len - p->offsets[i]);
            (void)target_decode(value, false);
        }
        req->params[k].name = arena_dup(req->arena, name + 1, len);
        req->params[k].value = value;
        name += 1 + len;
    }
    req->param_count = s->count;
}

struct router_match router_find(const struct router *r, struct request *req)
{
    if (*req->target != '/')
        return (struct router_match){0};
    struct path path;
    cut_path(&path, req->arena, req->target, target_path_len(req->target));
    struct search s = {.path = &path, .method = req->method};
    const struct node *node = descend(&s, &r->root, 0);
    if (!node)
        return (struct router_match){.allowed = s.allowed};
    const struct route *row = node->routes[__builtin_ctz(req->method)];
    set_params(req, row, &s);
    return (struct router_match){row, s.allowed};
}

bool router_has_other_form(const struct router *r, const struct request *req)
{
    size_t len = target_path_len(req->target);
    if (*req->target != '/' || len < 2)
        return false;
    bool slash = req->target[len - 1] == '/';
    char *other = arena_printf(req->arena, "%.*s%s", (int)(slash ? len - 1 : len), req->target,
                               slash ? "" : "/");
    struct path path;
    cut_path(&path, req->arena, other, slash ? len - 1 : len + 1);
    struct search s = {.path = &path};
    (void)descend(&s, &r->root, 0);
    return s.allowed;
}
