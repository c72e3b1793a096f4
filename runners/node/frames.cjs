'use strict';
// frames — both ends of src/engine/frame.h as seen from inside a slot.
//
// Reading goes through libuv with one buffer that is used over and over (`onread`): measured as
// fast as a blocking read, and the event loop stays free, so that timers and idle connections of
// user code live on between calls. Writing tries one plain write first; only what the socket does
// not take at once is left to libuv.

const fs = require('node:fs');
const net = require('node:net');

const LOAD = 0x01, CALL = 0x02;
const READY = 0x81, LOADED = 0x82, RESULT = 0x83, FAILED = 0x84, STREAM = 0x85, CHUNK = 0x86;
const FATAL = 1;

const HEADER = 8;
const SOCKET = 3;
const READ_SIZE = 64 * 1024;
const CHUNK_MAX = 256 * 1024;
const VERSION_MAX = 31;
const OPENING_MAX = 32 * 1024;

// Cuts the byte stream into frames. A frame that came whole is handed on as a view of the read
// buffer, valid during the callback; one that came in parts is collected in a buffer of its own.
class Reader {
  constructor(onFrame) {
    this.onFrame = onFrame;
    this.head = Buffer.alloc(HEADER);
    this.headLength = 0;
    this.payload = null;
    this.payloadLength = 0;
  }

  take(bytes) {
    let at = 0;
    while (at < bytes.length) {
      if (this.payload) {
        at = this.collect(bytes, at);
      } else if (this.headLength === 0 && bytes.length - at >= HEADER) {
        at = this.whole(bytes, at);
      } else {
        at = this.collectHead(bytes, at);
      }
    }
  }

  whole(bytes, at) {
    const end = at + HEADER + bytes.readUInt32LE(at);
    if (end <= bytes.length) {
      this.onFrame(bytes[at + 4], bytes.subarray(at + HEADER, end), bytes.readUInt16LE(at + 6));
      return end;
    }
    return this.collectHead(bytes, at);
  }

  collectHead(bytes, at) {
    const n = bytes.copy(this.head, this.headLength, at, at + HEADER - this.headLength);
    this.headLength += n;
    if (this.headLength === HEADER) {
      this.payload = Buffer.allocUnsafe(this.head.readUInt32LE(0));
      this.payloadLength = 0;
      this.deliver();
    }
    return at + n;
  }

  collect(bytes, at) {
    const n = bytes.copy(this.payload, this.payloadLength, at);
    this.payloadLength += n;
    this.deliver();
    return at + n;
  }

  deliver() {
    if (this.payloadLength < this.payload.length) return;
    const payload = this.payload;
    this.payload = null;
    this.headLength = 0;
    this.onFrame(this.head[4], payload, this.head.readUInt16LE(6));
  }
}

const nap = new Int32Array(new SharedArrayBuffer(4));

// Writes all of `bytes`, waiting where the descriptor would not: a pipe becomes non-blocking when
// a child that shares it makes it so. There is no synchronous poll in Node, hence the naps.
function writeAll(fd, bytes) {
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(nap, 0, 0, 1);
    }
  }
}

class Channel {
  // `onFrame(type, payload, number)`; the process ends with the socket.
  constructor(onFrame) {
    this.number = 0; // of the call that is being answered, or 0
    this.written = null; // settles when what was left to libuv is out
    const reader = new Reader(onFrame);
    this.out = Buffer.allocUnsafeSlow(READ_SIZE);
    this.socket = new net.Socket({
      fd: SOCKET,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_SIZE),
        callback(n, buffer) {
          reader.take(buffer.subarray(0, n));
          return true;
        },
      },
    });
    this.socket.on('end', () => process.reallyExit(0));
    this.socket.on('error', () => process.reallyExit(0));
  }

  // While unreferenced, the socket alone does not keep the event loop running: how the runner
  // learns that nothing is left which could ever settle a handler's promise.
  hold(on) {
    if (on) this.socket.ref();
    else this.socket.unref();
  }

  // Sends one frame with a text payload of at most `limit` bytes and returns 0, or the payload's
  // size when it is larger.
  send(type, flags, text, limit) {
    // UTF-8 needs at most three bytes per UTF-16 unit: short texts fit without measuring.
    let frame = this.out;
    let length;
    if (text.length * 3 <= READ_SIZE - HEADER) {
      length = frame.utf8Write(text, HEADER);
    } else {
      length = Buffer.byteLength(text);
      if (length > limit) return length;
      frame = Buffer.allocUnsafeSlow(HEADER + length);
      frame.utf8Write(text, HEADER);
    }
    if (length > limit) return length;
    this.writeHead(frame, type, flags, length);
    this.write(frame, HEADER + length);
    return 0;
  }

  sendBytes(type, bytes) {
    const length = HEADER + bytes.length;
    const frame = length <= READ_SIZE ? this.out : Buffer.allocUnsafeSlow(length);
    frame.set(bytes, HEADER);
    this.writeHead(frame, type, 0, bytes.length);
    this.write(frame, length);
  }

  writeHead(frame, type, flags, length) {
    frame.writeUInt32LE(length, 0);
    frame.writeUInt16LE(type | flags << 8, 4);
    frame.writeUInt16LE(this.number, 6);
  }

  // A promise while the server has not taken everything, else null.
  drained() {
    return this.socket.writableLength > 0 ? this.written : null;
  }

  write(frame, length) {
    let done = 0;
    if (this.socket.writableLength === 0) {
      try {
        done = fs.writeSync(SOCKET, frame, 0, length);
      } catch (error) {
        if (error.code !== 'EAGAIN') process.reallyExit(0);
      }
    }
    if (done === length) return;
    const rest = Buffer.from(frame.subarray(done, length));
    this.written = new Promise((resolve) => { this.socket.write(rest, resolve); });
  }

  // For the last frame before the process ends, when the event loop runs no more.
  sendLast(type, flags, text) {
    if (this.socket.writableLength > 0) return; // in the middle of another one, which is lost too
    const frame = Buffer.alloc(HEADER + Buffer.byteLength(text));
    frame.utf8Write(text, HEADER);
    this.writeHead(frame, type, flags, frame.length - HEADER);
    try {
      writeAll(SOCKET, frame);
    } catch {
      // The server is gone, and so are we.
    }
  }
}

module.exports = {
  Reader, Channel, writeAll, CHUNK_MAX, OPENING_MAX, VERSION_MAX,
  LOAD, CALL, READY, LOADED, RESULT, FAILED, STREAM, CHUNK, FATAL,
};
