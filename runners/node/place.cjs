'use strict';
// place — where in the user's code something was thrown: { file, line, column } for a FAILED frame.

const fs = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

const SOURCE_MAX = 1024 * 1024;
// What V8 puts in front of the stack for code that does not parse: place, source line, caret.
const HEAD = /^((?:file:\/\/)?\/.*):(\d+)\n(?:.*\n([ \t]*)\^)?/;
const FRAME = /^ +at (?:.*\()?((?:file:\/\/)?\/.*):(\d+):(\d+)\)?$/;
const IMPORTED = /^Cannot find (?:module|package) '(.*?)' imported from (.*)$/;

// Relative to the code, or undefined for a file that is not part of it.
function below(codeDir, name) {
  const file = name.startsWith('file:') ? fileURLToPath(name) : name;
  const start = path.join(codeDir, '/');
  return file.startsWith(start) ? file.slice(start.length) : undefined;
}

function placeOf(codeDir, name, line, column) {
  const file = below(codeDir, name);
  return file && { file, line: Number(line), column };
}

function ofHead(stack, codeDir) {
  const found = HEAD.exec(stack);
  return found && placeOf(codeDir, found[1], found[2],
    found[3] === undefined ? null : found[3].length + 1);
}

// The innermost line of the user's.
function ofFrames(stack, codeDir) {
  for (const line of stack.split('\n')) {
    const found = FRAME.exec(line);
    const place = found && placeOf(codeDir, found[1], found[2], Number(found[3]));
    if (place) return place;
  }
  return undefined;
}

// An ES module that is not found leaves no frame behind, only the name of the file that wants it: the
// line is the one that names it.
function ofImport(error, codeDir) {
  const found = error.code === 'ERR_MODULE_NOT_FOUND' && IMPORTED.exec(error.message);
  const file = found && below(codeDir, found[2]);
  if (!file) return undefined;
  const wanted = path.basename(found[1]);
  const source = fs.readFileSync(path.join(codeDir, file), 'utf8').slice(0, SOURCE_MAX);
  const lines = source.split('\n');
  const at = lines.findIndex((text) => /['"]/.test(text) && text.includes(wanted));
  return { file, line: at + 1 || 1, column: at < 0 ? null : lines[at].search(/\S/) + 1 };
}

// The members to add; none when it cannot be said.
function place(error, codeDir) {
  try {
    const stack = String(error?.stack ?? '');
    return ofHead(stack, codeDir) ?? ofFrames(stack, codeDir) ?? ofImport(error, codeDir) ?? {};
  } catch {
    return {}; // getters of user code, or a file that is gone
  }
}

module.exports = { place };
