#include "channel.h"

#include "base/mem.h"
#include "engine/frame.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    CHANNEL_BUFFER = 1 << 16, /* a usual call arrives in one read */
    CHANNEL_KEEP = 1 << 20, /* a larger buffer is given back: its memory counts towards the limit */
    CHANNEL_PAYLOAD = 1 << 30, /* no frame is longer: the server bounds code and events far below */
};

void channel_init(struct channel *c, int fd)
{
    *c = (struct channel){
        .fd = fd, .data = mem_realloc(NULL, CHANNEL_BUFFER), .cap = CHANNEL_BUFFER};
}

void channel_done(struct channel *c)
{
    free(c->data);
    *c = (struct channel){.fd = -1};
}

/* Moves what is left to the front and makes room for `need` bytes in all. */
static void make_room(struct channel *c, size_t need)
{
    if (c->at) {
        memmove(c->data, c->data + c->at, c->len - c->at);
        c->len -= c->at;
        c->at = 0;
    }
    bool shrink = c->cap > CHANNEL_KEEP && need <= CHANNEL_BUFFER && c->len <= CHANNEL_BUFFER;
    if (need <= c->cap && !shrink)
        return;
    c->cap = shrink ? CHANNEL_BUFFER : need;
    c->data = mem_realloc(c->data, c->cap);
}

int channel_next(struct channel *c, struct channel_frame *ret)
{
    struct str rest = {c->data + c->at, c->len - c->at};
    uint32_t length;
    uint16_t kind, reserved;
    if (!channel_u32(&rest, &length) || !channel_u16(&rest, &kind) ||
        !channel_u16(&rest, &reserved)) {
        make_room(c, CHANNEL_BUFFER);
        return 0;
    }
    if (reserved || length > CHANNEL_PAYLOAD)
        return -1;
    if (!channel_bytes(&rest, length, &ret->payload)) {
        make_room(c, FRAME_HEADER + (size_t)length);
        return 0;
    }
    ret->type = (uint8_t)kind;
    ret->flags = (uint8_t)(kind >> 8);
    c->at += FRAME_HEADER + (size_t)length;
    return 1;
}

int channel_fill(struct channel *c)
{
    ssize_t n = read(c->fd, c->data + c->len, c->cap - c->len);
    if (n <= 0)
        return (int)n;
    c->len += (size_t)n;
    return 1;
}

int channel_send(int fd, uint8_t type, uint8_t flags, struct str payload)
{
    uint32_t length = htole32((uint32_t)payload.n);
    char head[FRAME_HEADER] = {0};
    memcpy(head, &length, sizeof length);
    head[4] = (char)type;
    head[5] = (char)flags;
    struct iovec parts[2] = {{head, sizeof head}, {(void *)(uintptr_t)payload.p, payload.n}};
    struct iovec *part = parts;
    int count = payload.n ? 2 : 1;
    while (count) {
        ssize_t n = writev(fd, part, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        for (; count && (size_t)n >= part->iov_len; part++, count--)
            n -= (ssize_t)part->iov_len;
        if (count) {
            part->iov_base = (char *)part->iov_base + n;
            part->iov_len -= (size_t)n;
        }
    }
    return 0;
}

bool channel_bytes(struct str *from, size_t len, struct str *ret)
{
    if (from->n < len)
        return false;
    *ret = (struct str){from->p, len};
    *from = (struct str){from->p + len, from->n - len};
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
