#include "functions/testdata/world.h"

static void add_file(struct buf *tar, const char *name, const char *bytes)
{
    char h[512] = {0};
    size_t n = strlen(bytes);
    unsigned sum = 0;
    snprintf(h, 100, "%s", name);
    snprintf(h + 100, 8, "%07o", 0644);
    snprintf(h + 124, 12, "%011zo", n);
    memset(h + 148, ' ', 8);
    h[156] = '0';
    memcpy(h + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof h; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    buf_add(tar, h, sizeof h);
    buf_add(tar, bytes, n);
    memset(h, 0, sizeof h);
    buf_add(tar, h, (512 - n % 512) % 512);
}

static int deploy(struct world *w, const char *target, struct buf *tar)
{
    static const char end[1024];
    struct buf whole = {0};
    buf_add_str(&whole, buf_str(tar));
    buf_add(&whole, end, sizeof end);
    int status =
        send(w, "owner", HTTP_POST, target, "application/x-tar; charset=binary", buf_str(&whole));
    buf_done(&whole);
    return status;
}

TEST(an_archive_becomes_a_function_and_then_its_next_version)
{
    auto_world struct world w;
    world_make(&w, "none here");
    auto_buf struct buf tar = {0};
    add_file(&tar, "virga.json",
             "{\"name\":\"app\",\"description\":\"d\",\"environment\":{\"K\":\"s3cr3t\"},"
             "\"limits\":{\"memory_mb\":99}}");
    add_file(&tar, "index.mjs", "export const handler = 1");
    add_file(&tar, "lib/a.js", "a");
    if (deploy(&w, "/api/deploy", &tar) != 200)
        fail_msg("%s", w.e.text);
    CHECK_STR(text(&w, "name"), "app");
    CHECK_STR(text(&w, "runtime"), "nodejs");
    CHECK_STR(text(&w, "description"), "d");
    CHECK(json_array_size(json_object_get(w.body, "files")) == 2);
    struct code *code = NULL; /* the settings are no file of the version */
    CHECK(functions_load_code(w.db, text(&w, "id"), 1, &code, &w.e) == 0);
    CHECK(memmem(code->bytes, code->len, "s3cr3t", 6) == NULL);
    code_unref(code);
    CHECK_STR(text(&w, "code"), "export const handler = 1");
    CHECK(deploy(&w, "/api/deploy?name=other", &tar) == 200);
    CHECK_STR(text(&w, "name"), "other");
    CHECK(deploy(&w, "/api/deploy?name=app&handler=index.main", &tar) == 200);
    CHECK(number(&w, "active_version") == 2);
    CHECK_STR(text(&w, "handler"), "index.main");
    /* The editor's save replaces the entry file and keeps the others. */
    OK(&w, HTTP_PUT, "/api/functions/app", "{\"code\":\"new\"}");
    CHECK_STR(text(&w, "code"), "new");
    CHECK(json_array_size(json_object_get(w.body, "files")) == 2);
}

TEST(an_archive_that_does_not_say_enough_is_refused)
{
    auto_world struct world w;
    world_make(&w, "none here");
    auto_buf struct buf tar = {0}, empty = {0}, bad = {0};
    add_file(&tar, "app.txt", "x");
    CHECK(deploy(&w, "/api/deploy", &tar) == 422 && strstr(w.e.text, "query.name"));
    CHECK(deploy(&w, "/api/deploy?name=x", &tar) == 422 && strstr(w.e.text, "query.runtime"));
    CHECK(deploy(&w, "/api/deploy?name=x&runtime=cobol", &tar) == 422);
    CHECK(deploy(&w, "/api/deploy?name=x&runtime=python", &tar) == 200);
    CHECK(deploy(&w, "/api/deploy?name=x", &tar) == 200); /* it keeps the runtime it has */
    add_file(&empty, "virga.json", "{\"name\":\"x\"}");
    CHECK(deploy(&w, "/api/deploy", &empty) == 422 && strstr(w.e.text, "no files"));
    add_file(&bad, "virga.json", "{\"name\":");
    CHECK(deploy(&w, "/api/deploy", &bad) == 422 && strstr(w.e.text, "JSON decode error"));
    add_file(&tar, "../x", "x");
    CHECK(deploy(&w, "/api/deploy?name=x", &tar) == 422 && strstr(w.e.text, "'../x'"));
    CHECK(send(&w, "owner", HTTP_POST, "/api/deploy?name=x", "application/zip", STR("x")) == 422);
}

TEST_MAIN(an_archive_becomes_a_function_and_then_its_next_version,
          an_archive_that_does_not_say_enough_is_refused)
