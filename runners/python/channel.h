/* channel — frames as they come to the runner (src/engine/frame.h). Knows nothing of the
 * interpreter.
 */
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
    uint16_t call;      /* its number, to be sent back with the answer */
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
