// What the page of a desktop and that of an administrator who assists have in common: where the picture is put, the keyboard of a
// phone, the bar of special keys, and the keys of a real keyboard.
import { fillKeysBar } from './keys-bar.js';
import { byId, words } from './page.js';
import { Typing } from './typing.js';

/** Puts the picture, and where the other one points, where the view says; of a larger picture the view's part is seen. */
export function placePicture(canvas, view, other, whole = view.desktop) {
  const { left, top, scale } = view.place();
  const { width, height } = view.desktop;
  canvas.style.width = `${whole.width}px`;
  canvas.style.height = `${whole.height}px`;
  canvas.style.clipPath = whole.width > width || whole.height > height ? `inset(0 ${whole.width - width}px ${whole.height - height}px 0)` : '';
  canvas.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
  other.place();
  // Whole multiples stay sharp; anything else looks better smoothed.
  canvas.style.imageRendering = Number.isInteger(scale * devicePixelRatio) && scale * devicePixelRatio > 1 ? 'pixelated' : 'auto';
}

/** Shows on a button whether it is on. */
export function press(button, on, [whenOn, whenOff]) {
  button.setAttribute('aria-pressed', String(on));
  const text = on ? whenOn : whenOff;
  if (button.hasAttribute('aria-label')) button.setAttribute('aria-label', text);
  else button.textContent = text;
}

export class OnScreen {
  /**
   * text(string) writes what no key was pressed for; may() is whether keys are taken at all; changed() is called when a part of
   * the page has gone or come; focused() when the desktop may have the focus again.
   */
  constructor({ canvas, keyboard, text, may, changed, focused }) {
    Object.assign(this, { canvas, keyboard, text, may, changed, focused });
    this.field = byId('typing');
    this.bar = byId('keys');
    this.touch = matchMedia('(any-pointer: coarse)').matches;
    this.typingButtons = ['keyboard-button', 'keyboard-toggle'].map(byId).filter(Boolean);
    this.typing = new Typing(this.field, {
      erase: count => { for (let i = 0; i < count; i++) keyboard.tap('Backspace'); },
      key: code => keyboard.tapWithSticky(code),
      text: written => this.write(written),
    });
    this.field.addEventListener('focus', changed);
    this.field.addEventListener('blur', changed);
    // The focus stays where the person types, or a phone's keyboard would close.
    byId('keyboard-button').addEventListener('pointerdown', event => event.preventDefault());
    byId('keyboard-button').addEventListener('click', () => this.wantTyping(!this.typingWanted));
    fillKeysBar(keyboard);
    new ResizeObserver(changed).observe(this.bar);
  }

  /** The keys of a real keyboard in a window: on its picture, and in the field that takes what is typed. */
  listen(canvas, field) {
    for (const target of [canvas, field]) {
      target.addEventListener('keydown', event => { if (this.may() && this.keyboard.keyDown(event)) event.preventDefault(); });
      target.addEventListener('keyup', event => { if (this.may() && this.keyboard.keyUp(event)) event.preventDefault(); });
      // Between the two nothing is left: pasting moves the focus while Control is down.
      target.addEventListener('blur', event => { if (event.relatedTarget !== canvas && event.relatedTarget !== field) this.keyboard.releaseAll(); });
    }
  }

  get typingWanted() { return byId('keyboard-button').getAttribute('aria-pressed') === 'true'; }

  get isTyping() { return document.activeElement === this.field; }

  focusDesktop() { (this.typingWanted ? this.field : this.canvas).focus({ preventScroll: true }); }

  wantTyping(on) {
    for (const button of this.typingButtons) press(button, on, [words.hideKeyboard, words.showKeyboard]);
    this.field.inputMode = on ? 'text' : 'none';
    this.focused();
    if (this.touch) this.wantKeys(on);
    this.changed();
  }

  wantKeys(on) {
    this.bar.hidden = !on;
    press(byId('keys-toggle'), on, [words.hideKeys, words.showKeys]);
    this.changed();
  }

  /** A letter after a modifier of the bar is a key. */
  write(written) {
    const shortcut = this.keyboard.sticky.size && written.length === 1 && /[a-z0-9]/i.test(written);
    if (shortcut) this.keyboard.tapWithSticky(/\d/.test(written) ? `Digit${written}` : `Key${written.toUpperCase()}`);
    else this.text(written);
  }

  /** Fits stage and bar above a keyboard on the screen, which hides a part of the page: the picture moves, the desktop keeps its size. */
  fit(stage, view) {
    const seen = window.visualViewport;
    const height = this.isTyping && seen ? Math.min(innerHeight, seen.height + seen.offsetTop) : innerHeight;
    stage.style.bottom = `${innerHeight - height + (this.bar.hidden ? 0 : this.bar.offsetHeight)}px`;
    this.bar.style.bottom = `${innerHeight - height}px`;
    view.window = { width: stage.clientWidth, height: stage.clientHeight, ratio: devicePixelRatio };
  }
}
