#include "functions/functions.h"

#include "app.h"
#include "base/mem.h"
#include "base/must.h"
#include "functions/functions_store.h"
#include "functions/pages.h"
#include "functions/rules.h"
#include "runtimes/runtimes.h"

#include <string.h>

/* A runner needs a few processes and descriptors of its own; what it needs at least is the
 * runtime's business and shows as a failed load. */
const struct limit_rule limit_rules[LIMITS] = {
    [LIMIT_MEMORY_MB] = {"memory_mb", 1, 16, 16384, 128},
    [LIMIT_CPU_MILLIS] = {"cpu", 1000, 50, 64000, 500},
    [LIMIT_TIMEOUT_MS] = {"timeout_ms", 1, 1, 900000, 30000},
    [LIMIT_PIDS] = {"pids", 1, 1, 4096, 64},
    [LIMIT_TMP_MB] = {"tmp_mb", 1, 1, 4096, 64},
    [LIMIT_OUTPUT_KB] = {"output_kb", 1, 1, 16384, 1024},
    [LIMIT_RESULT_KB] = {"result_kb", 1, 1, 16384, 6144},
    [LIMIT_FILE_MB] = {"file_mb", 1, 1, 4096, 64},
    [LIMIT_OPEN_FILES] = {"open_files", 1, 16, 4096, 1024},
};

const char *const access_words[] = {"public", "key", "private", NULL};

struct functions *functions_new(const struct functions_config *config)
{
    struct functions *f = mem_alloc(sizeof *f);
    f->config = *config;
    f->config.files_max = config->files_max ? config->files_max : 6 << 20;
    f->pages = pages_new();
    return f;
}

void functions_free(struct functions *f)
{
    if (!f)
        return;
    pages_free(f->pages);
    free(f);
}

void functions_changed(struct functions *f)
{
    if (f)
        pages_outdate(f->pages);
}

struct functions *rules_functions(const struct request *req)
{
    return ((const struct app *)req->app)->functions;
}

void rules_change_init(struct function_change *c)
{
    *c = (struct function_change){.active = KEEP,
                                  .network_enabled = KEEP,
                                  .public_logs = KEEP,
                                  .reuse = KEEP,
                                  .snapstart = KEEP,
                                  .access = KEEP,
                                  .rate_limit = LIMIT_KEEP,
                                  .client_rate_limit = LIMIT_KEEP,
                                  .concurrency = LIMIT_KEEP,
                                  .queue = LIMIT_KEEP};
    for (int i = 0; i < LIMITS; i++)
        c->limits[i] = LIMIT_KEEP;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool rules_name_ok(struct str name)
{
    if (!name.n || name.n > NAME_MAX_LEN || !is_word(name.p[0]))
        return false;
    for (size_t i = 1; i < name.n; i++)
        if (!is_word(name.p[i]) && !memchr(" ._-", name.p[i], 4))
            return false;
    return true;
}

/* Runtimes give it a meaning; here it only has to be one printable word. */
bool rules_handler_ok(struct str handler)
{
    if (!handler.n || handler.n > HANDLER_MAX || !str_is_utf8(handler))
        return false;
    for (size_t i = 0; i < handler.n; i++)
        if ((unsigned char)handler.p[i] <= ' ' || handler.p[i] == 0x7f)
            return false;
    return true;
}

void rules_standard(struct function *fn)
{
    *fn = (struct function){.description = "",
                            .runtime = "python",
                            .active = true,
                            .concurrency = CONCURRENCY_DEFAULT,
                            .queue = QUEUE_DEFAULT,
                            .reuse = REUSE_ALWAYS};
    for (int i = 0; i < LIMITS; i++)
        fn->limits[i] = limit_rules[i].standard;
}

int rules_environment_open(const struct functions *f, const struct function *fn, json_t **ret,
                           struct err *e)
{
    auto_buf struct buf clear = {0};
    if (!fn->environment.p) {
        *ret = json_object();
        return 0;
    }
    if (seal_unlock(f->config.seal, str_of(fn->id), fn->environment, &clear, e) < 0)
        return err_in(e, "environment of '%s'", fn->name);
    *ret = json_loadb(clear.data, clear.len, JSON_REJECT_DUPLICATES, NULL);
    explicit_bzero(clear.data, clear.len);
    if (!json_is_object(*ret))
        return err_set(e, ERR_SYSTEM, "environment of '%s': no JSON object", fn->name);
    return 0;
}

void rules_environment_set(const struct functions *f, struct arena *a, struct function *fn,
                           const json_t *object)
{
    fn->environment = (struct str){NULL, 0};
    if (!json_object_size(object))
        return;
    auto_buf struct buf sealed = {0};
    char *text = json_dumps(object, JSON_COMPACT);
    must(text);
    seal_lock(f->config.seal, str_of(fn->id), str_of(text), &sealed);
    free(text);
    fn->environment = arena_str(a, buf_str(&sealed));
}

static void limits_to_spec(const struct function *fn, struct function_spec *ret)
{
    const uint32_t *limits = fn->limits;
    ret->limits = (struct sandbox_limits){
        .memory_bytes = (uint64_t)limits[LIMIT_MEMORY_MB] << 20,
        .tmp_bytes = (uint64_t)limits[LIMIT_TMP_MB] << 20,
        .file_bytes = (uint64_t)limits[LIMIT_FILE_MB] << 20,
        .cpu_millis = limits[LIMIT_CPU_MILLIS],
        .pids = limits[LIMIT_PIDS],
        .open_files = limits[LIMIT_OPEN_FILES],
        .network = fn->network_enabled,
    };
    ret->timeout_ms = limits[LIMIT_TIMEOUT_MS];
    ret->output_bytes = limits[LIMIT_OUTPUT_KB] * 1024;
    ret->result_bytes = limits[LIMIT_RESULT_KB] * 1024;
}

/* The project's variables with the function's own on top, and its name; the caller's reference. */
static json_t *merged(const json_t *variables, json_t *take_own, const char *name)
{
    json_t *all = variables ? json_copy((json_t *)(uintptr_t)variables) : json_object();
    json_object_update(all, take_own);
    json_decref(take_own);
    json_object_set_new(all, "FUNCTION_NAME", json_string(name));
    return all;
}

int function_to_spec(const struct functions *f, struct arena *a, const struct function *fn,
                     const json_t *variables, struct function_spec *ret, struct err *e)
{
    json_t *environment = NULL;
    *ret = (struct function_spec){0};
    if (runtimes_find(fn->runtime, &ret->runtime, e) < 0 ||
        rules_environment_open(f, fn, &environment, e) < 0)
        return -1;
    environment = merged(variables, environment, fn->name);
    char *text = json_dumps(environment, JSON_COMPACT);
    json_decref(environment);
    must(text && strlen(fn->id) < sizeof ret->id);
    ret->environment = arena_strdup(a, text);
    free(text);
    strcpy(ret->id, fn->id);
    ret->name = arena_strdup(a, fn->name);
    ret->handler = arena_strdup(a, fn->handler);
    ret->version = fn->active_version;
    ret->concurrency = fn->concurrency;
    ret->queue = fn->queue;
    ret->reuse = fn->reuse;
    ret->snapstart = fn->snapstart;
    ret->scope = arena_strdup(a, fn->project ? fn->project : "");
    ret->active = fn->active;
    limits_to_spec(fn, ret);
    return 0;
}
