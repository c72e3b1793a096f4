/* client_private — what client.c and client_lines.c share. */
#pragma once

#include "cli/client.h"

#include <curl/curl.h>

enum { ANSWER_MAX = 64 << 20 };

struct client {
    CURL *curl, *stream; /* calls one after the other; beside them one answer in lines */
    bool loopback, exposed;
    struct buf server, key, problem;
    struct buf key_note; /* where the key came from, or why there is none */
    struct buf answer;
    bool too_long;
};

CURL *client_handle_new(const struct client *c);
/* `ret_text`, of CURL_ERROR_SIZE, is libcurl's word on a failure. */
CURLcode client_transfer(const struct client *c, CURL *curl, const struct client_request *req,
                         char *ret_text);
bool client_is_good(CURL *curl, long *ret_status); /* 2xx */
/* The whole answer, which must be JSON. */
int client_take_json(struct client *c, struct str answer, struct buf *ret, struct err *e);

/* Both say into `problem` what failed; of a refusal, what `answer` holds. */
int client_refused(struct client *c, CURL *curl, long status, struct err *e);
int client_unreachable(struct client *c, CURL *curl, CURLcode why, const char *curl_text,
                       struct err *e);
