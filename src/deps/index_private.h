/* index_private — what index*.c share. */
#pragma once

#include "deps/index_use.h"

#include <pthread.h>

enum { INDEX_SECRETS_MAX = 32, INDEX_LEARNED_MAX = 16 };

struct index_learned {
    pthread_mutex_t lock;
    unsigned count;
    struct {
        char *url;
        struct index_hosts hosts;
    } of[INDEX_LEARNED_MAX];
};

struct index {
    char *python_url, *python_extra, *find_links, *trusted; /* several: separated by blanks */
    char *node_url;
    struct buf npmrc; /* lines for scopes and credentials */
    char *hosts, *proxy, *ca_file;
    struct buf ca;
    char *secrets[INDEX_SECRETS_MAX];
    unsigned secret_count;
    struct index_learned *learned;
};

/* Sets what nobody has set before: earlier sources win. `value` of length 0 counts as not said. */
void index_say(char **slot, struct str value);
void index_secret(struct index *x, struct str text);

/* index_files.c: reads one file of pip or npm; a missing one is fine. */
int index_pip_file(struct index *x, const char *path, struct err *e);
int index_npm_file(struct index *x, const char *path, struct err *e);

/* index_learn.c: what the index's page for `package` names as the places of its files. */
void index_learn(const struct index *x, enum build_language l, const char *url, const char *package,
                 struct index_hosts *ret);
/* The places of the http(s) URLs that a page links to: JSON or HTML, possibly cut off. */
void index_links(struct str page, struct index_hosts *ret);
