/* rules — what a function may be: ranges, defaults, names, the environment. Only for functions/. */
#pragma once

#include "functions/files.h"
#include "functions/functions.h"

#include <jansson.h>

struct pages;
struct request;
struct tree_entry;

struct functions {
    struct functions_config config;
    struct pages *pages;
};

enum {
    NAME_MAX_LEN = 64,
    DESCRIPTION_MAX = 1000,
    HANDLER_MAX = 255,
    ENVIRONMENT_MAX = 64 * 1024,
    CONCURRENCY_DEFAULT = 16,
    QUEUE_DEFAULT = 256,
    RATE_MAX = 1000000, /* calls a minute */
    KEEP = -1,
};
#define LIMIT_KEEP UINT32_MAX
#define MASKED     "****"
#define NAME_RULE                                                                                  \
    "1 to 64 letters, digits, spaces, '.', '_' or '-', beginning with a letter or digit"

/* A limit as clients write it. `scale` is what one unit of theirs is here: cpu 0.5 is 500. */
struct limit_rule {
    const char *name;
    uint32_t scale, low, high, standard;
};
extern const struct limit_rule limit_rules[LIMITS];
extern const char *const access_words[]; /* "public", "key", "private", NULL */

struct functions *rules_functions(const struct request *req); /* the capability behind a request */

/* What a request wants different. NULL, KEEP or LIMIT_KEEP: as it was, or the default. */
struct function_change {
    const char *name, *description, *runtime, *handler;
    struct str code;               /* text of the entry file; the other files stay */
    struct str files;              /* all files, replacing what was there */
    const struct tree_entry *tree; /* likewise, in files_input.h's sense; NULL: no change */
    size_t tree_count;
    uint32_t base_version; /* the active version that the change is based on; 0: any */
    json_t *environment;
    bool move;               /* to `project`; for a new function, where it begins */
    const char *project;     /* id, or NULL: none */
    const char *project_loc; /* where the client named it, for a 422 */
    int active, network_enabled, public_logs, reuse, snapstart, access;
    uint32_t limits[LIMITS], concurrency, queue, rate_limit, client_rate_limit;
    bool any; /* something is set */
};
void rules_change_init(struct function_change *c);

bool rules_name_ok(struct str name);
bool rules_handler_ok(struct str handler);

/* A function with nothing but defaults. */
void rules_standard(struct function *fn);

/* The environment in clear: an object, empty when there is none; the caller's reference. */
int rules_environment_open(const struct functions *f, const struct function *fn, json_t **ret,
                           struct err *e);
/* Seals `object` as the function's environment. */
void rules_environment_set(const struct functions *f, struct arena *a, struct function *fn,
                           const json_t *object);
