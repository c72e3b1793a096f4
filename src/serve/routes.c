#include "serve/routes.h"

#include "auth/auth.h"
#include "calls/calls.h"
#include "deps/deps.h"
#include "databases/databases.h"
#include "functions/functions.h"
#include "gateway/gateway.h"
#include "projects/projects.h"
#include "usage/usage.h"
#include "web/web.h"

#include <stdio.h>

const struct route *const routes_all[] = {
    usage_routes,     system_routes,    auth_routes,    accounts_routes,  invites_routes,
    sessions_routes,  keys_routes,      audit_routes,   projects_routes,  members_routes,
    variables_routes, domains_routes,   routes_routes,  functions_routes, versions_routes,
    deploy_routes,    inputs_routes,    invoke_routes,  load_routes,      gateway_routes_table,
    calls_routes,     stats_routes,     tail_routes,    web_routes,       deps_routes,
    builds_routes,    databases_routes, console_routes, backups_routes,   NULL,
};

static void print_row(const struct route *row)
{
    static const char *const planes[] = {[PLANE_CONTROL] = "control",
                                         [PLANE_DATA] = "data",
                                         [PLANE_SLOW] = "slow",
                                         [PLANE_LONG] = "long"};
    for (unsigned bit = 1; bit & HTTP_ANY; bit <<= 1)
        if (row->method & bit)
            printf("{\"method\":\"%s\",\"path\":\"%s\",\"permission\":\"%s\",\"plane\":\"%s\"}\n",
                   http_method_name(bit), row->path, auth_permission(row->permission)->name,
                   planes[row->plane]);
}

void routes_print(void)
{
    for (const struct route *const *table = routes_all; *table; table++)
        for (const struct route *row = *table; row->path; row++)
            print_row(row);
}
