/* web — pages for browsers, from files inside the program: the dashboard, /docs and the contract
 * that it shows.
 *
 * The build packs a folder of files, compressed (scripts/assets), so that nothing is read from disk
 * and nothing asked of the network. The paths of the folder are those of the URLs. Browsers keep
 * the files and ask with the ETag whether they are still good: after an upgrade nobody sees parts
 * of an older page. Files whose names tell their content are kept without asking. */
#pragma once

#include "http/http.h"

extern const struct route web_routes[];

/* A browser that asks for what is nowhere gets the dashboard's page, with 404. NULL for whoever
 * does not name HTML in Accept, and below /api, /metrics, /docs and /assets, where nobody looks for
 * a page: there the words of the API are the answer. For http_config.otherwise. */
const struct route *web_otherwise(void *app, struct request *req);
