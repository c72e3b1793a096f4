'use strict';
// runner — the program inside a slot that calls JavaScript handlers.
//
//   node runner.cjs                  in a slot: code goes to /code
//   node runner.cjs --direct DIR     outside of one, for tests: code goes to DIR
//
// One process, one load, then one call at a time. Frames arrive through libuv (frames.cjs), so user
// code's timers and connections live on between calls. Whatever a call prints is in the pipes
// before its result is sent (output.cjs). User code shares this process: nothing here is secret,
// and the server believes nothing that it says.

const output = require('./output.cjs');
const { Channel, VERSION_MAX, LOAD, CALL, READY, LOADED, RESULT, FAILED, FATAL } = require('./frames.cjs');
const { Refusal, describe } = require('./failure.cjs');
const load = require('./load.cjs');
const stream = require('./stream.cjs');
const warm = require('./warm.cjs');

const { parse, stringify } = JSON; // user code may replace them
const { hrtime } = process;
const BASE_ENVIRONMENT = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/tmp',
  TMPDIR: '/tmp',
  LANG: 'C.UTF-8',
};

class Context {
  #deadlineUs;

  constructor(settings, callId, deadlineUs) {
    this.functionName = settings.function;
    this.functionVersion = String(settings.version);
    this.callId = callId;
    this.awsRequestId = callId;
    this.runtime = 'nodejs';
    this.#deadlineUs = deadlineUs;
  }

