#include "wire.h"

#include "base/mem.h"
#include "engine/frame.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    WIRE_BUFFER = 1 << 16,  /* a usual call arrives in one read */
    WIRE_KEEP = 1 << 20,    /* a larger buffer is given back: its memory counts towards the limit */
    WIRE_PAYLOAD = 1 << 30, /* no frame is longer: the server bounds code and events far below */
};

void wire_init(struct wire *w, int fd)
{
    *w = (struct wire){.fd = fd, .data = mem_realloc(NULL, WIRE_BUFFER), .cap = WIRE_BUFFER};
}

void wire_done(struct wire *w)
{
    free(w->data);
    *w = (struct wire){.fd = -1};
}

/* Moves what is left to the front and makes room for `need` bytes in all. */
static void make_room(struct wire *w, size_t need)
{
    if (w->at) {
        memmove(w->data, w->data + w->at, w->len - w->at);
        w->len -= w->at;
        w->at = 0;
    }
    bool shrink = w->cap > WIRE_KEEP && need <= WIRE_BUFFER && w->len <= WIRE_BUFFER;
    if (need <= w->cap && !shrink)
        return;
    w->cap = shrink ? WIRE_BUFFER : need;
    w->data = mem_realloc(w->data, w->cap);
}

int wire_next(struct wire *w, struct wire_frame *ret)
{
    struct str rest = {w->data + w->at, w->len - w->at};
    uint32_t length;
    uint16_t kind, reserved;
    if (!wire_u32(&rest, &length) || !wire_u16(&rest, &kind) || !wire_u16(&rest, &reserved)) {
        make_room(w, WIRE_BUFFER);
        return 0;
    }
    if (reserved || length > WIRE_PAYLOAD)
        return -1;
    if (!wire_bytes(&rest, length, &ret->payload)) {
        make_room(w, FRAME_HEADER + (size_t)length);
        return 0;
    }
    ret->type = (uint8_t)kind;
    ret->flags = (uint8_t)(kind >> 8);
    w->at += FRAME_HEADER + (size_t)length;
    return 1;
}

int wire_fill(struct wire *w)
{
    ssize_t n = read(w->fd, w->data + w->len, w->cap - w->len);
    if (n <= 0)
        return (int)n;
    w->len += (size_t)n;
    return 1;
}

int wire_send(int fd, uint8_t type, uint8_t flags, struct str payload)
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

bool wire_bytes(struct str *from, size_t len, struct str *ret)
{
    if (from->n < len)
        return false;
    *ret = (struct str){from->p, len};
    *from = (struct str){from->p + len, from->n - len};
    return true;
}

bool wire_u16(struct str *from, uint16_t *ret)
{
    struct str bytes;
    if (!wire_bytes(from, sizeof *ret, &bytes))
        return false;
    memcpy(ret, bytes.p, sizeof *ret);
    *ret = le16toh(*ret);
    return true;
}

bool wire_u32(struct str *from, uint32_t *ret)
{
    struct str bytes;
    if (!wire_bytes(from, sizeof *ret, &bytes))
        return false;
    memcpy(ret, bytes.p, sizeof *ret);
    *ret = le32toh(*ret);
    return true;
}

bool wire_u64(struct str *from, uint64_t *ret)
{
    struct str bytes;
    if (!wire_bytes(from, sizeof *ret, &bytes))
        return false;
    memcpy(ret, bytes.p, sizeof *ret);
    *ret = le64toh(*ret);
    return true;
}
