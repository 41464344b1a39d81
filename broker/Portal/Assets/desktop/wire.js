// The wire format of docs/html5-protocol.md, version 1: bytes in, values out, and back. No socket, no page.

export const VERSION = 1;
export const PROTOCOL = 'montalegre.desktop.1';

export const Allowed = { paste: 1, copy: 2, upload: 4, download: 8, print: 16, audio: 32, microphone: 64, resize: 128, h264: 256, text: 512, control: 32768 };
export const Capability = { h264: 1, zstd: 2, audio: 4, microphone: 8, touch: 16 };
export const Notice = { connecting: 1, signingIn: 2, waitingForPicture: 3, askLook: 10, askControl: 11, looking: 12, controlling: 13, nobody: 14, personAway: 15, personBack: 16, message: 20 };
export const UNKNOWN_SIZE = Number(0xFFFFFFFFFFFFFFFFn);
export const NO_SLOT = 0xFFFF;
export const UPLOAD_BIT = 0x80000000;

export const Limits = {
  message: 8 * 1024 * 1024, pixelBytes: 4 * 1024 * 1024, ops: 16384, rects: 1024, side: 8192, screen: 33554432,
  text: 1024, clipboardText: 1024 * 1024, clipboardImage: 8 * 1024 * 1024, chunk: 64 * 1024, window: 1024 * 1024, files: 8, microphone: 32 * 1024,
  pointer: 384, cacheSlots: 4096, monitors: 4,
};

const utf8 = new TextDecoder('utf-8', { fatal: false });
const toUtf8 = new TextEncoder();

/** A message that does not follow the format; it ends the connection. */
export class WireError extends Error {}

/** Reads one message; every read says what is missing. */
export class Reader {
  constructor(buffer) {
    this.bytes = buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    this.at = 0;
  }
  need(count, what) {
    if (this.at + count > this.bytes.length) throw new WireError(`${what} needs ${count} bytes, ${this.bytes.length - this.at} left`);
    const from = this.at;
    this.at += count;
    return from;
  }
  u8(what) { return this.bytes[this.need(1, what)]; }
  u16(what) { return this.view.getUint16(this.need(2, what), true); }
  u32(what) { return this.view.getUint32(this.need(4, what), true); }
  u64(what) { return Number(this.view.getBigUint64(this.need(8, what), true)); }
  take(count, what) { const from = this.need(count, what); return this.bytes.subarray(from, from + count); }
  text8(what) { return utf8.decode(this.take(this.u8(what), what)); }
  text16(what) { return utf8.decode(this.take(this.u16(what), what)); }
  rest() { return this.take(this.bytes.length - this.at, 'rest'); }
  end(what) { if (this.at !== this.bytes.length) throw new WireError(`${what} has ${this.bytes.length - this.at} bytes too many`); }
}

/** Writes one message into a buffer of exactly its size. */
class Writer {
  constructor(type, size) {
    this.bytes = new Uint8Array(1 + size);
    this.view = new DataView(this.bytes.buffer);
    this.bytes[0] = type;
    this.at = 1;
  }
  u8(value) { this.bytes[this.at++] = value; return this; }
  u16(value) { this.view.setUint16(this.at, value, true); this.at += 2; return this; }
  i16(value) { this.view.setInt16(this.at, value, true); this.at += 2; return this; }
  u32(value) { this.view.setUint32(this.at, value, true); this.at += 4; return this; }
  u64(value) { this.view.setBigUint64(this.at, BigInt(value), true); this.at += 8; return this; }
  raw(bytes) { this.bytes.set(bytes, this.at); this.at += bytes.length; return this; }
}

