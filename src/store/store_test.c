/* What both databases promise: every test runs on SQLite, then on PostgreSQL. */
#include "store/testdata/place.h"

static const struct migration broken[] = {
    {4, "broken", "CREATE TABLE half (id text); CREATE NONSENSE"}, {0}};

TEST(values_come_back_as_they_went_in)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    CHECK(db_exec(db, "INSERT INTO words (data, word, weight) VALUES ($2, $1, $3)",
                  DB_ARGS(db_textz("w\xc3\xb6rd"), db_blob(STR("a\0b")), db_int(INT64_MIN)),
                  &e) == 1);
    auto_arena struct arena *a = arena_new();
    struct query *q = NULL;
    CHECK(db_query(db, "SELECT word, data, weight, parent FROM words WHERE word = $1",
                   DB_ARGS(db_textz("w\xc3\xb6rd")), &q, &e) == 0);
    CHECK(query_next(q, &e) == 1);
    CHECK_STR(query_text(q, a, 0), "w\xc3\xb6rd");
    CHECK(str_eq(query_blob(q, a, 1), STR("a\0b")));
    CHECK(query_int(q, 2) == INT64_MIN);
    CHECK(query_text(q, a, 3) == NULL && query_blob(q, a, 3).p == NULL);
    CHECK(query_next(q, &e) == 0);
    query_done(q);
    db_close(db);
    store_close(s);
}

TEST(nulls_come_back_as_nulls_and_empty_values_as_empty)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    static const char insert[] =
        "INSERT INTO words (word, data, parent, weight) VALUES ($1, $2, $3, $4)";
    struct str none = {NULL, 0};
    CHECK(db_exec(db, insert, DB_ARGS(db_textz(""), db_blob(none), db_null(), db_int(1)), &e) == 1);
    CHECK(db_exec(db, insert, DB_ARGS(db_textz("b"), db_blob(STR("")), db_int(1), db_int(2)), &e) ==
          1);
    CHECK(db_exec(db, insert, DB_ARGS(db_textz(NULL), db_null(), db_null(), db_int(3)), &e) < 0);
    CHECK(e.code == ERR_INVALID);
    auto_arena struct arena *a = arena_new();
    struct query *q = NULL;
    CHECK(db_query(db, "SELECT word, data, parent FROM words ORDER BY seq", DB_NO_ARGS, &q, &e) ==
          0);
    CHECK(query_next(q, &e) == 1);
    CHECK_STR(query_text(q, a, 0), "");
    CHECK(query_blob(q, a, 1).p == NULL && query_text(q, a, 2) == NULL && query_int(q, 2) == 0);
    CHECK(query_next(q, &e) == 1);
    struct str empty = query_blob(q, a, 1);
    CHECK(empty.p && empty.n == 0 && query_int(q, 2) == 1);
    CHECK_STR(query_text(q, a, 2), "1");
    query_done(q);
    db_close(db);
    store_close(s);
}

TEST(a_parameter_that_may_be_null_works_whichever_comes_first)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    add(db, "a", &e), add(db, "b", &e);
    static const char by_number[] = "SELECT count(*) FROM words WHERE CAST($1 AS bigint) IS NULL"
                                    " OR seq = $1 OR weight = $1 + 1";
    static const char by_word[] = "SELECT count(*) FROM words WHERE $1 IS NULL OR word = $1";
    static const char or_five[] = "SELECT coalesce($1, 5)";
    const struct {
        const char *sql;
        struct db_value value;
        int64_t count;
    } rows[] = {
        {by_number, db_null(), 2},
        {by_number, db_int(2), 1},
        {by_number, db_null(), 2},
        {by_number, db_int(INT64_MIN), 0},
        {by_word, db_textz(NULL), 2},
        {by_word, db_textz("a"), 1},
        {by_word, db_textz(NULL), 2},
        {or_five, db_null(), 5},
        {or_five, db_int(INT64_MAX), INT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        auto_query struct query *q = NULL;
        if (db_query(db, rows[i].sql, DB_ARGS(rows[i].value), &q, &e) < 0)
            fail_msg("%s: %s", rows[i].sql, e.text);
        CHECK(query_next(q, &e) == 1);
        CHECK_INT(query_int(q, 0), rows[i].count);
    }
    db_close(db);
    store_close(s);
}

