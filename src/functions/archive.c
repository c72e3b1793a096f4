/* archive — the tar format in short: each entry is a header block of 512 bytes and its bytes,
 * padded to whole blocks; two zero blocks end it. Long names come as an entry before the one they
 * belong to: type 'L' (GNU) holds the name, type 'x' (pax) holds "length key=value\n" records. */
#include "functions/archive.h"

#include "base/log.h"
#include "base/must.h"
#include "functions/tree.h"

#include <string.h>

enum {
    BLOCK = 512,
    ENTRIES_MAX = 4 * FILES_MAX, /* directories and long names count too */
};

struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
    char linkname[100], magic[6], version[2], uname[32], gname[32], major[8], minor[8];
    char prefix[155], padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

struct reader {
    struct arena *arena;
    struct str rest;
    struct str long_name; /* for the next entry; p == NULL when there is none */
    uint64_t pax_size;
    bool has_pax_size;
    struct tree_entry *entries;
    size_t count, files, headers;
};

static int refuse(struct err *e, struct str name, const char *why)
{
    char quoted[128];
    return err_set(e, ERR_INVALID, "archive entry '%s' %s", log_quote(name, quoted, sizeof quoted),
                   why);
}

/* A fixed-width field that ends at its first NUL. */
static struct str field(const char *p, size_t size)
{
    return (struct str){p, strnlen(p, size)};
}

/* Octal digits between optional blanks, or GNU's binary form with the top bit set. */
static bool number(const char *p, size_t size, uint64_t *ret)
{
    uint64_t value = 0;
    if ((unsigned char)p[0] == 0x80) {
        for (size_t i = 1; i < size; i++) {
            if (value >> 56)
                return false;
            value = value << 8 | (unsigned char)p[i];
        }
        *ret = value;
        return true;
    }
    struct str text = str_trim(field(p, size));
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '7')
            return false;
        value = value << 3 | (uint64_t)(text.p[i] - '0'); /* at most 12 digits: 36 bits */
    }
    *ret = value;
    return true;
}

/* The sum of the header's bytes with its own field read as blanks. */
static bool checksum_fits(const struct header *h)
{
    const unsigned char *bytes = (const unsigned char *)h;
    uint64_t claimed, sum = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        bool own = i >= offsetof(struct header, checksum) && i < offsetof(struct header, type);
        sum += own ? ' ' : bytes[i];
    }
    return number(h->checksum, sizeof h->checksum, &claimed) && claimed == sum;
}

static struct str without_dot_slash(struct str path)
{
    while (str_starts(path, STR("./"))) {
        path.p += 2, path.n -= 2;
        while (path.n && path.p[0] == '/')
            path.p++, path.n--;
    }
    return path;
}

/* The entry's own name: from a long-name entry before it, or prefix and name of its header. */
static struct str name_of(struct reader *r, const struct header *h)
{
    if (r->long_name.p)
        return r->long_name;
    struct str name = field(h->name, sizeof h->name);
    struct str prefix = field(h->prefix, sizeof h->prefix);
    /* Only POSIX ustar has a prefix there; GNU's old format ("ustar  ") keeps times in it. */
    if (memcmp(h->magic, "ustar\0", 6) != 0 || !prefix.n)
        return arena_str(r->arena, name);
    char *joined = arena_printf(r->arena, STR_FMT "/" STR_FMT, STR_ARG(prefix), STR_ARG(name));
    return str_of(joined);
}

static int take_blocks(struct reader *r, uint64_t size, struct str name, struct str *ret,
                       struct err *e)
{
    if (size > r->rest.n)
        return refuse(e, name, "is cut off");
    uint64_t padded = (size + BLOCK - 1) / BLOCK * BLOCK;
    *ret = (struct str){r->rest.p, (size_t)size};
    if (padded > r->rest.n)
        return refuse(e, name, "is cut off");
    r->rest = (struct str){r->rest.p + padded, r->rest.n - (size_t)padded};
    return 0;
}

/* One pax record "<length> <key>=<value>\n"; the length counts the whole record. */
static int pax_record(struct str *rest, struct str *key, struct str *value)
{
    struct str at = *rest;
    struct str digits = str_cut(&at, ' ');
    uint64_t length = 0;
    if (!at.p || digits.n > 9 || !str_to_u64(digits, &length) || length > rest->n ||
        length < digits.n + 3 || rest->p[length - 1] != '\n')
        return -1;
    *value = (struct str){at.p, (size_t)length - digits.n - 2};
    *key = str_cut(value, '=');
    *rest = (struct str){rest->p + length, rest->n - (size_t)length};
    return value->p ? 0 : -1;
}

static int take_pax(struct reader *r, struct str records, struct err *e)
{
    struct str key, value;
    while (records.n) {
        if (pax_record(&records, &key, &value) < 0)
            return err_set(e, ERR_INVALID, "the archive has a malformed pax header");
        if (str_is(key, "path"))
            r->long_name = arena_str(r->arena, value);
        else if (str_is(key, "size") && !str_to_u64(value, &r->pax_size))
            return err_set(e, ERR_INVALID, "the archive has a malformed pax size");
        else if (str_starts(key, STR("GNU.sparse.")))
            return err_set(e, ERR_INVALID, "the archive has a sparse file: pack without --sparse");
        r->has_pax_size |= str_is(key, "size");
    }
    return 0;
}

