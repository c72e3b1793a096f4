#include "serve/checks.h"

#include "base/err.h"
#include "cluster/cluster.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void look(struct checks *c, const char *runners_dir)
{
    size_t count = probe_all(runners_dir, c->results, PROBE_RESULTS_MAX);
    count += cluster_probe(NULL, c->results + count, PROBE_RESULTS_MAX - count);
    atomic_store(&c->count, count);
}

/* Twice, so that nobody has to wait for it. */
static int in_a_child(struct checks *c, const char *runners_dir, struct err *e)
{
    pid_t child = fork();
    if (child < 0)
        return err_sys(e, "fork");
    if (child == 0) {
        pid_t prober = fork();
        if (prober == 0)
            look(c, runners_dir);
        _exit(prober < 0);
    }
    int status = 0;
    if (waitpid(child, &status, 0) < 0 || status)
        return err_set(e, ERR_SYSTEM, "the child that looks at the protections did not start");
    return 0;
}

int checks_start(const char *runners_dir, struct checks **ret, struct err *e)
{
    struct checks *c =
        mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED)
        return err_sys(e, "mmap");
    if (in_a_child(c, runners_dir, e) < 0) {
        checks_free(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void checks_free(struct checks *c)
{
    if (c)
        munmap(c, sizeof *c);
}
