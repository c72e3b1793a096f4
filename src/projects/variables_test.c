#include "projects/testdata/world.h"

/* Of the list of variables: what a member of the one with this key says. */
static json_t *listed(struct world *w, const char *who, const char *id, const char *key,
                      const char *member)
{
    OK(w, who, GET, at(id, "/env"), NULL);
    for (size_t i = 0; i < rows(w); i++)
        if (strcmp(row_text(w, i, "key"), key) == 0)
            return json_object_get(json_array_get(w->body, i), member);
    fail_msg("no variable '%s'", key);
    return NULL;
}

static const char *shown(struct world *w, const char *id, const char *key)
{
    return json_string_value(listed(w, "a1", id, key, "value"));
}

/* What functions get. */
static void check_clear(struct world *w, const char *id, const char *key, const char *value)
{
    json_t *all = NULL;
    if (projects_environment(w->db, w->seal, id, &all, &w->e) < 0)
        fail_msg("%s", w->e.text);
    const char *got = json_string_value(json_object_get(all, key));
    if (value)
        CHECK_STR(got, value);
    else
        CHECK(got == NULL);
    json_decref(all);
}

TEST(secrets_are_masked_and_plain_values_are_shown)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    noted(w, "", "");
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"TOKEN\",\"value\":\"s3cret\"}");
    CHECK_STR(text(w, "value"), "****");
    CHECK(json_is_true(member_of(w, "is_secret")));
    CHECK(noted(w, NOTE_VARIABLES, id));
    CHECK_INT(audited(w, "variable.set", id, "TOKEN"), 1);
    OK(w, "a1", POST, at(id, "/env"),
       "{\"key\":\"MODE\",\"value\":\"\\u00fc\",\"is_secret\":false}");
    CHECK_STR(text(w, "value"), "\u00fc");
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"EMPTY\",\"value\":\"\",\"is_secret\":false}");
    OK(w, "a1", GET, at(id, "/env"), NULL);
    CHECK_INT(rows(w), 3);
    CHECK_STR(row_text(w, 0, "key"), "EMPTY"); /* sorted */
    CHECK_STR(row_text(w, 0, "value"), "");
    CHECK_STR(row_text(w, 2, "value"), "****");
    check_clear(w, id, "TOKEN", "s3cret");
    check_clear(w, id, "EMPTY", "");
}

TEST(setting_again_keeps_id_and_birth)
{
    auto_world struct world *w = world_new();
    char id[32], first[32], born[40];
    create(w, "a1", "P", id);
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"1\"}");
    snprintf(first, sizeof first, "%s", text(w, "id"));
    snprintf(born, sizeof born, "%s", text(w, "created_at"));
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"2\",\"is_secret\":false}");
    CHECK_STR(text(w, "id"), first);
    CHECK_STR(text(w, "created_at"), born);
    CHECK(strcmp(text(w, "updated_at"), born) != 0);
    CHECK_STR(text(w, "value"), "2");
    check_clear(w, id, "K", "2");
}

TEST(what_is_the_same_changes_nothing_and_tells_nobody)
{
    auto_world struct world *w = world_new();
    char id[32], changed[40];
    create(w, "a1", "P", id);
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"1\"}");
    snprintf(changed, sizeof changed, "%s", text(w, "updated_at"));
    noted(w, "", "");
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"1\"}");
    CHECK_STR(text(w, "updated_at"), changed);
    CHECK(!noted(w, NOTE_VARIABLES, id));
}

TEST(the_mask_sent_back_keeps_the_secret_and_never_reveals_it)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"s3cret\"}");
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"****\",\"is_secret\":true}");
    check_clear(w, id, "K", "s3cret");
    refuse(w, 422, "becomes plain with a new value", "a1", POST, at(id, "/env"),
           "{\"key\":\"K\",\"value\":\"****\",\"is_secret\":false}");
    CHECK_STR(shown(w, id, "K"), "****");
    check_clear(w, id, "K", "s3cret");
    refuse(w, 422, "no stored secret", "a1", POST, at(id, "/env"),
           "{\"key\":\"NEW\",\"value\":\"****\"}");
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"S\",\"value\":\"****\",\"is_secret\":false}");
    CHECK_STR(shown(w, id, "S"), "****"); /* it says so itself */
    check_clear(w, id, "S", "****");
    refuse(w, 422, "no stored secret", "a1", POST, at(id, "/env"),
           "{\"key\":\"S\",\"value\":\"****\"}");
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"x\",\"is_secret\":false}");
    CHECK_STR(shown(w, id, "K"), "x");
}

