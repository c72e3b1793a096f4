/* filter_rule — how the rules of filter_table.h are written: an argument's low 32 bits, some bits
 * of it, a call that is allowed with them. For the files that hold lists: the names are short. */
#pragma once

#define LOW(i, v)                                                                                  \
    {                                                                                              \
        i, 0xffffffff, v                                                                           \
    }
#define BITS(i, m, v)                                                                              \
    {                                                                                              \
        i, m, v                                                                                    \
    }
#define ALLOW(call, ...) {call, 0, {__VA_ARGS__}},
