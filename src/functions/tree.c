#include "functions/tree.h"

#include <stdlib.h>

static const char *segment_flaw(struct str segment)
{
    if (!segment.n)
        return "has an empty path segment";
    if (str_is(segment, ".") || str_is(segment, ".."))
        return "has a '.' or '..' in its path";
    if (segment.n > FILE_NAME_MAX)
        return "has a name longer than 255 bytes";
    return NULL;
}

const char *tree_path_flaw(struct str path)
{
    if (path.n > FILE_PATH_MAX)
        return "has a path longer than 1024 bytes";
    if (path.n && path.p[0] == '/')
        return "has an absolute path";
    for (size_t i = 0; i < path.n; i++)
        if ((unsigned char)path.p[i] < 0x20 || path.p[i] == 0x7f)
            return "has a control character in its path";
    if (!str_is_utf8(path))
        return "has a path that is not UTF-8";
    const char *flaw = NULL;
    struct str rest = path;
    do
        flaw = segment_flaw(str_cut(&rest, '/'));
    while (!flaw && rest.p);
    return flaw;
}

/* '/' sorts before every other byte, so that a directory is followed at once by what is in it. */
static int compare_paths(struct str x, struct str y)
{
    for (size_t i = 0; i < x.n && i < y.n; i++) {
        int p = x.p[i] == '/' ? 0 : (unsigned char)x.p[i];
        int q = y.p[i] == '/' ? 0 : (unsigned char)y.p[i];
        if (p != q)
            return p - q;
    }
    return x.n < y.n ? -1 : x.n > y.n;
}

static int compare(const void *a, const void *b)
{
    const struct tree_entry *x = a, *y = b;
    int order = compare_paths(x->file.path, y->file.path);
    return order ? order : x->place < y->place ? -1 : x->place > y->place;
}

static bool is_inside(struct str path, struct str directory)
{
    return path.n > directory.n && path.p[directory.n] == '/' && str_starts(path, directory);
}

/* Of two neighbours, the one that cannot stand there. */
static const struct tree_entry *clash(const struct tree_entry *before, const struct tree_entry *now,
                                      const char **ret_why)
{
    bool same = str_eq(before->file.path, now->file.path);
    if (same && !before->directory && !now->directory) {
        *ret_why = "stands there twice";
        return now;
    }
    if ((same && before->directory != now->directory) ||
        (!before->directory && is_inside(now->file.path, before->file.path))) {
        *ret_why = "is both a file and a directory";
        return before;
    }
    return NULL;
}

const struct tree_entry *tree_sort(struct tree_entry *entries, size_t count, const char **ret_why)
{
    const struct tree_entry *wrong = NULL;
    qsort(entries, count, sizeof *entries, compare);
    for (size_t i = 1; i < count && !wrong; i++)
        wrong = clash(&entries[i - 1], &entries[i], ret_why);
    return wrong;
}

static int compare_to_key(const void *key, const void *entry)
{
    return compare_paths(*(const struct str *)key, ((const struct tree_entry *)entry)->file.path);
}

const struct tree_entry *tree_find(const struct tree_entry *entries, size_t count, struct str path)
{
    return count ? bsearch(&path, entries, count, sizeof *entries, compare_to_key) : NULL;
}
