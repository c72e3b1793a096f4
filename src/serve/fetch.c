#include "serve/fetch.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "functions/functions.h"
#include "loop/loop.h"

#include <stdio.h>

struct fetch {
    struct engine *engine;
    char function_id[ID_TEXT];
    uint32_t version;
    struct code *code;
    struct err failed;
};

static void read_code(void *job, void *db)
{
    struct fetch *f = job;
    (void)functions_load_code(db, f->function_id, f->version, &f->code, &f->failed);
}

static void deliver(void *job)
{
    struct fetch *f = job;
    engine_code(f->engine, f->function_id, f->version, f->code, &f->failed);
    code_unref(f->code);
    free(f);
}

void fetch_code(struct workers *workers, struct engine *engine, const char *function_id,
                uint32_t version)
{
    struct fetch *f = mem_alloc(sizeof *f);
    f->engine = engine;
    f->version = version;
    snprintf(f->function_id, sizeof f->function_id, "%s", function_id);
    if (workers_submit(workers, read_code, deliver, f, &f->failed) < 0)
        deliver(f);
}
