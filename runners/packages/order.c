#include "work.h"

#include "base/fd.h"
#include "base/mem.h"
#include "../common/frames.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_exactly(int fd, void *p, size_t len, struct err *e)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = read(fd, (char *)p + at, len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, "read from the server");
        if (n == 0)
            return err_set(e, ERR_UNAVAILABLE, "the server has closed the socket");
        at += (size_t)n;
    }
    return 0;
}

static int read_frame(int fd, uint8_t *ret_type, struct buf *ret, struct err *e)
{
    struct {
        uint32_t length;
        uint8_t type, flags;
        uint16_t call;
    } head;
    if (read_exactly(fd, &head, sizeof head, e) < 0)
        return -1;
    size_t len = le32toh(head.length);
    if (len > WIRE_FILE_MAX + WIRE_NAME_MAX + 1)
        return err_set(e, ERR_TOO_LARGE, "a frame of %zu bytes", len);
    buf_clear(ret);
    buf_reserve(ret, len + 1);
    *ret_type = head.type;
    if (read_exactly(fd, ret->data, len, e) < 0)
        return -1;
    ret->len = len;
    ret->data[len] = 0;
    return 0;
}

static int keep_env(struct work *w, struct str text, struct err *e)
{
    if (w->env_count + 1 >= WORK_ENV_MAX)
        return err_set(e, ERR_LIMIT, "more than %d variables", WORK_ENV_MAX - 1);
    w->env[w->env_count++] = mem_dup(text.p, text.n);
    return 0;
}

static int put_file(struct str payload, struct err *e)
{
    uint8_t len = 0;
    struct str name;
    char text[256];
    if (!frames_u8(&payload, &len) || !frames_bytes(&payload, len, &name) || !len ||
        memchr(name.p, '/', name.n) || memchr(name.p, 0, name.n))
        return err_set(e, ERR_MALFORMED, "a file without a name");
    memcpy(text, name.p, name.n);
    text[name.n] = 0;
    auto_fd int home = fd_open_beneath(AT_FDCWD, "home", O_RDONLY | O_DIRECTORY, 0, e);
    return home < 0 ? -1 : fd_write_file(home, text, payload.p, payload.n, 0600, e);
}

static int run_order(struct work *w, struct str payload, struct err *e)
{
    uint8_t language;
    if (!frames_u8(&payload, &language) || language > WIRE_NODE)
        return err_set(e, ERR_MALFORMED, "an order for no language");
    w->language = language;
    return 1;
}

/* 1: the order is complete. */
static int take(struct work *w, uint8_t type, struct str payload, struct err *e)
{
    switch (type) {
    case WIRE_ENV:
        return keep_env(w, payload, e);
    case WIRE_FILE:
        return put_file(payload, e);
    case WIRE_ASK:
        return manager_index(w, payload.n && *payload.p ? WIRE_NODE : WIRE_PYTHON, e);
    case WIRE_RUN:
        return run_order(w, payload, e);
    default:
        return err_set(e, ERR_MALFORMED, "a frame of type %u", type);
    }
}

int order_read(struct work *w, struct err *e)
{
    auto_buf struct buf payload = {0};
    uint8_t type = 0;
    int done = 0;
    while (done == 0) {
        if (read_frame(w->sock, &type, &payload, e) < 0)
            return -1;
        done = take(w, type, buf_str(&payload), e);
    }
    return done < 0 ? -1 : 0;
}
