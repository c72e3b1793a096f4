/* Templates that come and go on request. */
#include "sandbox/spawner.h"

#include "base/fd.h"
#include "base/log.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

static int check_setup(int setup, struct err *e)
{
    struct stat st;
    if (setup < 0)
        return 0;
    if (fstat(setup, &st) < 0)
        return err_sys(e, "look at the set-up file");
    if (!S_ISREG(st.st_mode)) /* reading anything else might never end */
        return err_set(e, ERR_INVALID, "the set-up file is no regular file");
    return 0;
}

static int check(const struct spawner *s, const struct wire_variant *v, int setup, struct err *e)
{
    if (v->base >= s->config->template_count)
        return err_set(e, ERR_INVALID, "base template %u does not exist", v->base);
    if (v->flags & WIRE_VARIANT_LAYER && !s->config->layers_dir)
        return err_set(e, ERR_INVALID, "there is no directory of layers");
    if (v->flags & WIRE_VARIANT_DATABASE && !s->config->sockets_dir)
        return err_set(e, ERR_INVALID, "there is no directory of database sockets");
    return check_setup(setup, e);
}

static void refuse(struct spawner *s, unsigned index, const struct err *why)
{
    struct wire w;
    log_warn("sandbox", "template refused index=%u why=%s", index, why->text);
    wire_init(&w, WIRE_TEMPLATE_FAILED);
    w.template_index = index;
    w.err = *why;
    spawner_say(s, &w, NULL, 0);
}

static struct sandbox_variant unpack(const struct wire_variant *w)
{
    struct sandbox_variant v = {
        .base = w->base,
        .layer = (w->flags & WIRE_VARIANT_LAYER) != 0,
        .database = (w->flags & WIRE_VARIANT_DATABASE) != 0,
    };
    memcpy(v.layer_id, w->layer_id, sizeof v.layer_id);
    return v;
}

void spawner_variant_start(struct spawner *s, const struct wire *w, int *setup)
{
    struct spawner_template *t = &s->templates[w->template_index];
    struct err e = {0};
    bool wants_setup = (w->variant.flags & WIRE_VARIANT_SETUP) != 0;
    if (t->state != TEMPLATE_FREE || wants_setup != (*setup >= 0)) {
        log_error("sandbox", "the server asks for template %u in a way it never does, giving it up",
                  w->template_index);
        s->server_lost = true;
        return;
    }
    if (check(s, &w->variant, *setup, &e) < 0) {
        refuse(s, w->template_index, &e);
        return;
    }
    *t = (struct spawner_template){
        .config = &s->config->templates[w->variant.base],
        .variant = unpack(&w->variant),
        .index = w->template_index,
        .control = -1,
        .setup = take_fd(setup),
    };
    if (s->templates_end <= t->index)
        s->templates_end = t->index + 1;
    spawner_template_start(s, t);
}

/* One that has died meanwhile has been reported so; the answer is due all the same. */
void spawner_variant_stop(struct spawner *s, unsigned index)
{
    struct spawner_template *t = &s->templates[index];
    if (t->state == TEMPLATE_FREE) {
        struct wire w;
        wire_init(&w, WIRE_TEMPLATE_STOPPED);
        w.template_index = index;
        spawner_say(s, &w, NULL, 0);
        return;
    }
    t->state = TEMPLATE_STOPPING;
    t->why = (struct err){0};
    err_set(&t->why, ERR_UNAVAILABLE, "the template was stopped");
    spawner_slots_fail_queued(s, index, &t->why);
    (void)kill(t->pid, SIGKILL); /* not reaped yet, so the pid is its own */
}
