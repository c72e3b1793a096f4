'use strict';
// failure — what was thrown, as the JSON text of a FAILED frame.

const { inspect } = require('node:util');
const { missing } = require('./missing.cjs');
const { offline } = require('./offline.cjs');
const { place } = require('./place.cjs');

const TEXT_MAX = 32 * 1024;
const CAUSES_MAX = 4;
const { stringify } = JSON;

// A mistake in how code and platform meet, rather than an exception of user code: no traceback, but
// perhaps a file that it is about, relative to the code.
class Refusal extends Error {
  constructor(type, message, file = null) {
    super(message);
    this.type = type;
    this.file = file;
  }
}

// The server takes no half of a surrogate pair, and the failure would be lost.
const whole = (text) => text.replace(/\p{Surrogate}/gu, '\ufffd');
const cut = (text) => whole(text.length > TEXT_MAX ? text.slice(0, TEXT_MAX) + '...' : text);

const isOurs = (line) => line.includes(__dirname + '/') || line.includes('(node:internal/')
  || line.includes('at node:internal/') || line.includes('async node:internal/');

function traceOf(error) {
  const parts = [];
  for (let e = error, n = 0; e instanceof Error && n < CAUSES_MAX; e = e.cause, n++) {
    const lines = String(e.stack).split('\n').filter((line) => !isOurs(line));
    parts.push((n ? 'caused by: ' : '') + lines.join('\n'));
  }
  return parts.join('\n');
}

// For a SyntaxError, V8 puts "file:line" and the source line in front of the stack.
function messageOf(error) {
  const text = String(error.message);
  if (!(error instanceof SyntaxError)) return text;
  const place = /^(?:file:\/\/)?(\/.*:\d+)\n/.exec(String(error.stack));
  return place ? `${text} (${place[1]})` : text;
}

function nameOf(error) {
  if (typeof error.name === 'string' && error.name && error.name !== 'Error') return error.name;
  return error.constructor?.name || 'Error';
}

function parts(thrown) {
  if (thrown instanceof Refusal) return [thrown.type, thrown.message, ''];
  if (thrown instanceof Error) return [nameOf(thrown), messageOf(thrown), traceOf(thrown)];
  if (thrown === null || typeof thrown !== 'object') return [typeof thrown, String(thrown), ''];
  // An Error of another realm (vm), or any object.
  const type = thrown.name ?? thrown.constructor?.name ?? 'object';
  return [String(type), String(thrown.message ?? inspect(thrown)), String(thrown.stack ?? '')];
}

function placeOf(thrown, codeDir) {
  if (!(thrown instanceof Refusal)) return place(thrown, codeDir);
  return thrown.file ? { file: thrown.file, line: 1, column: null } : {};
}

function describe(thrown, codeDir) {
  try {
    const [type, message, traceback] = parts(thrown).map(cut);
    return stringify({
      type, message, traceback, ...placeOf(thrown, codeDir), ...missing(thrown, codeDir),
      ...offline(thrown),
    });
  } catch {
    // Getters and proxies of user code may throw while we look.
    return '{"type":"Error","message":"what was thrown cannot be read","traceback":""}';
  }
}

module.exports = { Refusal, describe };
