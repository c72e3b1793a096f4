/* fetch — reads the code of a function version from the store on a worker, for a cold call. Private
 * to serve/. */
#pragma once

#include <stdint.h>

struct engine;
struct workers;

/* Loop thread. engine_code is called with the code or the reason why not. */
void fetch_code(struct workers *workers, struct engine *engine, const char *function_id,
                uint32_t version);
