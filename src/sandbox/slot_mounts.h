/* slot_mounts — the mounts of one slot on top of the shared read-only root. Steps of slot.c. */
#pragma once

#include "base/err.h"

struct slot_plan;

int slot_mount_proc(struct slot_plan *plan, struct err *e);
int slot_mask_proc(struct slot_plan *plan, struct err *e);
int slot_mount_scratch(struct slot_plan *plan, struct err *e);
