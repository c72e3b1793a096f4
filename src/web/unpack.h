/* unpack — a compressed file for a client that does not take gzip: inflated piece by piece as the
 * client reads, so that neither memory nor the loop's time depends on the file. Loop thread.
 * Private to web/. */
#pragma once

#include "http/http.h"

/* Answers the exchange with `res`, whose body is replaced by what `gzip` holds. `gzip` must stay.
 */
void unpack_answer(struct http_exchange *x, const struct response *res, struct str gzip);
