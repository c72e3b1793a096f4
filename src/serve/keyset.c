#include "serve/keyset.h"

#include "base/fd.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEY_MAX = 4096 };

static const struct {
    const char *name;
    bool needed;
} files[KEYSET_FILES] = {{"secret.key", true}, {"token.key", true}, {"secret.key.new", false}};

int keyset_read(int dir, struct keyset *ret, struct err *e)
{
    for (size_t i = 0; i < KEYSET_FILES; i++) {
        auto_fd int fd = openat(dir, files[i].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno != ENOENT)
            return err_sys(e, "open '%s'", files[i].name);
        if (fd >= 0 && fd_read_all(fd, KEY_MAX, &ret->text[i], e) < 0)
            return err_in(e, "'%s'", files[i].name);
    }
    return 0;
}

static int write_synced(int dir, const char *name, struct str bytes, struct err *e)
{
    (void)unlinkat(dir, name, 0); /* of one that was interrupted */
    auto_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(e, "create '%s'", name);
    if (fd_write_all(fd, bytes.p, bytes.n, e) < 0)
        return err_in(e, "'%s'", name);
    return fsync(fd) < 0 ? err_sys(e, "sync '%s'", name) : 0;
}

static int write_one(int dir, const char *name, const struct buf *text, struct err *e)
{
    char beside[32];
    snprintf(beside, sizeof beside, "%s.part", name);
    if (write_synced(dir, beside, buf_str(text), e) < 0)
        return -1;
    return renameat(dir, beside, dir, name) < 0 ? err_sys(e, "put '%s' in place", name) : 0;
}

int keyset_write(int dir, const struct keyset *k, struct err *e)
{
    for (size_t i = 0; i < KEYSET_FILES; i++) {
        if (k->text[i].len) {
            if (write_one(dir, files[i].name, &k->text[i], e) < 0)
                return -1;
        } else if (!files[i].needed && unlinkat(dir, files[i].name, 0) < 0 && errno != ENOENT) {
            return err_sys(e, "remove '%s'", files[i].name);
        }
    }
    return fsync(dir) < 0 ? err_sys(e, "sync the keys' directory") : 0;
}

const char *keyset_differs(const struct keyset *needed, const struct keyset *ours)
{
    for (size_t i = 0; i < KEYSET_FILES; i++)
        if (needed->text[i].len && !str_eq(buf_str(&needed->text[i]), buf_str(&ours->text[i])))
            return files[i].name;
    return NULL;
}

int keyset_check(const struct keyset *k, struct err *e)
{
    for (size_t i = 0; i < KEYSET_FILES; i++)
        if (files[i].needed && !k->text[i].len)
            return err_set(e, ERR_NOT_FOUND, "there is no '%s'", files[i].name);
    return 0;
}

void keyset_done(struct keyset *k)
{
    for (size_t i = 0; i < KEYSET_FILES; i++) {
        if (k->text[i].data)
            explicit_bzero(k->text[i].data, k->text[i].cap);
        buf_done(&k->text[i]);
    }
}
