/* What only SQLite can promise or suffer. */
#include "store/testdata/place.h"

#include <pthread.h>
#include <sys/stat.h>

TEST(the_file_is_for_its_owner_only)
{
    auto_place struct place p;
    place_make(&p, SQLITE);
    store_close(open_at(&p));
    struct stat st;
    CHECK(stat(p.path, &st) == 0 && (st.st_mode & 0777) == 0600);
}

static int open_alone(const struct place *p, struct store **ret, struct err *e)
{
    const struct migration *const tables[] = {words, more, NULL};
    const struct store_config config = {.path = p->path, .migrations = tables, .alone = true};
    return store_open(&config, ret, e);
}

TEST(who_wants_a_file_alone_is_the_only_one_who_does)
{
    auto_place struct place p;
    place_make(&p, SQLITE);
    struct err e = {0};
    struct store *s = NULL, *second = NULL;
    CHECK(open_alone(&p, &s, &e) == 0);
    CHECK(open_alone(&p, &second, &e) < 0 && e.code == ERR_CONFLICT && strstr(e.text, p.path));
    second = open_at(&p); /* a backup may look at it */
    store_close(second);
    struct db *db = connect_to(s);
    CHECK(add(db, "a", &e) == 1);
    db_close(db);
    CHECK(open_alone(&p, &second, &e) < 0);
    store_close(s);
    CHECK(open_alone(&p, &second, &e) == 0);
    store_close(second);
}

TEST(a_file_that_is_no_store_is_named)
{
    auto_place struct place p;
    place_make(&p, SQLITE);
    FILE *f = fopen(p.path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is not a database ", f);
    fclose(f);
    struct err e = {0};
    struct store *s = NULL;
    const struct migration *const tables[] = {words, NULL};
    CHECK(store_open(&(struct store_config){.path = p.path, .migrations = tables}, &s, &e) < 0);
    CHECK(strstr(e.text, "damaged") && strstr(e.text, p.path));
}

TEST(a_full_store_says_so)
{
    auto_place struct place p;
    place_make(&p, SQLITE);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    (void)number(db, "PRAGMA max_page_count = 16");
    static char big[200000];
    CHECK(db_exec(db, "INSERT INTO words (word, data) VALUES ($1, $2)",
                  DB_ARGS(db_textz("big"), db_blob((struct str){big, sizeof big})), &e) < 0);
    CHECK(e.code == ERR_UNAVAILABLE && strstr(e.text, "disk is full"));
    CHECK(add(db, "small", &e) == 1);
    db_close(db);
    store_close(s);
}

struct writer {
    struct store *store;
    _Atomic bool stop;
};

/* Two rows at a time. */
static void *write_on(void *arg)
{
    struct writer *w = arg;
    struct err e = {0};
    struct db *db = connect_to(w->store);
    for (int i = 0; !w->stop; i++) {
        auto_tx struct tx tx = {0};
        char word[2][16];
        snprintf(word[0], sizeof word[0], "a%d", i);
        snprintf(word[1], sizeof word[1], "b%d", i);
        if (db_begin(db, &tx, &e) < 0 || add(db, word[0], &e) < 0 || add(db, word[1], &e) < 0 ||
            db_commit(&tx, &e) < 0)
            fail_msg("%s", e.text);
    }
    db_close(db);
    return NULL;
}

static int64_t count_whole(const struct place *copy)
{
    struct err e = {0};
    struct store *s = open_at(copy);
    struct db *db = connect_to(s);
    auto_arena struct arena *a = arena_new();
    struct query *q = NULL;
    CHECK(db_query(db, "PRAGMA integrity_check", DB_NO_ARGS, &q, &e) == 0);
    CHECK(query_next(q, &e) == 1);
    CHECK_STR(query_text(q, a, 0), "ok");
    query_done(q);
    int64_t count = number(db, "SELECT count(*) FROM words");
    db_close(db);
    store_close(s);
    return count;
}

TEST(a_backup_during_writes_is_a_whole_store)
{
    auto_place struct place p, copy;
    place_make(&p, SQLITE);
    place_make(&copy, SQLITE);
    struct err e = {0};
    struct writer writer = {.store = open_at(&p)};
    struct db *db = connect_to(writer.store);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, write_on, &writer) == 0);
    for (int i = 0; i < 5; i++) { /* from the second on it replaces */
        int64_t before = number(db, "SELECT count(*) FROM words");
        CHECK(store_backup(writer.store, copy.path, &e) == 0);
        struct stat st;
        CHECK(stat(copy.path, &st) == 0 && (st.st_mode & 0777) == 0600);
        int64_t count = count_whole(&copy);
        CHECK(count >= before && count % 2 == 0);
    }
    writer.stop = true;
    pthread_join(thread, NULL);
    db_close(db);
    store_close(writer.store);
}

TEST(a_backup_that_fails_leaves_nothing)
{
    auto_place struct place p;
    place_make(&p, SQLITE);
    struct err e = {0};
    struct store *s = open_at(&p);
    CHECK(store_backup(s, "/nowhere/at/all", &e) < 0 && strstr(e.text, "/nowhere/at/all"));
    char folder[128];
    snprintf(folder, sizeof folder, "%s/folder", p.dir);
    CHECK(mkdir(folder, 0700) == 0);
    CHECK(store_backup(s, folder, &e) < 0);
    CHECK(rmdir(folder) == 0);
    store_close(s);
    CHECK(unlink(p.path) == 0 && rmdir(p.dir) == 0); /* nothing else was in it */
}

TEST_MAIN(the_file_is_for_its_owner_only, who_wants_a_file_alone_is_the_only_one_who_does,
          a_file_that_is_no_store_is_named, a_full_store_says_so,
          a_backup_during_writes_is_a_whole_store, a_backup_that_fails_leaves_nothing)
