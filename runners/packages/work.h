/* work — what virga-packages' files share: the order as it comes in, and the steps on it.
 *
 * Everything happens below one directory, /tmp in a slot, which is the working directory: home/ is
 * the package manager's, layer/ is for what it installs. All functions that return int answer -1
 * with the reason in `e`. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "deps/wire.h"

#include <stdint.h>

enum { WORK_ENV_MAX = 64 };

struct work {
    int sock;
    const char *top;
    enum wire_language language;
    unsigned port;           /* of the listener */
    char *env[WORK_ENV_MAX]; /* as they came, NULL behind the last one */
    unsigned env_count;
};

int work_send(struct work *w, enum wire_type type, struct str payload, struct err *e);

/* listen.c: the way out, handed to the server. Nothing here keeps it. */
int listen_offer(struct work *w, struct err *e);

/* order.c: reads and carries out what comes before WIRE_RUN. Returns at WIRE_RUN. */
int order_read(struct work *w, struct err *e);

/* manager.c: pip and npm. */
int manager_runtime(struct work *w, struct err *e); /* tells WIRE_RUNTIME */
int manager_index(struct work *w, enum wire_language language, struct err *e); /* WIRE_INDEX */
int manager_install(struct work *w, struct err *e);                            /* WIRE_INSTALLED */

/* packages.c: what has been installed, as packages with versions, and npm's lock. */
int packages_send(struct work *w, struct err *e);

/* tree.c: the files. */
int tree_send(struct work *w, struct err *e);
