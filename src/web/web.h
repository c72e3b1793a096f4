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
