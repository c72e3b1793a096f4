'use strict';
// load — from a LOAD frame to a function that can be called.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');
const { pathToFileURL } = require('node:url');
const { Refusal } = require('./failure.cjs');

const CHECKS_MAX = 4;
const CHECK_TIMEOUT_MS = 5000;
const EXTENSIONS = ['.js', '.mjs', '.cjs'];
const IS_MODULE = new RegExp([
  'Cannot use import statement outside a module',
  "Unexpected token 'export'",
  "Cannot use 'import.meta' outside a module",
  'await is only valid in async functions and the top level bodies of modules',
].join('|'));
const WRAPPER = ['exports', 'require', 'module', '__filename', '__dirname'];

// { settings, files: Map of path to { mode, bytes } }; `bytes` are views of the payload.
function unpack(payload) {
  const settingsEnd = 4 + payload.readUInt32LE(0);
  const settings = JSON.parse(payload.utf8Slice(4, settingsEnd));
  const files = new Map();
  for (let at = settingsEnd; at < payload.length;) {
    const nameLength = payload.readUInt16LE(at);
    const mode = payload.readUInt16LE(at + 2);
    const size = payload.readUInt32LE(at + 4);
    at += 8;
    const name = payload.utf8Slice(at, at + nameLength);
    at += nameLength;
    if (at + size > payload.length) throw new Refusal('LoadError', 'the LOAD frame is cut short');
    files.set(name, { mode, bytes: payload.subarray(at, at + size) });
    at += size;
  }
  return { settings, files };
}

function writeFiles(codeDir, files) {
  const made = new Set(['.']);
  for (const [name, { mode, bytes }] of files) {
    if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw new Refusal('LoadError', `file name '${name}' is not allowed`);
    }
    const parent = path.dirname(name);
    if (!made.has(parent)) {
      fs.mkdirSync(path.join(codeDir, parent), { recursive: true });
      made.add(parent);
    }
    fs.writeFileSync(path.join(codeDir, name), bytes, { mode: mode & 0o777 });
  }
}

// "src/index.handler" is export "handler" of src/index.{js,mjs,cjs}; "index.a.b" is b of export a.
function splitHandler(text) {
  const slash = text.lastIndexOf('/') + 1;
  const dot = text.indexOf('.', slash);
  if (dot <= slash || dot === text.length - 1) {
    throw new Refusal('HandlerError', `handler '${text}' is not of the form 'file.function'`);
  }
  return { stem: text.slice(0, dot).replace(/^\.\//, ''), members: text.slice(dot + 1).split('.') };
}

function findEntry(stem, files) {
  for (const extension of EXTENSIONS) {
    if (files.has(stem + extension)) return stem + extension;
  }
  const names = [...files.keys()].slice(0, 20).join(', ') || 'none';
  throw new Refusal('HandlerError',
    `no file ${stem}.js, ${stem}.mjs or ${stem}.cjs in the code (files: ${names})`);
}

// The package.json that decides what a .js file is: name in `files` and parsed value, or nothing.
function packageOf(entry, files) {
  for (let dir = path.dirname(entry); ; dir = path.dirname(dir)) {
    const name = path.join(dir, 'package.json');
    const file = files.get(name);
    if (file) return { name, value: JSON.parse(file.bytes.utf8Slice(0, file.bytes.length)) };
    if (dir === '.') return { name, value: {} };
  }
}

function hasModuleSyntax(entry, source) {
  if (!/\b(?:import|export|await)\b/.test(source)) return false;
  try {
    vm.compileFunction(source, WRAPPER, { filename: entry });
    return false;
  } catch (error) {
    return IS_MODULE.test(error.message);
  }
}

// Whether `entry` is an ES module. A lone .js file may be written either way; Node 18 cannot tell
// and Node 20 warns on standard error when it has to guess. So a package.json that leaves the type
// open gets it from the entry's syntax, before Node looks at it for the first time and keeps it.
function isModule(entry, files) {
  if (entry.endsWith('.mjs')) return true;
  if (!entry.endsWith('.js')) return false;
  const { name, value } = packageOf(entry, files);
  if (value?.type === 'module') return true;
  if (value?.type === 'commonjs') return false;
  const { bytes } = files.get(entry);
  if (!hasModuleSyntax(entry, bytes.utf8Slice(0, bytes.length))) return false;
  const text = JSON.stringify({ ...value, type: 'module' });
  files.set(name, { mode: 0o644, bytes: Buffer.from(text) });
  return true;
}

function findHandler(module, members, entry) {
  // A default export stands for the whole module: `export default`, `module.exports = function`.
  for (const root of [module, module?.default]) {
    let owner;
    let value = root;
    for (const member of members) {
      owner = value;
      value = value?.[member];
    }
    if (typeof value === 'function') return value.bind(owner);
  }
  for (const whole of [module, module?.default]) {
    if (members.length === 1 && typeof whole === 'function') return whole;
  }
  const names = module && typeof module === 'object' ? Object.keys(module) : [];
  throw new Refusal('HandlerError', `${entry} exports no function '${members.join('.')}'`
    + ` (it exports: ${names.join(', ') || 'nothing'})`, entry);
}

// Writes the files and finds out what to load. No user code runs.
function prepare(payload, codeDir) {
  const { settings, files } = unpack(payload);
  const { stem, members } = splitHandler(settings.handler);
  const entry = findEntry(stem, files);
  const module = isModule(entry, files);
  writeFiles(codeDir, files);
  const others = [...files.keys()].filter((name) => name !== entry && /\.m?js$/.test(name));
  const candidates = [entry, ...others].slice(0, CHECKS_MAX)
    .map((name) => path.join(codeDir, name));
  return { settings, members, entry, file: candidates[0], module, candidates };
}

// For a module that does not parse, Node keeps file and line to itself until it ends by it: so a
// second Node has to try. Slow, but only ever the last thing that a slot does.
function located(error, candidates) {
  if (/^(?:file:|\/).*:\d+\n/.test(error.stack)) return error;
  for (const file of candidates) {
    const { status, stderr } = spawnSync(process.execPath, ['--check', file],
      { encoding: 'utf8', timeout: CHECK_TIMEOUT_MS, stdio: ['ignore', 'ignore', 'pipe'] });
    if (status === 0 || !stderr?.includes(error.message)) continue;
    error.stack = `${stderr.slice(0, stderr.indexOf('\n\n') + 2)}${error.stack}`;
    break;
  }
  return error;
}

// Runs the entry. Returns the handler, or a promise of it when the entry is an ES module.
function start({ members, entry, file, module, candidates }) {
  // Not require(): that would name this file in the message of every module that is not found.
  if (!module) return findHandler(Module._load(file, null, false), members, entry);
  return import(pathToFileURL(file).href).then(
    (it) => findHandler(it, members, entry),
    (error) => { throw error instanceof SyntaxError ? located(error, candidates) : error; });
}

module.exports = { prepare, start };
