/* Code of others runs in a variant's template before there is a slot to hold it, and with rights in
 * its user namespace: it may become any id that is mapped there. So these ids belong to nobody else
 * on the host, and it runs in a cgroup of its own. Both go by the number of a range, which is free
 * again only when neither the template nor a slot is left, and nothing they have started. */
#include "sandbox/spawner.h"

#include "base/log.h"

#include <signal.h>

enum {
    TEMPLATE_PIDS = 64,
    TEMPLATE_CPU_MILLIS = 1000,
    /* What the kernel takes for a copy is charged to whom it copies: page tables, namespaces. */
    COPY_BYTES = 256 << 10,
};

static const uint64_t MEMORY_BYTES = 1ull << 30;

uint64_t spawner_variant_memory(const struct spawner *s)
{
    uint64_t bytes = s->config->variant_memory_bytes;
    return bytes ? bytes : MEMORY_BYTES;
}

static int open_cgroup(struct spawner *s, struct spawner_template *t, struct err *e)
{
    struct cgroup_limits limits = {
        .memory_bytes = spawner_variant_memory(s) + (uint64_t)s->config->slots_max * COPY_BYTES,
        .cpu_millis = TEMPLATE_CPU_MILLIS,
        .pids = TEMPLATE_PIDS,
    };
    if (cgroup_slot_open(s->cgroups, CGROUP_TEMPLATES + t->range, &limits, &t->cgroup, e) < 0)
        return -1;
    t->has_cgroup = true;
    return 0;
}

/* A directory that cannot be removed still has somebody inside who has the ids too. */
static unsigned find_free(struct spawner *s)
{
    struct err ignored;
    for (unsigned i = 1; i <= INSTANCE_VARIANT_RANGES; i++)
        if (!s->range_users[i] &&
            cgroup_slot_remove(s->cgroups, CGROUP_TEMPLATES + i, &ignored) == 0)
            return i;
    return 0;
}

int spawner_range_take(struct spawner *s, struct spawner_template *t, struct err *e)
{
    if (t->index < SANDBOX_TEMPLATES_MAX)
        return 0;
    t->range = find_free(s);
    if (!t->range)
        return err_set(e, ERR_UNAVAILABLE, "slots of ended templates hold all ranges of user ids");
    s->range_users[t->range]++;
    return open_cgroup(s, t, e);
}

void spawner_range_leave(struct spawner *s, struct spawner_template *t)
{
    struct err e = {0};
    if (!t->range)
        return;
    if (t->has_cgroup)
        cgroup_slot_close(s->cgroups, &t->cgroup);
    t->has_cgroup = false;
    /* Tried again before anybody else gets it. */
    if (cgroup_slot_remove(s->cgroups, CGROUP_TEMPLATES + t->range, &e) < 0)
        log_debug("sandbox", "template leaves processes index=%u why=%s", t->index, e.text);
    s->range_users[t->range]--;
    t->range = 0;
}

void spawner_range_join(struct spawner *s, struct spawner_slot *slot,
                        const struct spawner_template *t)
{
    slot->range = t->range;
    if (slot->range)
        s->range_users[slot->range]++;
}

/* The template has had descriptors that lead into the slot's cgroup: it must not be there any more
 * when another tenant's slot gets this index. */
int spawner_range_part(struct spawner *s, struct spawner_slot *slot, struct err *e)
{
    if (!slot->range)
        return 0;
    if (cgroup_slot_remove(s->cgroups, slot->index, e) < 0)
        return -1;
    s->range_users[slot->range]--;
    slot->range = 0;
    return 0;
}

/* A slot's pid namespace has ended with its first process: who is still there has come by one of
 * the template's descriptors. Killing them one by one would keep everybody else waiting each time.
 */
void spawner_range_guard(struct spawner *s, const struct spawner_slot *slot)
{
    struct spawner_template *t = &s->templates[slot->template_index];
    if (!slot->range || !slot->has_cgroup || !cgroup_slot_occupied(&slot->cgroup) ||
        t->range != slot->range || t->pid <= 0)
        return;
    if (!t->why.code)
        err_set(&t->why, ERR_DENIED, "the packages put processes into the cgroup of a slot");
    (void)kill(t->pid, SIGKILL);
    if (t->has_cgroup)
        cgroup_slot_kill(s->cgroups, &t->cgroup);
}

static uid_t first_of(const struct spawner *s, unsigned range)
{
    return INSTANCE_VARIANT_FIRST +
           (s->instance.number * INSTANCE_VARIANT_RANGES + range - 1) * INSTANCE_VARIANT_UIDS;
}

uid_t spawner_template_uid(const struct spawner *s, const struct spawner_template *t)
{
    return t->range ? first_of(s, t->range) : s->instance.uid_base + t->index;
}

uid_t spawner_slot_uid(const struct spawner *s, unsigned range, unsigned slot_index)
{
    static_assert((int)SANDBOX_SLOTS_MAX + 1 == (int)INSTANCE_VARIANT_UIDS,
                  "a range has an id for the template and for each slot");
    uid_t first = range ? first_of(s, range) + 1 : s->instance.uid_base + INSTANCE_SLOT_UID;
    return first + slot_index;
}
