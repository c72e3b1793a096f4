/* templates — what the fake spawner of fake.h says about templates, and what it was told of
 * variants.
 */
#pragma once

#include "engine/testdata/world.h"

static void spawner_say(struct world *w, struct wire *m, const int *fds, size_t fd_count)
{
    struct err e = {0};
    CHECK(fd_send(w->spawner, m, sizeof *m, fds, fd_count, &e) == 0);
}

FAKE void spawner_template(struct world *w, unsigned index, const char *failed)
{
    struct wire m;
    wire_init(&m, failed ? WIRE_TEMPLATE_FAILED : WIRE_TEMPLATE_READY);
    m.template_index = index;
    if (failed)
        err_set(&m.err, ERR_UNAVAILABLE, "%s", failed);
    else
        m.template_bytes = w->template_bytes;
    if (failed && index >= SANDBOX_TEMPLATES_MAX)
        w->templates[index - SANDBOX_TEMPLATES_MAX].live = false;
    spawner_say(w, &m, NULL, 0);
}

FAKE void spawner_template_stopped(struct world *w, unsigned index)
{
    struct wire m;
    struct fake_template *t = &w->templates[index - SANDBOX_TEMPLATES_MAX];
    CHECK(t->stopped);
    t->live = t->stopped = false;
    wire_init(&m, WIRE_TEMPLATE_STOPPED);
    m.template_index = index;
    spawner_say(w, &m, NULL, 0);
}

static struct str take_part(const struct buf *all, size_t *at)
{
    uint32_t n;
    CHECK(all->len - *at >= sizeof n);
    memcpy(&n, all->data + *at, sizeof n);
    n = le32toh(n);
    CHECK(all->len - *at - sizeof n >= n);
    struct str part = {all->data + *at + sizeof n, n};
    *at += sizeof n + n;
    return part;
}

static void read_setup(struct fake_template *t, int fd)
{
    auto_buf struct buf all = {0};
    struct err e = {0};
    size_t at = 0;
    CHECK(write(fd, "x", 1) < 0 && ftruncate(fd, 0) < 0); /* sealed */
    CHECK(fd_read_all(fd, SETUP_MAX + 8, &all, &e) == 0);
    close(fd);
    buf_add_str(&t->modules, take_part(&all, &at));
    buf_add_str(&t->load, take_part(&all, &at));
    CHECK(at == all.len);
}

static void obey_template_start(struct world *w, const struct wire *m, const struct fd_message *got)
{
    struct fake_template *t = &w->templates[m->template_index - SANDBOX_TEMPLATES_MAX];
    CHECK(!t->live);
    CHECK_INT(got->fd_count, !!(m->variant.flags & WIRE_VARIANT_SETUP));
    w->template_starts++;
    t->live = true;
    t->setup = got->fd_count;
    t->variant = m->variant;
    buf_clear(&t->modules);
    buf_clear(&t->load);
    if (t->setup)
        read_setup(t, got->fds[0]);
    if (!w->hold_template)
        spawner_template(w, m->template_index,
                         w->fail_template.code ? w->fail_template.text : NULL);
}

static void obey_template_stop(struct world *w, const struct wire *m)
{
    struct fake_template *t = &w->templates[m->template_index - SANDBOX_TEMPLATES_MAX];
    w->template_stops++;
    t->stopped = true;
    if (!w->hold_stop)
        spawner_template_stopped(w, m->template_index);
}