TEST(text_that_one_store_would_refuse_is_refused_by_both)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    static const struct str bad[] = {{"a\0b", 3}, {"\xff", 1}, {"\xed\xa0\x80", 3}, {"\xc3", 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err refused = {0};
        CHECK(db_exec(db, "INSERT INTO words (word) VALUES ($1)", DB_ARGS(db_text(bad[i])),
                      &refused) < 0);
        CHECK(refused.code == ERR_INVALID && strstr(refused.text, "UTF-8"));
    }
    CHECK(db_exec(db, "INSERT INTO words (word, data) VALUES ($1, $2)",
                  DB_ARGS(db_textz("a"), db_blob(bad[1])), &e) == 1);
    db_close(db);
    store_close(s);
}

TEST(text_sorts_by_its_bytes)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    static const char *const sorted[] = {"B", "_", "a", "b", "\xc3\xa4", "\xf0\x9f\x90\x8d"};
    for (size_t i = 0; i < 6; i++)
        CHECK(add(db, sorted[5 - i], &e) == 1);
    auto_arena struct arena *a = arena_new();
    struct query *q = NULL;
    CHECK(db_query(db, "SELECT word FROM words WHERE word >= $1 ORDER BY word LIMIT $2",
                   DB_ARGS(db_textz("B"), db_int(6)), &q, &e) == 0);
    for (size_t i = 0; i < 6; i++) {
        CHECK(query_next(q, &e) == 1);
        CHECK_STR(query_text(q, a, 0), sorted[i]);
    }
    query_done(q);
    db_close(db);
    store_close(s);
}

TEST(a_second_open_finds_everything_and_migrates_nothing_twice)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    for (int i = 0; i < 2; i++) {
        struct store *s = open_at(&p);
        struct db *db = connect_to(s);
        CHECK(number(db, "SELECT count(*) FROM schema_version") == 3);
        CHECK(number(db, "SELECT count(*) FROM words") == i);
        CHECK(add(db, i ? "b" : "a", &e) == 1);
        db_close(db);
        store_close(s);
    }
}

TEST(a_newer_schema_is_refused)
{
    auto_place struct place p;
    place_make(&p, kind);
    store_close(open_at(&p));
    struct err e = {0};
    struct store *s = NULL;
    const struct migration *const tables[] = {words, NULL};
    CHECK(store_open(&(struct store_config){.path = p.path, .migrations = tables}, &s, &e) < 0);
    CHECK(strstr(e.text, "newer") && strstr(e.text, "'others'"));
}

TEST(a_failing_migration_leaves_nothing_behind)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = NULL;
    const struct migration *const tables[] = {words, more, broken, NULL};
    CHECK(store_open(&(struct store_config){.path = p.path, .migrations = tables}, &s, &e) < 0);
    CHECK(strstr(e.text, "migration 4 'broken'"));
    s = open_at(&p);
    struct db *db = connect_to(s);
    CHECK(db_exec(db, "DELETE FROM half", DB_NO_ARGS, &e) < 0);
    db_close(db);
    store_close(s);
}

TEST(a_unique_key_taken_and_a_reference_to_nothing_are_conflicts)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    CHECK(add(db, "a", &e) == 1);
    CHECK(add(db, "a", &e) < 0 && e.code == ERR_CONFLICT);
    e.code = ERR_NONE;
    CHECK(db_exec(db, "INSERT INTO words (word, parent) VALUES ($1, $2)",
                  DB_ARGS(db_textz("c"), db_int(99)), &e) < 0);
    CHECK(e.code == ERR_CONFLICT);
    db_close(db);
    store_close(s);
}

TEST(an_abandoned_transaction_rolls_back_and_lets_others_write)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *one = connect_to(s), *two = connect_to(s);
    {
        auto_tx struct tx tx = {0};
        CHECK(db_begin(one, &tx, &e) == 0);
        CHECK(add(one, "lost", &e) == 1);
    }
    CHECK(add(two, "kept", &e) == 1);
    CHECK(number(one, "SELECT count(*) FROM words") == 1);
    db_close(one);
    db_close(two);
    store_close(s);
}

