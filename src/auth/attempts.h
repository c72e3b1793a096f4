/* attempts — to guess a password, counted by account and by client. Only for auth/.
 *
 * A stranger's guesses make the account wait for everybody, up to 15 minutes, but for those who
 * are signed in from where they ask: of them, each address waits for itself only. So nobody is
 * locked out of an account by others for as long as one of the sessions there goes on. */
#pragma once

#include "auth/private.h"
#include "auth/throttle.h"

struct attempt {
    uint64_t keys[2];
    int count;
};

/* `who`: what was typed in lower case, or with ATTEMPT_PROOF an account's id. Not the id that a
 * typed text stands for: shared counters would tell which texts belong together. 0: go on, and tell
 * one of the three below what has come of it; else so many seconds to wait. */
enum attempt_kind {
    ATTEMPT_LOGIN,
    ATTEMPT_KNOWN, /* it is signed in from this address */
    ATTEMPT_PROOF, /* of somebody who is signed in: counted wherever a stolen session goes */
};
uint64_t attempts_begin(struct auth *a, const struct request *req, const char *who,
                        enum attempt_kind kind, struct attempt *ret);
void attempts_wrong(struct auth *a, const struct attempt *attempt);
void attempts_right(struct auth *a, const struct attempt *attempt);
void attempts_untried(struct auth *a, const struct attempt *attempt); /* we failed, not they */

/* 429 with Retry-After. */
int attempts_refuse(struct request *req, struct response *res, uint64_t wait_s);
