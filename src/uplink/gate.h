/* gate — may this packet go where it wants to? Rules first (uplink_rules_allow), then the kernel's
 * own word on the address: what it would deliver to this host, or to several, is refused. */
#pragma once

#include "base/err.h"
#include "uplink/frame.h"

struct gate;
struct uplink_rules;

/* Opens a netlink socket of the caller's network namespace. `rules` must outlive the gate. */
int gate_open(const struct uplink_rules *rules, struct gate **ret, struct err *e);
void gate_close(struct gate *g);

/* Verdicts are kept for a second: so long an address that becomes this host's is still reached. */
bool gate_allows(struct gate *g, const struct frame *f, uint64_t now_us);

/* One more connection now? Each stays for minutes in tables that the host has for all, so a slot
 * may open UPLINK_FILES at once, and from then on so many a second. */
enum { GATE_OPENS_PER_S = 128 };
bool gate_opens(struct gate *g, uint64_t now_us);
