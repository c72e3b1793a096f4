/* uplink — the way out for slots that may have one, without touching the host's own network.
 *
 * Theory of operation. A slot with network finds an interface `eth0` in its network namespace: a
 * tap device that the spawner made there (spawner_uplink.c) and whose other end, a descriptor, went
 * to a process of the host's network namespace that belongs to this slot alone. That process runs a
 * user-mode TCP/IP stack (libslirp) on the frames: what the slot connects to, the process connects
 * to, as a client of no rights. The kernel forwards nothing, no address of the host is taken, no
 * firewall rule is written, and slots cannot see each other, since nothing joins their networks.
 *
 *     slot: eth0 (tap)  --frames-->  uplink process: check, libslirp  --sockets-->  the world
 *
 * Every packet is checked before the stack sees it (uplink_rules_allow): only UDP and TCP, only to
 * addresses that a stranger may be sent to. Never the host itself, whatever its addresses are at
 * that moment: the kernel is asked for the route (rtnetlink(7), RTM_GETROUTE), and what it would
 * deliver locally is refused. Refused packets are answered by a TCP reset or dropped.
 *
 * IPv4 only: a slot has no IPv6 route, so that connecting fails at once and clients fall back. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UPLINK_RULES_MAX = 64,        /* of each kind */
    UPLINK_ADDRESS = 0x6440000f,  /* 100.64.0.15: the slot, the same for all */
    UPLINK_GATEWAY = 0x64400001,  /* 100.64.0.1 */
    UPLINK_RESOLVER = 0x64400003, /* 100.64.0.3, port 53: the host's own name servers */
    UPLINK_PREFIX = 24,
    /* What one slot's process may have open: bounds its connections, of which it also may not open
     * more than so many a second (gate.h). A question to a name server counts for ten seconds,
     * other datagrams for four minutes. */
    UPLINK_FILES = 1024,
};

struct uplink_rule {
    uint32_t address; /* host order */
    uint8_t prefix;   /* 0 to 32 */
    uint16_t port;    /* 0: any */
};

/* Plain data: travels into the spawner before it starts; nothing changes it later. */
struct uplink_rules {
    unsigned allow_count, deny_count;
    struct uplink_rule allow[UPLINK_RULES_MAX], deny[UPLINK_RULES_MAX];
};

/* Comma-separated "ADDRESS", "ADDRESS/PREFIX", each with ":PORT" or without, such as
 * "10.1.2.3:5432,192.168.7.0/24"; NULL: none. ERR_INVALID names the entry and what is wrong. */
int uplink_rules_parse(const char *allow, const char *deny, struct uplink_rules *ret,
                       struct err *e);

/* May a slot send to this address and port? What is allowed by name wins over what is denied by
 * name, that over what everybody may not reach: "this" network, private, shared, loopback,
 * link-local (with cloud metadata), protocol, benchmarking, multicast and reserved addresses (RFC
 * 6890), and TCP port 25. Says nothing about the host's own addresses. */
bool uplink_rules_allow(const struct uplink_rules *rules, uint32_t address, uint16_t port,
                        bool tcp);

/* Mask of the slots' own network, and whether an address is in it: nothing there leads anywhere,
 * but the resolver's port. */
static inline uint32_t uplink_mask(void)
{
    return UINT32_MAX << (32 - UPLINK_PREFIX);
}
static inline bool uplink_own(uint32_t address)
{
    return (address & uplink_mask()) == (UPLINK_GATEWAY & uplink_mask());
}

/* Makes `eth0` in the network namespace that the caller is in, with address and route, and returns
 * the descriptor of its other end. Needs CAP_NET_ADMIN over that namespace. The interface goes with
 * its namespace. */
int uplink_tap_open(struct err *e);

/* One slot's stack, in the caller's network namespace. Takes what it needs of the system, so that
 * uplink_run can do without: then it makes sockets and reads /etc/resolv.conf, nothing else.
 * `rules` must outlive it; `tap` stays the caller's. */
struct uplink;
int uplink_open(const struct uplink_rules *rules, int tap, struct uplink **ret, struct err *e);
void uplink_free(struct uplink *u);
/* Until the interface is gone or `alive` can be read or has ended. */
void uplink_run(struct uplink *u, int alive);
