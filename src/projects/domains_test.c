#include "projects/testdata/world.h"

static void add_numbered(struct world *w, const char *id, int number, int status)
{
    char body[100];
    snprintf(body, sizeof body, "{\"domain\":\"d%d.example.com\"}", number);
    CHECK_INT(ask(w, "a1", POST, at(id, "/domains"), body), status);
}

TEST(domains_are_host_names_kept_in_lower_case)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    noted(w, "", "");
    OK(w, "a1", POST, at(id, "/domains"), "{\"domain\":\"API.xn--bcher-kva.Example\"}");
    CHECK_STR(text(w, "domain"), "api.xn--bcher-kva.example");
    CHECK(noted(w, NOTE_PROJECT, id));
    CHECK_INT(audited(w, "domain.add", id, "api.xn--bcher-kva.example"), 1);
    OK(w, "a1", POST, at(id, "/domains"), "{\"domain\":\"a.example\"}");
    OK(w, "a1", GET, at(id, "/domains"), NULL);
    CHECK_INT(rows(w), 2);
    CHECK_STR(row_text(w, 0, "domain"), "a.example");
    OK(w, "a1", DELETE, at(id, "/domains/A.example"), NULL);
    CHECK_STR(text(w, "detail"), "Domain 'a.example' deleted");
    CHECK(noted(w, NOTE_PROJECT, id));
    refuse(w, 404, "Domain 'a.example' not found", "a1", DELETE, at(id, "/domains/a.example"),
           NULL);
}

TEST(what_is_no_host_name_of_a_clients_own_is_refused)
{
    auto_world struct world *w = world_new();
    char id[32], body[400], label[65];
    w->app.public_url = "https://Public.example:8443";
    create(w, "a1", "P", id);
    static const char *const bad[] = {
        "",
        ".",
        "a",
        "a..b",
        ".a.b",
        "a.b.",
        "-a.b",
        "a-.b",
        "a_b.c",
        "a b.c",
        "a.b:80",
        "1.2.3.4",
        "127.1",
        "10.0x7f",
        "[::1]",
        "a.b/c",
        "*.a.b",
        "localhost",
        "b\u00fccher.example",
        "a.1b",
        "x.localhost",
        "virga.example",
        "VIRGA.example",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(body, sizeof body, "{\"domain\":\"%s\"}", bad[i]);
        refuse(w, 422, "body.domain", "a1", POST, at(id, "/domains"), body);
    }
    refuse(w, 422, "server's own name", "a1", POST, at(id, "/domains"),
           "{\"domain\":\"PUBLIC.example\"}");
    refuse(w, 422, "body.domain", "a1", POST, at(id, "/domains"), "{\"domain\":null}");
    refuse(w, 422, "body.domain", "a1", POST, at(id, "/domains"), "{}");
    memset(label, 'a', 64);
    label[64] = 0;
    snprintf(body, sizeof body, "{\"domain\":\"%s.example\"}", label);
    refuse(w, 422, "host name", "a1", POST, at(id, "/domains"), body);
    snprintf(body, sizeof body, "{\"domain\":\"%s.%s.%s.%s\"}", label + 1, label + 1, label + 1,
             label + 1);
    refuse(w, 422, "at most 253", "a1", POST, at(id, "/domains"), body);
    snprintf(body, sizeof body, "{\"domain\":\"%s.%s.%s.%s\"}", label + 1, label + 1, label + 1,
             label + 3);
    OK(w, "a1", POST, at(id, "/domains"), body);
}

TEST(a_domain_belongs_to_one_project)
{
    auto_world struct world *w = world_new();
    char id[32], other[32];
    create(w, "a1", "P", id);
    create(w, "b1", "Q", other);
    OK(w, "a1", POST, at(id, "/domains"), "{\"domain\":\"a.example\"}");
    OK(w, "a1", POST, at(id, "/domains"), "{\"domain\":\"a.example\"}"); /* once more is fine */
    refuse(w, 409, "another project", "b1", POST, at(other, "/domains"),
           "{\"domain\":\"A.example\"}");
    refuse(w, 404, "not found", "b1", DELETE, at(other, "/domains/a.example"), NULL);
    OK(w, "a1", DELETE, at(id, ""), NULL);
    OK(w, "b1", POST, at(other, "/domains"), "{\"domain\":\"a.example\"}");
}

TEST(domains_have_a_bound_and_take_an_owner)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    for (int i = 0; i < PROJECT_DOMAINS_MAX; i++)
        add_numbered(w, id, i, 200);
    add_numbered(w, id, PROJECT_DOMAINS_MAX, 409);
    add_numbered(w, id, 0, 200);
    OK(w, "a1", PUT, at(id, "/members/bob"), "{\"role\":\"editor\"}");
    OK(w, "b1", GET, at(id, "/domains"), NULL);
    CHECK_INT(rows(w), PROJECT_DOMAINS_MAX);
    refuse(w, 403, "'owner'", "b1", POST, at(id, "/domains"), "{\"domain\":\"z.example\"}");
    refuse(w, 403, "'owner'", "b1", DELETE, at(id, "/domains/d0.example.com"), NULL);
}

TEST(a_server_that_does_not_know_its_name_gives_none_away)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    w->app.public_url = NULL;
    refuse(w, 403, "--public-url", "a1", POST, at(id, "/domains"), "{\"domain\":\"virga.corp\"}");
    OK(w, "a1", GET, at(id, "/domains"), NULL);
    CHECK_INT(rows(w), 0);
}

TEST_MAIN(domains_are_host_names_kept_in_lower_case,
          what_is_no_host_name_of_a_clients_own_is_refused, a_domain_belongs_to_one_project,
          domains_have_a_bound_and_take_an_owner,
          a_server_that_does_not_know_its_name_gives_none_away)