TEST(what_is_no_variable_is_refused_with_422)
{
    auto_world struct world *w = world_new();
    char id[32], body[700], key[258];
    create(w, "a1", "P", id);
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"key\":\"K\"}",
        "{\"value\":\"v\"}",
        "{\"key\":null,\"value\":\"v\"}",
        "{\"key\":\"K\",\"value\":null}",
        "{\"key\":\"K\",\"value\":1}",
        "{\"key\":\"K\",\"value\":\"v\",\"is_secret\":null}",
        "{\"key\":\"K\",\"value\":\"v\",\"is_secret\":1}",
        "{\"key\":\"\",\"value\":\"v\"}",
        "{\"key\":\"1K\",\"value\":\"v\"}",
        "{\"key\":\"K-L\",\"value\":\"v\"}",
        "{\"key\":\"K=\",\"value\":\"v\"}",
        "{\"key\":\"\\u00fc\",\"value\":\"v\"}",
        "{\"key\":\"K\",\"value\":\"a\\u0000b\"}",
        "{\"key\":\"K\",\"value\":\"v\",\"key\":\"L\"}",
        "{\"key\":\"PATH\",\"value\":\"v\"}",
        "{\"key\":\"HOME\",\"value\":\"v\"}",
        "{\"key\":\"TMPDIR\",\"value\":\"v\"}",
        "{\"key\":\"FUNCTION_NAME\",\"value\":\"v\"}",
        "{\"key\":\"INPUT_JSON\",\"value\":\"v\"}",
        "{\"key\":\"VIRGA_X\",\"value\":\"v\"}",
        "{\"key\":\"LD_PRELOAD\",\"value\":\"v\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(w, 422, "body", "a1", POST, at(id, "/env"), bad[i]);
    memset(key, 'K', 257);
    key[257] = 0;
    snprintf(body, sizeof body, "{\"key\":\"%s\",\"value\":\"v\"}", key);
    refuse(w, 422, "at most 256", "a1", POST, at(id, "/env"), body);
    snprintf(body, sizeof body, "{\"key\":\"%s\",\"value\":\"v\"}", key + 1);
    OK(w, "a1", POST, at(id, "/env"), body);
    snprintf(body, sizeof body, "/env/%s", key + 1);
    OK(w, "a1", DELETE, at(id, body), NULL);
    OK(w, "a1", GET, at(id, "/env"), NULL);
    CHECK_INT(rows(w), 0);
}

/* {"key":"KEY","value":"vvv..."} with so many bytes of value. */
static void body_of(struct buf *out, const char *key, size_t bytes)
{
    buf_clear(out);
    buf_addf(out, "{\"key\":\"%s\",\"value\":\"", key);
    for (size_t i = 0; i < bytes; i++)
        buf_addz(out, "v");
    buf_addz(out, "\"}");
}

TEST(values_and_the_whole_environment_have_bounds)
{
    auto_world struct world *w = world_new();
    auto_buf struct buf body = {0};
    char id[32];
    create(w, "a1", "P", id);
    body_of(&body, "K", 1 << 20);
    refuse(w, 422, "at most 32768 bytes", "a1", POST, at(id, "/env"), body.data);
    body_of(&body, "K", VARIABLE_VALUE_MAX + 1);
    refuse(w, 422, "at most 32768 bytes", "a1", POST, at(id, "/env"), body.data);
    for (char key[] = "A"; *key < 'D'; key[0]++) {
        body_of(&body, key, VARIABLE_VALUE_MAX);
        OK(w, "a1", POST, at(id, "/env"), body.data);
    }
    body_of(&body, "D", VARIABLE_VALUE_MAX);
    refuse(w, 422, "at most 128 KB together", "a1", POST, at(id, "/env"), body.data);
    body_of(&body, "A", 1);
    OK(w, "a1", POST, at(id, "/env"), body.data);
    char key[8];
    for (int i = 3; i < PROJECT_VARIABLES_MAX; i++) {
        snprintf(key, sizeof key, "K%d", i);
        body_of(&body, key, 1);
        OK(w, "a1", POST, at(id, "/env"), body.data);
    }
    body_of(&body, "Z", 1);
    refuse(w, 422, "at most 200 variables", "a1", POST, at(id, "/env"), body.data);
    OK(w, "a1", GET, at(id, "/env"), NULL);
    CHECK_INT(rows(w), PROJECT_VARIABLES_MAX);
}

