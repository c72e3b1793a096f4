/* Walks over the records of very many functions, which take another way than those over few. */
#include "calls/testdata/world.h"

#include "base/must.h"

enum { FUNCTIONS = 300, RECORDS = 3000, PAGE = 100 };

/* Eva has 300 functions, Bob one; `one_in` of the records is hers. */
static void make_crowd(struct world *w, int one_in)
{
    world_start(w);
    add_account(w, "eva");
    add_account(w, "bob");
    add_function(w, "bob1", "bob", NULL);
    run_sql(w, "BEGIN");
    for (int i = 0; i < FUNCTIONS; i++) {
        char id[16];
        snprintf(id, sizeof id, "eva%d", i);
        add_function(w, id, "eva", NULL);
    }
    run_sql(w, "COMMIT");
    for (int i = 0; i < RECORDS; i++) {
        char id[16];
        snprintf(id, sizeof id, "eva%d", i * 7 % FUNCTIONS);
        calls_push(w->app.calls, record(i % one_in ? "bob1" : id, i));
    }
    flush(w);
}

static int number(const struct call_row *row)
{
    int n = -1;
    CHECK(sscanf(row->input.p, "{\"n\":%d}", &n) == 1);
    return n;
}

/* Goes through all pages; each record must be the next one of hers. */
static void walk(struct world *w, struct scan s, int one_in)
{
    int at = s.ascending ? 0 : (RECORDS - 1) / one_in * one_in, pages = 0;
    struct scan_page page;
    do {
        auto_arena struct arena *a = arena_new();
        OK(w, scan_run(w->db, a, &s, &page, &w->e));
        for (size_t i = 0; i < page.count; i++) {
            char name[24];
            CHECK_INT(number(&page.rows[i]), at);
            snprintf(name, sizeof name, "f-eva%d", at * 7 % FUNCTIONS);
            CHECK_STR(page.names[i], name);
            at += s.ascending ? one_in : -one_in;
        }
        CHECK(!page.more || page.at);
        *(s.ascending ? &s.above : &s.below) = page.at;
        CHECK(++pages <= RECORDS);
    } while (page.more);
    CHECK_INT(at, s.ascending ? (RECORDS - 1) / one_in * one_in + one_in : -one_in);
}

TEST(records_of_many_functions_are_in_order_and_only_of_what_one_may_see)
{
    static const int shares[] = {1, 3, 50, 1000}; /* the last two change lanes on the way */
    for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
        auto_world struct world w;
        struct sieve sieve = {.cold = -1};
        make_crowd(&w, shares[i]);
        struct scan s = {.reach = {REACH_ACCOUNT, "eva", true},
                         .sieve = &sieve,
                         .limit = PAGE,
                         .bytes_max = 1 << 20};
        walk(&w, s, shares[i]);
        s.ascending = true;
        walk(&w, s, shares[i]);
        s.at_any = true;
        walk(&w, s, shares[i]);
        s.at_any = false;
        s.looks_max = 150; /* stops among records of others */
        walk(&w, s, shares[i]);
    }
}

TEST(a_page_ends_at_a_record_that_one_may_see_unless_any_will_do)
{
    auto_world struct world w;
    auto_arena struct arena *a = arena_new();
    struct sieve sieve = {.cold = -1};
    struct scan_page page;
    make_crowd(&w, 3);
    struct scan s = {.reach = {REACH_ACCOUNT, "eva", true},
                     .sieve = &sieve,
                     .ascending = true,
                     .limit = RECORDS,
                     .bytes_max = 1 << 20,
                     .looks_max = 2001};
    OK(&w, scan_run(w.db, a, &s, &page, &w.e));
    int64_t last = page.rows[page.count - 1].seq;
    CHECK(page.more && page.at == last);
    s.at_any = true;
    OK(&w, scan_run(w.db, a, &s, &page, &w.e));
    CHECK(page.more && page.at > last);
}

WORLD_MAIN(records_of_many_functions_are_in_order_and_only_of_what_one_may_see,
           a_page_ends_at_a_record_that_one_may_see_unless_any_will_do)
