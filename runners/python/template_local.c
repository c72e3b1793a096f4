/* A build without the sandbox serves --direct only. The sandbox's own template_serve, where it is
 * linked, takes the place of this weak one. */
#include "sandbox/template.h"

#include <stdio.h>
#include <stdlib.h>

__attribute__((weak)) _Noreturn void template_serve(const struct template_hooks *hooks)
{
    (void)hooks;
    fprintf(stderr, "virga-python: built without the sandbox, use --direct\n");
    exit(1);
}
