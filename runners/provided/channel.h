/* channel — frames as the runner sees them (src/engine/frame.h). */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "engine/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct channel {
    int fd;
    struct buf in;
    size_t used; /* bytes of the frame taken last: dropped by the next channel_take */
};

/* One read of what poll() announced. 1: something arrived, 0: the server has closed. */
int channel_read(struct channel *c);

/* Takes the next complete frame off what has arrived. 1: a frame, whose payload stays valid until
 * the next take; 0: more bytes are needed. */
int channel_take(struct channel *c, uint8_t *ret_type, struct str *ret_payload);

/* Sends one frame; waits while the socket is full. Ends the process when the server is gone: then
 * nobody is left to work for. */
void channel_send(struct channel *c, enum frame_type type, unsigned flags, struct str payload);

/* Little-endian numbers and bytes off the front of a view; false when it is too short. */
bool channel_u8(struct str *from, uint8_t *ret);
bool channel_u16(struct str *from, uint16_t *ret);
bool channel_u32(struct str *from, uint32_t *ret);
bool channel_u64(struct str *from, uint64_t *ret);
bool channel_bytes(struct str *from, size_t len, struct str *ret);
