/* options — a command's arguments, parsed by a table: "--name value", "--name=value", "-n value",
 * "-nvalue", "--" ends options, "-" is an argument. Options and arguments may stand in any order.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct option_spec {
    char letter;       /* 0: none */
    const char *name;  /* without dashes; a table ends with NULL here */
    const char *value; /* what stands for the value in the help; NULL: a switch */
    const char *help;
};

struct options_given {
    const struct option_spec *spec;
    const char *value;
};

struct options {
    struct options_given *given; /* in the order of the command line */
    size_t given_count;
    const char **args;
    size_t arg_count;
};

/* Parses argv[0..argc). `tables` is a NULL-terminated list; earlier ones win. With
 * `stop_at_argument` parsing ends before the first argument. Returns how many of argv were used, or
 * -1 with ERR_INVALID naming the option and the nearest known one. What is already in `ret` (zeroed
 * at first) stays, so that two calls add up. Values point into argv. */
int options_parse(const struct option_spec *const *tables, int argc, char **argv,
                  bool stop_at_argument, struct options *ret, struct err *e);
void options_done(struct options *o);

bool options_has(const struct options *o, const char *name);
/* The value given last, or NULL. */
const char *options_value(const struct options *o, const char *name);
