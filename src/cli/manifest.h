/* manifest — virga.json: a function's settings beside its code. Options of `deploy` win over it and
 * are written into the copy that is uploaded. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "cli/options.h"

#include <jansson.h>

/* Settings of a function, which `virga settings` changes too. */
#define MANIFEST_SETTINGS                                                                          \
    {'e', "env", "KEY=VALUE", "an environment variable; may be repeated"},                         \
        {'m', "memory", "SIZE", "memory limit: 256 or 256m for megabytes, 1g"},                    \
        {'t', "timeout", "TIME", "longest time for a call: 30s, 500ms, 2m; plain seconds"},        \
        {0, "cpu", "CORES", "processor time: 0.5 is half a core"},                                 \
        {0, "concurrency", "COUNT", "calls that may run at the same time"},                        \
        {0, "queue", "COUNT", "calls that may wait beyond that; more are refused with 429"},       \
        {0, "reuse", "WHEN",                                                                       \
         "always: keep a sandbox for later calls; never: a fresh copy for each"},                  \
        {0, "snapstart", "WHEN", "on: load Python code once, ahead of cold calls; or off"},        \
        {0, "access", "WHO", "public: anybody may call it; key: any key; private: members"},       \
        {0, "rate-limit", "COUNT", "calls a minute from all together; 0: no bound"},               \
        {0, "client-rate-limit", "COUNT", "calls a minute from one client; 0: no bound"},          \
        {0, "public-logs", "WORD", "on: anybody may read its records; or off"},                    \
        {0, "network", "WORD", "on: it reaches the internet; or off"},                             \
    {                                                                                              \
        0, "description", "TEXT", "what it is for"                                                 \
    }

extern const struct option_spec manifest_options[];

/* Parses virga.json; empty text gives an empty object. The caller owns the result. */
int manifest_parse(struct str text, json_t **ret, struct err *e);
/* Puts the given options into `manifest`. Returns how many there were, or -1 with ERR_INVALID
 * naming the option. */
int manifest_merge(json_t *manifest, const struct options *o, struct err *e);

/* "30s", "500ms", "2m" or plain seconds. */
int manifest_duration_ms(const char *text, json_int_t *ret, struct err *e);
/* "256", "256m", "1g": megabytes. */
int manifest_megabytes(const char *text, json_int_t *ret, struct err *e);
