/* pooler — what PgBouncer is told: pgbouncer.ini, who may connect to what, and the users' secrets.
 * The keeper makes these texts itself, from records that were checked. Private to cluster/. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct pool_entry;

/* One entry as it travels, every text with its end. */
struct pooler_record {
    char name[64], role[64], secret[512], host[256], dbname[64], sslmode[16];
    uint32_t port, closed;
};

/* Refuses what does not fit (ERR_INVALID, naming the field, never the secret). */
int pooler_pack(const struct pool_entry *entry, struct pooler_record *ret, struct err *e);
/* Everything about records that came from elsewhere, whatever their bytes are. */
int pooler_check(struct pooler_record *records, size_t count, struct err *e);

struct pooler_config {
    const char *admin_dir; /* of the cluster's socket */
    const char *slots_dir; /* of the pooler's own */
    const char *conf_dir;  /* holds hba and users */
    const char *admin;     /* the user who administers the pooler, by the peer's uid */
    unsigned connections_max;
};
void pooler_ini(const struct pooler_config *c, const struct pooler_record *records, size_t count,
                struct buf *ret);
/* Who may connect to what. A pooler that has just started does not know yet which databases are
 * disabled: by the strict ones it refuses the closed ones all the same, without saying why. */
void pooler_hba(const struct pooler_config *c, const struct pooler_record *records, size_t count,
                struct buf *ret);
void pooler_hba_strict(const struct pooler_config *c, const struct pooler_record *records,
                       size_t count, struct buf *ret);
void pooler_users(const struct pooler_config *c, const struct pooler_record *records, size_t count,
                  struct buf *ret);
