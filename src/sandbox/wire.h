/* wire — what the server and the spawner say to each other: one fixed-size message per packet of a
 * SEQPACKET socket.
 *
 * Either side may be in the hands of an attacker: the server because it parses the internet. So a
 * message carries numbers only, never a path, an argument or a pointer, and wire_decode is the one
 * way in: it checks magic, type, exact length and the bounds of every number. What depends on state
 * (is this slot alive, is this its generation) is checked by the receiver. Both ends are one
 * binary: numbers are in host order. */
#pragma once

#include "base/err.h"
#include "sandbox/sandbox.h"

#include <stddef.h>
#include <stdint.h>

enum { WIRE_MAGIC = 0x76697267 /* "virg" */ };

enum wire_type {
    /* server to spawner */
    WIRE_START = 1,      /* ticket, template, limits */
    WIRE_LIMIT,          /* slot, generation, limits */
    WIRE_KILL,           /* slot, generation */
    WIRE_TEMPLATE_START, /* template, variant; a descriptor with WIRE_VARIANT_SETUP */
    WIRE_TEMPLATE_STOP,  /* template */
    /* spawner to server */
    WIRE_READY,            /* the spawner is set up; once, first */
    WIRE_STARTED,          /* ticket, slot, generation, us, has_peak, has_cpu; descriptors below */
    WIRE_FAILED,           /* ticket, err; before WIRE_READY: the set-up failed */
    WIRE_LIMITED,          /* slot, generation, err (ERR_NONE: in force) */
    WIRE_ENDED,            /* slot, generation, exit */
    WIRE_TEMPLATE_READY,   /* template, us, template_bytes */
    WIRE_TEMPLATE_FAILED,  /* template, err */
    WIRE_TEMPLATE_STOPPED, /* template: the answer to each STOP */
    WIRE_TYPES,
};

/* Who sends a type; wire_decode refuses what the peer may not say. */
enum wire_from { WIRE_FROM_SERVER, WIRE_FROM_SPAWNER };

enum wire_variant_flags {
    WIRE_VARIANT_LAYER = 1 << 0, /* layer_id counts */
    WIRE_VARIANT_DATABASE = 1 << 1,
    WIRE_VARIANT_SETUP = 1 << 2, /* exactly one descriptor travels along */
};

/* One shape for all types: unused fields are zero. A slot's generation grows with each use of its
 * index, so that a late KILL cannot hit the index's next tenant. */
struct wire {
    uint32_t magic;
    uint32_t type;
    uint64_t ticket;
    uint32_t template_index;
    uint32_t slot;
    uint32_t generation;
    uint32_t has_peak, has_cpu; /* STARTED: descriptors socket, out, err, then these if set */
    uint32_t reserved;
    uint64_t us;
    uint64_t cpu_base_us; /* STARTED: what the cgroup's counter showed before */
    uint64_t template_bytes;
    struct wire_variant {
        uint32_t base, flags;
        uint8_t layer_id[32];
    } variant;
    struct wire_limits {
        uint64_t memory_bytes, tmp_bytes, file_bytes;
        uint32_t cpu_millis, pids, open_files, network;
    } limits;
    struct wire_exit {
        int32_t status;
        uint32_t oom;
        uint64_t cpu_us, memory_peak_bytes;
    } exit;
    struct err err;
};

enum { WIRE_STARTED_FDS = 3 }; /* always there; up to two more */

/* Bounds compiled in: a compromised server cannot lift them. */
enum {
    WIRE_CPU_MILLIS_MIN = 10,
    WIRE_CPU_MILLIS_MAX = 1024 * 1000,
    WIRE_PIDS_MIN = 1,
    WIRE_PIDS_MAX = 32768,
    WIRE_OPEN_FILES_MIN = 8,
    WIRE_OPEN_FILES_MAX = 65536,
};
#define WIRE_MEMORY_MIN (4ull << 20)
#define WIRE_MEMORY_MAX (1ull << 40)
#define WIRE_TMP_MIN    (4ull << 10)
#define WIRE_TMP_MAX    (64ull << 30)
#define WIRE_FILE_MIN   (4ull << 10)
#define WIRE_FILE_MAX   (64ull << 30)

void wire_init(struct wire *w, enum wire_type type);

/* Checks the `len` bytes at `p` as a message from `from` and copies it to `ret`. -1: ERR_INVALID or
 * ERR_MALFORMED with the reason; the packet must then be treated as hostile. */
int wire_decode(const void *p, size_t len, enum wire_from from, struct wire *ret, struct err *e);

void wire_pack_limits(const struct sandbox_limits *limits, struct wire_limits *ret);
void wire_unpack_limits(const struct wire_limits *limits, struct sandbox_limits *ret);
/* The bounds above. */
int wire_check_limits(const struct sandbox_limits *limits, struct err *e);
