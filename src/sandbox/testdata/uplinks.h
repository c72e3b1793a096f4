/* uplinks — a world (world.h) of slots with network, in a lab (lab.h). */
#pragma once

#include "sandbox/testdata/guest_net.h"
#include "sandbox/testdata/lab.h"
#include "sandbox/testdata/world.h"
#include "uplink/uplink.h"

#define WORLD "203.0.113.10"

static struct uplink_rules rules;
static bool has_lab;

/* The directory of the tests is the one with runners: the program is shown there. */
__attribute__((unused)) static struct world *open_world_with(const struct sandbox_config *config)
{
    char link[PATH_MAX + 16];
    unsigned one = 1;
    if (!has_lab)
        SKIP("needs root and /dev/net/tun");
    snprintf(link, sizeof link, "%s/uplink", world_directory);
    CHECK(symlink("../../runners/uplink", link) == 0 || errno == EEXIST);
    struct world *w = world_open_with(config);
    world_wait(w, until_template_ready, &one);
    return w;
}

__attribute__((unused)) static struct world *open_world(void)
{
    struct sandbox_config config = world_config();
    config.egress = &rules;
    return open_world_with(&config);
}

__attribute__((unused)) static struct sandbox_limits with_network(void)
{
    struct sandbox_limits l = sandbox_default_limits;
    l.network = true;
#ifdef __SANITIZE_ADDRESS__ /* which keeps what was freed for a while */
    l.memory_bytes = 1ull << 30;
#endif
    return l;
}

__attribute__((unused)) static struct world_slot *start(struct world *w, unsigned ticket)
{
    struct sandbox_limits l = with_network();
    return world_start_with(w, ticket, &l);
}

__attribute__((unused)) static struct err fail_start(struct world *w, unsigned ticket)
{
    struct sandbox_limits l = with_network();
    struct world_slot *s = world_ask(w, ticket, &l);
    world_wait(w, until_answered, s);
    CHECK(s->failed);
    return s->why;
}

__attribute__((unused)) static int uplinks_main(int argc, char **argv,
                                                const struct CMUnitTest *tests, size_t count)
{
    guest_also = guest_net;
    if (argc == 2 && !strcmp(argv[1], "guest"))
        guest_main();
    has_lab = lab_open();
    return _cmocka_run_group_tests("uplinks", tests, count, NULL, NULL);
}
