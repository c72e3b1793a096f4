/* backups — dumps of a project's database, DATA_DIR/backups/PROJECT/ID.dump, on this server's disk.
 * Ids begin with the time, so that they sort by it. Only for databases/. */
#pragma once

#include "databases/private.h"

#include <sys/stat.h>

enum { BACKUPS_KEPT = 10 };

struct backup {
    char id[ID_CALL_TEXT];
    int64_t bytes, created_us;
};
/* The newest first. More than are kept may be there for a moment. */
struct backups {
    struct backup all[BACKUPS_KEPT + 4];
    size_t count;
};
int backups_list(const struct databases *d, const char *project, struct backups *ret,
                 struct err *e);
/* Dumps a database into a new one; the oldest beyond those kept go. With the project's claim. */
int backups_make(const struct work *w, const struct database *row, struct backup *ret,
                 struct err *e);
/* The descriptor, or -1: ERR_NOT_FOUND "Backup not found". Any thread. */
int backups_read(const struct databases *d, const char *project, const char *id, struct err *e);
int backups_remove(const struct databases *d, const char *project, const char *id, struct err *e);
/* The project is gone. */
void backups_forget(const struct databases *d, const char *project);
