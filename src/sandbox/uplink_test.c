/* Slots with network, in a world of its own (testdata/lab.h). */
#include "sandbox/testdata/guest_net.h"
#include "sandbox/testdata/lab.h"
#include "sandbox/testdata/world.h"
#include "uplink/uplink.h"

static struct uplink_rules rules;
static bool has_lab;

#define WORLD "203.0.113.10"

/* The test's own directory is the one with runners: the program is linked into it. */
static struct world *open_world_with(struct sandbox_config config)
{
    char link[PATH_MAX + 16];
    unsigned one = 1;
    if (!has_lab)
        SKIP("needs root and /dev/net/tun");
    snprintf(link, sizeof link, "%s/uplink", world_directory);
    CHECK(symlink("../../runners/uplink", link) == 0 || errno == EEXIST);
    struct world *w = world_open_with(&config);
    world_wait(w, until_template_ready, &one);
    return w;
}

static struct world *open_world(void)
{
    struct sandbox_config config = world_config();
    config.egress = &rules;
    return open_world_with(config);
}

static struct sandbox_limits with_network(void)
{
    struct sandbox_limits l = sandbox_default_limits;
    l.network = true;
    return l;
}

static struct world_slot *start(struct world *w, unsigned ticket)
{
    struct sandbox_limits l = with_network();
    return world_start_with(w, ticket, &l);
}

TEST(a_slot_reaches_the_world_by_tcp_udp_and_names)
{
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "hello from " WORLD);
    CHECK_STR(world_tell(s, "udp " WORLD " 7"), "datagram");
    CHECK_STR(world_tell(s, "name example.test"), WORLD);
    world_close(w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_slot_reaches_the_world_by_tcp_udp_and_names),
};

int main(int argc, char **argv)
{
    guest_also = guest_net;
    if (argc == 2 && !strcmp(argv[1], "guest"))
        guest_main();
    has_lab = lab_open();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
