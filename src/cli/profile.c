#include "cli/profile.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

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

static int find_path(char *ret, size_t size, struct err *e)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int n = -1;
    if (config && *config == '/')
        n = snprintf(ret, size, "%s/virga/profiles.json", config);
    else if (home && *home == '/')
        n = snprintf(ret, size, "%s/.config/virga/profiles.json", home);
    if (n < 0 || (size_t)n >= size)
        return err_set(e, ERR_INVALID, "no place for profiles: HOME is not set");
    return 0;
}

static int check_private(int fd, const char *path, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_sys(e, "%s", path);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
        return err_set(e, ERR_DENIED, "%s holds keys and others may read it: chmod 600 it", path);
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
    struct err homeless = {0};
    auto_fd int fd = -1;
    if (find_path(ret->path, sizeof ret->path, &homeless) == 0)
        fd = open(ret->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        ret->tree = json_pack("{s:{}}", "profiles");
        return 0;
    }
    if (check_private(fd, ret->path, e) < 0 || fd_read_all(fd, FILE_MAX, &text, e) < 0)
        return -1;
    return parse(ret, buf_str(&text), e);
}

void profiles_done(struct profiles *p)
{
    json_decref(p->tree);
    p->tree = NULL;
}

static int write_new(const char *path, const char *text, struct err *e)
{
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_sys(e, "%s", path);
    if (fd_write_all(fd, text, strlen(text), e) < 0 || fsync(fd) < 0)
        return err_in(e, "%s", path);
    return 0;
}

int profiles_save(const struct profiles *p, struct err *e)
{
    char fresh[sizeof p->path + 8];
    if (!p->path[0])
        return err_set(e, ERR_INVALID, "no place for profiles: HOME is not set");
    (void)snprintf(fresh, sizeof fresh, "%s.new", p->path);
    char *text = json_dumps(p->tree, JSON_INDENT(2));
    must(text);
    int rc = make_parents(p->path, e);
    if (rc == 0)
        rc = write_new(fresh, text, e);
    free(text);
    if (rc == 0 && rename(fresh, p->path) < 0)
        rc = err_sys(e, "%s", p->path);
    return rc;
}

const char *profiles_current(const struct profiles *p)
{
    const char *name = json_string_value(json_object_get(p->tree, "current"));
    return name ? name : "default";
}

json_t *profiles_find(const struct profiles *p, const char *name)
{
    return json_object_get(json_object_get(p->tree, "profiles"), name ? name : profiles_current(p));
}

json_t *profiles_make(struct profiles *p, const char *name)
{
    json_t *all = json_object_get(p->tree, "profiles");
    if (!json_object_get(all, name))
        json_object_set_new(all, name, json_object());
    return json_object_get(all, name);
}

void profiles_use(struct profiles *p, const char *name)
{
    json_object_set_new(p->tree, "current", json_string(name));
}

void profiles_remove(struct profiles *p, const char *name)
{
    json_object_del(json_object_get(p->tree, "profiles"), name);
}
