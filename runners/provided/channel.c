#include "channel.h"

#include <errno.h>
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
    uint16_t call;
    if (!frames_u32(&rest, &length) || !frames_u8(&rest, ret_type) || !frames_u8(&rest, &flags) ||
        !frames_u16(&rest, &call) || !frames_bytes(&rest, length, ret_payload))
        return 0;
    c->call = call;
    c->used = FRAME_HEADER + (size_t)length;
    return 1;
}

void channel_send(struct channel *c, enum frame_type type, unsigned flags, struct str payload)
{
    if (frames_send(c->fd, (uint8_t)type, (uint8_t)flags, c->call, payload) < 0)
        _exit(0);
}
