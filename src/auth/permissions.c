/* permissions — what each word in a route's permission column asks for. */
#include "auth/auth.h"
#include "base/must.h"

static const struct permission_rule rules[PERMISSIONS] = {
    [PERM_PUBLIC] = {.name = "public", .anonymous = true},
    [PERM_CALL] = {.name = "call", .anonymous = true},
    [PERM_CALLS_READ] = {.name = "calls:read", .scope = SCOPE_CALLS_READ, .anonymous = true},
    [PERM_ACCOUNT] = {.name = "account", .scope = SCOPE_ACCOUNT},
    [PERM_PROJECTS_READ] = {.name = "projects:read", .scope = SCOPE_PROJECTS_READ},
    [PERM_PROJECTS_CREATE] = {.name = "projects:create", .scope = SCOPE_PROJECTS_WRITE},
    [PERM_PROJECT_VIEW] = {"project:view", SCOPE_PROJECTS_READ, OBJECT_PROJECT, ROLE_VIEWER, 0, 0},
    [PERM_PROJECT_EDIT] = {"project:edit", SCOPE_PROJECTS_WRITE, OBJECT_PROJECT, ROLE_EDITOR, 0, 0},
    [PERM_PROJECT_OWN] = {"project:own", SCOPE_PROJECTS_WRITE, OBJECT_PROJECT, ROLE_OWNER, 0, 0},
    [PERM_PROJECT_REVEAL] = {"project:reveal", SCOPE_SECRETS, OBJECT_PROJECT, ROLE_OWNER, 0, 0},
    [PERM_FUNCTIONS_READ] = {.name = "functions:read", .scope = SCOPE_FUNCTIONS_READ},
    [PERM_FUNCTIONS_CREATE] = {.name = "functions:create", .scope = SCOPE_FUNCTIONS_WRITE},
    [PERM_FUNCTION_VIEW] = {"function:view", SCOPE_FUNCTIONS_READ, OBJECT_FUNCTION, ROLE_VIEWER, 0,
                            0},
    [PERM_FUNCTION_EDIT] = {"function:edit", SCOPE_FUNCTIONS_WRITE, OBJECT_FUNCTION, ROLE_EDITOR, 0,
                            0},
    [PERM_STATS_READ] = {.name = "stats:read", .scope = SCOPE_CALLS_READ},
    [PERM_ADMIN] = {.name = "admin", .scope = SCOPE_ADMIN, .admin = true},
    [PERM_METRICS_READ] = {.name = "metrics:read", .scope = SCOPE_ADMIN, .admin = true},
};

const struct permission_rule *auth_permission(int permission)
{
    must(permission > 0 && permission < PERMISSIONS && rules[permission].name);
    return &rules[permission];
}
