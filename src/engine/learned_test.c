#include "engine/testdata/fake.h"

static struct learned *list(struct world *w, const char *scope)
{
    const uint8_t layer[LAYER_ID] = {1};
    return learned_find(w->engine, scope, &fake_alpha, layer);
}

TEST(names_are_kept_once_and_in_order)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct learned *l = list(w, "one");
    CHECK(learned_add(l, STR("b\na\nb\n")));
    CHECK(learned_add(l, STR("a\nc")));
    CHECK(!learned_add(l, STR("c\n\n\n")) && !learned_add(l, STR("")));
    CHECK_STR(l->modules.data, "b\na\nc\n");
    CHECK(list(w, "one") == l && list(w, "two") != l);
}

TEST(what_is_no_name_is_left_out)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct learned *l = list(w, "one");
    char longest[258];
    memset(longest, 'a', sizeof longest);
    CHECK(!learned_add(l, STR("a-b\n/etc\na b\n\xc3\xa9\na\0b\n\x1b[2J\r\n")));
    CHECK(!learned_add(l, (struct str){longest, 256}));
    CHECK(learned_add(l, (struct str){longest, 255}));
    CHECK_INT(l->modules.len, 256);
}

TEST(names_that_were_given_up_are_not_heard_again)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct learned *l = list(w, "one");
    learned_add(l, STR("good\n"));
    size_t good = l->modules.len;
    learned_add(l, STR("bad\nworse\n"));
    learned_cut(l, good);
    CHECK(!learned_add(l, STR("worse\nbad\n")) && learned_add(l, STR("new\n")));
    CHECK_STR(l->modules.data, "good\nnew\n");
    learned_cut(l, 0);
    CHECK_INT(l->modules.len, 0);
}

TEST(names_are_bounded_in_bytes_and_number)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct learned *many = list(w, "many"), *long_ones = list(w, "long");
    char name[256];
    for (int i = 0; i < 10000; i++) {
        learned_add(many, (struct str){name, (size_t)sprintf(name, "m%d", i)});
        memset(name, 'x', 250);
        sprintf(name + 240, "%d", i);
        learned_add(long_ones, str_of(name));
    }
    CHECK_INT(many->heard_count, 4096);
    CHECK(long_ones->modules.len <= LEARNED_MAX && long_ones->modules.len > LEARNED_MAX - 256);
}

TEST(lists_that_nobody_uses_go_when_there_are_too_many)
{
    auto_world struct world *w = world_new((struct setup){0});
    char scope[16];
    list(w, "used")->users = 1;
    for (int i = 0; i < 3000; i++) {
        snprintf(scope, sizeof scope, "s%d", i);
        learned_add(list(w, scope), STR("a\n"));
    }
    CHECK_INT(w->engine->learned_count, 1024);
    CHECK(list(w, "used")->users == 1 && list(w, "s2999")->modules.len && list(w, "s1"));
    CHECK_INT(list(w, "s2")->modules.len, 0);
}

TEST_MAIN(names_are_kept_once_and_in_order, what_is_no_name_is_left_out,
          names_that_were_given_up_are_not_heard_again, names_are_bounded_in_bytes_and_number,
          lists_that_nobody_uses_go_when_there_are_too_many)
