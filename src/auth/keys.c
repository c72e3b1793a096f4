#include "auth/keys.h"

#include "auth/auth.h"
#include "base/must.h"

#include <string.h>

static const struct {
    unsigned scope;
    const char *name;
} scopes[] = {
    {SCOPE_FUNCTIONS_READ, "functions:read"},
    {SCOPE_FUNCTIONS_WRITE, "functions:write"},
    {SCOPE_PROJECTS_READ, "projects:read"},
    {SCOPE_PROJECTS_WRITE, "projects:write"},
    {SCOPE_CALLS_READ, "calls:read"},
    {SCOPE_INVOKE, "invoke"},
    {SCOPE_SECRETS, "secrets:reveal"},
    {SCOPE_ACCOUNT, "account"},
    {SCOPE_ADMIN, "admin"},
};

const char *keys_scope_name(unsigned scope)
{
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
        if (scopes[i].scope == scope)
            return scopes[i].name;
    return "";
}

unsigned keys_scope(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
        if (strcmp(scopes[i].name, name) == 0)
            return scopes[i].scope;
    return 0;
}

json_t *keys_scopes_json(unsigned set)
{
    json_t *ret = json_array();
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
        if (set & scopes[i].scope)
            json_array_append_new(ret, json_string(scopes[i].name));
    return ret;
}
