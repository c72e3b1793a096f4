#include "deps/package.h"

#include "base/log.h"
#include "base/must.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 214, SPEC_MAX = 2048, DEPTH_MAX = 8 };

/* What is kept, and whose values say versions. */
static const char *const kinds[] = {"dependencies", "optionalDependencies", "peerDependencies",
                                    "devDependencies"};
static const char *const refused[] = {"workspaces", "bundledDependencies", "bundleDependencies"};

static void drop_json(void *json)
{
    json_decref(json);
}

/* The object in `text`, freed with the arena. */
static int parse(struct arena *a, struct str text, const char *what, size_t max, json_t **ret,
                 struct err *e)
{
    json_error_t why;
    if (text.n > max)
        return err_set(e, ERR_INVALID, "%s has at most %zu KB", what, max / 1024);
    *ret = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (!*ret)
        return err_set(e, ERR_INVALID, "%s: line %d: %s", what, why.line, why.text);
    arena_defer(a, drop_json, *ret);
    return json_is_object(*ret) ? 0 : err_set(e, ERR_INVALID, "%s is a JSON object", what);
}

static const char *canonical(struct arena *a, const json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    must(text);
    const char *ret = arena_strdup(a, text);
    free(text);
    return ret;
}

static int bad(const char *where, const char *name, const char *why, struct err *e)
{
    char quoted[80];
    return err_set(e, ERR_INVALID, "package.json: %s: '%s' %s", where,
                   log_quote(str_of(name), quoted, sizeof quoted), why);
}

/* "left-pad", "@scope/name"; the capitals are of old packages. */
static bool name_ok(const char *name)
{
    size_t len = strlen(name);
    const char *part = name[0] == '@' ? strchr(name, '/') : name;
    if (!len || len > NAME_MAX_LEN || !part)
        return false;
    if (part != name && (part == name + 1 || !*++part))
        return false;
    for (const char *c = name; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr("-._~", *c) || (c == name && *c == '@') || (c + 1 == part && *c == '/')))
            return false;
    return *part != '.' && *part != '_' && *part != '-' && name[1] != '.';
}

/* A range, a tag, npm:other@range or an address. */
static const char *spec_problem(const char *spec)
{
    if (strlen(spec) > SPEC_MAX)
        return "has too long a version";
    for (const char *c = spec; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return "has control characters in its version";
    if (strncmp(spec, "https://", 8) == 0)
        return NULL;
    if (strncmp(spec, "npm:", 4) == 0)
        return spec[4] == '.' || spec[4] == '/' ? "is no name of a package" : NULL;
    if (strncmp(spec, "file:", 5) == 0 || strncmp(spec, "link:", 5) == 0 ||
        strncmp(spec, "workspace:", 10) == 0 ||
        (spec[0] && strchr("./~\\", spec[0]) && strchr(spec, '/')))
        return "is a path: put the code into the function";
    if (strncmp(spec, "http:", 5) == 0)
        return "has an address without https://";
    if (strchr(spec, ':') || strchr(spec, '/') || strchr(spec, '\\'))
        return "is a repository, which is not reached: name a released version";
    return NULL;
}

static int check_kind(const json_t *object, const char *kind, struct err *e)
{
    const char *name;
    json_t *spec;
    if (!json_is_object(object))
        return bad(kind, kind, "should be an object of names and versions", e);
    if (json_object_size(object) > PACKAGE_COUNT_MAX)
        return bad(kind, kind, "names more than 500 packages", e);
    json_object_foreach((json_t *)(uintptr_t)object, name, spec)
    {
        if (!name_ok(name))
            return bad(kind, name, "is no name of a package", e);
        if (!json_is_string(spec))
            return bad(kind, name, "should have a version as a text", e);
        const char *problem = spec_problem(json_string_value(spec));
        if (problem)
            return bad(kind, name, problem, e);
    }
    return 0;
}

/* Nested as deep as people write it; "$name" means the version of a dependency. */
static int check_overrides(const json_t *object, unsigned depth, struct err *e)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object) || depth > DEPTH_MAX)
        return bad("overrides", "overrides", "should be an object, nested 8 deep at most", e);
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const char *spec = json_string_value(value), *problem = spec ? spec_problem(spec) : NULL;
        if (problem)
            return bad("overrides", name, problem, e);
        if (!spec && check_overrides(value, depth + 1, e) < 0)
            return -1;
    }
    return 0;
}

static int keep(const json_t *from, const char *name, json_t *to)
{
    json_t *value = json_object_get(from, name);
    return value && json_object_size(value) ? json_object_set(to, name, value) : 0;
}

