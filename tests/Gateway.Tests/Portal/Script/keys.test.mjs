import assert from 'node:assert/strict';
import test from 'node:test';
import { Keyboard } from '../../../../broker/Portal/Assets/desktop/keyboard.js';
import { Layout, layoutFromLabels, layoutFromLanguages } from '../../../../broker/Portal/Assets/desktop/layouts.js';
import { codes, keyOf, scancodeOf } from '../../../../broker/Portal/Assets/desktop/scancodes.js';
import { difference, pieces } from '../../../../broker/Portal/Assets/desktop/typing.js';

const E = 0x100, E1 = 0x200;

// Independent of the table's own form: what a PC keyboard of 105 keys sends, row by row, by hand.
const known = {
  Escape: 0x01, F1: 0x3B, F10: 0x44, F11: 0x57, F12: 0x58, F13: 0x64, F23: 0x6E, F24: 0x76, PrintScreen: E | 0x37, ScrollLock: 0x46, Pause: E1 | 0x1D,
  Backquote: 0x29, Digit1: 0x02, Digit0: 0x0B, Minus: 0x0C, Equal: 0x0D, Backspace: 0x0E, Insert: E | 0x52, Home: E | 0x47, PageUp: E | 0x49,
  Tab: 0x0F, KeyQ: 0x10, KeyY: 0x15, KeyP: 0x19, BracketLeft: 0x1A, BracketRight: 0x1B, Enter: 0x1C, Delete: E | 0x53, End: E | 0x4F, PageDown: E | 0x51,
  CapsLock: 0x3A, KeyA: 0x1E, KeyL: 0x26, Semicolon: 0x27, Quote: 0x28, Backslash: 0x2B,
  ShiftLeft: 0x2A, IntlBackslash: 0x56, KeyZ: 0x2C, KeyM: 0x32, Comma: 0x33, Period: 0x34, Slash: 0x35, ShiftRight: 0x36, ArrowUp: E | 0x48,
  ControlLeft: 0x1D, MetaLeft: E | 0x5B, AltLeft: 0x38, Space: 0x39, AltRight: E | 0x38, MetaRight: E | 0x5C, ContextMenu: E | 0x5D, ControlRight: E | 0x1D,
  ArrowLeft: E | 0x4B, ArrowDown: E | 0x50, ArrowRight: E | 0x4D,
  NumLock: 0x45, NumpadDivide: E | 0x35, NumpadMultiply: 0x37, NumpadSubtract: 0x4A, Numpad7: 0x47, Numpad8: 0x48, Numpad9: 0x49, NumpadAdd: 0x4E,
  Numpad4: 0x4B, Numpad5: 0x4C, Numpad6: 0x4D, Numpad1: 0x4F, Numpad2: 0x50, Numpad3: 0x51, NumpadEnter: E | 0x1C, Numpad0: 0x52, NumpadDecimal: 0x53,
  IntlRo: 0x73, IntlYen: 0x7D, Convert: 0x79, NonConvert: 0x7B, KanaMode: 0x70, AudioVolumeMute: E | 0x20, AudioVolumeUp: E | 0x30, BrowserBack: E | 0x6A,
};

test('Every key of a PC keyboard has its scan code of set 1', () => {
  for (const [code, scancode] of Object.entries(known)) assert.equal(scancodeOf(code), scancode, code);
  assert.equal(scancodeOf('Fn'), undefined);
});

test('No two places share a scan code, but for the older names of the same key', () => {
  const older = new Set(['OSLeft', 'OSRight', 'VolumeMute', 'VolumeDown', 'VolumeUp']);
  const all = codes().filter(code => !older.has(code));
  assert.equal(new Set(all.map(scancodeOf)).size, all.length);
  assert.ok(all.length > 120);
});

test('Extended keys say so in their flags', () => {
  assert.deepEqual(keyOf(scancodeOf('ArrowUp'), true), { flags: 3, code: 0x48 });
  assert.deepEqual(keyOf(scancodeOf('KeyA'), false), { flags: 0, code: 0x1E });
  assert.deepEqual(keyOf(scancodeOf('Pause'), false), { flags: 4, code: 0x1D });
  assert.deepEqual(keyOf(scancodeOf('Pause'), true), { flags: 5, code: 0x1D });
});

function board(options = {}) {
  const sent = [];
  const calls = { leave: 0 };
  const keyboard = new Keyboard({ send: k => sent.push(`${k.flags & 1 ? '-' : '+'}${((k.flags & 2 ? 0xE000 : 0) | k.code).toString(16)}`), leave: () => calls.leave++, ...options });
  const event = (code, more = {}) => ({ code, keyCode: 0, isComposing: false, timeStamp: 0, repeat: false, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...more });
  return { sent, calls, keyboard, down: (code, more) => keyboard.keyDown(event(code, more)), up: (code, more) => keyboard.keyUp(event(code, more)) };
}

test('AltGr on Windows comes without the control that nobody pressed', () => {
  const b = board();
  b.down('ControlLeft', { timeStamp: 100 });
  b.down('AltRight', { timeStamp: 100 });
  b.down('Digit2');                        // @ on a Portuguese keyboard
  b.up('Digit2'); b.up('ControlLeft'); b.up('AltRight');
  assert.deepEqual(b.sent, ['+e038', '+3', '-3', '-e038']);
});

test('A control that was really pressed goes out before the next key', () => {
  const b = board();
  b.down('ControlLeft', { timeStamp: 100 });
  b.down('KeyC', { timeStamp: 180, ctrlKey: true });
  b.up('KeyC'); b.up('ControlLeft');
  assert.deepEqual(b.sent, ['+1d', '+2e', '-2e', '-1d']);
});

