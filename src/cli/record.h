/* record — one call of a function, for people and for programs. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct cli;

/* A line with time, status, duration and id, and below it what the call printed and its error; one
 * line of JSON with --json. `named` says which function it was. */
void record_show(struct cli *c, const json_t *call, bool named);
/* The same with all that is known: times, input, output. */
void record_show_whole(struct cli *c, const json_t *call);