TEST(deleting_says_what_is_gone_or_was_not_there)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"v\"}");
    noted(w, "", "");
    OK(w, "a1", DELETE, at(id, "/env/K"), NULL);
    CHECK_STR(text(w, "detail"), "Env var 'K' deleted");
    CHECK(noted(w, NOTE_VARIABLES, id));
    CHECK_INT(audited(w, "variable.delete", id, "K"), 1);
    refuse(w, 404, "Env var 'K' not found", "a1", DELETE, at(id, "/env/K"), NULL);
    CHECK_INT(audited(w, "variable.delete", id, "K"), 1);
    check_clear(w, id, "K", NULL);
}

TEST(replacing_sets_all_or_none)
{
    auto_world struct world *w = world_new();
    char id[32], kept[32];
    create(w, "a1", "P", id);
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"OLD\",\"value\":\"v\"}");
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"SECRET\",\"value\":\"s3cret\"}");
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"KEPT\",\"value\":\"1\"}");
    snprintf(kept, sizeof kept, "%s", text(w, "id"));
    static const char *const bad[][2] = {
        {"{}", "Field required"},
        {"{\"variables\":null}", "valid list"},
        {"{\"variables\":{}}", "valid list"},
        {"{\"variables\":[7]}", "body.variables.0: Input should be a valid dictionary"},
        {"{\"variables\":[{\"key\":\"A\",\"value\":\"1\"},{\"key\":\"B\"}]}",
         "body.variables.1.value: Field required"},
        {"{\"variables\":[{\"key\":\"A\",\"value\":\"1\"},{\"key\":\"A\",\"value\":\"2\"}]}",
         "twice"},
        {"{\"variables\":[{\"key\":\"A\",\"value\":\"1\"},{\"key\":\"B\",\"value\":\"****\"}]}",
         "no stored secret"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(w, 422, bad[i][1], "a1", PUT, at(id, "/env"), bad[i][0]);
    OK(w, "a1", GET, at(id, "/env"), NULL);
    CHECK_INT(rows(w), 3);
    noted(w, "", "");
    OK(w, "a1", PUT, at(id, "/env"),
       "{\"variables\":[{\"key\":\"SECRET\",\"value\":\"****\"},{\"key\":\"KEPT\",\"value\":\"2\","
       "\"is_secret\":false},{\"key\":\"NEW\",\"value\":\"3\"}]}");
    CHECK_INT(rows(w), 3);
    CHECK_STR(row_text(w, 0, "key"), "KEPT");
    CHECK_STR(row_text(w, 0, "id"), kept);
    CHECK_STR(row_text(w, 2, "key"), "SECRET");
    CHECK(noted(w, NOTE_VARIABLES, id));
    CHECK_INT(audited(w, "variables.replace", id, "2 set, 1 removed: +KEPT, +NEW, -OLD"), 1);
    check_clear(w, id, "SECRET", "s3cret");
    check_clear(w, id, "KEPT", "2");
    OK(w, "a1", PUT, at(id, "/env"), "{\"variables\":[]}");
    CHECK_INT(rows(w), 0);
}

TEST(viewers_see_masks_editors_write_and_only_owners_reveal)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    OK(w, "a1", PUT, at(id, "/members/bob"), "{\"role\":\"editor\"}");
    OK(w, "a1", PUT, at(id, "/members/cy"), "{\"role\":\"viewer\"}");
    OK(w, "b1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"s3cret\"}");
    CHECK_STR(json_string_value(listed(w, "c1", id, "K", "value")), "****");
    refuse(w, 403, "'editor'", "c1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"x\"}");
    refuse(w, 403, "'editor'", "c1", PUT, at(id, "/env"), "{\"variables\":[]}");
    refuse(w, 403, "'editor'", "c1", DELETE, at(id, "/env/K"), NULL);
    refuse(w, 404, "Project not found", "owner", GET, at(id, "/env"), NULL);
    refuse(w, 403, "'owner'", "b1", POST, at(id, "/env/K/reveal"), NULL);
    refuse(w, 403, "'owner'", "c1", POST, at(id, "/env/K/reveal"), NULL);
    CHECK_INT(audited(w, "variable.reveal", id, "K"), 0);
    OK(w, "a1", POST, at(id, "/env/K/reveal"), NULL);
    CHECK_STR(text(w, "value"), "s3cret");
    CHECK_STR(text(w, "key"), "K");
    CHECK_INT(audited(w, "variable.reveal", id, "K"), 1);
    refuse(w, 404, "Env var 'L' not found", "a1", POST, at(id, "/env/L/reveal"), NULL);
    w->scopes = SCOPE_ALL & ~SCOPE_SECRETS;
    refuse(w, 403, "scope", "a1", POST, at(id, "/env/K/reveal"), NULL);
}

