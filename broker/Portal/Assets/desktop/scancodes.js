// KeyboardEvent.code (where a key is) to scan code set 1, as RDP sends it. What a key means is decided by the desktop's own
// keyboard layout, so dead keys and AltGr work as on a keyboard that is plugged into the desktop. Source: UI Events
// KeyboardEvent code values, and the "Scan 1" columns of the USB HID to PS/2 translation table.

export const EXTENDED = 0x100;
export const PAUSE_PREFIX = 0x200;
// What the Pause key says while Control is held.
export const BREAK = EXTENDED | 0x46;

const rows = [
  [0x01, 'Escape Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal Backspace Tab'],
  [0x10, 'KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Enter ControlLeft'],
  [0x1E, 'KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote ShiftLeft Backslash'],
  [0x2C, 'KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight NumpadMultiply AltLeft Space CapsLock'],
  [0x3B, 'F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock Numpad7 Numpad8 Numpad9 NumpadSubtract'],
  [0x4B, 'Numpad4 Numpad5 Numpad6 NumpadAdd Numpad1 Numpad2 Numpad3 Numpad0 NumpadDecimal'],
  [0x56, 'IntlBackslash F11 F12 NumpadEqual'],
  [0x64, 'F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23'],
];

const single = {
  KanaMode: 0x70, Lang2: 0x71, Lang1: 0x72, IntlRo: 0x73, F24: 0x76, Lang4: 0x77, Lang3: 0x78, Convert: 0x79, NonConvert: 0x7B, IntlYen: 0x7D, NumpadComma: 0x7E,
};

const extended = {
  MediaTrackPrevious: 0x10, MediaTrackNext: 0x19, NumpadEnter: 0x1C, ControlRight: 0x1D, AudioVolumeMute: 0x20, LaunchApp2: 0x21, MediaPlayPause: 0x22,
  MediaStop: 0x24, AudioVolumeDown: 0x2E, AudioVolumeUp: 0x30, BrowserHome: 0x32, NumpadDivide: 0x35, PrintScreen: 0x37, AltRight: 0x38,
  Home: 0x47, ArrowUp: 0x48, PageUp: 0x49, ArrowLeft: 0x4B, ArrowRight: 0x4D, End: 0x4F, ArrowDown: 0x50, PageDown: 0x51, Insert: 0x52, Delete: 0x53,
  MetaLeft: 0x5B, MetaRight: 0x5C, ContextMenu: 0x5D, Power: 0x5E, Sleep: 0x5F, WakeUp: 0x63, BrowserSearch: 0x65, BrowserFavorites: 0x66,
  BrowserRefresh: 0x67, BrowserStop: 0x68, BrowserForward: 0x69, BrowserBack: 0x6A, LaunchApp1: 0x6B, LaunchMail: 0x6C, MediaSelect: 0x6D,
};

// Other names of the same places.
const alias = { OSLeft: 'MetaLeft', OSRight: 'MetaRight', VolumeMute: 'AudioVolumeMute', VolumeDown: 'AudioVolumeDown', VolumeUp: 'AudioVolumeUp' };

const table = new Map();
for (const [first, names] of rows) names.split(' ').forEach((name, i) => table.set(name, first + i));
for (const [name, code] of Object.entries(single)) table.set(name, code);
for (const [name, code] of Object.entries(extended)) table.set(name, code | EXTENDED);
table.set('Pause', PAUSE_PREFIX | 0x1D);
for (const [name, other] of Object.entries(alias)) table.set(name, table.get(other));

/** Scan code, with EXTENDED for the E0 keys and PAUSE_PREFIX for the one with E1; undefined for a place this table does not know. */
export function scancodeOf(code) {
  return table.get(code);
}

/** All codes of the table, for its test. */
export const codes = () => [...table.keys()];

/** The key message of a scan code: flags 1 released, 2 prefix E0, 4 prefix E1. */
export function keyOf(scancode, released) {
  return { flags: (released ? 1 : 0) | (scancode & EXTENDED ? 2 : 0) | (scancode & PAUSE_PREFIX ? 4 : 0), code: scancode & 0xFF };
}
