#include "channel.h"

#include "../common/frames.h"
#include "base/mem.h"
#include "engine/frame.h"

#include <string.h>
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
    uint16_t kind;
    if (!frames_u32(&rest, &length) || !frames_u16(&rest, &kind) ||
        !frames_u16(&rest, &ret->call)) {
        make_room(c, CHANNEL_BUFFER);
        return 0;
    }
    if (length > CHANNEL_PAYLOAD)
        return -1;
    if (!frames_bytes(&rest, length, &ret->payload)) {
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
