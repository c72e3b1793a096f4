/* form — the members of a JSON body, read one by one, each with its 422 (contracts section 0).
 *
 *   struct form form;
 *   if (form_open(&form, req, e) < 0 ||
 *       form_text(&form, "name", FORM_REQUIRED, 1, 64, &name, e) < 0 || ...) return -1;
 *
 * A member that is absent leaves what the caller put there. An explicit null is a value like any
 * other: of the wrong type. What is read lives in the request's arena, or as long as its JSON. */
#pragma once

#include "http/http.h"

struct form {
    struct request *req;
    const char *place; /* begins the location in a 422: "body" */
    const json_t *object;
};

enum form_need { FORM_OPTIONAL, FORM_REQUIRED };

/* The request's body, which must be a JSON object. */
int form_open(struct form *ret, struct request *req, struct err *e);
bool form_has(const struct form *f, const char *name);

/* UTF-8 text without NUL of `min` to `max` bytes, ended by NUL. */
int form_text(const struct form *f, const char *name, enum form_need need, size_t min, size_t max,
              const char **ret, struct err *e);
/* The same for a secret: a 422 does not repeat it. */
int form_secret(const struct form *f, const char *name, enum form_need need, size_t min, size_t max,
                const char **ret, struct err *e);
int form_bool(const struct form *f, const char *name, enum form_need need, bool *ret,
              struct err *e);
int form_int(const struct form *f, const char *name, enum form_need need, int64_t min, int64_t max,
             int64_t *ret, struct err *e);
/* One of the words, which end with NULL; `ret` is its index. */
int form_choice(const struct form *f, const char *name, enum form_need need,
                const char *const *words, int *ret, struct err *e);
/* RFC 3339 with a zone; microseconds since 1970. */
int form_time(const struct form *f, const char *name, enum form_need need, int64_t *ret_us,
              struct err *e);
int form_array(const struct form *f, const char *name, enum form_need need, size_t max,
               const json_t **ret, struct err *e);
/* 422 at this member; returns -1. `name` NULL means the place itself. */
int form_invalid(const struct form *f, const char *name, const char *type, struct err *e,
                 const char *msg_fmt, ...) __attribute__((format(printf, 5, 6)));

/* Lists. `limit` from the query: `standard` when absent, 1 to `most`. */
int form_limit(struct request *req, size_t standard, size_t most, size_t *ret, struct err *e);
/* Says where a list goes on: Link: <?...>; rel="next", with the request's own query and `before`
 * replaced. */
void form_link_next(struct request *req, struct response *res, const char *before);
/* RFC 3339 with Z; null for 0. */
json_t *form_time_json(int64_t us);
