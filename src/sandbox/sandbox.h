/* sandbox — starts, limits and ends slots. The server's half: it owns no rights, it asks the
 * spawner.
 *
 * Theory of operation. `spawner_start` forks the spawner before the server gives up its rights. The
 * spawner is pid 1 of a pid namespace of its own, so that the kernel ends every template and slot
 * with it; when it reads the end of the server's socket it kills all slots, removes their cgroups
 * and exits. It listens to nothing but fixed-size, length-checked messages (wire.h) and takes no
 * path, argument or program from them: those come from the configuration it was started with.
 *
 * Every slot is a copy of a template. A template is a process inside a complete sandbox, without
 * user code unless it is a variant's: an initialised language runtime, or a plain one whose copies
 * execute the runtime's runner. A copy gets fresh pid, mount, ipc, uts, net and cgroup namespaces,
 * its own host uid, limits and the syscall filter before the runner starts.
 *
 * Everything declared here runs on the loop thread, except spawner_start, which runs before there
 * is a loop. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct sandbox;
struct uplink_rules; /* uplink/uplink.h */

enum {
    SANDBOX_TEMPLATES_MAX = 16,
    SANDBOX_VARIANTS_MAX = 240, /* their indices follow SANDBOX_TEMPLATES_MAX */
    SANDBOX_SLOTS_MAX = 8192,
};

/* What slots are copied from: one per runtime. Strings live as long as the process. */
struct sandbox_template {
    const char *name;
    /* The program that becomes the template (inside the sandbox's root); it calls template_serve()
     * (template.h). NULL for a plain template, whose copies execute slot_argv. */
    const char *const *template_argv;
    const char *const *slot_argv; /* NULL when template_argv is set */
};

/* A template of a template: the same program with more to see, for the slots of those who asked for
 * it. Made and ended while the server runs.
 *
 * A layer is named by its digest: the spawner looks for the directory of that name (64 digits) in
 * config.layers_dir, and mounts it read-only, without devices and set-user-id programs, at
 * SANDBOX_LAYER_PATH. The server makes layers; whatever lies in one, nobody inside can change it.
 */
struct sandbox_variant {
    unsigned base; /* index below config.template_count */
    bool layer;
    uint8_t layer_id[32];
    bool database; /* config.sockets_dir at SANDBOX_SOCKETS_PATH */
};
#define SANDBOX_LAYER_PATH   "/opt/layer"
#define SANDBOX_SOCKETS_PATH "/run/postgresql"

/* Protections that some hosts cannot give. Naming one here accepts a start without it; otherwise
 * the start is refused with the reason. */
enum sandbox_weaker {
    SANDBOX_WITHOUT_MEMORY = 1 << 0, /* no memory cgroup */
    SANDBOX_WITHOUT_CPU = 1 << 1,    /* no cpu cgroup */
    SANDBOX_WITHOUT_PIDS = 1 << 2,   /* no pids cgroup */
    SANDBOX_WITHOUT_UIDS = 1 << 3,   /* slots share one host uid (started without root) */
};

struct sandbox_config {
    const struct sandbox_template *templates;
    unsigned template_count;
    const char *runners_dir; /* on the host; appears read-only as /opt/virga inside */
    const char *root_dir;    /* a root file system, or NULL for the host's /usr */
    const char *layers_dir;  /* on the host; NULL: variants with a layer are refused */
    const char *sockets_dir; /* likewise for variants with a database. Both exist at the start; what
                                appears in them later is seen */
    unsigned slots_max;      /* at most SANDBOX_SLOTS_MAX at the same time */
    uint64_t variant_memory_bytes;     /* what one variant's template may take; 0: 1 GB */
    unsigned weaker;                   /* enum sandbox_weaker */
    const struct uplink_rules *egress; /* what slots with network reach; NULL: none may have it */
};

/* Limits of one slot. Zero is never "unlimited": every field must be set. */
struct sandbox_limits {
    uint64_t memory_bytes;
    uint64_t tmp_bytes;  /* size of /tmp; /dev/shm and /code have bounds of their own (see docs) */
    uint64_t file_bytes; /* largest single file */
    uint32_t cpu_millis; /* 500 is half a core */
    uint32_t pids;
    uint32_t open_files;
    bool network; /* egress, uplink/uplink.h; a start that cannot have it fails */
};

extern const struct sandbox_limits
    sandbox_default_limits; /* 128 MB, 0.5 CPU, 64 processes, 64 MB /tmp, no network */

