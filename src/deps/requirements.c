#include "deps/requirements.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/must.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One requirement, lines that end with a backslash joined. */
struct line {
    struct str text; /* without a comment behind it */
    unsigned number;
};

#define ALNUM "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static int refuse(const struct line *l, const char *why, struct err *e)
{
    char quoted[64];
    return err_set(e, ERR_INVALID, "line %u, '%s': %s", l->number,
                   log_quote(l->text, quoted, sizeof quoted), why);
}

static struct str skip(struct str s, const char *set)
{
    while (s.n && memchr(set, s.p[0], strlen(set)))
        s = (struct str){s.p + 1, s.n - 1};
    return s;
}

static bool only(struct str s, const char *set)
{
    return skip(s, set).n == 0;
}

static bool has(struct str s, const char *part)
{
    return memmem(s.p, s.n, part, strlen(part)) != NULL;
}

/* --- one requirement (PEP 508) --- */

/* Takes a name off the front of `rest`; an empty view when there is none. */
static struct str take_name(struct str *rest)
{
    struct str behind = skip(*rest, ALNUM "._-");
    struct str name = {rest->p, rest->n - behind.n};
    if (!name.n || !only((struct str){name.p, 1}, ALNUM) ||
        !only((struct str){name.p + name.n - 1, 1}, ALNUM))
        return (struct str){NULL, 0};
    *rest = str_trim(behind);
    return name;
}

static int take_extras(const struct line *l, struct str *rest, struct err *e)
{
    if (!rest->n || rest->p[0] != '[')
        return 0;
    struct str behind = {rest->p + 1, rest->n - 1};
    struct str inside = str_cut(&behind, ']');
    if (!behind.p)
        return refuse(l, "the list of extras has no end: write name[extra]", e);
    while (inside.p && str_trim(inside).n) {
        struct str extra = str_trim(str_cut(&inside, ','));
        if (!take_name(&extra).n || extra.n)
            return refuse(l, "an extra is a name of letters, digits, '.', '_' and '-'", e);
    }
    *rest = str_trim(behind);
    return 0;
}

/* "--hash=sha256:..." at the end, any number of them. */
static int take_hashes(const struct line *l, struct str *rest, struct err *e)
{
    const char *at = memmem(rest->p, rest->n, "--", 2);
    struct str options = at ? (struct str){at, rest->n - (size_t)(at - rest->p)} : STR("");
    if (at)
        rest->n = (size_t)(at - rest->p);
    while (options.n) {
        struct str behind = options, option = str_cut(&behind, ' ');
        struct str value = option;
        if (!str_starts(option, STR("--hash=")))
            return refuse(l, "of options only --hash= can stand behind a package", e);
        value = (struct str){option.p + 7, option.n - 7};
        struct str kind = str_cut(&value, ':');
        if ((!str_is(kind, "sha256") && !str_is(kind, "sha384") && !str_is(kind, "sha512")) ||
            !value.n || !only(value, "0123456789abcdefABCDEF"))
            return refuse(l, "a hash is written as --hash=sha256:DIGITS", e);
        options = str_trim(behind.p ? behind : STR(""));
    }
    *rest = str_trim(*rest);
    return 0;
}

static int check_url(const struct line *l, struct str url, struct err *e)
{
    struct str address = str_trim(str_cut(&url, ';')); /* a marker may follow */
    if (str_starts(address, STR("git+")) || str_starts(address, STR("hg+")) ||
        str_starts(address, STR("svn+")) || str_starts(address, STR("bzr+")))
        return refuse(l, "repositories are not reached: name a released version", e);
    if (!str_starts(address, STR("https://")) || address.n == 8 || has(address, " "))
        return refuse(l, "behind '@' stands an address that begins with https://", e);
    return 0;
}

/* Clauses like ">=1.2", in brackets or not; then perhaps a marker, which is pip's to understand. */
static int check_versions(const struct line *l, struct str rest, struct err *e)
{
    struct str list = str_trim(str_cut(&rest, ';'));
    if (list.n > 1 && list.p[0] == '(' && list.p[list.n - 1] == ')')
        list = str_trim((struct str){list.p + 1, list.n - 2});
    while (list.p && list.n) {
        struct str clause = str_trim(str_cut(&list, ','));
        struct str version = str_trim(skip(clause, "<>=!~"));
        if (version.n == clause.n || !version.n || !only(version, ALNUM ".*+!_-"))
            return refuse(l, "write a package as name==1.2, name>=1,<2 or name", e);
    }
    return 0;
}

/* What people write that is no package; the reason says what to do instead. */
static int check_kind(const struct line *l, struct err *e)
{
    struct str s = l->text;
    if (str_starts(s, STR("-e")) || str_starts(s, STR("--editable")))
        return refuse(l, "editable installs are not possible: put the code into the function", e);
    if (str_starts(s, STR("-")))
        return refuse(l, "options do not belong here: indexes are set on the server", e);
    if (str_starts(s, STR("file:")) || strchr("./~\\", s.p[0]))
        return refuse(l, "paths are not possible: put the code into the function", e);
    if (has(s, "://") && !has(s, "@"))
        return refuse(l, "write an address as name @ https://...", e);
    return 0;
}

