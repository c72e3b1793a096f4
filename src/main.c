/* virga — daemon and command line in one binary. */
#include "cli/cli.h"
#include "serve/serve.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "serve") == 0)
        return serve_main(argc - 1, argv + 1);
    int status;
    if (maintenance_main(argc, argv, &status))
        return status;
    return cli_main(argc, argv);
}
