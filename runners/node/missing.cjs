'use strict';
// missing — the package whose absence caused a failure: { module } for a FAILED frame.

const fs = require('node:fs');
const { isBuiltin } = require('node:module');
const path = require('node:path');

const CAUSES_MAX = 4;
const NAME_MAX = 255;
const CODES = new Set(['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND']);
const MESSAGE = /^Cannot find (?:module|package) '(.*?)'(?:\n| imported from |$)/;
// No relative or absolute path, no scheme, no #import.
const BARE = /^(?:@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*(?:\/[\w.~/-]+)?$/;
const ENDINGS = ['', '.js', '.mjs', '.cjs', '.json'];

// Whoever writes require('helper') for a file beside it misses no package.
function isOfCode(name, codeDir) {
  return ENDINGS.some((ending) => fs.existsSync(path.join(codeDir, name.split('/')[0] + ending)));
}

function missing(thrown, codeDir) {
  try {
    let error = thrown;
    for (let n = 1; n < CAUSES_MAX && error && !CODES.has(error.code); n++) error = error.cause;
    if (!CODES.has(error?.code)) return {};
    const name = MESSAGE.exec(String(error.message))?.[1] ?? '';
    const found = BARE.test(name) && name.length <= NAME_MAX && !isBuiltin(name) && !isOfCode(name, codeDir);
    return found ? { module: name } : {};
  } catch {
    return {}; // getters of user code
  }
}

module.exports = { missing };
