#include "cli/profiles.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, NAME_MAX_LEN = 200 };

/* Each directory of the path but the last component. */
static int make_parents(const char *path, struct err *e)
{
    char part[4096];
    for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return err_sys(e, "make the directory '%s'", part);
    }
    return 0;
}

static bool find_path(char *ret, size_t size)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int n = -1;
    if (config && *config == '/')
        n = snprintf(ret, size, "%s/virga/profiles.json", config);
    else if (home && *home == '/')
        n = snprintf(ret, size, "%s/.config/virga/profiles.json", home);
    if (n < 0 || (size_t)n >= size)
        ret[0] = 0;
    return ret[0] != 0;
}

static int check_private(int fd, const char *path, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_sys(e, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INVALID, "%s is no regular file", path);
    if (st.st_mode & 077)
        return err_set(e, ERR_DENIED, "%s holds keys and others may read it: chmod 600 %s", path,
                       path);
    if (st.st_uid != geteuid() && geteuid() != 0) /* whose server would it be? */
        return err_set(e, ERR_DENIED, "%s belongs to somebody else", path);
    return 0;
}

static int parse(struct profiles *p, struct str text, struct err *e)
{
    json_error_t why;
    p->tree = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (!p->tree)
        return err_set(e, ERR_INVALID, "%s, line %d: %s", p->path, why.line, why.text);
    if (!json_is_object(json_object_get(p->tree, "profiles")))
        return err_set(e, ERR_INVALID, "%s: no \"profiles\" in it", p->path);
    return 0;
}

int profiles_load(struct profiles *ret, struct err *e)
{
    auto_buf struct buf text = {0};
    *ret = (struct profiles){0};
    auto_fd int fd = -1;
    if (find_path(ret->path, sizeof ret->path))
        fd = open(ret->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (!ret->path[0] || errno == ENOENT || errno == ENOTDIR)) {
        ret->tree = json_pack("{s:{}}", "profiles");
        return 0;
    }
    if (fd < 0)
        return err_sys(e, "%s", ret->path);
    if (check_private(fd, ret->path, e) < 0 || fd_read_all(fd, FILE_MAX, &text, e) < 0)
        return -1;
    int rc = parse(ret, buf_str(&text), e);
    if (text.data)
        explicit_bzero(text.data, text.len);
    return rc;
}

void profiles_done(struct profiles *p)
{
    json_decref(p->tree);
    p->tree = NULL;
}

/* A name of its own, mode 0600 from birth: two that save at once do not write into one file. */
static int write_new(char *fresh, const char *text, struct err *e)
{
    auto_fd int fd = mkostemp(fresh, O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "%s", fresh);
    if (fd_write_all(fd, text, strlen(text), e) < 0)
        return err_in(e, "%s", fresh);
    return fsync(fd) < 0 ? err_sys(e, "%s", fresh) : 0;
}

static int replace(const char *path, const char *text, struct err *e)
{
    char fresh[sizeof((struct profiles *)0)->path + 8];
    (void)snprintf(fresh, sizeof fresh, "%s.XXXXXX", path);
    int rc = write_new(fresh, text, e);
    if (rc == 0 && rename(fresh, path) < 0)
        rc = err_sys(e, "%s", path);
    if (rc < 0)
        (void)unlink(fresh);
    return rc;
}

int profiles_save(const struct profiles *p, struct err *e)
{
    if (!p->path[0])
        return err_set(e, ERR_INVALID, "no place to keep profiles: HOME is not set");
    if (make_parents(p->path, e) < 0)
        return -1;
    auto_ptr char *real =
        realpath(p->path, NULL); /* it may be a link into a directory of dotfiles */
    auto_ptr char *text = json_dumps(p->tree, JSON_INDENT(2));
    must(text);
    int rc = replace(real ? real : p->path, text, e);
    explicit_bzero(text, strlen(text));
    return rc;
}

const char *profiles_current(const struct profiles *p)
{
    const char *name = json_string_value(json_object_get(p->tree, "current"));
    return name ? name : "default"; /* what login calls the first one */
}

static json_t *all(const struct profiles *p)
{
    return json_object_get(p->tree, "profiles");
}

json_t *profiles_find(const struct profiles *p, const char *name)
{
    return json_object_get(all(p), name ? name : profiles_current(p));
}

const char *profiles_server(const json_t *profile)
{
    const char *server = json_string_value(json_object_get(profile, "server"));
    return server ? server : PROFILES_SERVER;
}

static size_t without_slashes(const char *url)
{
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    return len;
}

bool profiles_same_server(const char *a, const char *b)
{
    size_t len = without_slashes(a);
    return len == without_slashes(b) && memcmp(a, b, len) == 0;
}

const char *profiles_of_server(const struct profiles *p, const char *server)
{
    const char *name;
    const json_t *profile, *current = profiles_find(p, NULL);
    if (current && profiles_same_server(profiles_server(current), server))
        return profiles_current(p);
    json_object_foreach(all(p), name, profile)
    {
        if (profiles_same_server(profiles_server(profile), server))
            return name;
    }
    return NULL;
}

bool profiles_is_empty(const struct profiles *p)
{
    return json_object_size(all(p)) == 0;
}

json_t *profiles_make(struct profiles *p, const char *name)
{
    if (!json_is_object(json_object_get(all(p), name)))
        (void)json_object_set_new(all(p), name, json_object());
    return json_object_get(all(p), name);
}

void profiles_use(struct profiles *p, const char *name)
{
    (void)json_object_set_new(p->tree, "current", json_string(name));
}

void profiles_remove(struct profiles *p, const char *name)
{
    bool current = strcmp(profiles_current(p), name) == 0; /* `name` may be the tree's own text */
    (void)json_object_del(all(p), name);
    if (current)
        (void)json_object_del(p->tree, "current");
}

bool profiles_name_ok(const char *name)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]@";
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MAX_LEN && strspn(name, plain) == len;
}