const readers = {
  0x01: r => ({ kind: 'welcome', version: r.u16('version'), width: r.u16('width'), height: r.u16('height'), allowed: r.u32('allowed'),
    framesInFlight: r.u8('framesInFlight'), cacheSlots: r.u16('cacheSlots'), resumeToken: r.text8('resumeToken'), title: r.text8('title') }),
  0x03: r => ({ kind: 'resize', width: r.u16('width'), height: r.u16('height') }),
  0x04: readPointer,
  0x05: () => ({ kind: 'pointerHidden' }),
  0x06: () => ({ kind: 'pointerDefault' }),
  0x07: r => ({ kind: 'clipboardOffer', formats: r.u8('formats') }),
  0x08: r => ({ kind: 'clipboardData', format: r.u8('format'), data: r.rest() }),
  0x09: r => ({ kind: 'fileOffer', file: r.u32('file'), document: r.u8('kind') === 1, size: r.u64('size'), name: r.text16('name') }),
  0x0A: r => ({ kind: 'fileAccepted', file: r.u32('file') }),
  0x0B: r => ({ kind: 'fileChunk', file: r.u32('file'), data: r.rest() }),
  0x0C: r => ({ kind: 'fileProgress', file: r.u32('file'), bytes: r.u64('bytes') }),
  0x0D: r => ({ kind: 'fileDone', file: r.u32('file') }),
  0x0E: r => ({ kind: 'fileRefused', file: r.u32('file'), reason: r.u16('reason') }),
  0x10: r => ({ kind: 'audioFormat', stream: r.u8('stream'), codec: r.u8('codec'), channels: r.u8('channels'), rate: r.u32('rate') }),
  0x11: r => ({ kind: 'audio', stream: r.u8('stream'), data: r.rest() }),
  0x12: r => ({ kind: 'microphoneWanted', on: r.u8('on') === 1, channels: r.u8('channels'), rate: r.u32('rate') }),
  0x13: r => ({ kind: 'status', roundTrip: r.u16('roundTripMs'), frames: r.u8('framesPerSecond'), kilobytes: r.u16('kilobytesPerSecond'), quality: r.u8('quality') }),
  0x14: r => ({ kind: 'notice', code: r.u8('code'), text: r.text16('text') }),
  0x15: r => ({ kind: 'pong', value: r.u32('value') }),
  0x16: r => ({ kind: 'keyboardState', locks: r.u8('leds') }),
  0x17: r => ({ kind: 'pointerAt', x: r.u16('x'), y: r.u16('y') }),
  0x18: r => ({ kind: 'monitors', most: r.u8('most'), pixels: r.u32('pixels') }),
  0x1F: r => ({ kind: 'ended', reason: r.u16('reason'), mayResume: r.u8('mayResume') === 1, reference: r.text8('reference') }),
};

export const FRAME = 0x02;

/** The value of a message that is not a Frame; null for a type that this version does not know. */
export function decode(buffer) {
  const r = new Reader(buffer);
  const read = readers[r.u8('type')];
  if (!read) return null;
  const message = read(r);
  r.end(message.kind);
  return message;
}

function readPointer(r) {
  const width = r.u16('width'), height = r.u16('height');
  if (!width || !height || width > Limits.pointer || height > Limits.pointer) throw new WireError(`a pointer of ${width} x ${height}`);
  return { kind: 'pointer', width, height, hotspotX: r.u16('hotspotX'), hotspotY: r.u16('hotspotY'), pixels: r.take(width * height * 4, 'pixels') };
}

const rect = r => ({ x: r.u16('x'), y: r.u16('y'), w: r.u16('w'), h: r.u16('h') });

const opReaders = [
  r => ({ op: 'solid', ...rect(r), r: r.u8('r'), g: r.u8('g'), b: r.u8('b') }),
  r => ({ op: 'lossless', ...rect(r), slot: r.u16('slot') }),
  r => ({ op: 'jpeg', ...rect(r), slot: r.u16('slot'), data: r.take(r.u32('length'), 'jpeg') }),
  r => ({ op: 'copy', ...rect(r), toX: r.u16('toX'), toY: r.u16('toY') }),
  r => ({ op: 'cached', slot: r.u16('slot'), x: r.u16('x'), y: r.u16('y') }),
  readUnit,
  r => ({ op: 'decoderEnd', decoder: r.u16('decoder') }),
];

function readUnit(r) {
  const unit = { op: 'h264', decoder: r.u16('decoder'), key: (r.u8('flags') & 1) === 1, x: r.u16('originX'), y: r.u16('originY'), w: r.u16('width'), h: r.u16('height'), rects: [] };
  const count = r.u16('rects');
  if (count > Limits.rects) throw new WireError(`${count} rectangles`);
  for (let i = 0; i < count; i++) unit.rects.push(rect(r));
  unit.data = r.take(r.u32('length'), 'unit');
  return unit;
}

