#include "auth/attempts.h"

#include "base/clock.h"

#include <inttypes.h>

uint64_t attempts_begin(struct auth *a, const struct request *req, const char *who,
                        enum attempt_kind kind, struct attempt *ret)
{
    static const char *const words[] = {"account", "known", "proof"};
    bool known = kind == ATTEMPT_KNOWN;
    struct throttle *t = a->throttle;
    uint64_t now_us = clock_mono_us();
    ret->count = known ? 1 : 2;
    ret->keys[0] = throttle_key(t, words[kind], who, known ? req->peer : "");
    ret->keys[1] = throttle_address(t, "address", req->peer);
    uint64_t wait_s = throttle_take(t, ret->keys[0], THROTTLE_FREE, now_us);
    if (wait_s || known)
        return wait_s;
    wait_s = throttle_take(t, ret->keys[1], THROTTLE_FREE, now_us);
    if (wait_s)
        throttle_give_back(t, ret->keys[0]);
    return wait_s;
}

void attempts_wrong(struct auth *a, const struct attempt *attempt)
{
    for (int i = 0; i < attempt->count; i++)
        throttle_ended(a->throttle, attempt->keys[i], THROTTLE_FREE, clock_mono_us());
}

/* Being right once says nothing of what else comes from there. */
void attempts_right(struct auth *a, const struct attempt *attempt)
{
    throttle_reset(a->throttle, attempt->keys[0]);
    if (attempt->count == 2)
        throttle_give_back(a->throttle, attempt->keys[1]);
}

void attempts_untried(struct auth *a, const struct attempt *attempt)
{
    for (int i = 0; i < attempt->count; i++)
        throttle_give_back(a->throttle, attempt->keys[i]);
}

int attempts_refuse(struct request *req, struct response *res, uint64_t wait_s)
{
    http_response_header(req, res, "Retry-After", arena_printf(req->arena, "%" PRIu64, wait_s));
    return http_reply_json(
        req, res, 429,
        json_pack("{s:o}", "detail",
                  json_sprintf("Too many attempts: try again in %" PRIu64 " second%s", wait_s,
                               wait_s == 1 ? "" : "s")));
}