TEST(a_transaction_only_fails_behind_a_failure)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    CHECK(add(db, "a", &e) == 1);
    struct tx tx = {0};
    CHECK(db_begin(db, &tx, &e) == 0);
    CHECK(add(db, "b", &e) == 1);
    CHECK(add(db, "a", &e) < 0 && e.code == ERR_CONFLICT);
    e.code = ERR_NONE;
    CHECK(add(db, "c", &e) < 0 && e.code == ERR_CONFLICT && strstr(e.text, "earlier"));
    CHECK(db_commit(&tx, &e) < 0 && tx.db == NULL);
    CHECK(number(db, "SELECT count(*) FROM words") == 1);
    CHECK(add(db, "c", &e) == 1);
    db_close(db);
    store_close(s);
}

static void add_large(struct db *db, int count)
{
    struct err e = {0};
    static char data[100000];
    for (int i = 0; i < count; i++) {
        char word[16];
        snprintf(word, sizeof word, "%d", i);
        CHECK(db_exec(db, "INSERT INTO words (word, data, weight) VALUES ($1, $2, $3)",
                      DB_ARGS(db_textz(word), db_blob((struct str){data, sizeof data}), db_int(i)),
                      &e) == 1);
    }
}

/* The rows are so large that they cannot all be on their way at once. */
TEST(statements_run_while_a_query_is_open)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    struct query *q = NULL;
    auto_arena struct arena *a = arena_new();
    struct tx tx = {0};
    CHECK(db_begin(db, &tx, &e) == 0);
    add_large(db, 100);
    CHECK(db_query(db, "SELECT weight, data FROM words ORDER BY seq LIMIT $1", DB_ARGS(db_int(100)),
                   &q, &e) == 0);
    for (int i = 0; i < 100; i++) {
        CHECK(query_next(q, &e) == 1 && query_int(q, 0) == i);
        CHECK(query_blob(q, a, 1).n == 100000);
        CHECK(db_exec(db, "UPDATE words SET parent = seq WHERE weight = $1", DB_ARGS(db_int(i)),
                      &e) == 1);
    }
    CHECK(query_next(q, &e) == 0);
    query_done(q);
    CHECK(number(db, "SELECT count(*) FROM words WHERE parent = seq") == 100);
    CHECK(db_commit(&tx, &e) == 0);
    db_close(db);
    store_close(s);
}

TEST(a_query_left_before_its_end_disturbs_nothing)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    add_large(db, 20);
    for (int i = 0; i < 2; i++) {
        struct query *q = NULL;
        CHECK(db_query(db, "SELECT data FROM words", DB_NO_ARGS, &q, &e) == 0);
        CHECK(query_next(q, &e) == 1);
        query_done(q);
    }
    CHECK(number(db, "SELECT count(*) FROM words") == 20);
    db_close(db);
    store_close(s);
}

TEST(what_a_statement_returns_is_read_like_a_query)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    for (int i = 1; i < 4; i++) {
        auto_query struct query *q = NULL;
        CHECK(db_query(db, "INSERT INTO words (word) VALUES ($1) RETURNING seq",
                       DB_ARGS(db_textz((char[]){(char)('a' + i), 0})), &q, &e) == 0);
        CHECK(query_next(q, &e) == 1 && query_int(q, 0) == i && query_next(q, &e) == 0);
    }
    CHECK(db_exec(db, "UPDATE words SET weight = weight + $1 WHERE seq > $1", DB_ARGS(db_int(1)),
                  &e) == 2);
    db_close(db);
    store_close(s);
}

TEST(numbers_of_every_width_are_read)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    struct err e = {0};
    add(db, "a", &e), add(db, "b", &e), add(db, "c", &e);
    CHECK(number(db, "SELECT sum(weight) FROM words") == 21);
    CHECK(number(db, "SELECT -sum(weight) FROM words") == -21);
    CHECK(number(db, "SELECT sum(seq * 1000000) FROM words") == 6000000);
    CHECK(number(db, "SELECT sum(seq * 123456789012345) FROM words") == 6 * 123456789012345);
    CHECK(number(db, "SELECT CAST(sum(weight) AS bigint) FROM words") == 21);
    CHECK(number(db, "SELECT CASE WHEN seq = 1 THEN -1 ELSE 0 END FROM words ORDER BY seq") == -1);
    CHECK(number(db, "SELECT max(seq) = 3 FROM words") == 1);
    CHECK(number(db, "SELECT sum(weight) FROM words WHERE seq > 3") == 0);
    db_close(db);
    store_close(s);
}

