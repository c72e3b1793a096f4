#include "serve/schema.h"

#include "auth/auth.h"
#include "calls/calls.h"
#include "deps/deps.h"
#include "databases/databases.h"
#include "functions/functions.h"
#include "gateway/gateway.h"
#include "projects/projects.h"

const struct migration *const schema_migrations[] = {
    auth_migrations,  projects_migrations, functions_migrations, gateway_migrations,
    calls_migrations, deps_migrations,     databases_migrations, NULL,
};
