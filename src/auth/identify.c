/* The part of a request's check that needs the store: on a worker. */
#include "app.h"
#include "auth/private.h"
#include "auth/token.h"

int auth_identify(void *app, struct request *req, int permission, struct err *e)
{
    struct auth *a = ((const struct app *)app)->auth;
    req->principal = NULL;
    if (permission == PERM_PUBLIC)
        return 0;
    enum auth_look look = auth_look(a, req, &req->principal, e);
    if (look == LOOK_UNKNOWN)
        look = LOOK_WRONG;
    if (look != LOOK_KNOWN)
        return auth_refuse(req, permission, look, e);
    return auth_check(req->principal, permission, e);
}
