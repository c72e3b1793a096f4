#include "cli/tar.h"

#include "base/must.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 512 };

struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
    char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155];
    char rest[12];
};
static_assert(sizeof(struct header) == BLOCK, "a ustar header is one block");

static size_t padding(size_t size)
{
    return (BLOCK - size % BLOCK) % BLOCK;
}

static void add_padded(struct buf *out, struct str bytes)
{
    static const char zeros[BLOCK];
    buf_add_str(out, bytes);
    buf_add(out, zeros, padding(bytes.n));
}

/* Where ustar cuts a path into prefix and name: the index of a "/", 0 when name alone holds it, -1
 * when there is no such place. */
static int split(const char *path)
{
    const struct header *h = NULL;
    size_t len = strlen(path);
    if (len <= sizeof h->name)
        return 0;
    for (size_t i = len - sizeof h->name - 1; i < len - 1 && i <= sizeof h->prefix; i++)
        if (i > 0 && path[i] == '/')
            return (int)i;
    return -1;
}

static void octal(char *field, size_t size, size_t value)
{
    must((unsigned)snprintf(field, size, "%0*zo", (int)size - 1, value) < size);
}

static void put_path(struct header *h, const char *path)
{
    int cut = split(path);
    const char *name = cut > 0 ? path + cut + 1 : path;
    if (cut > 0)
        memcpy(h->prefix, path, (size_t)cut);
    memcpy(h->name, name, strnlen(name, sizeof h->name)); /* a pax header says the rest */
}

static void add_header(struct buf *out, char type, const char *path, mode_t mode, size_t size)
{
    struct header h = {.type = type, .magic = "ustar", .version = {'0', '0'}};
    put_path(&h, path);
    octal(h.mode, sizeof h.mode, mode & 0777);
    octal(h.uid, sizeof h.uid, 0);
    octal(h.gid, sizeof h.gid, 0);
    octal(h.size, sizeof h.size, size);
    octal(h.mtime, sizeof h.mtime, 0);
    memset(h.checksum, ' ', sizeof h.checksum); /* counts as blanks in its own sum */
    size_t sum = 0;
    for (size_t i = 0; i < sizeof h; i++)
        sum += ((const unsigned char *)&h)[i];
    octal(h.checksum, sizeof h.checksum - 1, sum);
    buf_add(out, &h, sizeof h);
}

static size_t digits(size_t n)
{
    return n < 10 ? 1 : 1 + digits(n / 10);
}

/* A record's length counts its own digits. */
static size_t record_size(const char *path)
{
    size_t body = strlen(" path=\n") + strlen(path), size = body + digits(body);
    return body + digits(size);
}

static void add_pax(struct buf *out, const char *path)
{
    auto_buf struct buf record = {0};
    buf_addf(&record, "%zu path=%s\n", record_size(path), path);
    must(record.len == record_size(path));
    add_header(out, 'x', "././@PaxHeader", 0644, record.len);
    add_padded(out, buf_str(&record));
}

void tar_add_file(struct buf *out, const char *path, mode_t mode, struct str bytes)
{
    if (split(path) < 0)
        add_pax(out, path);
    add_header(out, '0', path, mode, bytes.n);
    add_padded(out, bytes);
}

void tar_finish(struct buf *out)
{
    static const char zeros[2 * BLOCK];
    buf_add(out, zeros, sizeof zeros);
}

size_t tar_entry_size(const char *path, size_t size)
{
    size_t pax = split(path) < 0 ? BLOCK + record_size(path) + padding(record_size(path)) : 0;
    return pax + BLOCK + size + padding(size);
}
