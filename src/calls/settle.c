#include "calls/settle.h"

#include <string.h>

void settle_init(struct settle *s, int64_t after, bool shared, uint64_t now_us)
{
    s->shared = shared;
    s->from = s->next = s->at = after;
    s->moved_us = now_us;
    s->count = 0;
}

static void move_up(struct settle *s, int64_t to)
{
    size_t gone = 0;
    if (to > s->from)
        s->from = to;
    while (gone < s->count && s->sent[gone] <= s->from)
        gone++;
    s->count -= gone;
    memmove(s->sent, s->sent + gone, s->count * sizeof *s->sent);
}

void settle_sent(struct settle *s, int64_t seq)
{
    if (!s->shared)
        return;
    if (s->count == SETTLE_SENT)
        move_up(s, s->sent[SETTLE_SENT / 2]);
    if (seq <= s->from)
        return;
    size_t i = s->count++;
    for (; i > 0 && s->sent[i - 1] > seq; i--)
        s->sent[i] = s->sent[i - 1];
    s->sent[i] = seq;
}

void settle_at(struct settle *s, int64_t at, uint64_t now_us)
{
    if (at > s->at)
        s->at = at;
    if (!s->shared)
        s->from = s->at;
    else if (s->at - s->from > SETTLE_SPAN)
        move_up(s, s->at - SETTLE_SPAN);
    if (s->shared && now_us - s->moved_us >= SETTLE_US) {
        move_up(s, s->next);
        s->next = s->at;
        s->moved_us = now_us;
    }
}
