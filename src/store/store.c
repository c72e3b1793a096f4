#include "store/store.h"

#include "base/fd.h"
#include "base/mem.h"
#include "store/sqlite.h"

#include <fcntl.h>
#include <string.h>

void store_turn_take(struct store *s)
{
    pthread_mutex_lock(&s->mutex);
    uint64_t mine = s->next_turn++;
    while (s->serving != mine)
        pthread_cond_wait(&s->turn_over, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

void store_turn_end(struct store *s)
{
    pthread_mutex_lock(&s->mutex);
    s->serving++;
    pthread_cond_broadcast(&s->turn_over);
    pthread_mutex_unlock(&s->mutex);
}

/* SQLite would create the file readable by all; its journals take over the mode of the file. */
static int create_private(const char *path, struct err *e)
{
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_sys(e, "open the store '%s'", path);
    return 0;
}

static int bring_up_to_date(struct store *s, const struct migration *const *tables, struct err *e)
{
    struct db *db = NULL;
    if (db_open(s, DB_DURABLE, &db, e) < 0)
        return -1;
    int rc = migrate(db, tables, e);
    db_close(db);
    return rc;
}

int store_open(const struct store_config *config, struct store **ret, struct err *e)
{
    if (create_private(config->path, e) < 0)
        return -1;
    struct store *s = mem_alloc(sizeof *s);
    s->path = mem_strdup(config->path);
    s->noted = config->noted;
    s->arg = config->arg;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->turn_over, NULL);
    if (bring_up_to_date(s, config->migrations, e) < 0) {
        store_close(s);
        return -1;
    }
    *ret = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    pthread_cond_destroy(&s->turn_over);
    pthread_mutex_destroy(&s->mutex);
    free(s->path);
    free(s);
}