struct heard {
    int count;
    char last[160];
};

static void hear(void *arg, struct db *db, const char *topic, const char *id)
{
    struct heard *heard = arg;
    heard->count++;
    snprintf(heard->last, sizeof heard->last, "%s %s %d", topic, id,
             (int)number(db, "SELECT count(*) FROM words"));
}

TEST(a_commit_tells_its_notes_once_and_a_rollback_tells_nothing)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = NULL;
    struct heard heard = {0};
    const struct migration *const tables[] = {words, NULL};
    CHECK(store_open(
              &(struct store_config){
                  .path = p.path, .migrations = tables, .noted = hear, .arg = &heard},
              &s, &e) == 0);
    struct db *db = connect_to(s);
    struct tx tx = {0};
    CHECK(db_begin(db, &tx, &e) == 0);
    db_note(&tx, "word", "lost");
    db_rollback(&tx);
    CHECK(db_begin(db, &tx, &e) == 0 && add(db, "a", &e) == 1);
    db_note(&tx, "word", "a:1");
    db_note(&tx, "word", "a:1");
    CHECK(heard.count == 0 && db_commit(&tx, &e) == 0 && heard.count == 1);
    CHECK_STR(heard.last, "word a:1 1");
    CHECK(db_begin(db, &tx, &e) == 0);
    for (int i = 0; i < 65; i++)
        db_note(&tx, "word", (char[]){(char)('0' + i), 0});
    CHECK(db_commit(&tx, &e) == 0 && heard.count == 2);
    CHECK_STR(heard.last, STORE_ALL "  1");
    db_close(db);
    store_close(s);
}

TEST(the_same_statement_runs_inside_itself)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    add(db, "a", &e), add(db, "b", &e);
    static const char all[] = "SELECT word FROM words ORDER BY seq";
    auto_arena struct arena *a = arena_new();
    struct query *outer = NULL, *inner = NULL;
    CHECK(db_query(db, all, DB_NO_ARGS, &outer, &e) == 0 && query_next(outer, &e) == 1);
    CHECK(db_query(db, all, DB_NO_ARGS, &inner, &e) == 0 && query_next(inner, &e) == 1);
    CHECK(query_next(outer, &e) == 1);
    CHECK_STR(query_text(outer, a, 0), "b");
    CHECK_STR(query_text(inner, a, 0), "a");
    query_done(inner);
    query_done(outer);
    db_close(db);
    store_close(s);
}

TEST(more_statements_than_the_cache_holds_still_run)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 200; i++) {
            char sql[64];
            snprintf(sql, sizeof sql, "SELECT %d", i);
            CHECK(number(db, sql) == i);
        }
    }
    db_close(db);
    store_close(s);
}

PLACE_MAIN(values_come_back_as_they_went_in, nulls_come_back_as_nulls_and_empty_values_as_empty,
           a_parameter_that_may_be_null_works_whichever_comes_first,
           text_that_one_store_would_refuse_is_refused_by_both, text_sorts_by_its_bytes,
           a_second_open_finds_everything_and_migrates_nothing_twice, a_newer_schema_is_refused,
           a_failing_migration_leaves_nothing_behind,
           a_unique_key_taken_and_a_reference_to_nothing_are_conflicts,
           an_abandoned_transaction_rolls_back_and_lets_others_write,
           a_transaction_only_fails_behind_a_failure, statements_run_while_a_query_is_open,
           a_query_left_before_its_end_disturbs_nothing,
           what_a_statement_returns_is_read_like_a_query, numbers_of_every_width_are_read,
           a_commit_tells_its_notes_once_and_a_rollback_tells_nothing,
           the_same_statement_runs_inside_itself, more_statements_than_the_cache_holds_still_run)
