/* Finds our own place in the host's cgroup hierarchies.
 *
 * /proc/self/cgroup names our cgroup per hierarchy ("4:memory:/a/b", v2 as "0::/a/b");
 * /proc/self/mountinfo says where each hierarchy is mounted and which of its directories is the
 * root of that mount. Both are needed: in a container the mount often shows a subtree only. */
#include "sandbox/cgroup_tree.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20, OURS = (1 << CGROUP_CONTROLLERS) - 1 };

const char *const cgroup_kind_names[CGROUP_KINDS] = {
    [CGROUP_MEMORY] = "memory",
    [CGROUP_CPU] = "cpu",
    [CGROUP_PIDS] = "pids",
    [CGROUP_CPUACCT] = "cpuacct",
};

void cgroup_lacks(struct cgroup *c, unsigned kinds, const char *fmt, ...)
{
    for (unsigned k = 0; k < CGROUP_CONTROLLERS; k++) {
        if (!(kinds & 1u << k) || c->missing & 1u << k)
            continue;
        char text[sizeof c->why[k].text];
        va_list args;
        va_start(args, fmt);
        vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        c->missing |= 1u << k;
        err_set(&c->why[k], ERR_UNAVAILABLE, "%s", text);
    }
}

/* "cpu,cpuacct" or "rw,cpu,cpuacct" to a mask; unknown words are other people's controllers. */
static unsigned kinds_of(struct str list, char sep)
{
    unsigned kinds = 0;
    while (list.p) {
        struct str word = str_cut(&list, sep);
        for (unsigned k = 0; k < CGROUP_KINDS; k++)
            if (str_is(word, cgroup_kind_names[k]))
                kinds |= 1u << k;
    }
    return kinds;
}

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void unescape(struct str in, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n && n + 1 < cap; i++) {
        if (in.p[i] == '\\' && i + 3 < in.n) {
            out[n++] =
                (char)((in.p[i + 1] - '0') << 6 | (in.p[i + 2] - '0') << 3 | (in.p[i + 3] - '0'));
            i += 3;
        } else {
            out[n++] = in.p[i];
        }
    }
    out[n] = 0;
}

struct mount {
    bool v2;
    unsigned kinds;
    char root[CGROUP_PATH_MAX];
    char point[CGROUP_PATH_MAX];
};

/* "31 23 0:28 ROOT POINT OPTIONS [TAGS...] - TYPE SOURCE SUPEROPTIONS" */
static bool parse_mount(struct str line, struct mount *ret)
{
    struct str root = {0}, point = {0}, word = {0};
    for (int i = 0; i < 5; i++) {
        word = str_cut(&line, ' ');
        if (i == 3)
            root = word;
    }
    point = word;
    while (line.p && !str_is(word, "-"))
        word = str_cut(&line, ' ');
    struct str type = str_cut(&line, ' ');
    str_cut(&line, ' ');
    ret->v2 = str_is(type, "cgroup2");
    if (!ret->v2 && !str_is(type, "cgroup"))
        return false;
    ret->kinds = ret->v2 ? 0 : kinds_of(line, ',');
    unescape(root, ret->root, sizeof ret->root);
    unescape(point, ret->point, sizeof ret->point);
    return ret->v2 || ret->kinds;
}

/* The daemon's leaf is not a place to build in: a restarted daemon goes back to its parent's. */
static void strip_leaf(char *path)
{
    static const char leaf[] = "/daemon";
    size_t len = strlen(path);
    if (len < sizeof leaf || strcmp(path + len - (sizeof leaf - 1), leaf) != 0)
        return;
    char *end = path + len - (sizeof leaf - 1);
    *end = 0;
    char *slash = strrchr(path, '/');
    if (slash && strncmp(slash + 1, "virga.", 6) == 0)
        *slash = 0;
    else
        *end = '/';
}