static int check_line(const struct line *l, struct err *e)
{
    struct str rest = l->text;
    for (size_t i = 0; i < rest.n; i++)
        if ((unsigned char)rest.p[i] < ' ' || rest.p[i] == 0x7f)
            return refuse(l, "control characters are not possible", e);
    if (check_kind(l, e) < 0)
        return -1;
    if (!take_name(&rest).n)
        return refuse(l,
                      "a package's name has letters, digits, '.', '_' and '-', and begins and ends"
                      " with a letter or digit",
                      e);
    if (rest.n && strchr("/\\:", rest.p[0]))
        return refuse(l, "paths and repositories are not possible: name a package", e);
    if (take_extras(l, &rest, e) < 0 || take_hashes(l, &rest, e) < 0)
        return -1;
    if (rest.n && rest.p[0] == '@')
        return check_url(l, str_trim((struct str){rest.p + 1, rest.n - 1}), e);
    return check_versions(l, rest, e);
}

/* --- the text --- */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *sorted(struct arena *a, const char **lines, size_t count)
{
    auto_buf struct buf out = {0};
    qsort(lines, count, sizeof *lines, by_bytes);
    for (size_t i = 0; i < count; i++)
        buf_addf(&out, "%s%s", i ? "\n" : "", lines[i]);
    return arena_dup(a, out.data ? out.data : "", out.len);
}

/* pip's rule: a comment begins at the start or behind a blank. */
static struct str without_comment(struct str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.p[i] == '#' && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
            return str_trim((struct str){s.p, i});
    return s;
}

static int add_logical(struct arena *a, struct buf *joined, unsigned number, const char **lines,
                       size_t *count, struct err *e)
{
    struct line l = {without_comment(str_trim(buf_str(joined))), number};
    int rc = 0;
    for (size_t i = 0; i < l.text.n; i++)
        if (l.text.p[i] == '\t')
            joined->data[l.text.p + i - joined->data] = ' ';
    if (l.text.n) {
        rc = check_line(&l, e);
        lines[(*count)++] = arena_dup(a, l.text.p, l.text.n);
    }
    buf_clear(joined);
    return rc;
}

/* Sorted as the documented digest wants it: line by line as they stand there. */
static void hash_lines(struct arena *a, struct str text, char ret[DIGEST_TEXT])
{
    const char *lines[REQUIREMENTS_LINES_MAX] = {0};
    size_t count = 0;
    unsigned char digest[crypto_hash_sha256_BYTES];
    while (text.p) {
        struct str line = str_trim(str_cut(&text, '\n'));
        if (line.n && line.p[0] != '#')
            lines[count++] = arena_dup(a, line.p, line.n);
    }
    const char *all = sorted(a, lines, count);
    crypto_hash_sha256(digest, (const unsigned char *)all, strlen(all));
    sodium_bin2hex(ret, DIGEST_TEXT, digest, sizeof digest);
}

static int check_size(struct str text, struct err *e)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    if (text.n > REQUIREMENTS_BYTES_MAX || lines > REQUIREMENTS_LINES_MAX)
        return err_set(e, ERR_INVALID, "requirements.txt has at most %d lines and %d KB",
                       REQUIREMENTS_LINES_MAX, REQUIREMENTS_BYTES_MAX / 1024);
    if (!str_is_utf8(text) || memchr(text.p, 0, text.n))
        return err_set(e, ERR_INVALID, "requirements.txt is UTF-8 text without NUL");
    return 0;
}

int requirements_read(struct arena *a, struct str text, struct requirements *ret, struct err *e)
{
    auto_buf struct buf joined = {0};
    const char *lines[REQUIREMENTS_LINES_MAX] = {0};
    size_t count = 0;
    unsigned number = 0, first = 0;
    text = str_trim(text);
    *ret = (struct requirements){.text = arena_dup(a, text.p, text.n), .normal = ""};
    if (!text.n)
        return 0;
    if (check_size(text, e) < 0)
        return -1;
    for (struct str rest = text; rest.p;) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        number++;
        first = joined.len ? first : number;
        if (line.n && line.p[0] == '#')
            continue;
        bool goes_on = line.n && line.p[line.n - 1] == '\\' && rest.p;
        buf_add_str(&joined, str_trim((struct str){line.p, line.n - goes_on}));
        buf_addz(&joined, " ");
        if (!goes_on && add_logical(a, &joined, first, lines, &count, e) < 0)
            return -1;
    }
    if (add_logical(a, &joined, first, lines, &count, e) < 0)
        return -1;
    ret->normal = sorted(a, lines, count);
    if (count)
        hash_lines(a, text, ret->hash);
    return 0;
}

void requirements_digest(char ret[DIGEST_TEXT], const char *const *texts)
{
    crypto_hash_sha256_state state;
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_init(&state);
    for (; *texts; texts++)
        crypto_hash_sha256_update(&state, (const unsigned char *)*texts, strlen(*texts) + 1);
    crypto_hash_sha256_final(&state, digest);
    sodium_bin2hex(ret, DIGEST_TEXT, digest, sizeof digest);
}
