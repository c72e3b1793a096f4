/* A whole store moved into another one, in each direction that there is. */
#include "store/testdata/place.h"

/* The second word refers to the third, the others to words: no order of rows or tables alone would
 * do. */
static void fill(struct store *s)
{
    struct err e = {0};
    struct db *db = connect_to(s);
    static const char insert[] = "INSERT INTO words (word, data, weight) VALUES ($1, $2, $3)";
    CHECK(db_exec(db, insert,
                  DB_ARGS(db_textz("w\xc3\xb6rd"), db_blob(STR("a\0\xff")), db_int(INT64_MIN)),
                  &e) == 1);
    CHECK(db_exec(db, insert, DB_ARGS(db_textz(""), db_null(), db_int(INT64_MAX)), &e) == 1);
    CHECK(db_exec(db, insert, DB_ARGS(db_textz("123"), db_blob(STR("")), db_int(0)), &e) == 1);
    CHECK(add(db, "gone", &e) == 1);
    CHECK(db_exec(db, "DELETE FROM words WHERE word = 'gone'", DB_NO_ARGS, &e) == 1);
    CHECK(db_exec(db, "UPDATE words SET parent = 3 WHERE seq = 2", DB_NO_ARGS, &e) == 1);
    CHECK(db_exec(db, "INSERT INTO others (id, word) VALUES ('x', 1)", DB_NO_ARGS, &e) == 1);
    db_close(db);
}

static void check_filled(struct store *s)
{
    struct err e = {0};
    struct db *db = connect_to(s);
    auto_arena struct arena *a = arena_new();
    struct query *q = NULL;
    CHECK(db_query(db, "SELECT word, data, weight, parent FROM words ORDER BY seq", DB_NO_ARGS, &q,
                   &e) == 0);
    CHECK(query_next(q, &e) == 1 && query_int(q, 2) == INT64_MIN);
    CHECK_STR(query_text(q, a, 0), "w\xc3\xb6rd");
    CHECK(str_eq(query_blob(q, a, 1), STR("a\0\xff")));
    CHECK(query_next(q, &e) == 1 && query_int(q, 2) == INT64_MAX && query_int(q, 3) == 3);
    CHECK(query_blob(q, a, 1).p == NULL);
    CHECK_STR(query_text(q, a, 0), "");
    CHECK(query_next(q, &e) == 1 && query_text(q, a, 3) == NULL);
    CHECK(query_blob(q, a, 1).p != NULL);
    CHECK(query_next(q, &e) == 0);
    query_done(q);
    CHECK(number(db, "SELECT word FROM others WHERE id = 'x'") == 1);
    db_close(db);
}

/* Keys go on, references are guarded as ever: by the statement, not by the commit. */
static void check_alive(struct store *s)
{
    struct err e = {0};
    struct db *db = connect_to(s);
    CHECK(add(db, "next", &e) == 1);
    CHECK(number(db, "SELECT max(seq) FROM words WHERE word = 'next'") == 4);
    auto_tx struct tx tx = {0};
    CHECK(db_begin(db, &tx, &e) == 0);
    CHECK(db_exec(db, "INSERT INTO others (id, word) VALUES ('y', 99)", DB_NO_ARGS, &e) < 0);
    CHECK(e.code == ERR_CONFLICT);
    db_rollback(&tx);
    db_close(db);
}

static void copy_from_to(enum kind from, enum kind to)
{
    auto_place struct place p, q;
    place_make(&p, from);
    place_make(&q, to);
    struct err e = {0};
    struct store *s = open_at(&p), *t = open_at(&q);
    fill(s);
    if (store_copy(s, t, NULL, &e) < 0)
        fail_msg("%s", e.text);
    check_filled(t);
    check_alive(t);
    CHECK(store_copy(s, t, NULL, &e) < 0 && e.code == ERR_CONFLICT && strstr(e.text, "not empty"));
    store_close(s);
    store_close(t);
}

static void need_postgres(void)
{
    if (!place_server())
        SKIP("VIRGA_TEST_POSTGRES is not set");
}

TEST(from_a_file_into_a_file)
{
    copy_from_to(SQLITE, SQLITE);
}

TEST(from_a_file_into_postgres)
{
    need_postgres();
    copy_from_to(SQLITE, POSTGRES);
}

TEST(from_postgres_into_a_file)
{
    need_postgres();
    copy_from_to(POSTGRES, SQLITE);
}

TEST(an_empty_store_leaves_keys_at_their_beginning)
{
    need_postgres();
    auto_place struct place p, q;
    place_make(&p, SQLITE);
    place_make(&q, POSTGRES);
    struct err e = {0};
    struct store *s = open_at(&p), *t = open_at(&q);
    CHECK(store_copy(s, t, NULL, &e) == 0);
    struct db *db = connect_to(t);
    CHECK(add(db, "first", &e) == 1 && number(db, "SELECT seq FROM words") == 1);
    db_close(db);
    store_close(s);
    store_close(t);
}

TEST(what_cannot_be_copied_is_named_and_the_target_stays_empty)
{
    auto_place struct place p, q;
    place_make(&p, SQLITE);
    place_make(&q, place_server() ? POSTGRES : SQLITE);
    struct err e = {0};
    struct store *s = open_at(&p), *t = open_at(&q);
    struct db *db = connect_to(s);
    fill(s);
    CHECK(db_exec(db, "INSERT INTO others (id) VALUES (CAST(x'ff' AS text))", DB_NO_ARGS, &e) == 1);
    CHECK(store_copy(s, t, NULL, &e) < 0 && e.code == ERR_INVALID && strstr(e.text, "'others'"));
    CHECK(db_exec(db, "DELETE FROM others", DB_NO_ARGS, &e) == 2);
    db_close(db);
    CHECK(store_copy(s, t, NULL, &e) == 0);
    store_close(s);
    store_close(t);
}

TEST(stores_with_different_migrations_are_not_mixed)
{
    auto_place struct place p, q;
    place_make(&p, SQLITE);
    place_make(&q, SQLITE);
    struct err e = {0};
    struct store *s = open_at(&p), *t = NULL;
    const struct migration *const fewer[] = {words, NULL};
    CHECK(store_open(&(struct store_config){.path = q.path, .migrations = fewer}, &t, &e) == 0);
    CHECK(store_copy(s, t, NULL, &e) < 0 && strstr(e.text, "different migrations"));
    store_close(s);
    store_close(t);
}

TEST_MAIN(from_a_file_into_a_file, from_a_file_into_postgres, from_postgres_into_a_file,
          an_empty_store_leaves_keys_at_their_beginning,
          what_cannot_be_copied_is_named_and_the_target_stays_empty,
          stores_with_different_migrations_are_not_mixed)
