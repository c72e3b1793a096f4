/* The configuration files of pip and npm, as far as they say where packages come from. */
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "deps/index_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 256 << 10 };

/* 1: there is none, or not for us: then nobody's pip or npm would read it either. */
static int read_file(const char *path, struct buf *ret, struct err *e)
{
    if (access(path, R_OK) < 0)
        return 1;
    if (fd_read_file(path, FILE_MAX, ret, e) < 0)
        return err_in(e, "read '%s'", path);
    return 0;
}

static char **pip_slot(struct index *x, struct str name)
{
    const struct {
        const char *name;
        char **slot;
    } rows[] = {
        {"index-url", &x->python_url},  {"extra-index-url", &x->python_extra},
        {"find-links", &x->find_links}, {"trusted-host", &x->trusted},
        {"proxy", &x->proxy},           {"cert", &x->ca_file},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_is(name, rows[i].name))
            return rows[i].slot;
    return NULL;
}

/* pip writes names with either dash. */
static void plain_name(struct str text, char *out, size_t size)
{
    size_t n = text.n < size ? text.n : size - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = text.p[i] == '_' ? '-' : (char)tolower((unsigned char)text.p[i]);
    out[n] = 0;
}

static void add_value(struct buf *value, struct str line)
{
    if (line.n) {
        buf_addz(value, value->len ? " " : "");
        buf_add_str(value, line);
    }
}

/* One pass for one section: that of a command wins over [global]. */
static void read_section(struct index *x, struct str text, const char *section)
{
    bool inside = false;
    char **slot = NULL;
    auto_buf struct buf value = {0};
    while (text.n) {
        struct str whole = str_cut(&text, '\n'), line = str_trim(whole);
        if (!line.n || *line.p == '#' || *line.p == ';')
            continue;
        if (slot && isspace((unsigned char)*whole.p)) { /* the value goes on */
            add_value(&value, line);
            continue;
        }
        if (slot)
            index_say(slot, buf_str(&value));
        slot = NULL;
        buf_clear(&value);
        if (*line.p == '[') {
            inside = str_is(line, section);
        } else if (inside) {
            char name[64];
            size_t at = strcspn(line.p, "=:\n");
            at = at < line.n ? at : line.n;
            plain_name(str_trim((struct str){line.p, at}), name, sizeof name);
            slot = pip_slot(x, str_of(name));
            if (at < line.n)
                add_value(&value, str_trim((struct str){line.p + at + 1, line.n - at - 1}));
        }
    }
    if (slot)
        index_say(slot, buf_str(&value));
}

int index_pip_file(struct index *x, const char *path, struct err *e)
{
    auto_buf struct buf text = {0};
    int result = read_file(path, &text, e);
    if (result)
        return result < 0 ? -1 : 0;
    read_section(x, buf_str(&text), "[install]");
    read_section(x, buf_str(&text), "[global]");
    return 0;
}

/* npm puts variables in for ${NAME}; tokens are often given so. */
static void expand(struct str text, struct buf *out)
{
    while (text.n) {
        const char *end =
            text.n > 3 && text.p[0] == '$' && text.p[1] == '{' ? memchr(text.p, '}', text.n) : NULL;
        if (!end) {
            buf_add(out, text.p, 1);
            text = (struct str){text.p + 1, text.n - 1};
            continue;
        }
        auto_ptr char *name = mem_dup(text.p + 2, (size_t)(end - text.p) - 2);
        buf_addz(out, getenv(name) ? getenv(name) : "");
        text = (struct str){end + 1, text.n - (size_t)(end + 1 - text.p)};
    }
}

static struct str unquoted(struct str s)
{
    if (s.n >= 2 && (*s.p == '"' || *s.p == '\'') && s.p[s.n - 1] == *s.p)
        return (struct str){s.p + 1, s.n - 2};
    return s;
}

static void take_setting(struct index *x, struct str name, struct str value)
{
    const struct {
        const char *name;
        char **slot;
    } rows[] = {
        {"registry", &x->node_url},
        {"cafile", &x->ca_file},
        {"https-proxy", &x->proxy},
        {"proxy", &x->proxy},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_is(name, rows[i].name))
            index_say(rows[i].slot, value);
    bool login = str_starts(name, STR("//"));
    if (login && value.n)
        index_secret(x, value);
    if (login || (*name.p == '@' && str_ends(name, STR(":registry"))))
        buf_addf(&x->npmrc, STR_FMT "=" STR_FMT "\n", STR_ARG(name), STR_ARG(value));
}

int index_npm_file(struct index *x, const char *path, struct err *e)
{
    auto_buf struct buf text = {0};
    int result = read_file(path, &text, e);
    if (result)
        return result < 0 ? -1 : 0;
    for (struct str rest = buf_str(&text); rest.n;) {
        auto_buf struct buf line = {0};
        expand(str_trim(str_cut(&rest, '\n')), &line);
        struct str value = buf_str(&line), name = str_trim(str_cut(&value, '='));
        if (name.n && *name.p != '#' && *name.p != ';' && value.p)
            take_setting(x, name, unquoted(str_trim(value)));
    }
    return 0;
}