static const char *why_not(char type)
{
    switch (type) {
    case '1':
        return "is a hard link: only files and directories are taken";
    case '2':
        return "is a symbolic link: only files and directories are taken";
    case '3':
    case '4':
        return "is a device: only files and directories are taken";
    case '6':
        return "is a FIFO: only files and directories are taken";
    case 'S':
        return "is a sparse file: pack without --sparse";
    default:
        return "is of a kind that is not taken: only files and directories are";
    }
}

static int add_entry(struct reader *r, struct tree_entry *entry, struct err *e)
{
    const char *flaw = tree_path_flaw(entry->file.path);
    if (flaw)
        return refuse(e, entry->file.path, flaw);
    if (!entry->directory && ++r->files > FILES_MAX)
        return err_set(e, ERR_INVALID, "the archive has more than %d files", FILES_MAX);
    entry->place = r->count;
    r->entries[r->count++] = *entry;
    return 0;
}

static int take_directory(struct reader *r, struct str path, struct err *e)
{
    while (path.n && path.p[path.n - 1] == '/')
        path.n--;
    if (!path.n || str_is(path, ".")) /* "tar -c ." begins with the directory itself */
        return 0;
    return add_entry(r, &(struct tree_entry){.file.path = path, .directory = true}, e);
}

static int take_file(struct reader *r, const struct header *h, struct str path, uint64_t size,
                     struct err *e)
{
    uint64_t mode;
    struct tree_entry entry = {.file.path = path};
    if (!number(h->mode, sizeof h->mode, &mode))
        return refuse(e, path, "has a malformed mode");
    entry.file.mode = mode & 0100 ? 0755 : 0644;
    if (take_blocks(r, size, path, &entry.file.bytes, e) < 0)
        return -1;
    return add_entry(r, &entry, e);
}

/* Entries that describe the one after them. 1 when this was one. */
static int take_extension(struct reader *r, const struct header *h, uint64_t size, struct err *e)
{
    struct str bytes;
    if (!memchr("LKxg", h->type, 4))
        return 0;
    if (take_blocks(r, size, field(h->name, sizeof h->name), &bytes, e) < 0)
        return -1;
    if (h->type == 'L')
        r->long_name = arena_str(r->arena, field(bytes.p, bytes.n));
    else if (h->type == 'x' && take_pax(r, bytes, e) < 0)
        return -1;
    return 1; /* 'K' names the target of a link, which is refused; 'g' holds comments */
}

static int take_entry(struct reader *r, const struct header *h, struct err *e)
{
    struct str name = name_of(r, h);
    uint64_t size;
    if (!number(h->size, sizeof h->size, &size))
        return refuse(e, name, "has a malformed size");
    int extension = take_extension(r, h, size, e);
    if (extension)
        return extension < 0 ? -1 : 0;
    if (r->has_pax_size)
        size = r->pax_size;
    r->long_name = (struct str){NULL, 0};
    r->has_pax_size = false;
    struct str path = without_dot_slash(name);
    if (h->type == '5')
        return take_directory(r, path, e);
    if (h->type == '0' || h->type == 0)
        return take_file(r, h, path, size, e);
    return refuse(e, name, why_not(h->type));
}

static int check_start(struct str tar, struct err *e)
{
    static const struct str magics[] = {
        {"\x1f\x8b", 2},         /* gzip */
        {"BZh91AY&SY", 10},      /* bzip2 */
        {"\xfd\x37zXZ", 5},      /* xz */
        {"\x28\xb5\x2f\xfd", 4}, /* zstd */
        {"PK\x03\x04", 4},       /* zip */
    };
    for (size_t i = 0; i < ARRAY_LEN(magics); i++)
        if (str_starts(tar, magics[i]))
            return err_set(e, ERR_INVALID, "the archive is compressed: send a plain tar");
    if (!tar.n)
        return err_set(e, ERR_INVALID, "the archive is empty");
    return 0;
}

static bool is_zero(const char *p, size_t n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static int read_entries(struct reader *r, struct err *e)
{
    while (r->rest.n >= BLOCK) {
        const struct header *h = (const struct header *)(const void *)r->rest.p;
        if (is_zero(r->rest.p, BLOCK))
            return is_zero(r->rest.p, r->rest.n)
                       ? 0
                       : err_set(e, ERR_INVALID, "the archive goes on behind its end");
        if (!checksum_fits(h))
            return err_set(e, ERR_INVALID, "this is no tar archive, or it is damaged");
        if (++r->headers > ENTRIES_MAX)
            return err_set(e, ERR_INVALID, "the archive has more than %d entries", ENTRIES_MAX);
        r->rest = (struct str){r->rest.p + BLOCK, r->rest.n - BLOCK};
        if (take_entry(r, h, e) < 0)
            return -1;
    }
    return err_set(e, ERR_INVALID, "the archive is cut off: it has no end mark");
}

int archive_read(struct arena *a, struct str tar, struct archive *ret, struct err *e)
{
    struct reader r = {.arena = a, .rest = tar};
    const char *why = NULL;
    if (check_start(tar, e) < 0)
        return -1;
    size_t most = tar.n / BLOCK;
    r.entries = arena_alloc(a, sizeof *r.entries * (most < ENTRIES_MAX ? most : ENTRIES_MAX));
    if (read_entries(&r, e) < 0)
        return -1;
    const struct tree_entry *clash = tree_sort(r.entries, r.count, &why);
    if (clash)
        return refuse(e, clash->file.path, why);
    ret->files = arena_alloc(a, sizeof *ret->files * (r.files + 1));
    ret->count = 0;
    for (size_t i = 0; i < r.count; i++)
        if (!r.entries[i].directory)
            ret->files[ret->count++] = r.entries[i].file;
    return 0;
}
