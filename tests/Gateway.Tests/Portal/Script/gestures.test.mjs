import assert from 'node:assert/strict';
import test from 'node:test';
import { Gestures } from '../../../../broker/Portal/Assets/desktop/gestures.js';
import { View } from '../../../../broker/Portal/Assets/desktop/view.js';

function hand() {
  const done = [];
  let timer = null;
  const round = value => Math.round(value * 100) / 100;
  const act = Object.fromEntries(['move', 'wheel', 'zoom', 'pan', 'held'].map(name => [name, (...a) => done.push(`${name} ${a.map(round).join(',')}`.trim())]));
  const gestures = new Gestures(act, (_, call) => { timer = call; return () => { timer = null; }; });
  return { done, gestures, rest: () => timer?.() };
}

test('A tap is a click where it began, although the finger trembled', () => {
  const { done, gestures } = hand();
  gestures.down(1, 100, 50, 0); gestures.move(1, 104, 53); gestures.up(1, 104, 53, 80);
  assert.deepEqual(done, ['move 100,50,0', 'move 100,50,1', 'move 100,50,0']);
});

test('A finger that moves drags with the left button from where it began', () => {
  const { done, gestures } = hand();
  gestures.down(1, 10, 10, 0); gestures.move(1, 40, 10); gestures.move(1, 60, 12); gestures.up(1, 60, 12, 900);
  assert.deepEqual(done, ['move 10,10,0', 'move 10,10,1', 'move 40,10,1', 'move 60,12,1', 'move 60,12,0']);
});

test('A finger that rests is a right click', () => {
  const { done, gestures, rest } = hand();
  gestures.down(1, 10, 10, 0); rest(); gestures.up(1, 11, 10, 700);
  assert.deepEqual(done, ['held', 'move 10,10,0', 'move 10,10,2', 'move 10,10,0']);
});

test('Two fingers that move together scroll the other way round, as paper does', () => {
  const { done, gestures } = hand();
  gestures.down(1, 100, 200, 0); gestures.down(2, 160, 200, 10);
  for (const y of [190, 180, 160]) { gestures.move(1, 100, y); gestures.move(2, 160, y); }
  gestures.up(1, 100, 160, 400); gestures.up(2, 160, 160, 410);
  const wheels = done.filter(d => d.startsWith('wheel'));
  assert.ok(wheels.length > 0 && done[0] === 'move 130,200,0');
  assert.equal(wheels.reduce((sum, w) => sum + Number(w.split(',')[2]), 0) > 40, true);
  assert.ok(!done.some(d => d.endsWith(',1')), 'nothing was clicked');
});

test('Two fingers that part zoom around their middle and click nothing', () => {
  const { done, gestures } = hand();
  gestures.down(1, 100, 100, 0); gestures.down(2, 140, 100, 5);
  gestures.move(1, 80, 100); gestures.move(2, 170, 100); gestures.move(1, 60, 100);
  gestures.up(1, 60, 100, 300); gestures.up(2, 170, 100, 310);
  assert.ok(done.some(d => d.startsWith('zoom')));
  assert.ok(!done.some(d => d.startsWith('wheel') || d.startsWith('move')));
});

test('Two fingers that tap are a right click', () => {
  const { done, gestures } = hand();
  gestures.down(1, 100, 100, 0); gestures.down(2, 140, 100, 30); gestures.up(2, 140, 100, 90); gestures.up(1, 100, 100, 100);
  assert.deepEqual(done, ['move 120,100,0', 'move 120,100,2', 'move 120,100,0']);
});

test('A touch that the system takes away lets go of the button and clicks nothing', () => {
  const { done, gestures } = hand();
  gestures.down(1, 10, 10, 0); gestures.move(1, 50, 10); gestures.cancel(1);
  assert.equal(done.at(-1), 'move 50,10,0');
});

const viewOf = (width, height, ratio, desktop, mode = 'fit') => Object.assign(new View(), { window: { width, height, ratio }, desktop, mode });

test('A desktop of the size of the window lies on it pixel by pixel', () => {
  const view = viewOf(1280, 800, 1, { width: 1280, height: 800 });
  assert.deepEqual(view.place(), { left: 0, top: 0, scale: 1 });
  assert.deepEqual(view.toDesktop(1279.5, 0), { x: 1279, y: 0 });
  assert.deepEqual(view.toDesktop(-5, 9000), { x: 0, y: 799 });
});

test('A phone asks for a desktop in which a person can work, and sees all of it', () => {
  const view = viewOf(390, 844, 3, { width: 640, height: 1385 });
  const wanted = view.wanted();
  assert.ok(wanted.width >= 640 && wanted.width % 2 === 0 && wanted.height > wanted.width);
  view.desktop = wanted;
  assert.ok(Math.abs(view.place().scale - 390 / 640) < 0.01);
});

test('Every pixel of a sharp screen is asked for in sharp mode only', () => {
  assert.deepEqual(viewOf(1000, 700, 2, { width: 1, height: 1 }, 'sharp').wanted(), { width: 2000, height: 1400, scale: 200 });
  assert.deepEqual(viewOf(1000, 700, 2, { width: 1, height: 1 }).wanted(), { width: 1000, height: 700, scale: 100 });
  assert.equal(viewOf(1000, 700, 2, { width: 2000, height: 1400 }, 'sharp').place().scale, 0.5);
});

test('Zoom keeps the point under the fingers, and the edge of the desktop never leaves the edge of the window', () => {
  const view = viewOf(400, 400, 1, { width: 400, height: 400 });
  view.zoomBy(2, 100, 100);
  assert.deepEqual(view.toDesktop(100, 100), { x: 100, y: 100 });
  view.panBy(9999, 9999);
  assert.deepEqual(view.place(), { left: 0, top: 0, scale: 2 });
  view.panBy(-9999, -9999);
  assert.deepEqual(view.place(), { left: -400, top: -400, scale: 2 });
  view.zoomBy(0.01, 0, 0);
  assert.equal(view.zoom, 1);
});

test('A point is brought into sight above the keyboard', () => {
  const view = viewOf(390, 300, 1, { width: 390, height: 800 }, 'fixed');
  view.zoom = 300 / 300 * 390 / (390 * Math.min(1, 300 / 800));
  view.show(100, 780);
  const { top, scale } = view.place();
  assert.ok(top + 780 * scale <= 300);
});
