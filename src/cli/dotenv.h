/* dotenv — files of variables, as they lie in many projects under the name .env.
 *
 *   KEY=value            up to the end of the line, or to " #"; white space around it is dropped
 *   export KEY=value     the same, so that a shell can read the file too
 *   KEY='as it is'       up to the next '
 *   KEY="a\nb"           \n, \r, \t, \" and \\ are understood
 *   # a comment
 *
 * Text in quotes may go over several lines. Values are not expanded: "$HOME" is these five bytes.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <jansson.h>

/* An array of {"key", "value"} in the file's order; the caller owns it. ERR_INVALID names the line:
 * of what is no variable, or of one that stands there twice. */
int dotenv_parse(struct str text, json_t **ret, struct err *e);
