// Physical keys by place; nothing here knows letters. The page's own combination, Ctrl+Alt+Home, is kept from the desktop.
import { BREAK, keyOf, scancodeOf } from './scancodes.js';

const MODIFIERS = new Set(['ControlLeft', 'ControlRight', 'AltLeft', 'AltRight', 'ShiftLeft', 'ShiftRight', 'MetaLeft', 'MetaRight', 'OSLeft', 'OSRight']);
// What the Command key of a Mac does elsewhere by Control.
const COMMAND_LETTERS = new Set(['KeyA', 'KeyC', 'KeyF', 'KeyN', 'KeyO', 'KeyP', 'KeyS', 'KeyV', 'KeyX', 'KeyZ', 'KeyY']);
// Windows sends a left Control just before AltGr that nobody pressed.
const ALTGR_GAP = 10;

export class Keyboard {
  /**
   * send(key) takes { flags, code }; leave() is called for Ctrl+Alt+Home; paste(event) for the combinations that paste, and
   * answers a promise when the clipboard is to be sent before the key.
   */
  constructor({ send, leave, paste, locks, mac = false }) {
    Object.assign(this, { send, leave, paste, locks, mac });
    this.down = new Map();
    this.sticky = new Set();
    this.onSticky = () => undefined;
    this.control = null;
    this.order = Promise.resolve();
    this.busy = 0;
  }

  /** True when the event was taken and the browser must not act on it. */
  keyDown(event) {
    const { code } = event;
    this.settleControl(code === 'AltRight' ? event : null);
    if (event.isComposing || event.keyCode === 229) return false;
    const scancode = code === 'Pause' && event.ctrlKey ? BREAK : scancodeOf(code);
    if (scancode === undefined) return false;
    if (code === 'Home' && event.ctrlKey && event.altKey) {
      this.releaseAll();
      this.leave();
      return true;
    }
    this.locks?.(event);
    if (code === 'CapsLock' && this.mac) { this.tap(code); return true; }
    if (this.isPaste(event)) return this.pasteThen(event, scancode);
    if (this.mac && event.metaKey && COMMAND_LETTERS.has(code)) { this.chord('ControlLeft', code); return true; }
    if (code === 'ControlLeft' && !this.mac && !event.repeat && !this.down.has(code)) {
      this.control = { at: event.timeStamp, timer: setTimeout(() => this.settleControl(null), ALTGR_GAP) };
      return true;
    }
    this.press(code, scancode);
    // A Mac tells no release of a key that was pressed with Command.
    if (this.mac && event.metaKey && !MODIFIERS.has(code)) this.release(code);
    return true;
  }

  keyUp(event) {
    const { code } = event;
    this.settleControl(null);
    const scancode = scancodeOf(code);
    if (scancode === undefined) return false;
    if (code === 'CapsLock' && this.mac) { this.tap(code); return true; }
    // The browser tells only the release of these two.
    if (code === 'PrintScreen' && !this.down.has(code)) { this.tap(code); return true; }
    if (!this.down.has(code)) return false;
    this.release(code);
    return true;
  }

  press(code, scancode = scancodeOf(code)) {
    this.down.set(code, scancode);
    this.put(keyOf(scancode, false));
    if (!MODIFIERS.has(code) && this.sticky.size) queueMicrotask(() => this.letGo());
  }

  release(code) {
    const scancode = this.down.get(code);
    if (scancode === undefined) return;
    this.down.delete(code);
    this.put(keyOf(scancode, true));
    if (!MODIFIERS.has(code) && this.sticky.size) this.letGo();
  }

  tap(code) {
    const scancode = scancodeOf(code);
    this.put(keyOf(scancode, false));
    this.put(keyOf(scancode, true));
  }

  /** Keys together: pressed in order, released the other way round. The real Command key of a Mac is let go before. */
  chord(...codes) {
    for (const meta of ['MetaLeft', 'MetaRight']) this.release(meta);
    for (const code of codes) this.put(keyOf(scancodeOf(code), false));
    for (const code of [...codes].reverse()) this.put(keyOf(scancodeOf(code), true));
  }

  /** A modifier of the bar on the screen: down until the next key, or until it is touched again. */
  toggleSticky(code) {
    if (this.sticky.delete(code)) this.put(keyOf(scancodeOf(code), true));
    else { this.sticky.add(code); this.put(keyOf(scancodeOf(code), false)); }
    this.onSticky(this.sticky);
  }

  /** A key of the bar on the screen, with the modifiers that are down there. */
  tapWithSticky(code) {
    this.tap(code);
    this.letGo();
  }

  letGo() {
    for (const code of this.sticky) this.put(keyOf(scancodeOf(code), true));
    this.sticky.clear();
    this.onSticky(this.sticky);
  }

  /** Nothing stays down in the desktop when the window is left. */
  releaseAll() {
    clearTimeout(this.control?.timer);
    this.control = null;
    for (const code of [...this.down.keys()]) this.release(code);
    if (this.sticky.size) this.letGo();
  }

  settleControl(altGr) {
    if (!this.control) return;
    const { at, timer } = this.control;
    clearTimeout(timer);
    this.control = null;
    if (altGr && altGr.timeStamp - at < ALTGR_GAP) return;
    this.press('ControlLeft');
  }

  isPaste(event) {
    if (!this.paste || event.altKey) return false;
    return (event.code === 'KeyV' && (this.mac ? event.metaKey : event.ctrlKey)) || (event.code === 'Insert' && event.shiftKey && !event.ctrlKey);
  }

  // The clipboard must be in the desktop before the key is: what is typed meanwhile waits in line. The browser must act on
  // the event itself, because only then it hands over what is in the clipboard.
  pasteThen(event, scancode) {
    const arrived = this.paste(event);
    if (!arrived) {
      this.press(event.code, scancode);
      return true;
    }
    const command = this.mac && event.metaKey;
    this.wait(arrived);
    if (command) this.chord('ControlLeft', 'KeyV');
    else { this.put(keyOf(scancode, false)); this.put(keyOf(scancode, true)); }
    return false;
  }

  wait(until) {
    this.busy++;
    this.order = this.order.then(() => until).then(() => { this.busy--; });
  }

  put(key) {
    if (!this.busy) this.send(key);
    else {
      this.busy++;
      this.order = this.order.then(() => { this.send(key); this.busy--; });
    }
  }
}
