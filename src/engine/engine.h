/* engine — a call from queue to result.
 *
 * Holds every function that can be called in memory, a pool of slots per function version, blank
 * slots per runtime, and the queue in front of them. No SQL, no HTTP: the control plane tells it
 * about functions, whoever calls gets a result by callback, finished calls go to a sink. Everything
 * runs on the loop thread. */
#pragma once

#include "base/err.h"
#include "base/id.h"
#include "base/str.h"
#include "engine/spec.h"
#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct loop;
struct runtime;

enum call_status {
    CALL_SUCCESS,
    CALL_ERROR, /* the handler raised, or the code does not load */
    CALL_TIMEOUT,
    CALL_OOM,
    CALL_OUTPUT_LIMIT, /* more log or a larger result than allowed */
    CALL_CRASHED,      /* the process ended or broke the protocol */
    CALL_THROTTLED,    /* concurrency and queue are full; never started */
    CALL_PLATFORM_ERROR,
    CALL_STATUSES
};
const char *call_status_name(enum call_status s); /* "success", "output_limit", ... */

/* Where time went, in microseconds. The sum is the duration. */
struct call_phases {
    uint32_t queue_us;   /* waiting for a slot to become free */
    uint32_t place_us;   /* getting a new one (cold only) */
    uint32_t load_us;    /* loading the user's code (cold only) */
    uint32_t handler_us; /* event sent until result received */
};

/* Where the function's code failed, as its runner says: a guest can make it lie. */
struct call_problem {
    char *file;            /* relative to the code: "lib/db.py". No empty, "." or ".." segments */
    uint32_t line, column; /* 1 to PROBLEM_PLACE_MAX; column 0: unknown */
    char *type, *message;
    char *module;  /* that is missing: "cv2", "@scope/name"; NULL: none */
    char *package; /* that provides it as far as is known: "opencv-python-headless"; NULL without
                      `module` */
};
enum { PROBLEM_FILE_MAX = 1024, PROBLEM_PLACE_MAX = 10 * 1000 * 1000 };

/* A finished call. Owned memory; call_record_free. The done callback sees it without
 * memory_peak_bytes and cpu_us, which are read after the answer is out; the sink sees all of it. */
struct call_record {
    char id[ID_CALL_TEXT];
    char function_id[ID_TEXT];
    uint32_t version;
    enum call_status status;
    bool cold;
    int64_t created_us; /* wall clock at arrival */
    uint64_t duration_us;
    struct call_phases phases;
    uint64_t memory_peak_bytes;    /* of the slot so far; 0 unknown */
    uint64_t cpu_us;               /* of this call; 0 unknown */
    const char *source;            /* "direct", "gateway": static text */
    char *http_method, *http_path; /* of a gateway call, else NULL */
    bool streamed;                 /* `output` is the first 64 KB of what went out in pieces, as a
                                      JSON string */
    char *input;                   /* JSON text; cut at 64 KB for the record, `input_cut` says so */
    char *output;                  /* JSON text of the result, or NULL */
    size_t output_len;
    char *error;                  /* one line for anybody: "ValueError: no such thing", or NULL */
    char *traceback;              /* for the owner, or NULL */
    struct call_problem *problem; /* for the owner, or NULL: unknown */
    char *out, *err;              /* what the call printed */
    size_t out_len, err_len;
    bool input_cut;
};
void call_record_free(struct call_record *r);

/* Code of one version in the form of a LOAD frame's files section. Shared by reference count. */
struct code {
    unsigned refs;
    size_t len;
    char bytes[];
};

struct engine_config {
    const struct runtime *const
        *runtimes;   /* index is the sandbox's template index; NULL-terminated */
    unsigned leased; /* templates behind those, for engine_lease alone; no blanks are kept */
    unsigned slots_max;
    unsigned blanks;           /* kept per runtime */
    unsigned idle_ms;          /* an idle slot lives so long */
    unsigned variant_idle_ms;  /* a template of a scope without calls lives so long */
    size_t variant_memory_max; /* bytes that these templates may hold together: the least recently
                                  used go first */
    size_t code_cache_max;     /* bytes */
    size_t stream_max;         /* bytes of a streamed result; 1 GB unless set */
    /* Asks for a version's code; engine_code answers, at once or later. */
    void (*fetch_code)(void *arg, const char *function_id, uint32_t version);
    /* The functions of a scope import these modules of its layer, one name a line, in the order of
     * their imports: for engine_learned at the next start. May be NULL. */
    void (*learned)(void *arg, const char *scope, const struct runtime *runtime,
                    const uint8_t layer_id[LAYER_ID], struct str modules);
    /* Takes ownership of a finished call's record. */
    void (*record)(void *arg, struct call_record *r);
    /* False while records cannot be taken as fast as they come: calls are throttled. */
    bool (*record_room)(void *arg);
    void *arg;
};

int engine_new(struct loop *l, int spawner_fd, const struct engine_config *config,
               struct engine **ret, struct err *e);
