'use strict';
// offline — that a failure came of no network, no route or no answer to a name: { offline } for a FAILED frame.

const CAUSES_MAX = 8; // clients wrap what the socket said several times
const CODES = new Set(['ENETUNREACH', 'EAI_AGAIN']);

function offline(thrown) {
  try {
    let error = thrown;
    for (let n = 1; n < CAUSES_MAX && error && !CODES.has(error.code); n++) error = error.cause;
    return CODES.has(error?.code) ? { offline: true } : {};
  } catch {
    return {}; // getters of user code
  }
}

module.exports = { offline };
