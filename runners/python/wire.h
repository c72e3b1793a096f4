/* wire — frames as the runner sees them (src/engine/frame.h): whole frames in, one write per frame
 * out. Knows nothing of the interpreter. */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct wire {
    int fd;
    char *data; /* `len` bytes have arrived, those before `at` are used up */
    size_t at, len, cap;
};

struct wire_frame {
    uint8_t type, flags;
    struct str payload; /* valid until the next wire_next */
};

void wire_init(struct wire *w, int fd);
void wire_done(struct wire *w); /* the descriptor stays open */

/* Takes the next frame off what has arrived already. 1: a frame, 0: wire_fill has to fetch more,
 * -1: the peer sent something that cannot be a frame. */
int wire_next(struct wire *w, struct wire_frame *ret);

/* One blocking read. 1: something arrived, 0: the peer has closed, -1: errno says why, EINTR
 * included, so that the caller can see to its signals. */
int wire_fill(struct wire *w);

/* One frame in one writev, more only where the socket's buffer is full. -1: the peer is gone. */
int wire_send(int fd, uint8_t type, uint8_t flags, struct str payload);

/* Little-endian numbers off the front of a view; false when it is too short. */
bool wire_u16(struct str *from, uint16_t *ret);
bool wire_u32(struct str *from, uint32_t *ret);
bool wire_u64(struct str *from, uint64_t *ret);
bool wire_bytes(struct str *from, size_t len, struct str *ret);
