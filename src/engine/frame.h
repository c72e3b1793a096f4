/* frame — what server and runner say to each other on a slot's own socket (a Unix stream socket).
 *
 * A frame is a header of 8 bytes and a payload; all numbers are little-endian.
 *
 *   u32 length    of the payload alone
 *   u8  type      enum frame_type
 *   u8  flags     enum frame_flag; unknown bits are a violation
 *   u16 call      which call of this slot it belongs to: the server counts them from 1 (and goes on
 * at 1 behind 65535), what answers a call carries its number; 0 on LOAD, READY, LOADED and on the
 * FAILED of a load
 *
 * Server to runner
 *
 *   LOAD   u32 settings_length, settings (JSON), then files until the end of the payload, each:
 *          u16 path_length, u16 mode (0644 or 0755), u32 size, path, bytes
 *          settings: {"function": name, "version": number, "handler": "file.name" or as the
 *          runtime defines, "environment": {name: text}, "result_limit": bytes} The paths are
 *          relative, without "." or ".." segments, parents are implied; they belong into /code.
 *          Sent once, first. Answered by LOADED, or FAILED with FRAME_FATAL set. In a copy of a
 *          template that has loaded the same payload already (engine/setup.h) only the files are
 *          written, what can be reseeded is, and the module's after_restore() is called if it has
 *          one.
 *   CALL   u64 deadline in microseconds of CLOCK_MONOTONIC (which slots share with the server),
 *          u8 id_length, id, then the event: one JSON text until the end of the payload. May follow
 *          LOAD without waiting for its answer; after a FAILED load the runner ignores it. One call
 *          at a time. Answered by RESULT or FAILED, before which the runner may send one STREAM and
 *          CHUNKs behind it. FRAME_STREAM_OK: they are passed on as they come; without it the
 *          server joins them into one result.
 *
 * Runner to server
 *
 *   READY  what the runtime says its version is ("3.11.2"): printable ASCII without blanks, up to
 *          FRAME_VERSION_MAX bytes, empty where there is none. The runner has started and waits for
 *          LOAD.
 *   LOADED the user's code is loaded, calls can be served. The payload names the modules of the
 *          layer (below /opt/layer) that it has imported and its template had not: one a line, in
 *          the order of their imports, up to FRAME_MODULES_MAX bytes; the rest is left out.
 *   RESULT the result as one JSON text; empty when it ends a stream.
 *   FAILED JSON {"type": text, "message": text, "traceback": text}: the handler raised, its result
 *          is not JSON, or (for a load) the code does not compile or has no handler. Also breaks
 *          off a stream. FRAME_FATAL: this runner serves no more calls. When the runner knows where
 *          the user's code failed it adds "file": path below /code, "line": number and "column":
 *          number or null, both from 1. When a module was not found it adds "module": its name as
 *          the code says it ("cv2", "@scope/name/sub"). When the cause is a socket without a route
 *          or a name without an answer it adds "offline": true. Members that a reader does not know
 *          are ignored.
 *   STREAM JSON {"statusCode": number, "headers": {name: value}, "multiValueHeaders": the same,
 *          "cookies": [text]}, all optional, a value being a text, a number or a list of these:
 *          opens a streamed result. No longer than FRAME_OPENING_MAX.
 *   CHUNK  1 to FRAME_CHUNK_MAX bytes of a streamed result.
 *
 * Standard output and error are pipes of their own. The runner flushes both before RESULT or
 * FAILED, so that all that a handler printed is in the pipes when its result arrives.
 *
 * Guests share their process with the runner: whatever arrives from it is hostile until checked.
 * The reader bounds every length before it allocates, and the engine ends a slot that sends what
 * its state does not allow. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FRAME_HEADER = 8,
    FRAME_OPENING_MAX = 32 * 1024,
    FRAME_CHUNK_MAX = 256 * 1024,
    FRAME_VERSION_MAX = 31,
    FRAME_MODULES_MAX = 64 * 1024,
};

enum frame_type {
    FRAME_LOAD = 0x01,
    FRAME_CALL = 0x02,
    FRAME_READY = 0x81,
    FRAME_LOADED = 0x82,
    FRAME_RESULT = 0x83,
    FRAME_FAILED = 0x84,
    FRAME_STREAM = 0x85,
    FRAME_CHUNK = 0x86,
};

enum frame_flag {
    FRAME_FATAL = 1,     /* on FAILED */
    FRAME_STREAM_OK = 2, /* on CALL: the caller can take a streamed result */
};

struct frame {
    enum frame_type type;
    unsigned flags;
    uint16_t call;
    struct str payload; /* points into the reader's buffer, valid until the next frame_next */
};

/* Appends a header for a payload of `length` bytes; the caller appends the payload itself. */
void frame_begin(struct buf *out, enum frame_type type, unsigned flags, uint16_t call,
                 uint32_t length);

/* Takes the next complete frame from the runner off `in`, starting at `*at`, and moves `*at` behind
 * it. 1: a frame; 0: more bytes are needed; -1: a violation (ERR_INVALID names it): end the slot.
 * Accepts only types a runner may send, known flags, and payloads of at most `max` bytes. */
int frame_next(const struct buf *in, size_t *at, size_t max, struct frame *ret, struct err *e);
