/* wire — what the server and the keeper say to each other: one fixed-size message per packet of a
 * SEQPACKET socket, and files beside it.
 *
 * The server parses the internet, so it may be in the hands of an attacker: a message carries
 * numbers only, and cluster_wire_decode is the one way in. What is longer (the pooler's entries, a
 * connection's parameters) comes as a file of fixed-size records; the keeper copies it before it
 * checks it, since the server could change the file later. Every request brings the socket that its
 * answer goes to, so that any number of threads ask at the same time. Both ends are one binary:
 * numbers are in host order. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { CLUSTER_WIRE_MAGIC = 0x7667636c /* "vgcl" */ };

enum cluster_wire_type {
    /* server to keeper; files: the answer's socket, then those named */
    CLUSTER_WIRE_UP = 1,
    CLUSTER_WIRE_POOL,    /* count; a file of so many struct pooler_record */
    CLUSTER_WIRE_DUMP,    /* a file with one struct target_record, the file to write */
    CLUSTER_WIRE_RESTORE, /* the same, the file to read */
    /* keeper to server */
    CLUSTER_WIRE_READY,  /* the keeper is set up; once, first */
    CLUSTER_WIRE_ANSWER, /* err (ERR_NONE: done); instead of READY: the set-up failed */
    CLUSTER_WIRE_TYPES,
};

/* Who sends a type; cluster_wire_decode refuses what the peer may not say. */
enum cluster_wire_from { CLUSTER_WIRE_FROM_SERVER, CLUSTER_WIRE_FROM_KEEPER };

/* One shape for all types: unused fields are zero. */
struct cluster_wire {
    uint32_t magic, type;
    uint32_t count;
    uint32_t reserved;
    struct err err;
};

void cluster_wire_init(struct cluster_wire *w, enum cluster_wire_type type);
/* Files that come with a request of this type. */
size_t cluster_wire_files(enum cluster_wire_type type);

/* Checks the `len` bytes at `p` with `files` descriptors as a message from `from` and copies it to
 * `ret`. -1: ERR_MALFORMED; the packet must then be treated as hostile. */
int cluster_wire_decode(const void *p, size_t len, size_t files, enum cluster_wire_from from,
                        struct cluster_wire *ret, struct err *e);
