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

static int add_names(scmp_filter_ctx ctx, uint32_t action, const char *names, struct err *e)
{
    struct str rest = str_of(names);
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
        int rc = seccomp_rule_add_array(ctx, action, number, 0, NULL);
        if (rc < 0)
            return failed(rc, e, "list", name);
    }
    return 0;
}

static int add_rule(scmp_filter_ctx ctx, const struct filter_rule *r, struct err *e)
{
    uint32_t action = r->error ? SCMP_ACT_ERRNO((uint32_t)r->error) : SCMP_ACT_ALLOW;
    struct scmp_arg_cmp args[FILTER_ARGS];
    unsigned n = 0;
    for (; n < FILTER_ARGS && r->args[n].mask; n++)
        args[n] = SCMP_CMP(r->args[n].index, SCMP_CMP_MASKED_EQ, r->args[n].mask, r->args[n].value);
    int number = seccomp_syscall_resolve_name(r->name);
    int rc = seccomp_rule_add_array(ctx, action, number, n, args);
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

static int fill(scmp_filter_ctx ctx, struct err *e)
{
    for (size_t i = 0; i < filter_allowed_count; i++)
        if (add_names(ctx, SCMP_ACT_ALLOW, filter_allowed[i].names, e) < 0)
            return -1;
    for (size_t i = 0; i < filter_rule_count; i++)
        if (add_rule(ctx, &filter_rules[i], e) < 0)
            return -1;
    for (size_t i = 0; i < filter_refused_count; i++)
        if (add_names(ctx, SCMP_ACT_ERRNO(EPERM), filter_refused[i].names, e) < 0)
            return -1;
    return 0;
}

/* libseccomp 2.5 exports to descriptors only. */
static int export(scmp_filter_ctx ctx, struct filter *ret, struct err *e)
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
    ret->program.len = (unsigned short)(code.len / sizeof(struct sock_filter));
    ret->program.filter = (struct sock_filter *)(void *)buf_take(&code);
    return 0;
}

int filter_build(struct filter *ret, struct err *e)
{
    __attribute__((cleanup(release))) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!ctx)
        return err_set(e, ERR_SYSTEM, "syscall filter: libseccomp has no filter for this machine");
    if (configure(ctx, e) < 0 || fill(ctx, e) < 0)
        return -1;
    return export(ctx, ret, e);
}

void filter_done(struct filter *f)
{
    free(f->program.filter);
    f->program = (struct sock_fprog){0};
}

int filter_load(const struct filter *f, struct err *e)
{
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &f->program) != 0)
        return err_sys(e, "load the syscall filter");
    return 0;
}
