/* provided — a slot whose language the user brings: a program "bootstrap" that speaks the AWS
 * Lambda runtime API (version 2018-06-01) over HTTP on the loopback address.
 *
 * Two sides, one thread. The server sends frames on descriptor 3: LOAD writes the code and starts
 * the bootstrap, CALL brings an event. The bootstrap asks for invocations (and waits for an answer
 * as long as there is none) and posts responses. Between them stands one state. */
#pragma once

#include "base/err.h"
#include "channel.h"
#include "conn.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum state {
    STATE_BLANK,   /* waits for LOAD */
    STATE_LOADING, /* the bootstrap was started and has not asked for work yet */
    STATE_IDLE,    /* waits for CALL */
    STATE_BUSY,    /* a call is with the bootstrap, or waits for it to ask */
    STATE_BROKEN,  /* a fatal FAILED was sent: ignores everything, ends with the socket */
};

enum { CALL_ID_MAX = 255, ERROR_BODY_MAX = 256 * 1024 };

struct call {
    char id[CALL_ID_MAX + 1];
    uint64_t deadline_us; /* CLOCK_MONOTONIC */
    struct str event;     /* in the channel's buffer until the next frame is taken */
    bool taken;           /* a bootstrap has it */
};

/* A response that is on its way in pieces. */
struct stream {
    struct conn *conn; /* who sends it, or NULL */
    bool prelude;      /* its body begins with status and headers ... */
    bool opened;       /* ... which have come, and STREAM was sent */
    struct buf opening;
};

struct provided {
    enum state state;
    struct channel channel;
    int listener;
    uint16_t port;
    struct conn conns[CONNS_MAX];
    uint64_t turns; /* counts uses of connections */
    const char *code_dir;
    pid_t bootstrap;
    char *arn;
    size_t result_limit;
    struct call call;
    struct stream stream;
};

/* api.c: what requests and events mean. */
void api_call(struct provided *p, struct str payload); /* a CALL frame; in STATE_IDLE */
void api_serve(struct provided *p, struct conn *c);    /* requests that have arrived on `c` */
void api_exited(struct provided *p, int status);       /* the bootstrap has ended */
/* Sends FAILED. A fatal one breaks the runner. */
void api_fail(struct provided *p, bool fatal, struct str type, struct str message,
              struct str traceback);

/* Sends FAILED for {"errorMessage", "errorType", "stackTrace"}; any other `body` is taken for the
 * message, and `type` for the type. */
void api_fail_posted(struct provided *p, bool fatal, struct str type, struct str body);

/* stream.c: a response in pieces to the current call, whose head has arrived on `c`. */
void stream_begin(struct provided *p, struct conn *c);
void stream_pass(struct provided *p); /* what has come of its body; may fail the call */
/* All of it has come. True when the response was well-formed, be it an error; else FAILED was sent.
 */
bool stream_finish(struct provided *p, const struct request *r);
void stream_break(struct provided *p); /* it will never be whole */
void stream_reset(struct provided *p); /* the call is answered */

/* load.c: writes the code of a LOAD frame and starts the bootstrap. */
int load_run(struct provided *p, struct str payload, struct err *e);
