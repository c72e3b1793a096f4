#include "work.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

enum { METADATA_MAX = 1 << 20 };

static int send_package(struct work *w, struct str name, struct str version, struct err *e)
{
    auto_buf struct buf text = {0};
    if (!name.n || name.n > WIRE_NAME_MAX || version.n > WIRE_VERSION_MAX)
        return err_set(e, ERR_INVALID, "a package's name or version is too long");
    uint8_t len = (uint8_t)name.n;
    buf_add(&text, &len, 1);
    buf_add_str(&text, name);
    buf_add_str(&text, version);
    return work_send(w, WIRE_PACKAGE, buf_str(&text), e);
}

/* The headers of METADATA (PEP 566) end at the first empty line. */
static struct str header(struct str text, const char *name)
{
    size_t n = strlen(name);
    while (text.n) {
        struct str line = str_cut(&text, '\n');
        if (!str_trim(line).n)
            break;
        if (line.n > n && strncasecmp(line.p, name, n) == 0 && line.p[n] == ':')
            return str_trim((struct str){line.p + n + 1, line.n - n - 1});
    }
    return STR("");
}

static int send_distribution(struct work *w, int dir, const char *name, struct err *e)
{
    char path[300];
    auto_buf struct buf text = {0};
    snprintf(path, sizeof path, "%s/METADATA", name);
    auto_fd int fd = fd_open_beneath(dir, path, O_RDONLY | O_NONBLOCK, 0, e);
    if (fd < 0 || fd_read_all(fd, METADATA_MAX, &text, e) < 0)
        return err_in(e, "read '%s'", path);
    return send_package(w, header(buf_str(&text), "Name"), header(buf_str(&text), "Version"), e);
}

static int send_python(struct work *w, struct err *e)
{
    DIR *list = opendir("layer/python");
    if (!list)
        return err_sys(e, "list 'layer/python'");
    int result = 0;
    for (struct dirent *d; result == 0 && (d = readdir(list));)
        if (str_ends(str_of(d->d_name), STR(".dist-info")))
            result = send_distribution(w, dirfd(list), d->d_name, e);
    closedir(list);
    return result;
}

/* "node_modules/a/node_modules/@b/c" is the package "@b/c". */
static const char *name_of(const char *path)
{
    const char *found = path;
    for (const char *p = path; (p = strstr(p, "node_modules/"));)
        found = p += strlen("node_modules/");
    return found;
}

static int send_modules(struct work *w, json_t *packages, struct err *e)
{
    const char *path;
    json_t *value;
    json_object_foreach(packages, path, value)
    {
        const char *version = json_string_value(json_object_get(value, "version"));
        if (*path && version && send_package(w, str_of(name_of(path)), str_of(version), e) < 0)
            return -1;
    }
    return 0;
}

static int send_lock(struct work *w, struct str text, struct err *e)
{
    while (text.n) {
        size_t n = text.n < WIRE_FRAME_MAX ? text.n : WIRE_FRAME_MAX;
        if (work_send(w, WIRE_LOCK, (struct str){text.p, n}, e) < 0)
            return -1;
        text = (struct str){text.p + n, text.n - n};
    }
    return 0;
}

static int send_node(struct work *w, struct err *e)
{
    auto_buf struct buf text = {0};
    auto_fd int fd = fd_open_beneath(AT_FDCWD, "layer/package-lock.json", O_RDONLY, 0, e);
    if (fd < 0 || fd_read_all(fd, WIRE_LOCK_MAX, &text, e) < 0)
        return -1;
    json_t *lock = json_loadb(text.data ? text.data : "", text.len, 0, NULL);
    int result = send_modules(w, json_object_get(lock, "packages"), e);
    json_decref(lock);
    return result < 0 ? -1 : send_lock(w, buf_str(&text), e);
}

int packages_send(struct work *w, struct err *e)
{
    return w->language == WIRE_NODE ? send_node(w, e) : send_python(w, e);
}