/* Fails what is queued or running with CALL_PLATFORM_ERROR, ends all slots. */
void engine_free(struct engine *e);

/* Makes or replaces a function. A new version takes over for calls that have not started; slots of
 * the old one finish what they do. Copies the spec. `code` may be NULL (fetched when needed); else
 * a reference is taken. */
void engine_set(struct engine *e, const struct function_spec *spec, struct code *code);
void engine_remove(struct engine *e, const char *function_id); /* waiting calls fail as not found */
void engine_code(struct engine *e, const char *function_id, uint32_t version, struct code *code,
                 const struct err *failed);
struct code *code_new(const void *files_section, size_t len);
struct code *code_ref(struct code *c);
void code_unref(struct code *c);

/* A result in pieces, for callers that can pass it on. All on the loop thread.
 *
 * The deadline covers the whole stream, `result_bytes` does not: a stream may be longer, up to 1 GB
 * (CALL_OUTPUT_LIMIT). It ends with `done`: CALL_SUCCESS when it is whole; anything else means that
 * it broke off, and whoever passes it on must let that show. A status outside 200..599, a header
 * that could end its line or is neither text nor number, or more than 100 of them: CALL_ERROR
 * before `opened`. Which headers may go out is for the caller to decide. */
struct call_stream {
    /* The handler opened a streamed result: its status (200 unless it says) and headers, cookies
     * too, as a JSON object of strings, numbers or lists of these. Once, before any `piece`. */
    void (*opened)(void *arg, unsigned status, struct str headers);
    /* Never empty, at most 256 KB. False pauses reading from the slot until engine_resume: the
     * handler blocks in its write. Only when the slot has ended meanwhile, what is left in its
     * socket (a few hundred KB at most) comes all the same. */
    bool (*piece)(void *arg, struct str bytes);
};

struct call_request {
    const char *function_id;
    const char *id;     /* of the call, by id_new_call, for who needs it before; NULL: made here */
    int64_t created_us; /* with `id`: what it was made of, since a record is found by both */
    struct str event;   /* one JSON text; copied */
    /* No more than what comes before an event is sent, within the bounds of a call: waits for a
     * slot and has the code loaded; an idle slot is as good (not `cold`). Its record goes to `done`
     * alone and counts nowhere; its log is what the code printed while it was loaded. */
    bool load_only;
    const char *source;                  /* static text */
    const char *http_method, *http_path; /* of a gateway call, for its record; NULL; copied */
    /* Static. NULL: results come whole, and a handler that streams has its pieces joined into one
     * result, which must keep to `result_bytes`: a JSON string when they are UTF-8, else
     * {"isBase64Encoded":true,"body":base64}. When the handler opened its stream with a status or
     * headers, {"statusCode":n,"headers":{},"body":string} or the same with "isBase64Encoded". */
    const struct call_stream *stream;
    /* Exactly once, with a record that lives during the callback only; `refused` is set (and the
     * record's status is CALL_THROTTLED or the record NULL) when the call never started:
     * ERR_NOT_FOUND, ERR_LIMIT, ERR_MALFORMED (not active), ERR_UNAVAILABLE (closing). Called
     * before engine_call returns or later. */
    void (*done)(void *arg, const struct call_record *r, const struct err *refused);
    void *arg;
};
void engine_call(struct engine *e, const struct call_request *req);
/* Goes on after `piece` returned false, on a later turn of the loop. `arg` is that of the request;
 * harmless when its call has ended. */
void engine_resume(struct engine *e, const void *arg);
/* The caller has gone: ends a streaming call on a later turn of the loop (its slot is killed,
 * CALL_ERROR "the caller went away"), one that has not opened its stream yet as soon as it does.
 * Others run to their end. Neither `opened` nor `piece` is called any more, `done` still is. */
void engine_abandon(struct engine *e, const void *arg);

/* What `learned` has said in an earlier life. */
enum { LEARNED_MAX = 64 * 1024 }; /* bytes of names */
void engine_learned(struct engine *e, const char *scope, const struct runtime *runtime,
                    const uint8_t layer_id[LAYER_ID], struct str modules);

struct engine_stats {
    uint64_t calls[CALL_STATUSES];
    uint64_t cold_starts;
    /* A slot of a lease is busy. */
    unsigned slots_idle, slots_busy, slots_starting, slots_blank, slots_max, queued, functions;
    unsigned templates; /* beside those of the runtimes: with packages, databases or code */
    size_t template_bytes;
};
void engine_stats(const struct engine *e, struct engine_stats *ret);
/* The version of a runtime as its sandboxes say it: "3.11.2"; "" before the first one has started,
 * and where a function brings its own. NULL behind the last of config.runtimes. */
const char *engine_runtime_version(const struct engine *e, unsigned index);
/* Prometheus text: virga_calls_total, virga_call_duration_seconds, virga_cold_start_seconds by
 * phase, pool and queue gauges. */
struct buf;
void engine_metrics(const struct engine *e, struct buf *out);
