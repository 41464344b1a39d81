import assert from 'node:assert/strict';
import test from 'node:test';
import { around, arrange, within } from '../../../../broker/Portal/Assets/desktop/layout.js';

const limits = { side: 8192, pixels: 33554432 };

test('Windows stand side by side, the own one first, each with an even width', () => {
  const rects = arrange([{ width: 1280, height: 800 }, { width: 1025, height: 768 }, { width: 1920, height: 1080 }], limits);
  assert.deepEqual(rects, [{ x: 0, y: 0, w: 1280, h: 800 }, { x: 1280, y: 0, w: 1024, h: 768 }, { x: 2304, y: 0, w: 1920, h: 1080 }]);
  assert.deepEqual(around(rects), { width: 4224, height: 1080 });
});

test('What is over the longest side gets narrower, and nothing is left of a window without room', () => {
  const screen = { width: 3840, height: 2160 };
  const rects = arrange([screen, screen, { width: 900, height: 700 }], limits);
  assert.deepEqual(rects[2], { x: 7680, y: 0, w: 512, h: 700 });
  assert.equal(arrange([screen, screen, { width: 900, height: 700 }, screen], limits)[3], null);
});

test('A window that would make the whole too large has no place, or gets lower; the own one always has one', () => {
  assert.equal(arrange([{ width: 4000, height: 3000 }, { width: 1000, height: 500 }], { side: 8192, pixels: 12500000 })[1], null);
  assert.deepEqual(arrange([{ width: 1000, height: 500 }, { width: 1000, height: 2000 }], { side: 8192, pixels: 2000000 })[1], { x: 1000, y: 0, w: 1000, h: 1000 });
  assert.deepEqual(arrange([{ width: 1000, height: 500 }], { side: 8192, pixels: 100 })[0], { x: 0, y: 0, w: 1000, h: 200 });
});

test('A desktop of another size than asked shows what it has', () => {
  const rect = { x: 1280, y: 0, w: 1024, h: 768 };
  assert.deepEqual(within(rect, { width: 2000, height: 700 }), { x: 1280, y: 0, w: 720, h: 700 });
  assert.equal(within(rect, { width: 1280, height: 800 }), null);
});

test('A machine that takes no sizes yet does not make the wish for one a strip', async () => {
  globalThis.addEventListener ??= () => undefined;
  const { Monitors } = await import('../../../../broker/Portal/Assets/desktop/monitors.js');
  const view = { mode: 'fit', wanted: () => ({ width: 1280, height: 800, scale: 100 }) };
  const monitors = new Monitors({ view });
  monitors.allow({ most: 0, pixels: 0 });
  assert.deepEqual(monitors.wanted(), { width: 1280, height: 800, scale: 100, further: [] });
  monitors.allow({ most: 4, pixels: 640 * 400 });
  assert.equal(monitors.wanted().height, 200);
});
