#include "functions/files_input.h"

#include "base/log.h"
#include "functions/tree.h"
#include "http/form.h"

#include <sodium.h>

enum { QUOTED = 128 };

static int read_path(const struct form *form, struct str *ret, struct err *e)
{
    const char *path = NULL;
    char quoted[QUOTED];
    if (form_text(form, "path", FORM_REQUIRED, 1, FILE_PATH_MAX, &path, e) < 0)
        return -1;
    *ret = str_of(path);
    const char *flaw = tree_path_flaw(*ret);
    if (flaw)
        return form_invalid(form, "path", "value_error", e, "Value error, '%s' %s",
                            log_quote(*ret, quoted, sizeof quoted), flaw);
    if (str_is(*ret, FILES_SETTINGS))
        return form_invalid(form, "path", "value_error", e,
                            "Value error, '" FILES_SETTINGS "' is no file of a version: send the "
                            "settings in it as members of the body");
    return 0;
}

static int read_base64(const struct form *form, struct str *ret, struct err *e)
{
    const json_t *value = json_object_get(form->object, "base64");
    if (!json_is_string(value))
        return form_invalid(form, "base64", "string_type", e, "Input should be a valid string");
    size_t n = 0, length = json_string_length(value), most = length / 4 * 3;
    char *bytes = arena_alloc(form->req->arena, most + 1);
    if (sodium_base642bin((unsigned char *)bytes, most, json_string_value(value), length, NULL, &n,
                          NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return form_invalid(form, "base64", "value_error", e,
                            "Value error, this is no base64 with padding");
    *ret = (struct str){bytes, n};
    return 0;
}

/* Text without a NUL is what jansson lets through. */
static int read_text(const struct form *form, struct str *ret, struct err *e)
{
    const json_t *value = json_object_get(form->object, "text");
    if (!json_is_string(value))
        return form_invalid(form, "text", "string_type", e, "Input should be a valid string");
    *ret = (struct str){json_string_value(value), json_string_length(value)};
    return 0;
}

static int read_bytes(const struct form *form, struct str *ret, struct err *e)
{
    bool text = form_has(form, "text"), base64 = form_has(form, "base64");
    if (text && base64)
        return form_invalid(form, "base64", "value_error", e,
                            "Value error, send either text or base64");
    if (text)
        return read_text(form, ret, e);
    return base64 ? read_base64(form, ret, e) : 0;
}

static int read_file(const struct form *form, struct file *ret, struct err *e)
{
    static const char *const words[] = {"0644", "0755", NULL};
    int mode = -1;
    if (!json_is_object(form->object))
        return form_invalid(form, NULL, "dict_type", e, "Input should be a valid dictionary");
    if (read_path(form, &ret->path, e) < 0 || read_bytes(form, &ret->bytes, e) < 0 ||
        form_choice(form, "mode", FORM_OPTIONAL, words, &mode, e) < 0)
        return -1;
    ret->mode = mode < 0 ? 0 : mode ? 0755 : 0644;
    return 0;
}

static int refuse(struct request *req, const struct tree_entry *entry, const char *why,
                  struct err *e)
{
    char quoted[QUOTED];
    return http_invalid(req, arena_printf(req->arena, "body.files.%zu.path", entry->place),
                        "value_error", e, "Value error, '%s' %s",
                        log_quote(entry->file.path, quoted, sizeof quoted), why);
}

static int read_list(const struct form *form, const json_t *list, struct tree_entry *ret,
                     struct err *e)
{
    const char *why = NULL;
    size_t i, count = json_array_size(list);
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        const char *place = arena_printf(form->req->arena, "%s.files.%zu", form->place, i);
        struct form file = {form->req, place, one};
        ret[i].place = i;
        if (read_file(&file, &ret[i].file, e) < 0)
            return -1;
    }
    const struct tree_entry *wrong = tree_sort(ret, count, &why);
    return wrong ? refuse(form->req, wrong, why, e) : 0;
}

static int read_files(const struct form *form, struct function_change *change, struct err *e)
{
    const json_t *list = NULL;
    if (change->code.p)
        return form_invalid(form, "files", "value_error", e,
                            "Value error, send either code or files");
    if (form_array(form, "files", FORM_REQUIRED, FILES_MAX, &list, e) < 0)
        return -1;
    size_t count = json_array_size(list);
    if (!count)
        return form_invalid(form, "files", "too_short", e, "List should have at least 1 item");
    struct tree_entry *tree = arena_alloc(form->req->arena, count * sizeof *tree);
    change->tree = tree;
    change->tree_count = count;
    change->any = true;
    return read_list(form, list, tree, e);
}

int files_input_read(const struct form *form, struct function_change *change, struct err *e)
{
    int64_t base = 0;
    if (form_int(form, "base_version", FORM_OPTIONAL, 1, UINT32_MAX, &base, e) < 0)
        return -1;
    change->base_version = (uint32_t)base;
    change->any |= base != 0;
    return form_has(form, "files") ? read_files(form, change, e) : 0;
}

/* --- the files that are there --- */

struct old_files {
    struct tree_entry *entries;
    size_t count;
};

static struct old_files sorted(struct arena *a, struct str section)
{
    struct old_files old = {0};
    struct str rest = section;
    struct file f;
    const char *why;
    while (files_next(&rest, &f))
        old.count++;
    old.entries = arena_alloc(a, (old.count + 1) * sizeof *old.entries);
    for (size_t i = 0; files_next(&section, &f); i++)
        old.entries[i].file = f;
    (void)tree_sort(old.entries, old.count, &why); /* it was good when it was stored */
    return old;
}

/* Fills in what the client has left out. */
static int complete(struct request *req, const struct tree_entry *named,
                    const struct old_files *old, struct file *ret, struct err *e)
{
    const struct tree_entry *kept = tree_find(old->entries, old->count, named->file.path);
    *ret = named->file;
    if (!ret->bytes.p && !kept)
        return refuse(req, named, "has no bytes to keep: send its text or base64", e);
    if (!ret->bytes.p)
        ret->bytes = kept->file.bytes;
    if (!ret->mode)
        ret->mode = kept ? kept->file.mode : files_new_mode(ret->path);
    return 0;
}

int files_input_merge(struct request *req, const struct function_change *change, struct str old,
                      struct str *ret, struct err *e)
{
    auto_buf struct buf section = {0};
    struct old_files there = sorted(req->arena, old);
    size_t bytes = 0, most = rules_functions(req)->config.files_max;
    struct file f;
    for (size_t i = 0; i < change->tree_count; i++) {
        if (complete(req, &change->tree[i], &there, &f, e) < 0)
            return -1;
        bytes += f.bytes.n;
        if (bytes > most)
            return http_invalid(req, "body.files", "value_error", e,
                                "Value error, the files have more than %zu bytes together", most);
        files_add(&section, &f);
    }
    *ret = arena_str(req->arena, buf_str(&section));
    return 0;
}
