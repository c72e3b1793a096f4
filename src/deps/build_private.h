/* build_private — what build*.c share. */
#pragma once

#include "base/buf.h"
#include "deps/build.h"
#include "deps/wire.h"

#include <stdatomic.h>

/* --- build_lines.c: what a package manager prints, made fit for people --- */

enum { BUILD_LINE_MAX = 4096 };

/* Takes the next whole line off `in`, or a piece of one that is too long; with `last` also what has
 * no end yet. Without escape sequences and control bytes, as UTF-8, its end of line included. */
bool build_line(struct buf *in, bool last, struct buf *ret);

/* --- build_take.c: a tree that somebody else describes, written to disk --- */

struct build_take {
    const char *layers_dir, *top; /* the one directory that may be there: "python" */
    uint64_t bytes, bytes_max;
    uint32_t files, files_max; /* directories and links count as well */
    char name[40];             /* ".new-<random>", "" before it is made */
    int dir, file;             /* the file that is being written, or -1 */
    uint64_t left;             /* bytes that it still lacks */
};
int build_take_open(struct build_take *t, const char *layers_dir, const char *top,
                    uint64_t bytes_max, uint32_t files_max, struct err *e);
/* ERR_MALFORMED for what no honest program sends; ERR_INVALID for what packages must not hold;
 * ERR_LIMIT. */
int build_take_entry(struct build_take *t, struct str payload, struct err *e);
int build_take_data(struct build_take *t, struct str payload, struct err *e);
int build_take_finish(struct build_take *t, struct err *e); /* all of it is on disk then */
void build_take_close(struct build_take *t, bool keep);     /* removes what is not kept */

/* --- build_list.c: the packages, as the program names them --- */

struct build_list {
    struct build_package {
        char *name, *version;
    } * of;
    size_t count, room;
};
int build_list_add(struct build_list *l, struct str payload, struct err *e);
void build_list_write(struct build_list *l, struct buf *ret_json, struct buf *ret_pins);
void build_list_done(struct build_list *l);

/* --- build_run.c: the conversation, blocking, on the build's thread --- */

struct build_run {
    struct build_order order;
    const struct index *index;
    const char *layers_dir;
    uint64_t size_bytes;
    uint32_t files_max;
    int sock, out, err; /* of the slot; closed at the end */
    void (*log)(void *arg, struct str text);
    void (*progress)(void *arg, enum build_step step, unsigned packages, uint64_t bytes);
    void *arg;
    /* what came of it */
    struct build_take take;
    struct buf packages, lock;
    char runtime_version[65], platform[65];
};
int build_run(struct build_run *r, struct err *e);
void build_run_done(struct build_run *r); /* removes a result that nobody took */
