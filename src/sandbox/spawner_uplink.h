/* spawner_uplink — slots' networks, as the spawner sees them: one program that makes processes, and
 * one process per slot that has asked for a network (uplink_order.h).
 *
 * A slot and its process end together. The slot is over when both have been reaped: until then its
 * cgroups and its id are in use. */
#pragma once

#include "sandbox/spawner.h"

/* Starts the program when slots may have a network at all. What fails is kept as the reason why
 * they have none. */
void spawner_uplink_start(struct spawner *s);
void spawner_uplink_on_control(struct spawner *s);

/* Why no slot can have a network now: -1, else 0. */
int spawner_uplink_check(const struct spawner *s, struct err *e);
/* Asks for one; later spawner_slot_plugged or, always when it is over, spawner_slot_unplugged. */
void spawner_uplink_plug(struct spawner *s, struct spawner_slot *slot);
/* Ends it; over at once or, as told by spawner_slot_unplugged, later. */
void spawner_uplink_end(struct spawner *s, struct spawner_slot *slot);
static inline bool spawner_uplink_over(const struct spawner_slot *slot)
{
    return slot->uplink.state == UPLINK_NONE;
}

void spawner_uplink_on_report(struct spawner *s, unsigned index);
/* Before a dead child is reaped, so that it is known whose it was. */
void spawner_uplinks_hear(struct spawner *s);
bool spawner_uplink_knows(struct spawner *s, pid_t pid);
bool spawner_uplink_reaped(struct spawner *s, pid_t pid, int status, uint64_t cpu_us);
void spawner_uplinks_expire(struct spawner *s, uint64_t now_us);
uint64_t spawner_uplinks_deadline_us(struct spawner *s); /* UINT64_MAX: none */

/* spawner_slots.c. Why it ended is in slot->why. */
void spawner_slot_plugged(struct spawner *s, struct spawner_slot *slot);
void spawner_slot_unplugged(struct spawner *s, struct spawner_slot *slot);
