/* Loads a program into the kernel.
 * Must be refused by the syscall filter; most hosts refuse it to ordinary users as well. */
#include "attack.h"

#include <linux/bpf.h>

int main(void)
{
    union bpf_attr map = {
        .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    MUST_FAIL(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map), EPERM);
    struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
    union bpf_attr load = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
                           .insn_cnt = 2,
                           .insns = (uint64_t)(uintptr_t)code,
                           .license = (uint64_t)(uintptr_t) "GPL"};
    MUST_FAIL(syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load), EPERM);
    refused("bpf answers EPERM");
}
