'use strict';
// stream — results that are not JSON: bytes, and what comes in pieces.
//
// A handler streams by returning (a promise of) a generator, an iterator or anything async iterable,
// such as a Readable; or an object whose `body` is one. Strings and bytes go out as they are, other
// values as JSON lines. Each piece leaves when it comes; while the server takes no more, the source
// is not asked for the next one.

const { Refusal } = require('./failure.cjs');
const { STREAM, CHUNK, CHUNK_MAX, OPENING_MAX } = require('./frames.cjs');

const { stringify } = JSON;
const isObject = (value) => typeof value === 'object' && value !== null;
const isBytes = (value) => value instanceof Uint8Array;

// Not what is merely iterable: arrays and sets are results as JSON sees them.
function isSource(value) {
  return isObject(value)
    && (typeof value[Symbol.asyncIterator] === 'function'
      || (typeof value.next === 'function' && typeof value[Symbol.iterator] === 'function'));
}

const base64 = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

// Bytes as JSON can carry them; anything else as it is.
function withoutBytes(value) {
  if (!isObject(value)) return value;
  if (isBytes(value)) return { isBase64Encoded: true, body: base64(value) };
  if (isBytes(value.body)) return { ...value, body: base64(value.body), isBase64Encoded: true };
  return value;
}

// What a result has to say in pieces, or null: { source, opening }.
function sourceOf(value) {
  if (!isObject(value)) return null;
  if (isSource(value)) return { source: value, opening: null };
  if (!isSource(value.body)) return null;
  const { statusCode, headers, multiValueHeaders, cookies } = value;
  return { source: value.body, opening: { statusCode, headers, multiValueHeaders, cookies } };
}

function isOpening(piece) {
  if (!isObject(piece) || isBytes(piece)) return false;
  return 'statusCode' in piece || Object.keys(piece).join() === 'headers';
}

function bytesOf(piece) {
  if (typeof piece === 'string') return Buffer.from(piece);
  if (isBytes(piece)) return piece;
  const text = stringify(piece);
  if (text === undefined) {
    throw new Refusal('TypeError', `a piece of type ${typeof piece} cannot be sent`);
  }
  return Buffer.from(`${text}\n`);
}

class Pieces {
  constructor(channel, wanted) {
    this.channel = channel;
    this.wanted = wanted;
    this.opened = false;
  }

  open(opening) {
    const bytes = Buffer.from(stringify(opening));
    if (bytes.length > OPENING_MAX) {
      throw new Refusal('TypeError', `status and headers are ${bytes.length} bytes of JSON,`
        + ` the limit is ${OPENING_MAX}`);
    }
    this.opened = true;
    this.channel.sendBytes(STREAM, bytes);
  }

  async take(piece) {
    if (!this.opened) {
      if (isOpening(piece)) {
        this.open(piece);
        return;
      }
      this.open({});
    }
    const bytes = bytesOf(piece);
    for (let at = 0; at < bytes.length && this.wanted(); at += CHUNK_MAX) {
      this.channel.sendBytes(CHUNK, bytes.subarray(at, at + CHUNK_MAX));
      const drained = this.channel.drained();
      if (drained) await this.wait(drained);
    }
  }

  // The socket holds the event loop meanwhile: the server will go on.
  async wait(drained) {
    this.channel.hold(true);
    await drained;
    if (this.wanted()) this.channel.hold(false);
  }
}

// Sends all pieces but not the end. Stops, and lets the source clean up, when `wanted()` is false:
// the call has failed meanwhile, and what is said now would belong to the next one.
async function pass({ source, opening }, channel, wanted) {
  const pieces = new Pieces(channel, wanted);
  if (opening) pieces.open(opening);
  for await (const piece of source) {
    if (!wanted()) return;
    await pieces.take(piece);
    if (!wanted()) return;
  }
  if (!pieces.opened && wanted()) pieces.open({});
}

module.exports = { withoutBytes, sourceOf, pass };