  getRemainingTimeInMillis() {
    const [seconds, nanos] = hrtime(); // CLOCK_MONOTONIC, as the deadline
    return Math.max(0, Math.floor((this.#deadlineUs - seconds * 1e6) / 1e3 - nanos / 1e6));
  }
}

function resultText(value) {
  const kind = typeof value;
  if (kind === 'undefined') return 'null';
  let text;
  try {
    text = kind === 'function' || kind === 'symbol' ? undefined
      : stringify(stream.withoutBytes(value));
  } catch (error) {
    throw new Refusal('TypeError',
      `the result (${nameOf(value)}) cannot be JSON: ${error.message}`);
  }
  if (text === undefined) {
    throw new Refusal('TypeError', `the result is of type ${nameOf(value)}, which cannot be JSON`);
  }
  return text;
}

function nameOf(value) {
  if (value === null || typeof value !== 'object') return typeof value;
  return value.constructor?.name ?? 'object';
}

// Loads once and serves calls. `channel` is the server, or the warm-up's stand-in for it.
class Session {
  constructor(channel, codeDir) {
    this.channel = channel;
    this.codeDir = codeDir;
    this.settings = null;
    this.handler = null;
    this.active = null; // what the server waits for: an object for a load or a call
    this.waiting = null; // a CALL that came while the code was loading
    this.broken = false;
  }

  frame(type, payload, number) {
    if (type === LOAD && !this.settings) this.load(payload);
    else if (type === CALL && this.active) this.waiting = { payload: Buffer.from(payload), number };
    else if (type === CALL && this.handler) this.call(payload, number);
    else if (!this.broken) process.reallyExit(70); // not what a server says
  }

  load(payload) {
    const job = this.active = { fatal: true };
    this.channel.hold(false);
    try {
      const plan = load.prepare(payload, this.codeDir);
      this.settings = plan.settings;
      this.enter(plan);
      const handler = load.start(plan);
      if (typeof handler === 'function') this.loaded(job, handler);
      else handler.then((it) => this.loaded(job, it), (error) => this.fail(job, error));
    } catch (error) {
      this.fail(job, error);
    }
  }

  enter({ settings, file }) {
    process.umask(0o022);
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, BASE_ENVIRONMENT, settings.environment);
    process.chdir(this.codeDir);
    process.argv = [process.execPath, file];
  }

  loaded(job, handler) {
    if (this.active !== job) return;
    this.handler = handler;
    this.done();
    this.channel.send(LOADED, 0, '', 0);
    const next = this.waiting;
    this.waiting = null;
    if (next) this.call(next.payload, next.number);
  }

  call(payload, number) {
    this.channel.number = number;
    const deadlineUs = payload.readUInt32LE(0) + payload.readUInt32LE(4) * 2 ** 32;
    const eventAt = 9 + payload[8];
    const context = new Context(this.settings, payload.latin1Slice(9, eventAt), deadlineUs);
    const job = this.active = { fatal: false };
    let value;
    try {
      const event = parse(payload.utf8Slice(eventAt, payload.length));
      value = this.invoke(job, event, context);
    } catch (error) {
      this.fail(job, error);
      return;
    }
    if (this.active === job) this.answer(job, value);
  }

  invoke(job, event, context) {
    if (this.handler.length < 3) return this.handler(event, context);
    // Callback style: what it returns counts only if it is a promise.
    const callback = (error, result) => {
      if (error === null || error === undefined) this.finish(job, result);
      else this.fail(job, error);
    };
    const value = this.handler(event, context, callback);
    return typeof value?.then === 'function' ? value : new Promise(() => {});
  }

  answer(job, value) {
    let then;
    try {
      then = value?.then;
    } catch (error) {
      this.fail(job, error);
      return;
    }
    if (typeof then !== 'function') {
      this.finish(job, value);
      return;
    }
    this.channel.hold(false);
    Promise.resolve(value).then((it) => this.finish(job, it), (error) => this.fail(job, error));
  }

  finish(job, value) {
    // Settled before: a second callback, a promise as well.
    if (this.active !== job || job.streams) return;
    const limit = this.settings.result_limit;
    let text;
    try {
      const inPieces = stream.sourceOf(value);
      if (inPieces) {
        this.stream(job, inPieces);
        return;
      }
      text = resultText(value);
    } catch (error) {
      this.fail(job, error);
      return;
    }
    this.done();
    const size = this.channel.send(RESULT, 0, text, limit);
    if (size) {
      this.fail(this.active = { fatal: false }, new Refusal('ResultTooLarge',
        `the result is ${size} bytes of JSON, the limit is ${limit}`));
    }
  }

  stream(job, inPieces) {
    job.streams = true;
    this.channel.hold(false);
    stream.pass(inPieces, this.channel, () => this.active === job).then(() => {
      if (this.active !== job) return;
      this.done();
      this.channel.send(RESULT, 0, '', 0);
    }, (error) => this.fail(job, error));
  }

  fail(job, error) {
    if (this.active !== job) return;
    this.done();
    this.broken ||= job.fatal;
    this.channel.send(FAILED, job.fatal ? FATAL : 0, describe(error, this.codeDir), Infinity);
  }

  done() {
    this.active = null;
    this.channel.hold(true);
  }

  // The process is about to end in the middle of a load or a call.
  die(error) {
    if (!this.active) return;
    this.active = null;
    this.channel.sendLast(FAILED, FATAL, describe(error, this.codeDir));
  }

  // Nothing is left that could ever settle what the server waits for.
  stuck() {
    if (this.active) {
      this.fail(this.active, new Refusal('NeverSettled',
        'the promise of the handler cannot settle any more: the event loop is empty'));
    }
  }
}

function watch(session) {
  process.on('beforeExit', () => session.stuck());
  process.on('exit', (code) => session.die(
    new Refusal('ProcessExit', `process.exit(${code}) called`)));
  // Covers unhandled rejections: Node raises them as uncaught exceptions.
  process.on('uncaughtException', (error) => {
    if (process.listenerCount('uncaughtException') > 1) return; // user code has its own
    if (session.active) session.die(error);
    else process.stderr.write(`${error?.stack ?? error}\n`);
    process.exit(1);
  });
}

function main() {
  const mute = output.install();
  const codeDir = process.argv[2] === '--direct' ? process.argv[3] : '/code';
  mute(true);
  warm.up((channel, dir) => new Session(channel, dir), () => {
    mute(false);
    const channel = new Channel((type, payload, number) => session.frame(type, payload, number));
    const session = new Session(channel, codeDir);
    watch(session);
    channel.send(READY, 0, process.versions.node.slice(0, VERSION_MAX), VERSION_MAX);
  });
}

main();
