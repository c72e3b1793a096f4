#include "serve/leave.h"

#include "functions/functions.h"
#include "projects/projects.h"

int leave(struct tx *tx, const char *account, struct err *e)
{
    if (projects_leave(tx, account, e) < 0)
        return -1;
    return functions_leave(tx, account, e);
}
