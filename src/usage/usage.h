/* usage — how the server is doing: GET /api/health, GET /api/system and GET /metrics (Prometheus
 * text format 0.0.4). */
#pragma once

#include "http/http.h"

extern const struct route usage_routes[], system_routes[];