/* Forks the spawner. Called by `serve` while it still has the rights it was started with. Sets up
 * the instance: number, uid range, cgroup directory (sweeping what a killed predecessor left),
 * private mounts. Returns 0 and the server's end of the spawner's socket; the spawner never returns
 * from here. */
int spawner_start(const struct sandbox_config *config, int *ret_fd, pid_t *ret_pid, struct err *e);

/* A slot as handed over by the spawner. Descriptors belong to the receiver, are close-on-exec and
 * non-blocking. */
struct sandbox_slot {
    uint32_t id;          /* index below slots_max; free for another slot only after `ended` */
    int socket;           /* frames, engine/frame.h */
    int out, err;         /* read ends of the slot's standard output and error */
    int memory_peak, cpu; /* cgroup files for sandbox_usage, or -1 where the host has none */
    uint64_t cpu_base_us; /* what `cpu` showed before this slot: directories are reused */
    uint32_t copy_us;     /* from the spawner's receipt of the request to the ready slot */
};

struct sandbox_exit {
    int status;      /* as from waitpid */
    bool oom;        /* the kernel killed something in it for its memory limit */
    uint64_t cpu_us; /* user and system time of all its processes */
    uint64_t memory_peak_bytes;
};

/* Called on the loop thread. After `lost` (the spawner died) no more events come. */
struct sandbox_events {
    void (*started)(void *arg, uint64_t ticket, const struct sandbox_slot *slot);
    void (*failed)(void *arg, uint64_t ticket, const struct err *e);
    void (*limited)(void *arg, uint32_t slot,
                    const struct err *e); /* e is NULL when the limits are in force */
    void (*ended)(void *arg, uint32_t slot, const struct sandbox_exit *how);
    /* `memory_bytes` is what the template's process holds: every slot of it shares that. */
    void (*template_ready)(void *arg, unsigned template_index, uint64_t start_us,
                           uint64_t memory_bytes);
    /* The template did not start or died; slots of it keep running, starts fail. `retry` says
     * another try follows. A variant is not tried again: after this its index is free, unless it
     * was stopped meanwhile, then `template_stopped` still follows. */
    void (*template_failed)(void *arg, unsigned template_index, const struct err *e);
    /* After sandbox_template_stop: its index is free. */
    void (*template_stopped)(void *arg, unsigned template_index);
    void (*lost)(void *arg);
};

/* Takes over `fd`. `events` and `arg` must outlive the sandbox. */
int sandbox_new(struct loop *loop, int fd, const struct sandbox_events *events, void *arg,
                struct sandbox **ret, struct err *e);
void sandbox_free(struct sandbox *s); /* closes the socket: the spawner ends all slots and exits */

/* Asks for a slot; `started` or `failed` follows with the same ticket. Fails at once only when the
 * spawner is gone or its queue is full (ERR_LIMIT). */
int sandbox_start(struct sandbox *s, uint64_t ticket, unsigned template_index,
                  const struct sandbox_limits *limits, struct err *e);

/* Changes memory, cpu, pids, file size and open files of a running slot that carries no user code
 * yet; tmp_bytes cannot change, and a network not be taken away (ERR_INVALID). `limited` follows; a
 * network is there then. One change at a time (ERR_CONFLICT). */
int sandbox_limit(struct sandbox *s, uint32_t slot, const struct sandbox_limits *limits,
                  struct err *e);

/* Ends a slot as a whole: every process in it. `ended` follows. Harmless on a slot that is ending
 * already. */
void sandbox_kill(struct sandbox *s, uint32_t slot);

/* Memory peak and CPU time of a live slot so far, read from the cgroup; 0 where the host has no
 * cgroup. */
void sandbox_usage(const struct sandbox_slot *slot, uint64_t *ret_peak_bytes, uint64_t *ret_cpu_us);

/* Starts a variant at a free index of SANDBOX_TEMPLATES_MAX .. + SANDBOX_VARIANTS_MAX - 1, which
 * sandbox_start then takes; `template_ready` or `template_failed` follows. `setup` is a file that
 * the template's program finds open for reading as TEMPLATE_SETUP (template.h), or -1; the spawner
 * passes it on unread. Not closed here. ERR_NOT_FOUND: no such layer (by `template_failed`). */
int sandbox_template_start(struct sandbox *s, unsigned index, const struct sandbox_variant *v,
                           int setup, struct err *e);
/* Its slots live on; starts that wait for it fail. `template_stopped` follows. */
void sandbox_template_stop(struct sandbox *s, unsigned index);
