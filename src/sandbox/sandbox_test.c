#include "sandbox/testdata/guest.h"
#include "sandbox/testdata/world.h"

TEST(a_slot_answers_through_its_socket)
{
    struct world *w = world_open();
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "echo hello"), "hello");
    CHECK_STR(world_tell(s, "pid"), "1");
    world_kill(w, s);
    CHECK(WIFSIGNALED(s->how.status) && WTERMSIG(s->how.status) == SIGKILL);
    world_close(w);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

TEST(copies_and_kills_are_quick)
{
    enum { ROUNDS = 60 };
    uint64_t copy[ROUNDS], whole[ROUNDS], end[ROUNDS];
    struct world *w = world_open();
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t t0 = clock_mono_us();
        struct world_slot *s = world_start(w, 1);
        uint64_t t1 = clock_mono_us();
        copy[i] = s->slot.copy_us;
        whole[i] = t1 - t0;
        CHECK_STR(world_tell(s, "echo x"), "x");
        t1 = clock_mono_us();
        world_kill(w, s);
        end[i] = clock_mono_us() - t1;
    }
    qsort(copy, ROUNDS, sizeof *copy, compare);
    qsort(whole, ROUNDS, sizeof *whole, compare);
    qsort(end, ROUNDS, sizeof *end, compare);
    print_message("copy %lu us, seen by the server %lu us, kill to ended %lu us (medians)\n",
                  copy[ROUNDS / 2], whole[ROUNDS / 2], end[ROUNDS / 2]);
    world_close(w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_slot_answers_through_its_socket),
    cmocka_unit_test(copies_and_kills_are_quick),
};

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "guest"))
        guest_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
