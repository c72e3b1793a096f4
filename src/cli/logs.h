/* logs — records of calls: of a function, of a project, of all that the account may see. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct cli;

struct logs {
    struct cli *cli;
    struct buf base;   /* "/api/functions/<id>/invocations", "/api/invocations", ... */
    struct buf filter; /* "status=error&since=..." */
    bool several;      /* of several functions: each record says of which */
    size_t count;      /* how many to begin with */
    json_t *first;     /* what logs_newest has shown */
    char *newest;      /* id of the newest record shown, or NULL */
};

/* Shows the newest `count` records, oldest first. */
int logs_newest(struct logs *l, struct err *e);
/* The same, and then every new one as it comes, until a signal. Returns only with an error. */
int logs_follow(struct logs *l, struct err *e);
/* Writes all records to a file ("-": standard output), one object per line. */
int logs_export(struct logs *l, const char *file, struct err *e);
/* Remembers that this record is the newest one shown. */
void logs_shown(struct logs *l, const char *id);
