/* What a slot may ask of the kernel.
 *
 * Three answers. Listed as allowed: done. Listed as refused: EPERM, as a process without rights
 * would see it; these are calls with a history of escapes, or ones that reach beyond the slot.
 * Everything else, above all what future kernels add: ENOSYS, so that libraries take their older
 * path (glibc: clone3 to clone, whose flags can be checked since they are not behind a pointer;
 * libuv: io_uring to threads).
 *
 * Rules on arguments only ever allow: what no rule matches is refused. They compare the low 32 bits
 * where the kernel reads an int, else (1 << 32 | X) would be a different number here and X there.
 *
 * The namespaces and ids already take the rights away; this list takes away the kernel code that a
 * mistake in them would have to be found in. */
#include "sandbox/filter.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "sandbox/filter_table.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAME_MAX_LEN = 40, PROGRAM_MAX = 4096 * sizeof(struct sock_filter) };

static void release(scmp_filter_ctx *ctx)
{
    seccomp_release(*ctx);
}

/* libseccomp returns errors as negative errno. */
static int failed(int rc, struct err *e, const char *what, const char *name)
{
    errno = -rc;
    return err_sys(e, "syscall filter: %s '%s'", what, name);
}

static uint32_t action_for(int error)
{
    return error ? SCMP_ACT_ERRNO((uint32_t)error) : SCMP_ACT_ALLOW;
}

static int add_group(scmp_filter_ctx ctx, const struct filter_group *g, int error, struct err *e)
{
    struct str rest = str_of(g->names);
    while (rest.p) {
        struct str word = str_cut(&rest, ' ');
        char name[NAME_MAX_LEN];
        if (word.n == 0)
            continue;
        must(word.n < sizeof name);
        memcpy(name, word.p, word.n);
        name[word.n] = 0;
        int number = seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR)
            return err_set(e, ERR_SYSTEM, "syscall filter: libseccomp does not know '%s'", name);
        int rc = seccomp_rule_add_array(ctx, action_for(error), number, 0, NULL);
        if (rc < 0)
            return failed(rc, e, "list", name);
    }
    return 0;
}

static int add_rule(scmp_filter_ctx ctx, const struct filter_rule *r, int error, struct err *e)
{
    struct scmp_arg_cmp args[FILTER_ARGS];
    unsigned n = 0;
    for (; n < FILTER_ARGS && r->args[n].mask; n++)
        args[n] = SCMP_CMP(r->args[n].index, SCMP_CMP_MASKED_EQ, r->args[n].mask, r->args[n].value);
    int number = seccomp_syscall_resolve_name(r->name);
    int rc = seccomp_rule_add_array(ctx, action_for(error), number, n, args);
    return rc < 0 ? failed(rc, e, "rule for", r->name) : 0;
}

static int configure(scmp_filter_ctx ctx, struct err *e)
{
    int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc < 0)
        return failed(rc, e, "set", "bad architecture");
    rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree, not a list */
    if (rc < 0)
        return failed(rc, e, "set", "optimisation");
    return 0;
}

static int fill_base(scmp_filter_ctx ctx, const void *arg, struct err *e)
{
    (void)arg;
    for (size_t i = 0; i < filter_allowed_count; i++)
        if (add_group(ctx, &filter_allowed[i], filter_allowed[i].error, e) < 0)
            return -1;
    for (size_t i = 0; i < filter_rule_count; i++)
        if (add_rule(ctx, &filter_rules[i], filter_rules[i].error, e) < 0)
            return -1;
    for (size_t i = 0; i < filter_refused_count; i++)
        if (add_group(ctx, &filter_refused[i], filter_refused[i].error, e) < 0)
            return -1;
    for (size_t i = 0; i < filter_setup_count; i++)
        if (add_group(ctx, &filter_setup[i], 0, e) < 0)
            return -1;
    for (size_t i = 0; i < filter_setup_rule_count; i++)
        if (add_rule(ctx, &filter_setup_rules[i], 0, e) < 0)
            return -1;
    return 0;
}

static int fill_seal(scmp_filter_ctx ctx, const void *arg, struct err *e)
{
    (void)arg;
    for (size_t i = 0; i < filter_setup_count; i++)
        if (add_group(ctx, &filter_setup[i], filter_setup[i].error, e) < 0)
            return -1;
    for (size_t i = 0; i < filter_setup_rule_count; i++)
        if (add_rule(ctx, &filter_setup_rules[i], filter_setup_rules[i].error, e) < 0)
            return -1;
    return 0;
}

static int fill_list(scmp_filter_ctx ctx, const void *arg, struct err *e)
{
    const struct filter_list *list = arg;
    for (size_t i = 0; i < list->group_count; i++)
        if (add_group(ctx, &list->groups[i], list->groups[i].error, e) < 0)
            return -1;
    for (size_t i = 0; i < list->rule_count; i++)
        if (add_rule(ctx, &list->rules[i], list->rules[i].error, e) < 0)
            return -1;
    return 0;
}

/* libseccomp 2.5 exports to descriptors only. */
static int export(scmp_filter_ctx ctx, struct sock_fprog *ret, struct err *e)
{
    auto_buf struct buf code = {0};
    auto_fd int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "syscall filter: memfd_create");
    int rc = seccomp_export_bpf(ctx, fd);
    if (rc < 0)
        return failed(rc, e, "export", "bpf");
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(e, "syscall filter: rewind");
    if (fd_read_all(fd, PROGRAM_MAX, &code, e) < 0)
        return err_in(e, "syscall filter");
    must(code.len && code.len % sizeof(struct sock_filter) == 0);
    ret->len = (unsigned short)(code.len / sizeof(struct sock_filter));
    ret->filter = (struct sock_filter *)(void *)buf_take(&code);
    return 0;
}

static int build(uint32_t otherwise,
                 int (*fill)(scmp_filter_ctx ctx, const void *arg, struct err *e), const void *arg,
                 struct sock_fprog *ret, struct err *e)
{
    __attribute__((cleanup(release))) scmp_filter_ctx ctx = seccomp_init(otherwise);
    if (!ctx)
        return err_set(e, ERR_SYSTEM, "syscall filter: libseccomp has no filter for this machine");
    if (configure(ctx, e) < 0 || fill(ctx, arg, e) < 0)
        return -1;
    return export(ctx, ret, e);
}

int filter_build(struct filter *ret, struct err *e)
{
    *ret = (struct filter){0};
    if (build(SCMP_ACT_ERRNO(ENOSYS), fill_base, NULL, &ret->base, e) == 0 &&
        build(SCMP_ACT_ALLOW, fill_seal, NULL, &ret->seal, e) == 0)
        return 0;
    filter_done(ret);
    return -1;
}

int filter_build_deadly(const struct filter_list *list, struct sock_fprog *ret, struct err *e)
{
    return build(SCMP_ACT_KILL_PROCESS, fill_list, list, ret, e);
}

void filter_done(struct filter *f)
{
    free(f->base.filter);
    free(f->seal.filter);
    *f = (struct filter){0};
}

int filter_load(const struct sock_fprog *program, struct err *e)
{
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) != 0)
        return err_sys(e, "load the syscall filter");
    return 0;
}

int filter_load_base(const struct filter *f, struct err *e)
{
    return filter_load(&f->base, e);
}

int filter_load_seal(const struct filter *f, struct err *e)
{
    return filter_load(&f->seal, e);
}
