/* code — the files of function versions, shared by all who send them, and how many of them stay in
 * memory. */
#include "engine/private.h"

#include "base/mem.h"
#include "base/must.h"

#include <string.h>

struct code *code_new(const void *files_section, size_t len)
{
    struct code *c = mem_alloc(sizeof *c + len);
    c->refs = 1;
    c->len = len;
    if (len)
        memcpy(c->bytes, files_section, len);
    return c;
}

struct code *code_ref(struct code *c)
{
    c->refs++;
    return c;
}

void code_unref(struct code *c)
{
    if (!c)
        return;
    must(c->refs > 0);
    if (--c->refs == 0)
        free(c);
}

static void forget(struct engine *e, struct fn *fn)
{
    if (!fn->code)
        return;
    list_remove(&fn->code_node);
    e->code_bytes -= fn->code->len;
    code_unref(take_ptr(fn->code));
}

/* The one just set stays even if it is larger than the whole cache: a call is about to need it. */
static void trim(struct engine *e)
{
    while (e->code_bytes > e->config.code_cache_max) {
        struct list *oldest = list_last(&e->codes);
        if (oldest == list_first(&e->codes))
            return;
        forget(e, list_of(oldest, struct fn, code_node));
    }
}

void code_set(struct engine *e, struct fn *fn, struct code *code)
{
    if (code)
        code_ref(code); /* before forget: it may be the same one */
    forget(e, fn);
    if (!code)
        return;
    fn->code = code;
    e->code_bytes += code->len;
    list_push(&e->codes, &fn->code_node);
    trim(e);
}

bool code_want(struct engine *e, struct fn *fn)
{
    if (fn->code) {
        list_remove(&fn->code_node);
        list_push(&e->codes, &fn->code_node);
        return true;
    }
    if (!fn->fetching) {
        fn->fetching = true;
        e->config.fetch_code(e->config.arg, fn->spec.id, fn->spec.version);
    }
    return false;
}

static void fail_waiting(struct fn *fn, const struct err *why)
{
    struct list *first;
    while ((first = list_first(&fn->waiting)))
        call_fail(list_of(first, struct call, node), CALL_PLATFORM_ERROR,
                  "the code of version %u cannot be read: %s", fn->spec.version, why->text);
}

void engine_code(struct engine *e, const char *function_id, uint32_t version, struct code *code,
                 const struct err *failed)
{
    struct fn *fn = fn_find(&e->functions, function_id);
    if (!fn || !fn->fetching)
        return;
    fn->fetching = false;
    fn_use(fn);
    if (version != fn->spec.version) { /* replaced while it was being read */
        if (!list_empty(&fn->waiting))
            pool_place(e, fn);
    } else if (code) {
        code_set(e, fn, code);
        pool_place(e, fn);
    } else if (fn->code) { /* it came another way meanwhile */
        pool_place(e, fn);
    } else {
        fail_waiting(fn, failed);
    }
    fn_unuse(fn);
}
