/* Feeds arbitrary bytes to the reader of uploaded archives. What it accepts must keep its promises:
 * relative paths without "." and "..", sorted and different, bytes inside the upload. */
#include "functions/archive.h"

#include "base/must.h"

#include <string.h>

static void check_path(struct str path)
{
    must(path.n > 0 && path.n <= FILE_PATH_MAX && str_is_utf8(path));
    for (size_t i = 0; i < path.n; i++)
        must((unsigned char)path.p[i] >= 0x20 && path.p[i] != 0x7f);
    struct str rest = path;
    do {
        struct str segment = str_cut(&rest, '/');
        must(segment.n > 0 && !str_is(segment, ".") && !str_is(segment, ".."));
    } while (rest.p);
}

static void check(const struct archive *archive, struct str upload)
{
    must(archive->count <= FILES_MAX);
    for (size_t i = 0; i < archive->count; i++) {
        const struct file *f = &archive->files[i];
        check_path(f->path);
        must(f->mode == 0644 || f->mode == 0755);
        must(f->bytes.p >= upload.p && f->bytes.p + f->bytes.n <= upload.p + upload.n);
        must(i == 0 || !str_eq(f->path, f[-1].path));
    }
}

/* What was read goes through the form that the store and the frames carry. */
static void check_section(const struct archive *archive)
{
    auto_buf struct buf section = {0};
    for (size_t i = 0; i < archive->count; i++)
        files_add(&section, &archive->files[i]);
    struct str rest = buf_str(&section);
    struct file f;
    size_t count = 0;
    for (; files_next(&rest, &f); count++)
        must(str_eq(f.path, archive->files[count].path) && f.mode == archive->files[count].mode);
    must(count == archive->count && rest.n == 0);
    (void)files_entry(buf_str(&section), "main.py", "main.handler");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_arena struct arena *a = arena_new();
    struct archive archive = {0};
    struct err e = {0};
    struct str upload = {(const char *)data, size};
    if (archive_read(a, upload, &archive, &e) < 0) {
        must(e.code == ERR_INVALID && e.text[0]);
        return 0;
    }
    check(&archive, upload);
    check_section(&archive);
    return 0;
}
