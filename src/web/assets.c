#include "web/assets.h"

#include <stdlib.h>
#include <string.h>

static int by_path(const void *path, const void *asset)
{
    return strcmp(path, ((const struct asset *)asset)->path);
}

const struct asset *assets_find(const char *path)
{
    return bsearch(path, assets_table, assets_count, sizeof *assets_table, by_path);
}
