/* filter_table — the lists behind filter.c, as data. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { FILTER_ARGS = 3 };

struct filter_group {
    const char *purpose; /* for the reader */
    int error;           /* 0 allows */
    const char *names;   /* separated by spaces */
};

/* Matches when (argument & mask) == value for each; a mask of 0 ends the list. */
struct filter_arg {
    unsigned index;
    uint64_t mask, value;
};

struct filter_rule {
    const char *name;
    int error; /* 0 allows */
    struct filter_arg args[FILTER_ARGS];
};

struct filter_list {
    const struct filter_group *groups;
    size_t group_count;
    const struct filter_rule *rules;
    size_t rule_count;
};

extern const struct filter_group filter_allowed[], filter_refused[];
extern const struct filter_rule filter_rules[];
extern const size_t filter_allowed_count, filter_refused_count, filter_rule_count;

/* What template and copies need before the seal: allowed by the base, refused as written here by
 * the seal. */
extern const struct filter_group filter_setup[];
extern const struct filter_rule filter_setup_rules[];
extern const size_t filter_setup_count, filter_setup_rule_count;
