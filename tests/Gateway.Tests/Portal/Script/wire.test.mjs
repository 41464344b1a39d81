import assert from 'node:assert/strict';
import test from 'node:test';
import { decode, decodeFrame, encode, Limits, Reader, WireError } from '../../../../broker/Portal/Assets/desktop/wire.js';

const bytes = (...parts) => Uint8Array.from(parts.flat());
const ascii = text => [...text].map(c => c.charCodeAt(0));

const welcome = bytes(
  0x01,                    // type
  [0x01, 0x00],            // version
  [0x00, 0x05],            // width 1280
  [0x20, 0x03],            // height 800
  [0xBF, 0x00, 0x00, 0x00],// allowed
  0x03,                    // frames in flight
  [0x00, 0x10],            // cache slots 4096
  0x03, ascii('tok'),
  0x0B, [0x53, 0x65, 0x63, 0x72, 0xC3, 0xA9, 0x74, 0xC3, 0xA1, 0x72, 0x69]);

test('Welcome is read field by field', () => {
  assert.deepEqual(decode(welcome), { kind: 'welcome', version: 1, width: 1280, height: 800, allowed: 0xBF, framesInFlight: 3, cacheSlots: 4096, resumeToken: 'tok', title: 'Secrétári' });
});

test('Every truncation of Welcome is refused, and a byte too many', () => {
  for (let length = 1; length < welcome.length; length++) assert.throws(() => decode(welcome.subarray(0, length)), WireError);
  assert.throws(() => decode(bytes([...welcome], 0)), WireError);
});

test('A message that this version does not know is nothing', () => assert.equal(decode(bytes(0x7F, 1, 2, 3)), null));

test('Ended, Pong and a file of unknown size', () => {
  assert.deepEqual(decode(bytes(0x1F, [0x57, 0x00], 1, 3, ascii('G-1'))), { kind: 'ended', reason: 87, mayResume: true, reference: 'G-1' });
  assert.deepEqual(decode(bytes(0x15, [1, 0, 0, 0x80])), { kind: 'pong', value: 0x80000001 });
  const offer = decode(bytes(0x09, [7, 0, 0, 0], 1, Array(8).fill(0xFF), [3, 0], ascii('a.b')));
  assert.equal(offer.document, true);
  assert.equal(offer.size, Number(0xFFFFFFFFFFFFFFFFn));
});

test('Further monitors follow the size of the first, and the machine says how many it takes', () => {
  assert.deepEqual([...encode.resize(1280, 800, 100)], [0x87, 0x00, 0x05, 0x20, 0x03, 0x64, 0x00]);
  assert.deepEqual([...encode.resize(1280, 800, 100, [{ x: 1280, y: 0, w: 1024, h: 768 }])],
    [0x87, 0x00, 0x05, 0x20, 0x03, 0x64, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x04, 0x00, 0x03]);
  assert.deepEqual(decode(bytes(0x18, 4, [0x00, 0x00, 0x00, 0x02])), { kind: 'monitors', most: 4, pixels: 33554432 });
});

test('A pointer larger than its limit is refused before its pixels are looked for', () => {
  assert.throws(() => decode(bytes(0x04, [0x81, 0x01], [1, 0], [0, 0], [0, 0])), /pointer/);
});

const frame = bytes(
  0x02,                          // type
  [0x2A, 0, 0, 0],               // frame 42
  0x01,                          // more
  [8, 0, 0, 0],                  // pixel bytes
  [2, 0, 0, 0], [0xAA, 0xBB],    // zstd
  [4, 0],                        // ops
  0, [1, 0], [2, 0], [3, 0], [4, 0], [9, 8, 7],              // solid
  1, [0, 0], [0, 0], [2, 0], [1, 0], [5, 0],                 // lossless 2x1 into slot 5
  4, [5, 0], [10, 0], [20, 0],                               // cached
  5, [1, 0], 1, [16, 0], [32, 0], [64, 0], [48, 0], [1, 0], [16, 0], [32, 0], [8, 0], [8, 0], [3, 0, 0, 0], [0, 0, 1]);

test('Ops of a frame are read in order and know where their pixels begin', () => {
  const read = decodeFrame(frame);
  assert.equal(read.id, 42);
  assert.equal(read.more, true);
  assert.deepEqual([...read.packed], [0xAA, 0xBB]);
  assert.deepEqual(read.ops[0], { op: 'solid', x: 1, y: 2, w: 3, h: 4, r: 9, g: 8, b: 7 });
  assert.deepEqual(read.ops[1], { op: 'lossless', x: 0, y: 0, w: 2, h: 1, slot: 5, at: 0 });
  assert.deepEqual(read.ops[2], { op: 'cached', slot: 5, x: 10, y: 20 });
  assert.deepEqual(read.ops[3].rects, [{ x: 16, y: 32, w: 8, h: 8 }]);
  assert.equal(read.ops[3].key, true);
});

test('Every truncation of a frame is refused', () => {
  for (let length = 0; length < frame.length; length++) assert.throws(() => decodeFrame(frame.subarray(0, length)), WireError);
});

test('A frame whose pixels do not fit its ops is refused, and one over the limit', () => {
  const wrong = frame.slice();
  wrong[6] = 12;
  assert.throws(() => decodeFrame(wrong), /ops need 8/);
  const large = frame.slice();
  large.set([0x01, 0x00, 0x40, 0x00], 6);
  assert.throws(() => decodeFrame(large), /bytes of pixels/);
});

test('Hello is these bytes', () => {
  const hello = encode.hello({ resume: false, ticket: 'abc', width: 1280, height: 800, scale: 100, layout: 0x0816, capabilities: 2, cacheSlots: 4096, language: 'pt-PT', timeZone: 'Europe/Lisbon' });
  assert.deepEqual([...hello], [
    0x81, 1, 0, 0, 3, ...ascii('abc'), 0x00, 0x05, 0x20, 0x03, 100, 0, 0x16, 0x08, 0, 0, 2, 0, 0, 0, 0x00, 0x10, 5, ...ascii('pt-PT'), 13, ...ascii('Europe/Lisbon')]);
});

test('Small messages are these bytes', () => {
  assert.deepEqual([...encode.ack(258)], [0x82, 2, 1, 0, 0]);
  assert.deepEqual([...encode.key({ flags: 3, code: 0x1D })], [0x83, 3, 0x1D]);
  assert.deepEqual([...encode.mouse(300, 2, 5)], [0x85, 44, 1, 2, 0, 5]);
  assert.deepEqual([...encode.wheel(1, 2, -120, 7)], [0x86, 1, 0, 2, 0, 0x88, 0xFF, 7, 0]);
  assert.deepEqual([...encode.resize(800, 600, 150)], [0x87, 32, 3, 88, 2, 150, 0]);
  assert.deepEqual([...encode.focus(true, 2)], [0x92, 1, 2]);
  assert.deepEqual([...encode.fileOffer(0x80000001, 5, 'é')], [0x8A, 1, 0, 0, 0x80, 5, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0xC3, 0xA9]);
});

test('A long text becomes messages of at most 1,024 bytes that split no character', () => {
  const text = 'ã€𝄞x'.repeat(400);
  const messages = encode.texts(text);
  assert.ok(messages.length > 1);
  for (const message of messages) assert.ok(message.length - 1 <= Limits.text && message[0] === 0x84);
  assert.equal(messages.map(m => new TextDecoder('utf-8', { fatal: true }).decode(m.subarray(1))).join(''), text);
});

test('A reader names the field that is missing', () => assert.throws(() => new Reader(bytes(1)).u16('height'), /height needs 2 bytes, 1 left/));
