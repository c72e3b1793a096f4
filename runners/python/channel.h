/* channel — frames as the runner sees them (src/engine/frame.h): whole frames in, one write per
 * frame out. Knows nothing of the interpreter. */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct channel {
    int fd;
    char *data; /* `len` bytes have arrived, those before `at` are used up */
    size_t at, len, cap;
};

struct channel_frame {
    uint8_t type, flags;
    struct str payload; /* valid until the next channel_next */
};

void channel_init(struct channel *c, int fd);
void channel_done(struct channel *c); /* the descriptor stays open */

/* Takes the next frame off what has arrived already. 1: a frame, 0: channel_fill has to fetch more,
 * -1: the peer sent something that cannot be a frame. */
int channel_next(struct channel *c, struct channel_frame *ret);

/* One blocking read. 1: something arrived, 0: the peer has closed, -1: errno says why, EINTR
 * included, so that the caller can see to its signals. */
int channel_fill(struct channel *c);

/* One frame in one writev, more only where the socket's buffer is full. -1: the peer is gone. */
int channel_send(int fd, uint8_t type, uint8_t flags, struct str payload);

/* Little-endian numbers off the front of a view; false when it is too short. */
bool channel_u16(struct str *from, uint16_t *ret);
bool channel_u32(struct str *from, uint32_t *ret);
bool channel_u64(struct str *from, uint64_t *ret);
bool channel_bytes(struct str *from, size_t len, struct str *ret);
