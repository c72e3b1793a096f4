/* frame — what a slot may put on its wire, decided before anything acts on it. Pure functions over
 * the bytes of one Ethernet frame, as they come from the guest: hostile until they have passed.
 *
 * Passed is only what looks exactly like what Linux sends: ARP from the slot for an address of its
 * own network, and whole IPv4 packets (no options, no fragments) from the slot's address with a
 * whole TCP or UDP header. Of everything else no byte goes on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_ETHERNET = 14,
    FRAME_MTU = 65520, /* the largest that libslirp takes, in steps of 16 */
    FRAME_MAX = FRAME_ETHERNET + FRAME_MTU,
    FRAME_RESET = FRAME_ETHERNET + 20 + 20,
};

enum frame_kind { FRAME_BAD, FRAME_ARP, FRAME_PACKET };

struct frame {
    uint32_t address; /* of a packet: where to, host order */
    uint16_t port;
    bool tcp, opens; /* the first packet of a connection */
};

enum frame_kind frame_parse(const uint8_t *p, size_t n, struct frame *ret);

/* The answer "connection refused" to a frame that is a TCP packet: its length, or 0 when there is
 * none to be given (it is a reset itself). */
size_t frame_reset(const uint8_t *p, size_t n, uint8_t ret[FRAME_RESET]);
