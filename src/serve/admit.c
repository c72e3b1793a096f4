#include "serve/admit.h"

#include "auth/auth.h"
#include "functions/functions.h"
#include "http/http.h"
#include "projects/projects.h"

int admit(void *app, struct request *req, int permission, struct err *e)
{
    const struct permission_rule *rule = auth_permission(permission);
    if (auth_identify(app, req, permission, e) < 0)
        return -1;
    if (rule->anonymous) /* the handler knows what strangers may see */
        return 0;
    switch (rule->object) {
    case OBJECT_PROJECT:
        return projects_admit(req, rule->role, e);
    case OBJECT_FUNCTION:
        return functions_admit(req, rule->role, NULL, e);
    case OBJECT_NONE:
        break;
    }
    return 0;
}
