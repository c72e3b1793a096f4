#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

void must_fail(const char *what, const char *file, int line)
{
    fprintf(stderr, "virga: bug: '%s' is false at %s:%d\n", what, file, line);
    abort();
}
