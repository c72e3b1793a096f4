#include "cli/ignore.h"

#include "base/mem.h"
#include "base/must.h"

#include <fnmatch.h>
#include <string.h>

static const char *const always[] = {".git", ".venv", "__pycache__", "*.pyc", ".virgaignore"};

void ignore_init(struct ignore *g, struct str file)
{
    *g = (struct ignore){0};
    while (file.p) {
        struct str line = str_trim(str_cut(&file, '\n'));
        if (line.n == 0 || line.p[0] == '#')
            continue;
        g->patterns = mem_realloc(g->patterns, (g->count + 1) * sizeof *g->patterns);
        g->patterns[g->count++] = mem_dup(line.p, line.n);
    }
}

void ignore_done(struct ignore *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->patterns[i]);
    free(g->patterns);
    *g = (struct ignore){0};
}

static bool matches(const char *line, const char *path, bool is_dir)
{
    auto_ptr char *pattern = mem_strdup(line);
    size_t len = strlen(pattern);
    if (len > 1 && pattern[len - 1] == '/') {
        if (!is_dir)
            return false;
        pattern[len - 1] = 0;
    }
    if (strchr(pattern, '/'))
        return fnmatch(pattern[0] == '/' ? pattern + 1 : pattern, path, FNM_PATHNAME) == 0;
    const char *slash = strrchr(path, '/');
    return fnmatch(pattern, slash ? slash + 1 : path, 0) == 0;
}

bool ignore_match(const struct ignore *g, const char *path, bool is_dir)
{
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (matches(always[i], path, is_dir))
            return true;
    for (size_t i = 0; i < g->count; i++)
        if (matches(g->patterns[i], path, is_dir))
            return true;
    return false;
}