/** A Frame's parts; the pixels stay packed, and every lossless op knows where its own begin. */
export function decodeFrame(buffer) {
  const r = new Reader(buffer);
  if (r.u8('type') !== FRAME) throw new WireError('not a frame');
  const frame = { id: r.u32('frame'), more: (r.u8('flags') & 1) === 1, pixelBytes: r.u32('pixelBytes'), packed: null, ops: [] };
  if (frame.pixelBytes > Limits.pixelBytes) throw new WireError(`${frame.pixelBytes} bytes of pixels`);
  frame.packed = r.take(r.u32('zstdBytes'), 'zstd');
  const count = r.u16('ops');
  if (count > Limits.ops) throw new WireError(`${count} ops`);
  let pixels = 0;
  for (let i = 0; i < count; i++) {
    const read = opReaders[r.u8('op')];
    if (!read) throw new WireError('an op that this version does not know');
    const op = read(r);
    if (op.op === 'lossless') { op.at = pixels; pixels += op.w * op.h * 4; }
    frame.ops.push(op);
  }
  if (pixels !== frame.pixelBytes) throw new WireError(`ops need ${pixels} bytes of pixels, the frame has ${frame.pixelBytes}`);
  r.end('frame');
  return frame;
}

const short = text => toUtf8.encode(text).subarray(0, 255);

export const encode = {
  hello({ resume, assist, ticket, width, height, scale, layout, capabilities, cacheSlots, language, timeZone }) {
    const [t, l, z] = [short(ticket), short(language), short(timeZone)];
    return new Writer(0x81, 2 + 1 + 1 + t.length + 2 + 2 + 2 + 4 + 4 + 2 + 1 + l.length + 1 + z.length)
      .u16(VERSION).u8(assist ? 2 : resume ? 1 : 0).u8(t.length).raw(t).u16(width).u16(height).u16(scale).u32(layout).u32(capabilities).u16(cacheSlots)
      .u8(l.length).raw(l).u8(z.length).raw(z).bytes;
  },
  ack: frame => new Writer(0x82, 4).u32(frame).bytes,
  key: ({ flags, code }) => new Writer(0x83, 2).u8(flags).u8(code).bytes,
  mouse: (x, y, buttons) => new Writer(0x85, 5).u16(x).u16(y).u8(buttons).bytes,
  wheel: (x, y, down, right) => new Writer(0x86, 8).u16(x).u16(y).i16(down).i16(right).bytes,
  resize: (width, height, scale, further = []) =>
    further.reduce((w, { x, y, w: wide, h }) => w.u16(x).u16(y).u16(wide).u16(h), new Writer(0x87, 6 + further.length * 8).u16(width).u16(height).u16(scale)).bytes,
  clipboardRequest: format => new Writer(0x88, 1).u8(format).bytes,
  clipboardData: (format, data) => new Writer(0x89, 1 + data.length).u8(format).raw(data).bytes,
  fileOffer(file, size, name) {
    const n = toUtf8.encode(name);
    return new Writer(0x8A, 4 + 8 + 2 + n.length).u32(file).u64(size).u16(n.length).raw(n).bytes;
  },
  fileChunk: (file, data) => new Writer(0x8B, 4 + data.length).u32(file).raw(data).bytes,
  fileDone: file => new Writer(0x8C, 4).u32(file).bytes,
  fileAccepted: file => new Writer(0x8D, 4).u32(file).bytes,
  fileProgress: (file, bytes) => new Writer(0x8E, 12).u32(file).u64(bytes).bytes,
  fileCancel: file => new Writer(0x8F, 4).u32(file).bytes,
  microphone: data => new Writer(0x90, data.length).raw(data).bytes,
  ping: value => new Writer(0x91, 4).u32(value >>> 0).bytes,
  focus: (has, locks) => new Writer(0x92, 2).u8(has ? 1 : 0).u8(locks).bytes,
  visible: is => new Writer(0x93, 1).u8(is ? 1 : 0).bytes,
  consent: (answer, question = 0) => new Writer(0x94, 2).u8(answer).u8(question).bytes,
  bye: () => new Writer(0x95, 1).u8(0).bytes,
  /** A text may be longer than one message takes: as many messages as it needs, never half a character. */
  texts(text) {
    const messages = [];
    let part = '';
    let length = 0;
    const flush = () => {
      const bytes = toUtf8.encode(part);
      if (bytes.length) messages.push(new Writer(0x84, bytes.length).raw(bytes).bytes);
      part = ''; length = 0;
    };
    for (const character of text) {
      const size = toUtf8.encode(character).length;
      if (length + size > Limits.text) flush();
      part += character; length += size;
    }
    flush();
    return messages;
  },
};
