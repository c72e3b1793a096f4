/* world — what a world of fake.h consists of. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/test.h"
#include "engine/frame.h"
#include "engine/private.h"
#include "engine/setup.h"
#include "engine/testdata/invariants.h"
#include "loop/loop.h"
#include "sandbox/wire.h"

#include <endian.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#define FAKE static __attribute__((unused))

enum { FAKE_SLOTS = 16, FAKE_ANSWERS = 64, FAKE_TICKETS = 64, FAKE_DEADLINE_US = 60000 * 1000 };

struct world;

struct fake_slot {
    struct world *world;
    struct watch *watch;
    uint32_t index, generation, template_index;
    bool live, killed;
    bool limit_asked;
    int socket, out, err; /* the runner's ends */
    struct sandbox_limits limits;
    struct buf in; /* from the engine */
    unsigned loads, calls;
    uint16_t number;   /* of the last call */
    unsigned flags;    /* of its frame */
    uint32_t version;  /* of the last LOAD */
    bool asked;        /* a call is here and not answered yet */
    char event[128];   /* of the last call */
    struct buf loaded; /* payload of the last LOAD */
};

struct ticket {
    uint64_t number;
    uint32_t template_index;
    struct wire_limits limits;
};

/* Of a variant, by its index above SANDBOX_TEMPLATES_MAX. */
struct fake_template {
    bool live, setup, stopped;
    struct wire_variant variant;
    struct buf modules, load; /* of its set-up file */
};

struct answer {
    int times;
    bool refused;
    struct err why;
    enum call_status status;
    bool cold;
    uint32_t version;
    uint64_t duration_us, phases_us;
    char error[512], output[512], out[128], err[128];
    void *arg; /* of the request, until it is answered */
    bool streamed;
    size_t output_len;
    /* of one that takes a stream */
    unsigned opened, opened_status, pieces;
    size_t bytes;
    char headers[128], last[64]; /* piece */
    bool hold;                   /* says stop to each piece */
    char request[64];            /* "METHOD path" in its record */
    bool load;                   /* asked for no more than that */
    uint32_t handler_us;
    char problem[512]; /* "file:line:column: type: message", or "" */
};

struct world {
    struct loop *loop;
    struct engine *engine;
    struct timer *deadline;
    struct watch *watch;
    int spawner;
    bool hold_start, hold_limit, hold_kill, hold_ready, hold_load, hold_call;
    bool hold_template, hold_stop;
    struct err fail_start, fail_limit, fail_template; /* the answer when code is set */
    struct fake_template templates[SANDBOX_VARIANTS_MAX];
    unsigned template_starts, template_stops;
    uint64_t template_bytes; /* of each that becomes ready */
    const char *modules;     /* that runners say they have imported */
    unsigned learned_times;
    char learned[512];
    struct fake_slot slots[FAKE_SLOTS];
    struct ticket tickets[FAKE_TICKETS]; /* starts not answered yet */
    unsigned ticket_count, starts, limits;
    struct answer answers[FAKE_ANSWERS];
    unsigned answer_count;
    unsigned records, repeated;
    unsigned fetches;
    uint32_t fetched_version;
    bool no_room, hold_fetch;
    struct err fail_fetch;
    void (*when_done)(struct world *w, struct answer *a); /* what the caller does in its callback */
    char code[64];
};

/* "cv2" is in "lib-cv2", "six" in itself, and what begins with _ nowhere. */
static bool fake_package(const char *module, char *ret)
{
    snprintf(ret, RUNTIMES_PACKAGE_MAX + 1, "%s%s", strcmp(module, "six") == 0 ? "" : "lib-",
             module);
    return *module != '_';
}

static const struct runtime fake_alpha = {.name = "alpha",
                                          .learns = true,
                                          .package_of = fake_package},
                            fake_beta = {.name = "beta"};
static const struct runtime *const fake_runtimes[] = {&fake_alpha, &fake_beta, NULL};