test('Pause with Control is Break, pressed and released', () => {
  const b = board();
  b.down('ControlLeft', { timeStamp: 100 });
  b.down('Pause', { timeStamp: 180, ctrlKey: true });
  b.up('Pause'); b.up('ControlLeft');
  assert.deepEqual(b.sent, ['+1d', '+e046', '-e046', '-1d']);
});

test('A control alone goes out by itself', async () => {
  const b = board();
  b.down('ControlLeft', { timeStamp: 1 });
  assert.deepEqual(b.sent, []);
  await new Promise(resolve => setTimeout(resolve, 30));
  assert.deepEqual(b.sent, ['+1d']);
});

test('A dead key is a key like any other: the desktop composes', () => {
  const b = board();
  assert.equal(b.down('BracketRight', { key: 'Dead' }), true);
  b.up('BracketRight'); b.down('KeyA'); b.up('KeyA');
  assert.deepEqual(b.sent, ['+1b', '-1b', '+1e', '-1e']);
});

test('What an input method composes is no key', () => {
  const b = board();
  assert.equal(b.down('KeyA', { isComposing: true }), false);
  assert.equal(b.down('KeyA', { keyCode: 229 }), false);
  assert.deepEqual(b.sent, []);
});

test('Leaving the window releases what is down', () => {
  const b = board();
  b.down('ShiftLeft'); b.down('KeyA');
  b.keyboard.releaseAll();
  assert.deepEqual(b.sent, ['+2a', '+1e', '-2a', '-1e']);
  assert.equal(b.up('KeyA'), false);
});

test('Ctrl+Alt+Home leaves the desktop and leaves nothing down there', () => {
  const b = board();
  b.down('ControlLeft', { timeStamp: 1 });
  b.down('AltLeft', { timeStamp: 60, ctrlKey: true });
  assert.equal(b.down('Home', { timeStamp: 120, ctrlKey: true, altKey: true }), true);
  assert.equal(b.calls.leave, 1);
  assert.deepEqual(b.sent, ['+1d', '+38', '-1d', '-38']);
});

test('Print Screen, of which browsers tell only the release, is a whole key', () => {
  const b = board();
  b.up('PrintScreen');
  assert.deepEqual(b.sent, ['+e037', '-e037']);
});

test('A modifier of the bar stays down for exactly one key', () => {
  const b = board();
  b.keyboard.toggleSticky('ControlLeft');
  b.keyboard.tapWithSticky('KeyC');
  b.keyboard.tapWithSticky('KeyC');
  assert.deepEqual(b.sent, ['+1d', '+2e', '-2e', '-1d', '+2e', '-2e']);
});

test('Pasting sends the clipboard first and keeps what is typed meanwhile in line', async () => {
  let arrived;
  const b = board({ paste: () => new Promise(resolve => { arrived = resolve; }) });
  b.down('ControlLeft', { timeStamp: 1 });
  assert.equal(b.down('KeyV', { timeStamp: 90, ctrlKey: true }), false);
  b.up('KeyV'); b.up('ControlLeft'); b.down('Enter');
  assert.deepEqual(b.sent, ['+1d']);
  arrived();
  await new Promise(resolve => setTimeout(resolve, 5));
  assert.deepEqual(b.sent, ['+1d', '+2f', '-2f', '-1d', '+1c']);
});

test('Command on a Mac does what Control does elsewhere, and its lost release leaves nothing down', () => {
  const b = board({ mac: true });
  b.down('MetaLeft', { metaKey: true });
  b.down('KeyC', { metaKey: true });
  b.up('MetaLeft');
  assert.deepEqual(b.sent, ['+e05b', '-e05b', '+1d', '+2e', '-2e', '-1d']);
  assert.equal(b.keyboard.down.size, 0);
});

test('Labels of the keys name the layout', () => {
  const labels = (...pairs) => new Map(pairs);
  assert.equal(layoutFromLabels(labels(['KeyQ', 'q'], ['Semicolon', 'ç'], ['Slash', '-'])), Layout.ptPT);
  assert.equal(layoutFromLabels(labels(['KeyQ', 'q'], ['Semicolon', 'ç'], ['Slash', ';'])), Layout.ptBR);
  assert.equal(layoutFromLabels(labels(['KeyQ', 'q'], ['Semicolon', ';'], ['Backslash', '#'])), Layout.enGB);
  assert.equal(layoutFromLabels(labels(['KeyQ', 'a'])), Layout.fr);
  assert.equal(layoutFromLabels(labels(['KeyQ', 'q'])), undefined);
});

test('Without labels the languages decide, else the page', () => {
  assert.equal(layoutFromLanguages(['pt-PT', 'en'], 'en'), 0x0816);
  assert.equal(layoutFromLanguages(['en-GB'], 'pt-PT'), 0x0809);
  assert.equal(layoutFromLanguages(['xx'], 'pt-PT'), 0x0816);
});

test('A phone keyboard that corrects a word erases and writes only what differs', () => {
  assert.deepEqual(difference('   ola', '   olá '), { erase: 1, insert: 'á ' });
  assert.deepEqual(difference('   ', '  '), { erase: 1, insert: '' });
  assert.deepEqual(difference('a😀', 'a😁'), { erase: 1, insert: '😁' });
  assert.deepEqual(pieces('um\ndois\t'), [{ text: 'um' }, { key: 'Enter' }, { text: 'dois' }, { key: 'Tab' }]);
});
