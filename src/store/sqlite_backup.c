/* sqlite_backup — a copy of the file as it is between two commits, while others read and write. */
#include "base/fd.h"
#include "base/mem.h"
#include "store/sqlite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In one step: a copy in several starts again whenever somebody commits in between. In WAL mode
 * readers hold up nobody. */
static int copy_pages(struct db *db, sqlite3 *to, struct err *e)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", sqlite_db(db)->handle, "main");
    int rc = backup ? sqlite3_backup_step(backup, -1) : sqlite3_errcode(to);
    sqlite3_backup_finish(backup);
    if (rc == SQLITE_DONE)
        return 0;
    bool full = (rc & 0xff) == SQLITE_FULL || (rc & 0xff) == SQLITE_BUSY;
    return err_set(e, full ? ERR_UNAVAILABLE : ERR_SYSTEM, "copy the store '%s': %s",
                   db->store->name, sqlite3_errstr(rc));
}

enum { BUSY_MS = 10000 };

/* A target in use is taken when its readers and writers leave room, which they do soon. */
static int copy_into(struct store *s, const char *path, struct err *e)
{
    struct db *db = NULL;
    if (db_open(s, DB_DURABLE, &db, e) < 0)
        return -1;
    sqlite3 *to = NULL;
    int rc = 0;
    if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_busy_timeout(to, BUSY_MS) != SQLITE_OK)
        rc = err_set(e, ERR_SYSTEM, "open the copy '%s': %s", path, sqlite3_errmsg(to));
    if (rc == 0)
        rc = copy_pages(db, to, e);
    sqlite3_close(to);
    db_close(db);
    return rc;
}

static int sync_folder(const char *path, struct err *e)
{
    auto_ptr char *folder = mem_strdup(path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    auto_fd int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return err_sys(e, "sync the folder of '%s'", path);
    return 0;
}

/* The name appears once the bytes behind it are on the disk: whoever finds a backup can use it. */
int sqlite_backup(struct store *s, const char *path, struct err *e)
{
    auto_buf struct buf unfinished = {0};
    buf_addf(&unfinished, "%s.XXXXXX", path);
    auto_fd int fd = mkostemp(unfinished.data, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return err_sys(e, "create a file beside '%s'", path);
    int rc = copy_into(s, unfinished.data, e);
    if (rc == 0 && fsync(fd) < 0)
        rc = err_sys(e, "sync '%s'", path);
    if (rc == 0 && rename(unfinished.data, path) < 0)
        rc = err_sys(e, "name the copy '%s'", path);
    if (rc < 0) {
        unlink(unfinished.data);
        return -1;
    }
    return sync_folder(path, e);
}

int sqlite_restore(struct store *from, const char *path, struct err *e)
{
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_sys(e, "open the store '%s'", path);
    if (copy_into(from, path, e) < 0)
        return -1;
    return sync_folder(path, e);
}
