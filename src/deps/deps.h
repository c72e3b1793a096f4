/* deps — packages of a project: what is asked for, builds, and the layers they make.
 *
 * A layer is a directory of installed packages, named by the digest of what was asked for, of the
 * runtime's version and of the platform. It never changes, is mounted read-only into the slots of
 * all projects that ask for the same, and is removed when nobody has asked for a while. Layers lie
 * on this machine's disk: another server on the same store, or one restored from a backup, builds
 * its own.
 *
 *   DATA_DIR/layers/<64 digits>/python        site-packages, for sys.path
 *   DATA_DIR/layers/<64 digits>/node_modules
 */
#pragma once

#include "auth/auth.h"
#include "base/arena.h"
#include "base/err.h"
#include "http/http.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct app;
struct deps;
struct engine;
struct function_spec;
struct index;
struct runtime;

/* What makes builds: build.h unless a test plays it. `version` says what the sandboxes have of a
 * runtime ("python"), "" while that is unknown. */
struct build;
struct build_config;
struct build_order;
struct build_events;
struct deps_builder {
    int (*start)(const struct build_config *config, const struct build_order *order,
                 const struct build_events *events, struct build **ret, struct err *e);
    void (*cancel)(struct build *b);
    void (*abandon)(struct build *b);
    const char *(*version)(const struct app *app, const char *runtime);
};

struct deps_config {
    struct app *app;
    const struct deps_builder *builder; /* NULL: build.h's */
    const struct index *index;
    unsigned build_template; /* engine_lease's index of the build program */
    const char *layers_dir;  /* as this process sees it */
    uint64_t memory_bytes;   /* of one build's sandbox */
    uint64_t size_bytes;     /* of one layer */
    uint32_t files_max, timeout_ms;
    unsigned builds_max; /* at the same time */
    uint64_t disk_bytes; /* of all layers: unused ones go earlier beyond it */
    uint32_t grace_s;    /* how long an unused layer stays */
};
int deps_open(const struct deps_config *config, struct deps **ret, struct err *e);
/* Cancels what is under way: their clients get answers while the loop still runs. */
void deps_stop(struct deps *d);
void deps_close(struct deps *d); /* ends builds, when the loop turns no more. NULL is fine */

/* The layers of a project's languages, as this machine has them; texts live in the arena. */
enum { DEPS_LANGUAGES = 2 };
struct deps_project {
    struct deps_project_layer {
        bool wanted;
        uint8_t id[32];
        const char *problem; /* why it is not there, or NULL */
    } of[DEPS_LANGUAGES];
};
/* Any thread with a connection; `project` NULL has none. A layer that this machine has not is built
 * again, without anybody asking. */
int deps_project(struct deps *d, struct db *db, struct arena *a, const char *project,
                 struct deps_project *ret, struct err *e);
/* Fills layer, layer_id and layer_problem of a function's spec by its runtime. */
void deps_layer(const struct deps_project *p, struct function_spec *spec);

/* Any thread: engine_config.learned's words, kept for the next start. */
void deps_learned(struct deps *d, const char *project, const char *runtime,
                  const uint8_t layer_id[32], struct str modules);
/* Loop thread, at the start: tells the engine what was learned. */
int deps_each_learned(struct deps *d, struct db *db,
                      void (*each)(void *arg, const char *project, const char *runtime,
                                   const uint8_t layer_id[32], struct str modules),
                      void *arg, struct err *e);

extern const struct migration deps_migrations[]; /* 60 to 69 */
extern const struct route deps_routes[], builds_routes[];
