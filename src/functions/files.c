#include "functions/files.h"

#include "base/must.h"

#include <endian.h>
#include <string.h>

enum { HEAD = 8 };

void files_add(struct buf *out, const struct file *f)
{
    must(f->path.n <= FILE_PATH_MAX && f->bytes.n <= UINT32_MAX);
    uint16_t path_len = htole16((uint16_t)f->path.n), mode = htole16(f->mode);
    uint32_t size = htole32((uint32_t)f->bytes.n);
    buf_reserve(out, HEAD + f->path.n + f->bytes.n);
    buf_add(out, &path_len, 2);
    buf_add(out, &mode, 2);
    buf_add(out, &size, 4);
    buf_add_str(out, f->path);
    buf_add_str(out, f->bytes);
}

bool files_next(struct str *rest, struct file *ret)
{
    uint16_t path_len, mode;
    uint32_t size;
    if (rest->n < HEAD)
        return false;
    memcpy(&path_len, rest->p, 2);
    memcpy(&mode, rest->p + 2, 2);
    memcpy(&size, rest->p + 4, 4);
    size_t path = le16toh(path_len), bytes = le32toh(size);
    if (rest->n - HEAD < path + bytes)
        return false;
    ret->mode = le16toh(mode);
    ret->path = (struct str){rest->p + HEAD, path};
    ret->bytes = (struct str){rest->p + HEAD + path, bytes};
    *rest = (struct str){rest->p + HEAD + path + bytes, rest->n - HEAD - path - bytes};
    return true;
}

uint16_t files_new_mode(struct str path)
{
    return str_is(path, "bootstrap") ? 0755 : 0644;
}

bool files_is_text(struct str bytes)
{
    return (!bytes.n || !memchr(bytes.p, 0, bytes.n)) && str_is_utf8(bytes);
}

/* Does `path` read "<stem>.<extension>" for the handler "<stem with dots>.<function>"? */
static bool is_named_by(struct str path, struct str handler)
{
    size_t stem = handler.n;
    while (stem && handler.p[stem - 1] != '.')
        stem--;
    if (stem < 2 || path.n <= stem)
        return false;
    for (size_t i = 0; i < stem - 1; i++)
        if (path.p[i] != (handler.p[i] == '.' ? '/' : handler.p[i]))
            return false;
    const char *extension = path.p + stem - 1;
    return *extension == '.' && !memchr(extension + 1, '.', path.n - stem) &&
           !memchr(extension, '/', path.n - stem + 1);
}

struct file files_entry(struct str section, const char *entry_file, const char *handler)
{
    struct file named = {0}, f;
    while (files_next(&section, &f)) {
        if (str_is(f.path, entry_file))
            return f;
        if (!named.path.p && is_named_by(f.path, str_of(handler)))
            named = f;
    }
    return named;
}
