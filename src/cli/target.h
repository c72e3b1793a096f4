/* target — which server is asked, with which key, about which project.
 *
 *   server   --server, else that of --profile, else VIRGA_SERVER, else that of VIRGA_PROFILE or of
 *            the profile in use, else http://127.0.0.1:8000
 *   key      --key, else that of --profile, else VIRGA_KEY, else that of the server's profile, else
 *            owner.key of a server on this machine
 *   project  --project, else VIRGA_PROJECT, else the one that the server's profile remembers
 *
 * A profile's key and project belong to the profile's server: they are left out when another one is
 * asked. */
#pragma once

#include <jansson.h>

struct target {
    const char *server;  /* never NULL once it is known */
    const char *key;     /* NULL: owner.key may be one */
    char key_from[512];  /* who gave it, for people */
    const char *profile; /* its name, when the server is a profile's; else NULL */
    const char *project; /* NULL: none */
};
