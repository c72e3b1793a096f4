#include "projects/variable.h"

#include "base/must.h"

#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool variable_key_ok(struct str key)
{
    if (!key.n || key.n > VARIABLE_KEY_MAX || !is_letter(key.p[0]))
        return false;
    for (size_t i = 1; i < key.n; i++)
        if (!is_letter(key.p[i]) && !(key.p[i] >= '0' && key.p[i] <= '9'))
            return false;
    return true;
}

/* Set by the platform, or read by the dynamic linker before any code of the function runs. */
bool variable_key_reserved(const char *key)
{
    static const char *const reserved[] = {"PATH", "HOME", "TMPDIR", "FUNCTION_NAME", "INPUT_JSON"};
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
        if (strcmp(key, reserved[i]) == 0)
            return true;
    return strncmp(key, "VIRGA_", 6) == 0 || strncmp(key, "LD_", 3) == 0;
}

static void add_context(struct buf *out, const char *project, const char *key)
{
    buf_addf(out, "%s/%s", project, key);
}

struct str variable_seal(const struct seal *s, struct arena *a, const char *project,
                         const char *key, struct str value)
{
    auto_buf struct buf context = {0}, sealed = {0};
    add_context(&context, project, key);
    seal_lock(s, buf_str(&context), value, &sealed);
    return arena_str(a, buf_str(&sealed));
}

int variable_open(const struct seal *s, const char *project, const char *key, struct str sealed,
                  struct buf *ret, struct err *e)
{
    auto_buf struct buf context = {0};
    add_context(&context, project, key);
    if (seal_unlock(s, buf_str(&context), sealed, ret, e) < 0)
        return err_in(e, "variable '%s' of project %s", key, project);
    return 0;
}

void variable_forget(struct buf *clear)
{
    if (clear->data)
        explicit_bzero(clear->data, clear->len);
    buf_done(clear);
}