TEST(nothing_is_revealed_that_cannot_be_written_down)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"s3cret\"}");
    CHECK(db_exec(w->db,
                  "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full');"
                  " END",
                  DB_NO_ARGS, &w->e) >= 0);
    CHECK(ask(w, "a1", POST, at(id, "/env/K/reveal"), NULL) != 200);
    CHECK(w->body == NULL);
}

static bool store_holds(struct world *w, const char *needle)
{
    static const char *const files[] = {"virga.db", "virga.db-wal"};
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        auto_buf struct buf bytes = {0};
        auto_fd int fd = openat(w->dir_fd, files[i], O_RDONLY | O_CLOEXEC);
        CHECK(fd >= 0 && fd_read_all(fd, 1 << 26, &bytes, &w->e) == 0);
        found |= memmem(bytes.data, bytes.len, needle, strlen(needle)) != NULL;
    }
    return found;
}

TEST(no_value_lies_in_the_store_in_clear)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "Visible-Name", id);
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"s3cret-value\"}");
    OK(w, "a1", POST, at(id, "/env"),
       "{\"key\":\"L\",\"value\":\"pl4in-value\",\"is_secret\":false}");
    OK(w, "a1", POST, at(id, "/env/K/reveal"), NULL);
    CHECK(store_holds(w, "Visible-Name"));
    CHECK(!store_holds(w, "s3cret-value"));
    CHECK(!store_holds(w, "pl4in-value"));
}

TEST(a_sealed_value_opens_in_its_own_place_only)
{
    auto_world struct world *w = world_new();
    char id[32], other[32];
    json_t *all = NULL;
    create(w, "a1", "P", id);
    create(w, "b1", "Q", other);
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"s3cret\"}");
    OK(w, "b1", POST, at(other, "/env"), "{\"key\":\"K\",\"value\":\"x\",\"is_secret\":false}");
    CHECK(db_exec(w->db,
                  "UPDATE project_variables SET value = (SELECT value FROM project_variables"
                  " WHERE project_id = $1) WHERE project_id = $2",
                  DB_ARGS(db_textz(id), db_textz(other)), &w->e) == 1);
    CHECK(projects_environment(w->db, w->seal, other, &all, &w->e) < 0);
    CHECK(json_is_null(listed(w, "b1", other, "K", "value"))); /* the list is still there */
    OK(w, "b1", POST, at(other, "/env"), "{\"key\":\"K\",\"value\":\"y\",\"is_secret\":false}");
    check_clear(w, other, "K", "y");
}

TEST(all_variables_move_to_another_key)
{
    enum { MANY = 150 };
    auto_world struct world *w = world_new();
    auto_buf struct buf body = {0};
    char id[32], other[32], key[8], dir[] = "/tmp/virga-projects-XXXXXX";
    struct seal *fresh = NULL;
    create(w, "a1", "P", id);
    create(w, "a1", "Q", other);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "K%d", i);
        body_of(&body, key, 3);
        OK(w, "a1", POST, at(i % 2 ? id : other, "/env"), body.data);
    }
    assert_non_null(mkdtemp(dir));
    auto_fd int fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    CHECK(seal_load(fd, &fresh, &w->e) == 0);
    {
        auto_tx struct tx tx = {0};
        CHECK(db_begin(w->db, &tx, &w->e) == 0);
        CHECK_INT(projects_reseal(w->db, w->seal, fresh, &w->e), MANY);
        CHECK(db_commit(&tx, &w->e) == 0);
    }
    json_t *all = NULL;
    CHECK(projects_environment(w->db, w->seal, id, &all, &w->e) < 0);
    CHECK(projects_environment(w->db, fresh, id, &all, &w->e) == 0);
    CHECK_INT(json_object_size(all), MANY / 2);
    CHECK_STR(json_string_value(json_object_get(all, "K149")), "vvv");
    json_decref(all);
    CHECK(projects_reseal(w->db, w->seal, fresh, &w->e) < 0); /* it has happened already */
    seal_free(fresh);
    unlinkat(fd, "secret.key", 0);
    CHECK(rmdir(dir) == 0);
}

TEST_MAIN(secrets_are_masked_and_plain_values_are_shown, setting_again_keeps_id_and_birth,
          what_is_the_same_changes_nothing_and_tells_nobody,
          the_mask_sent_back_keeps_the_secret_and_never_reveals_it,
          what_is_no_variable_is_refused_with_422, values_and_the_whole_environment_have_bounds,
          deleting_says_what_is_gone_or_was_not_there, replacing_sets_all_or_none,
          viewers_see_masks_editors_write_and_only_owners_reveal,
          nothing_is_revealed_that_cannot_be_written_down, no_value_lies_in_the_store_in_clear,
          a_sealed_value_opens_in_its_own_place_only, all_variables_move_to_another_key)
