#include "channel.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024, KEEP_MAX = 1024 * 1024 };

int channel_read(struct channel *c)
{
    buf_reserve(&c->in, READ_STEP);
    ssize_t n = read(c->fd, c->in.data + c->in.len, c->in.cap - c->in.len - 1);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 1;
    if (n <= 0)
        return 0;
    c->in.len += (size_t)n;
    return 1;
}

static void drop_used(struct channel *c)
{
    buf_consume(&c->in, c->used);
    c->used = 0;
    if (c->in.len == 0 && c->in.cap > KEEP_MAX)
        buf_done(&c->in); /* one large event must not count against the slot's memory for ever */
}

int channel_take(struct channel *c, uint8_t *ret_type, struct str *ret_payload)
{
    drop_used(c);
    struct str rest = buf_str(&c->in);
    uint32_t length;
    uint8_t flags;
    uint16_t reserved;
    if (!channel_u32(&rest, &length) || !channel_u8(&rest, ret_type) ||
        !channel_u8(&rest, &flags) || !channel_u16(&rest, &reserved) ||
        !channel_bytes(&rest, length, ret_payload))
        return 0;
    c->used = FRAME_HEADER + (size_t)length;
    return 1;
}

void channel_send(struct channel *c, enum frame_type type, unsigned flags, struct str payload)
{
    struct {
        uint32_t length;
        uint8_t type, flags;
        uint16_t reserved;
    } head = {htole32((uint32_t)payload.n), (uint8_t)type, (uint8_t)flags, 0};
    struct iovec parts[] = {{&head, sizeof head}, {(char *)payload.p, payload.n}};
    struct iovec *part = parts;
    while (part < parts + 2) {
        ssize_t n = writev(c->fd, part, (int)(parts + 2 - part));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            _exit(0);
        for (; part < parts + 2 && (size_t)n >= part->iov_len; part++)
            n -= (ssize_t)part->iov_len;
        if (part < parts + 2) {
            part->iov_base = (char *)part->iov_base + n;
            part->iov_len -= (size_t)n;
        }
    }
}

bool channel_bytes(struct str *from, size_t len, struct str *ret)
{
    if (from->n < len)
        return false;
    *ret = (struct str){from->p, len};
    *from = (struct str){from->p + len, from->n - len};
    return true;
}

bool channel_u8(struct str *from, uint8_t *ret)
{
    struct str bytes;
    if (!channel_bytes(from, sizeof *ret, &bytes))
        return false;
    *ret = (uint8_t)*bytes.p;
    return true;
}

bool channel_u16(struct str *from, uint16_t *ret)
{
    struct str bytes;
    if (!channel_bytes(from, sizeof *ret, &bytes))
        return false;
    memcpy(ret, bytes.p, sizeof *ret);
    *ret = le16toh(*ret);
    return true;
}

bool channel_u32(struct str *from, uint32_t *ret)
{
    struct str bytes;
    if (!channel_bytes(from, sizeof *ret, &bytes))
        return false;
    memcpy(ret, bytes.p, sizeof *ret);
    *ret = le32toh(*ret);
    return true;
}

bool channel_u64(struct str *from, uint64_t *ret)
{
    struct str bytes;
    if (!channel_bytes(from, sizeof *ret, &bytes))
        return false;
    memcpy(ret, bytes.p, sizeof *ret);
    *ret = le64toh(*ret);
    return true;
}