/* True when cgroup `path` of the hierarchy is visible through the mount. */
static bool place(const struct mount *m, const char *path, struct cgroup_tree *t)
{
    size_t n = strcmp(m->root, "/") == 0 ? 0 : strlen(m->root);
    if (strncmp(path, m->root, n) != 0 || (path[n] != '/' && path[n]) || strstr(path, "/.."))
        return false;
    const char *below = strcmp(path + n, "/") == 0 ? "" : path + n;
    if (snprintf(t->path, sizeof t->path, "%s%s", m->point, below) >= (int)sizeof t->path)
        return false;
    strip_leaf(t->path);
    t->top = strcmp(t->path, m->point) == 0;
    return true;
}

static bool find_mount(struct str mounts, bool v2, unsigned kinds, const char *path,
                       struct cgroup_tree *t)
{
    while (mounts.p) {
        struct mount m;
        if (parse_mount(str_cut(&mounts, '\n'), &m) && m.v2 == v2 && (v2 || m.kinds & kinds) &&
            place(&m, path, t))
            return true;
    }
    return false;
}

static unsigned v2_kinds(const char *path)
{
    char text[512];
    auto_fd int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || !cgroup_get(dir, "cgroup.controllers", text, sizeof text))
        return 0;
    return kinds_of(str_trim(str_of(text)), ' ');
}

struct found {
    unsigned v1_count, v1_kinds;
    struct cgroup_tree v1[CGROUP_TASKS_MAX];
    bool v2_there;
    struct cgroup_tree v2;
};

static void look_at(struct found *f, struct str line, struct str mounts)
{
    char path[CGROUP_PATH_MAX];
    str_cut(&line, ':');
    struct str names = str_cut(&line, ':');
    if (line.n == 0 || line.n >= sizeof path)
        return;
    snprintf(path, sizeof path, STR_FMT, STR_ARG(line));
    struct cgroup_tree t = {.own = -1, .base = -1, .kinds = kinds_of(names, ',')};
    if (names.n == 0) {
        f->v2_there = find_mount(mounts, true, 0, path, &t);
        if (f->v2_there)
            t.kinds = v2_kinds(t.path);
        f->v2 = t;
    } else if (t.kinds && f->v1_count < CGROUP_TASKS_MAX &&
               find_mount(mounts, false, t.kinds, path, &t)) {
        f->v1_kinds |= t.kinds;
        f->v1[f->v1_count++] = t;
    }
}

static const char *fix_for(unsigned kind, int version)
{
    if (kind == CGROUP_MEMORY)
        return "boot with 'cgroup_enable=memory', or start in a unit with Delegate=yes";
    if (version == 2)
        return "start in a unit with Delegate=yes (user services: 'Delegate=cpu memory pids' in "
               "user@.service.d)";
    return "mount the controller, or boot with systemd.unified_cgroup_hierarchy=1";
}

int cgroup_find(struct cgroup *c, struct err *e)
{
    auto_buf struct buf self = {0}, mounts = {0};
    if (fd_read_file(c->host->self_cgroup, TEXT_MAX, &self, e) < 0 ||
        fd_read_file(c->host->mountinfo, TEXT_MAX, &mounts, e) < 0)
        return -1;
    struct found f = {0};
    struct str lines = buf_str(&self);
    while (lines.p)
        look_at(&f, str_cut(&lines, '\n'), buf_str(&mounts));
    /* Hybrid hosts have both: a controller lives in one of them, we go where most of ours are. */
    int in_v1 = __builtin_popcount(f.v1_kinds & OURS),
        in_v2 = __builtin_popcount(f.v2.kinds & OURS);
    unsigned kinds = 0;
    if (f.v2_there && in_v2 >= in_v1 && in_v2) {
        c->version = 2;
        c->trees[c->tree_count++] = f.v2;
        kinds = f.v2.kinds;
    } else if (f.v1_count) {
        c->version = 1;
        memcpy(c->trees, f.v1, sizeof c->trees);
        c->tree_count = f.v1_count;
        kinds = f.v1_kinds;
    }
    for (unsigned k = 0; k < CGROUP_CONTROLLERS; k++)
        if (!(kinds & 1u << k))
            cgroup_lacks(c, 1u << k, "cgroup controller '%s' is not available here; %s",
                         cgroup_kind_names[k], fix_for(k, c->version));
    return 0;
}