static int check_manifest(const json_t *object, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (json_object_get(object, refused[i]))
            return bad(refused[i], refused[i], "is not possible: name packages as dependencies", e);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const json_t *kind = json_object_get(object, kinds[i]);
        if (kind && check_kind(kind, kinds[i], e) < 0)
            return -1;
    }
    const json_t *overrides = json_object_get(object, "overrides");
    return overrides ? check_overrides(overrides, 0, e) : 0;
}

int package_read_json(struct arena *a, struct str text, const char **ret_normal, struct err *e)
{
    json_t *object = NULL;
    *ret_normal = "";
    if (!str_trim(text).n)
        return 0;
    if (parse(a, text, "package.json", PACKAGE_JSON_MAX, &object, e) < 0 ||
        check_manifest(object, e) < 0)
        return -1;
    json_t *kept = json_object();
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        keep(object, kinds[i], kept);
    bool any = json_object_get(kept, "dependencies") ||
               json_object_get(kept, "optionalDependencies") ||
               json_object_get(kept, "peerDependencies");
    keep(object, "overrides", kept);
    if (any)
        *ret_normal = canonical(a, kept);
    json_decref(kept);
    return 0;
}

/* --- the lock --- */

static int bad_lock(const char *name, const char *why, struct err *e)
{
    char quoted[80];
    return err_set(e, ERR_INVALID, "package-lock.json: '%s' %s",
                   log_quote(str_of(name), quoted, sizeof quoted), why);
}

static int check_version(const json_t *lock, struct err *e)
{
    const json_t *version = json_object_get(lock, "lockfileVersion");
    json_int_t n = json_integer_value(version);
    if (!json_is_integer(version) || (n != 2 && n != 3))
        return err_set(e, ERR_INVALID,
                       "package-lock.json: lockfileVersion is %lld instead of 2 or 3: make it anew "
                       "with npm 7 or newer (npm install --package-lock-only)",
                       (long long)n);
    return 0;
}

/* Where a package lies, and where it comes from. */
static int check_entry(const char *path, const json_t *entry, struct err *e)
{
    const char *from = json_string_value(json_object_get(entry, "resolved"));
    if (!*path)
        return 0;
    if (strncmp(path, "node_modules/", 13) != 0 || strstr(path, "..") || strchr(path, '\\'))
        return bad_lock(path, "lies outside of node_modules: workspaces are not possible", e);
    if (!json_is_object(entry) || json_is_true(json_object_get(entry, "link")))
        return bad_lock(path, "is a link: put the code into the function", e);
    if (from && strncmp(from, "https://", 8) != 0 && strncmp(from, "http://", 7) != 0)
        return bad_lock(path, "comes from a path or repository: name a released version", e);
    return 0;
}

/* npm would refuse it in its own words, after a while. */
static int check_same(const json_t *manifest, const json_t *root, const char *kind, struct err *e)
{
    const json_t *here = json_object_get(manifest, kind), *there = json_object_get(root, kind);
    const char *name;
    json_t *spec;
    json_object_foreach((json_t *)(uintptr_t)here, name, spec)
    {
        json_t *locked = json_object_get(there, name);
        if (!locked || !json_equal(locked, spec))
            return bad_lock(name,
                            locked ? "has another version in package.json: make the lock anew,"
                                     " or send an empty one"
                                   : "of package.json is missing: make the lock anew, or send"
                                     " an empty one",
                            e);
    }
    json_object_foreach((json_t *)(uintptr_t)there, name, spec)
    {
        if (!json_object_get(here, name))
            return bad_lock(name,
                            "is not in package.json: make the lock anew, or send an empty one", e);
    }
    return 0;
}

int package_read_lock(struct arena *a, struct str text, const char *normal, const char **ret_normal,
                      struct err *e)
{
    json_t *lock = NULL, *manifest = NULL, *entry;
    const char *path;
    *ret_normal = "";
    if (!str_trim(text).n)
        return 0;
    if (!*normal)
        return err_set(e, ERR_INVALID, "package-lock.json needs a package.json with dependencies");
    if (parse(a, text, "package-lock.json", PACKAGE_LOCK_MAX, &lock, e) < 0 ||
        parse(a, str_of(normal), "package.json", PACKAGE_JSON_MAX, &manifest, e) < 0 ||
        check_version(lock, e) < 0)
        return -1;
    json_t *packages = json_object_get(lock, "packages");
    const json_t *root = json_object_get(packages, "");
    if (!json_is_object(root))
        return err_set(e, ERR_INVALID, "package-lock.json has no member packages with \"\"");
    json_object_foreach(packages, path, entry)
    {
        if (check_entry(path, entry, e) < 0)
            return -1;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (check_same(manifest, root, kinds[i], e) < 0)
            return -1;
    *ret_normal = canonical(a, lock);
    return 0;
}
