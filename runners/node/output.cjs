'use strict';
// output — process.stdout and process.stderr whose bytes are in the pipe when write() returns.
//
// Node's own streams make the pipe non-blocking and queue what it does not take, so a result could
// overtake what the handler printed before. These block until the server has read.

const { Writable } = require('node:stream');
const { writeAll } = require('./frames.cjs');

class Output extends Writable {
  constructor(fd) {
    super({ autoDestroy: false, emitClose: false });
    this.fd = fd;
    this._type = 'pipe';
    this._isStdio = true;
    this.muted = false;
  }

  _write(bytes, encoding, done) {
    try {
      if (!this.muted) writeAll(this.fd, bytes);
    } catch {
      // Nobody reads any more. The server is about to end this slot.
    }
    done();
  }

  _destroy(error, done) {
    done(error); // as Node's own: the descriptor stays open
  }
}

// Must run before anything uses the console, which keeps the streams it finds first.
function install() {
  const out = new Output(1);
  const err = new Output(2);
  const shared = { configurable: true, enumerable: true };
  Object.defineProperty(process, 'stdout', { ...shared, get: () => out });
  Object.defineProperty(process, 'stderr', { ...shared, get: () => err });
  return (muted) => {
    out.muted = muted;
    err.muted = muted;
  };
}

module.exports = { install };
