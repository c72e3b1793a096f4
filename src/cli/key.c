#include "cli/key.h"

#include "base/fd.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { KEY_MAX = 8192 }; /* a token of an external issuer is long */

/* Visible ASCII only: a line end would add a header of its own. */
static bool is_wellformed(struct str key)
{
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] <= ' ' || key.p[i] > '~')
            return false;
    return key.n > 0;
}

int key_take(const char *text, const char *from, struct buf *ret, struct err *e)
{
    struct str key = str_trim(str_of(text));
    if (!is_wellformed(key))
        return err_set(e, ERR_INVALID, "the key from %s is empty or holds spaces or control bytes",
                       from);
    buf_add_str(ret, key);
    return 0;
}

static int read_key(const char *path, struct buf *ret, struct err *e)
{
    struct stat st;
    auto_buf struct buf text = {0};
    auto_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(e, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INVALID, "%s: no regular file", path);
    if (fd_read_all(fd, KEY_MAX, &text, e) < 0)
        return err_in(e, "%s", path);
    int rc = key_take(text.data, path, ret, e);
    if (text.data)
        explicit_bzero(text.data, text.len);
    return rc;
}

static void look(const char *dir, struct buf *ret, struct buf *ret_note)
{
    struct err e = {0};
    auto_buf struct buf path = {0};
    if (!dir || !*dir || ret->len > 0)
        return;
    buf_addf(&path, "%s/owner.key", dir);
    if (read_key(path.data, ret, &e) < 0) {
        buf_addf(ret_note, "\n  %s", e.text);
        return;
    }
    buf_clear(ret_note);
    buf_add_str(ret_note, buf_str(&path));
}

void key_look(bool loopback, struct buf *ret, struct buf *ret_note)
{
    buf_addz(ret_note, "no key: sign in with 'virga login', or give --key or VIRGA_KEY");
    if (!loopback) {
        buf_addz(ret_note, " (key files are used for a server on this machine only)");
        return;
    }
    buf_addz(ret_note, ", or run as a user who may read the server's owner.key; looked at:");
    const char *const dirs[] = {getenv("VIRGA_DATA_DIR"), "./var", "/var/lib/virga"};
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        look(dirs[i], ret, ret_note);
}
