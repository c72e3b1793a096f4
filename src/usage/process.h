/* process — what the kernel says about memory. Only for usage/. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Resident bytes of a process; 0 when it cannot be read. */
uint64_t process_resident(pid_t pid);
/* Of the machine; 0 when it cannot be read. Available is what can be had without swapping. */
void process_memory(uint64_t *ret_total, uint64_t *ret_available);
