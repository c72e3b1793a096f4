'use strict';
// warm — lets a blank runner load and call trivial code before it says that it is ready.
//
// V8 compiles a function when it first runs, and Node sets up its loaders when they are first used:
// without this the first load takes about ten times as long. Blank runners are started ahead, so
// the time spent here is nobody's.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Reader, LOAD, CALL } = require('./frames.cjs');

const CALLS = 24;
const ROUNDS = [
  "const fs = require('fs'); exports.handler = async (event, context) => {"
    + ' console.log("warm", event); console.error(context.getRemainingTimeInMillis());'
    + ' if (event.fail) throw new Error("warm"); return event; };',
  "import fs from 'node:fs'; export const handler = (event) => event;",
  'exports.handler = (event) => event;',
  'export const handler = async (event) => event;',
];

function frame(type, ...parts) {
  const payload = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(8);
  head.writeUInt32LE(payload.length, 0);
  head[4] = type;
  return Buffer.concat([head, payload]);
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function loadFrame(name, source) {
  const settings = JSON.stringify({
    function: 'warm', version: 1, handler: 'index.handler', result_limit: 1024,
    environment: { WARM: 'yes' },
  });
  return frame(LOAD, u32(settings.length), settings,
    u32(name.length | 0o644 << 16), u32(source.length), name, source);
}

function callFrame(event) {
  return frame(CALL, u32(0), u32(0), [4], 'warm', JSON.stringify(event));
}

// Plays the server for one session: LOAD, then calls, one per answer.
function play(newSession, source, next) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'virga-warm-'));
  let answers = 0;
  const answered = () => {
    if (answers++ < CALLS && !session.broken) reader.take(callFrame({ fail: answers % 8 === 0 }));
    else leave();
  };
  const channel = {
    hold() {},
    send() {
      setImmediate(answered);
      return 0;
    },
  };
  const session = newSession(channel, dir);
  const reader = new Reader((type, payload, number) => session.frame(type, payload, number));
  const leave = () => {
    process.chdir('/');
    fs.rmSync(dir, { recursive: true, force: true });
    next();
  };
  reader.take(loadFrame('index.js', source));
}

// Calls `done` when everything ran once. `newSession(channel, codeDir)`.
function up(newSession, done) {
  const environment = { ...process.env };
  const rounds = [...ROUNDS];
  const next = () => {
    Object.assign(process.env, environment);
    const source = rounds.shift();
    if (source) play(newSession, source, next);
    else done();
  };
  next();
}

module.exports = { up };
