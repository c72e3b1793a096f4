/* session — from a login to a profile, and back: the server makes a key of this machine's own,
 * which can be seen in the list of keys and revoked alone. The session itself ends again. */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

struct cli;
struct client;

struct session_wish {
    const char *server;
    const char *profile; /* the name it is stored under */
    bool admin;          /* a key with the scope `admin`, for an administrator */
};

/* A connection without any key, for asking who somebody is. Says so when everybody on the way can
 * read along. It becomes the command's own. */
int session_connect(struct cli *c, const char *server, struct err *e);
/* The name that a sign-in on `server` is stored under: --profile, else the server's own, else a new
 * one. The caller frees it. */
int session_profile(struct cli *c, const char *server, char **ret, struct err *e);
/* Keeps what POST /api/login (setup, register) has answered. The key that the profile had is
 * revoked. Prints what was done. */
int session_keep(struct cli *c, const struct session_wish *wish, const json_t *session,
                 struct err *e);
/* Revokes a profile's key at its own server. ERR_NOT_FOUND when it has none of its own. */
int session_revoke(const json_t *profile, struct err *e);
