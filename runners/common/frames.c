#include "frames.h"

#include "engine/frame.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

struct header {
    uint32_t length;
    uint8_t type, flags;
    uint16_t call;
};
static_assert(sizeof(struct header) == FRAME_HEADER, "the header has no padding");

int frames_send(int fd, uint8_t type, uint8_t flags, uint16_t call, struct str payload)
{
    struct header head = {htole32((uint32_t)payload.n), type, flags, htole16(call)};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)(uintptr_t)payload.p, payload.n}};
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

bool frames_bytes(struct str *from, size_t len, struct str *ret)
{
    if (from->n < len)
        return false;
    *ret = (struct str){from->p, len};
    *from = (struct str){from->p + len, from->n - len};
    return true;
}

bool frames_u8(struct str *from, uint8_t *ret)
{
    struct str bytes;
    if (!frames_bytes(from, sizeof *ret, &bytes))
        return false;
    *ret = (uint8_t)*bytes.p;
    return true;
}

bool frames_u16(struct str *from, uint16_t *ret)
{
    struct str bytes;
    if (!frames_bytes(from, sizeof *ret, &bytes))
        return false;
    memcpy(ret, bytes.p, sizeof *ret);
    *ret = le16toh(*ret);
    return true;
}

bool frames_u32(struct str *from, uint32_t *ret)
{
    struct str bytes;
    if (!frames_bytes(from, sizeof *ret, &bytes))
        return false;
    memcpy(ret, bytes.p, sizeof *ret);
    *ret = le32toh(*ret);
    return true;
}

bool frames_u64(struct str *from, uint64_t *ret)
{
    struct str bytes;
    if (!frames_bytes(from, sizeof *ret, &bytes))
        return false;
    memcpy(ret, bytes.p, sizeof *ret);
    *ret = le64toh(*ret);
    return true;
}
