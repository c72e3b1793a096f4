#include "engine/frame.h"

#include "base/must.h"

#include <endian.h>
#include <string.h>

struct header {
    uint32_t length;
    uint8_t type;
    uint8_t flags;
    uint16_t call;
};
static_assert(sizeof(struct header) == FRAME_HEADER, "the header has no padding");

/* What a runner may send, and with which flags. */
static const struct {
    bool allowed;
    bool answers;  /* carries the number of a call */
    uint32_t most; /* bytes of payload; the reader's own limit holds as well */
    unsigned flags;
} from_runner[256] = {
    [FRAME_READY] = {.allowed = true, .most = FRAME_VERSION_MAX},
    [FRAME_LOADED] = {.allowed = true, .most = FRAME_MODULES_MAX},
    [FRAME_RESULT] = {.allowed = true, .answers = true, .most = UINT32_MAX},
    [FRAME_FAILED] = {.allowed = true, .answers = true, .most = UINT32_MAX, .flags = FRAME_FATAL},
    [FRAME_STREAM] = {.allowed = true, .answers = true, .most = UINT32_MAX},
    [FRAME_CHUNK] = {.allowed = true, .answers = true, .most = UINT32_MAX},
};

void frame_begin(struct buf *out, enum frame_type type, unsigned flags, uint16_t call,
                 uint32_t length)
{
    struct header h = {htole32(length), (uint8_t)type, (uint8_t)flags, htole16(call)};
    buf_add(out, &h, sizeof h);
}

static int check(const struct header *h, size_t max, struct err *e)
{
    if (!from_runner[h->type].allowed)
        return err_set(e, ERR_INVALID, "unknown frame type 0x%02x", h->type);
    if (h->flags & ~from_runner[h->type].flags)
        return err_set(e, ERR_INVALID, "unknown flags 0x%02x on frame 0x%02x", h->flags, h->type);
    if (h->call && !from_runner[h->type].answers)
        return err_set(e, ERR_INVALID, "a call's number on frame 0x%02x", h->type);
    if (le32toh(h->length) > from_runner[h->type].most)
        return err_set(e, ERR_INVALID, "payload of %u bytes on frame 0x%02x", le32toh(h->length),
                       h->type);
    if (le32toh(h->length) > max)
        return err_set(e, ERR_TOO_LARGE, "frame of %u bytes, limit %zu", le32toh(h->length), max);
    return 0;
}

int frame_next(const struct buf *in, size_t *at, size_t max, struct frame *ret, struct err *e)
{
    must(*at <= in->len);
    struct header h;
    if (in->len - *at < sizeof h)
        return 0;
    memcpy(&h, in->data + *at, sizeof h);
    if (check(&h, max, e) < 0)
        return -1;
    size_t length = le32toh(h.length);
    if (in->len - *at - sizeof h < length)
        return 0;
    ret->type = h.type;
    ret->flags = h.flags;
    ret->call = le16toh(h.call);
    ret->payload = (struct str){in->data + *at + sizeof h, length};
    *at += sizeof h + length;
    return 1;
}
