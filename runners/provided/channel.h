/* channel — frames as the runner sees them (src/engine/frame.h). */
#pragma once

#include "../common/frames.h"
#include "base/buf.h"
#include "base/str.h"
#include "engine/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct channel {
    int fd;
    struct buf in;
    uint16_t call; /* number of the one taken last, sent along with what answers it */
    size_t used;   /* bytes of the frame taken last: dropped by the next channel_take */
};

/* One read of what poll() announced. 1: something arrived, 0: the server has closed. */
int channel_read(struct channel *c);

/* Takes the next complete frame off what has arrived. 1: a frame, whose payload stays valid until
 * the next take; 0: more bytes are needed. */
int channel_take(struct channel *c, uint8_t *ret_type, struct str *ret_payload);

/* Sends one frame; waits while the socket is full. Ends the process when the server is gone: then
 * nobody is left to work for. */
void channel_send(struct channel *c, enum frame_type type, unsigned flags, struct str payload);
