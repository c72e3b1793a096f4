/* sieve — which records a client wants to see. Only for calls/. */
#pragma once

#include "base/str.h"
#include "calls/calls_store.h"
#include "http/http.h"

struct sieve {
    unsigned statuses;          /* bits of enum call_status; 0: all */
    const char *source;         /* NULL: all */
    int cold;                   /* 0, 1, or -1: both */
    uint32_t version;           /* 0: all */
    int64_t since_us, until_us; /* arrival: from .. until before; 0: open */
    struct str q; /* in one of the texts, small and capital letters of ASCII alike; p NULL: any */
};

/* `status` (words, separated by commas), `since`, `until`, `source`, `cold`, `version`, `q` of the
 * query: 422 for what they cannot be. Strings live in the request's arena. */
int sieve_read(struct request *req, struct sieve *ret, struct err *e);

/* What can be decided without the texts. */
struct sieve_brief {
    const char *status, *source;
    bool cold;
    uint32_t version;
    int64_t created_us;
};
bool sieve_takes(const struct sieve *s, const struct sieve_brief *b);
/* The rest. Looks only at texts that are shown: who may not see one must not find out by searching
 * what stands in it. */
bool sieve_takes_texts(const struct sieve *s, const struct call_row *row, bool member);
/* A stranger sees no input of gateway calls, even where the owner has opened the records: headers,
 * cookies and bodies are those of visitors, who have opened nothing. */
bool sieve_input_shown(const struct call_row *row, bool member);
