/* frames — what the runners written in C share of src/engine/frame.h: one write per frame out, and
 * little-endian numbers off the front of a payload. */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* One frame in one writev, more only where the socket's buffer is full; `call` is the number of the
 * call it answers, or 0. -1: the peer is gone. */
int frames_send(int fd, uint8_t type, uint8_t flags, uint16_t call, struct str payload);

/* Each false when the view is too short. */
bool frames_u8(struct str *from, uint8_t *ret);
bool frames_u16(struct str *from, uint16_t *ret);
bool frames_u32(struct str *from, uint32_t *ret);
bool frames_u64(struct str *from, uint64_t *ret);
bool frames_bytes(struct str *from, size_t len, struct str *ret);
